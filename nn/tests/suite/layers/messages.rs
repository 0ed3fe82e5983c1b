//! What a wrong use of a layer or an initialiser is told, and the line that it points to.

use autodiff_core::{Index, Tensor};
use nn::metrics::ConfusionMatrix;
use nn::*;

use super::F64;
use crate::panics::check_panic;

fn keys() -> Keys<F64> {
    Keys::new(5, &Default::default())
}

fn ones(shape: &[usize]) -> Tensor<F64> {
    Tensor::ones(shape, &Default::default())
}

fn training() -> Context<F64> {
    Context::training(Index::key(0, &Default::default()))
}

#[test]
fn other_channels_than_those_of_a_batch_norm() {
    let [one, three] = [1, 3].map(|channels| BatchNorm1d::<F64>::new(channels, &Default::default()));
    let plain = BatchNorm { weight: None, bias: None, ..three.clone() };
    // One channel would fill the statistics of all three.
    let expected = "batch_norm: one number for each channel expected in `running_mean`: [3] for an input [2, 1]";
    check_panic(expected, line!(), || plain.forward(&ones(&[2, 1]), &mut training()));
    check_panic(expected, line!(), || plain.forward(&ones(&[2, 1]), &mut Context::evaluation()));
    let expected = "batch_norm: one number for each channel expected in `weight`: [1] for an input [2, 3]";
    check_panic(expected, line!(), || one.forward(&ones(&[2, 3]), &mut training()));
    let expected = "batch_norm: one number for each channel expected in `weight`: [3] for an input [3, 4]";
    check_panic(expected, line!(), || three.forward(&ones(&[3, 4]), &mut training()));
    let lopsided = BatchNorm { running_mean: None, ..plain };
    let expected = "batch_norm: one number for each channel expected in `running_var`: [3] for an input [2, 1]";
    check_panic(expected, line!(), || lopsided.forward(&ones(&[2, 1]), &mut training()));
}

#[test]
fn what_has_no_variance_is_not_normalised() {
    let expected =
        "instance_norm: more than one number for each channel of an example expected, the shape is [2, 3, 1]";
    check_panic(expected, line!(), || InstanceNorm1d::<F64>::new().forward(&ones(&[2, 3, 1])));
    let narrow = InstanceNorm2d::<F64>::new().forward(&ones(&[1, 1, 1, 2]));
    assert_eq!(narrow.to_vec(), [0.0, 0.0]);
}

#[test]
fn settings_that_contradict_each_other() {
    let x = ones(&[2]);
    let expected = "hardtanh: limits in order expected, found 1 and -1";
    check_panic(expected, line!(), || Hardtanh { min_val: 1.0, max_val: -1.0 }.forward(&x));
    let expected = "softshrink: lambda must not be negative, found -1";
    check_panic(expected, line!(), || Softshrink { lambda: -1.0 }.forward(&x));
    assert_eq!(Hardtanh { min_val: 0.5, max_val: 0.5 }.forward(&x).to_vec(), [0.5, 0.5]);
}

#[test]
fn extents_that_are_too_large_are_refused_before_they_are_multiplied() {
    let (huge, mut keys, device) = (1_usize << (usize::BITS - 2), keys(), Default::default());
    let expected = &format!("convolution: a tensor of shape [0, 1, {huge}, 4] has too many elements");
    check_panic(expected, line!(), || Conv2d::new(1, 0, [huge, 4], &mut keys));
    let expected = &format!("transposed convolution: a tensor of shape [1, {huge}, 4] has too many elements");
    check_panic(expected, line!(), || ConvTranspose1d::new(1, huge, [4], &mut keys));
    // The weight of no inputs is empty, the bias is not.
    let grouped = ConvTransposeOptions { groups: 2 * huge, ..Default::default() };
    check_panic("too many elements", line!(), || ConvTranspose1d::with(0, 2 * huge, [1], grouped, &mut keys));
    check_panic("too many elements", line!(), || Bilinear::new(huge, 4, 1, &mut keys));
    for shape in [[0, huge, 4], [4, huge, 1]] {
        let key = &keys.next_key();
        let expected = &format!("orthogonal: a tensor of shape [{}, {huge}, {}] has too", shape[0], shape[2]);
        check_panic(expected, line!(), || init::orthogonal(key, shape, 1.0));
        check_panic("xavier_normal: a tensor of shape", line!(), || init::xavier_normal(key, shape, 1.0));
        check_panic("dirac: a tensor of shape", line!(), || init::dirac::<F64>(shape, 1, &device));
    }
    check_panic("eye: a tensor of shape", line!(), || init::eye::<F64>([4, huge], &device));
    let expected = &format!("sinusoidal_positions: a tensor of shape [{}, 4] has too many elements", usize::MAX);
    check_panic(expected, line!(), || SinusoidalPositions::<F64>::new(usize::MAX, 4, &device));
    let expected = &format!("rotary_positions: a tensor of shape [{}, 2] has too many elements", usize::MAX);
    check_panic(expected, line!(), || RotaryPositions::<F64>::new(4, usize::MAX, 10.0, &device));
    for classes in [1 << (usize::BITS / 2), 1 << (usize::BITS / 2 - 1)] {
        let expected = &format!("confusion matrix: {classes} classes have more cells than memory can hold");
        check_panic(expected, line!(), || ConfusionMatrix::new(classes));
    }
    check_panic("too many elements", line!(), || BatchNorm1d::<F64>::new(usize::MAX, &device));
    check_panic("too many elements", line!(), || GroupNorm::<F64>::new(1, usize::MAX, &device));
    check_panic("too many elements", line!(), || InstanceNorm1d::<F64>::affine(usize::MAX, &device));
}

/// All that fits, and nothing else, is let through to the windows.
