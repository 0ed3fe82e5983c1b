//! Files that are not what they should be: an error each, which says where and why.

use artefact::Artefact;
use serde_json::{Value, json};

/// A file of safetensors with this text of a list, and tensors of these names, formats, shapes and bytes.
pub(crate) fn file(text: &str, tensors: &[(&str, &str, &[usize], &[u8])]) -> Vec<u8> {
    let mut header = json!({"__metadata__": {"format": "autodiff.list", "version": "1", "list": text.trim_end()}});
    let mut data = Vec::new();
    for (name, dtype, shape, bytes) in tensors {
        let offsets = [data.len(), data.len() + bytes.len()];
        header[name] = json!({"dtype": dtype, "shape": shape, "data_offsets": offsets});
        data.extend_from_slice(bytes);
    }
    with_header(&header, &data)
}

pub(crate) fn with_header(header: &Value, data: &[u8]) -> Vec<u8> {
    let header = header.to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
}

#[track_caller]
fn refuses(bytes: &[u8], why: &str) {
    match Artefact::<f32>::from_bytes(bytes) {
        Ok(artefact) => panic!("read as {}, but: {why}", artefact.list()),
        Err(error) => assert_eq!(error.to_string(), why),
    }
}

/// A list of one input `x` of shape `[2, 3]`, with these rows.
fn text(data: &str, assignments: &str, outputs: &str) -> String {
    let input = r#"{"value":0,"name":"x","shape":[2,3],"dtype":"elem"}"#;
    format!(
        r#"{{"element":"f32","inputs":[{input}],"data":[{data}],"assignments":[{assignments}],"outputs":[{outputs}]}}"#
    )
}

#[track_caller]
fn refuses_list(data: &str, assignments: &str, outputs: &str, why: &str) {
    refuses(&file(&text(data, assignments, outputs), &[]), why);
}

#[track_caller]
fn refuses_op(row: &str, why: &str) {
    refuses_list("", row, "", why);
}

#[test]
fn containers() {
    refuses(&[], "the file has 0 bytes where 8 are due");
    refuses(&[255; 8], "the file has 8 bytes, and its header claims more than any has");
    refuses(&[9, 0, 0, 0, 0, 0, 0, 0, b'{'], "the file has 9 bytes where 17 are due");
    let eof = "the header is not one of safetensors: EOF while parsing an object at line 1 column 1";
    refuses(&[1, 0, 0, 0, 0, 0, 0, 0, b'{'], eof);
    let whole = file(&text("", "", ""), &[("x", "F32", &[2, 3], &[0; 24])]);
    assert!(Artefact::<f32>::from_bytes(&whole).is_ok());
    let (len, short) = (whole.len(), &whole[..whole.len() - 1]);
    refuses(short, &format!("the file has {} bytes where {len} are due", len - 1));
    refuses(&[&whole[..], &[0]].concat(), &format!("the file has {} bytes where {len} are due", len + 1));
    let deep = "[".repeat(100_000);
    let error = Artefact::<f32>::from_bytes(&file(&deep, &[])).unwrap_err().to_string();
    assert_eq!(error, "the list's text: invalid type: sequence, expected a string at line 1 column 1");
}

/// Sizes whose sum overflows: the safetensors crate's own reader adds them up unchecked.
#[test]
fn sums_of_sizes_beyond_any_memory() {
    let mut header = json!({});
    let size = (1_u64 << 61) - 1;
    for n in 0..8_u64 {
        let name = n.to_string();
        header[name] = json!({"dtype": "U8", "shape": [size], "data_offsets": [n * size, (n + 1) * size]});
    }
    let len = with_header(&header, &[]).len();
    let error = Artefact::<f32>::from_bytes(&with_header(&header, &[])).unwrap_err().to_string();
    assert_eq!(error, format!("the file has {len} bytes, and its header claims more than any has"));
}

#[test]
fn metadata() {
    let of = |metadata: Value| with_header(&json!({ "__metadata__": metadata }), &[]);
    let none = "`format` in the metadata should be `autodiff.list`, and is not there";
    refuses(&with_header(&json!({}), &[]), none);
    refuses(&of(json!({"format": "pt"})), "`format` in the metadata should be `autodiff.list`, found `pt`");
    let format = "autodiff.list";
    let why = "`version` in the metadata should be `1`, found `2`";
    refuses(&of(json!({"format": format, "version": "2", "list": "?"})), why);
    let why = "`list` in the metadata should be the text of a list, and is not there";
    refuses(&of(json!({"format": format, "version": "1"})), why);
    let double = text("", "", "").replace("f32", "f64");
    refuses(&file(&double, &[]), "a list of f32 is expected, found one of `f64`");
    let unknown = text("", "", "").replace("\"data\"", "\"dada\"");
    let fields = "`element`, `inputs`, `data`, `assignments`, `outputs`";
    let error = Artefact::<f32>::from_bytes(&file(&unknown, &[])).unwrap_err().to_string();
    assert!(error.starts_with(&format!("the list's text: unknown field `dada`, expected one of {fields}")), "{error}");
}

