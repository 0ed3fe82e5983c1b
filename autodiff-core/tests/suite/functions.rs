//! Functions composed of primitives: values where naive formulas fail, and derivatives to second order.

use autodiff_core::{Autodiff, Backend, Tensor, check_grads};
use backend_cpu::Cpu;

type T = Tensor<Cpu<f64>>;
type D = Autodiff<Cpu<f64>>;

fn vector(values: &[f64]) -> T {
    T::new(values, [values.len()])
}

/// Holds `found` against `expected` within some units in the last place.
#[track_caller]
fn close(found: &T, expected: &[f64]) {
    let found = found.to_vec();
    let near = |(found, expected): (&f64, &f64)| {
        found == expected || (found - expected).abs() <= 8.0 * f64::EPSILON * expected.abs()
    };
    assert!(found.len() == expected.len() && found.iter().zip(expected).all(near), "{found:?}, not {expected:?}");
}

/// A function's values against the standard library's, and its first and second derivative against differences.
macro_rules! functions {
    ($($name:ident at $($x:expr),*;)*) => {
        $(#[test]
        fn $name() {
            let at = [$($x),*];
            close(&vector(&at).$name(), &at.map(f64::$name));
            check_grads(|x| x[0].$name(), &[vector(&at)], 1e-6).unwrap();
        })*
    };
}

functions! {
    tan at -1.2, 0.1, 1e-3, 1.3, 2.5;
    atan at -30.0, -1.0, 0.0, 0.1, 2.0;
    asin at -0.9, -0.1, 0.0, 1e-3, 0.95;
    acos at -0.9, -0.1, 0.0, 1e-3, 0.95;
    sinh at -3.0, -1e-3, 0.0, 0.1, 2.0;
    cosh at -3.0, -1e-3, 0.0, 0.1, 2.0;
    exp2 at -3.5, 0.0, 0.5, 4.25;
    log2 at 0.3, 1.7, 5.0;
    log10 at 0.3, 1.7, 5.0;
}

#[test]
fn near_the_ends_nothing_cancels_or_overflows() {
    let tiny = 1e-12;
    close(&vector(&[tiny, 1e-300]).sinh(), &[tiny, 1e-300]);
    close(&vector(&[1.0 - 1e-10, -1.0 + 1e-10]).acos(), &[(1.0 - 1e-10_f64).acos(), (-1.0 + 1e-10_f64).acos()]);
    close(&vector(&[1.0 - 1e-10]).asin(), &[(1.0 - 1e-10_f64).asin()]);
    // e^x overflows at 709.8, half of it at 710.5.
    let (x, inf) = (vector(&[710.0, -710.0, 720.0]), f64::INFINITY);
    assert!(x.slice(0, ..2).sinh().to_vec().iter().all(|y| y.is_finite() && y.abs() > 1e308));
    assert!(x.slice(0, ..2).cosh().to_vec().iter().all(|y| y.is_finite() && *y > 1e308));
    assert_eq!((x.sinh().to_vec()[2], x.cosh().to_vec()[2]), (inf, inf));
    assert!(vector(&[1.5, -1.5]).asin().to_vec().iter().all(|y| y.is_nan()));
    assert!(vector(&[1.5, -1.5]).acos().to_vec().iter().all(|y| y.is_nan()));
    assert_eq!(vector(&[-2.0, 10.0, 1000.0]).exp2().to_vec(), [0.25, 1024.0, 2.0_f64.powi(1000)]);
}

#[test]
fn slopes_at_the_ends_are_infinite_not_nan() {
    let slope = |f: &dyn Fn(&Tensor<D>) -> Tensor<D>| {
        let x = Tensor::<D>::variable(vector(&[-1.0, 1.0]));
        f(&x).sum().grad(&[&x])[0].as_ref().unwrap().to_vec()
    };
    assert_eq!(slope(&Tensor::asin), [f64::INFINITY; 2]);
    assert_eq!(slope(&Tensor::acos), [f64::NEG_INFINITY; 2]);
}

#[test]
fn roots_of_reciprocals() {
    close(&vector(&[0.25, 9.0, 1e300]).rsqrt(), &[2.0, 1.0 / 3.0, 1e-150]);
    assert_eq!(vector(&[0.0]).rsqrt().to_vec(), [f64::INFINITY]);
    check_grads(|x| x[0].rsqrt(), &[vector(&[0.4, 1.0, 7.0])], 1e-6).unwrap();
}

#[test]
fn steps() {
    let at = [-2.0, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 3.0, 1e30, f64::INFINITY, f64::NEG_INFINITY];
    for (found, expected) in [
        (vector(&at).ceil(), at.map(f64::ceil)),
        (vector(&at).trunc(), at.map(f64::trunc)),
        (vector(&at).sign(), at.map(|x| if x == 0.0 { 0.0 } else { x.signum() })),
    ] {
        assert_eq!(found.to_vec(), expected);
    }
    let steps: [fn(&T) -> T; 3] = [Tensor::ceil, Tensor::trunc, Tensor::sign];
    assert!(steps.iter().all(|step| step(&vector(&[f64::NAN])).item().is_nan()));
    let x = Tensor::<D>::variable(vector(&at));
    assert!([x.ceil(), x.trunc(), x.sign()].iter().all(|y| !y.requires_grad()));
}

/// The variance of the elements, whichever way it is asked for.
fn spread_of<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
    let (var, mean) = x.var_mean_axes(&[1], 1);
    x.std(0) * x.var_keepdim(&[0], 0) + var.unsqueeze(1) * mean.unsqueeze(1)
}

#[test]
fn statistics_and_what_is_sorted_to_second_order() {
    let x = [T::new(&[0.3, -1.2, 2.0, 0.9, -0.4, 1.1], [2, 3])];
    check_grads(|x| spread_of(&x[0]), &x, 1e-6).unwrap();
    check_grads(|x| x[0].std_keepdim(&[1], 1), &x, 1e-6).unwrap();
    check_grads(|x| x[0].sort(1, true).0.cumsum(1).square(), &x, 1e-6).unwrap();
    check_grads(|x| x[0].topk(2, 0).0.prod_axes(&[0]), &x, 1e-6).unwrap();
    check_grads(|x| x[0].tril(0).matmul(&x[0].triu(-1).t()), &x, 1e-6).unwrap();
}
