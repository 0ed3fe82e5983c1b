//! Primitives that make values: constants, positions, random bits.

use crate::spec::{self, Spec, SpecError};
use crate::{DType, Shape};

pub(super) fn infer_constant(inputs: &[Spec], dtype: DType) -> Result<Spec, SpecError> {
    let [] = spec::arity("constant", inputs)?;
    Ok(Spec { shape: Shape::SCALAR, dtype })
}

pub(super) fn infer_iota(inputs: &[Spec], len: usize) -> Result<Spec, SpecError> {
    let [] = spec::arity("iota", inputs)?;
    let out = Spec::index([len]);
    match i32::try_from(len) {
        Ok(_) => Ok(out),
        Err(_) => Err(SpecError::shape("iota", "an index holds 31 bits", &out)),
    }
}

pub(super) fn infer_random_bits(inputs: &[Spec], shape: Shape, bits: u8) -> Result<Spec, SpecError> {
    let [key] = spec::arity("random_bits", inputs)?;
    spec::index("random_bits", 0, key)?;
    if key.shape != [2] {
        return Err(SpecError::shape("random_bits", "the key must have shape [2]", key));
    }
    let out = Spec::index(shape);
    if !(1..=31).contains(&bits) {
        return Err(SpecError::shape("random_bits", "from 1 to 31 bits can be drawn", &out));
    }
    Ok(out)
}
