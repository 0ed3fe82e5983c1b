//! A copy of the workspace in which every mistake can be switched on, and its test binaries.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::find;
use crate::point::{self, Source};

type Result<T> = core::result::Result<T, Box<dyn Error>>;

/// Where mistakes are made.
const RULES: [&str; 3] = ["autodiff-core/src/primitive", "autodiff-core/src/composite", "backend-cpu/src/kernels"];
/// The crates that hold them, and the tests that should notice.
const CRATES: [&str; 2] = ["autodiff-core", "backend-cpu"];
const TESTS: [&str; 2] = ["suite", "conformance"];
/// Of the conformance tests these backends; the others are instances of the same code.
const SUBJECTS: [&str; 2] = ["cpu_f64,", "cpu_f16,"];

/// The copy and what can be wrong in it.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    sources: Vec<Source>,
    /// For each source, the number of each point's first mistake.
    first: Vec<Vec<usize>>,
    /// Points by their first mistake that do not compile.
    left_out: BTreeSet<usize>,
}

/// A test binary.
#[derive(Clone, Debug)]
pub(crate) struct Binary {
    pub(crate) path: PathBuf,
    /// Where its tests run.
    pub(crate) directory: PathBuf,
}

impl Workspace {
    /// Copies what git knows of the workspace in the current directory.
    pub(crate) fn copy(root: &Path) -> Result<Self> {
        let listed = Command::new("git").args(["ls-files", "-co", "--exclude-standard"]).output()?;
        let files = String::from_utf8(listed.stdout)?;
        let mut sources = Vec::new();
        for file in files.lines() {
            let Ok(bytes) = fs::read(file) else { continue };
            write(&root.join(file), &bytes)?;
            let rule = RULES.iter().any(|folder| file.starts_with(folder));
            if rule && Path::new(file).extension().is_some_and(|extension| extension == "rs") {
                sources.push(find::points(file, core::str::from_utf8(&bytes)?)?);
            }
        }
        let switch = "[package]\nname = \"mutant_switch\"\nedition = \"2024\"\n";
        write(&root.join("mutant_switch/Cargo.toml"), switch.as_bytes())?;
        write(&root.join("mutant_switch/src/lib.rs"), include_bytes!("switch.rs"))?;
        let workspace = root.join("Cargo.toml");
        let lints = "[workspace.lints.rust]\narithmetic_overflow = \"allow\"\nunconditional_panic = \"allow\"";
        fs::write(&workspace, fs::read_to_string(&workspace)?.replacen("[workspace.lints.rust]", lints, 1))?;
        for name in CRATES {
            let manifest = root.join(name).join("Cargo.toml");
            let text = fs::read_to_string(&manifest)?;
            let text =
                text.replacen("[dependencies]", "[dependencies]\nmutant_switch = { path = \"../mutant_switch\" }", 1);
            fs::write(&manifest, text)?;
        }
        let subjects = root.join("backend-cpu/tests/conformance/main.rs");
        let kept = |line: &&str| {
            *line != "mod programs;" && !line.starts_with("conformance::backend!")
                || SUBJECTS.iter().any(|subject| line.contains(subject))
        };
        let text = fs::read_to_string(&subjects)?;
        fs::write(&subjects, text.lines().filter(kept).collect::<Vec<_>>().join("\n"))?;

        let mut next = 0;
        let mut number = |point: &point::Point| {
            let first = next;
            next += point.mistakes.len().max(1);
            first
        };
        let first = sources.iter().map(|source| source.points.iter().map(&mut number).collect()).collect();
        // That of the original, so that what others wrote is not built again.
        let target = std::env::var("CARGO_TARGET_DIR").map_or_else(|_| PathBuf::from("target"), PathBuf::from);
        let target = std::path::absolute(target)?;
        Ok(Self { root: root.into(), target, sources, first, left_out: BTreeSet::new() })
    }

    /// Number and description of each mistake that can be switched on.
    pub(crate) fn mistakes(&self) -> Vec<(usize, &str)> {
        self.numbered(|first| !self.left_out.contains(&first))
    }

    /// Those that were found but do not compile.
    pub(crate) fn left_out(&self) -> Vec<(usize, &str)> {
        self.numbered(|first| self.left_out.contains(&first))
    }

