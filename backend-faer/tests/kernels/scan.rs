//! Running sums and sorted orders beside the scalar ones.

use autodiff_core::bf16;
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, View};

use super::samples::{alone_and_shared, elements, fraction, layouts, same, special};
use super::{K, Tested};

const SHAPES: [&[usize]; 9] =
    [&[1], &[700], &[0, 3], &[3, 5], &[17, 33], &[5, 300], &[300, 5], &[3, 20, 35], &[2, 3, 4, 5]];

#[test]
fn running_sums_are_those_of_the_specification() {
    fn check<T: Tested>(shape: &[usize], f: fn(u16) -> f64) {
        let data = elements::<T>(shape, f);
        for layout in layouts(shape) {
            let x = View::new(&data, &layout);
            for (axis, reverse) in (0..shape.len()).flat_map(|axis| [(axis, false), (axis, true)]) {
                let len = shape.iter().product();
                let (mut found, mut expected) = (vec![T::one(); len], vec![T::zero(); len]);
                K::<T>::cumsum(axis, reverse, x, &mut found);
                scalar::cumsum(axis, reverse, x, &mut expected);
                same(&found, &expected, &format!("{layout:?} along {axis}, reverse {reverse}"));
            }
        }
    }
    alone_and_shared(|| {
        for shape in SHAPES {
            check::<f32>(shape, fraction);
            check::<bf16>(shape, fraction);
            check::<f64>(shape, special);
        }
    });
}

#[test]
fn orders_are_those_of_the_specification() {
    fn check<T: Tested>(shape: &[usize], f: fn(u16) -> f64) {
        let data = elements::<T>(shape, f);
        for layout in layouts(shape) {
            let x = View::new(&data, &layout);
            for descending in [false, true] {
                let len = shape.iter().product();
                let (mut found, mut expected) = (vec![-1; len], vec![-2; len]);
                K::<T>::argsort(descending, x, &mut found);
                scalar::argsort(descending, x, &mut expected);
                assert_eq!(found, expected, "{layout:?}, descending {descending}");
            }
        }
    }
    alone_and_shared(|| {
        for shape in SHAPES {
            check::<f32>(shape, special);
            check::<f64>(shape, special);
            check::<f64>(shape, fraction);
            check::<bf16>(shape, special);
        }
    });
}
