//! The forms of kernels that read what they overwrite, against the forms that do not.

use autodiff_core::{Axes, Binary, Shape, Unary, bf16, f16};
use backend_cpu::{Kernels, Layout, Scalar, ScalarKernels, Side, View, kernels::scalar};

fn numbers<T: Scalar>(len: usize, factor: usize) -> Vec<T> {
    (0..len).map(|i| T::from_f64((i * factor % 29) as f64 / 4.0 - 2.5)).collect()
}

#[track_caller]
fn same<T: Scalar>(what: &str, found: &[T], expected: &[T]) {
    for (a, b) in found.iter().zip(expected) {
        assert!(a.bits() == b.bits() || (a.is_nan() && b.is_nan()), "{what} in {}: {a}, not {b}", T::NAME);
    }
}

/// In order, repeated along one axis, and backwards.
fn layouts(shape: Shape) -> [Layout; 4] {
    let row = Layout::contiguous(Shape::from([shape[1]]));
    let column = Layout::contiguous(Shape::from([shape[0], 1]));
    let whole = Layout::contiguous(shape);
    [whole, whole.flip(Axes::all(2)), row.broadcast(shape), column.broadcast(shape)]
}

fn in_place<T: Scalar>() {
    let shape = Shape::from([5, 7]);
    let whole = Layout::contiguous(shape);
    let (x, y) = (numbers::<T>(35, 11), numbers::<T>(35, 17));
    let (mut expected, mut found) = (vec![T::zero(); 35], vec![T::zero(); 35]);
    for f in Unary::ALL {
        ScalarKernels::unary(f, View::new(&x, &whole), &mut expected);
        found.copy_from_slice(&x);
        ScalarKernels::unary_in_place(f, &mut found);
        same(f.name(), &found, &expected);
    }
    for (f, layout) in Binary::ALL.into_iter().flat_map(|f| layouts(shape).map(|layout| (f, layout))) {
        let (own, other) = (View::new(&x, &whole), View::new(&y, &layout));
        ScalarKernels::binary(f, own, other, &mut expected);
        found.copy_from_slice(&x);
        ScalarKernels::binary_in_place(f, Side::Left, &mut found, other);
        same(f.name(), &found, &expected);
        ScalarKernels::binary(f, other, own, &mut expected);
        found.copy_from_slice(&x);
        ScalarKernels::binary_in_place(f, Side::Right, &mut found, other);
        same(f.name(), &found, &expected);
    }
}

#[test]
fn functions_of_elements() {
    in_place::<f32>();
    in_place::<f64>();
    in_place::<f16>();
    in_place::<bf16>();
}

#[test]
fn functions_of_indices() {
    let layout = Layout::contiguous(Shape::from([3]));
    let (x, y) = ([i32::MAX, -4, 7], [1, 9, i32::MIN]);
    for f in Binary::ALL.into_iter().filter(|f| f.on_index()) {
        for (side, a, b) in [(Side::Left, &x, &y), (Side::Right, &y, &x)] {
            let (mut found, mut expected) = (x, [0; 3]);
            scalar::binary_index(f, View::new(a, &layout), View::new(b, &layout), &mut expected);
            scalar::binary_index_in_place(f, side, &mut found, View::new(&y, &layout));
            assert_eq!(found, expected, "{}", f.name());
        }
    }
}

#[test]
fn a_product_can_be_added_to_what_is_there() {
    for [m, k, n] in [[5, 3, 9], [1, 4, 1], [2, 0, 3], [6, 2, 3]] {
        let (a, b, c) = (numbers::<f64>(m * k, 7), numbers::<f64>(k * n, 13), numbers::<f64>(m * n, 3));
        let (left, right) = (Layout::contiguous(Shape::from([m, k])), Layout::contiguous(Shape::from([k, n])));
        let (a, b) = (View::new(&a, &left), View::new(&b, &right));
        let mut product = vec![f64::NAN; m * n];
        ScalarKernels::matmul(a, b, &mut product, false);
        let mut total = c.clone();
        ScalarKernels::matmul(a, b, &mut total, true);
        assert!(total.iter().zip(c.iter().zip(&product)).all(|(total, (c, product))| *total == c + product));
    }
}