    fn numbered(&self, keep: impl Fn(usize) -> bool) -> Vec<(usize, &str)> {
        let firsts = self.sources.iter().zip(&self.first).flat_map(|(source, first)| source.points.iter().zip(first));
        let kept = firsts.filter(|&(_, &first)| keep(first));
        kept.flat_map(|(point, &first)| (first..).zip(point.mistakes.iter().map(|mistake| &mistake[..]))).collect()
    }

    /// Writes the sources, leaving out points until all compiles.
    pub(crate) fn settle(&mut self) -> Result<()> {
        loop {
            let mut rendered = Vec::new();
            for (source, first) in self.sources.iter().zip(&self.first) {
                let text = source.render(first, &self.left_out);
                fs::write(self.root.join(&source.path), &text)?;
                rendered.push(text);
            }
            let before = self.left_out.len();
            let errors = self.cargo(&["check", "-p", CRATES[0], "-p", CRATES[1]], |_| {})?;
            if errors.is_empty() {
                return Ok(());
            }
            for error in &errors {
                self.left_out.extend(self.culprits(error, &rendered));
            }
            if self.left_out.len() == before {
                let said = errors[0]["message"]["rendered"].as_str().unwrap_or_default();
                return Err(format!("an error that comes from no mistake:\n{said}").into());
            }
        }
    }

    /// The innermost points around what an error points at.
    fn culprits(&self, error: &Value, rendered: &[String]) -> Vec<usize> {
        let mut found = Vec::new();
        for span in error["message"]["spans"].as_array().into_iter().flatten() {
            let file = span["file_name"].as_str().unwrap_or_default();
            let at = |key: &str| span[key].as_u64().and_then(|at| usize::try_from(at).ok());
            let place = self.sources.iter().position(|source| file.ends_with(&source.path));
            if let (Some(place), Some(start), Some(end)) = (place, at("byte_start"), at("byte_end")) {
                found.extend(point::around(&rendered[place], start, end).pop());
            }
        }
        if found.is_empty() && error["message"]["code"]["code"] == "E0015" {
            found.extend(self.constant(error["message"]["message"].as_str().unwrap_or_default()));
        }
        found
    }

    /// The function that is called in a constant and so has to stay one that can be, and with it all points in it:
    /// "cannot call non-const method `Primitive::is_movement` in constant functions".
    fn constant(&self, message: &str) -> Vec<usize> {
        let name = message.split('`').nth(1).and_then(|path| path.rsplit("::").next()).unwrap_or_default();
        let numbered = self.sources.iter().zip(&self.first).flat_map(|(source, first)| source.points.iter().zip(first));
        numbered.filter(|(point, _)| point.function == name).map(|(_, first)| *first).collect()
    }

    /// Builds the tests once.
    pub(crate) fn build(&self) -> Result<Vec<Binary>> {
        let mut args = vec!["test", "--no-run", "-p", CRATES[0], "-p", CRATES[1], "-p", "conformance", "--lib"];
        args.extend(TESTS.iter().flat_map(|test| ["--test", test]));
        let mut binaries = Vec::new();
        let errors = self.cargo(&args, |message| {
            let text = |key: &str| message[key].as_str().map(PathBuf::from);
            if let (Some(path), Some(manifest)) = (text("executable"), text("manifest_path")) {
                let directory = manifest.parent().unwrap_or(&manifest).to_path_buf();
                binaries.push(Binary { path, directory });
            }
        })?;
        match errors.first() {
            None => Ok(binaries),
            Some(error) => Err(error["message"]["rendered"].as_str().unwrap_or("the tests do not compile").into()),
        }
    }

    /// Runs cargo in the copy; hands out its messages, and returns those that are errors of the compiler.
    fn cargo(&self, args: &[&str], mut see: impl FnMut(&Value)) -> Result<Vec<Value>> {
        let output = Command::new("cargo")
            .args(args)
            .args(["--offline", "--message-format=json"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CARGO_INCREMENTAL", "0")
            .env("CARGO_PROFILE_TEST_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .stderr(Stdio::piped())
            .output()?;
        let mut errors = Vec::new();
        for line in String::from_utf8(output.stdout)?.lines() {
            let message: Value = serde_json::from_str(line)?;
            see(&message);
            if message["message"]["level"] == "error"
                && message["message"]["spans"].as_array().is_some_and(|s| !s.is_empty())
            {
                errors.push(message);
            }
        }
        if errors.is_empty() && !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        Ok(errors)
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, bytes)?)
}
