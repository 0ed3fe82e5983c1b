//! The matrix product as NumPy defines it: vectors, matrices, batches of them.

use crate::{Backend, Composite, Primitive, Shape, SpecError, Tensor};

impl<B: Backend> Tensor<B> {
    /// The matrix product `[.., m, k] x [.., k, n] -> [.., m, n]`; gradients `g b^T` and `a^T g`.
    ///
    /// Leading axes broadcast. A vector on the left counts as a row, on the right as a column, and that axis goes away.
    ///
    /// # Panics
    /// When an operand is a scalar, the inner extents differ or the leading axes cannot be broadcast together.
    #[must_use]
    #[track_caller]
    pub fn matmul(&self, other: &Self) -> Self {
        let (left, right) = (self.spec(), other.spec());
        match (left.shape.rank(), right.shape.rank()) {
            (2, 2) => return Self::apply(&Primitive::MatMul, [self, other]),
            (0, _) | (_, 0) => panic!("{}", SpecError::shapes("matmul", "a scalar is no matrix", &left, &right)),
            _ => {}
        }
        assert!(
            inner(&left.shape, 1) == inner(&right.shape, 2),
            "{}",
            SpecError::shapes("matmul", "the inner extents differ", &left, &right)
        );
        match (left.shape.rank(), right.shape.rank()) {
            (1, 1) => self.unsqueeze(0).matmul(&other.unsqueeze(-1)).reshape(Shape::SCALAR),
            (1, _) => self.unsqueeze(0).matmul(other).squeeze(-2),
            (_, 1) => self.matmul(&other.unsqueeze(-1)).squeeze(-1),
            (_, 2) => self.matmul_by_matrix(other),
            _ => self.matmul_batched(other),
        }
    }

    /// `self + a b`: `[.., m, n] + [.., m, k] x [.., k, n]`, added up where `self` is, if nothing else reads it.
    ///
    /// Gradients: `g`, `g b^T` and `a^T g`.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let [c, a, b] = [1.0, 2.0, 3.0].map(|x| Tensor::<Cpu<f32>>::new(&[x; 4], [2, 2]));
    /// assert_eq!(c.addmm(&a, &b).to_vec(), [13.0; 4]);
    /// ```
    ///
    /// # Panics
    /// When `a` and `b` are not matrices or equal batches of them, or `self` is not like their product: nothing is stretched.
    #[must_use]
    #[track_caller]
    pub fn addmm(&self, a: &Self, b: &Self) -> Self {
        Self::apply(&Primitive::Call(Composite::AddMatMul), [self, a, b])
    }

    /// A batch times one matrix is one product of all rows: no broadcast, and the matrix's gradient needs no sum.
    #[track_caller]
    fn matmul_by_matrix(&self, matrix: &Self) -> Self {
        let shape = self.shape();
        let last = shape.rank() - 1;
        let rows: usize = shape.extents()[..last].iter().product();
        let product = Self::apply(&Primitive::MatMul, [&self.reshape([rows, shape[last]]), matrix]);
        product.reshape(shape.with(last, matrix.shape()[1]))
    }

    #[track_caller]
    fn matmul_batched(&self, other: &Self) -> Self {
        let (left, right) = (self.spec(), other.spec());
        let Some(batch) = left.shape.batch().broadcast_with(&right.shape.batch()) else {
            let why = "the leading axes cannot be broadcast together";
            panic!("{}", SpecError::shapes("matmul", why, &left, &right));
        };
        let a = self.broadcast_to(batch.with_matrix(left.shape.matrix()));
        let b = other.broadcast_to(batch.with_matrix(right.shape.matrix()));
        Self::apply(&Primitive::MatMul, [&a, &b])
    }
}

/// The extent of the axis `from_end` places from the end, or of the only axis.
fn inner(shape: &Shape, from_end: usize) -> usize {
    shape[shape.rank().saturating_sub(from_end)]
}
