//! [`Param`] and [`Buffer`]: the tensors of a model that change, by training and by running.

use core::cmp::Ordering;
use core::fmt;
use core::ops::Deref;

use autodiff_core::{Backend, Shared, Tensor};

use super::{Module, Walk};

/// What tells a parameter or a buffer from every other one, whatever its value and backend. Clones are equal.
#[derive(Clone)]
pub struct ParamId(Shared<()>);

impl ParamId {
    fn new() -> Self {
        Self(Shared::new(()))
    }

    /// Its own as long as the id lives.
    fn address(&self) -> usize {
        Shared::as_ptr(&self.0).addr()
    }
}

impl PartialEq for ParamId {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for ParamId {}

impl PartialOrd for ParamId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ParamId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.address().cmp(&other.address())
    }
}

impl fmt::Debug for ParamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ParamId({:#x})", self.address())
    }
}

macro_rules! slot {
    ($(#[$doc:meta])* $Type:ident, $walk:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $Type<B: Backend> {
            value: Tensor<B>,
            id: ParamId,
        }

        impl<B: Backend> $Type<B> {
            /// One with this value, different from every other one.
            #[must_use]
            pub fn new(value: Tensor<B>) -> Self {
                Self { value, id: ParamId::new() }
            }

            /// The same one with another value, perhaps on another backend.
            #[must_use]
            pub fn with_value<C: Backend>(&self, value: Tensor<C>) -> $Type<C> {
                $Type { value, id: self.id.clone() }
            }

            /// The value.
            #[must_use]
            pub const fn value(&self) -> &Tensor<B> {
                &self.value
            }

            /// What its clones, and only they, share.
            #[must_use]
            pub const fn id(&self) -> &ParamId {
                &self.id
            }
        }

        impl<B: Backend> Deref for $Type<B> {
            type Target = Tensor<B>;
            fn deref(&self) -> &Tensor<B> {
                &self.value
            }
        }

        impl<B: Backend> fmt::Debug for $Type<B> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($Type)).field(&self.value).finish()
            }
        }

        impl<B: Backend> Module<B> for $Type<B> {
            type With<C: Backend> = $Type<C>;
            fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> $Type<C> {
                walk.$walk(self)
            }
        }
    };
}

slot! {
    /// A tensor that is trained.
    ///
    /// Its clones are the same parameter: in a model that holds two of them, the parameter is **tied**: it is counted,
    /// stored and updated once, and its gradient is the sum. Its id stays on the way to another backend and back.
    /// Where clones have been given different values, the first in the order of the fields counts; other shapes are refused.
    ///
    /// It reads as its value:
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// use nn::Param;
    /// let w = Param::new(Tensor::<Cpu<f32>>::new(&[1.0, 2.0], [2]));
    /// assert_eq!((&*w * 2.0).to_vec(), [2.0, 4.0]);
    /// assert_eq!(w.id(), w.clone().id());
    /// assert_ne!(w.id(), Param::new(w.value().clone()).id());
    /// ```
    Param, param
}

slot! {
    /// A tensor that a model keeps and that no gradient reaches: running statistics, for example.
    ///
    /// A forward pass, being a function, does not change it; it tells the [`Context`](crate::Context) the new value.
    Buffer, buffer
}
