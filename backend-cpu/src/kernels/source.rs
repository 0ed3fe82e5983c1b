//! Loops that make values: positions and random bits.

/// `0, 1, 2, ..`
pub fn iota(out: &mut [i32]) {
    for (y, i) in out.iter_mut().zip(0..) {
        *y = i;
    }
}

/// Whole numbers in `[0, 2^bits)` by Philox 4x32-10.
///
/// Elements `4 i .. 4 i + 4` are the top bits of the four words of block `(i mod 2^32, i / 2^32, 0, 0)` under `key`, as
/// [`Primitive::RandomBits`](autodiff_core::Primitive::RandomBits) says.
pub fn random_bits(key: [i32; 2], bits: u8, out: &mut [i32]) {
    let key = key.map(i32::cast_unsigned);
    for (block, counter) in out.chunks_mut(4).zip(0_u64..) {
        let words = philox([low(counter), high(counter), 0, 0], key);
        for (y, word) in block.iter_mut().zip(words) {
            *y = (word >> (32 - u32::from(bits))).cast_signed();
        }
    }
}

/// One block of Philox 4x32-10. (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011, section 3.3.)
///
/// ```
/// assert_eq!(backend_cpu::philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
/// ```
#[must_use]
pub fn philox(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let ([mut a, mut b, mut c, mut d], [mut left, mut right]) = (counter, key);
    for _ in 0..10 {
        let (first, second) = (u64::from(a) * 0xd251_1f53, u64::from(c) * 0xcd9e_8d57);
        (a, b, c, d) = (high(second) ^ b ^ left, low(second), high(first) ^ d ^ right, low(first));
        // The key is bumped by the golden ratio and by the square root of 3 less 1.
        left = left.wrapping_add(0x9e37_79b9);
        right = right.wrapping_add(0xbb67_ae85);
    }
    [a, b, c, d]
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is asked for")]
fn low(word: u64) -> u32 {
    word as u32
}

fn high(word: u64) -> u32 {
    low(word >> 32)
}
