#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

extern crate alloc;

use core::error::Error;
use std::process::ExitCode;

use clap::ValueEnum;

pub mod analogies;
pub mod augment;
pub mod batches;
pub mod cifar;
pub mod compare;
pub mod digits;
pub mod file;
pub mod fingerprint;
pub mod fit;
pub mod flags;
pub mod idx;
pub mod images;
pub mod judge;
pub mod language;
pub mod mode;
pub mod pca;
pub mod plot;
pub mod precision;
pub mod promise;
pub mod say;
pub mod sheet;
pub mod terminal;
pub mod text;
pub mod words;

/// What a program computes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Computer {
    /// Plain loops, with the same bits on every machine.
    Cpu,
    /// All cores and their vector units.
    Faer,
}

/// What `main` answers: an error as one line on standard error, and a status that tells scripts of it.
#[must_use]
pub fn finish(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The code in the workspace's README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
