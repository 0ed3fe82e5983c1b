//! The format does not change under its version: a file that was written once is read for ever, and written the same.

use artefact::Artefact;
use autodiff_core::{DataBuf, Tensor};
use backend_cpu::Cpu;

use crate::{every, round_trip};

/// Files of version 1, and the lists in them as they are printed: in the first, what there was when the format was made. They
/// never change; primitives that are added later get a file more.
const FILES: [(&[u8], &str); 1] =
    [(include_bytes!("../data/every-1.safetensors"), include_str!("../data/every-1.txt"))];
/// A layer, for human eyes.
const LAYER: &str = include_str!("../data/layer-1.json");

#[test]
fn a_file_of_version_1_is_read_and_written() {
    for (bytes, printed) in FILES {
        let artefact = Artefact::<f32>::from_bytes(bytes).unwrap();
        assert_eq!(format!("{:#}", artefact.list()), printed);
        assert!(artefact.to_bytes().unwrap() == bytes, "the bytes differ");
    }
}

/// Names of variants and attributes are the format: the files hold each of them as it is written today.
#[test]
fn no_primitive_is_without_a_file() {
    for (op, _) in every::applications() {
        let row = serde_json::to_string(&op).unwrap().replace('"', "\\\"");
        let found = FILES.iter().any(|(bytes, _)| String::from_utf8_lossy(bytes).contains(&row));
        assert!(found, "no file of version 1 holds {row}");
    }
}

/// The text of a list stands in a file as it stands in the documentation.
#[test]
fn a_layer_is_read_written_and_run() {
    let bytes = super::hostile::file(
        LAYER,
        &[("weight", "F32", &[2, 1], &words(&[10.0, 1.0])), ("data.0", "F32", &[1], &words(&[0.5]))],
    );
    let artefact = Artefact::<f32>::from_bytes(&bytes).unwrap();
    let x = Tensor::<Cpu<f32>>::new(&[2.0, 3.0, -2.0, -3.0], [2, 2]);
    let outputs = artefact.run(&[("x", &x)], &Default::default()).unwrap();
    assert_eq!(outputs, [DataBuf::Elem(vec![23.5, 0.0])]);
    let again = artefact.to_bytes().unwrap();
    let text = serde_json::to_string(LAYER.trim_end()).unwrap();
    assert!(String::from_utf8_lossy(&again).contains(&text));
    assert!(include_str!("../../README.md").contains(LAYER));
}

fn words(numbers: &[f32]) -> Vec<u8> {
    numbers.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// By way of the disk, too. Who has added a primitive finds the files that `FILES` lacks where this writes them, in `target/tmp`.
#[test]
fn a_file_of_today_is_written_and_read() {
    let (path, artefact) = (concat!(env!("CARGO_TARGET_TMPDIR"), "/every-new"), round_trip::every::<f32>());
    let printed = format!("{:#}", artefact.list());
    std::fs::write(format!("{path}.txt"), &printed).unwrap();
    std::fs::write(format!("{path}.safetensors"), artefact.to_bytes().unwrap()).unwrap();
    let bytes = std::fs::read(format!("{path}.safetensors")).unwrap();
    let again = Artefact::<f32>::from_bytes(&bytes).unwrap();
    assert_eq!(format!("{:#}", again.list()), printed);
    assert!(again.list() == artefact.list(), "the lists differ");
}
