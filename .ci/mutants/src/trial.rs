//! Runs tests: once each to see which mistakes they reach, then for each mistake those that reach it.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::workspace::Binary;

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// A mistake may make a test slower; by how much before it counts as one that never ends.
const PATIENCE: u32 = 20;
/// Kibibytes of memory for one process: a mistake in a size shall not take the machine's.
const MEMORY: u32 = 6_000_000;
/// Tests that take longer run after all others.
const SLOW: Duration = Duration::from_millis(300);

/// Tests that count allocations, which the switches make too.
const COUNTING: [&str; 2] = ["allocations::", "checkpoint_memory::"];

/// One test, and what it reaches.
#[derive(Debug)]
pub(crate) struct Test {
    binary: Binary,
    name: String,
    time: Duration,
    reaches: BTreeSet<usize>,
}

/// All tests of the binaries, each run alone without a mistake.
pub(crate) fn tests(binaries: &[Binary], scratch: &Path) -> Result<Vec<Test>> {
    let mut tests = Vec::new();
    for binary in binaries {
        let listed = Command::new(&binary.path).args(["--list", "--format", "terse"]).output()?;
        let listed = String::from_utf8(listed.stdout)?;
        let names = listed.lines().filter_map(|line| line.strip_suffix(": test"));
        for name in names.filter(|name| !COUNTING.iter().any(|counting| name.starts_with(counting))) {
            let cover = scratch.join("cover");
            fs::write(&cover, "")?;
            let start = Instant::now();
            let status = command(binary, [name]).env("MUTANT_COVER", &cover).status()?;
            if !status.success() {
                return Err(format!("{name} fails without any mistake").into());
            }
            let reaches = fs::read_to_string(&cover)?.lines().filter_map(|line| line.parse().ok()).collect();
            tests.push(Test { binary: binary.clone(), name: name.into(), time: start.elapsed(), reaches });
        }
    }
    tests.sort_by_key(|test| test.time);
    Ok(tests)
}

fn command<'n>(binary: &Binary, names: impl IntoIterator<Item = &'n str>) -> Command {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\"");
    command.args(["-c", &limited]).arg(&binary.path).args(["--exact", "--test-threads=1", "-q"]).args(names);
    command.current_dir(&binary.directory).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// What became of a mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Killed,
    Survived,
    /// No test reaches it.
    Unreached,
}

/// Runs the tests that reach this mistake while it is on, until one fails or takes too long.
pub(crate) fn fate(mistake: usize, tests: &[Test]) -> Result<Fate> {
    let reaching: Vec<&Test> = tests.iter().filter(|test| test.reaches.contains(&mistake)).collect();
    let (quick, slow): (Vec<&Test>, Vec<&Test>) = reaching.iter().partition(|test| test.time < SLOW);
    for group in [quick, slow] {
        let mut by_binary: BTreeMap<&Path, Vec<&Test>> = BTreeMap::new();
        for test in group {
            by_binary.entry(&test.binary.path).or_default().push(test);
        }
        let mut batches: Vec<Vec<&Test>> = by_binary.into_values().collect();
        batches.sort_by_key(|batch| batch.iter().map(|test| test.time).sum::<Duration>());
        for batch in batches {
            let time: Duration = batch.iter().map(|test| test.time).sum();
            let names = batch.iter().map(|test| &test.name[..]);
            let child = command(&batch[0].binary, names).env("MUTANT", mistake.to_string()).spawn()?;
            if !succeeds(child, time * PATIENCE + Duration::from_secs(5))? {
                return Ok(Fate::Killed);
            }
        }
    }
    Ok(if reaching.is_empty() { Fate::Unreached } else { Fate::Survived })
}

/// Whether it ends well and in time.
fn succeeds(mut child: Child, limit: Duration) -> Result<bool> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.success());
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(false);
        }
        thread::sleep(Duration::from_millis(4));
    }
}
