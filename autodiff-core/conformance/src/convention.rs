//! Derivatives where there is none: at kinks and ties, and beyond the domain. Exact, and the same on every backend.

use autodiff_core::{Autodiff, Backend, Element, FloatCore, Tensor};

use crate::failure::Outcome;
use crate::host::Host;
use crate::subject::Subject;

type D<B> = Autodiff<B>;
type Function<'a, B> = &'a dyn Fn(&Tensor<D<B>>) -> Tensor<D<B>>;
type FunctionOfTwo<'a, B> = &'a dyn Fn(&Tensor<D<B>>, &Tensor<D<B>>) -> Tensor<D<B>>;

/// Holds the gradient of the sum of `f(x)` against what it must be.
fn slope<B: Backend>(subject: &Subject<B>, label: &str, f: Function<'_, B>, x: &[f64], expected: &[f64]) -> Outcome {
    let x = Tensor::<D<B>>::variable(subject.put(&Host::vector(x)));
    match f(&x).sum().grad(&[&x]).remove(0) {
        Some(found) => subject.equal(label, &found, &Host::vector(expected)),
        None => Err(subject.failure(label.into(), 0, "no gradient", "a gradient")),
    }
}

/// Both gradients of the sum of `f(a, b)`.
fn slopes<B: Backend>(
    subject: &Subject<B>,
    label: &str,
    f: FunctionOfTwo<'_, B>,
    [a, b]: [&[f64]; 2],
    [expected_a, expected_b]: [&[f64]; 2],
) -> Outcome {
    let constant = |values: &[f64]| Tensor::<D<B>>::constant_of(subject.put(&Host::vector(values)));
    slope(subject, label, &|a| f(a, &constant(b)), a, expected_a)?;
    slope(subject, label, &|b| f(&constant(a), b), b, expected_b)
}

/// relu has slope 0 at 0, of either sign, and NaN passes on what arrives.
pub fn relu_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(relu_at_zero::<B>, device);
    slope(&subject, "relu", &Tensor::relu, &[0.0, -0.0, -1.0, 2.0, f64::NAN], &[0.0, 0.0, 0.0, 1.0, 1.0])
}

/// The magnitude has slope 0 at 0.
pub fn abs_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(abs_at_zero::<B>, device);
    slope(&subject, "abs", &Tensor::abs, &[0.0, -0.0, -3.0, 2.0], &[0.0, 0.0, -1.0, 1.0])
}

/// On a tie each of two gets a half.
pub fn maximum_and_minimum_on_a_tie<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(maximum_and_minimum_on_a_tie::<B>, device);
    let (a, b) = (&[1.0, 2.0, 3.0][..], &[3.0, 2.0, 1.0][..]);
    slopes(&subject, "maximum", &Tensor::maximum, [a, b], [&[0.0, 0.5, 1.0], &[1.0, 0.5, 0.0]])?;
    slopes(&subject, "minimum", &Tensor::minimum, [a, b], [&[1.0, 0.5, 0.0], &[0.0, 0.5, 1.0]])?;
    slope(&subject, "maximum of one with itself", &|x: &Tensor<_>| x.maximum(x), &[2.0, -1.0], &[1.0, 1.0])
}

/// Equal extremes share the gradient evenly.
pub fn extremes_share<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(extremes_share::<B>, device);
    slope(&subject, "max", &Tensor::max, &[5.0, 1.0, 5.0, 5.0, 5.0], &[0.25, 0.0, 0.25, 0.25, 0.25])?;
    slope(&subject, "min", &Tensor::min, &[5.0, 1.0, 1.0, 5.0, 9.0], &[0.0, 0.5, 0.5, 0.0, 0.0])
}

