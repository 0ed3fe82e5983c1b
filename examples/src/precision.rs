//! In which numbers a network computes, while its weights are trained in 32 bits.

use autodiff_core::DType;
use clap::ValueEnum;
use nn::Module;

/// The format of a network's numbers. As part of a batch it tells the loss function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Module)]
pub enum Precision {
    /// 32 bits.
    F32,
    /// 16 bits with the range of 32.
    Bf16,
    /// 16 bits with more digits and less range.
    F16,
}

impl Precision {
    /// The format beside a backend of 32 bits.
    #[must_use]
    pub const fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::Elem,
            Self::Bf16 => DType::Bf16,
            Self::F16 => DType::F16,
        }
    }

    /// Whether gradients become 0 in it unless the loss is scaled.
    #[must_use]
    pub const fn needs_scale(self) -> bool {
        matches!(self, Self::F16)
    }
}
