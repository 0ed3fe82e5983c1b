//! The workloads that are timed beside other frameworks: small networks and products, whose shapes decide the cost.
//!
//! A workload is built once and answers a [`Step`]: forward, loss, gradients and update on a batch in memory, which
//! [`time`] runs again and again. The numbers come from fixed seeds.

mod classifiers;
mod functions;
mod language;
mod timing;

use core::error::Error;
use core::time::Duration;
use std::io::{self, Write};

use autodiff_core::{Backend, Element, Execute, Explanation, Index, Shape, Tensor, WengertList};

pub use timing::{Timing, time};

/// How a training step is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Operation by operation.
    Eager,
    /// Traced once, and run as one list.
    Compiled,
    /// Traced and planned in each step, and not run: what compiling costs. The step answers the length of the list.
    Planned,
    /// Run as one list a few times, and explained: the step answers with the whole story on standard output.
    Explained,
}

/// One step of a workload, which answers its loss.
pub type Step = Box<dyn FnMut() -> Result<f64, Box<dyn Error>>>;

/// What a time is given in.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unit {
    /// Milliseconds for a step.
    MsPerStep,
    /// Microseconds for a step.
    UsPerStep,
    /// Microseconds for a call.
    UsPerCall,
    /// Thousand millions of floating-point operations in a second; the step has so many.
    GflopPerS(f64),
}

impl Unit {
    /// As the result names it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::MsPerStep => "ms/step",
            Self::UsPerStep => "us/step",
            Self::UsPerCall => "us/call",
            Self::GflopPerS(_) => "GFLOP/s",
        }
    }

    /// A time in this unit.
    #[must_use]
    pub fn of(self, time: Duration) -> f64 {
        match self {
            Self::MsPerStep => time.as_secs_f64() * 1e3,
            Self::UsPerStep | Self::UsPerCall => time.as_secs_f64() * 1e6,
            Self::GflopPerS(flops) => flops / time.as_secs_f64() / 1e9,
        }
    }
}

/// The workloads in single precision, in the order of their list.
pub const NAMES: [&str; 12] = [
    "softmax_regression",
    "lecture_mlp",
    "tied_mlp",
    "mlp",
    "lenet5",
    "vgg_small",
    "lstm_lm",
    "mini_gpt",
    "mlp_infer1",
    "lenet5_infer1",
    "elementwise",
    "deep_chain",
];

/// Rows, summands and columns of the products that are timed.
pub const PRODUCTS: [[usize; 3]; 9] = [
    [64, 64, 64],
    [128, 128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [1024, 1024, 1024],
    [128, 784, 512],
    [512, 128, 784],
    [10_000, 500, 5],
    [500, 10_000, 5],
];

/// The name of a product in elements of this name.
#[must_use]
pub fn product_name(elem: &str, [m, k, n]: [usize; 3]) -> String {
    if m == k && k == n { format!("matmul_{elem}_{m}") } else { format!("matmul_{elem}_{m}x{k}x{n}") }
}

/// Builds the workload of one of the [`NAMES`]; `deep_chain`, `lstm_lm` and `mini_gpt` also with another number of layers or
/// tokens behind a colon: `lstm_lm:128`.
#[must_use]
pub fn build<B: Execute>(name: &str, mode: Mode, device: &B::Device) -> Option<(Unit, Step)> {
    let (name, size) = match name.split_once(':') {
        Some((name @ ("deep_chain" | "lstm_lm" | "mini_gpt"), size)) => (name, Some(size.parse().ok()?)),
        Some(_) => return None,
        None => (name, None),
    };
    let size = |usual: usize| size.unwrap_or(usual);
    let step = match name {
        "softmax_regression" => (Unit::MsPerStep, classifiers::softmax_regression::<B>(mode, device)),
        "lecture_mlp" => (Unit::UsPerStep, classifiers::lecture_mlp::<B>(mode, device, false)),
        "tied_mlp" => (Unit::UsPerStep, classifiers::lecture_mlp::<B>(mode, device, true)),
        "mlp" => (Unit::MsPerStep, classifiers::mlp::<B>(mode, device)),
        "lenet5" => (Unit::MsPerStep, classifiers::lenet5::<B>(mode, device)),
        "vgg_small" => (Unit::MsPerStep, classifiers::vgg_small::<B>(mode, device)),
        "lstm_lm" => (Unit::MsPerStep, language::lstm_lm::<B>(mode, size(language::LENGTH), device)),
        "mini_gpt" => (Unit::MsPerStep, language::mini_gpt::<B>(mode, size(2), device)),
        "mlp_infer1" => (Unit::UsPerCall, classifiers::mlp_infer1::<B>(mode, device)),
        "lenet5_infer1" => (Unit::UsPerCall, classifiers::lenet5_infer1::<B>(mode, device)),
        "elementwise" => (Unit::MsPerStep, functions::elementwise::<B>(mode, device)),
        "deep_chain" => (Unit::MsPerStep, functions::deep_chain::<B>(mode, size(1000), device)),
        _ => return None,
    };
    Some(step)
}

/// Builds the product of these extents.
#[must_use]
pub fn build_product<B: Execute>(mode: Mode, extents: [usize; 3], device: &B::Device) -> (Unit, Step) {
    #[expect(clippy::cast_precision_loss, reason = "a few thousand millions")]
    let flops = 2.0 * extents.iter().product::<usize>() as f64;
    (Unit::GflopPerS(flops), functions::product::<B>(mode, extents, device))
}

/// One gradient of the lecture's network: what a fresh process does to be timed as a whole.
#[must_use]
pub fn one_gradient<B: Execute>(device: &B::Device) -> f64 {
    classifiers::one_gradient::<B>(device)
}

/// Random numbers of which a workload's inputs are made.
pub(crate) struct Inputs<B: Backend> {
    keys: nn::Keys<B>,
}

impl<B: Backend> Inputs<B> {
    pub(crate) fn new(device: &B::Device) -> Self {
        Self { keys: nn::Keys::new(1, device) }
    }

    /// Normally distributed.
    pub(crate) fn normal(&mut self, shape: impl Into<Shape>, std: f64) -> Tensor<B> {
        nn::init::normal(&self.keys.next_key(), shape, 0.0, std)
    }

    /// Whole numbers below `bound`.
    pub(crate) fn below(&mut self, bound: u32, shape: impl Into<Shape>) -> Index<B> {
        let uniform = Tensor::<B>::uniform(&self.keys.next_key(), shape);
        (uniform * f64::from(bound)).floor().cast(autodiff_core::DType::Index).to_index()
    }
}

/// Tells what became of a list, and how much of its memory is parameters.
fn tell<E: Element>(explanation: &Explanation<E>) -> Result<f64, Box<dyn Error>> {
    let values = &explanation.memory.values;
    let parameters = values.iter().filter(|value| value.kept && value.name.starts_with("model"));
    let parameters: usize = parameters.map(|value| value.bytes.len()).sum();
    writeln!(io::stdout(), "{explanation}== parameters and buffers: {parameters} bytes")?;
    Ok(0.0)
}

/// The length of a list as what a step answers.
fn length<E: Element>(list: &WengertList<E>) -> f64 {
    u32::try_from(list.assignments().len()).map_or(f64::INFINITY, f64::from)
}

/// The loss as a number.
fn number<E: Element>(loss: E) -> f64 {
    loss.into_f64()
}
