//! What a compiled training step and a compiled [`Inference`](crate::Inference) have in common: a list for each kind of batch,
//! all run in one memory.

mod error;
mod outline;
mod report;
#[cfg(feature = "std")]
mod stopwatch;
mod variants;

pub use error::StepError;
pub use report::TraceReport;
#[cfg(feature = "std")]
pub(crate) use stopwatch::Stopwatch;
pub(crate) use variants::{Batch, Traced, Tracing, Variants, join, sound};
