//! Halves beside a wider element: what fits the format comes out, also where the way there does not fit.

use autodiff_core::{Autodiff, DType, Pool, Tensor};
use backend_cpu::Cpu;

type F = Cpu<f32>;
type T = Tensor<F>;

fn half(values: &[f64]) -> T {
    T::new(values, [values.len()]).cast(DType::F16)
}

/// Holds a half against the numbers nearest to these.
#[track_caller]
fn check(found: &T, expected: &[f64]) {
    assert_eq!(found.dtype(), DType::F16);
    assert_eq!(found.to_vec(), half(expected).to_vec());
}

/// The gradient of the sum of `f`.
fn slope(f: impl Fn(&Tensor<Autodiff<F>>) -> Tensor<Autodiff<F>>, x: &T) -> T {
    let x = Tensor::<Autodiff<F>>::variable(x.clone());
    f(&x).sum().grad(&[&x]).remove(0).expect("depends on x")
}

#[test]
fn products_of_the_others() {
    let x = half(&[300.0, 300.0, 1e-3, 1e-3]);
    let small = f64::from(x.to_vec()[2]);
    let (large, rest) = (300.0 * small * small, 90_000.0 * small);
    check(&x.prod(), &[90_000.0 * small * small]);
    check(&slope(|x| x.prod(), &x), &[large, large, rest, rest]);
}

#[test]
fn deviations_beyond_the_root_of_the_largest() {
    let x = half(&[-300.0, 300.0, -300.0, 300.0]);
    check(&x.std(0), &[300.0]);
    check(&x.reshape([2, 2]).std_axes(&[1], 0), &[300.0; 2]);
    check(&x.reshape([4]).std_keepdim(&[0], 0), &[300.0]);
    check(&slope(|x| x.std(0), &x), &[-0.25, 0.25, -0.25, 0.25]);
    let (var, mean) = half(&[0.0, 0.0, 300.0, 0.0]).var_mean(0);
    check(&var, &[16_875.0]);
    check(&mean, &[75.0]);
}

#[test]
fn means_of_windows() {
    let x = half(&[30_000.0; 6]).reshape([1, 6]);
    check(&x.avg_pool1d(Pool::new([4])), &[30_000.0]);
    let padded = Pool { padding: [2], count_include_pad: false, ..Pool::new([4]) };
    check(&x.avg_pool1d(padded), &[30_000.0; 2]);
    check(&x.adaptive_avg_pool1d([4]), &[30_000.0; 4]);
    check(&x.reshape([2, 3]).adaptive_avg_pool2d([2, 2]), &[30_000.0; 4]);
    check(&slope(|x| x.avg_pool1d(Pool::new([4])), &x), &[0.25, 0.25, 0.25, 0.25, 0.0, 0.0]);
}
