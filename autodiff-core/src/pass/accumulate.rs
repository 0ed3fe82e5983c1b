//! [`Accumulate`]: sums of products that are added up where they are.

use alloc::vec::Vec;

use super::Pass;
use crate::list::Rewrite;
use crate::{
    Assignment, Binary, Composite, DType, Element, Instruction, Primitive, Shape, Tensor, Trace, Var, WengertList,
};

/// The most products that each element of a product is the sum of. With more, the addition that is saved is nothing beside
/// them, and kernels begin to add up part by part, so that another order would give other bits.
const LONGEST: usize = 256;

/// Replaces `c + matmul(a, b)` by [`addmm(c, a, b)`](Composite::AddMatMul), where nothing else reads the product: the gradient of
/// a weight that is used again and again is added up in one place, and no product takes room of its own.
///
/// It is left alone where kernels would give other bits: where elements are halves, which they would round once instead of
/// twice; where a factor is a vector, or each element the sum of one product or of more than 256.
///
/// ```
/// use autodiff_core::{Accumulate, Pass, Spec, WengertList};
/// let specs = [("c", Spec::elem([2, 2])), ("a", Spec::elem([2, 3])), ("b", Spec::elem([3, 2]))];
/// let list = WengertList::<f32>::trace(&specs, |x| [("y", &x[0] + x[1].matmul(&x[2]))]);
/// assert_eq!(Accumulate.run(&list).to_string(), "y = addmm(c, a, b)\n");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accumulate;

impl<E: Element> Pass<E> for Accumulate {
    fn name(&self) -> &'static str {
        "accumulate"
    }

    fn run(&self, list: &WengertList<E>) -> WengertList<E> {
        list.rewrite(&Sums { reads: list.uses() })
    }
}

struct Sums {
    /// By place, how often a value is read.
    reads: Vec<usize>,
}

impl<E: Element> Rewrite<E, Trace<E>> for Sums {
    fn apply(&self, list: &WengertList<E>, var: Var, args: &[Tensor<Trace<E>>], device: &()) -> Tensor<Trace<E>> {
        let Assignment { instruction, args: vars, .. } = &list[var];
        if let (Instruction::Apply(Primitive::Binary(Binary::Add)), [x, y]) = (instruction, args) {
            for (product, of, sum) in [(vars[1], y, x), (vars[0], x, y)] {
                if self.is_short_product(list, product) && vars[0] != vars[1] {
                    let factors = &of.raw().expression().args;
                    let [a, b] = [0, 1].map(|arg| Tensor::from_raw(factors[arg].clone()));
                    return Tensor::call(&Primitive::Call(Composite::AddMatMul), &[sum, &a, &b]);
                }
            }
        }
        instruction.apply(args, device)
    }
}

impl Sums {
    /// Whether this is a product of matrices with short rows that nothing but one sum reads.
    fn is_short_product<E: Element>(&self, list: &WengertList<E>, var: Var) -> bool {
        let Assignment { instruction, args, spec } = &list[var];
        let is_product = matches!(instruction, Instruction::Apply(Primitive::MatMul));
        let rounds_twice = spec.dtype == DType::Elem && size_of::<E>() > 2;
        is_product && self.reads[var.index()] == 1 && rounds_twice && {
            let [m, k, n] = extents(list[args[0]].spec.shape, spec.shape);
            m > 1 && n > 1 && (2..=LONGEST).contains(&k)
        }
    }
}

/// Rows, summands and columns of a product, by its first factor.
fn extents(factor: Shape, product: Shape) -> [usize; 3] {
    let last = product.rank() - 1;
    [product[last - 1], factor[last], product[last]]
}
