//! All loops against the scalar ones, whatever the strides, on one thread and on several.

use core::fmt::Debug;

use autodiff_core::{Axes, Binary, Compare, Element, Order, Shape, Unary, bf16, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, Number, Side, View};

use super::{K, Tested};

pub(super) const BINARY: [Binary; 8] =
    [Binary::Add, Binary::Sub, Binary::Mul, Binary::Div, Binary::Pow, Binary::Atan2, Binary::Max, Binary::Min];

/// Layouts of one shape in a common slice: every pattern of strides.
fn layouts(shape: Shape) -> Vec<Layout> {
    let mut all = vec![Layout::contiguous(shape), Layout::contiguous(Shape::SCALAR).broadcast(shape)];
    let rank = shape.rank();
    for axis in 0..rank {
        all.push(Layout::contiguous(shape.with(axis, 1)).broadcast(shape));
        all.push(Layout::contiguous(shape).flip(Axes::one(axis)));
        let wide = shape.with(axis, 2 * shape[axis] + 1);
        all.push(Layout::contiguous(wide).slice(axis, 1, wide[axis], 2));
        let mut order: Vec<usize> = (0..rank).collect();
        order.swap(axis, rank - 1);
        let order = Order::try_new(&order).unwrap();
        all.push(Layout::contiguous(shape.permuted(&order)).permute(&order));
    }
    all
}

/// Around every size at which a loop changes.
fn shapes() -> Vec<Shape> {
    let mut all: Vec<Shape> = [0, 1, 7, 63, 64, 257, 600].map(|n| Shape::from([n])).to_vec();
    all.extend([[3, 5], [90, 3], [9, 63], [5, 64], [3, 300], [33, 17], [90, 1], [0, 4]].map(Shape::from));
    all.extend([[2, 16, 9], [2, 17, 18], [2, 5, 70]].map(Shape::from));
    all.push(Shape::from([2, 3, 2, 5]));
    all
}

/// Numbers of both signs with the special ones among them, enough for all layouts of a shape.
fn numbers<T: Element>(shape: Shape, seed: usize) -> Vec<T> {
    const SPECIAL: [f64; 6] = [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e7];
    let count = 4 * shape.elements() + 40;
    let number = |i: usize| match (i * 37 + seed * 11) % 67 {
        n @ 0..=5 => SPECIAL[n],
        n => (f64::from(u8::try_from(n).unwrap()) - 36.0) * 0.125,
    };
    (0..count).map(|i| T::from_f64(number(i))).collect()
}

/// Runs both on garbage of the shape's size, ours also inside a pool; results must be equal to within `ulps`.
#[track_caller]
pub(super) fn check<T: Number>(
    what: &dyn Debug,
    shape: Shape,
    garbage: T,
    ulps: f64,
    ours: impl Fn(&mut [T]) + Sync,
    plain: impl Fn(&mut [T]),
) {
    let new = || vec![garbage; shape.elements()];
    let (mut found, mut expected) = (new(), new());
    ours(&mut found);
    plain(&mut expected);
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let (x, y) = (found.to_wide(), expected.to_wide());
        let same = x.to_bits() == y.to_bits() || x.is_nan() && y.is_nan();
        let near = ulps > 0.0 && (x - y).abs() <= ulps * y.abs();
        assert!(same || near, "{what:?} of {shape} at {at}: {found:?}, scalar {expected:?}");
    }
}

pub(super) fn tolerance<T: Element>(f: impl Debug) -> f64 {
    let exact = ["Neg", "Abs", "Relu", "Floor", "Round", "Sqrt", "Add", "Sub", "Mul", "Div", "Max", "Min"];
    let digits = 1 - i32::try_from(T::MANTISSA_DIGITS).unwrap();
    if exact.contains(&format!("{f:?}").as_str()) { 0.0 } else { libm::ldexp(6.0, digits) }
}