#[test]
fn tensors() {
    let of = |tensors: &[_]| file(&text(r#"{"value":1,"tensor":"d","dtype":"index"}"#, "", ""), tensors);
    let d = ("d", "I32", &[][..], &[0; 4][..]);
    assert!(Artefact::<f32>::from_bytes(&of(&[d])).is_ok());
    refuses(&of(&[]), "value 1: tensor `d` is not in the file, or was read already");
    let why = "value 1: tensor `d` should be stored in I32, found F32";
    refuses(&of(&[("d", "F32", &[], &[0; 4])]), why);
    let why = "value 1: tensor `d` of shape [1, 1, 1, 1, 1, 1, 1, 1, 1] is too large";
    refuses(&of(&[("d", "I32", &[1; 9], &[0; 4])]), why);
    let why = format!("value 1: tensor `d` of shape [0, {}] is too large", usize::MAX);
    refuses(&of(&[("d", "I32", &[0, usize::MAX], &[])]), &why);
    let why = "tensor `e` is neither an input's value nor data of the list";
    refuses(&of(&[d, ("e", "U8", &[], &[0])]), why);
    let why = "value 0: tensor `x` should have shape [2, 3], found [3, 2]";
    refuses(&of(&[d, ("x", "F32", &[3, 2], &[0; 24])]), why);
    let why = "value 0: tensor `x` should be stored in F32, found F16";
    refuses(&of(&[d, ("x", "F16", &[2, 3], &[0; 12])]), why);
    let twice = r#"{"value":1,"tensor":"d","dtype":"index"},{"value":2,"tensor":"d","dtype":"index"}"#;
    let why = "value 2: tensor `d` is not in the file, or was read already";
    refuses(&file(&text(twice, "", ""), &[d]), why);
}

#[test]
fn rows() {
    refuses_op(r#"{"value":5,"op":"matmul","args":[]}"#, "value 1: the row in its place is numbered 5");
    refuses_op(r#"{"value":1,"op":"matmul","args":[0,1]}"#, "value 1: no earlier row makes value 1");
    let why = "value 1: matmul: the inner extents differ: [2, 3] and [2, 3]";
    refuses_op(r#"{"value":1,"op":"matmul","args":[0,0]}"#, why);
    refuses_op(r#"{"value":1,"op":"matmul","args":[]}"#, "value 1: matmul: takes 2 inputs, 0 given");
    let why = "value 1: cumsum: axis 255 is out of range for shape [2, 3]";
    refuses_op(r#"{"value":1,"op":{"cumsum":{"axis":255,"reverse":false}},"args":[0]}"#, why);
    let why = "value 1: a result of shape";
    let wide = r#"{"value":1,"op":{"broadcast":{"shape":[9223372036854775807,2,3]}},"args":[0]}"#;
    let error = Artefact::<f32>::from_bytes(&file(&text("", wide, ""), &[])).unwrap_err().to_string();
    assert_eq!(
        error, "value 1: broadcast: a result of shape [9223372036854775807, 2, 3] has too many elements",
        "{why}"
    );
    refuses_list("", "", r#"{"name":"y","value":1}"#, "output `y`: no earlier row makes value 1");
    let why = "output `y`: another value is called `y`";
    refuses_list("", "", r#"{"name":"y","value":0},{"name":"y","value":0}"#, why);
    let neg = r#"{"value":1,"op":{"unary":"neg"},"args":[0]}"#;
    refuses_list("", neg, r#"{"name":"x","value":1}"#, "output `x`: another value is called `x`");
    let again = text("", "", "")
        .replace("}],\"data", "},{\"value\":1,\"name\":\"x\",\"shape\":[],\"dtype\":\"index\"}],\"data");
    refuses(&file(&again, &[]), "value 1: another value is called `x`");
    let vast = text("", "", "").replace("[2,3]", "[4294967296,0,4294967296]");
    let why = "value 0: input: a result of shape [4294967296, 0, 4294967296] has too many elements";
    refuses(&file(&vast, &[]), why);
}

/// Attributes that break what their types promise.
#[test]
fn attributes() {
    for (op, why) in [
        (r#""mat_mul""#, "unknown variant `mat_mul`, expected one of "),
        (r#"{"unary":"log2"}"#, "unknown variant `log2`, expected one of "),
        (r#"{"iota":{"len":-1}}"#, "invalid value: integer `-1`, expected usize"),
        (r#"{"iota":{"len":3,"step":2}}"#, "unknown field `step`, expected `len`"),
        (r#"{"concat":{"axis":256}}"#, "invalid value: integer `256`, expected u8"),
        (r#"{"reshape":{"shape":[1,1,1,1,1,1,1,1,1]}}"#, "invalid length 9, expected a list of at most 8 extents"),
        (r#"{"flip":{"axes":[0,0]}}"#, "axis 0 is named twice, or is not below 8"),
        (r#"{"flip":{"axes":[8]}}"#, "axis 8 is named twice, or is not below 8"),
        (r#"{"permute":{"order":[1,1]}}"#, "[1, 1] does not name every axis once"),
        (r#"{"permute":{"order":[0,1,2,3,4,5,6,7,8]}}"#, "invalid length 9, expected a list of at most 8 axes"),
        (r#"{"window_sum":{"window":[]}}"#, "windows slide over one axis at least"),
        (
            r#"{"window_sum":{"window":[{"kernel":1,"stride":0,"dilation":1,"lo":0,"hi":0}]}}"#,
            "kernel, stride and dilation of a window are at least 1",
        ),
        (
            r#"{"constant":{"value":1.5,"dtype":"elem"}}"#,
            "invalid type: floating point `1.5`, expected a number as a string",
        ),
        (
            r#"{"constant":{"value":"nan","dtype":"elem"}}"#,
            "invalid value: string \"nan\", expected a number as a string",
        ),
        (r#"{"constant":{"value":"nan:0","dtype":"elem"}}"#, "invalid value: string \"nan:0\", expected a number"),
        (r#"{"constant":{"value":"1","dtype":"f8"}}"#, "unknown variant `f8`, expected one of `elem`, `f16`"),
    ] {
        let row = format!(r#"{{"value":1,"op":{op},"args":[0]}}"#);
        let error = Artefact::<f32>::from_bytes(&file(&text("", &row, ""), &[])).unwrap_err().to_string();
        assert!(error.starts_with(&format!("the list's text: {why}")), "{op}: {error}");
        assert!(error.contains(" at line 1 column "), "{error}");
    }
}
