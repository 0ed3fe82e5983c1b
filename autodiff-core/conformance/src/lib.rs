#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![expect(clippy::missing_errors_doc, reason = "a property fails in one way: the backend does not have it")]

extern crate alloc;

mod failure;
mod replay;
pub mod tolerance;

mod cases;
mod erased;
mod format;
mod grid;
mod host;
mod reference;
mod subject;

pub mod adjoint;
pub mod binary;
pub mod cast;
pub mod composite;
pub mod convention;
pub mod curvature;
pub mod gather;
pub mod gradient;
pub mod graph;
pub mod matmul;
pub mod movement;
pub mod program;
pub mod random;
pub mod reduce;
pub mod scan;
pub mod source;
pub mod transfer;
pub mod unary;
pub mod window;

mod suite;

#[cfg(test)]
mod saves;

pub use erased::{ElementOf, Erased, Handle, Place};
pub use failure::{Failure, Outcome};
pub use replay::{Delayed, Evaluated, Executed, Planned, Replay, Runner};
