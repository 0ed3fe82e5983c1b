//! Products with few columns: every number of the large factor is read once, and meets all columns while it is in a register.
//!
//! The large factor is read as it lies, by rows or by columns, and the bits do not tell which: each sum goes through the
//! columns in their order, in parts that the shape alone decides.

use crate::par;
use crate::registers::{Lanes, Tile};
use crate::scratch::Room;
use crate::simd::{Isa, Job, compiled};

use super::matrix::Matrix;

/// The most columns.
pub(super) const FEW: usize = 8;
/// So many numbers of the large factor make it worth while.
const LARGE: usize = 1 << 15;
/// So many rows of it are taken together.
const ROWS: usize = 64;
/// So many sums for each column stay in the nearest cache, where columns are added up.
const STRIP: usize = 512;
/// So many of its columns are a part of the sums.
const PART: usize = 1024;
/// So many of its columns are in registers at a time.
const ABREAST: usize = 4;
/// So many rows share each number of the small factor.
const TOGETHER: usize = 8;

/// Whether products of this shape are computed here, `[m, k] x [k, n]`: the same as for the transposed product.
pub(super) const fn takes([m, k, n]: [usize; 3]) -> bool {
    let (few, many) = if m < n { (m, n) } else { (n, m) };
    few > 1 && few <= FEW && many >= ROWS && k >= ROWS && many * k >= LARGE
}

/// `out = a b`, where `b` has few columns.
pub(super) fn product<L: Lanes>(a: Matrix<'_, L::Of>, b: Matrix<'_, L::Of>, out: &mut [L::Of]) {
    if !a.has_columns() {
        return by_rows(a, b, out);
    }
    par::fixed(out, STRIP * b.cols(), |strip, out| {
        let a = a.rows_from(strip * STRIP, out.len() / b.cols());
        match b.cols() {
            2 => by_columns::<L, 2>(a, b, out),
            3 | 4 => by_columns::<L, 4>(a, b, out),
            5 | 6 => by_columns::<L, 6>(a, b, out),
            _ => by_columns::<L, FEW>(a, b, out),
        }
    });
}

fn by_rows<T: Tile>(a: Matrix<'_, T>, b: Matrix<'_, T>, out: &mut [T]) {
    let (k, n) = (a.cols(), b.cols());
    let mut wide = Room::filled([T::default(); FEW], k);
    for (row, wide) in wide.iter_mut().enumerate() {
        b.rows_from(row, 1).copy_into(&mut wide[..n]);
    }
    par::fixed(out, ROWS * n, |part, out| {
        let mut room = Room::new();
        let (rows, stride) = a.rows_from(part * ROWS, out.len() / n).in_rows(&mut room);
        compiled(ByRows { rows, stride, b: &wide, n, out });
    });
}

struct ByRows<'a, T> {
    rows: &'a [T],
    stride: usize,
    /// The small factor, with what is missing to whole rows.
    b: &'a [[T; FEW]],
    n: usize,
    out: &'a mut [T],
}

impl<T: Tile> Job for ByRows<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { rows, stride, b, n, out } = self;
        let (several, rest) = out.split_at_mut(out.len() / (TOGETHER * n) * (TOGETHER * n));
        for (group, out) in several.chunks_exact_mut(TOGETHER * n).enumerate() {
            let x = core::array::from_fn(|row| &rows[(group * TOGETHER + row) * stride..][..b.len()]);
            dots::<I, T, TOGETHER>(x, b, n, out);
        }
        let first = several.len() / n;
        for (row, out) in rest.chunks_exact_mut(n).enumerate() {
            dots::<I, T, 1>([&rows[(first + row) * stride..][..b.len()]], b, n, out);
        }
    }
}

