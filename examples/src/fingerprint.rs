//! A trained model as one number, by which two runs can be compared: equal numbers, equal bits.

use autodiff_core::{Backend, Tensor};
use nn::Module;

use crate::say;

/// The last line of a program's output: which bits training has led to, and in how many steps.
pub fn sign<B: Backend>(model: &impl Module<B>, steps: u32) {
    say!("model: {:016x} after {steps} steps", fingerprint(model));
}

/// A hash of all parameters and buffers: FNV-1a of 64 bits, by G. Fowler, L. Noll and K.-P. Vo, of every number's bits as an
/// `f64`, the lowest first. (The standard library's hash may be another one in its next version.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use examples::fingerprint::fingerprint;
/// use nn::Param;
///
/// let of = |values: [f64; 2]| fingerprint(&Param::new(Tensor::<Cpu<f32>>::new(&values, [2])));
/// assert_eq!(of([0.0, 1.0]), of([0.0, 1.0]));
/// assert_ne!(of([0.0, 1.0]), of([-0.0, 1.0]));
/// assert_ne!(of([0.0, 1.0]), of([1.0, 0.0]));
/// ```
#[must_use]
pub fn fingerprint<B: Backend>(model: &impl Module<B>) -> u64 {
    let buffers = model.named_buffers().into_iter().map(|(_, buffer)| buffer);
    let numbers = model.parameters().into_iter().chain(buffers).flat_map(|tensor: Tensor<B>| tensor.to_data().to_f64());
    fnv1a(numbers.flat_map(|number| number.to_bits().to_le_bytes()))
}

fn fnv1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the test vectors in the authors' source, `test_fnv.c`.
    #[test]
    fn the_hash_is_that_of_its_authors() {
        let of = |text: &str| fnv1a(text.bytes());
        assert_eq!(of(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!((of("a"), of("foobar")), (0xaf63_dc4c_8601_ec8c, 0x8594_4171_f739_67e8));
    }
}
