//! Products beside the plain loop, exactly, on any number of threads.

use autodiff_core::{Shape, bf16, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, View};
use rayon::ThreadPoolBuilder;

use super::{K, Tested};

/// Below 2 in steps of 1/64: sums of a thousand products are exact in `f32`, in whatever order.
fn numbers<T: Tested>(len: usize, seed: u32) -> Vec<T> {
    let step = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some(T::from_f64(f64::from(*state >> 24) / 64.0 - 2.0))
    };
    (0..len).scan(seed, |state, _| step(state)).collect()
}

/// How a factor's matrices lie in memory.
#[derive(Clone, Copy, Debug)]
enum Lie {
    Rows,
    Columns,
    Stepped,
    Backwards,
    Shared,
}

const ALL: [Lie; 5] = [Lie::Rows, Lie::Columns, Lie::Stepped, Lie::Backwards, Lie::Shared];

fn laid<T: Tested>(lie: Lie, [batch, rows, cols]: [usize; 3], seed: u32) -> (Vec<T>, Layout) {
    let order = autodiff_core::Order::try_new(&[0, 2, 1]).unwrap();
    let (stored, layout): (_, fn(Layout, [usize; 3]) -> Layout) = match lie {
        Lie::Rows => ([batch, rows, cols], |layout, _| layout),
        Lie::Columns => ([batch, cols, rows], |layout, _| layout),
        Lie::Stepped => ([batch, rows, 2 * cols], |layout, [.., cols]| layout.slice(2, 1.min(cols), 2 * cols, 2)),
        Lie::Backwards => ([batch, rows, cols], |layout, _| layout.flip(autodiff_core::Axes::one(2))),
        Lie::Shared => ([1, rows, cols], |layout, shape| layout.broadcast(shape.into())),
    };
    let layout = layout(Layout::contiguous(Shape::from(stored)), [batch, rows, cols]);
    let layout = if matches!(lie, Lie::Columns) { layout.permute(&order) } else { layout };
    (numbers(Shape::from(stored).elements(), seed), layout)
}

#[track_caller]
fn check<T: Tested>([batch, m, k, n]: [usize; 4], lies: [Lie; 2]) {
    let (a, a_layout) = laid::<T>(lies[0], [batch, m, k], 1);
    let (b, b_layout) = laid::<T>(lies[1], [batch, k, n], 2);
    let (a, b) = (View::new(&a, &a_layout), View::new(&b, &b_layout));
    let start = numbers::<T>(batch * m * n, 3);
    for accumulate in [false, true] {
        let mut expected = start.clone();
        scalar::matmul(a, b, &mut expected, accumulate);
        let on = |threads| {
            let mut found = start.clone();
            let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| K::<T>::matmul(a, b, &mut found, accumulate));
            found
        };
        let found = on(1);
        for (place, (x, y)) in found.iter().zip(&expected).enumerate() {
            assert!(x == y, "{batch} {m} {k} {n} {lies:?} at {place}: {x} for {y}");
        }
        let bits = |all: &[T]| all.iter().map(|x| x.bits()).collect::<Vec<_>>();
        assert!(bits(&on(2)) == bits(&found), "2 threads, {batch} {m} {k} {n}");
        assert!(bits(&on(4)) == bits(&found), "4 threads, {batch} {m} {k} {n}");
    }
}

#[test]
fn agrees_with_the_plain_loop_on_any_number_of_threads() {
    let shapes =
        [[1, 1, 1, 1], [1, 3, 0, 2], [2, 0, 3, 2], [1, 5, 7, 3], [3, 17, 9, 33], [1, 1, 70, 300], [1, 600, 30, 5]];
    for shape in shapes {
        for a in ALL {
            for b in ALL {
                check::<f32>(shape, [a, b]);
                check::<f64>(shape, [a, b]);
            }
        }
    }
}

#[test]
fn halves_are_added_up_in_single() {
    for shape in [[1, 3, 0, 2], [2, 5, 7, 3], [1, 130, 600, 70], [1, 1, 700, 130]] {
        for lie in ALL {
            check::<f16>(shape, [lie, Lie::Rows]);
            check::<bf16>(shape, [Lie::Columns, lie]);
        }
    }
}

#[test]
fn large_products_have_the_same_bits_on_any_number_of_threads() {
    for shape in [[1, 200, 210, 190], [4, 96, 200, 128], [1, 1000, 500, 5], [1, 300, 700, 300], [1, 512, 128, 784]] {
        check::<f32>(shape, [Lie::Rows, Lie::Columns]);
    }
}

