//! The golden runner: on the subset of this repository, on the whole set where it is at hand, and on sets that are wrong.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

#[path = "golden/doctored.rs"]
mod doctored;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use benches::golden::{Computer, Elem, GoldenSet, Mode, Skips, Summary, run};

const WAYS: [(Computer, Elem, Mode); 10] = [
    (Computer::Cpu, Elem::F64, Mode::Eager),
    (Computer::Cpu, Elem::F64, Mode::Traced),
    (Computer::Cpu, Elem::F64, Mode::Compiled),
    (Computer::Cpu, Elem::F64, Mode::Nested),
    (Computer::Cpu, Elem::F32, Mode::Eager),
    (Computer::Faer, Elem::F64, Mode::Eager),
    (Computer::Faer, Elem::F64, Mode::Traced),
    (Computer::Faer, Elem::F64, Mode::Compiled),
    (Computer::Faer, Elem::F64, Mode::Nested),
    (Computer::Faer, Elem::F32, Mode::Eager),
];

fn subset() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("golden")
}

/// Runs a set in every way; each must pass as many cases as are named.
#[track_caller]
fn check(directory: &Path, in_f64: Summary, in_f32: Summary) {
    let set = GoldenSet::read(directory).unwrap();
    for (computer, elem, mode) in WAYS {
        let mut failures = Vec::new();
        let summary = run(&set, (computer, elem, mode), &Skips::accepted(), &mut |line| failures.push(line.to_owned()));
        assert!(failures.is_empty(), "{}", failures.join("\n"));
        let expected = if elem == Elem::F64 { &in_f64 } else { &in_f32 };
        assert_eq!(&summary, expected, "{computer}, {elem}, {mode}");
    }
}

const fn passed(passed: usize, skipped: usize, unchecked: usize) -> Summary {
    Summary { passed, failed: 0, skipped, unchecked, stale: Vec::new() }
}

#[test]
fn the_subset_passes() {
    check(&subset(), passed(329, 0, 0), passed(323, 0, 6));
}

/// Attributes that the public set does not show. Without tolerances in f32.
#[test]
fn the_variants_pass() {
    check(&subset().join("variants"), passed(38, 0, 0), passed(0, 0, 38));
}

/// Losses that the public set does not have.
#[test]
fn the_losses_pass() {
    check(&subset().join("losses"), passed(26, 0, 0), passed(26, 0, 0));
}

#[test]
fn the_whole_set_passes() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/golden");
    if !whole.join("manifest.json").exists() {
        // Not by `eprintln!`, which the test harness swallows where a test passes.
        let why = "is not there, so only the subset was compared";
        writeln!(io::stderr(), "SKIPPED golden values: {} {why}", whole.display()).unwrap();
        return;
    }
    check(&whole, passed(490, 0, 0), passed(482, 0, 8));
}
