//! Functions of two elements, comparisons, and the choice between two.

use autodiff_core::{Backend, Binary, Compare, DType, Index, Primitive, Shape, Tensor};

use crate::failure::Outcome;
use crate::grid::{FLOATS, FORMATS, SPECIAL, pairs, shapes};
use crate::host::Host;
use crate::subject::Subject;

/// IEEE 754's answers for every pair of special numbers, and ties.
pub fn of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_special_numbers::<B>, device);
    for f in Binary::ALL {
        subject.check(&Primitive::Binary(f), &pairs(&SPECIAL))?;
    }
    Ok(())
}

/// Accurate where numbers usually are; powers of positive numbers to any.
pub fn of_moderate_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_moderate_numbers::<B>, device);
    for f in Binary::ALL {
        let a = Host::spread(1, [401], 0.01, 9.0);
        subject.check(&Primitive::Binary(f), &[a.clone(), Host::spread(2, [401], -4.0, 4.0)])?;
        subject.check(&Primitive::Binary(f), &[Host::spread(3, [401], -9.0, 9.0), a])?;
    }
    Ok(())
}

/// Half precision as storage beside the element.
pub fn in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(in_every_format::<B>, device);
    for dtype in FLOATS {
        for f in Binary::ALL {
            let (a, b) = (Host::spread(4, [53], 0.1, 5.0), Host::spread(5, [53], -3.0, 3.0));
            subject.check(&Primitive::Binary(f), &[a.cast(dtype), b.cast(dtype)])?;
            subject.check(&Primitive::Binary(f), &pairs(&SPECIAL).map(|host| host.cast(dtype)))?;
        }
    }
    Ok(())
}

/// Indices wrap around on overflow.
pub fn of_indices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_indices::<B>, device);
    let values = [0, 1, -1, 7, -7, 65_536, 123_456_789, i32::MAX, i32::MIN].map(f64::from);
    let inputs = pairs(&values).map(|host| host.cast(DType::Index));
    for f in Binary::ALL.into_iter().filter(|f| f.on_index()) {
        subject.check(&Primitive::Binary(f), &inputs)?;
    }
    for f in Compare::ALL {
        subject.check(&Primitive::Compare(f), &inputs)?;
    }
    Ok(())
}

/// Operators of indices, with each other and with numbers.
pub fn operators_of_indices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(operators_of_indices::<B>, device);
    let x = Index::<B>::from_slice(&[1, -2, i32::MAX], [3], &subject.device);
    let y = &(&(&x + 1) * 3) - &x;
    let expected = [1, -2, i32::MAX].map(|x: i32| x.wrapping_add(1).wrapping_mul(3).wrapping_sub(x));
    subject.equal("3 (x + 1) - x", y.tensor(), &Host::index(&expected, [3]))?;
    let hot = Index::<B>::from_slice(&[2, 0, 5], [3], &subject.device).one_hot(3);
    subject.equal("one_hot", &hot, &Host::new(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0], [3, 3]))
}

/// 1 and 0 in the backend's element, whatever is compared; false beside NaN.
pub fn comparisons<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(comparisons::<B>, device);
    for f in Compare::ALL {
        for dtype in FLOATS {
            subject.check(&Primitive::Compare(f), &pairs(&SPECIAL).map(|host| host.cast(dtype)))?;
        }
    }
    Ok(())
}

/// The first where the condition is not 0, which NaN is not either; in every format.
pub fn choices<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(choices::<B>, device);
    let condition = Host::vector(&[0.0, -0.0, 1.0, -2.0, f64::NAN, f64::INFINITY, 1e-40, 0.0]);
    for dtype in FORMATS {
        let a = Host::vector(&[1.0, 2.0, -0.0, f64::NAN, 5.0, f64::INFINITY, 7.0, f64::NAN]).cast(dtype);
        let b = Host::vector(&[-1.0, f64::NEG_INFINITY, f64::NAN, -4.0, f64::NAN, -6.0, -7.0, -0.0]).cast(dtype);
        let [a, b] = if dtype.is_float() { [a, b] } else { [1, 2].map(|seed| Host::whole(seed, a.spec, 9)) };
        subject.check(&Primitive::Select, &[condition.clone(), a, b])?;
    }
    Ok(())
}

/// Tensors of every rank, and of no elements.
pub fn of_every_shape<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_every_shape::<B>, device);
    for shape in shapes() {
        let inputs = [1, 2, 3].map(|seed| Host::spread(seed, shape, -3.0, 3.0));
        for f in [Binary::Sub, Binary::Div, Binary::Max] {
            subject.check(&Primitive::Binary(f), &inputs[..2])?;
        }
        subject.check(&Primitive::Compare(Compare::Lt), &inputs[..2])?;
        subject.check(&Primitive::Select, &inputs)?;
    }
    Ok(())
}

/// Operators broadcast as NumPy does: equal to the same on operands that were stretched before.
pub fn operators_broadcast<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(operators_broadcast::<B>, device);
    let shapes: [[&[usize]; 3]; 6] = [
        [&[2, 3], &[3], &[2, 3]],
        [&[2, 1], &[1, 3], &[2, 3]],
        [&[], &[2, 3], &[2, 3]],
        [&[4, 1, 3], &[2, 1], &[4, 2, 3]],
        [&[1], &[0], &[0]],
        [&[3, 1], &[1, 1, 1, 5], &[1, 1, 3, 5]],
    ];
    for [left, right, joint] in shapes.map(|three| three.map(Shape::new)) {
        let (a, b) = (subject.put(&Host::spread(1, left, 1.0, 9.0)), subject.put(&Host::spread(2, right, 1.0, 9.0)));
        let (wide_a, wide_b) = (a.broadcast_to(joint), b.broadcast_to(joint));
        let results: [[Tensor<B>; 2]; 6] = [
            [&a + &b, &wide_a + &wide_b],
            [&a - &b, &wide_a - &wide_b],
            [&a * &b, &wide_a * &wide_b],
            [&a / &b, &wide_a / &wide_b],
            [a.lt(&b), wide_a.lt(&wide_b)],
            [a.gt(&b).select(&a, &b), wide_a.gt(&wide_b).select(&wide_a, &wide_b)],
        ];
        for [found, expected] in results {
            subject.same_bits("an operator on operands of two shapes", &found, &expected)?;
        }
    }
    let x = subject.put(&Host::vector(&[1.0, 2.0, 4.0]));
    subject.equal("2 (x + 1) - x / 2", &(2.0 * (&x + 1.0) - &x / 2.0), &Host::vector(&[3.5, 5.0, 8.0]))?;
    subject.equal("8 / x - (4 - x)", &(8.0 / &x - (4.0 - &x)), &Host::vector(&[5.0, 2.0, 2.0]))
}
