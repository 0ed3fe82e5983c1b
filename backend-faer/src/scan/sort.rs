//! Sorted orders, by whole numbers that hold an element's rank and its position: what sorts them in any way is stable.

use autodiff_core::{Axes, bf16, f16};
use backend_cpu::View;

use crate::lines::Lines;
use crate::par;
use crate::scratch::Room;

/// So many elements are worth a thread's attention.
const GRAIN: usize = 1 << 10;

/// The positions of the elements along the last axis, sorted by these: equal ones in their order, NaN as the largest.
pub(crate) fn argsort<T: Ranked>(descending: bool, x: View<'_, T>, out: &mut [i32]) {
    let lines = Lines::new(Axes::one(x.shape().rank().saturating_sub(1)), x);
    if out.is_empty() {
        return;
    }
    par::rows(out, lines.len, GRAIN, |first, out| {
        let mut starts = lines.starts(first);
        let mut keys = Room::with_capacity(lines.len);
        for out in out.chunks_exact_mut(lines.len) {
            let [from] = starts.next_place();
            let elements = x.strided(from, lines.run.strides[0]).take(lines.len);
            keys.clear();
            keys.extend(elements.zip(0_u32..).map(|(x, position)| x.key(descending, position)));
            keys.sort_unstable();
            out.iter_mut().zip(&*keys).for_each(|(out, &key)| *out = T::position(key));
        }
    });
}

/// An element that has a rank among all of its format.
pub(crate) trait Ranked: Copy + Send + Sync {
    /// A number whose upper half orders elements, and whose lower half positions.
    type Key: Ord + Copy + Send;

    fn key(self, descending: bool, position: u32) -> Self::Key;
    fn position(key: Self::Key) -> i32;
}

macro_rules! ranked {
    ($($T:ty: $Real:ident, $Bits:ty, $Key:ty;)*) => {
        $(impl Ranked for $T {
            type Key = $Key;

            #[inline]
            fn key(self, descending: bool, position: u32) -> $Key {
                let x = $Real::from(self);
                // Zeros of either sign are equal, and NaN is one, the largest number.
                let bits = if x == 0.0 { 0 } else { x.to_bits() };
                let sign: $Bits = 1 << (<$Bits>::BITS - 1);
                let rank = if x.is_nan() { <$Bits>::MAX } else if bits < sign { bits | sign } else { !bits };
                let rank = if descending { !rank } else { rank };
                <$Key>::from(rank) << <$Bits>::BITS | <$Key>::from(position)
            }

            #[inline]
            #[expect(clippy::cast_possible_truncation, reason = "the position is the low half")]
            fn position(key: $Key) -> i32 {
                (key as u32).cast_signed()
            }
        })*
    };
}

ranked! {
    f32: f32, u32, u64;
    f16: f32, u32, u64;
    bf16: f32, u32, u64;
    f64: f64, u64, u128;
}