/// Not exact, so that another order of sums would show.
fn fractions<T: Tested>(len: usize, seed: u32) -> Vec<T> {
    numbers::<T>(len, seed).into_iter().zip(3_u32..).map(|(x, i)| T::from_f64(x.into_f64() / f64::from(i))).collect()
}

/// What [`autodiff_core::Accumulate`] relies on: of so few summands, a product that is added up where the sum is has the bits
/// of one that is computed apart and then added.
#[track_caller]
fn added_up_as_apart<T: Tested>([m, k, n]: [usize; 3]) {
    let (a, b, c) = (fractions::<T>(m * k, 1), fractions::<T>(k * n, 2), fractions::<T>(m * n, 3));
    let layouts = [[m, k], [k, n]].map(|shape| Layout::contiguous(Shape::from(shape)));
    let (a, b) = (View::new(&a, &layouts[0]), View::new(&b, &layouts[1]));
    let (mut apart, mut there) = (c.clone(), c.clone());
    K::<T>::matmul(a, b, &mut apart, false);
    K::<T>::matmul(a, b, &mut there, true);
    for ((apart, there), c) in apart.iter().zip(&there).zip(&c) {
        let sum = T::from_f64(apart.into_f64() + c.into_f64());
        assert!(sum.bits() == there.bits(), "{m} {k} {n}: {sum} for {there}");
    }
}

#[test]
fn short_products_are_added_up_as_if_they_were_computed_apart() {
    for k in [2, 3, 15, 16, 17, 32, 64, 100, 255, 256] {
        for [m, n] in [[2, 2], [2, 40], [40, 2], [2, 3], [7, 9], [16, 32], [33, 65], [128, 128], [3, 400], [300, 5]] {
            added_up_as_apart::<f32>([m, k, n]);
            added_up_as_apart::<f64>([m, k, n]);
        }
    }
}

/// What [`autodiff_core::AbsorbTransposes`] relies on: a product and the product of the transposed factors have the same bits.
#[track_caller]
fn same_turned_over<T: Tested>([m, k, n]: [usize; 3], turned: bool) {
    let (a, b) = (fractions::<T>(m * k, 1), fractions::<T>(k * n, 2));
    let swap = autodiff_core::Order::try_new(&[1, 0]).unwrap();
    let lie = |rows, cols, turned: bool| {
        if turned {
            Layout::contiguous([cols, rows].into()).permute(&swap)
        } else {
            Layout::contiguous([rows, cols].into())
        }
    };
    let (a_layout, b_layout) = (lie(m, k, turned), lie(k, n, !turned));
    let (a_turned, b_turned) = (a_layout.permute(&swap), b_layout.permute(&swap));
    let (mut ab, mut ba) = (vec![T::from_f64(0.0); m * n], vec![T::from_f64(0.0); m * n]);
    K::<T>::matmul(View::new(&a, &a_layout), View::new(&b, &b_layout), &mut ab, false);
    K::<T>::matmul(View::new(&b, &b_turned), View::new(&a, &a_turned), &mut ba, false);
    for row in 0..m {
        for col in 0..n {
            assert!(ab[row * n + col].bits() == ba[col * m + row].bits(), "{m} {k} {n} at {row} {col}");
        }
    }
}

#[test]
fn products_turned_over_have_the_same_bits() {
    for k in [1, 2, 3, 15, 32, 100, 257, 784, 1500] {
        for [m, n] in [[2, 2], [2, 40], [40, 2], [7, 9], [33, 65], [128, 130], [3, 400], [300, 5], [10, 784], [700, 20]]
        {
            for turned in [false, true] {
                same_turned_over::<f32>([m, k, n], turned);
                same_turned_over::<f64>([m, k, n], turned);
            }
        }
    }
}

