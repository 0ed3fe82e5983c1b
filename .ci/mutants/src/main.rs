//! Holds the tests against deliberate mistakes, in the rules of primitives and composites and in the scalar kernels.
//!
//! ```text
//! cargo run -p mutants -- [--jobs N] [--only TEXT] [--in FOLDER]
//! ```
//!
//! Run from the workspace's root, it copies the workspace to a folder, writes every mistake into the copy beside what is
//! right, as `if on(17) { a - b } else { a + b }`, builds the tests once, and runs them once for each mistake with that
//! mistake switched on. (Schemata: Untch, Offutt, Harrold, *Mutation analysis using mutant schemata*, ISSTA 1993.) A
//! mistake is noticed when a test fails, takes far longer than without it, or takes too much memory. One that no test
//! notices is printed; the tests then lack something, or it makes no difference, and `equivalent.txt` says why. A mistake
//! that is neither noticed nor listed makes the run fail, and so does an entry that is noticed after all or gone. With
//! `--only` only mistakes are tried whose line contains a text.
//!
//! What is left out, and why:
//!
//! - Mistakes that the compiler notices: `left_out.txt` in the folder has them. Of some 1,900 that are found, about 750
//!   are such, and of these nine in ten exchange arguments of different types.
//! - What is inside macros (`matches!`, `vec!`), patterns, types and constants, where nothing can be switched.
//! - Most instances of the tests: [`workspace`] says which are built. It is minutes of work, so the gate does not do it.

#![forbid(unsafe_code)]
#![expect(clippy::std_instead_of_core, clippy::std_instead_of_alloc, reason = "a program that runs on the host")]

mod find;
mod point;
mod trial;
mod workspace;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use trial::Fate;
use workspace::Workspace;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

const LIST: &str = ".ci/mutants/equivalent.txt";

/// What was asked for.
struct Options {
    jobs: usize,
    only: String,
    folder: PathBuf,
}

fn options() -> Result<Options> {
    let folder = std::env::temp_dir().join(format!("mutants-{}", std::process::id()));
    let mut options = Options { jobs: thread::available_parallelism()?.get(), only: String::new(), folder };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let value = args.next().ok_or_else(|| format!("{arg} takes a value"))?;
        match &arg[..] {
            "--jobs" => options.jobs = value.parse()?,
            "--only" => options.only = value,
            "--in" => options.folder = value.into(),
            _ => return Err(format!("{arg} is not known: --jobs N, --only TEXT, --in FOLDER").into()),
        }
    }
    Ok(options)
}

/// The listed mistakes with their reasons: a line each, the reason indented below.
fn listed() -> Result<BTreeMap<String, String>> {
    let mut listed: BTreeMap<String, String> = BTreeMap::new();
    let mut last = String::new();
    for line in fs::read_to_string(LIST)?.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("    ") {
            Some(reason) => listed.entry(last.clone()).or_default().push_str(reason),
            None => {
                last = line.into();
                listed.insert(last.clone(), String::new());
            }
        }
    }
    match listed.iter().find(|(_, reason)| reason.is_empty()) {
        Some((mistake, _)) => Err(format!("{LIST}: no reason is given for {mistake}").into()),
        None => Ok(listed),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(io::stderr(), "mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<bool> {
    let (options, listed) = (options()?, listed()?);
    let mut out = io::stdout();
    let mut workspace = Workspace::copy(&options.folder)?;
    workspace.settle()?;
    let (mistakes, left_out) = (workspace.mistakes(), workspace.left_out());
    writeln!(out, "{} mistakes; {} that do not compile are left out", mistakes.len(), left_out.len())?;
    let left_out: String = left_out.iter().map(|(_, text)| format!("{text}\n")).collect();
    fs::write(options.folder.join("left_out.txt"), left_out)?;
    let tests = trial::tests(&workspace.build()?, &options.folder)?;
    writeln!(out, "{} tests", tests.len())?;

    let chosen: Vec<(usize, &str)> = mistakes.into_iter().filter(|(_, text)| text.contains(&options.only)).collect();
    let (next, fates) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        let work = || -> core::result::Result<(), String> {
            while let Some(&(number, text)) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                let fate = trial::fate(number, &tests).map_err(|error| error.to_string())?;
                if fate != Fate::Killed && !listed.contains_key(text) {
                    let _ = writeln!(io::stdout(), "{fate:?}: {text}");
                }
                fates.lock().map_err(|error| error.to_string())?.insert(text, fate);
            }
            Ok(())
        };
        let workers: Vec<_> = (0..options.jobs).map(|_| scope.spawn(work)).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| String::from("a worker failed"))?)
    })?;
    let fates = fates.into_inner().map_err(|error| error.to_string())?;

    let alive = |text: &str| fates.get(text).is_some_and(|fate| *fate != Fate::Killed);
    let survivors = fates.keys().filter(|text| alive(text) && !listed.contains_key(**text)).count();
    let stale: Vec<&String> = listed.keys().filter(|text| text.contains(&options.only) && !alive(text)).collect();
    for text in &stale {
        writeln!(out, "listed as equivalent, but noticed or gone: {text}")?;
    }
    let killed = fates.values().filter(|fate| **fate == Fate::Killed).count();
    let equivalent = fates.len() - killed - survivors;
    writeln!(
        out,
        "{} mistakes: {killed} noticed, {equivalent} listed as equivalent, {survivors} not noticed; {} entries stale",
        fates.len(),
        stale.len()
    )?;
    Ok(survivors == 0 && stale.is_empty())
}
