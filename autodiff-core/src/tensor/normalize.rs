//! Normalisation: layers', groups' and batches' numbers brought to mean 0 and variance 1.
//!
//! Half precision beside a wider element is computed in that element, statistics and all, and rounded once at the end.

use super::statistics::corrected;
use crate::{Axes, Backend, Composite, MAX_RANK, Primitive, Reduce, Scalar, Shape, SpecError, Tensor};

impl<B: Backend> Tensor<B> {
    /// `(x - mean) / sqrt(variance + eps) weight + bias` over the last axes, whose extents are `normalized_shape`.
    ///
    /// The variance is the biased one, of two passes: a large mean takes no digits from it. It must be finite: in `f32`
    /// numbers may differ by up to 10^19. Weight and bias have the normalised shape; nothing normalised stays nothing.
    /// (Ba, Kiros and Hinton, *Layer normalization*, 2016.)
    ///
    /// ```text
    /// x  s (h - mean(h) - y mean(h y)),   h = g weight,  y = (x - mean) s,  s = 1 / sqrt(variance + eps)
    /// weight  sum of g y      bias  sum of g
    /// ```
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1.0, 3.0, 7.0, 7.0], [2, 2]);
    /// assert_eq!(x.layer_norm([2], None, None, 0.0).slice(0, ..1).to_vec(), [-1.0, 1.0]);
    /// assert_eq!(x.layer_norm([2], None, None, 1e-5).slice(0, 1..).to_vec(), [0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// When the last extents are others, or weight or bias have another shape.
    #[must_use]
    #[track_caller]
    pub fn layer_norm(
        &self,
        normalized_shape: impl Into<Shape>,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Self {
        let shape = normalized_shape.into();
        let (x, eps) = (self.widened(), Scalar::new(eps));
        let axes = self.last_axes("layer_norm", &shape);
        if weight.is_none() && bias.is_none() {
            return x.composite(Composite::Standardize { axes, eps }).cast(self.dtype());
        }
        let (weight, bias) = (x.or_full(weight, &shape, 1.0), x.or_full(bias, &shape, 0.0));
        Self::apply(&Primitive::Call(Composite::LayerNorm { eps }), [&x, &weight, &bias]).cast(self.dtype())
    }

    /// `x / sqrt(mean(x x) + eps) weight` over the last axes, whose extents are `normalized_shape`.
    ///
    /// (Zhang and Sennrich, *Root mean square layer normalization*, 2019.)
    ///
    /// ```text
    /// x  s (h - y mean(h y)),   h = g weight,  y = x s,  s = 1 / sqrt(mean(x x) + eps)      weight  sum of g y
    /// ```
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1.0, 7.0], [2]);
    /// assert_eq!(x.rms_norm([2], None, 0.0).to_vec(), [0.2, 1.4]);
    /// ```
    ///
    /// # Panics
    /// When the last extents are others, or the weight has another shape.
    #[must_use]
    #[track_caller]
    pub fn rms_norm(&self, normalized_shape: impl Into<Shape>, weight: Option<&Self>, eps: f64) -> Self {
        let shape = normalized_shape.into();
        let axes = self.last_axes("rms_norm", &shape);
        let y = self.widened().composite(Composite::RmsNorm { axes, eps: Scalar::new(eps) });
        y.affine("rms_norm", weight, None, &shape, shape).cast(self.dtype())
    }

    /// [`layer_norm`](Self::layer_norm) of each group of channels: `[N, C, ..]` with `C / groups` channels to a group.
    ///
    /// Weight and bias hold one number for each channel. (Wu and He, *Group normalization*, ECCV 2018.)
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1.0, 3.0, 10.0, 30.0], [1, 4]);
    /// assert_eq!(x.group_norm(2, None, None, 0.0).to_vec(), [-1.0, 1.0, -1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// When there is no axis of channels, `groups` does not divide it, or weight or bias are not one per channel.
    #[must_use]
    #[track_caller]
    pub fn group_norm(&self, groups: usize, weight: Option<&Self>, bias: Option<&Self>, eps: f64) -> Self {
        self.grouped("group_norm", groups, weight, bias, eps)
    }

    /// [`layer_norm`](Self::layer_norm) of each channel of each example alone: `[N, C, ..]`.
    ///
    /// (Ulyanov, Vedaldi and Lempitsky, *Instance normalization*, 2016.)
    ///
    /// # Panics
    /// When there is no axis of channels, or weight or bias are not one per channel.
    #[must_use]
    #[track_caller]
    pub fn instance_norm(&self, weight: Option<&Self>, bias: Option<&Self>, eps: f64) -> Self {
        self.grouped("instance_norm", self.channels("instance_norm"), weight, bias, eps)
    }

    #[track_caller]
    fn grouped(&self, op: &'static str, groups: usize, weight: Option<&Self>, bias: Option<&Self>, eps: f64) -> Self {
        let (shape, channels) = (self.shape(), self.channels(op));
        assert!(
            channels.checked_rem(groups).unwrap_or(channels) == 0,
            "{op}: {groups} groups do not divide the {channels} channels of shape {shape}"
        );
        let size: usize = shape.extents()[2..].iter().product();
        let rows = self.widened().reshape([shape[0], groups, channels / groups.max(1) * size]);
        let y = rows.composite(Composite::Standardize { axes: Axes::one(2), eps: Scalar::new(eps) });
        y.reshape(shape).affine(op, weight, bias, &[channels].into(), self.per_channel()).cast(self.dtype())
    }

    /// `(x - mean) / sqrt(variance + eps) weight + bias` for `[N, C, ..]`, with statistics that are given for each channel.
    ///
    /// What a network does in evaluation, with the statistics that it collected in training.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1.0, 2.0, 3.0, 6.0], [2, 2]);
    /// let [mean, variance] = [[1.0, 2.0], [4.0, 16.0]].map(|values| Tensor::new(&values, [2]));
    /// assert_eq!(x.batch_norm(&mean, &variance, None, None, 0.0).to_vec(), [0.0, 0.0, 1.0, 1.0]);
    /// ```
    ///
    /// # Panics
    /// When there is no axis of channels, or statistics, weight or bias are not one per channel.
    #[must_use]
    #[track_caller]
    pub fn batch_norm(
        &self,
        mean: &Self,
        variance: &Self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Self {
        let vector = [self.channels("batch_norm")].into();
        let x = self.widened();
        for statistic in [mean, variance] {
            self.check_parameter("batch_norm", statistic, &vector);
        }
        let column = self.per_channel();
        let root = (variance.cast(x.dtype()).reshape(column) + eps).sqrt();
        let y = (&x - mean.cast(x.dtype()).reshape(column)) / root;
        y.affine("batch_norm", weight, bias, &vector, column).cast(self.dtype())
    }

    /// [`batch_norm`](Self::batch_norm) with the mean and the biased variance of the batch itself, each channel over all
    /// other axes; answers the result, the mean, and the *unbiased* variance of each channel.
    ///
    /// Running statistics take in the two by `(1 - momentum) running + momentum batch`. They are in the format that the
    /// result was computed in. The unbiased variance of a single number is NaN. (Ioffe and Szegedy, *Batch normalization*,
    /// ICML 2015, algorithm 1.)
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f64>>::new(&[1.0, 10.0, 3.0, 30.0], [2, 2]);
    /// let (y, mean, variance) = x.batch_norm_train(None, None, 0.0);
    /// assert_eq!(y.to_vec(), [-1.0, -1.0, 1.0, 1.0]);
    /// assert_eq!((mean.to_vec(), variance.to_vec()), (vec![2.0, 20.0], vec![2.0, 200.0]));
    /// ```
    ///
    /// # Panics
    /// When there is no axis of channels, or weight or bias are not one per channel.
    #[must_use]
    #[track_caller]
    pub fn batch_norm_train(&self, weight: Option<&Self>, bias: Option<&Self>, eps: f64) -> (Self, Self, Self) {
        let channels = self.channels("batch_norm");
        let vector = [channels].into();
        let x = self.widened();
        let axes: Axes = (0..x.rank()).filter(|&axis| axis != 1).collect();
        let y = x.composite(Composite::Standardize { axes, eps: Scalar::new(eps) });
        let y = y.affine("batch_norm", weight, bias, &vector, self.per_channel()).cast(self.dtype());
        // As the composite's body computes them, which scales only numbers of f16 first: a list with its body written out
        // holds them once.
        let mean = x.reduce(Reduce::Mean, axes);
        let centred = &x - &mean;
        let biased = (&centred * &centred).reduce(Reduce::Mean, axes);
        let unbiased = biased * corrected(&x.shape(), axes, 1);
        (y, mean.reshape([channels]), unbiased.reshape([channels]))
    }

    /// A parameter of `layer_norm` in this tensor's format; where none is given, this number for each.
    #[track_caller]
    fn or_full(&self, parameter: Option<&Self>, shape: &Shape, none: f64) -> Self {
        let Some(parameter) = parameter else { return self.new_full(*shape, none) };
        self.check_parameter("layer_norm", parameter, shape);
        parameter.cast(self.dtype())
    }

    /// The last axes, whose extents must be these.
    #[track_caller]
    fn last_axes(&self, op: &'static str, normalized: &Shape) -> Axes {
        let shape = self.shape();
        let why = "the last axes are not those to be normalised";
        let error = SpecError::shapes(op, why, &self.spec(), &self.spec().reshaped(*normalized));
        assert!(shape.extents().ends_with(normalized.extents()), "{error}");
        (shape.rank() - normalized.rank()..shape.rank()).collect()
    }

    /// The extent of axis 1.
    #[track_caller]
    fn channels(&self, op: &'static str) -> usize {
        let shape = self.shape();
        assert!(
            shape.rank() > 1,
            "{}",
            SpecError::shape(op, "no axis of channels behind that of examples", &self.spec())
        );
        shape[1]
    }

    /// The shape of a number for each channel: `[C, 1, ..]`.
    fn per_channel(&self) -> Shape {
        let shape = self.shape();
        Shape::new(&[1; MAX_RANK][..shape.rank() - 1]).with(0, shape[1])
    }

    /// `x weight + bias`, both of this shape and seen as that one.
    #[track_caller]
    fn affine(&self, op: &'static str, weight: Option<&Self>, bias: Option<&Self>, shape: &Shape, seen: Shape) -> Self {
        let mut y = self.clone();
        if let Some(weight) = weight {
            self.check_parameter(op, weight, shape);
            y = y * weight.cast(self.dtype()).reshape(seen);
        }
        if let Some(bias) = bias {
            self.check_parameter(op, bias, shape);
            y = y + bias.cast(self.dtype()).reshape(seen);
        }
        y
    }

    #[track_caller]
    fn check_parameter(&self, op: &'static str, parameter: &Self, shape: &Shape) {
        let why = "weight, bias and statistics must have the normalised shape, or one number per channel";
        let error = SpecError::shapes(op, why, &parameter.spec(), &parameter.spec().reshaped(*shape));
        assert!(parameter.shape() == *shape, "{error}");
    }
}
