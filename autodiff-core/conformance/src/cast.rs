//! From each format to each other.

use autodiff_core::{Backend, DType, Primitive};

use crate::failure::Outcome;
use crate::format::power_of_two;
use crate::grid::{FLOATS, FORMATS, SPECIAL};
use crate::host::Host;
use crate::subject::Subject;

/// One rounding, to the nearest, ties to even; too large is infinite; the sign of zero stays.
pub fn between_floats<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(between_floats::<B>, device);
    let mut values = SPECIAL.to_vec();
    values.extend([0.1, 2049.0, 2051.0, 65504.0, 65519.0, 65520.0, 1e39, 6e-8, 2e-8, -2e-8, 3.4e38]);
    // Just beside a tie, by less than `f32` can tell: two roundings in a row would fall on the wrong side.
    for digits in [8, 11] {
        for tie in [1.0 + power_of_two(-digits), 1.0 + 3.0 * power_of_two(-digits)] {
            values.extend([tie, tie + power_of_two(-45), tie - power_of_two(-45), -tie - power_of_two(-45)]);
        }
    }
    for from in FLOATS {
        for to in FLOATS {
            subject.check(&Primitive::Cast { to }, &[Host::vector(&values).cast(from)])?;
        }
    }
    Ok(())
}

/// Cut towards zero; what does not fit saturates, NaN is 0.
pub fn to_index<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(to_index::<B>, device);
    let mut values = SPECIAL.to_vec();
    values.extend([0.99, -0.99, 7.9, -7.9, 2_147_483_520.0, 2_147_483_648.0, -2_147_483_648.0, 3e9, -3e9, 65504.0]);
    for from in FLOATS {
        subject.check(&Primitive::Cast { to: DType::Index }, &[Host::vector(&values).cast(from)])?;
    }
    Ok(())
}

/// One rounding to the nearest.
pub fn from_index<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(from_index::<B>, device);
    // In the last ones, a rounding to `f32` on the way would make a tie of what is none.
    let values =
        [0, 1, -1, 255, 257, 2049, -2051, 65535, 65536, 16_777_217, i32::MAX, i32::MIN, 16_842_753, 50_462_719];
    for to in FORMATS {
        subject.check(&Primitive::Cast { to }, &[Host::index(&values, [values.len()])])?;
    }
    Ok(())
}

/// Tensors of every rank, and of no elements.
pub fn of_every_shape<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_every_shape::<B>, device);
    for shape in crate::grid::shapes() {
        for (from, to) in [(DType::Elem, DType::F16), (DType::Bf16, DType::Elem), (DType::Elem, DType::Index)] {
            subject.check(&Primitive::Cast { to }, &[Host::spread(3, shape, -9.0, 9.0).cast(from)])?;
        }
    }
    Ok(())
}
