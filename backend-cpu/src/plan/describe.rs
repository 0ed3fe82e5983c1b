//! A plan in words: its steps a line each, and where values lie.
//!
//! Operands are places in memory; what lies there is found by walking the steps, as they are run.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use autodiff_core::{DType, Lifetime, MemoryMap, Primitive, Slot, Spec};

use super::{Operand, PlanBuf, PlanStep, Room, Source, Target, Work, WorkspaceSize};
use crate::kernels::{FusedArg, FusedOp};
use crate::layout::Layout;
use crate::math::Scalar;

impl<T: Scalar> PlanBuf<T> {
    /// The steps, a line each: `y [0..4) = add(x, z1)`, with the elements of the workspace that the result takes, and the
    /// shape and strides of an operand that is not read as it lies.
    ///
    /// ```
    /// use autodiff_core::{Role, Spec, WengertList};
    /// use backend_cpu::{PlanBuf, ScalarKernels};
    /// let list = WengertList::<f32>::trace(&[("x", Spec::elem([2, 3]))], |x| [("y", (x[0].t().exp() * 2.0).sum())]);
    /// let plan = PlanBuf::resident::<ScalarKernels>(&list, &[Role::Given], true);
    /// assert_eq!(plan.lines(), ["z3 [0..6) = mul(exp(x{[3, 2] by [1, 3]}), 2)", "z4 [6..7) = sum(z3, axes=[0, 1])"]);
    /// ```
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut walk = Walk::new(self);
        (0..self.steps.len()).map(|number| walk.line(number)).collect()
    }

    /// Where values lie in the workspace, and from which step to which.
    #[must_use]
    pub fn memory_map(&self) -> MemoryMap {
        let mut walk = Walk::new(self);
        for number in 0..self.steps.len() {
            walk.step(number);
        }
        walk.keep();
        MemoryMap { values: walk.lifetimes, bytes: end::<T>(self.workspace), steps: self.steps.len() }
    }
}

/// What lies in the workspace while the steps are walked.
struct Walk<'a, T> {
    plan: &'a PlanBuf<T>,
    /// The values so far.
    lifetimes: Vec<Lifetime>,
    /// By format and first element, the value that lies there and the element behind it.
    there: BTreeMap<(DType, usize), (usize, usize)>,
    /// By output of the caller's, the value that it holds.
    outputs: Vec<Option<String>>,
}

impl<'a, T: Scalar> Walk<'a, T> {
    fn new(plan: &'a PlanBuf<T>) -> Self {
        let outputs = vec![None; plan.outputs.len()];
        let mut walk = Self { plan, lifetimes: Vec::new(), there: BTreeMap::new(), outputs };
        for (number, name) in plan.names.inputs.iter().enumerate() {
            if let Some(Room { start, amount }) = plan.room(Slot::Input(number)) {
                walk.put(name.clone(), amount.dtype, start..start + amount.len, None);
            }
        }
        walk
    }

    /// A value that a step computes, or that is kept, in place of what lay there.
    fn put(&mut self, name: String, dtype: DType, elements: Range<usize>, step: Option<usize>) {
        // Values that lie there do not overlap, so that they end in the order in which they begin.
        let before = self.there.range((dtype, 0)..(dtype, elements.end)).rev();
        let gone: Vec<_> = before.take_while(|(_, (_, end))| *end > elements.start).map(|(key, _)| *key).collect();
        for key in gone {
            self.there.remove(&key);
        }
        if !elements.is_empty() {
            self.there.insert((dtype, elements.start), (self.lifetimes.len(), elements.end));
        }
        let (base, size) = (base::<T>(dtype, self.plan.workspace), size::<T>(dtype));
        let bytes = base + elements.start * size..base + elements.end * size;
        let steps = step.map_or(0..0, |step| step..step + 1);
        self.lifetimes.push(Lifetime { name, bytes, steps, kept: step.is_none() });
    }

    /// Goes on by a step: what it reads lives until here, and what it computes from here on.
    fn step(&mut self, number: usize) {
        let step = &self.plan.steps[number];
        for operand in &self.plan.operands[step.first..step.first + step.count] {
            if let (Source::Workspace, Some(value)) = (operand.source, self.value(operand)) {
                let steps = &mut self.lifetimes[value].steps;
                steps.end = steps.end.max(number + 1);
            }
        }
        let name = self.plan.names.steps[number].clone();
        let Spec { shape, dtype } = step.spec;
        match step.target {
            Target::Workspace(start) => {
                let elements = start..start + shape.elements();
                self.put(name, dtype, elements, Some(number));
            }
            Target::Output(place) => self.outputs[place] = Some(name),
        }
    }

