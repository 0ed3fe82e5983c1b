//! Kernels of rows beside the bodies of the composites, computed in `f64`.

use autodiff_core::{Axes, Composite, Element, Scalar, Shape, Tensor, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Cpu, Kernels, Layout, View};

use super::samples::{alone_and_shared, elements, fraction, layouts, special};
use super::{K, Tested};

const SHAPES: [&[usize]; 10] =
    [&[1], &[700], &[0, 3], &[3, 5], &[17, 33], &[5, 600], &[600, 5], &[3, 20, 35], &[40, 6, 40], &[2, 3, 4, 5]];

fn composites(rank: usize) -> Vec<Composite> {
    let mut all = vec![Composite::Softplus, Composite::Gelu];
    for axis in 0..rank {
        let number = axis as u8;
        all.extend([Composite::Softmax { axis: number }, Composite::LogSoftmax { axis: number }]);
        all.push(Composite::LogSumExp { axis: number });
        let others = (0..rank).filter(|&other| other != axis).fold(Axes::default(), Axes::with);
        for axes in [Axes::one(axis), Axes::all(rank), others] {
            let eps = Scalar::new(0.01);
            all.extend([Composite::Standardize { axes, eps }, Composite::RmsNorm { axes, eps }]);
        }
    }
    all
}

fn check<T: Tested>(shape: &[usize], f: fn(u16) -> f64, tolerance: f64) {
    let data = elements::<T>(shape, f);
    for layout in layouts(shape) {
        let x = View::new(&data, &layout);
        for kind in composites(shape.len()) {
            compare(&kind, &[x], tolerance);
        }
        for axis in 0..=shape.len() {
            let parameter = elements::<T>(&shape[axis..], f);
            let of_all = layouts(&shape[axis..]);
            // The weight as it should be, the bias in another way where there is one.
            let [weight, bias] = [0, 1 % of_all.len()].map(|number| View::new(&parameter, &of_all[number]));
            compare(&Composite::LayerNorm { eps: Scalar::new(0.01) }, &[x, weight, bias], tolerance);
        }
    }
}

fn compare<T: Tested>(kind: &Composite, inputs: &[View<'_, T>], tolerance: f64) {
    let wide =
        |x: &View<'_, T>| Tensor::<Cpu<f64>>::new(&x.iter().map(Element::into_f64).collect::<Vec<_>>(), *x.shape());
    let expected = kind.body(&inputs.iter().map(wide).collect::<Vec<_>>()).to_vec();
    let mut found = vec![T::one(); expected.len()];
    K::<T>::composite(kind, inputs, &mut found);
    for (found, expected) in found.iter().map(|y| y.into_f64()).zip(expected) {
        let close = (found - expected).abs() <= tolerance * expected.abs().max(1.0);
        assert!(
            close || found == expected || found.is_nan() && expected.is_nan(),
            "{kind:?} of {:?}: {found}, not {expected}",
            inputs[0].layout()
        );
    }
}

#[test]
fn kernels_mean_what_bodies_mean() {
    alone_and_shared(|| {
        for shape in SHAPES {
            check::<f32>(shape, fraction, 1e-5);
            check::<f16>(shape, fraction, 1e-3);
            check::<f64>(shape, fraction, 1e-13);
        }
    });
}

#[test]
fn infinities_and_nan_go_where_bodies_let_them() {
    for shape in [&[7][..], &[40, 3], &[3, 40], &[2, 40, 3]] {
        check::<f32>(shape, special, 1e-5);
        check::<f32>(shape, |seed| if seed % 3 == 0 { f64::NEG_INFINITY } else { fraction(seed) }, 1e-5);
        check::<f32>(shape, |_| f64::NEG_INFINITY, 1e-5);
    }
}

#[test]
fn losses_are_those_of_the_specification() {
    alone_and_shared(|| {
        for shape in SHAPES.into_iter().filter(|shape| shape.len() > 1) {
            let (rows, classes) = (&shape[..shape.len() - 1], shape[shape.len() - 1]);
            let labels: Vec<i32> =
                elements::<f64>(rows, f64::from).iter().map(|&x| x as i32 % classes as i32).collect();
            let data = elements::<f32>(shape, fraction);
            for (layout, label_layout) in layouts(shape).iter().zip(layouts(rows)) {
                let len = rows.iter().product();
                let (mut found, mut expected) = (vec![1.0; len], vec![0.0; len]);
                let labels = View::new(&labels, &label_layout);
                assert_eq!(K::<f32>::cross_entropy(View::new(&data, layout), labels, &mut found), Ok(()));
                assert_eq!(scalar::cross_entropy(View::new(&data, layout), labels, &mut expected), Ok(()));
                for (found, expected) in found.into_iter().zip(expected) {
                    assert!((found - expected).abs() <= 1e-5 * expected.abs().max(1.0), "{found}, not {expected}");
                }
            }
        }
    });
}

#[test]
fn the_first_label_that_is_no_class_is_named() {
    let (logits, plain) = (vec![0.0_f32; 60], Layout::contiguous(Shape::from([20, 3])));
    for (first, second) in [(3, -1), (-1, 7), (i32::MIN, 3)] {
        let mut labels = vec![2; 20];
        (labels[4], labels[18]) = (first, second);
        let layout = Layout::contiguous(Shape::from([20]));
        let (labels, mut out) = (View::new(&labels, &layout), vec![0.0; 20]);
        let expected = scalar::cross_entropy(View::new(&logits, &plain), labels, &mut out);
        assert!(expected.is_err_and(|error| error.index == first));
        assert_eq!(K::<f32>::cross_entropy(View::new(&logits, &plain), labels, &mut out), expected);
    }
}
