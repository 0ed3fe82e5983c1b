//! Positions for networks that see a sequence as a set: waves that are added, and rotations.

use alloc::vec::Vec;

use autodiff_core::{Backend, Element, Tensor};

use crate::{Context, Layer, Module, init};

/// `x + P`, with a wave of another length for each pair of features.
///
/// ```text
/// x [.., T, E]    P[t, 2i] = sin(t / 10000^(2i / E))    P[t, 2i + 1] = cos(t / 10000^(2i / E))
/// ```
///
/// (Vaswani et al., *Attention is all you need*, 2017, section 3.5.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::SinusoidalPositions;
/// let positions = SinusoidalPositions::<Cpu<f64>>::new(16, 4, &Default::default());
/// let x = positions.forward(&Tensor::zeros([2, 3, 4], &Default::default()));
/// let t2 = [2.0_f64.sin(), 2.0_f64.cos(), 0.02_f64.sin(), 0.02_f64.cos()];
/// assert!(x.slice(0, 1..).slice(1, 2..).to_vec().iter().zip(t2).all(|(x, wave)| (x - wave).abs() < 1e-15));
/// ```
#[derive(Clone, Debug, Module)]
pub struct SinusoidalPositions<B: Backend> {
    /// `P`, of shape `[max_len, E]`.
    pub table: Tensor<B>,
}

impl<B: Backend> SinusoidalPositions<B> {
    /// The waves at the positions below `max_len`.
    ///
    /// # Panics
    /// When the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(max_len: usize, d_model: usize, device: &B::Device) -> Self {
        let wave = |position: usize, feature: usize| {
            let angle = angle(position, feature / 2, d_model, 10_000.0);
            if feature.is_multiple_of(2) { libm::sin(angle) } else { libm::cos(angle) }
        };
        Self { table: table("sinusoidal_positions", [max_len, d_model], wave, device) }
    }

    /// `x + P`
    ///
    /// # Panics
    /// When the input has other features or more positions.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>) -> Tensor<B> {
        let length = positions("sinusoidal_positions", x, self.table.shape().extents(), 0);
        x + self.table.slice(0, ..length)
    }
}

impl<B: Backend> Layer<B> for SinusoidalPositions<B> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, _: &mut Context<B>) -> Tensor<B> {
        self.forward(x)
    }
}

/// Each pair of features of a query or key, turned by an angle that grows with its position: the product of two of them
/// depends on their distance alone.
///
/// ```text
/// x [.., T, E]    a = t base^(-2i / E)    y[t, 2i]     = x[t, 2i] cos a - x[t, 2i + 1] sin a
///                                         y[t, 2i + 1] = x[t, 2i] sin a + x[t, 2i + 1] cos a
/// ```
///
/// (Su et al., *RoFormer: enhanced transformer with rotary position embedding*, 2021, equation 34.)
///
/// ```
/// use autodiff_core::Tensor;
/// use backend_cpu::Cpu;
/// use nn::RotaryPositions;
/// let rotary = RotaryPositions::<Cpu<f64>>::new(2, 16, 10_000.0, &Default::default());
/// let x = Tensor::new(&[1.0, 0.0, 1.0, 0.0], [2, 2]);
/// let y = rotary.forward(&x, 0).to_vec();
/// assert!((y[2] - 1.0_f64.cos()).abs() < 1e-15 && (y[3] - 1.0_f64.sin()).abs() < 1e-15);
/// ```
#[derive(Clone, Debug, Module)]
pub struct RotaryPositions<B: Backend> {
    /// `cos a`, of shape `[max_len, E / 2]`.
    pub cos: Tensor<B>,
    /// `sin a`, of shape `[max_len, E / 2]`.
    pub sin: Tensor<B>,
}

impl<B: Backend> RotaryPositions<B> {
    /// The angles at the positions below `max_len`; the base is 10000 where the paper's is meant.
    ///
    /// # Panics
    /// When the number of features is odd, or the extents are too large for a tensor.
    #[must_use]
    #[track_caller]
    pub fn new(dim: usize, max_len: usize, base: f64, device: &B::Device) -> Self {
        assert!(dim.is_multiple_of(2), "rotary_positions: an even number of features expected, found {dim}");
        let (op, shape) = ("rotary_positions", [max_len, dim / 2]);
        let angle = |position, pair| angle(position, pair, dim, base);
        let cos = table(op, shape, |position, pair| libm::cos(angle(position, pair)), device);
        let sin = table(op, shape, |position, pair| libm::sin(angle(position, pair)), device);
        Self { cos, sin }
    }

    /// The rotated features of positions that count from `offset`.
    ///
    /// # Panics
    /// When the input has other features, or positions beyond the table.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>, offset: usize) -> Tensor<B> {
        let ([rows, pairs], shape) = (self.cos.dims(), x.shape());
        let length = positions("rotary_positions", x, &[rows, 2 * pairs], offset);
        let [cos, sin] = [&self.cos, &self.sin].map(|table| table.slice(0, offset..offset + length));
        let split = [&shape.extents()[..shape.rank() - 1], &[pairs, 2]].concat();
        let split = x.reshape(&split[..]);
        let [even, odd] = [0, 1].map(|part| split.slice(-1, part..=part).squeeze(-1));
        let turned = [&even * &cos - &odd * &sin, even * sin + odd * cos];
        Tensor::stack(&turned, -1).reshape(shape)
    }
}

/// `position base^(-2 pair / width)`
fn angle(position: usize, pair: usize, width: usize, base: f64) -> f64 {
    init::count(position) * libm::pow(base, -2.0 * init::count(pair) / init::count(width))
}

#[track_caller]
fn table<B: Backend>(
    op: &str,
    [rows, columns]: [usize; 2],
    f: impl Fn(usize, usize) -> f64,
    device: &B::Device,
) -> Tensor<B> {
    init::check_size(op, &[rows, columns].into());
    let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
    let numbers: Vec<_> = places.map(|(row, column)| B::Elem::from_f64(f(row, column))).collect();
    Tensor::from_slice(&numbers, [rows, columns], device)
}

/// The number of positions of `[.., T, E]`, which a table `[rows, E]` must have behind the offset.
#[track_caller]
fn positions<B: Backend>(op: &str, x: &Tensor<B>, table: &[usize], offset: usize) -> usize {
    let shape = x.shape();
    match (shape.extents(), table) {
        ([.., length, width], [rows, columns])
            if width == columns && offset.checked_add(*length).is_some_and(|end| end <= *rows) =>
        {
            *length
        }
        _ => panic!(
            "{op}: an input [.., T, E] within the table's {table:?} expected, found {shape} from position {offset}"
        ),
    }
}
