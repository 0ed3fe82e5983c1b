//! Host memory on its way into and out of a backend: [`Data`] borrowed, [`DataMut`] borrowed to be written, [`DataBuf`] owned.

use half::{bf16, f16};

use crate::DType;

/// Elements in row-major order, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Data<'a, T> {
    /// The backend's elements.
    Elem(&'a [T]),
    /// Half precision.
    F16(&'a [f16]),
    /// bfloat16.
    Bf16(&'a [bf16]),
    /// Whole numbers.
    Index(&'a [i32]),
}

/// Room for elements in row-major order, borrowed.
#[derive(Debug)]
pub enum DataMut<'a, T> {
    /// The backend's elements.
    Elem(&'a mut [T]),
    /// Half precision.
    F16(&'a mut [f16]),
    /// bfloat16.
    Bf16(&'a mut [bf16]),
    /// Whole numbers.
    Index(&'a mut [i32]),
}

macro_rules! common {
    ($Type:ty) => {
        impl<T> $Type {
            /// The number of elements.
            #[must_use]
            pub fn len(&self) -> usize {
                match self {
                    Self::Elem(slice) => slice.len(),
                    Self::F16(slice) => slice.len(),
                    Self::Bf16(slice) => slice.len(),
                    Self::Index(slice) => slice.len(),
                }
            }

            /// Whether there are none.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.len() == 0
            }

            /// The number format.
            #[must_use]
            pub const fn dtype(&self) -> DType {
                match self {
                    Self::Elem(_) => DType::Elem,
                    Self::F16(_) => DType::F16,
                    Self::Bf16(_) => DType::Bf16,
                    Self::Index(_) => DType::Index,
                }
            }
        }
    };
}
common!(Data<'_, T>);
common!(DataMut<'_, T>);

impl<T> DataMut<'_, T> {
    /// What was written, borrowed.
    #[must_use]
    pub const fn as_data(&self) -> Data<'_, T> {
        match self {
            Self::Elem(slice) => Data::Elem(slice),
            Self::F16(slice) => Data::F16(slice),
            Self::Bf16(slice) => Data::Bf16(slice),
            Self::Index(slice) => Data::Index(slice),
        }
    }

    /// The same room for a shorter time.
    #[must_use]
    pub const fn reborrow(&mut self) -> DataMut<'_, T> {
        match self {
            Self::Elem(slice) => DataMut::Elem(slice),
            Self::F16(slice) => DataMut::F16(slice),
            Self::Bf16(slice) => DataMut::Bf16(slice),
            Self::Index(slice) => DataMut::Index(slice),
        }
    }
}

impl<'a, T> DataMut<'a, T> {
    /// The first elements alone.
    ///
    /// # Panics
    /// When there are fewer.
    #[must_use]
    pub fn first(self, len: usize) -> Self {
        match self {
            Self::Elem(slice) => Self::Elem(&mut slice[..len]),
            Self::F16(slice) => Self::F16(&mut slice[..len]),
            Self::Bf16(slice) => Self::Bf16(&mut slice[..len]),
            Self::Index(slice) => Self::Index(&mut slice[..len]),
        }
    }

    /// Copies data of the same format and length.
    ///
    /// # Panics
    /// When format or length differ.
    pub fn copy_from(self, data: Data<'a, T>)
    where
        T: Copy,
    {
        match (self, data) {
            (Self::Elem(to), Data::Elem(from)) => to.copy_from_slice(from),
            (Self::F16(to), Data::F16(from)) => to.copy_from_slice(from),
            (Self::Bf16(to), Data::Bf16(from)) => to.copy_from_slice(from),
            (Self::Index(to), Data::Index(from)) => to.copy_from_slice(from),
            (to, from) => panic!("copy: {} elements where {} are due", from.dtype(), to.dtype()),
        }
    }
}

#[cfg(feature = "alloc")]
pub use owned::DataBuf;

#[cfg(feature = "alloc")]
mod owned {
    use alloc::vec;
    use alloc::vec::Vec;

    use half::{bf16, f16};

    use super::{Data, DataMut};
    use crate::{DType, Element};

    /// Elements in row-major order, owned.
    #[derive(Clone, Debug, PartialEq)]
    pub enum DataBuf<T> {
        /// The backend's elements.
        Elem(Vec<T>),
        /// Half precision.
        F16(Vec<f16>),
        /// bfloat16.
        Bf16(Vec<bf16>),
        /// Whole numbers.
        Index(Vec<i32>),
    }
    common!(DataBuf<T>);

    impl<T: Element> DataBuf<T> {
        /// Zeros.
        #[must_use]
        pub fn zeros(dtype: DType, len: usize) -> Self {
            match dtype {
                DType::Elem => Self::Elem(vec![T::zero(); len]),
                DType::F16 => Self::F16(vec![f16::ZERO; len]),
                DType::Bf16 => Self::Bf16(vec![bf16::ZERO; len]),
                DType::Index => Self::Index(vec![0; len]),
            }
        }

        /// A copy of borrowed data.
        #[must_use]
        pub fn copy(data: Data<'_, T>) -> Self {
            match data {
                Data::Elem(slice) => Self::Elem(slice.to_vec()),
                Data::F16(slice) => Self::F16(slice.to_vec()),
                Data::Bf16(slice) => Self::Bf16(slice.to_vec()),
                Data::Index(slice) => Self::Index(slice.to_vec()),
            }
        }

        /// The data, borrowed.
        #[must_use]
        pub fn as_data(&self) -> Data<'_, T> {
            match self {
                Self::Elem(vec) => Data::Elem(vec),
                Self::F16(vec) => Data::F16(vec),
                Self::Bf16(vec) => Data::Bf16(vec),
                Self::Index(vec) => Data::Index(vec),
            }
        }

        /// The room, borrowed to be written.
        #[must_use]
        pub fn as_data_mut(&mut self) -> DataMut<'_, T> {
            match self {
                Self::Elem(vec) => DataMut::Elem(vec),
                Self::F16(vec) => DataMut::F16(vec),
                Self::Bf16(vec) => DataMut::Bf16(vec),
                Self::Index(vec) => DataMut::Index(vec),
            }
        }

        /// Every element as `f64`, whatever the format.
        #[must_use]
        pub fn to_f64(&self) -> Vec<f64> {
            match self {
                Self::Elem(vec) => vec.iter().map(|x| x.into_f64()).collect(),
                Self::F16(vec) => vec.iter().map(|x| x.into_f64()).collect(),
                Self::Bf16(vec) => vec.iter().map(|x| x.into_f64()).collect(),
                Self::Index(vec) => vec.iter().map(|&x| f64::from(x)).collect(),
            }
        }

        /// A hash of the bits: FNV-1a over the elements.
        #[must_use]
        pub(crate) fn fingerprint(&self) -> u64 {
            fn hash(words: impl Iterator<Item = u64>) -> u64 {
                words.fold(0xcbf2_9ce4_8422_2325, |hash, word| (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3))
            }
            match self {
                Self::Elem(vec) => hash(vec.iter().map(|x| x.bits())),
                Self::F16(vec) => hash(vec.iter().map(|x| x.bits())),
                Self::Bf16(vec) => hash(vec.iter().map(|x| x.bits())),
                Self::Index(vec) => hash(vec.iter().map(|x| x.cast_unsigned().into())),
            }
        }

        /// Equality of bits: NaN equals itself, 0 and -0 differ.
        #[must_use]
        pub fn same_bits(&self, other: &Self) -> bool {
            fn same<E: Element>(left: &[E], right: &[E]) -> bool {
                left.len() == right.len() && left.iter().zip(right).all(|(a, b)| a.bits() == b.bits())
            }
            match (self, other) {
                (Self::Elem(a), Self::Elem(b)) => same(a, b),
                (Self::F16(a), Self::F16(b)) => same(a, b),
                (Self::Bf16(a), Self::Bf16(b)) => same(a, b),
                (Self::Index(a), Self::Index(b)) => a == b,
                _ => false,
            }
        }
    }
}
