//! The sum of each window, and the adjoint of that.

use super::over::Over;
use crate::real::Real;
use crate::simd::{Isa, Job};

/// The sums over a plane.
pub(super) struct Sum<'a, R> {
    pub(super) over: &'a Over,
    pub(super) x: &'a [R],
    pub(super) out: &'a mut [R],
}

impl<R: Real> Job for Sum<'_, R> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (cells, windows) = self.over.row();
        let (stride, pairs) = (self.over.stride(), self.over.pairs());
        let row_of = |from: usize| &self.x[from * cells..][..cells];
        for (rows, out) in self.over.rows().zip(self.out.chunks_exact_mut(windows)) {
            if pairs && let &[a, b] = rows {
                let x = row_of(a).as_chunks::<2>().0.iter().zip(row_of(b).as_chunks::<2>().0);
                out.iter_mut().zip(x).for_each(|(y, (a, b))| *y = R::zero() + (a[0] + a[1] + b[0] + b[1]));
                continue;
            }
            out.fill(R::zero());
            for &from in rows {
                let x = row_of(from);
                if pairs {
                    out.iter_mut().zip(x.as_chunks::<2>().0).for_each(|(y, x)| *y += x[0] + x[1]);
                    continue;
                }
                for tap in self.over.last() {
                    let (out, x) = (&mut out[tap.windows.clone()], &x[tap.cell..]);
                    match stride {
                        1 => out.iter_mut().zip(x).for_each(|(y, &x)| *y += x),
                        _ => out.iter_mut().zip(x.iter().step_by(stride)).for_each(|(y, &x)| *y += x),
                    }
                }
            }
        }
    }
}

/// Each cell's sum over the windows that have it.
pub(super) struct Spread<'a, R> {
    pub(super) over: &'a Over,
    pub(super) y: &'a [R],
    pub(super) out: &'a mut [R],
}

impl<R: Real> Job for Spread<'_, R> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (cells, windows) = self.over.row();
        let (stride, pairs) = (self.over.stride(), self.over.pairs());
        for (rows, out) in self.over.rows().zip(self.out.chunks_exact_mut(cells)) {
            if pairs && let &[from] = rows {
                let (pairs, rest) = out.as_chunks_mut::<2>();
                pairs.iter_mut().zip(&self.y[from * windows..][..windows]).for_each(|(x, &y)| *x = [R::zero() + y; 2]);
                // Cells that no window has.
                pairs.iter_mut().skip(windows).for_each(|x| *x = [R::zero(); 2]);
                rest.fill(R::zero());
                continue;
            }
            out.fill(R::zero());
            for &from in rows {
                let y = &self.y[from * windows..][..windows];
                if pairs {
                    out.as_chunks_mut::<2>().0.iter_mut().zip(y).for_each(|(x, &y)| *x = [x[0] + y, x[1] + y]);
                    continue;
                }
                for tap in self.over.last() {
                    let (out, y) = (&mut out[tap.cell..], &y[tap.windows.clone()]);
                    match stride {
                        1 => out.iter_mut().zip(y).for_each(|(x, &y)| *x += y),
                        _ => out.iter_mut().step_by(stride).zip(y).for_each(|(x, &y)| *x += y),
                    }
                }
            }
        }
    }
}