/// What is sorted sends its gradient back to where it was; of equal elements the first stands first.
pub fn sorted_values_go_back<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(sorted_values_go_back::<B>, device);
    let weights = Tensor::constant_of(subject.put(&Host::vector(&[10.0, 20.0, 30.0])));
    let sorted = |x: &Tensor<D<B>>| x.sort(0, true).0 * &weights;
    slope(&subject, "sort", &sorted, &[2.0, 3.0, 2.0], &[20.0, 10.0, 30.0])?;
    let largest = |x: &Tensor<D<B>>| x.topk(2, 0).0.square();
    slope(&subject, "topk", &largest, &[2.0, 3.0, 1.0, 2.0], &[4.0, 6.0, 0.0, 0.0])
}

/// The product of the others, whatever the element itself is; infinities and NaN as IEEE 754 multiplies them.
pub fn products_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(products_at_zero::<B>, device);
    slope(&subject, "prod", &Tensor::prod, &[2.0, 0.0, -3.0], &[0.0, -6.0, 0.0])?;
    slope(&subject, "prod", &Tensor::prod, &[2.0, 0.0, 0.0], &[0.0, 0.0, 0.0])?;
    slope(&subject, "prod", &Tensor::prod, &[0.0, f64::INFINITY], &[f64::INFINITY, 0.0])?;
    slope(&subject, "prod", &Tensor::prod, &[0.0, 5.0, f64::NAN], &[f64::NAN, f64::NAN, 0.0])
}

/// Equal elements have no deviation, and its slope there is 0; that of the variance is a polynomial.
pub fn deviations_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(deviations_at_zero::<B>, device);
    slope(&subject, "std", &|x: &Tensor<_>| x.std(1), &[5.0, 5.0], &[0.0, 0.0])?;
    slope(&subject, "var", &|x: &Tensor<_>| x.var(0), &[0.0, 2.0, 4.0, 6.0], &[-1.5, -0.5, 0.5, 1.5])
}

/// What is overwritten has no gradient, nor is it spoilt by infinities and NaN there; the same beside a triangle.
pub fn overwritten_places_have_slope_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(overwritten_places_have_slope_zero::<B>, device);
    let index = autodiff_core::Index::<D<B>>::from_tensor(Tensor::constant_of(subject.put(&Host::index(&[2, 0], [2]))));
    let set = |x: &Tensor<D<B>>, u: &Tensor<D<B>>| x.scatter(0, &index, u).square();
    let numbers: [&[f64]; 2] = [&[f64::NAN, 3.0, f64::INFINITY], &[5.0, 7.0]];
    slopes(&subject, "scatter", &set, numbers, [&[0.0, 6.0, 0.0], &[10.0, 14.0]])?;
    let lower = |x: &Tensor<D<B>>| x.reshape([2, 2]).tril(0).square();
    slope(&subject, "tril", &lower, &[1.0, f64::NAN, 2.0, 3.0], &[2.0, 0.0, 4.0, 6.0])
}

/// Only the choice that was taken has a gradient, also where the other one's would be infinite or NaN.
pub fn select_takes_one_side<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(select_takes_one_side::<B>, device);
    let condition = Tensor::constant_of(subject.put(&Host::vector(&[1.0, 0.0, f64::NAN])));
    let f = |a: &Tensor<D<B>>, b: &Tensor<D<B>>| condition.select(&(a * 2.0), &(b * 3.0));
    let numbers: [&[f64]; 2] = [&[1.0, f64::NAN, 2.0], &[f64::NAN, 4.0, 5.0]];
    slopes(&subject, "select", &f, numbers, [&[2.0, 0.0, 2.0], &[0.0, 3.0, 0.0]])
}

/// A power's gradient for the base is 0 where the exponent is; for the exponent, where the base is not positive.
pub fn powers_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(powers_at_zero::<B>, device);
    let (base, exponent) = (&[0.0, 0.0, -2.0, 0.0, 1.0, -1.0][..], &[0.0, 2.0, 2.0, 1.0, 0.0, 0.0][..]);
    let of_base = [0.0, 0.0, -4.0, 1.0, 0.0, 0.0];
    slopes(&subject, "pow", &Tensor::pow, [base, exponent], [&of_base, &[0.0; 6]])
}

