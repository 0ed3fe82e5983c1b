//! What the benches share: the same small graphs, written for this workspace and for a rival. And the golden runner, the
//! workloads, and single operations.

extern crate alloc;

pub mod golden;
pub mod kernels;
pub mod workloads;

use autodiff_core::{Autodiff, Backend, Tensor};
use backend_cpu::Cpu;

/// The backend that is measured.
pub type Device = Autodiff<Cpu<f32>>;

/// The values that every graph starts from.
pub const START: [f32; 4] = [0.1, -0.2, 0.3, 0.4];

/// One variable of four elements.
#[must_use]
pub fn variable() -> Tensor<Device> {
    Tensor::variable(Tensor::from_slice(&START, [4], &<Cpu<f32> as Backend>::Device::default()))
}

/// Records one product of four elements and differentiates it with a cotangent of ones.
#[must_use]
pub fn product(x: &Tensor<Device>, y: &Tensor<Device>) -> Tensor<Cpu<f32>> {
    let z = x * y;
    let seed = z.value().ones_like();
    let gradients = z.backward_with(seed);
    gradients.get(x).cloned().unwrap_or_else(|| x.value().zeros_like())
}

/// Records a chain of `length` hyperbolic tangents and differentiates it.
#[must_use]
pub fn chain(x: &Tensor<Device>, length: usize) -> Tensor<Cpu<f32>> {
    let mut y = x.clone();
    for _ in 0..length {
        y = y.tanh();
    }
    let seed = y.value().ones_like();
    let gradients = y.backward_with(seed);
    gradients.get(x).cloned().unwrap_or_else(|| x.value().zeros_like())
}

/// The same graphs in candle.
#[cfg(feature = "peers")]
pub mod candle {
    use candle_core::{Device, Result, Tensor, Var};

    /// One variable of four elements.
    ///
    /// # Errors
    /// When candle fails.
    pub fn variable() -> Result<Var> {
        Var::new(&super::START, &Device::Cpu)
    }

    /// Records one product of four elements and differentiates it; candle's seed is ones.
    ///
    /// # Errors
    /// When candle fails.
    pub fn product(x: &Var, y: &Var) -> Result<Option<Tensor>> {
        let z = (x.as_tensor() * y.as_tensor())?;
        Ok(z.backward()?.get(x).cloned())
    }

    /// Records a chain of `length` hyperbolic tangents and differentiates it.
    ///
    /// # Errors
    /// When candle fails.
    pub fn chain(x: &Var, length: usize) -> Result<Option<Tensor>> {
        let mut y = x.as_tensor().clone();
        for _ in 0..length {
            y = y.tanh()?;
        }
        Ok(y.backward()?.get(x).cloned())
    }
}
