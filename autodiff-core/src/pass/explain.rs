//! [`Explanation`]: what became of a list on its way to being run, as a text.

use core::fmt;
use core::time::Duration;

use alloc::string::String;
use alloc::vec::Vec;

use super::{Passes, Stage};
use crate::{Element, Execute, MemoryMap, WengertList};

/// What became of a list: as it was traced, behind each pass, as it is run; its instructions and where values lie.
///
/// Its `Display` is the whole story: each list with FLOPs and bytes moved behind each assignment, each instruction with
/// the time that it took, where it was profiled.
///
/// ```
/// use autodiff_core::{Execute, Explanation, Passes, Role, Spec, WengertList};
/// use backend_cpu::Cpu;
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([3]))], |x| [("y", -(-&x[0]).tanh())]);
/// let passes = Passes::default();
/// let program = Cpu::compile(&passes.run::<Cpu<f32>>(&list).0, &[Role::Given], true, &Default::default());
/// let explanation = Explanation::new::<Cpu<f32>>(&list, passes, &program, &[]);
/// let text = explanation.to_string();
/// assert!(text.contains("z2 = tanh(z1)    # [3], 3 FLOP, 24 bytes"), "{text}");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation<E: Element> {
    /// The list as it was traced, behind each pass, and last as it is run.
    pub stages: Vec<Stage<E>>,
    /// The program's instructions.
    pub instructions: Vec<String>,
    /// What each of them took, or nothing, if that was not measured.
    pub times: Vec<Duration>,
    /// Where values lie, and how long.
    pub memory: MemoryMap,
}

impl<E: Element> Explanation<E> {
    /// Explains the program that was made of a list behind these passes; `times` may be empty.
    #[must_use]
    pub fn new<B: Execute<Elem = E>>(
        traced: &WengertList<E>,
        passes: Passes,
        program: &B::Program,
        times: &[Duration],
    ) -> Self {
        let mut stages = passes.stages::<B>(traced);
        if let Some(last) = stages.last() {
            let expanded = B::expand(&last.list);
            stages.push(Stage::new("expanded", expanded));
        }
        let (instructions, memory) = (B::instructions(program), B::memory_map(program));
        Self { stages, instructions, times: times.to_vec(), memory }
    }
}

impl<E: Element> fmt::Display for Explanation<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, stage) in self.stages.iter().enumerate() {
            let same = place > 0 && self.stages[place - 1].list == stage.list;
            writeln!(f, "== {}: {}{}", stage.name, stage.size, if same { ", as before" } else { "" })?;
            if !same {
                write_list(f, &stage.list)?;
            }
        }
        let total: Duration = self.times.iter().sum();
        writeln!(f, "== plan: {} instructions{}", self.instructions.len(), took((!total.is_zero()).then_some(total)))?;
        for (number, instruction) in self.instructions.iter().enumerate() {
            writeln!(f, "{number:>5}  {instruction}{}", took(self.times.get(number).copied()))?;
        }
        write!(f, "== memory: {}", self.memory)
    }
}

/// A list, with the cost behind each assignment.
fn write_list<E: Element>(f: &mut fmt::Formatter<'_>, list: &WengertList<E>) -> fmt::Result {
    for line in list.lines() {
        let cost = list.cost_of(line.var);
        let of_line =
            (line.assigns && cost.bytes > 0).then(|| alloc::format!(", {} FLOP, {} bytes", cost.flops, cost.bytes));
        writeln!(f, "{}    # {}{}", line.text, list[line.var].spec, of_line.unwrap_or_default())?;
    }
    Ok(())
}

fn took(time: Option<Duration>) -> String {
    time.map_or_else(String::new, |time| alloc::format!("    # {:.1} us", time.as_secs_f64() * 1e6))
}
