//! `log(1 + e^x)` of each element.

use backend_cpu::View;

use super::GRAIN;
use crate::half::Stored;
use crate::lines::{narrow, widen};
use crate::math::{Float, exp, log1p};
use crate::simd::{Isa, Job, compiled};
use crate::{elementwise, par};

/// So many numbers are computed in room on the stack.
const BLOCK: usize = 512;

pub(super) fn softplus<T: Stored>(x: View<'_, T>, out: &mut [T]) {
    elementwise::copy(x, out);
    par::parts(out, GRAIN, |_, out| compiled(Softplus { out }));
}

/// Elements are replaced by what the function makes of them.
struct Softplus<'a, T> {
    out: &'a mut [T],
}

impl<T: Stored> Job for Softplus<'_, T> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let mut room = [T::Real::ZERO; BLOCK];
        for out in self.out.chunks_mut(BLOCK) {
            let numbers = &mut room[..out.len()];
            widen(out, numbers);
            for x in numbers.iter_mut() {
                *x = of::<I, T::Real>(*x);
            }
            narrow(numbers, out);
        }
    }
}

/// `max(x, 0) + log(1 + e^-|x|)`, which overflows nowhere.
#[inline(always)]
fn of<I: Isa, R: Float>(x: R) -> R {
    let above = if x <= R::ZERO { R::ZERO } else { x };
    above + log1p::<I, R>(exp::<I, R>(-x.size()))
}
