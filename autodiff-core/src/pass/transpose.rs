//! [`AbsorbTransposes`]: products that are computed the way they are read.

use alloc::vec::Vec;

use super::Pass;
use crate::list::Rewrite;
use crate::{Assignment, Element, Instruction, Order, Primitive, Shape, Tensor, Trace, Var, WengertList};

/// Replaces `matmul(a, b)^T` by `matmul(b^T, a^T)`, where nothing else reads the product, so that what is computed from it reads it
/// in its own order: the gradient of a linear layer's weight, which its update reads beside the weight. Factors are read in any
/// order at no cost.
///
/// A product of vectors is left alone, which kernels may add up in another order the other way round.
///
/// ```
/// use autodiff_core::{AbsorbTransposes, Pass, Spec, WengertList};
/// let specs = [("w", Spec::elem([3, 2])), ("x", Spec::elem([4, 2])), ("g", Spec::elem([4, 3]))];
/// let list = WengertList::<f32>::trace(&specs, |v| [("y", &v[0] - v[1].t().matmul(&v[2]).t())]);
/// let shorter = "z1 = permute(g, [1, 0])\nz2 = matmul(z1, x)\ny = sub(w, z2)\n";
/// assert_eq!(AbsorbTransposes.run(&list).to_string(), shorter);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AbsorbTransposes;

impl<E: Element> Pass<E> for AbsorbTransposes {
    fn name(&self) -> &'static str {
        "absorb_transposes"
    }

    fn run(&self, list: &WengertList<E>) -> WengertList<E> {
        list.rewrite(&Turned { reads: list.uses() })
    }
}

struct Turned {
    /// By place, how often a value is read.
    reads: Vec<usize>,
}

impl<E: Element> Rewrite<E, Trace<E>> for Turned {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Tensor<Trace<E>>], device: &()) -> Tensor<Trace<E>> {
        let Assignment { instruction, args: vars, .. } = &list[var];
        match instruction {
            Instruction::Apply(Primitive::Permute { order }) if self.is_product(list, vars[0], order) => {
                let factors = &args[0].raw().expression().args;
                let [a, b] = [0, 1].map(|arg| transposed(&Tensor::from_raw(factors[arg].clone())));
                Tensor::call(&Primitive::MatMul, &[&b, &a])
            }
            instruction => instruction.apply(args, device),
        }
    }
}

impl Turned {
    /// Whether the last two axes of a product of matrices change places, which nothing else reads.
    fn is_product<E: Element>(&self, list: &WengertList<E>, var: Var, order: &Order) -> bool {
        let Assignment { instruction, spec, .. } = &list[var];
        let is_product = matches!(instruction, Instruction::Apply(Primitive::MatMul)) && self.reads[var.index()] == 1;
        is_product && Some(*order) == last_two(spec.shape) && spec.shape.extents().iter().rev().take(2).all(|&n| n > 1)
    }
}

/// The last two axes change places.
fn last_two(shape: Shape) -> Option<Order> {
    let mut order: Vec<usize> = (0..shape.rank()).collect();
    let last = shape.rank().checked_sub(2)?;
    order.swap(last, last + 1);
    Order::try_new(&order)
}

/// A factor with its last two axes in each other's place; what was turned that way is turned back.
fn transposed<E: Element>(x: &Tensor<Trace<E>>) -> Tensor<Trace<E>> {
    let Some(order) = last_two(x.shape()) else { return x.clone() };
    let expression = x.raw().expression();
    match expression.instruction {
        Instruction::Apply(Primitive::Permute { order: inner }) if inner == order => {
            Tensor::from_raw(expression.args[0].clone())
        }
        _ => Tensor::call(&Primitive::Permute { order }, &[x]),
    }
}
