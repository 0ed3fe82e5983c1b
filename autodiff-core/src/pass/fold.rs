//! [`FoldConstants`]: what depends on no input is computed beforehand.

use core::marker::PhantomData;

use alloc::vec::Vec;

use super::Pass;
use crate::list::Rewrite;
use crate::primitive::Scalar;
use crate::trace::Traced;
use crate::{Backend, Instruction, Primitive, Tensor, Trace, Var, WengertList};

/// The most numbers that a result may have to be kept in the list, and an argument to be computed with.
const LARGEST: usize = 1 << 16;

/// Replaces what depends on constants alone by its numbers, computed on `B`, which is to be the backend that runs the list:
/// so they have the same bits. What has more than 65,536 numbers, result or argument, stays to be computed.
///
/// ```
/// use autodiff_core::{FoldConstants, Pass, Spec, WengertList};
/// use backend_cpu::Cpu;
/// let specs = [("x", Spec::elem([2]))];
/// let list = WengertList::<f32>::trace(&specs, |x| [("y", &x[0] * (x[0].new_full([], 4.0).sqrt() + 1.0))]);
/// let folded = FoldConstants::<Cpu<f32>>::new().run(&list);
/// assert_eq!(folded.to_string(), "y = mul(x, 3)\n");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FoldConstants<B>(PhantomData<B>);

impl<B> FoldConstants<B> {
    /// The pass.
    #[must_use]
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<B> Default for FoldConstants<B> {
    fn default() -> Self {
        Self::new()
    }
}

impl<B: Backend> Pass<B::Elem> for FoldConstants<B> {
    fn name(&self) -> &'static str {
        "fold_constants"
    }

    fn run(&self, list: &WengertList<B::Elem>) -> WengertList<B::Elem> {
        list.rewrite(self)
    }
}

impl<B: Backend> Rewrite<B::Elem, Trace<B::Elem>> for FoldConstants<B> {
    fn apply(
        &self,
        list: &WengertList<B::Elem>,
        var: Var,
        args: &[Tensor<Trace<B::Elem>>],
        device: &(),
    ) -> Tensor<Trace<B::Elem>> {
        let instruction = &list[var].instruction;
        let y = instruction.apply(args, device);
        let Instruction::Apply(op) = instruction else { return y };
        let large = args.iter().chain([&y]).any(|value| value.shape().elements() > LARGEST);
        if args.is_empty() || op.is_movement() || *op == Primitive::Barrier || large {
            return y;
        }
        match args.iter().map(|arg| known::<B>(arg.raw())).collect::<Option<Vec<_>>>() {
            Some(args) => constant(&Tensor::call(op, &args.iter().collect::<Vec<_>>())),
            None => y,
        }
    }
}

/// The value of data, of a number, and of what moves them. What was computed of them is data already.
fn known<B: Backend>(node: &Traced<B::Elem>) -> Option<Tensor<B>> {
    let (mut node, mut movements, device) = (node, Vec::new(), B::Device::default());
    let start = loop {
        let expression = node.expression();
        match &expression.instruction {
            Instruction::Data(data) => break Tensor::from_data(data.as_data(), expression.spec.shape, &device),
            Instruction::Apply(op @ Primitive::Constant { .. }) => break Tensor::source(op, &device),
            Instruction::Apply(op) if op.is_movement() && expression.spec.shape.elements() <= LARGEST => {
                movements.push(*op);
                node = &expression.args[0];
            }
            Instruction::Apply(_) | Instruction::Input(_) | Instruction::Custom(_) => return None,
        }
    };
    Some(movements.iter().rev().fold(start, |value, op| Tensor::call(op, &[&value])))
}

/// The numbers of a tensor as part of a list; a single one as an attribute, which is printed and seen by other passes.
fn constant<B: Backend>(value: &Tensor<B>) -> Tensor<Trace<B::Elem>> {
    let (spec, data) = (value.spec(), value.to_data());
    if spec.shape.rank() == 0 {
        let value = Scalar::new(data.to_f64()[0]);
        return Tensor::source(&Primitive::Constant { value, dtype: spec.dtype }, &());
    }
    Tensor::from_data(data.as_data(), spec.shape, &())
}
