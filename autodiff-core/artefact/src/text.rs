//! The list as JSON: one row for each value and output.

use core::fmt::Write;

use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{DType, Primitive, Shape};
use serde::{Deserialize, Serialize};

/// The text: an object of these fields.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Text {
    pub(crate) element: String,
    pub(crate) inputs: Vec<Input>,
    pub(crate) data: Vec<Data>,
    pub(crate) assignments: Vec<Apply>,
    pub(crate) outputs: Vec<Output>,
}

/// A value that is given, or that the tensor of its name holds.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Input {
    pub(crate) value: usize,
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
}

/// A value that the tensor of this name holds, and no input.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Data {
    pub(crate) value: usize,
    pub(crate) tensor: String,
    pub(crate) dtype: DType,
}

/// A value that is computed from earlier ones.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Apply {
    pub(crate) value: usize,
    pub(crate) op: Primitive,
    pub(crate) args: Vec<usize>,
}

/// A value that comes out, and what it is called.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Output {
    pub(crate) name: String,
    pub(crate) value: usize,
}

/// As text, a row a line.
impl Text {
    pub(crate) fn to_json(&self) -> String {
        let mut json = String::from("{");
        push(&mut json, format_args!("\"element\":{}", row(&self.element)));
        rows(&mut json, "inputs", &self.inputs);
        rows(&mut json, "data", &self.data);
        rows(&mut json, "assignments", &self.assignments);
        rows(&mut json, "outputs", &self.outputs);
        json + "}"
    }
}

fn rows<T: Serialize>(json: &mut String, key: &str, rows: &[T]) {
    push(json, format_args!(",\n\"{key}\":["));
    for (place, item) in rows.iter().enumerate() {
        push(json, format_args!("{}\n{}", if place == 0 { "" } else { "," }, row(item)));
    }
    json.push(']');
}

fn row<T: Serialize>(row: &T) -> String {
    serde_json::to_string(row).unwrap_or_else(|error| unreachable!("rows are names and numbers: {error}"))
}

fn push(json: &mut String, text: core::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = json.write_fmt(text);
}
