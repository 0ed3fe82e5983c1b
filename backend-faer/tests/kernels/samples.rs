//! Views and numbers that the tests of kernels go through.

use autodiff_core::{Axes, Element, Order, Shape};
use backend_cpu::Layout;

/// Layouts of every kind that have this shape.
pub(super) fn layouts(shape: &[usize]) -> Vec<Layout> {
    let (shape, rank) = (Shape::new(shape), shape.len());
    let plain = Layout::contiguous(shape);
    let Some(last) = rank.checked_sub(1) else { return vec![plain] };
    let backwards: Vec<usize> = (0..rank).rev().collect();
    let order = Order::try_new(&backwards).unwrap();
    let wide = shape.with(last, 2 * shape[last] + 1);
    vec![
        plain,
        Layout::contiguous(shape.permuted(&order)).offset_by(3).permute(&order),
        Layout::contiguous(wide).slice(last, 1, 2 * shape[last] + 1, 2),
        plain.flip(Axes::all(rank)),
        Layout::contiguous(shape.with(0, 1)).broadcast(shape),
        Layout::contiguous(shape.with(last, 1)).broadcast(shape),
    ]
}

/// As many elements as a layout of [`layouts`] refers to, made of numbers below 2^16.
pub(super) fn elements<T: Element>(shape: &[usize], f: impl Fn(u16) -> f64) -> Vec<T> {
    let count = 3 * shape.iter().product::<usize>() + 8;
    (0..count as u64).map(|i| T::from_f64(f((i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16))).collect()
}

/// Whole numbers from -8 to 7: sums of some are exact in any order.
pub(super) fn whole(seed: u16) -> f64 {
    f64::from(seed >> 12) - 8.0
}

/// Numbers between -4 and 4.
pub(super) fn fraction(seed: u16) -> f64 {
    f64::from(seed) / 8192.0 - 4.0
}

/// Few numbers, so that there are ties; some of them zeros of both signs, infinities and NaN.
pub(super) fn special(seed: u16) -> f64 {
    match seed % 257 {
        0 => f64::NAN,
        1 => f64::INFINITY,
        2 => f64::NEG_INFINITY,
        3..40 => -0.0,
        40..80 => 0.0,
        other => f64::from(other % 7) - 3.0,
    }
}

/// Does some work outside of any pool, and inside of one of three threads.
pub(super) fn alone_and_shared(work: impl Fn() + Sync) {
    work();
    rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap().install(&work);
}

/// The same numbers, NaN and the signs of zeros among them.
#[track_caller]
pub(super) fn same<T: Element>(found: &[T], expected: &[T], what: &str) {
    let one = |x: T| if x.is_nan() { None } else { Some(x.bits()) };
    let differs = found.iter().zip(expected).position(|(&a, &b)| one(a) != one(b));
    if let Some(at) = differs {
        panic!("{what}: {} at {at}, not {}", found[at], expected[at]);
    }
}
