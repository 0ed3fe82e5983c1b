//! [`Context`], what a forward pass knows beside its input, and [`Keys`], random keys that are never given twice.

use alloc::collections::BTreeMap;

use autodiff_core::{Backend, Index, Tensor};

use crate::{Buffer, ParamId};

/// A stream of random keys: each call gives another one.
///
/// ```
/// use backend_cpu::Cpu;
/// use nn::Keys;
/// let mut keys = Keys::<Cpu<f32>>::new(7, &Default::default());
/// assert_ne!(keys.next_key().to_vec(), keys.next_key().to_vec());
/// ```
#[derive(Clone, Debug)]
pub struct Keys<B: Backend> {
    root: Index<B>,
    given: u32,
}

impl<B: Backend> Keys<B> {
    /// The keys that follow from a seed.
    #[must_use]
    pub fn new(seed: u64, device: &B::Device) -> Self {
        Self::from_key(Index::key(seed, device))
    }

    /// The keys that follow from a key.
    #[must_use]
    pub const fn from_key(key: Index<B>) -> Self {
        Self { root: key, given: 0 }
    }

    /// A key that was not given before.
    ///
    /// # Panics
    /// When the root is no key of shape `[2]`.
    #[must_use]
    #[track_caller]
    pub fn next_key(&mut self) -> Index<B> {
        let key = self.root.fold_in(self.given);
        self.given += 1;
        key
    }

    /// Where the keys, and what is drawn with them, live.
    #[must_use]
    pub fn device(&self) -> &B::Device {
        self.root.device()
    }
}

/// What a forward pass knows beside its input: whether it is training, and random keys; and what it leaves behind beside
/// its output: new values of buffers.
///
/// So a forward pass is a function, which can be traced and replayed.
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{Context, Dropout, Layer};
/// let x = Tensor::<Cpu<f32>>::ones([1000], &Default::default());
/// let dropout = Dropout { p: 0.5 };
/// let kept = dropout.forward(&x, &mut Context::evaluation());
/// assert_eq!(kept.to_vec(), x.to_vec());
/// let key = Index::key(1, x.device());
/// let dropped = dropout.forward(&x, &mut Context::training(key));
/// assert!(dropped.to_vec().contains(&0.0) && dropped.to_vec().contains(&2.0));
/// ```
#[derive(Clone, Debug)]
pub struct Context<B: Backend> {
    training: bool,
    keys: Option<Keys<B>>,
    buffers: BTreeMap<ParamId, Tensor<B>>,
}

impl<B: Backend> Context<B> {
    /// For training, with the key of this step.
    #[must_use]
    pub const fn training(key: Index<B>) -> Self {
        Self { training: true, keys: Some(Keys::from_key(key)), buffers: BTreeMap::new() }
    }

    /// For evaluation.
    #[must_use]
    pub const fn evaluation() -> Self {
        Self { training: false, keys: None, buffers: BTreeMap::new() }
    }

    /// The same context with a key, for an evaluation that draws samples.
    #[must_use]
    pub fn with_key(mut self, key: Index<B>) -> Self {
        self.keys = Some(Keys::from_key(key));
        self
    }

    /// Whether the pass is part of training.
    #[must_use]
    pub const fn is_training(&self) -> bool {
        self.training
    }

    /// A random key that no other part of the pass was given.
    ///
    /// # Panics
    /// When the context has no key: an evaluation without [`Context::with_key`].
    #[must_use]
    #[track_caller]
    pub fn next_key(&mut self) -> Index<B> {
        match &mut self.keys {
            Some(keys) => keys.next_key(),
            None => {
                panic!("context: random numbers are asked for, and an evaluation has no key unless it is given one")
            }
        }
    }

    /// What a buffer holds at this point of the pass.
    #[must_use]
    pub fn buffer(&self, buffer: &Buffer<B>) -> Tensor<B> {
        self.buffers.get(buffer.id()).unwrap_or(buffer.value()).clone()
    }

    /// What a buffer is to hold after the pass.
    ///
    /// # Panics
    /// When the value has not the buffer's shape and format.
    #[track_caller]
    pub fn set_buffer(&mut self, buffer: &Buffer<B>, value: Tensor<B>) {
        let (old, new) = (buffer.spec(), value.spec());
        assert!(old == new, "context: a buffer of {old} cannot hold {new}");
        self.buffers.insert(buffer.id().clone(), value);
    }

    /// The new value of the buffer with this id.
    #[must_use]
    pub fn new_buffer(&self, id: &ParamId) -> Option<&Tensor<B>> {
        self.buffers.get(id)
    }
}
