//! From the expression graph to the list: inputs first, then depth first from the outputs, equal assignments merged.
//!
//! Outputs are visited from the shallowest to the deepest. Of a training step these are the gradients of the last layer
//! first, so that what a gradient reads is read soon and need not live on until the first layer's turn.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::eval::{AsItIs, Rewrite};
use super::{Assignment, Instruction, Var, WengertList};
use crate::trace::Traced;
use crate::{Composite, Element, Op, Primitive, Spec, Tensor, Trace};

impl<E: Element> WengertList<E> {
    /// The list that computes these outputs from these inputs.
    ///
    /// # Panics
    /// When an output depends on an input that is not named here, or two different values would have one name.
    #[must_use]
    #[track_caller]
    pub fn new(inputs: &[&Tensor<Trace<E>>], outputs: &[(&str, &Tensor<Trace<E>>)]) -> Self {
        let mut builder = Builder::new();
        for input in inputs {
            builder.input(input.raw());
        }
        let mut visits: Vec<&Traced<E>> = outputs.iter().map(|(_, value)| value.raw()).collect();
        visits.sort_by_key(|node| node.expression().depth);
        for node in visits {
            builder.value(node);
        }
        for (name, value) in outputs {
            let var = builder.value(value.raw());
            builder.output(name, var);
        }
        builder.list
    }

    /// The list that a function writes when it is run on named inputs of these shapes.
    ///
    /// # Panics
    /// When two values would have one name, or the function panics: a shape that does not fit is found here.
    #[must_use]
    #[track_caller]
    pub fn trace<'n, O>(inputs: &[(&str, Spec)], f: impl FnOnce(&[Tensor<Trace<E>>]) -> O) -> Self
    where
        O: IntoIterator<Item = (&'n str, Tensor<Trace<E>>)>,
    {
        let inputs: Vec<_> = inputs.iter().map(|(name, spec)| Tensor::input(*name, *spec)).collect();
        let outputs: Vec<_> = f(&inputs).into_iter().collect();
        let outputs: Vec<_> = outputs.iter().map(|(name, value)| (*name, value)).collect();
        Self::new(&inputs.iter().collect::<Vec<_>>(), &outputs)
    }

    /// The same list without the assignments that no output needs; inputs stay.
    #[must_use]
    pub fn without_dead_code(&self) -> Self {
        self.rewrite(&AsItIs)
    }

    /// The same list with users' operations, and composites that are not `claimed`, replaced by what they are made of.
    #[must_use]
    pub fn expand(&self, claimed: impl Fn(&Composite) -> bool) -> Self {
        let opaque = |instruction: &Instruction<E>| match instruction {
            Instruction::Apply(Primitive::Call(composite)) => !claimed(composite),
            Instruction::Custom(_) => true,
            Instruction::Input(_) | Instruction::Data(_) | Instruction::Apply(_) => false,
        };
        let mut list = self.clone();
        // A body may hold composites and operations of its own, hence the loop.
        while list.assignments.iter().any(|assignment| opaque(&assignment.instruction)) {
            list = list.rewrite(&Expand(&claimed));
        }
        list
    }

    /// The list of what `rewrite` makes of each assignment.
    pub(crate) fn rewrite(&self, rewrite: &impl Rewrite<E, Trace<E>>) -> Self {
        let placeholder = |var: &Var| Tensor::input(self[*var].instruction.name(), self[*var].spec);
        let inputs: Vec<_> = self.inputs.iter().map(placeholder).collect();
        let outputs = self.replay(&inputs, rewrite);
        let named: Vec<_> = self.outputs.iter().zip(&outputs).map(|((name, _), value)| (&name[..], value)).collect();
        Self::new(&inputs.iter().collect::<Vec<_>>(), &named)
    }
}

/// Replaces what is opaque by its body.
struct Expand<'f, F>(&'f F);

impl<E: Element, F: Fn(&Composite) -> bool> Rewrite<E, Trace<E>> for Expand<'_, F> {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Tensor<Trace<E>>], device: &()) -> Tensor<Trace<E>> {
        match &list[var].instruction {
            Instruction::Apply(Primitive::Call(composite)) if !self.0(composite) => composite.body(args),
            Instruction::Custom(op) => op.forward(args),
            instruction => instruction.apply(args, device),
        }
    }
}

