//! The reverse assignments of a list as the textbook writes them: `dz1 += dz2 * cos(z1)`.

use core::fmt;

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use super::print::Names;
use super::{Instruction, Var, WengertList};
use crate::autodiff::Edge;
use crate::trace::Expression;
use crate::{Binary, Element, Needs, Node, Op, Primitive, Tensor, Trace, Unary};

/// The reverse walk through a list, for printing: one line for each argument that has a gradient.
///
/// The right-hand sides are not a table of their own: each is what the operation's backward form writes under
/// [`Trace`].
#[derive(Debug)]
pub struct ReverseList<'a, E: Element> {
    list: &'a WengertList<E>,
    output: Var,
}

impl<E: Element> WengertList<E> {
    /// The reverse assignments for the gradient of an output.
    ///
    /// # Panics
    /// When the list has no output of this name.
    #[must_use]
    #[track_caller]
    pub fn reverse(&self, output: &str) -> ReverseList<'_, E> {
        match self.outputs.iter().find(|(name, _)| name == output) {
            Some((_, var)) => ReverseList { list: self, output: *var },
            None => panic!("reverse: the list has no output `{output}`"),
        }
    }
}

impl<E: Element> fmt::Display for ReverseList<'_, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (list, names) = (self.list, Names::new(self.list));
        let depends = self.depends();
        let mut started = vec![false; list.assignments.len()];
        started[self.output.index()] = true;
        writeln!(f, "d{} = 1", names.get(self.output))?;
        for place in (0..=self.output.index()).rev() {
            let assignment = &list.assignments[place];
            for (arg, var) in assignment.args.iter().enumerate() {
                if !started[place] || !depends[var.index()] || !differentiable(&assignment.instruction, arg) {
                    continue;
                }
                let sign = if started[var.index()] { "+=" } else { "=" };
                started[var.index()] = true;
                writeln!(f, "d{} {sign} {}", names.get(*var), self.gradient(&names, Var::new(place), arg))?;
            }
        }
        Ok(())
    }
}

impl<E: Element> ReverseList<'_, E> {
    /// Which values depend on an input in floating point, so that a gradient flows through them.
    fn depends(&self) -> Vec<bool> {
        let mut depends = vec![false; self.list.assignments.len()];
        for (place, assignment) in self.list.assignments.iter().enumerate() {
            let input = matches!(assignment.instruction, Instruction::Input(_)) && assignment.spec.dtype.is_float();
            let flows =
                |(arg, var): (usize, &Var)| depends[var.index()] && differentiable(&assignment.instruction, arg);
            depends[place] = input || assignment.args.iter().enumerate().any(flows);
        }
        depends
    }

    /// What the backward form of the assignment at `var` writes for an argument.
    fn gradient(&self, names: &Names, var: Var, arg: usize) -> String {
        let assignment = &self.list[var];
        let stand_in = |var: Var| Tensor::<Trace<E>>::input(names.get(var), self.list[var].spec);
        let edges: Vec<_> = assignment.args.iter().map(|&arg| Edge::value_only(stand_in(arg))).collect();
        let output = stand_in(var);
        let grad = Tensor::input(format!("d{}", names.get(var)), assignment.spec);
        let needs = Needs::NONE.with(arg);
        let at = |op| Node { op, edges: &edges, output: Some(&output), grad: &grad, needs };
        let gradient = match &assignment.instruction {
            Instruction::Apply(op) => op.backward(arg, &at(op.name())),
            Instruction::Custom(op) => op.backward(arg, &at(Op::name(op))),
            Instruction::Input(_) | Instruction::Data(_) => unreachable!("inputs and data have no arguments"),
        };
        formula(gradient.raw().expression(), SUM)
    }
}

fn differentiable<E: Element>(instruction: &Instruction<E>, arg: usize) -> bool {
    match instruction {
        Instruction::Apply(op) => op.differentiable(arg),
        Instruction::Custom(op) => op.differentiable(arg),
        Instruction::Input(_) | Instruction::Data(_) => false,
    }
}

/// An expression as a formula: operators between their operands, other operations as calls.
fn formula<E: Element>(expression: &Expression<E>, outer: u8) -> String {
    let arg = |place: usize, outer: u8| formula(expression.args[place].expression(), outer);
    let (text, own) = match &expression.instruction {
        Instruction::Input(name) => return name.clone(),
        Instruction::Apply(Primitive::Constant { value, .. }) => return value.get().to_string(),
        Instruction::Apply(Primitive::Broadcast { .. } | Primitive::Reshape { .. }) if is_number(expression) => {
            return arg(0, outer);
        }
        Instruction::Apply(Primitive::Unary(Unary::Neg)) => (format!("-{}", arg(0, UNARY)), UNARY),
        Instruction::Apply(Primitive::Binary(Binary::Add)) => (format!("{} + {}", arg(0, SUM), arg(1, SUM)), SUM),
        Instruction::Apply(Primitive::Binary(Binary::Sub)) => (format!("{} - {}", arg(0, SUM), arg(1, PRODUCT)), SUM),
        Instruction::Apply(Primitive::Binary(Binary::Mul)) => {
            (format!("{} * {}", arg(0, PRODUCT), arg(1, PRODUCT)), PRODUCT)
        }
        Instruction::Apply(Primitive::Binary(Binary::Div)) => {
            (format!("{} / {}", arg(0, PRODUCT), arg(1, UNARY)), PRODUCT)
        }
        instruction => {
            let args: Vec<String> = (0..expression.args.len()).map(|place| arg(place, SUM)).collect();
            let attributes = match instruction {
                Instruction::Apply(op) => op.to_string(),
                _ => String::new(),
            };
            return format!("{}({}{attributes})", instruction.name(), args.join(", "));
        }
    };
    if own < outer { format!("({text})") } else { text }
}

/// How tightly an operator binds; an operand that binds less is put in parentheses.
const SUM: u8 = 0;
const PRODUCT: u8 = 1;
const UNARY: u8 = 2;

/// Whether this is a constant, in whatever shape.
fn is_number<E: Element>(expression: &Expression<E>) -> bool {
    match &expression.instruction {
        Instruction::Apply(Primitive::Constant { .. }) => true,
        Instruction::Apply(Primitive::Broadcast { .. } | Primitive::Reshape { .. }) => {
            is_number(expression.args[0].expression())
        }
        _ => false,
    }
}
