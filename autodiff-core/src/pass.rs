//! Passes: rewritings of a [`WengertList`] that compute the same, one file each.

mod fold;
mod simplify;

use core::fmt;

use alloc::vec::Vec;

use crate::{Cost, Element, WengertList};

pub use fold::FoldConstants;
pub use simplify::Simplify;

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
    let (mut list, mut reports) = (list.clone(), Vec::with_capacity(passes.len()));
    let mut before = Size::of(&list);
    for pass in passes {
        list = pass.run(&list);
        let after = Size::of(&list);
        reports.push(PassReport { pass: pass.name(), before, after });
        before = after;
    }
    (list, reports)
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
