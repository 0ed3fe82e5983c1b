//! Random numbers from a key: the same stream on every backend, and nothing hidden that advances.

use crate::{Backend, DType, Element, Index, Primitive, Shape, Tensor};

impl<B: Backend> Index<B> {
    /// The key for a seed, where a stream of random numbers begins.
    ///
    /// ```
    /// use autodiff_core::{Index, Tensor};
    /// use backend_cpu::Cpu;
    /// let key = Index::<Cpu<f32>>::key(7, &Default::default());
    /// let (a, b) = (Tensor::uniform(&key, [3]), Tensor::uniform(&key, [3]));
    /// assert_eq!(a.to_vec(), b.to_vec());
    /// assert_ne!(a.to_vec(), Tensor::uniform(&key.fold_in(1), [3]).to_vec());
    /// ```
    #[must_use]
    #[track_caller]
    pub fn key(seed: u64, device: &B::Device) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the halves of 64 bits")]
        let [low, high] = [seed as u32, (seed >> 32) as u32];
        Self::from_slice(&[low.cast_signed(), high.cast_signed()], [2], device)
    }

    /// Another key, independent of this one and of those for other numbers `n`.
    ///
    /// # Panics
    /// When this is no key of shape `[2]`.
    #[must_use]
    #[track_caller]
    pub fn fold_in(&self, n: u32) -> Self {
        // The key is mixed before `n` is added, or seed 7 with n = 1 would be seed 8 with n = 0.
        let step = Self::from_slice(&[n.cast_signed(), 0], [2], self.device());
        (&self.random_bits(31, [2]) + &step).random_bits(31, [2])
    }

    /// Whole numbers in `[0, 2^bits)`, uniformly distributed, by Philox 4x32-10 under this key.
    ///
    /// # Panics
    /// When this is no key of shape `[2]`, or `bits` is not in 1 to 31.
    #[must_use]
    #[track_caller]
    pub fn random_bits(&self, bits: u8, shape: impl Into<Shape>) -> Self {
        let op = Primitive::RandomBits { shape: shape.into(), bits };
        Self::from_tensor(Tensor::apply(&op, [self.tensor()]))
    }
}

impl<B: Backend> Tensor<B> {
    /// Numbers in `[0, 1)`, uniformly distributed on a grid as fine as the element allows, at most 31 bits.
    ///
    /// # Panics
    /// When `key` is no key of shape `[2]`.
    #[must_use]
    #[track_caller]
    pub fn uniform(key: &Index<B>, shape: impl Into<Shape>) -> Self {
        let bits = B::Elem::MANTISSA_DIGITS.min(31) as u8;
        key.random_bits(bits, shape).tensor().cast(DType::Elem) * (1.0 / f64::from(1_u32 << bits))
    }

    /// Numbers of the normal distribution with mean 0 and variance 1 (Box and Muller 1958).
    ///
    /// # Panics
    /// When `key` is no key of shape `[2]`.
    #[must_use]
    #[track_caller]
    pub fn normal(key: &Index<B>, shape: impl Into<Shape>) -> Self {
        let shape = shape.into();
        let radius = (-2.0 * (1.0 - Self::uniform(&key.fold_in(0), shape)).log()).sqrt();
        let angle = Self::uniform(&key.fold_in(1), shape) * core::f64::consts::TAU;
        radius * angle.cos()
    }
}
