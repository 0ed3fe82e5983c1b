//! A list as the textbook writes it: `z1 = add(x1, x1)`.

use core::fmt;

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Assignment, Instruction, Var, WengertList};
use crate::{Element, Primitive, Spec};

/// One assignment a line; with `{:#}`, each line also shows the shape of its result.
///
/// A constant, in whatever shape, stands as its number where it is used.
impl<E: Element> fmt::Display for WengertList<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Names::new(self);
        for (place, assignment) in self.assignments.iter().enumerate() {
            let var = Var::new(place);
            if !is_assigned(self, var) {
                continue;
            }
            write!(f, "{} = {}", names.get(var), call(assignment, &names))?;
            end_line(f, assignment.spec)?;
        }
        for (name, var) in &self.outputs {
            if names.get(*var) != name {
                write!(f, "{name} = {}", names.get(*var))?;
                end_line(f, self[*var].spec)?;
            }
        }
        Ok(())
    }
}

/// Whether a list shows a line for this value.
pub(super) fn is_assigned<E: Element>(list: &WengertList<E>, var: Var) -> bool {
    !matches!(list[var].instruction, Instruction::Input(_)) && literal(list, var).is_none()
}

fn end_line(f: &mut fmt::Formatter<'_>, spec: Spec) -> fmt::Result {
    if f.alternate() { writeln!(f, "    # {spec}") } else { writeln!(f) }
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
pub(super) struct Names(Vec<String>);

impl Names {
    pub(super) fn new<E: Element>(list: &WengertList<E>) -> Self {
        let mut names = alloc::vec![String::new(); list.assignments.len()];
        for (name, var) in list.outputs.iter().rev() {
            names[var.index()].clone_from(name);
        }
        let mut next = 1;
        for place in 0..names.len() {
            let assignment = &list.assignments[place];
            if let Instruction::Input(name) = &assignment.instruction {
                names[place].clone_from(name);
            } else if let Some(number) = literal(list, Var::new(place)) {
                names[place] = number;
            } else if names[place].is_empty() {
                names[place] = fresh(list, &mut next);
            }
        }
        Self(names)
    }

    pub(super) fn into_inner(self) -> Vec<String> {
        self.0
    }

    pub(super) fn get(&self, var: Var) -> &str {
        &self.0[var.index()]
    }
}

/// The number that a constant, or a constant in another shape, stands for.
pub(super) fn literal<E: Element>(list: &WengertList<E>, var: Var) -> Option<String> {
    match &list[var].instruction {
        Instruction::Apply(Primitive::Constant { value, .. }) => Some(format!("{}", value.get())),
        Instruction::Apply(Primitive::Broadcast { .. } | Primitive::Reshape { .. }) => literal(list, list[var].args[0]),
        _ => None,
    }
}

/// The next of `z1, z2, ..` that is not the name of an input or an output.
fn fresh<E: Element>(list: &WengertList<E>, next: &mut u32) -> String {
    loop {
        let name = format!("z{next}");
        *next += 1;
        if list.input(&name).is_none() && list.output(&name).is_none() {
            return name;
        }
    }
}