#[test]
fn a_vector_has_the_same_product_however_it_lies() {
    for k in [2, 3, 8, 33, 400] {
        for (m, n) in [(1, 1), (1, 5), (5, 1)] {
            let [a, b] = [fractions::<f64>(2 * m * k, 1), fractions::<f64>(2 * k * n, 2)];
            let product = |step: bool| {
                let lie = |numbers: &[f64], rows: usize, cols: usize| {
                    let every = if step { 2 } else { 1 };
                    let layout = Layout::contiguous([rows, every * cols].into()).slice(1, 0, every * cols, every);
                    let layout = if cols == 1 && step {
                        Layout::contiguous([every * rows, 1].into()).slice(0, 0, every * rows, every)
                    } else {
                        layout
                    };
                    // The same numbers, one behind another or with others between them.
                    let numbers: Vec<f64> = if step {
                        numbers[..rows * cols].iter().flat_map(|&x| [x, 0.5]).collect()
                    } else {
                        numbers[..rows * cols].to_vec()
                    };
                    (numbers, layout)
                };
                let ((a, a_layout), (b, b_layout)) = (lie(&a, m, k), lie(&b, k, n));
                let mut out = vec![0.0; m * n];
                K::<f64>::matmul(View::new(&a, &a_layout), View::new(&b, &b_layout), &mut out, false);
                out.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            assert_eq!(product(true), product(false), "{m} {k} {n}");
        }
    }
}

#[test]
fn few_columns_or_rows_agree_with_the_plain_loop() {
    for few in 2..=9 {
        for shape in
            [[1, 700, 90, few], [1, few, 90, 1300], [1, 100, 1100, few], [1, few, 1030, 67], [2, 130, 260, few]]
        {
            check::<f32>(shape, [Lie::Rows, Lie::Columns]);
            check::<f64>(shape, [Lie::Columns, Lie::Rows]);
        }
    }
    for lie in ALL {
        check::<f32>([1, 515, 101, 5], [lie, Lie::Columns]);
        check::<f32>([1, 5, 101, 515], [Lie::Rows, lie]);
    }
}

/// The order of sums does not tell by rows or by columns the large factor was read.
#[test]
fn few_columns_have_the_same_bits_however_the_large_factor_lies() {
    let swap = autodiff_core::Order::try_new(&[1, 0]).unwrap();
    for [m, k, n] in [[700, 90, 2], [133, 1100, 5], [64, 2600, 3], [515, 64, 8]] {
        let (a, b) = (fractions::<f32>(m * k, 1), fractions::<f32>(k * n, 2));
        let by_columns: Vec<f32> = (0..m * k).map(|at| a[at % m * k + at / m]).collect();
        let apart: Vec<f32> = a.iter().flat_map(|&x| [x, 0.5]).collect();
        let layouts = [
            Layout::contiguous([m, k].into()),
            Layout::contiguous([k, m].into()).permute(&swap),
            Layout::contiguous([m, 2 * k].into()).slice(1, 0, 2 * k, 2),
        ];
        let small = Layout::contiguous([k, n].into());
        let [rows, columns, stepped] = [(&a, 0), (&by_columns, 1), (&apart, 2)].map(|(data, layout)| {
            let mut out = vec![0.0; m * n];
            K::<f32>::matmul(View::new(data, &layouts[layout]), View::new(&b, &small), &mut out, false);
            out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        });
        assert!(rows == columns && rows == stepped, "{m} {k} {n}");
    }
}

/// Nor how the matrices of a batch do.
#[test]
fn few_columns_have_the_same_bits_however_a_batch_lies() {
    for [m, k, n] in [[40, 1024, 4], [80, 1030, 4], [4, 1024, 70]] {
        let (a, b) = (fractions::<f32>(2 * m * k, 1), fractions::<f32>(k * n, 2));
        let [both, shared] = [[2, k, n], [1, k, n]].map(|shape| Layout::contiguous(Shape::from(shape)));
        let apart: Vec<f32> = a.chunks(m * k).flat_map(|a| a.iter().copied().chain(vec![0.5; k])).collect();
        let [dense, sliced] = [m, m + 1].map(|rows| Layout::contiguous(Shape::from([2, rows, k])).slice(1, 0, m, 1));
        let twice = b.repeat(2);
        let run = |a: &[f32], a_layout: &Layout, b: &[f32], b_layout: &Layout| {
            let mut out = vec![0.0; 2 * m * n];
            K::<f32>::matmul(View::new(a, a_layout), View::new(b, b_layout), &mut out, false);
            out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let expected = run(&a, &dense, &twice, &both);
        let broadcast = shared.broadcast([2, k, n].into());
        assert!(run(&a, &dense, &b, &broadcast) == expected, "shared, {m} {k} {n}");
        assert!(run(&apart, &sliced, &b, &broadcast) == expected, "sliced, {m} {k} {n}");
    }
}
