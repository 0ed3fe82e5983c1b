//! The backend that people train with: [`Faer`], dense storage as [`Cpu`](backend_cpu::Cpu) has it, with kernels that use
//! all cores and their vector units.
//!
//! ```
//! use autodiff_core::{Autodiff, Tensor};
//! use backend_faer::Faer;
//! let w = Tensor::<Autodiff<Faer<f32>>>::variable(Tensor::new(&[3.0, 4.0], [2]));
//! let loss = (&w * &w).sum();
//! assert_eq!(loss.backward().get(&w).unwrap().to_vec(), [6.0, 8.0]);
//! ```

#![expect(
    clippy::std_instead_of_core,
    clippy::std_instead_of_alloc,
    reason = "a crate that needs the standard library"
)]

mod conv;
mod device;
mod elementwise;
mod gather;
mod half;
mod kernels;
mod lines;
mod math;
mod matmul;
mod memory;
mod par;
mod random;
mod real;
mod reduce;
mod registers;
mod rows;
mod scan;
mod scratch;
mod simd;
mod window;

use backend_cpu::Dense;

pub use device::{FaerDevice, ThreadsError};
pub use kernels::FaerKernels;
pub use memory::MemoryUse;

/// The backend that computes at once, on all cores: the meaning of [`Cpu`](backend_cpu::Cpu), whose results it has to
/// rounding; whatever is only moved, compared or counted, to the bit.
pub type Faer<T> = Dense<T, FaerKernels>;
