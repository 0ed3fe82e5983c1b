//! [`TraceReport`]: that a step was compiled, and for what.

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{PassReport, Spec};

/// A step was traced and compiled: at the beginning, and whenever a batch has shapes that none before had.
///
/// ```
/// use autodiff_core::Spec;
/// use nn::TraceReport;
/// let batch = vec![("batch.0".into(), Spec::elem([5, 2]))];
/// let report = TraceReport { step: 9, batch, assignments: 40, passes: vec![] };
/// assert_eq!(report.to_string(), "step 9: compiled 40 assignments for batch.0 [5, 2]");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceReport {
    /// The number of the step, which is 0 before the first.
    pub step: u32,
    /// Names, shapes and formats of the batch's tensors.
    pub batch: Vec<(String, Spec)>,
    /// The length of the list.
    pub assignments: usize,
    /// What each pass has done to it.
    pub passes: Vec<PassReport>,
}

impl fmt::Display for TraceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "step {}: compiled {} assignments for", self.step, self.assignments)?;
        for (place, (name, spec)) in self.batch.iter().enumerate() {
            write!(f, "{} {name} {spec}", if place == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}
