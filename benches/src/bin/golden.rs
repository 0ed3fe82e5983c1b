//! Holds a set of golden values against this workspace: see `--help`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use benches::golden::{Computer, Elem, GoldenSet, Mode, Skips, run};
use clap::{Parser, ValueEnum};

/// Computes the cases of a set of golden values and compares: values, gradients, Hessian-vector products.
///
/// Prints a line for each case that fails, with the element that is wrong by most, and last
/// `N passed, N failed, N skipped`. The exit status is 1 where a case failed or the set cannot be read.
///
/// A case is skipped where the runner's list says so (benches/src/golden/skips.txt); what cannot be run and is not in the
/// list fails. An entry of the list that is not needed is named on the standard error. With `--elem f32` the cases to which
/// the set gives no tolerance in single precision are not run: they are counted in none of the three numbers, but on a line
/// of their own.
#[derive(Debug, Parser)]
#[command(name = "golden")]
struct Arguments {
    /// What computes.
    #[arg(long, value_enum, default_value = "cpu")]
    backend: BackendName,
    /// In which elements; in f32 Hessian-vector products are not compared.
    #[arg(long, value_enum, default_value = "f64")]
    elem: ElemName,
    /// How: eager and traced check values and gradients, nested Hessian-vector products too.
    #[arg(long, value_enum, default_value = "eager")]
    mode: ModeName,
    /// The directory with manifest.json and the safetensors files.
    #[arg(value_name = "DIR")]
    directory: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum BackendName {
    /// The scalar kernels.
    Cpu,
    /// All cores and their vector units.
    Faer,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ElemName {
    /// Double precision.
    F64,
    /// Single precision; inputs and cotangents are rounded first.
    F32,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ModeName {
    /// Each operation as it is reached.
    Eager,
    /// Values and gradients in one list, which is planned and run.
    Traced,
    /// The same list behind all passes.
    Compiled,
    /// Differentiated twice.
    Nested,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match golden(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every case agreed.
fn golden(arguments: &Arguments) -> Result<bool, Box<dyn core::error::Error>> {
    let computer = match arguments.backend {
        BackendName::Cpu => Computer::Cpu,
        BackendName::Faer => Computer::Faer,
    };
    let elem = match arguments.elem {
        ElemName::F64 => Elem::F64,
        ElemName::F32 => Elem::F32,
    };
    let mode = match arguments.mode {
        ModeName::Eager => Mode::Eager,
        ModeName::Traced => Mode::Traced,
        ModeName::Compiled => Mode::Compiled,
        ModeName::Nested => Mode::Nested,
    };
    let set = GoldenSet::read(&arguments.directory)?;
    let mut out = io::stdout().lock();
    let mut written = Ok(());
    let summary = run(&set, (computer, elem, mode), &Skips::accepted(), &mut |line| {
        if written.is_ok() {
            written = writeln!(out, "{line}");
        }
    });
    written?;
    for skip in &summary.stale {
        eprintln!("the list of skips: `{skip}` is not needed any more");
    }
    if summary.unchecked > 0 {
        writeln!(out, "{} without a tolerance in f32, not run", summary.unchecked)?;
    }
    writeln!(out, "{summary}")?;
    Ok(summary.failed == 0)
}
