//! Random bits by Philox 4x32-10, several blocks side by side.

use crate::par;
use crate::simd::{Isa, Job, compiled};

/// So many blocks of four words are computed together.
const BLOCKS: usize = 16;
/// So many words are worth a thread's attention.
const GRAIN: usize = 1 << 13;
/// The bits of a word.
const LOW: u64 = 0xffff_ffff;

/// Whole numbers in `[0, 2^bits)`, as [`backend_cpu::kernels::scalar::random_bits`] says.
pub(crate) fn random_bits(key: [i32; 2], bits: u8, out: &mut [i32]) {
    let key = key.map(i32::cast_unsigned);
    par::rows(out, 4 * BLOCKS, GRAIN, |first, out| compiled(Draw { key, bits, first: first * BLOCKS, out }));
}

/// The words from block `first` on.
struct Draw<'a> {
    key: [u32; 2],
    bits: u8,
    first: usize,
    out: &'a mut [i32],
}

impl Job for Draw<'_> {
    type Out = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let shift = 32 - u32::from(self.bits);
        let (whole, rest) = self.out.as_chunks_mut::<{ 4 * BLOCKS }>();
        let mut counter = self.first as u64;
        for out in whole {
            draw(counter, self.key, shift, out);
            counter += BLOCKS as u64;
        }
        let mut last = [0; 4 * BLOCKS];
        draw(counter, self.key, shift, &mut last);
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// The words of the blocks with these counters and those behind them.
#[inline(always)]
fn draw(counter: u64, key: [u32; 2], shift: u32, out: &mut [i32; 4 * BLOCKS]) {
    // Words lie in the low halves of 64 bits, where products of two have room.
    let [mut a, mut b, mut c, mut d] = [[0_u64; BLOCKS]; 4];
    for i in 0..BLOCKS {
        let counter = counter + i as u64;
        (a[i], b[i]) = (counter & LOW, counter >> 32);
    }
    let [mut left, mut right] = key;
    for _ in 0..10 {
        for i in 0..BLOCKS {
            let (first, second) = ((a[i] & LOW) * 0xd251_1f53, (c[i] & LOW) * 0xcd9e_8d57);
            (a[i], c[i]) = (second >> 32 ^ b[i] ^ u64::from(left), first >> 32 ^ d[i] ^ u64::from(right));
            (b[i], d[i]) = (second & LOW, first & LOW);
        }
        left = left.wrapping_add(0x9e37_79b9);
        right = right.wrapping_add(0xbb67_ae85);
    }
    for i in 0..BLOCKS {
        out[4 * i] = top(a[i], shift);
        out[4 * i + 1] = top(b[i], shift);
        out[4 * i + 2] = top(c[i], shift);
        out[4 * i + 3] = top(d[i], shift);
    }
}

/// The top bits of a word, all but `shift`.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the word is the low half")]
fn top(word: u64, shift: u32) -> i32 {
    ((word as u32) >> shift).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::random_bits;
    use backend_cpu::kernels::scalar;

    #[test]
    fn words_are_those_of_the_specification() {
        for len in [0, 1, 3, 4, 63, 64, 65, 130, 20_001] {
            for (key, bits) in [([0, 0], 31), ([-5, i32::MAX], 1), ([123, i32::MIN], 24)] {
                let (mut found, mut expected) = (vec![7; len], vec![0; len]);
                random_bits(key, bits, &mut found);
                scalar::random_bits(key, bits, &mut expected);
                assert!(found == expected, "{len} words of {bits} bits");
            }
        }
    }

    fn low(counter: u64) -> u32 {
        u32::try_from(counter & super::LOW).expect("32 bits")
    }

    #[test]
    fn counters_go_on_beyond_32_bits() {
        let mut out = [0; 64];
        super::draw((1 << 32) - 2, [3, 4], 1, &mut out);
        for (block, counter) in out.chunks(4).zip((1_u64 << 32) - 2..) {
            let words = backend_cpu::philox([low(counter), low(counter >> 32), 0, 0], [3, 4]);
            assert_eq!(block, words.map(|word| (word >> 1).cast_signed()));
        }
    }
}
