//! The matrix product.

use autodiff_core::{Backend, Primitive, Shape};

use crate::failure::Outcome;
use crate::grid::FLOATS;
use crate::host::Host;
use crate::subject::Subject;

fn factors(left: impl Into<Shape>, right: impl Into<Shape>) -> [Host; 2] {
    [Host::spread(1, left, -2.0, 2.0), Host::spread(2, right, -2.0, 2.0)]
}

/// All extents from 0, 1, small primes; the sum of no products is 0.
pub fn of_matrices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_matrices::<B>, device);
    for m in [0, 1, 2, 7] {
        for k in [0, 1, 3, 5] {
            for n in [0, 1, 2, 11] {
                subject.check(&Primitive::MatMul, &factors([m, k], [k, n]))?;
            }
        }
    }
    Ok(())
}

/// Beyond the size of any register block or tile.
pub fn of_larger_matrices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_larger_matrices::<B>, device);
    for [m, k, n] in [[17, 19, 23], [1, 67, 37], [37, 67, 1], [33, 1, 31], [5, 257, 3]] {
        subject.check(&Primitive::MatMul, &factors([m, k], [k, n]))?;
    }
    Ok(())
}

/// Matrices along leading axes, up to the highest rank, and none.
pub fn of_batches<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_batches::<B>, device);
    subject.check(&Primitive::MatMul, &factors([3, 2, 5], [3, 5, 4]))?;
    subject.check(&Primitive::MatMul, &factors([2, 3, 1, 4], [2, 3, 4, 2]))?;
    subject.check(&Primitive::MatMul, &factors([0, 2, 3], [0, 3, 4]))?;
    subject.check(&Primitive::MatMul, &factors([2, 2, 0], [2, 0, 3]))?;
    subject.check(&Primitive::MatMul, &factors([1, 2, 1, 2, 1, 2, 2, 3], [1, 2, 1, 2, 1, 2, 3, 2]))
}

/// Half precision as storage; its products are added up in `f32`.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FLOATS {
        for [left, right] in [factors([3, 5], [5, 4]), factors([2, 3, 4], [2, 4, 3]), factors([2, 1021], [1021, 3])] {
            subject.check(&Primitive::MatMul, &[left.cast(dtype), right.cast(dtype)])?;
        }
        let ones = |shape: [usize; 2]| Host { values: alloc::vec![1.0; 4099], ..Host::spread(0, shape, 1.0, 1.0) };
        subject.check(&Primitive::MatMul, &[ones([1, 4099]).cast(dtype), ones([4099, 1]).cast(dtype)])?;
    }
    Ok(())
}

/// No product is left out: 0 times infinity is NaN, and so is what NaN takes part in.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let left = Host::new(&[0.0, 1.0, 0.0, 0.0, inf, 2.0, 1.0, nan, 3.0], [3, 3]);
    let right = Host::new(&[inf, 1.0, 1.0, 0.0, nan, 1.0, 2.0, 0.0, -inf], [3, 3]);
    subject.check(&Primitive::MatMul, &[left.clone(), right.clone()])?;
    subject.check(&Primitive::MatMul, &[right, left])
}

/// The method takes vectors for rows and columns, and stretches leading axes.
pub fn method<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(method::<B>, device);
    let a = subject.put(&Host::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]));
    let v = subject.put(&Host::vector(&[1.0, 0.0, -1.0]));
    subject.equal("matrix times vector", &a.matmul(&v), &Host::vector(&[-2.0, -2.0]))?;
    subject.equal("vector times matrix", &v.matmul(&a.t()), &Host::vector(&[-2.0, -2.0]))?;
    subject.equal("vector times vector", &v.matmul(&v), &Host::new(&[2.0], []))?;
    let square = a.matmul(&a.t());
    subject.equal("a a^T", &square, &Host::new(&[14.0, 32.0, 32.0, 77.0], [2, 2]))?;
    let batch = a.reshape([2, 1, 3]);
    let products = batch.matmul(&a.t());
    subject.equal("batch times matrix", &products, &Host::new(&[14.0, 32.0, 32.0, 77.0], [2, 1, 2]))?;
    let stretched = batch.reshape([2, 1, 1, 3]).matmul(&a.t().reshape([1, 3, 2]));
    subject.equal("stretched batch", &stretched, &Host::new(&[14.0, 32.0, 32.0, 77.0], [2, 1, 1, 2]))
}
