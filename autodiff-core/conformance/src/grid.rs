//! Shapes and numbers that tests go through.

use alloc::vec::Vec;

use autodiff_core::{Axes, DType, Shape};

use crate::host::Host;

/// The formats of floating-point tensors.
pub(crate) const FLOATS: [DType; 3] = [DType::Elem, DType::F16, DType::Bf16];

/// All formats.
pub(crate) const FORMATS: [DType; 4] = [DType::Elem, DType::F16, DType::Bf16, DType::Index];

/// Shapes of every rank, with extents 0, 1 and primes.
pub(crate) fn shapes() -> Vec<Shape> {
    let shapes: [&[usize]; 14] = [
        &[],
        &[0],
        &[1],
        &[7],
        &[3, 5],
        &[1, 4],
        &[0, 3],
        &[3, 0, 2],
        &[2, 3, 5],
        &[2, 1, 3, 2],
        &[2, 3, 1, 2, 2],
        &[1, 2, 3, 1, 2, 2],
        &[2, 1, 2, 1, 3, 1, 2],
        &[1, 2, 1, 2, 1, 3, 2, 1],
    ];
    shapes.map(Shape::new).to_vec()
}

/// All sets of axes of a tensor of this rank.
pub(crate) fn subsets(rank: usize) -> impl Iterator<Item = Axes> {
    (0..1_usize << rank).map(move |set| (0..rank).filter(|axis| set >> axis & 1 == 1).collect())
}

/// Zeros, infinities, NaN, and the ends of the range; what a format cannot hold becomes 0 or infinite.
pub(crate) const SPECIAL: [f64; 22] = [
    0.0,
    -0.0,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1.5,
    -2.5,
    1e30,
    -1e30,
    1e-30,
    -1e-30,
    // Below the smallest normal number of f32, then of f16.
    1e-40,
    3e-6,
    -3e-6,
];

/// Every pair of two of these numbers.
pub(crate) fn pairs(values: &[f64]) -> [Host; 2] {
    let left: Vec<f64> = values.iter().flat_map(|&a| values.iter().map(move |_| a)).collect();
    let right: Vec<f64> = values.iter().flat_map(|_| values.iter().copied()).collect();
    [Host::vector(&left), Host::vector(&right)]
}
