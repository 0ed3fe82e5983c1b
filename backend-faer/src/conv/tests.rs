//! Registers of both sizes, whichever the processor has.

use autodiff_core::{Shape, Slide, Window};
use backend_cpu::kernels::scalar;
use backend_cpu::{Layout, View};

use super::correlate::{Correlation, Role};
use super::grid::{Grid, five};
use super::weight::WeightGrad;
use super::{Axis, forward};
use crate::half::Stored;
use crate::registers::{Lanes, Tile};

/// Whole numbers, whose sums are exact in any order.
fn numbers<T: Tile>(count: usize, step: usize) -> Vec<T> {
    let number = |i: usize| u8::try_from(i * step % 13).map_or(0.0, |x| f64::from(x) - 6.0);
    (0..count).map(|i| T::from_f64(number(i))).collect()
}

fn both_ways<L: Lanes<Of: Stored<Real = L::Of>>>() {
    // Rows that fill registers of either size, or none; outputs that do; one of each alone.
    for [n, c, o, size, kernel, pad] in
        [[2, 3, 16, 33, 3, 1], [3, 6, 5, 14, 5, 0], [1, 17, 40, 6, 3, 1], [2, 1, 1, 18, 2, 0]]
    {
        let [taps, lo] = [kernel, pad].map(|x| u32::try_from(x).unwrap());
        let slide = Slide { kernel: taps, stride: 1, dilation: 1, lo, hi: lo };
        let window = Window::new(&[slide, slide]).unwrap();
        let to = size + 2 * pad - kernel + 1;
        let shapes = [[n, c, size, size], [o, c, kernel, kernel], [n, o, to, to]].map(Shape::from);
        let layouts = shapes.map(Layout::contiguous);
        let [x, w, y] = [(0, 5), (1, 7), (2, 11)].map(|(at, step)| numbers::<L::Of>(shapes[at].elements(), step));
        let views = [View::new(&x, &layouts[0]), View::new(&w, &layouts[1]), View::new(&y, &layouts[2])];
        let [x, w, y] = views.map(Grid::new);
        let what = format!("{shapes:?} by {} lanes", L::COUNT);

        let [_, _, t0, t1, t2] = five(&shapes[2]);
        let (mut found, mut expected) = (numbers(shapes[2].elements(), 3), numbers(shapes[2].elements(), 2));
        let plan =
            Correlation::<L>::new(forward(&window, &x, [t0, t1, t2]).unwrap(), 1, &w, Role::Forward, [t0, t1, t2]);
        assert!(plan.unwrap().run(&x, &mut found));
        scalar::conv(&window, 1, views[0], views[1], &shapes[2], &mut expected);
        assert_eq!(found, expected, "{what}");

        let ([_, _, e0, e1, e2], [s0, s1, s2]) = (five(&shapes[0]), window.all());
        let (mut found, mut expected) = (numbers(shapes[0].elements(), 3), numbers(shapes[0].elements(), 2));
        let axes = [Axis::cells(s0, t0, e0), Axis::cells(s1, t1, e1), Axis::cells(s2, t2, e2)];
        assert!(Correlation::<L>::new(axes, 1, &w, Role::Adjoint, [e0, e1, e2]).unwrap().run(&y, &mut found));
        scalar::conv_input_grad(&window, 1, views[2], views[1], &shapes[0], &mut expected);
        assert_eq!(found, expected, "input gradient, {what}");

        let (mut found, mut expected) = (numbers(shapes[1].elements(), 3), numbers(shapes[1].elements(), 2));
        let axes = forward(&window, &x, [t0, t1, t2]).unwrap();
        assert!(WeightGrad::<L>::new(axes, 1, &x, &y).run(&x, &y, &mut found));
        scalar::conv_weight_grad(&window, 1, views[0], views[2], &shapes[1], &mut expected);
        assert_eq!(found, expected, "weight gradient, {what}");
    }
}

#[test]
fn registers_of_either_size() {
    both_ways::<<f32 as Tile>::Narrow>();
    both_ways::<<f32 as Tile>::Wide>();
    both_ways::<<f64 as Tile>::Narrow>();
    both_ways::<<f64 as Tile>::Wide>();
}