    /// What lies where values stay between two runs lives to the end.
    fn keep(&mut self) {
        for room in self.plan.kept() {
            if let Some((value, _)) = self.there.get(&(room.amount.dtype, room.start)) {
                self.lifetimes[*value].steps.end = self.plan.steps.len();
            }
        }
    }

    fn line(&mut self, number: usize) -> String {
        let PlanStep { work, first, count, spec, target, takes_over } = self.plan.steps[number];
        let operands = &self.plan.operands[first..first + count];
        let args: Vec<String> = operands.iter().map(|operand| self.operand(operand)).collect();
        let at = match target {
            Target::Workspace(start) => format!(" [{start}..{})", start + spec.shape.elements()),
            Target::Output(_) => String::new(),
        };
        let what = match work {
            Work::Primitive(primitive) => call(&primitive, &args),
            Work::Fused { first, count } => expression(&self.plan.fused[first..first + count], &args),
        };
        let over = takes_over.map_or_else(String::new, |arg| format!(" over {}", args[arg]));
        let line = format!("{}{at} = {what}{over}", self.plan.names.steps[number]);
        self.step(number);
        line
    }

    /// The value that an operand is in, by its place.
    fn value(&self, operand: &Operand) -> Option<usize> {
        let key = (operand.dtype, operand.layout.offset());
        let (&(dtype, _), &(value, end)) = self.there.range(..=key).next_back()?;
        (dtype == operand.dtype && operand.layout.offset() < end).then_some(value)
    }

    fn operand(&self, operand: &Operand) -> String {
        let name = match operand.source {
            Source::Input(place) => self.plan.names.given[place].clone(),
            Source::Constant if operand.layout.strides().iter().all(|stride| *stride == 0) => {
                return self.number(operand);
            }
            Source::Constant => format!("data {}", operand.layout.offset()),
            Source::Workspace => {
                self.value(operand).map_or_else(String::new, |value| self.lifetimes[value].name.clone())
            }
            Source::Output(place) => self.outputs[place].clone().unwrap_or_default(),
        };
        if operand.layout.is_contiguous() { name } else { format!("{name}{}", view(&operand.layout)) }
    }

    /// A constant of one element.
    fn number(&self, operand: &Operand) -> String {
        let (place, constants) = (operand.layout.offset(), &self.plan.constants);
        match operand.dtype {
            DType::Elem => format!("{}", constants.elems[place].into_f64()),
            DType::F16 => format!("{}", constants.f16[place]),
            DType::Bf16 => format!("{}", constants.bf16[place]),
            DType::Index => format!("{}", constants.index[place]),
        }
    }
}

/// `name(args, attributes)`
fn call(primitive: &Primitive, args: &[String]) -> String {
    let attributes = format!("{primitive}");
    let attributes = if args.is_empty() { attributes.trim_start_matches(", ") } else { &attributes };
    format!("{}({}{attributes})", primitive.name(), args.join(", "))
}

/// Functions of functions; a result that is read more than once has a name.
fn expression(ops: &[FusedOp], operands: &[String]) -> String {
    let (mut results, mut named): (Vec<String>, Vec<String>) = (Vec::with_capacity(ops.len()), Vec::new());
    for (number, op) in ops.iter().enumerate() {
        let args = op.args[..op.count()].iter().map(|arg| match *arg {
            FusedArg::Operand(place) => operands[place].clone(),
            FusedArg::Result(number) => results[number].clone(),
        });
        let text = call(&op.function, &args.collect::<Vec<_>>());
        let reads = |op: &FusedOp| op.args[..op.count()].iter().filter(|arg| **arg == FusedArg::Result(number)).count();
        if ops.iter().map(reads).sum::<usize>() > 1 {
            results.push(format!("r{}", named.len()));
            named.push(format!("{} = {text}", results[number]));
        } else {
            results.push(text);
        }
    }
    let last = results.pop().unwrap_or_default();
    if named.is_empty() { last } else { format!("{last} with {}", named.join(", ")) }
}

/// The shape and the strides of an operand that is read otherwise than it lies.
fn view(layout: &Layout) -> String {
    format!("{{{} by {:?}}}", layout.shape(), layout.strides())
}

/// The bytes of one element.
const fn size<T>(dtype: DType) -> usize {
    match dtype {
        DType::Elem => size_of::<T>(),
        DType::F16 | DType::Bf16 => 2,
        DType::Index => 4,
    }
}

/// Where the part of one format begins, were the parts to lie one behind another.
fn base<T>(dtype: DType, workspace: WorkspaceSize) -> usize {
    let all = [DType::Elem, DType::F16, DType::Bf16, DType::Index];
    all.iter().take_while(|other| **other != dtype).map(|&other| workspace.of(other) * size::<T>(other)).sum()
}

fn end<T>(workspace: WorkspaceSize) -> usize {
    base::<T>(DType::Index, workspace) + workspace.of(DType::Index) * size::<T>(DType::Index)
}
