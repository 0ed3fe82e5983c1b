#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

mod artefact;
mod container;
mod error;
mod read;
mod run;
mod text;
mod write;

pub use safetensors::Dtype;

pub use artefact::{Artefact, WeightError};
pub use error::{Fault, ReadError};
pub use run::{GivenError, RunError};
pub use write::WriteError;
