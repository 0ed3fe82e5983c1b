//! Numbers brought to unit size along axes: around their mean (`standardize`, and with a weight and a bias `layer_norm`), or
//! around 0 (`rms_norm`).

use crate::Axes;
use crate::spec::{self, Spec, SpecError};

pub(super) fn infer(op: &'static str, inputs: &[Spec], axes: Axes) -> Result<Spec, SpecError> {
    let [x] = spec::arity(op, inputs)?;
    spec::float(op, 0, x)?;
    for axis in axes.iter() {
        spec::has_axis(op, axis, &x.shape)?;
    }
    Ok(*x)
}

pub(super) fn infer_layer_norm(inputs: &[Spec]) -> Result<Spec, SpecError> {
    const NAME: &str = "layer_norm";
    let [x, weight, bias] = spec::arity(NAME, inputs)?;
    spec::float(NAME, 0, x)?;
    for input in [weight, bias] {
        if input.dtype != x.dtype {
            return Err(SpecError::shapes(NAME, "the number formats differ", x, input));
        }
        if !x.shape.extents().ends_with(input.shape.extents()) {
            return Err(SpecError::shapes(NAME, "weight and bias must have the shape of the last axes", x, input));
        }
    }
    spec::equal(NAME, weight, bias)?;
    Ok(*x)
}

#[cfg(feature = "alloc")]
pub(super) use rule::*;

#[cfg(feature = "alloc")]
mod rule {
    use num_traits::float::FloatCore;

    use crate::{Axes, Backend, Composite, DType, Element, Needs, Node, Reduce, Saves, Scalar, Shape, Tensor};

    /// `c / sqrt(mean(c c) + eps)` with `c = x - mean(x)`: two passes, since `mean(x x) - mean(x)^2` would cancel.
    #[track_caller]
    pub(in crate::composite) fn standardize<B: Backend>(x: &Tensor<B>, axes: Axes, eps: f64) -> Tensor<B> {
        Scaled::new(centred(&x.widened(), axes), axes, eps).unit().cast(x.dtype())
    }

    /// `standardize(x) weight + bias`
    #[track_caller]
    pub(in crate::composite) fn layer_norm<B: Backend>(inputs: &[Tensor<B>], eps: Scalar) -> Tensor<B> {
        let [x, weight, bias] = [0, 1, 2].map(|arg: usize| inputs[arg].widened());
        let axes = trailing(x.shape(), weight.shape());
        (standardize(&x, axes, eps.get()) * weight + bias).cast(inputs[0].dtype())
    }

    /// The last axes, which have the shape of the weight.
    fn trailing(x: Shape, weight: Shape) -> Axes {
        (x.rank() - weight.rank()..x.rank()).collect()
    }

    /// The bias reads nothing but the incoming gradient.
    pub(in crate::composite) const fn layer_norm_saves(needs: Needs) -> Saves {
        Saves::NONE.and_input_if(0, needs.contains(0) || needs.contains(1)).and_input_if(1, needs.contains(0))
    }

    /// ```text
    /// x  the gradient of standardize for g weight      weight  sum of g standardize(x)      bias  sum of g
    /// ```
    pub(in crate::composite) fn layer_norm_grad<B: Backend>(eps: Scalar, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        let (g, axes) = (at.grad().widened(), trailing(at.shape(0), at.shape(1)));
        let all = |g: Tensor<B>| {
            let others = (0..g.rank()).filter(|&axis| !axes.contains(axis)).collect();
            g.reduce(Reduce::Sum, others).reshape(at.shape(1))
        };
        let gradient = match arg {
            0 => {
                let (x, h) = (at.input(0).widened(), g * at.input(1).widened());
                Scaled::new(centred(&x, axes), axes, eps.get()).pull(&centred(&h, axes), axes)
            }
            1 => all(g * at.input(0).widened().composite(Composite::Standardize { axes, eps })),
            _ => all(g),
        };
        gradient.cast(at.grad().dtype())
    }

    /// `x / sqrt(mean(x x) + eps)`
    #[track_caller]
    pub(in crate::composite) fn rms_norm<B: Backend>(x: &Tensor<B>, axes: Axes, eps: f64) -> Tensor<B> {
        Scaled::new(x.widened(), axes, eps).unit().cast(x.dtype())
    }

    /// ```text
    /// (g - mean(g) - y mean(g y)) / sqrt(variance + eps)
    /// ```
    pub(in crate::composite) fn standardize_grad<B: Backend>(axes: Axes, eps: f64, at: &Node<'_, B>) -> Tensor<B> {
        let (x, g) = (at.input(0).widened(), at.grad().widened());
        Scaled::new(centred(&x, axes), axes, eps).pull(&centred(&g, axes), axes).cast(at.grad().dtype())
    }

    /// ```text
    /// (g - y mean(g y)) / sqrt(mean(x x) + eps)
    /// ```
    pub(in crate::composite) fn rms_norm_grad<B: Backend>(axes: Axes, eps: f64, at: &Node<'_, B>) -> Tensor<B> {
        let (x, g) = (at.input(0).widened(), at.grad().widened());
        Scaled::new(x, axes, eps).pull(&g, axes).cast(at.grad().dtype())
    }

    fn mean<B: Backend>(x: &Tensor<B>, axes: Axes) -> Tensor<B> {
        x.reduce(Reduce::Mean, axes)
    }

    #[track_caller]
    fn centred<B: Backend>(x: &Tensor<B>, axes: Axes) -> Tensor<B> {
        x - mean(x, axes)
    }

    /// Numbers `x` with the root `sqrt(mean(x x) + eps)`, both multiplied by a power of two where squares could overflow.
    struct Scaled<B: Backend> {
        x: Tensor<B>,
        root: Tensor<B>,
        factor: Option<Tensor<B>>,
    }

    impl<B: Backend> Scaled<B> {
        #[track_caller]
        fn new(x: Tensor<B>, axes: Axes, eps: f64) -> Self {
            let Some(factor) = factor(&x, axes) else {
                let root = (mean(&(&x * &x), axes) + eps).sqrt();
                return Self { x, root, factor: None };
            };
            let x = x * &factor;
            let root = (mean(&(&x * &x), axes) + &factor * &factor * eps).sqrt();
            Self { x, root, factor: Some(factor) }
        }

        /// `x / root`
        #[track_caller]
        fn unit(&self) -> Tensor<B> {
            &self.x / &self.root
        }

        /// `(g - y mean(g y)) / root`, with the root of the numbers that were given.
        fn pull(&self, g: &Tensor<B>, axes: Axes) -> Tensor<B> {
            let y = self.unit();
            let along = g - &y * mean(&(g * &y), axes);
            match &self.factor {
                None => along / &self.root,
                Some(factor) => along * factor / &self.root,
            }
        }
    }

    /// What numbers of f16, whose squares end at 256, are multiplied by where some are large. By way of a comparison, so
    /// that no gradient passes.
    #[track_caller]
    fn factor<B: Backend>(x: &Tensor<B>, axes: Axes) -> Option<Tensor<B>> {
        let narrow = match x.dtype() {
            DType::F16 => true,
            DType::Elem => B::Elem::max_value().into_f64() < 65_536.0,
            DType::Bf16 | DType::Index => false,
        };
        if !narrow || x.shape().elements() == 0 {
            return None;
        }
        let largest = x.abs().reduce(Reduce::Max, axes);
        let one = largest.ones_like();
        Some(largest.gt(&largest.new_full(largest.shape(), 128.0)).select(&(&one * (1.0 / 512.0)), &one))
    }
}
