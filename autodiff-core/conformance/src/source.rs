//! Constants, positions, random bits.

use autodiff_core::{Backend, DType, Element, Index, Primitive, Scalar, Shape, Tensor};

use crate::failure::Outcome;
use crate::format::{Format, power_of_two};
use crate::grid::{FORMATS, SPECIAL};
use crate::host::Host;
use crate::subject::Subject;

/// A constant is its number rounded to the format, or cut for an index.
pub fn constants<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(constants::<B>, device);
    for value in SPECIAL.into_iter().chain([0.1, 7.9, -7.9, 65519.0, 2_049.000_000_000_1, 3e9, -3e9, 1e300]) {
        for dtype in FORMATS {
            subject.check(&Primitive::Constant { value: Scalar::new(value), dtype }, &[])?;
        }
    }
    Ok(())
}

/// `0, 1, ..`, from none on.
pub fn positions<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(positions::<B>, device);
    for len in [0, 1, 2, 7, 1009] {
        subject.check(&Primitive::Iota { len }, &[])?;
    }
    Ok(())
}

/// The stream that every backend draws, for keys, numbers of bits and shapes.
pub fn random_bits<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(random_bits::<B>, device);
    let shapes: [&[usize]; 7] = [&[], &[0], &[1], &[4], &[7], &[3, 5], &[2, 3, 5, 7]];
    for key in [[0, 0], [1, 0], [0, 1], [-1, -1], [i32::MIN, i32::MAX]] {
        for bits in [1, 2, 8, 11, 24, 30, 31] {
            for shape in shapes {
                let op = Primitive::RandomBits { shape: Shape::new(shape), bits };
                subject.check(&op, &[Host::index(&key, [2])])?;
            }
        }
    }
    Ok(())
}

/// The known answer of Random123 for `philox4x32 10` at counter and key 0, without its last bit.
pub fn random_bits_known_answer<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(random_bits_known_answer::<B>, device);
    let words = [0x6627_e8d5_u32, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8].map(|word| (word >> 1).cast_signed());
    let key = Index::<B>::key(0, &subject.device);
    subject.equal("random_bits", key.random_bits(31, [4]).tensor(), &Host::index(&words, [4]))
}

/// Uniform numbers are the random bits as a fraction; another key or number folded in gives others.
pub fn random_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(random_numbers::<B>, device);
    let key = Index::<B>::key(7, &subject.device);
    let digits = Format::of::<B::Elem>(DType::Elem).digits.min(31);
    let bits = key.random_bits(u8::try_from(digits).unwrap_or(31), [64]).to_vec();
    let unit = power_of_two(-digits.cast_signed());
    let expected: alloc::vec::Vec<f64> = bits.into_iter().map(|bits| f64::from(bits) * unit).collect();
    let drawn = Tensor::uniform(&key, [64]);
    subject.equal("uniform", &drawn, &Host::vector(&expected))?;
    let in_range = expected.iter().all(|x| (0.0..1.0).contains(x));
    subject.hold("uniform", in_range, "a number outside", "numbers in [0, 1)")?;
    let others = [Tensor::uniform(&key.fold_in(1), [64]), Tensor::uniform(&key.fold_in(2), [64])];
    let distinct = drawn.to_vec() != others[0].to_vec() && others[0].to_vec() != others[1].to_vec();
    subject.hold("fold_in", distinct, "equal numbers", "other numbers under another key")?;
    let finite = Tensor::<B>::normal(&key, [64]).to_vec().into_iter().all(|x| x.into_f64().is_finite());
    subject.hold("normal", finite, "infinite or NaN", "finite numbers")
}