fn every_stride<T: Tested>() {
    for shape in shapes() {
        let (x, y, c) = (numbers::<T>(shape, 1), numbers::<T>(shape, 2), numbers::<f32>(shape, 3));
        let all = layouts(shape);
        for (n, one) in all.iter().enumerate() {
            let a = View::new(&x, one);
            for f in [Unary::Neg, Unary::Exp, Unary::Relu, Unary::Sin] {
                let plain = |out: &mut [T]| scalar::unary(f, a, out);
                check(&(f, one), shape, T::one(), tolerance::<T>(f), |out| K::<T>::unary(f, a, out), plain);
            }
            check(&one, shape, T::one(), 0.0, |out| K::<T>::copy(a, out), |out| scalar::copy(a, out));
            check(&one, shape, 7, 0.0, |out| K::<T>::cast(a, out), |out| scalar::cast(a, out));
            check(&one, shape, 7.0_f64, 0.0, |out| K::<T>::cast(a, out), |out| scalar::cast(a, out));
            check(&one, shape, f16::ONE, 0.0, |out| K::<T>::cast(a, out), |out| scalar::cast(a, out));
            check(&one, shape, bf16::ONE, 0.0, |out| K::<T>::cast(a, out), |out| scalar::cast(a, out));
            // Each with itself, with what is contiguous, and with the next.
            for other in [*one, all[0], all[(n + 1) % all.len()]] {
                let b = View::new(&y, &other);
                two(shape, a, b);
                let condition = View::new(&c, &other);
                let plain = |out: &mut [T]| scalar::select(condition, b, a, out);
                check(&(one, other), shape, T::one(), 0.0, |out| K::<T>::select(condition, b, a, out), plain);
            }
        }
    }
}

fn two<T: Tested>(shape: Shape, a: View<'_, T>, b: View<'_, T>) {
    let what = (a.layout(), b.layout());
    for f in BINARY {
        let bound = tolerance::<T>(f);
        let plain = |out: &mut [T]| scalar::binary(f, a, b, out);
        check(&(f, what), shape, T::one(), bound, |out| K::<T>::binary(f, a, b, out), plain);
    }
    for (f, side) in [(Binary::Sub, Side::Left), (Binary::Sub, Side::Right), (Binary::Max, Side::Right)] {
        let ours = |out: &mut [T]| {
            scalar::copy(a, out);
            K::<T>::binary_in_place(f, side, out, b);
        };
        let plain = |out: &mut [T]| {
            scalar::copy(a, out);
            scalar::binary_in_place(f, side, out, b);
        };
        check(&(f, side, what), shape, T::one(), 0.0, ours, plain);
    }
    for f in [Compare::Eq, Compare::Lt, Compare::Le] {
        let plain = |out: &mut [f32]| scalar::compare(f, a, b, out);
        check(&(f, what), shape, 7.0, 0.0, |out| K::<T>::compare(f, a, b, out), plain);
    }
}

#[test]
fn any_strides() {
    every_stride::<f32>();
    every_stride::<f64>();
    every_stride::<f16>();
    every_stride::<bf16>();
}

#[test]
fn every_function_and_in_place() {
    fn of<T: Tested>() {
        let shape = Shape::from([500]);
        let (x, layout) = (numbers::<T>(shape, 5), Layout::contiguous(shape));
        let x = View::new(&x, &layout);
        for f in Unary::ALL {
            let bound = tolerance::<T>(f);
            let in_place = |out: &mut [T]| {
                scalar::copy(x, out);
                K::<T>::unary_in_place(f, out);
            };
            check(&f, shape, T::one(), bound, |out| K::<T>::unary(f, x, out), |out| scalar::unary(f, x, out));
            check(&f, shape, T::one(), bound, in_place, |out| scalar::unary(f, x, out));
        }
    }
    of::<f32>();
    of::<f64>();
    of::<f16>();
    of::<bf16>();
}

#[test]
fn threads_change_no_bit() {
    let shape = Shape::from([200, 300]);
    let (x, y) = (numbers::<f32>(shape, 1), numbers::<f32>(shape, 2));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
    for layout in layouts(shape) {
        let (a, b) = (View::new(&x, &layout), View::new(&y, &layout));
        let run = || {
            let mut all = vec![vec![0.0_f32; shape.elements()]; 6];
            K::<f32>::unary(Unary::Sin, a, &mut all[0]);
            K::<f32>::binary(Binary::Pow, a, b, &mut all[1]);
            K::<f32>::copy(a, &mut all[2]);
            K::<f32>::compare(Compare::Lt, a, b, &mut all[3]);
            K::<f32>::select(a, b, a, &mut all[4]);
            scalar::copy(b, &mut all[5]);
            K::<f32>::binary_in_place(Binary::Sub, Side::Right, &mut all[5], a);
            all.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(run(), pool.install(run), "{layout:?}");
    }
}
