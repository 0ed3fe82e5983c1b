//! Each kernel beside the scalar one: at sizes around every threshold, in layouts of every kind, in every element, on one
//! thread and on several.
//!
//! Through the crate's public face, so that the kernels are compiled once.

#![expect(clippy::unwrap_used, reason = "a test may panic")]
#![expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "the numbers of tests are small")]

mod conv;
mod elementwise;
mod fused;
mod gather;
mod matmul;
mod random;
mod reduce;
mod rows;
mod samples;
mod scan;
mod window;

use autodiff_core::{bf16, f16};
use backend_cpu::{Kernels, Scalar};
use backend_faer::FaerKernels;

/// An element that there are kernels for.
trait Tested: Scalar {
    type Kernels: Kernels<Self>;
}

/// Its kernels.
type K<T> = <T as Tested>::Kernels;

macro_rules! tested {
    ($($T:ty)*) => {
        $(impl Tested for $T {
            type Kernels = FaerKernels;
        })*
    };
}

tested! { f32 f64 f16 bf16 }
