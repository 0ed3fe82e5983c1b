//! The toy backend passes for every element, recorded and replayed.

#[path = "backends/toy.rs"]
mod toy;

use autodiff_core::{Autodiff, Tensor, bf16, f16};
use conformance::Replay;
use toy::Toy;

conformance::backend!(toy_f32, Toy<f32>);
conformance::backend!(toy_f64, Toy<f64>);
conformance::backend!(toy_f16, Toy<f16>);
conformance::backend!(toy_bf16, Toy<bf16>);
conformance::backend!(toy_f32_recorded, Autodiff<Toy<f32>>);
conformance::backend!(toy_f32_replayed, Replay<Toy<f32>>);

/// The suite nests twice; once more, `x^4` at 2 has 32, 48 and 48.
#[test]
fn three_derivatives() {
    type D<B> = Autodiff<B>;
    let x1 = Tensor::<D<Toy<f64>>>::variable(Tensor::new(&[2.0], [1]));
    let x2 = Tensor::<D<D<Toy<f64>>>>::variable(x1.clone());
    let x3 = Tensor::<D<D<D<Toy<f64>>>>>::variable(x2.clone());
    let square = &x3 * &x3;
    let first = (&square * &square).sum().grad(&[&x3]).remove(0).unwrap();
    let second = first.sum().grad(&[&x2]).remove(0).unwrap();
    let third = second.sum().grad(&[&x1]).remove(0).unwrap();
    assert_eq!((first.to_vec(), second.to_vec(), third.to_vec()), (vec![32.0], vec![48.0], vec![48.0]));
}