/// Step functions, comparisons and positions pass nothing on: there is no gradient, not zeros.
pub fn steps_have_no_gradient<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(steps_have_no_gradient::<B>, device);
    let x = Tensor::<D<B>>::variable(subject.put(&Host::vector(&[0.5, 1.5])));
    let steps = [
        ("floor", x.floor()),
        ("round", x.round()),
        ("lt", x.lt(&(&x + 1.0))),
        ("argmax", x.argmax(0).to_elem()),
        ("argsort", x.argsort(0, true).to_elem()),
        ("cast", x.cast(autodiff_core::DType::Index)),
    ];
    for (label, y) in steps {
        subject.hold(label, !y.requires_grad(), "a recorded value", "no record")?;
    }
    Ok(())
}

/// An angle's slope on the axes, where one coordinate is 0; the origin has no angle, and so no slope.
pub fn angles_on_the_axes<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(angles_on_the_axes::<B>, device);
    let (y, x) = (&[0.0, 0.0, 2.0, -2.0, 0.0][..], &[2.0, -2.0, 0.0, 0.0, 0.0][..]);
    let (of_y, of_x) = (&[0.5, -0.5, 0.0, 0.0, f64::NAN][..], &[0.0, 0.0, -0.5, 0.5, f64::NAN][..]);
    slopes(&subject, "atan2", &Tensor::atan2, [y, x], [of_y, of_x])
}

/// An angle's slope is finite wherever it fits the format, though squares of the coordinates do not.
pub fn angles_far_and_near<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(angles_far_and_near::<B>, device);
    // Powers of two, so that all this is exact.
    let near = 4.0 * B::Elem::min_positive_value().into_f64();
    let far = 1.0 / near;
    let (y, x) = (&[far, -near, far, near][..], &[far, near, near, far][..]);
    let of_y = &[near / 2.0, far / 2.0, 0.0, near][..];
    let of_x = &[-near / 2.0, far / 2.0, -near, 0.0][..];
    slopes(&subject, "atan2", &Tensor::atan2, [y, x], [of_y, of_x])?;
    let inf = f64::INFINITY;
    slopes(&subject, "atan2", &Tensor::atan2, [&[inf, 1.0], &[1.0, -inf]], [&[0.0; 2], &[0.0; 2]])
}

/// The smooth rectifier is smooth at 0, to second order, though its body has kinks.
pub fn softplus_at_zero<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(softplus_at_zero::<B>, device);
    slope(&subject, "softplus", &Tensor::softplus, &[0.0, -0.0], &[0.5, 0.5])?;
    let inner = Tensor::<D<B>>::variable(subject.put(&Host::vector(&[0.0])));
    let outer = Tensor::<D<D<B>>>::variable(inner.clone());
    let second =
        outer.softplus().sum().grad(&[&outer]).remove(0).and_then(|first| first.sum().grad(&[&inner]).remove(0));
    match second {
        Some(second) => subject.equal("softplus, second order", &second, &Host::vector(&[0.25])),
        None => Err(subject.failure("softplus".into(), 0, "no second derivative", 0.25)),
    }
}

/// Gradients of nothing are nothing, of the right shape.
pub fn of_no_elements<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(of_no_elements::<B>, device);
    let none = Host::new(&[], [0, 3]);
    let x = Tensor::<D<B>>::variable(subject.put(&none));
    let w = Tensor::<D<B>>::variable(subject.put(&Host::new(&[1.0; 6], [3, 2])));
    let loss = x.exp().matmul(&w).sum();
    let gradients = loss.grad(&[&x, &w]);
    for (found, expected) in gradients.iter().zip([none, Host::new(&[0.0; 6], [3, 2])]) {
        match found {
            Some(found) => subject.equal("a product of no rows", found, &expected)?,
            None => return Err(subject.failure("a product of no rows".into(), 0, "no gradient", "a gradient")),
        }
    }
    Ok(())
}
