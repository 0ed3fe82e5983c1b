//! Reading and adding at positions, beside the scalar loops.

use autodiff_core::{Shape, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, View};

use super::samples::{alone_and_shared, elements, fraction, layouts, same};
use super::{K, Tested};

/// The shape of the tensor, the axis, and the extent of the index there.
const CASES: [(&[usize], usize, usize); 8] = [
    (&[5], 0, 9),
    (&[1], 0, 3),
    (&[3, 4], 0, 7),
    (&[3, 4], 1, 2),
    (&[2, 3, 5], 1, 6),
    (&[1, 30, 40], 1, 400),
    (&[70, 300], 1, 200),
    (&[60, 1, 7], 2, 50),
];

/// Positions on an axis of this extent, more than enough for a layout of this shape.
fn positions(shape: &[usize], extent: usize) -> Vec<i32> {
    elements::<f64>(shape, f64::from).iter().map(|&x| x as i32 % extent as i32).collect()
}

fn check<T: Tested>() {
    for (shape, axis, count) in CASES {
        let shape = Shape::new(shape);
        let index_shape = shape.with(axis, count);
        let index = positions(index_shape.extents(), shape[axis]);
        let (x, updates) = (elements::<T>(shape.extents(), fraction), elements::<T>(index_shape.extents(), fraction));
        let x_layouts = layouts(shape.extents());
        for (number, layout) in layouts(index_shape.extents()).iter().enumerate() {
            let index = View::new(&index, layout);
            let (x_layout, what) =
                (&x_layouts[(number * 5 + axis) % x_layouts.len()], format!("{layout:?} along {axis}"));
            let (mut found, mut expected) =
                (vec![T::one(); index_shape.elements()], vec![T::zero(); index_shape.elements()]);
            assert_eq!(K::<T>::gather(axis, View::new(&x, x_layout), index, &mut found), Ok(()));
            assert_eq!(scalar::gather(axis, View::new(&x, x_layout), index, &mut expected), Ok(()));
            same(&found, &expected, &format!("gather of {x_layout:?}, {what}"));
            for updates_layout in layouts(index_shape.extents()) {
                let updates = View::new(&updates, &updates_layout);
                let (mut found, mut expected) = (x[..shape.elements()].to_vec(), x[..shape.elements()].to_vec());
                assert_eq!(K::<T>::scatter_add(axis, index, updates, &shape, &mut found), Ok(()));
                assert_eq!(scalar::scatter(axis, index, updates, &shape, &mut expected, |y, u| y + u), Ok(()));
                same(&found, &expected, &format!("scatter of {updates_layout:?}, {what}"));
            }
        }
    }
}

#[test]
fn all_layouts_are_read_and_added_to() {
    alone_and_shared(|| {
        check::<f32>();
        check::<f16>();
    });
}

/// The pattern of an embedding, large enough for several threads; the index speaks of all columns, or of the first.
#[test]
fn rows_are_read_and_added_whole() {
    let (table, rows) = (Shape::from([50, 100]), 900);
    let index = positions(&[rows], 50);
    let (x, updates) = (elements::<f32>(&[50, 100], fraction), elements::<f32>(&[rows, 100], fraction));
    for columns in [100, 96] {
        let shape = Shape::from([rows, columns]);
        let layout = Layout::contiguous(Shape::from([rows, 1])).broadcast(shape);
        let (index, plain) = (View::new(&index, &layout), Layout::contiguous(shape));
        alone_and_shared(|| {
            let (mut found, mut expected) = (x[..5000].to_vec(), x[..5000].to_vec());
            let updates = View::new(&updates, &plain);
            assert_eq!(K::<f32>::scatter_add(0, index, updates, &table, &mut found), Ok(()));
            assert_eq!(scalar::scatter(0, index, updates, &table, &mut expected, |y, u| y + u), Ok(()));
            same(&found, &expected, "scatter of rows");
            let (mut found, mut expected) = (vec![1.0; shape.elements()], vec![0.0; shape.elements()]);
            let table = Layout::contiguous(table);
            assert_eq!(K::<f32>::gather(0, View::new(&x, &table), index, &mut found), Ok(()));
            assert_eq!(scalar::gather(0, View::new(&x, &table), index, &mut expected), Ok(()));
            same(&found, &expected, "gather of rows");
        });
    }
}

#[test]
fn the_first_position_that_does_not_exist_is_named() {
    let (shape, x) = (Shape::from([3, 40]), elements::<f32>(&[3, 40], fraction));
    let plain = Layout::contiguous(shape);
    for (first, second) in [(7, 90), (-1, 3), (i32::MIN, i32::MAX), (3, 3)] {
        let mut index = vec![0; 120];
        (index[50], index[51], index[119]) = (first, second, 99);
        let (index, mut out) = (View::new(&index, &plain), vec![0.0; 120]);
        let expected = scalar::gather(0, View::new(&x, &plain), index, &mut out);
        assert!(expected.is_err_and(|error| error.index == first && error.bound == 3));
        assert_eq!(K::<f32>::gather(0, View::new(&x, &plain), index, &mut out), expected);
        assert_eq!(K::<f32>::scatter_add(0, index, View::new(&x, &plain), &shape, &mut out), expected);
    }
}
