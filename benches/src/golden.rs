//! The golden runner: values, gradients and Hessian-vector products that other frameworks computed, held against ours.
//!
//! A set is a directory with a `manifest.json` and safetensors files; `../shared/golden/README.md` states the format and
//! how numbers are compared. A case names an operation and its attributes. Each operation is one function generic over
//! the backend (`ops`, `models`), which three modes run on three backends (`mode`).

mod call;
mod compare;
mod error;
mod manifest;
mod mode;
mod models;
mod ops;
mod run;
mod skips;
mod tensors;

pub use call::Unsupported;
pub use error::SetError;
pub use mode::Mode;
pub use run::{Computer, Elem, Summary, run};
pub use skips::{Skip, Skips};
pub use tensors::GoldenSet;
