//! Derivatives of whole functions: products with the Jacobian and the Hessian, and those matrices themselves.

use alloc::vec::Vec;

use super::Autodiff;
use crate::{Backend, DType, Shape, SpecError, Tensor};

/// A backend whose gradients can be differentiated once more.
pub(super) type Twice<B> = Autodiff<Autodiff<B>>;

/// A function's value and the product of a cotangent with its Jacobian, by one reverse walk.
///
/// ```text
/// y = f(x),   dx_i = sum_j v_j dy_j / dx_i
/// ```
///
/// `v` has the shape of `y`; the answer has one tensor for each input, of its shape, zeros where `y` does not depend on it.
///
/// ```
/// use autodiff_core::{Tensor, vjp};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]);
/// let (y, dx) = vjp(|x| x[0].square(), &[x], &Tensor::new(&[1.0, 10.0], [2]));
/// assert_eq!((y.to_vec(), dx[0].to_vec()), (vec![1.0, 4.0], vec![2.0, 40.0]));
/// ```
///
/// # Panics
/// When `v` differs from the result in shape or format.
#[must_use]
#[track_caller]
pub fn vjp<B: Backend>(
    f: impl FnOnce(&[Tensor<Autodiff<B>>]) -> Tensor<Autodiff<B>>,
    inputs: &[Tensor<B>],
    v: &Tensor<B>,
) -> (Tensor<B>, Vec<Tensor<B>>) {
    let x = variables(inputs);
    let y = f(&x);
    (y.value().clone(), pulled_back(&y, &x, v.clone()))
}

