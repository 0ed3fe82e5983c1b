//! A list as the textbook writes it: `z1 = add(x1, x1)`.

use core::fmt;

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::{Assignment, Instruction, Var, WengertList};
use crate::{Element, Primitive};

/// One assignment a line; with `{:#}`, each line also shows the shape of its result.
///
/// A constant, in whatever shape, stands as its number where it is used.
impl<E: Element> fmt::Display for WengertList<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Line { text, var, .. } in self.lines() {
            if f.alternate() { writeln!(f, "{text}    # {}", self[var].spec)? } else { writeln!(f, "{text}")? }
        }
        Ok(())
    }
}

/// A line of a printed list.
pub(crate) struct Line {
    pub(crate) text: String,
    /// The value that it is about.
    pub(crate) var: Var,
    /// Whether it is an assignment of the list, and not another name for a value.
    pub(crate) assigns: bool,
}

impl<E: Element> WengertList<E> {
    pub(crate) fn lines(&self) -> Vec<Line> {
        let names = Names::new(self);
        let vars = (0..self.assignments.len()).map(Var::new).filter(|var| names.is_assigned(self, *var));
        let assigned = vars.map(|var| {
            let text = format!("{} = {}", names.get(var), call(&self[var], &names));
            Line { text, var, assigns: true }
        });
        let renamed = self.outputs.iter().filter(|(name, var)| names.get(*var) != name);
        let renamed = renamed.map(|&(ref name, var)| {
            let text = format!("{name} = {}", names.get(var));
            Line { text, var, assigns: false }
        });
        assigned.chain(renamed).collect()
    }
}

fn call<E: Element>(assignment: &Assignment<E>, names: &Names) -> String {
    let args: Vec<&str> = assignment.args.iter().map(|&arg| names.get(arg)).collect();
    let (args, name) = (args.join(", "), assignment.instruction.name());
    match &assignment.instruction {
        Instruction::Apply(op) if args.is_empty() => format!("{name}({})", format!("{op}").trim_start_matches(", ")),
        Instruction::Apply(op) => format!("{name}({args}{op})"),
        Instruction::Custom(_) => format!("{name}({args})"),
        Instruction::Data(_) => format!("data({})", assignment.spec),
        Instruction::Input(_) => format!("input({})", assignment.spec),
    }
}

/// What each value is called: inputs and outputs by their names, constants by their numbers, the rest `z1, z2, ..`.
pub(super) struct Names {
    names: Vec<String>,
    /// Which values are constants, in whatever shape.
    numbers: Vec<bool>,
}

impl Names {
    pub(super) fn new<E: Element>(list: &WengertList<E>) -> Self {
        let mut known = Self { names: vec![String::new(); list.assignments.len()], numbers: Vec::new() };
        for (name, var) in list.outputs.iter().rev() {
            known.names[var.index()].clone_from(name);
        }
        let given: BTreeSet<&str> = list.inputs.iter().map(|var| list[*var].instruction.name()).collect();
        let given = given.into_iter().chain(list.outputs.iter().map(|(name, _)| &name[..])).collect();
        let mut next = 1;
        for (place, assignment) in list.assignments.iter().enumerate() {
            let number = known.number(assignment);
            known.numbers.push(number.is_some());
            let name = &mut known.names[place];
            match (&assignment.instruction, number) {
                (Instruction::Input(own), _) => name.clone_from(own),
                (_, Some(number)) => *name = number,
                _ if name.is_empty() => *name = fresh(&given, &mut next),
                _ => {}
            }
        }
        known
    }

    /// The number that a constant, or a constant in another shape, stands for.
    fn number<E: Element>(&self, assignment: &Assignment<E>) -> Option<String> {
        match &assignment.instruction {
            Instruction::Apply(Primitive::Constant { value, .. }) => Some(format!("{}", value.get())),
            Instruction::Apply(Primitive::Broadcast { .. } | Primitive::Reshape { .. }) => {
                let arg = assignment.args[0].index();
                self.numbers[arg].then(|| self.names[arg].clone())
            }
            _ => None,
        }
    }

    pub(super) fn into_inner(self) -> Vec<String> {
        self.names
    }

    pub(super) fn get(&self, var: Var) -> &str {
        &self.names[var.index()]
    }

    pub(super) fn is_number(&self, var: Var) -> bool {
        self.numbers[var.index()]
    }

    /// Whether a list shows a line for this value.
    pub(super) fn is_assigned<E: Element>(&self, list: &WengertList<E>, var: Var) -> bool {
        !matches!(list[var].instruction, Instruction::Input(_)) && !self.is_number(var)
    }
}

/// The next of `z1, z2, ..` that was not given to an input or an output.
fn fresh(given: &BTreeSet<&str>, next: &mut u32) -> String {
    loop {
        let name = format!("z{next}");
        *next += 1;
        if !given.contains(&name[..]) {
            return name;
        }
    }
}
