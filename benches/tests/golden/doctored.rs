//! What the runner says of sets that are wrong: messages and exit status.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use benches::golden::{Computer, Elem, GoldenSet, Mode, Skips, run};
use serde_json::{Map, Value, json};

/// Some cases of the subset that share a file, to be made wrong.
struct Doctored {
    directory: PathBuf,
    manifest: Value,
    /// The tensors' names, shapes and places.
    header: Map<String, Value>,
    data: Vec<u8>,
}

const FILE: &str = "doctored.safetensors";

impl Doctored {
    /// The cases of these ids, as they are.
    fn new(name: &str, ids: &[&str]) -> Self {
        let mut manifest: Value =
            serde_json::from_slice(&fs::read(super::subset().join("manifest.json")).unwrap()).unwrap();
        let cases = manifest["cases"].as_array_mut().unwrap();
        cases.retain(|case| ids.contains(&case["id"].as_str().unwrap()));
        assert_eq!(cases.len(), ids.len());
        let file = fs::read(super::subset().join(cases[0]["file"].as_str().unwrap())).unwrap();
        cases.iter_mut().for_each(|case| case["file"] = FILE.into());
        manifest["case_count"] = ids.len().into();
        let (length, rest) = file.split_first_chunk().unwrap();
        let (header, data) = rest.split_at(u64::from_le_bytes(*length).try_into().unwrap());
        let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        Self { directory, manifest, header: serde_json::from_slice(header).unwrap(), data: data.into() }
    }

    fn case(&mut self, place: usize) -> &mut Value {
        &mut self.manifest["cases"][place]
    }

    /// Puts a number in the place of a tensor's first.
    fn set_first(&mut self, tensor: &str, value: f64) {
        let start = self.header[tensor]["data_offsets"][0].as_u64().unwrap().try_into().unwrap();
        self.data[start..start + 8].copy_from_slice(&value.to_le_bytes());
    }

    /// Lets two tensors change places.
    fn swap(&mut self, a: &str, b: &str) {
        let [first, second] = [a, b].map(|name| self.header[name].clone());
        self.header.insert(a.into(), second);
        self.header.insert(b.into(), first);
    }

    fn write(&self) {
        fs::create_dir_all(&self.directory).unwrap();
        fs::write(self.directory.join("manifest.json"), self.manifest.to_string()).unwrap();
        let header = Value::from(self.header.clone()).to_string();
        let length = u64::try_from(header.len()).unwrap().to_le_bytes();
        fs::write(self.directory.join(FILE), [&length[..], header.as_bytes(), &self.data].concat()).unwrap();
    }

    /// Runs the program on the set: what it writes must contain these texts, and nothing must be wrong where none are given.
    #[track_caller]
    fn check(&self, counts: &str, texts: &[&str]) {
        self.write();
        self.check_as_written(counts, texts);
    }

    #[track_caller]
    fn check_as_written(&self, counts: &str, texts: &[&str]) {
        self.check_in("eager", counts, texts);
    }

    #[track_caller]
    fn check_in(&self, mode: &str, counts: &str, texts: &[&str]) {
        let mut program = Command::new(env!("CARGO_BIN_EXE_golden"));
        let Output { status, stdout, stderr } =
            program.args(["--backend", "cpu", "--elem", "f64", "--mode", mode]).arg(&self.directory).output().unwrap();
        let [stdout, stderr] = [stdout, stderr].map(|bytes| String::from_utf8(bytes).unwrap());
        let all = format!("{stdout}{stderr}");
        assert_eq!(status.code(), Some(i32::from(!texts.is_empty())), "{all}");
        assert_eq!(stdout.lines().last().unwrap_or_default(), counts, "{all}");
        for text in texts {
            assert!(all.contains(text), "no `{text}` in\n{all}");
        }
    }
}

/// Two cases of a function of one input.
fn pair(name: &str) -> Doctored {
    Doctored::new(name, &["neg/001", "neg/002"])
}

#[test]
fn a_set_as_it_is_passes() {
    pair("as_it_is").check("2 passed, 0 failed, 0 skipped", &[]);
}

#[test]
fn a_wrong_value_is_shown_with_its_place() {
    let mut set = pair("wrong_value");
    set.set_first("neg/001/out.y", 7.0);
    set.check(
        "1 passed, 1 failed, 0 skipped",
        &["FAILED neg/001 (cpu, f64, eager): out.y at [0]: ", ", 7.0 expected, error "],
    );
}

#[test]
fn a_wrong_gradient_is_shown() {
    let mut set = pair("wrong_gradient");
    set.set_first("neg/001/grad.x", f64::NAN);
    set.check("1 passed, 1 failed, 0 skipped", &["neg/001", "grad.x at [0]: ", "NaN expected"]);
}

#[test]
fn a_wrong_product_is_shown_where_one_is_computed() {
    let mut set = Doctored::new("wrong_product", &["square/001"]);
    set.set_first("square/001/hvp.x", 7.0);
    set.check("1 passed, 0 failed, 0 skipped", &[]);
    set.check_in("traced", "1 passed, 0 failed, 0 skipped", &[]);
    let texts = ["FAILED square/001 (cpu, f64, nested): hvp.x at [0]: ", ", 7.0 expected, error "];
    set.check_in("nested", "0 passed, 1 failed, 0 skipped", &texts);
    set.case(0)["tol"]["f64_hvp"] = Value::Null;
    set.check("", &["case square/001: a tolerance of its Hessian-vector product expected, none found"]);
}