/// A function's value and the product of its Jacobian with a direction: the derivative along it.
///
/// ```text
/// y = f(x),   dy_j = sum_i dy_j / dx_i v_i
/// ```
///
/// `v` has one tensor for each input, of its shape. The vector-Jacobian product is linear in its cotangent `u`, so that the
/// derivative of `<u J, v>` by `u` is `J v`: two reverse walks, and what they cost in memory. (J. Townsend, *A new trick
/// for calculating Jacobian vector products*, 2017.) [`Tangent`](crate::Tangent) takes the same trick operation by
/// operation and keeps no graph.
///
/// ```
/// use autodiff_core::{Tensor, jvp};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]);
/// let (y, dy) = jvp(|x| x[0].square(), &[x], &[Tensor::new(&[1.0, 10.0], [2])]);
/// assert_eq!((y.to_vec(), dy.to_vec()), (vec![1.0, 4.0], vec![2.0, 40.0]));
/// ```
///
/// # Panics
/// When the directions differ from the inputs in number, shape or format.
#[must_use]
#[track_caller]
pub fn jvp<B: Backend>(
    f: impl FnOnce(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>,
    inputs: &[Tensor<B>],
    v: &[Tensor<B>],
) -> (Tensor<B>, Tensor<B>) {
    check_directions("jvp", inputs, v);
    let x: Vec<_> = inputs.iter().map(|x| Tensor::variable(Tensor::constant_of(x.clone()))).collect();
    let y = f(&x);
    let value = y.value().value().clone();
    let u = [Tensor::variable(value.zeros_like())];
    let pulled = pulled_back(&y, &x, u[0].clone());
    let tangent = derivatives_along(&pulled, v, &u).swap_remove(0);
    (value, tangent)
}

/// The product of the Hessian of a function of one number with a direction: how its gradients change along it.
///
/// ```text
/// (H v)_i = sum_j d^2 f / dx_i dx_j v_j
/// ```
///
/// `v` has one tensor for each input, of its shape, and so has the answer; zeros where nothing depends on an input.
///
/// ```
/// use autodiff_core::{Backend, Tensor, hessian_vector_product};
/// use backend_cpu::Cpu;
///
/// fn f<B: Backend>(x: &[Tensor<B>]) -> Tensor<B> {
///     (x[0].square() * &x[1]).sum()
/// }
///
/// let [x, y, v, w] = [3.0, 5.0, 1.0, 10.0].map(|number| Tensor::<Cpu<f64>>::new(&[number], [1]));
/// let hv = hessian_vector_product(f, &[x, y], &[v, w]);
/// assert_eq!([hv[0].item(), hv[1].item()], [2.0 * 5.0 + 2.0 * 3.0 * 10.0, 2.0 * 3.0]);
/// ```
///
/// # Panics
/// When the directions differ from the inputs in number, shape or format, or the result has more than one element.
#[must_use]
#[track_caller]
pub fn hessian_vector_product<B: Backend>(
    f: impl FnOnce(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>,
    inputs: &[Tensor<B>],
    v: &[Tensor<B>],
) -> Vec<Tensor<B>> {
    check_directions("hessian_vector_product", inputs, v);
    let x = variables(inputs);
    derivatives_along(&gradient(f, &x), v, &x)
}

/// The Jacobian: for each input `x` a tensor whose axes are those of `y = f(x)` and then those of `x`.
///
/// ```text
/// J[j.., i..] = dy[j..] / dx[i..]
/// ```
///
/// One reverse walk for each element of `y`, so for small results.
///
/// ```
/// use autodiff_core::{Tensor, jacobian};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]);
/// let j = jacobian(|x| x[0].square(), &[x]);
/// assert_eq!(j[0].shape(), [2, 2]);
/// assert_eq!(j[0].to_vec(), [2.0, 0.0, 0.0, 4.0]);
/// ```
///
/// # Panics
/// When `y` and `x` have more than eight axes together.
#[must_use]
#[track_caller]
pub fn jacobian<B: Backend>(
    f: impl FnOnce(&[Tensor<Autodiff<B>>]) -> Tensor<Autodiff<B>>,
    inputs: &[Tensor<B>],
) -> Vec<Tensor<B>> {
    let x = variables(inputs);
    matrices("jacobian", &f(&x), &x)
}

/// The Hessian of a function of one number, in blocks: in row `i` and column `j` stands a tensor whose axes are those of
/// input `i` and then those of input `j`.
///
/// One reverse walk for each element of the inputs, so for small ones; [`hessian_vector_product`] is for the rest.
///
/// ```
/// use autodiff_core::{Tensor, hessian};
/// use backend_cpu::Cpu;
/// let x = Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]);
/// let h = hessian(|x| x[0].square().sum().square(), &[x]); // 4 |x|^2 I + 8 x x^T
/// assert_eq!(h[0][0].to_vec(), [28.0, 16.0, 16.0, 52.0]);
/// ```
///
/// # Panics
/// When the result has more than one element, or two inputs have more than eight axes together.
#[must_use]
#[track_caller]
pub fn hessian<B: Backend>(
    f: impl FnOnce(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>,
    inputs: &[Tensor<B>],
) -> Vec<Vec<Tensor<B>>> {
    let x = variables(inputs);
    let mut rows = Vec::with_capacity(inputs.len());
    for row in gradient(f, &x) {
        rows.push(matrices("hessian", &row, &x));
    }
    rows
}

fn variables<B: Backend>(inputs: &[Tensor<B>]) -> Vec<Tensor<Autodiff<B>>> {
    inputs.iter().map(|x| Tensor::variable(x.clone())).collect()
}

/// The gradient of a function of one number, recorded at the inner level.
#[track_caller]
fn gradient<B: Backend>(
    f: impl FnOnce(&[Tensor<Twice<B>>]) -> Tensor<Twice<B>>,
    x: &[Tensor<Autodiff<B>>],
) -> Vec<Tensor<Autodiff<B>>> {
    let outer = variables(x);
    let y = f(&outer);
    let found = y.grad(&outer.iter().collect::<Vec<_>>());
    or_zeros(found, x)
}

/// `v J`, zeros where `y` does not depend on an input.
#[track_caller]
fn pulled_back<B: Backend>(y: &Tensor<Autodiff<B>>, x: &[Tensor<Autodiff<B>>], v: Tensor<B>) -> Vec<Tensor<B>> {
    let found = y.grad_with(&x.iter().collect::<Vec<_>>(), v);
    or_zeros(found, x.iter().map(Tensor::<Autodiff<_>>::value))
}

/// What was found, and zeros in place of what was not.
pub(super) fn or_zeros<'a, B: Backend>(
    found: Vec<Option<Tensor<B>>>,
    like: impl IntoIterator<Item = &'a Tensor<B>>,
) -> Vec<Tensor<B>> {
    found.into_iter().zip(like).map(|(found, like)| found.unwrap_or_else(|| like.zeros_like())).collect()
}

/// The gradients of `sum <y, v>` by `x`. The sum itself is of no interest, so that it may overflow.
pub(super) fn derivatives_along<B: Backend>(
    y: &[Tensor<Autodiff<B>>],
    v: &[Tensor<B>],
    x: &[Tensor<Autodiff<B>>],
) -> Vec<Tensor<B>> {
    let terms = y.iter().zip(v).filter(|(y, _)| y.requires_grad());
    let terms = terms.map(|(y, v)| (y * Tensor::constant_of(v.clone())).sum().cast(DType::Elem));
    match terms.reduce(|sum, term| sum + term) {
        Some(sum) => pulled_back(&sum, x, sum.value().ones_like()),
        None => x.iter().map(|x| x.value().zeros_like()).collect(),
    }
}

/// The Jacobians of `y` by each of `x`, row by row.
#[track_caller]
fn matrices<B: Backend>(op: &str, y: &Tensor<Autodiff<B>>, x: &[Tensor<Autodiff<B>>]) -> Vec<Tensor<B>> {
    let (shape, value) = (y.shape(), y.value());
    let rows = shape.elements();
    let unit = |row: usize| value.new_full([1], 1.0).pad(0, row, rows - row - 1).reshape(shape);
    let rows: Vec<Vec<Tensor<B>>> = (0..rows).map(|row| pulled_back(y, x, unit(row))).collect();
    let mut matrices = Vec::with_capacity(x.len());
    for (arg, x) in x.iter().enumerate() {
        let concatenated = concatenated(op, &shape, &x.shape());
        let parts: Vec<Tensor<B>> = rows.iter().map(|row| row[arg].reshape([x.shape().elements()])).collect();
        matrices.push(match parts[..] {
            [] => x.value().new_zeros(concatenated),
            _ => Tensor::stack(&parts, 0).reshape(concatenated),
        });
    }
    matrices
}

/// The axes of one shape and then those of another.
#[track_caller]
fn concatenated(op: &str, rows: &Shape, columns: &Shape) -> Shape {
    let extents: Vec<usize> = rows.extents().iter().chain(columns.extents()).copied().collect();
    match Shape::try_new(&extents) {
        Some(shape) => shape,
        None => panic!("{op}: {rows} by {columns} has more than {} axes", crate::MAX_RANK),
    }
}

#[track_caller]
fn check_directions<B: Backend>(op: &'static str, inputs: &[Tensor<B>], v: &[Tensor<B>]) {
    assert!(inputs.len() == v.len(), "{op}: {} directions for {} inputs", v.len(), inputs.len());
    for (x, v) in inputs.iter().zip(v) {
        if x.spec() != v.spec() {
            let why = "a direction must have its input's shape and format";
            panic!("{}", SpecError::shapes(op, why, &v.spec(), &x.spec()));
        }
    }
}