/// `R` rows of the large factor by all columns of the small one.
#[inline(always)]
fn dots<I: Isa, T: Tile, const R: usize>(x: [&[T]; R], b: &[[T; FEW]], n: usize, out: &mut [T]) {
    let mut totals = [[T::default(); FEW]; R];
    for (part, b) in b.chunks(PART).enumerate() {
        let x = x.map(|x| &x[part * PART..][..b.len()]);
        let mut sums = [[T::default(); FEW]; R];
        for (k, b) in b.iter().enumerate() {
            for row in 0..R {
                for column in 0..FEW {
                    sums[row][column] = sums[row][column].plus::<I>(x[row][k], b[column]);
                }
            }
        }
        for row in 0..R {
            for column in 0..FEW {
                // The first part is what it is, signs of zeros included.
                let sum = sums[row][column];
                totals[row][column] = if part == 0 { sum } else { totals[row][column] + sum };
            }
        }
    }
    for (out, totals) in out.chunks_exact_mut(n).zip(&totals) {
        out.copy_from_slice(&totals[..n]);
    }
}

fn by_columns<L: Lanes, const N: usize>(a: Matrix<'_, L::Of>, b: Matrix<'_, L::Of>, out: &mut [L::Of]) {
    let (m, k, n) = (a.rows(), a.cols(), b.cols());
    let parts = k.div_ceil(PART);
    let mut sums = Room::filled(L::Of::default(), parts * N * m);
    par::fixed(&mut sums, N * m, |part, sums| {
        let (first, count) = (part * PART, PART.min(k - part * PART));
        let (mut room, mut factors) = (Room::new(), Room::filled(L::Of::default(), count * n));
        b.rows_from(first, count).copy_into(&mut factors);
        let (columns, stride) = a.cols_from(first, count).transposed().in_rows(&mut room);
        L::compiled(ByColumns::<L, N> { columns, stride, factors: &factors, m, n, sums });
    });
    let (total, others) = sums.split_at_mut(N * m);
    for part in others.chunks_exact(N * m) {
        total.iter_mut().zip(part).for_each(|(sum, &x)| *sum += x);
    }
    for (row, out) in out.chunks_exact_mut(n).enumerate() {
        out.iter_mut().zip(total[row..].iter().step_by(m)).for_each(|(out, &sum)| *out = sum);
    }
}

struct ByColumns<'a, L: Lanes, const N: usize> {
    columns: &'a [L::Of],
    stride: usize,
    /// `n` for each column.
    factors: &'a [L::Of],
    m: usize,
    n: usize,
    /// `N` rows of `m` sums.
    sums: &'a mut [L::Of],
}

impl<L: Lanes, const N: usize> Job for ByColumns<'_, L, N> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self { columns, stride, factors, m, n, sums } = self;
        let several = factors.len() / (ABREAST * n);
        for (group, factors) in factors.chunks_exact(ABREAST * n).enumerate() {
            let x = core::array::from_fn(|column| &columns[(group * ABREAST + column) * stride..][..m]);
            added::<I, L, ABREAST, N>(x, factors, n, sums);
        }
        for (column, factors) in factors.chunks_exact(n).enumerate().skip(several * ABREAST) {
            added::<I, L, 1, N>([&columns[column * stride..][..m]], factors, n, sums);
        }
    }
}

/// `sums[c][i] += sum over r  factors[r][c] x[r][i]`
#[inline(always)]
fn added<I: Isa, L: Lanes, const R: usize, const N: usize>(
    x: [&[L::Of]; R],
    factors: &[L::Of],
    n: usize,
    sums: &mut [L::Of],
) {
    let m = x[0].len();
    let mut w = [[L::Of::default(); R]; N];
    for column in 0..n {
        for row in 0..R {
            w[column][row] = factors[row * n + column];
        }
    }
    let whole = m - m % L::COUNT;
    for at in (0..whole).step_by(L::COUNT) {
        let mut lanes = [L::ZERO; R];
        for row in 0..R {
            lanes[row] = L::load(&x[row][at..]);
        }
        for column in 0..N {
            let sums = &mut sums[column * m + at..][..L::COUNT];
            let mut sum = L::load(sums);
            for row in 0..R {
                sum = sum.plus_scaled::<I>(w[column][row], lanes[row]);
            }
            sum.store(sums);
        }
    }
    for at in whole..m {
        for column in 0..n {
            for row in 0..R {
                sums[column * m + at] = sums[column * m + at].plus::<I>(w[column][row], x[row][at]);
            }
        }
    }
}
