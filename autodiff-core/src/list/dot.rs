//! A list as a graph for Graphviz.

use core::fmt::Write;

use alloc::string::String;

use super::print::{Names, is_assigned};
use super::{Instruction, Var, WengertList};
use crate::Element;

impl<E: Element> WengertList<E> {
    /// The expression graph in the DOT language: boxes for inputs, double circles for outputs, an arrow from each
    /// argument to what is computed from it.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let names = Names::new(self);
        let mut dot = String::from("digraph {\n    rankdir=LR;\n");
        for (place, assignment) in self.assignments.iter().enumerate() {
            let var = Var::new(place);
            let output = self.outputs.iter().any(|(_, output)| *output == var);
            let (label, shape) = match &assignment.instruction {
                Instruction::Input(name) => (name.clone(), "box"),
                _ if !is_assigned(self, var) => (String::from(names.get(var)), "plaintext"),
                instruction => {
                    let label = alloc::format!("{} = {}", names.get(var), instruction.name());
                    (label, if output { "doubleoctagon" } else { "ellipse" })
                }
            };
            // A broadcast number is drawn once for each value that reads it, so its own constant is left out.
            if is_drawn(self, var) {
                let label = label.replace('\\', "\\\\").replace('"', "\\\"");
                push(
                    &mut dot,
                    format_args!("    n{place} [label=\"{label}\\n{}\", shape={shape}];\n", assignment.spec),
                );
                if is_assigned(self, var) {
                    for arg in &assignment.args {
                        push(&mut dot, format_args!("    n{} -> n{place};\n", arg.index()));
                    }
                }
            }
        }
        dot.push_str("}\n");
        dot
    }
}

/// A number is drawn where something that is not a number itself reads it.
fn is_drawn<E: Element>(list: &WengertList<E>, var: Var) -> bool {
    let reads = |place: usize| list.assignments[place].args.contains(&var) && is_assigned(list, Var::new(place));
    let is_output = list.outputs.iter().any(|(_, output)| *output == var);
    matches!(list[var].instruction, Instruction::Input(_))
        || is_assigned(list, var)
        || is_output
        || (var.index()..list.assignments.len()).any(reads)
}

fn push(dot: &mut String, line: core::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = dot.write_fmt(line);
}
