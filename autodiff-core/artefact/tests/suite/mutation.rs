//! Valid files with something changed: whatever is read is a list like any other, everything else an error, nothing panics.

use core::fmt::Write;

use artefact::Artefact;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestCaseResult, TestRunner};
use serde_json::{Value, json};

use crate::hostile::with_header;
use crate::round_trip;

/// `PROPTEST_CASES=100000` for more.
#[track_caller]
fn hold<S: Strategy>(strategy: S, property: impl Fn(S::Value) -> TestCaseResult) {
    let more = std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok());
    let config = ProptestConfig {
        failure_persistence: None,
        cases: more.unwrap_or(512),
        rng_seed: RngSeed::Fixed(5),
        ..ProptestConfig::default()
    };
    if let Err(error) = TestRunner::new(config).run(&strategy, property) {
        panic!("{error}");
    }
}

/// Reads the file, and of what was read prints it, counts its cost and writes it again. True where it was read.
fn survives(bytes: &[u8]) -> bool {
    let Ok(artefact) = Artefact::<f32>::from_bytes(bytes) else { return false };
    let mut text = String::new();
    write!(text, "{:#}{:?}", artefact.list(), artefact.list().cost()).unwrap();
    let again = Artefact::<f32>::from_bytes(&artefact.to_bytes().unwrap()).unwrap();
    assert_eq!(again.list(), artefact.list());
    true
}

#[test]
fn bytes_are_changed() {
    let whole = round_trip::every::<f32>().to_bytes().unwrap();
    assert!(survives(&whole));
    let places = (0..whole.len(), any::<u8>());
    hold((vec(places, 1..4), 0..=whole.len(), any::<bool>()), |(changes, len, cut)| {
        let mut bytes = whole.clone();
        changes.into_iter().for_each(|(place, byte)| bytes[place] = byte);
        if cut {
            bytes.truncate(len);
        }
        survives(&bytes);
        Ok(())
    });
}

/// What may stand anywhere in the text.
fn value() -> impl Strategy<Value = Value> {
    let numbers =
        [0, 1, 2, 3, 7, 8, 9, 31, 32, 255, 256, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 60, u64::MAX >> 1, u64::MAX];
    let words =
        ["", "x", "elem", "index", "f16", "matmul", "concat", "exp", "sum", "nan:7ff8000000000001", "-inf", "y1"];
    let small = (0_u64..18).prop_map(Value::from);
    let number = proptest::sample::select(numbers.to_vec()).prop_map(Value::from);
    let scalar = prop_oneof![
        4 => number,
        8 => small,
        2 => proptest::sample::select(words.to_vec()).prop_map(Value::from),
        1 => Just(json!(-1)),
        1 => Just(json!(0.5)),
        1 => Just(Value::Null),
        1 => Just(json!({})),
        1 => any::<bool>().prop_map(Value::from),
    ];
    prop_oneof![4 => scalar.clone(), 1 => vec(scalar, 0..10).prop_map(Value::from)]
}

/// How many values a value holds, itself too.
fn count(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(count).sum(),
        Value::Object(fields) => fields.values().map(count).sum(),
        _ => 0,
    }
}

/// Replaces the value in a place, counted from the outside in, and answers whether there was one.
fn replace(value: &mut Value, place: &mut usize, new: &Value) -> bool {
    if *place == 0 {
        *value = new.clone();
        return true;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().any(|item| replace(item, place, new)),
        Value::Object(fields) => fields.values_mut().any(|field| replace(field, place, new)),
        _ => false,
    }
}

/// The header and the tensors' bytes of a file.
fn parts(file: &[u8]) -> (Value, &[u8]) {
    let length = usize::try_from(u64::from_le_bytes(file[..8].try_into().unwrap())).unwrap();
    (serde_json::from_slice(&file[8..8 + length]).unwrap(), &file[8 + length..])
}

#[test]
fn values_of_the_list_are_changed() {
    let whole = round_trip::every::<f32>().to_bytes().unwrap();
    let (header, data) = parts(&whole);
    let list: Value = serde_json::from_str(header["__metadata__"]["list"].as_str().unwrap()).unwrap();
    let read = core::cell::Cell::new(0);
    hold(vec((1..count(&list), value()), 1..3), |changes| {
        let (mut header, mut list) = (header.clone(), list.clone());
        changes.into_iter().for_each(|(mut place, new)| {
            replace(&mut list, &mut place, &new);
        });
        header["__metadata__"]["list"] = list.to_string().into();
        read.set(read.get() + usize::from(survives(&with_header(&header, data))));
        Ok(())
    });
    assert!(read.get() > 10, "{} changed lists are valid", read.get());
}

#[test]
fn values_of_the_header_are_changed() {
    let whole = round_trip::every::<f32>().to_bytes().unwrap();
    let (header, data) = parts(&whole);
    hold(vec((1..count(&header), value()), 1..3), |changes| {
        let mut header = header.clone();
        changes.into_iter().for_each(|(mut place, new)| {
            replace(&mut header, &mut place, &new);
        });
        survives(&with_header(&header, data));
        Ok(())
    });
}
