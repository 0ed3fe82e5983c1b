//! [`Primitive`] as an [`Op`]: each family's gradients, matched out.

use alloc::vec::Vec;

use super::{Primitive, conv, gather, matmul, movement, region, scan, select, window};
use crate::op::{each_needed, one_of_all};
use crate::{Backend, Needs, Node, Op, Saves, Spec, SpecError, Tensor};

impl Op for Primitive {
    fn name(&self) -> &'static str {
        Self::name(self)
    }

    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        Self::infer(self, inputs)
    }

    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        let inputs: Vec<&Tensor<B>> = inputs.iter().collect();
        Tensor::call(self, &inputs)
    }

    fn as_primitive(&self) -> Option<&Primitive> {
        Some(self)
    }

    fn differentiable(&self, arg: usize) -> bool {
        match self {
            Self::Constant { .. }
            | Self::Iota { .. }
            | Self::RandomBits { .. }
            | Self::Compare(_)
            | Self::ArgReduce { .. }
            | Self::ArgSort { .. }
            | Self::WindowArgMax { .. } => false,
            Self::Cast { to } => to.is_float(),
            Self::Unary(f) => f.differentiable(),
            Self::Select => arg != 0,
            Self::Gather { .. } | Self::Barrier => arg == 0,
            Self::ScatterAdd { .. } => arg != 1,
            Self::Call(composite) => composite.differentiable(arg),
            Self::Binary(_)
            | Self::Reduce { .. }
            | Self::CumSum { .. }
            | Self::MatMul
            | Self::Conv { .. }
            | Self::ConvInputGrad { .. }
            | Self::ConvWeightGrad { .. }
            | Self::WindowSum { .. }
            | Self::WindowSpread { .. }
            | Self::Reshape { .. }
            | Self::Permute { .. }
            | Self::Flip { .. }
            | Self::Broadcast { .. }
            | Self::Pad { .. }
            | Self::Slice { .. }
            | Self::Concat { .. } => true,
        }
    }

    fn saves(&self, needs: Needs) -> Saves {
        match self {
            Self::Unary(f) => f.saves(),
            Self::Binary(f) => f.saves(needs),
            Self::Select => Saves::NONE.and_input(0),
            Self::Reduce { kind, .. } => kind.saves(),
            Self::MatMul => matmul::rule::saves(needs),
            Self::Conv { .. } | Self::ConvInputGrad { .. } | Self::ConvWeightGrad { .. } => conv::rule::saves(needs),
            Self::Gather { .. } => gather::rule::saves(true),
            Self::ScatterAdd { .. } => gather::rule::saves(needs.contains(2)),
            Self::Call(composite) => composite.saves(needs),
            Self::Constant { .. }
            | Self::Iota { .. }
            | Self::RandomBits { .. }
            | Self::Cast { .. }
            | Self::Compare(_)
            | Self::ArgReduce { .. }
            | Self::CumSum { .. }
            | Self::ArgSort { .. }
            | Self::WindowArgMax { .. }
            | Self::WindowSum { .. }
            | Self::WindowSpread { .. }
            | Self::Reshape { .. }
            | Self::Permute { .. }
            | Self::Flip { .. }
            | Self::Broadcast { .. }
            | Self::Pad { .. }
            | Self::Slice { .. }
            | Self::Concat { .. }
            | Self::Barrier => Saves::NONE,
        }
    }

    fn backward_all<B: Backend>(&self, at: &Node<'_, B>, sink: &mut dyn FnMut(usize, Tensor<B>)) {
        match *self {
            Self::Concat { axis } => region::rule::concat_all(axis.into(), at, sink),
            Self::Call(composite) => composite.backward_all(at, sink),
            _ => each_needed(at, sink, |arg| self.backward(arg, at)),
        }
    }

    fn backward<B: Backend>(&self, arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        match *self {
            Self::Cast { .. } => at.grad().cast(at.spec(0).dtype),
            Self::Barrier => at.grad().clone(),
            Self::Unary(f) => f.backward(at),
            Self::Binary(f) => f.backward(arg, at),
            Self::Select => select::rule::backward(arg, at),
            Self::Reduce { kind, axes } => kind.backward(axes, at),
            Self::CumSum { axis, reverse } => scan::rule::cumsum(axis.into(), reverse, at),
            Self::MatMul => matmul::rule::backward(arg, at),
            Self::Conv { window, groups } => conv::rule::conv(window, groups, arg, at),
            Self::ConvInputGrad { window, groups, .. } => conv::rule::conv_input_grad(window, groups, arg, at),
            Self::ConvWeightGrad { window, groups } => conv::rule::conv_weight_grad(window, groups, arg, at),
            Self::WindowSum { window } => window::rule::sum(window, at),
            Self::WindowSpread { window, .. } => window::rule::spread(window, at),
            Self::Reshape { .. } => movement::rule::reshape(at),
            Self::Permute { ref order } => movement::rule::permute(order, at),
            Self::Flip { axes } => at.grad().flip_axes(axes),
            Self::Broadcast { .. } => movement::rule::broadcast(at),
            Self::Pad { axis, lo, interior, .. } => region::rule::pad(axis.into(), lo, interior, at),
            Self::Slice { axis, start, step, .. } => region::rule::slice(axis.into(), start, step, at),
            Self::Concat { .. } => one_of_all(self, arg, at),
            Self::Gather { axis } => gather::rule::gather(axis.into(), at),
            Self::ScatterAdd { axis } => gather::rule::scatter_add(axis.into(), arg, at),
            Self::Call(composite) => composite.backward(arg, at),
            Self::Constant { .. }
            | Self::Iota { .. }
            | Self::RandomBits { .. }
            | Self::Compare(_)
            | Self::ArgReduce { .. }
            | Self::ArgSort { .. }
            | Self::WindowArgMax { .. } => unreachable!("{} is declared to have no gradient", Self::name(self)),
        }
    }
}