#[test]
fn the_worst_is_shown() {
    let mut set = pair("the_worst");
    set.set_first("neg/001/out.y", -1.026945);
    set.set_first("neg/001/grad.x", 1e6);
    set.check("1 passed, 1 failed, 0 skipped", &["grad.x at [0]: "]);
}

#[test]
fn an_alternative_gradient_counts_and_nothing_else_does() {
    let mut set = Doctored::new("alternative", &["max/006"]);
    set.swap("max/006/grad.x", "max/006/grad_alt.first.x");
    set.check("1 passed, 0 failed, 0 skipped", &[]);
    set.case(0)["grad_alts"] = json!([]);
    set.check("0 passed, 1 failed, 0 skipped", &["grad.x"]);
}

#[test]
fn what_is_not_known_fails_by_name() {
    let mut set = pair("unknown");
    set.case(0)["op"] = "snoitcnuf".into();
    set.case(1)["attrs"] = json!({ "twist": 3 });
    let texts = [
        "neg/001 (cpu, f64, eager): the operation is unknown, and may not be skipped",
        "neg/002 (cpu, f64, eager): attribute twist = 3 is not handled, and may not be skipped",
    ];
    set.check("0 passed, 2 failed, 0 skipped", &texts);
    set.case(0)["op"] = "neg".into();
    set.case(0)["inputs"][0]["name"] = "unheard".into();
    set.case(1)["attrs"] = json!({ "twist": null });
    set.check("1 passed, 1 failed, 0 skipped", &["holds no tensor neg/001/in.unheard"]);
}

#[test]
fn what_the_list_names_is_skipped_and_what_it_names_for_nothing_is_told() {
    let mut set = Doctored::new("skipped", &["neg/001", "neg/002", "exp/001"]);
    set.case(0)["op"] = "snoitcnuf".into();
    set.case(1)["attrs"] = json!({ "twist": 3 });
    set.write();
    let golden = GoldenSet::read(&set.directory).unwrap();
    let with = |list: &str| run(&golden, (Computer::Cpu, Elem::F64, Mode::Eager), &Skips::parse(list), &mut |_| ());
    let summary = with("snoitcnuf: unheard of\nneg twist: no\nexp twist: computed\nnot/in/the/set: unheard of");
    assert_eq!((summary.passed, summary.failed, summary.skipped), (1, 0, 2));
    assert_eq!(summary.stale.iter().map(ToString::to_string).collect::<Vec<_>>(), ["exp twist"]);
    // An entry of one attribute covers no other.
    let summary = with("snoitcnuf: unheard of\nneg eps: no\nexp: computed");
    assert_eq!((summary.passed, summary.failed, summary.skipped), (1, 1, 1));
    assert_eq!(summary.stale.iter().map(ToString::to_string).collect::<Vec<_>>(), ["neg eps", "exp"]);
}

#[test]
fn a_panic_fails_its_case_alone() {
    let mut set = Doctored::new("panic", &["reshape/000", "reshape/001"]);
    set.case(0)["attrs"] = json!({ "shape": [7, 7] });
    set.check("1 passed, 1 failed, 0 skipped", &["reshape/000 (cpu, f64, eager): panicked: reshape"]);
}

#[test]
fn tensors_that_are_not_what_the_manifest_says_fail_their_case() {
    let mut set = pair("not_as_said");
    set.case(0)["inputs"][0]["dtype"] = "i64".into();
    set.case(1)["outputs"][0]["shape"] = json!([5]);
    let texts = [
        "neg/001 (cpu, f64, eager): doctored.safetensors, tensor neg/001/in.x: I64 of shape",
        "neg/002 (cpu, f64, eager): doctored.safetensors, tensor neg/002/",
        "of shape [5] expected, F64 of shape",
    ];
    set.check("0 passed, 2 failed, 0 skipped", &texts);
}

#[test]
fn a_directory_that_is_no_set_is_an_error() {
    let mut set = pair("no_set");
    set.write();
    fs::write(set.directory.join(FILE), b"12345678").unwrap();
    set.check_as_written("", &["error: ", "doctored.safetensors is no safetensors file: "]);
    fs::remove_file(set.directory.join(FILE)).unwrap();
    set.check_as_written("", &["error: ", "doctored.safetensors cannot be read: "]);
    fs::write(set.directory.join("manifest.json"), b"{\"format\": 3").unwrap();
    set.check_as_written("", &["error: ", "manifest.json is no manifest: ", "line 1"]);
    fs::remove_file(set.directory.join("manifest.json")).unwrap();
    set.check_as_written("", &["error: ", "manifest.json cannot be read: "]);
    set.manifest["format"] = "golden-9".into();
    set.check("", &["manifest.json: format: golden-1 expected, golden-9 found"]);
    set.manifest["format"] = "golden-1".into();
    set.manifest["case_count"] = 3.into();
    set.check("", &["manifest.json: number of cases: 3 expected, 2 found"]);
    set.manifest["case_count"] = 2.into();
    set.case(1)["id"] = "neg/001".into();
    set.check("", &["manifest.json: cases: one of each id expected, neg/001 twice found"]);
}