/// A list under construction.
struct Builder<E: Element> {
    list: WengertList<E>,
    /// What was assigned for a node of the graph, and the node, so that its address stays its own.
    by_address: BTreeMap<usize, (Traced<E>, Var)>,
    /// What was assigned for a primitive applied to these values.
    merged: BTreeMap<(Primitive, Vec<Var>), Var>,
    /// Assignments of data and users' operations, which have no order: those with equal keys are compared one by one.
    unordered: BTreeMap<(Vec<Var>, u64), Vec<Var>>,
    /// What each input and output is called, and whether it is an output.
    names: BTreeMap<String, (Var, bool)>,
}

impl<E: Element> Builder<E> {
    const fn new() -> Self {
        Self {
            list: WengertList { assignments: Vec::new(), inputs: Vec::new(), outputs: Vec::new() },
            by_address: BTreeMap::new(),
            merged: BTreeMap::new(),
            unordered: BTreeMap::new(),
            names: BTreeMap::new(),
        }
    }

    #[track_caller]
    fn input(&mut self, node: &Traced<E>) {
        let name = node.expression().instruction.name();
        assert!(
            matches!(node.expression().instruction, Instruction::Input(_)),
            "list: `{name}` is computed, so it cannot be an input"
        );
        let var = self.push(node, Vec::new());
        let other = self.names.insert(name.into(), (var, false));
        assert!(other.is_none(), "list: two inputs are named `{name}`");
        self.list.inputs.push(var);
        self.by_address.insert(node.address(), (node.clone(), var));
    }

    #[track_caller]
    fn output(&mut self, name: &str, var: Var) {
        let other = self.names.insert(name.into(), (var, true));
        let same = other.is_none_or(|(other, output)| other == var && !output);
        assert!(same, "list: two values are named `{name}`");
        self.list.outputs.push((name.into(), var));
    }

    /// Depth first, by a stack of its own; a node is assigned once all its arguments are.
    #[track_caller]
    fn value(&mut self, root: &Traced<E>) -> Var {
        let mut stack = vec![(root.clone(), 0)];
        while let Some((node, next)) = stack.pop() {
            if self.by_address.contains_key(&node.address()) {
                continue;
            }
            if let Some(arg) = node.expression().args.get(next) {
                let arg = arg.clone();
                stack.push((node, next + 1));
                stack.push((arg, 0));
            } else {
                let var = self.assign(&node);
                self.by_address.insert(node.address(), (node, var));
            }
        }
        self.by_address[&root.address()].1
    }

    #[track_caller]
    fn assign(&mut self, node: &Traced<E>) -> Var {
        let expression = node.expression();
        let args: Vec<Var> = expression.args.iter().map(|arg| self.by_address[&arg.address()].1).collect();
        match &expression.instruction {
            Instruction::Input(name) => panic!("list: a value depends on `{name}`, which is not among the inputs"),
            Instruction::Apply(op) => {
                if let Some(&var) = self.merged.get(&(*op, args.clone())) {
                    return var;
                }
                let var = self.push(node, args.clone());
                self.merged.insert((*op, args), var);
                var
            }
            Instruction::Data(_) | Instruction::Custom(_) => {
                let key = (args.clone(), expression.instruction.key());
                if let Some(var) = self.find(&key, &expression.instruction, expression.spec) {
                    return var;
                }
                let var = self.push(node, args);
                self.unordered.entry(key).or_default().push(var);
                var
            }
        }
    }

    fn find(&self, key: &(Vec<Var>, u64), instruction: &Instruction<E>, spec: Spec) -> Option<Var> {
        let equal = |var: &Var| self.list[*var].spec == spec && self.list[*var].instruction == *instruction;
        self.unordered.get(key)?.iter().copied().find(equal)
    }

    fn push(&mut self, node: &Traced<E>, args: Vec<Var>) -> Var {
        let (instruction, spec) = (node.expression().instruction.clone(), node.expression().spec);
        let var = Var::new(self.list.assignments.len());
        self.list.assignments.push(Assignment { instruction, args, spec });
        var
    }
}

impl<E: Element> Instruction<E> {
    /// A number that is equal for equal data, and mostly only for that.
    fn key(&self) -> u64 {
        match self {
            Self::Data(data) => data.fingerprint(),
            Self::Input(_) | Self::Apply(_) | Self::Custom(_) => 0,
        }
    }
}
