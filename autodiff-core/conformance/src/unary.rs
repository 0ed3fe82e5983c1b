//! Functions of each element.

use alloc::vec::Vec;

use autodiff_core::{Backend, DType, Primitive, Unary};

use crate::failure::Outcome;
use crate::grid::{FLOATS, SPECIAL, shapes};
use crate::host::Host;
use crate::subject::Subject;

fn check<B: Backend>(subject: &Subject<B>, values: &[f64], dtype: DType) -> Outcome {
    for f in Unary::ALL {
        subject.check(&Primitive::Unary(f), &[Host::vector(values).cast(dtype)])?;
    }
    Ok(())
}

/// Accurate where numbers usually are.
pub fn of_moderate_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_moderate_numbers::<B>, device);
    check(&subject, &Host::spread(1, [293], -4.0, 4.0).values, DType::Elem)?;
    check(&subject, &Host::spread(2, [97], -30.0, 30.0).values, DType::Elem)
}

/// Accurate near zero, where `expm1` and `log1p` are needed.
pub fn of_small_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_small_numbers::<B>, device);
    let values: Vec<f64> =
        (0..40).flat_map(|n| [libm::pow(0.4, f64::from(n)), -libm::pow(0.4, f64::from(n))]).collect();
    check(&subject, &values, DType::Elem)
}

/// Right beyond where exponentials overflow and angles are small.
pub fn of_large_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_large_numbers::<B>, device);
    let sizes = [50.0, 80.0, 95.0, 120.0, 500.0, 700.5, 744.0, 760.0, 1e3, 12_345.678, 6e4, 1e6, 1e10, 1e22, 1e30];
    let values: Vec<f64> = sizes.into_iter().flat_map(|x| [x, -x]).collect();
    check(&subject, &values, DType::Elem)
}

/// IEEE 754's answers for zeros, infinities, NaN and numbers below the normal ones.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    check(&subject, &SPECIAL, DType::Elem)
}

/// Halves and their neighbours: floor, and rounding with ties to even.
pub fn of_halves<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_halves::<B>, device);
    let values: Vec<f64> = (-12..=12).map(|n| f64::from(n) * 0.5).chain([0.499, -0.501, 1e9, 8_388_607.5]).collect();
    check(&subject, &values, DType::Elem)
}

/// Half precision as storage beside the element.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FLOATS {
        check(&subject, &Host::spread(3, [61], -5.0, 5.0).values, dtype)?;
        check(&subject, &SPECIAL, dtype)?;
    }
    Ok(())
}

/// Tensors of every rank, and of no elements.
pub fn of_every_shape<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_every_shape::<B>, device);
    for shape in shapes() {
        for f in [Unary::Neg, Unary::Exp, Unary::Relu] {
            subject.check(&Primitive::Unary(f), &[Host::spread(4, shape, -3.0, 3.0)])?;
        }
    }
    Ok(())
}
