//! Batch normalisation.

use autodiff_core::{Backend, Shape, Tensor};

use crate::{Buffer, Context, Layer, Module, Param, init};

/// `y = (x - mean) / sqrt(variance + eps) weight + bias`, each channel over all other axes: [`BatchNorm1d`],
/// [`BatchNorm2d`], [`BatchNorm3d`].
///
/// ```text
/// x [N, C, S..]    weight, bias, running_mean, running_var [C]    ->    y [N, C, S..]
///
/// in training      mean, variance (biased) of the batch;   running <- (1 - momentum) running + momentum batch
/// in evaluation    the running ones
/// ```
///
/// The running variance takes in the *unbiased* one of the batch, as PyTorch's does. A training pass tells the new running
/// statistics to its [`Context`]; a [`TrainStep`](crate::TrainStep) puts them in place.
///
/// (Ioffe and Szegedy, *Batch normalization*, ICML 2015, algorithms 1 and 2.)
///
/// ```
/// use autodiff_core::{Index, Tensor};
/// use backend_cpu::Cpu;
/// use nn::{BatchNorm1d, Context, Layer};
/// let norm = BatchNorm1d::<Cpu<f64>>::new(2, &Default::default());
/// let x = Tensor::new(&[1.0, 10.0, 3.0, 30.0], [2, 2]);
/// let ctx = &mut Context::training(Index::key(0, x.device()));
/// assert!((norm.forward(&x, ctx).to_vec()[3] - 1.0).abs() < 1e-5);
/// let running = ctx.buffer(norm.running_mean.as_ref().unwrap());
/// assert!((running.to_vec()[1] - 2.0).abs() < 1e-12); // 0.9 * 0 + 0.1 * 20
/// ```
#[derive(Clone, Debug, Module)]
pub struct BatchNorm<B: Backend, const D: usize> {
    /// One factor for each channel; 1 at the start. `None` for `affine=False`.
    pub weight: Option<Param<B>>,
    /// One summand for each channel; 0 at the start.
    pub bias: Option<Param<B>>,
    /// The running mean of each channel; 0 at the start. `None` for `track_running_stats=False`: then the batch's own
    /// statistics serve in evaluation too.
    pub running_mean: Option<Buffer<B>>,
    /// The running variance of each channel; 1 at the start.
    pub running_var: Option<Buffer<B>>,
    /// How many batches the running statistics have taken in. `None` where nobody counts: then a `momentum` of `None` leaves
    /// them as they are.
    pub num_batches_tracked: Option<Buffer<B>>,
    /// What is added to the variance; 1e-5.
    pub eps: f64,
    /// The weight of a new batch in the running statistics; 0.1. `None` for the mean of all batches so far.
    pub momentum: Option<f64>,
}

/// Batch normalisation of `[N, C]` or `[N, C, L]`. See [`BatchNorm`].
pub type BatchNorm1d<B> = BatchNorm<B, 1>;
/// Batch normalisation of `[N, C, H, W]`. See [`BatchNorm`].
pub type BatchNorm2d<B> = BatchNorm<B, 2>;
/// Batch normalisation of `[N, C, D, H, W]`. See [`BatchNorm`].
pub type BatchNorm3d<B> = BatchNorm<B, 3>;

impl<B: Backend, const D: usize> BatchNorm<B, D> {
    /// A layer with PyTorch's defaults.
    #[must_use]
    #[track_caller]
    pub fn new(num_features: usize, device: &B::Device) -> Self {
        let (zeros, ones) = (init::zeros([num_features], device), init::ones([num_features], device));
        Self {
            weight: Some(Param::new(ones.clone())),
            bias: Some(Param::new(zeros.clone())),
            running_mean: Some(Buffer::new(zeros)),
            running_var: Some(Buffer::new(ones)),
            num_batches_tracked: Some(Buffer::new(init::zeros([], device))),
            eps: 1e-5,
            momentum: Some(0.1),
        }
    }

    /// The normalised input.
    ///
    /// # Panics
    /// When the input has another rank or number of channels, and in training when a channel has a single number only, which
    /// has no variance.
    #[must_use]
    #[track_caller]
    pub fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        let shape = x.shape();
        assert!(
            shape.rank() == D + 2 || (D == 1 && shape.rank() == 2),
            "batch_norm: an input with {D} axes behind examples and channels expected, its shape is {shape}"
        );
        self.check_channels(&shape);
        let (weight, bias) = (self.weight.as_deref(), self.bias.as_deref());
        if let (false, Some(mean), Some(var)) = (ctx.is_training(), &self.running_mean, &self.running_var) {
            return x.batch_norm(&ctx.buffer(mean), &ctx.buffer(var), weight, bias, self.eps);
        }
        assert!(
            shape.elements() != shape[1],
            "batch_norm: more than one number for each channel expected in training, the shape is {shape}"
        );
        let (y, mean, var) = x.batch_norm_train(weight, bias, self.eps);
        if ctx.is_training() {
            self.track(&mean, &var, ctx);
        }
        y
    }

    /// Each of the layer's tensors must hold one number for each channel of the input; else one number would be spread over
    /// all of its channels.
    #[track_caller]
    fn check_channels(&self, shape: &Shape) {
        let per_channel = [
            ("weight", self.weight.as_deref()),
            ("bias", self.bias.as_deref()),
            ("running_mean", self.running_mean.as_deref()),
            ("running_var", self.running_var.as_deref()),
        ];
        for (name, tensor) in per_channel {
            let Some(found) = tensor.map(Tensor::shape) else { continue };
            assert!(
                found == [shape[1]],
                "batch_norm: one number for each channel expected in `{name}`: {found} for an input {shape}"
            );
        }
    }

    /// `running <- running + (batch - running) momentum`
    #[track_caller]
    fn track(&self, mean: &Tensor<B>, var: &Tensor<B>, ctx: &mut Context<B>) {
        let counted = self.num_batches_tracked.as_ref().map(|count| (count, ctx.buffer(count) + 1.0));
        for (buffer, batch) in [(&self.running_mean, mean), (&self.running_var, var)] {
            let Some(buffer) = buffer else { continue };
            let old = ctx.buffer(buffer);
            let apart = batch.cast(old.dtype()).detach() - &old;
            let new = match (self.momentum, &counted) {
                (Some(momentum), _) => old + apart * momentum,
                (None, Some((_, tracked))) => old + apart / tracked,
                // The mean of an unknown number of batches takes in none, as PyTorch's.
                (None, None) => continue,
            };
            ctx.set_buffer(buffer, new);
        }
        if let Some((count, tracked)) = counted {
            ctx.set_buffer(count, tracked);
        }
    }
}

impl<B: Backend, const D: usize> Layer<B> for BatchNorm<B, D> {
    type Output = Tensor<B>;
    fn forward(&self, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        self.forward(x, ctx)
    }
}
