#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod batches;
pub mod compare;
pub mod digits;
pub mod flags;
pub mod plot;
pub mod terminal;
