//! Random bits by Philox.

use backend_cpu::kernels::scalar;

pub(crate) fn random_bits(key: [i32; 2], bits: u8, out: &mut [i32]) {
    scalar::random_bits(key, bits, out);
}
