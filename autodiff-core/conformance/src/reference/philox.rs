//! Philox 4x32-10, a counter-based generator of random bits.
//!
//! Salmon, Moraes, Dror and Shaw, *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.

use alloc::vec::Vec;

/// The four words for a counter under a key.
fn block(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let even = u64::from(counter[0]) * 0xD251_1F53;
        let odd = u64::from(counter[2]) * 0xCD9E_8D57;
        counter = [high(odd) ^ counter[1] ^ key[0], low(odd), high(even) ^ counter[3] ^ key[1], low(even)];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// The first `len` numbers of the stream under this key, of so many bits.
pub(super) fn stream(key: [u32; 2], bits: u8, len: usize) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(len);
    let mut counter = 0_u64;
    while numbers.len() < len {
        for word in block([low(counter), high(counter), 0, 0], key) {
            if numbers.len() < len {
                numbers.push(f64::from(word >> (32 - u32::from(bits))));
            }
        }
        counter += 1;
    }
    numbers
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is what is asked for")]
fn low(x: u64) -> u32 {
    x as u32
}

fn high(x: u64) -> u32 {
    low(x >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that Random123 is distributed with, for `philox4x32 10`.
    #[test]
    fn known_answers_of_random123() {
        let ones = u32::MAX;
        assert_eq!(block([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(block([ones; 4], [ones; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let pi = block([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]);
        assert_eq!(pi, [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]);
    }
}
