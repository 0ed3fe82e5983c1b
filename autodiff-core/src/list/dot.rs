//! A list as a graph for Graphviz.

use core::fmt::Write;

use alloc::string::String;
use alloc::vec::Vec;

use super::print::Names;
use super::{Instruction, Var, WengertList};
use crate::Element;

impl<E: Element> WengertList<E> {
    /// The expression graph in the DOT language: boxes for inputs, double circles for outputs, an arrow from each
    /// argument to what is computed from it.
    #[must_use]
    pub fn to_dot(&self) -> String {
        let names = Names::new(self);
        let drawn = self.drawn(&names);
        let mut dot = String::from("digraph {\n    rankdir=LR;\n");
        for (place, assignment) in self.assignments.iter().enumerate() {
            let var = Var::new(place);
            let output = self.outputs.iter().any(|(_, output)| *output == var);
            let (label, shape) = match &assignment.instruction {
                Instruction::Input(name) => (name.clone(), "box"),
                _ if !names.is_assigned(self, var) => (String::from(names.get(var)), "plaintext"),
                instruction => {
                    let label = alloc::format!("{} = {}", names.get(var), instruction.name());
                    (label, if output { "doubleoctagon" } else { "ellipse" })
                }
            };
            // A broadcast number is drawn once for each value that reads it, so its own constant is left out.
            if drawn[place] {
                let label = label.replace('\\', "\\\\").replace('"', "\\\"");
                push(
                    &mut dot,
                    format_args!("    n{place} [label=\"{label}\\n{}\", shape={shape}];\n", assignment.spec),
                );
                if names.is_assigned(self, var) {
                    for arg in &assignment.args {
                        push(&mut dot, format_args!("    n{} -> n{place};\n", arg.index()));
                    }
                }
            }
        }
        dot.push_str("}\n");
        dot
    }

    /// Which values are drawn: of the numbers those that something else than a number reads.
    fn drawn(&self, names: &Names) -> Vec<bool> {
        let is_number = |place: usize| names.is_number(Var::new(place));
        let mut drawn: Vec<bool> = (0..self.assignments.len()).map(|place| !is_number(place)).collect();
        for (place, assignment) in self.assignments.iter().enumerate() {
            if !is_number(place) {
                assignment.args.iter().for_each(|arg| drawn[arg.index()] = true);
            }
        }
        self.outputs.iter().for_each(|(_, var)| drawn[var.index()] = true);
        drawn
    }
}

fn push(dot: &mut String, line: core::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = dot.write_fmt(line);
}
