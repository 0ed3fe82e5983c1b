//! Reductions beside the scalar ones, at sizes around every threshold and in layouts of every kind.

use autodiff_core::{ArgReduce, Axes, Reduce, Shape, bf16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, View};

use super::samples::{alone_and_shared, elements, fraction, layouts, same, special, whole};
use super::{K, Tested};

const SHAPES: [&[usize]; 18] = [
    &[],
    &[1],
    &[31],
    &[32],
    &[33],
    &[511],
    &[1030],
    // One more than a part.
    &[131_073],
    &[3, 5],
    &[0, 3],
    &[40, 33],
    &[7, 129],
    &[131, 17],
    &[3, 2000],
    &[9000, 3],
    &[2, 300],
    &[3, 20, 35],
    &[2, 3, 4, 5],
];

fn sets(rank: usize) -> impl Iterator<Item = Axes> {
    (0..1_usize << rank).map(move |set| (0..rank).filter(|axis| set >> axis & 1 == 1).collect())
}

fn check<T: Tested>(kind: Reduce, shape: &[usize], data: &[T]) {
    for layout in layouts(shape) {
        for axes in sets(shape.len()) {
            let len = Shape::new(shape).reduced(axes).elements();
            let (mut found, mut expected) = (vec![T::one(); len], vec![T::zero(); len]);
            K::<T>::reduce(kind, axes, View::new(data, &layout), &mut found);
            scalar::reduce(kind, axes, View::new(data, &layout), &mut expected);
            same(&found, &expected, &format!("{} of {layout:?} along {axes:?}", kind.name()));
        }
    }
}

#[test]
fn exact_results_are_those_of_the_specification() {
    alone_and_shared(|| {
        for shape in SHAPES {
            for kind in [Reduce::Sum, Reduce::Mean] {
                check(kind, shape, &elements::<f32>(shape, whole));
            }
            check(Reduce::Sum, shape, &elements::<bf16>(shape, whole));
            check(Reduce::Prod, shape, &elements::<f64>(shape, |seed| if seed % 2 == 0 { -1.0 } else { 1.0 }));
        }
    });
}

#[test]
fn extremes_are_those_of_the_specification() {
    for shape in SHAPES {
        for kind in [Reduce::Max, Reduce::Min] {
            check(kind, shape, &elements::<f32>(shape, |seed| special(seed) + 0.0));
        }
        check(Reduce::Max, shape, &elements::<bf16>(shape, fraction));
    }
}

#[test]
fn sums_do_not_tell_strides_or_threads() {
    let one = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    alone_and_shared(|| {
        for shape in SHAPES {
            let numbers = elements::<f32>(shape, fraction);
            let plain = layouts(shape)[0];
            for axes in sets(shape.len()) {
                let len = Shape::new(shape).reduced(axes).elements();
                let mut expected = vec![0.0; len];
                one.install(|| K::<f32>::reduce(Reduce::Sum, axes, View::new(&numbers, &plain), &mut expected));
                for layout in layouts(shape).into_iter().take(4) {
                    let mut moved = vec![0.0; numbers.len()];
                    for ([to], &x) in layout.walk().zip(&numbers) {
                        moved[to] = x;
                    }
                    let mut found = vec![1.0; len];
                    K::<f32>::reduce(Reduce::Sum, axes, View::new(&moved, &layout), &mut found);
                    same(&found, &expected, &format!("{layout:?} along {axes:?}"));
                }
            }
        }
    });
}

#[test]
fn positions_are_those_of_the_specification() {
    fn check<T: Tested>(shape: &[usize], data: &[T]) {
        for layout in layouts(shape) {
            for axis in 0..shape.len() {
                for kind in [ArgReduce::Max, ArgReduce::Min] {
                    let len = Shape::new(shape).reduced(Axes::one(axis)).elements();
                    let (mut found, mut expected) = (vec![-1; len], vec![-2; len]);
                    K::<T>::arg_reduce(kind, axis, View::new(data, &layout), &mut found);
                    scalar::arg_reduce(kind, axis, View::new(data, &layout), &mut expected);
                    assert_eq!(found, expected, "{kind:?} of {layout:?} along {axis}");
                }
            }
        }
    }
    alone_and_shared(|| {
        for shape in SHAPES.into_iter().filter(|shape| !shape.contains(&0)) {
            check(shape, &elements::<f32>(shape, special));
            check(shape, &elements::<f64>(shape, fraction));
            check(shape, &elements::<bf16>(shape, whole));
        }
    });
}
