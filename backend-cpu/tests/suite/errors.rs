//! What an index out of range says, and to whom.

use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::Mutex;

use autodiff_core::{Index, Tensor};
use backend_cpu::{Cpu, CpuDevice};

type X = Tensor<Cpu<f32>>;

/// The message of a panic, and the line and the file that it points to.
fn complaint(f: impl FnOnce()) -> (String, u32, String) {
    static HEARD: Mutex<Vec<(String, u32, String)>> = Mutex::new(Vec::new());
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let previous = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let location = info.location().unwrap();
        let message = info.payload().downcast_ref::<String>().cloned().unwrap_or_default();
        HEARD.lock().unwrap().push((message, location.line(), location.file().to_owned()));
    }));
    let result = panic::catch_unwind(AssertUnwindSafe(f));
    panic::set_hook(previous);
    assert!(result.is_err(), "no panic");
    HEARD.lock().unwrap().pop().unwrap()
}

fn index(numbers: &[i32], shape: &[usize]) -> Index<Cpu<f32>> {
    Index::new(numbers, shape)
}

#[track_caller]
fn check((message, line, file): (String, u32, String), expected: &str, expected_line: u32) {
    assert_eq!(message, expected);
    assert!(file.ends_with("errors.rs"), "it points to {file}");
    assert_eq!(line, expected_line);
}

#[test]
fn gather_names_index_axis_and_length() {
    let (x, i) = (X::zeros([10, 2], &CpuDevice), index(&[3, 4, 12, 1], &[2, 2]));
    let (line, wrong) = (line!(), || drop(x.gather(0, &i)));
    check(complaint(wrong), "gather: index 12 is out of range for axis 0 of length 10", line);
}

#[test]
fn scatter_add_names_negative_indices() {
    let (x, i, u) = (X::zeros([3], &CpuDevice), index(&[0, -1], &[2]), X::ones([2], &CpuDevice));
    let (line, wrong) = (line!(), || drop(x.scatter_add(0, &i, &u)));
    check(complaint(wrong), "scatter_add: index -1 is out of range for axis 0 of length 3", line);
}

#[test]
fn cross_entropy_names_label_and_classes() {
    let (x, labels) = (X::zeros([2, 10], &CpuDevice), index(&[3, 12], &[2]));
    let (line, wrong) = (line!(), || drop(x.cross_entropy(&labels)));
    check(complaint(wrong), "cross_entropy: label 12 is out of range for 10 classes", line);
}
