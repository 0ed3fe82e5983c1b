//! Holding what two ways of computing the same thing say against each other.

use core::error::Error;
use core::fmt;

use autodiff_core::{Backend, Element, Tensor};

/// The largest difference between two tensors of one shape, once it is found to be within `tolerance`.
///
/// # Errors
/// When the shapes differ, or two elements by more than `tolerance`; NaN differs from everything.
pub fn agree<B: Backend>(what: &str, left: &Tensor<B>, right: &Tensor<B>, tolerance: f64) -> Result<f64, Apart> {
    let difference = if left.shape() == right.shape() { largest(left, right) } else { f64::NAN };
    // Written so that NaN fails.
    if difference <= tolerance { Ok(difference) } else { Err(Apart { what: what.into(), difference, tolerance }) }
}

fn largest<B: Backend>(left: &Tensor<B>, right: &Tensor<B>) -> f64 {
    let pairs = left.to_vec().into_iter().zip(right.to_vec());
    let differences = pairs.map(|(a, b)| (a.into_f64() - b.into_f64()).abs());
    // Unlike `f64::max`, this keeps a NaN that it meets.
    differences.fold(0.0, |largest: f64, own| if largest.is_nan() || own <= largest { largest } else { own })
}

/// Two things that were said to be equal are not.
#[derive(Clone, Debug, PartialEq)]
pub struct Apart {
    what: String,
    difference: f64,
    tolerance: f64,
}

impl fmt::Display for Apart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { what, difference, tolerance } = self;
        write!(f, "{what}: the largest difference is {difference:e}, at most {tolerance:e} expected")
    }
}

impl Error for Apart {}

#[cfg(test)]
mod tests {
    use backend_cpu::Cpu;

    use super::*;

    fn tensor(values: &[f64]) -> Tensor<Cpu<f64>> {
        Tensor::new(values, [values.len()])
    }

    #[test]
    fn differences_are_found() {
        let (a, b) = (tensor(&[1.0, 2.0]), tensor(&[1.0, 2.25]));
        assert_eq!(agree("a", &a, &b, 0.25), Ok(0.25));
        let message = agree("the gradient", &a, &b, 0.125).unwrap_err().to_string();
        assert_eq!(message, "the gradient: the largest difference is 2.5e-1, at most 1.25e-1 expected");
    }

    #[test]
    fn nan_and_other_shapes_never_agree() {
        for other in [tensor(&[f64::NAN, 2.0]), tensor(&[1.0, f64::NAN]), tensor(&[1.0])] {
            assert!(agree("a", &tensor(&[1.0, 2.0]), &other, f64::INFINITY).is_err());
        }
    }
}
