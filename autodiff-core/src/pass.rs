//! Passes: rewritings of a [`WengertList`] that compute the same, one file each.

mod accumulate;
mod explain;
mod fold;
mod join;
mod rematerialise;
mod simplify;
mod transpose;

use core::fmt;

use alloc::vec::Vec;

use crate::{Cost, Element, Execute, WengertList};

pub use accumulate::Accumulate;
pub use explain::Explanation;
pub use fold::FoldConstants;
pub use join::JoinParts;
pub use rematerialise::Rematerialise;
pub use simplify::Simplify;
pub use transpose::AbsorbTransposes;

/// A rewriting of a list: the same outputs from the same inputs, to the bit.
///
/// ```
/// use autodiff_core::{Pass, Simplify, Spec, WengertList, run_passes};
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([3]))], |x| [("y", -(-&x[0]).tanh() * 1.0)]);
/// let (list, reports) = run_passes(&list, &[&Simplify]);
/// assert_eq!(list.to_string(), "z1 = neg(x)\nz2 = tanh(z1)\ny = neg(z2)\n");
/// let report = "simplify: 7 -> 4 assignments, 12 -> 9 FLOP, 100 -> 72 bytes moved, peak 24 -> 24 bytes";
/// assert_eq!(reports[0].to_string(), report);
/// ```
pub trait Pass<E: Element> {
    /// What it is called in reports.
    fn name(&self) -> &'static str;
    /// The list rewritten.
    #[must_use]
    fn run(&self, list: &WengertList<E>) -> WengertList<E>;
}

/// The list after these passes, one behind another, and what each has done.
#[must_use]
pub fn run_passes<E: Element>(list: &WengertList<E>, passes: &[&dyn Pass<E>]) -> (WengertList<E>, Vec<PassReport>) {
    let stages = stages(list, passes);
    let (before, after) = (&stages[..stages.len() - 1], &stages[1..]);
    let report = |(before, after): (&Stage<E>, &Stage<E>)| PassReport {
        pass: after.name,
        before: before.size,
        after: after.size,
    };
    let reports = before.iter().zip(after).map(report).collect();
    (stages.into_iter().next_back().map_or_else(|| list.clone(), |last| last.list), reports)
}

/// The list as it was, and behind each pass.
fn stages<E: Element>(list: &WengertList<E>, passes: &[&dyn Pass<E>]) -> Vec<Stage<E>> {
    let mut stages = alloc::vec![Stage::new("traced", list.clone())];
    for pass in passes {
        let list = pass.run(&stages[stages.len() - 1].list);
        stages.push(Stage::new(pass.name(), list));
    }
    stages
}

/// A list on its way through passes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stage<E: Element> {
    /// The pass that it has just gone through; `traced` before the first.
    pub name: &'static str,
    /// The list.
    pub list: WengertList<E>,
    /// Its length and cost.
    pub size: Size,
}

impl<E: Element> Stage<E> {
    pub(crate) fn new(name: &'static str, list: WengertList<E>) -> Self {
        Self { name, size: Size::of(&list), list }
    }
}

/// The passes that a list goes through before it is planned, each with its switch, in this order.
///
/// ```
/// use autodiff_core::{Passes, Spec, WengertList};
/// use backend_cpu::Cpu;
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([3]))], |x| [("y", -(-&x[0]) * x[0].new_full([], 4.0).sqrt())]);
/// let (short, reports) = Passes::default().run::<Cpu<f32>>(&list);
/// assert_eq!(short.to_string(), "y = mul(x, 2)\n");
/// assert_eq!(reports[0].pass, "fold_constants");
/// let (same, _) = Passes { fold_constants: false, ..Passes::NONE }.run::<Cpu<f32>>(&list);
/// assert!(same == list);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passes {
    /// [`FoldConstants`]; on by default.
    pub fold_constants: bool,
    /// [`Simplify`]; on by default.
    pub simplify: bool,
    /// [`JoinParts`]; on by default.
    pub join_parts: bool,
    /// [`AbsorbTransposes`]; on by default.
    pub absorb_transposes: bool,
    /// [`Accumulate`]; on by default.
    pub accumulate: bool,
    /// [`Rematerialise`], where the memory of computed values is to have a limit, in bytes; none by default.
    pub memory_limit: Option<u64>,
    /// No pass of the list, but of what it is planned to: functions of each element become one instruction, as
    /// [`Execute::compile`] says; on by default.
    pub fuse: bool,
}

impl Default for Passes {
    fn default() -> Self {
        Self {
            fold_constants: true,
            simplify: true,
            join_parts: true,
            absorb_transposes: true,
            accumulate: true,
            memory_limit: None,
            fuse: true,
        }
    }
}

impl Passes {
    /// None at all: a list is planned as it was traced.
    pub const NONE: Self = Self {
        fold_constants: false,
        simplify: false,
        join_parts: false,
        absorb_transposes: false,
        accumulate: false,
        memory_limit: None,
        fuse: false,
    };

    /// The list behind the passes that are on, and what each has done; constants are folded as `B` computes.
    #[must_use]
    pub fn run<B: Execute>(&self, list: &WengertList<B::Elem>) -> (WengertList<B::Elem>, Vec<PassReport>) {
        self.with::<B, _>(|passes| run_passes(list, passes))
    }

    /// The list as it was, and behind each pass.
    #[must_use]
    pub fn stages<B: Execute>(&self, list: &WengertList<B::Elem>) -> Vec<Stage<B::Elem>> {
        self.with::<B, _>(|passes| stages(list, passes))
    }

    fn with<B: Execute, R>(&self, f: impl FnOnce(&[&dyn Pass<B::Elem>]) -> R) -> R {
        let fold = FoldConstants::<B>::new();
        let rematerialise = Rematerialise::<B>::new(self.memory_limit.unwrap_or(u64::MAX));
        let all: [(bool, &dyn Pass<B::Elem>); 6] = [
            (self.fold_constants, &fold),
            (self.simplify, &Simplify),
            (self.join_parts, &JoinParts),
            (self.absorb_transposes, &AbsorbTransposes),
            (self.accumulate, &Accumulate),
            (self.memory_limit.is_some(), &rematerialise),
        ];
        f(&all.into_iter().filter(|(on, _)| *on).map(|(_, pass)| pass).collect::<Vec<_>>())
    }
}

/// How long a list is, and what it costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// The number of assignments, inputs and data among them.
    pub assignments: usize,
    /// Operations, bytes moved, memory.
    pub cost: Cost,
}

impl Size {
    fn of<E: Element>(list: &WengertList<E>) -> Self {
        Self { assignments: list.assignments().len(), cost: list.cost() }
    }
}

/// What a pass has done to a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PassReport {
    /// The pass.
    pub pass: &'static str,
    /// The list before it.
    pub before: Size,
    /// The list after it.
    pub after: Size,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { assignments, cost: Cost { flops, bytes, peak } } = self;
        write!(f, "{assignments} assignments, {flops} FLOP, {bytes} bytes moved, peak {peak} bytes")
    }
}

impl fmt::Display for PassReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pass, before: Size { assignments, cost }, after } = self;
        write!(
            f,
            "{pass}: {assignments} -> {} assignments, {} -> {} FLOP, {} -> {} bytes moved, peak {} -> {} bytes",
            after.assignments, cost.flops, after.cost.flops, cost.bytes, after.cost.bytes, cost.peak, after.cost.peak
        )
    }
}
