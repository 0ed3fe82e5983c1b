//! Against the scalar kernels: every way in which windows lie, in all strides, in every element.

use autodiff_core::{Axes, Order, Shape, Slide, Window, bf16, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, View};

use super::{K, Tested};

fn slide([kernel, stride, dilation, lo, hi]: [u32; 5]) -> Slide {
    Slide { kernel, stride, dilation, lo, hi }
}

/// Quarters, so that sums are exact; many of them equal.
fn numbers<T: Tested>(shape: &Shape) -> Vec<T> {
    let number = |at: usize| T::from_f64((at * 7919 % 31) as f64 / 4.0 - 3.0);
    (0..shape.elements()).map(number).collect()
}

fn layouts(shape: Shape) -> [Layout; 3] {
    let reversed: Vec<usize> = (0..shape.rank()).rev().collect();
    let order = Order::try_new(&reversed).unwrap();
    let flipped = Layout::contiguous(shape).flip(Axes::all(shape.rank()));
    [Layout::contiguous(shape), Layout::contiguous(shape.permuted(&order)).permute(&order), flipped]
}

fn check<T: Tested>(lead: &[usize], size: &[usize], slides: &[Slide], special: bool) {
    let window = Window::new(slides).unwrap();
    let windows: Vec<usize> = slides.iter().zip(size).map(|(slide, &size)| slide.windows(size).unwrap()).collect();
    let [x, y] = [size, &windows].map(|inner| Shape::new(&[lead, inner].concat()));
    let [mut dx, dy] = [numbers::<T>(&x), numbers::<T>(&y)];
    let what = format!("{} {lead:?} {size:?} {slides:?}", T::NAME);
    for way in 0..3 {
        let [lx, ly] = [layouts(x)[way], layouts(y)[way]];
        let [mut a, mut b] = [(); 2].map(|()| vec![T::nan(); y.elements()]);
        K::<T>::window_sum(&window, View::new(&dx, &lx), &y, &mut a);
        scalar::window_sum(&window, View::new(&dx, &lx), &y, &mut b);
        assert_eq!(a, b, "sum {what}");
        let [mut a, mut b] = [(); 2].map(|()| vec![T::nan(); x.elements()]);
        K::<T>::window_spread(&window, View::new(&dy, &ly), &x, &mut a);
        scalar::window_spread(&window, View::new(&dy, &ly), &x, &mut b);
        assert_eq!(a, b, "spread {what}");
    }
    if special {
        for (at, x) in dx.iter_mut().enumerate() {
            *x = [*x, T::nan(), T::neg_infinity(), T::neg_infinity(), T::neg_zero(), T::zero()][at * 31 % 6];
        }
    }
    for lx in layouts(x) {
        let [mut a, mut b] = [(); 2].map(|()| vec![-1; y.elements()]);
        K::<T>::window_arg_max(&window, View::new(&dx, &lx), &y, &mut a);
        scalar::window_arg_max(&window, View::new(&dx, &lx), &y, &mut b);
        assert_eq!(a, b, "arg_max {what}");
    }
}

#[test]
fn rows_of_every_length() {
    for special in [false, true] {
        for width in 2..20 {
            for of in [[2, 2, 1, 0, 0], [3, 1, 1, 1, 1], [3, 2, 1, 1, 1], [2, 3, 1, 0, 1], [2, 1, 2, 1, 1]] {
                let slides = [slide(of); 2];
                check::<f32>(&[2, 3], &[6, width + 2], &slides, special);
                check::<f64>(&[3], &[5, width + 2], &slides, special);
            }
        }
    }
}

#[test]
fn one_and_three_axes_mixed_slides_and_halves() {
    let all = [[2, 2, 1, 0, 0], [3, 2, 1, 1, 0], [2, 2, 1, 0, 1], [1, 1, 1, 0, 0]].map(slide);
    for special in [false, true] {
        for last in all {
            check::<f32>(&[], &[37], &[last], special);
            for first in all {
                check::<f32>(&[2, 2, 1], &[5, 8], &[first, last], special);
                check::<f16>(&[2], &[5, 9], &[first, last], special);
                check::<bf16>(&[2], &[6, 9], &[first, last], special);
                check::<f32>(&[2], &[3, 4, 6], &[first, all[1], last], special);
            }
        }
    }
}

#[test]
fn large_planes_are_shared_by_threads() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    pool.install(|| check::<f32>(&[7, 11], &[34, 35], &[slide([2, 2, 1, 0, 0]); 2], false));
}
