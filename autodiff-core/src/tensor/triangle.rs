//! Triangles of matrices, and the masks that cut them out.

use crate::{Backend, Index, SpecError, Tensor};

impl<B: Backend> Tensor<B> {
    /// 1 on a diagonal of a matrix and below it, 0 above: `y[i, j] = 1` where `j <= i + diagonal`. No gradient.
    ///
    /// As NumPy's `tri`; the mask of what a position may look back at.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let mask = Tensor::<Cpu<f32>>::tri(2, 3, 0, &Default::default());
    /// assert_eq!(mask.to_vec(), [1.0, 0.0, 0.0, 1.0, 1.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// Above 2^31 - 1 rows or columns.
    #[must_use]
    #[track_caller]
    pub fn tri(rows: usize, columns: usize, diagonal: isize, device: &B::Device) -> Self {
        let (row, column) = (Index::iota(rows, device).unsqueeze(1), Index::iota(columns, device));
        // Beyond the corners all diagonals are alike.
        let diagonal = diagonal.clamp(-rows.cast_signed(), columns.cast_signed());
        match i32::try_from(diagonal) {
            Ok(diagonal) => column.le(&(&row + diagonal)),
            Err(_) => unreachable!("an iota holds 31 bits"),
        }
    }

    /// The matrices of the last two axes on a diagonal and below it, 0 above; gradient: the same of `g`. What lies above,
    /// NaN or infinite, leaves no trace.
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0], [2, 2]);
    /// assert_eq!(x.tril(0).to_vec(), [1.0, 0.0, 3.0, 4.0]);
    /// assert_eq!(x.triu(1).to_vec(), [0.0, 2.0, 0.0, 0.0]);
    /// ```
    ///
    /// # Panics
    /// Below two axes.
    #[must_use]
    #[track_caller]
    pub fn tril(&self, diagonal: isize) -> Self {
        self.up_to("tril", diagonal).select(self, &self.zeros_like())
    }

    /// The matrices of the last two axes on a diagonal and above it, 0 below; gradient: the same of `g`. What lies below,
    /// NaN or infinite, leaves no trace.
    ///
    /// # Panics
    /// Below two axes.
    #[must_use]
    #[track_caller]
    pub fn triu(&self, diagonal: isize) -> Self {
        self.up_to("triu", diagonal.saturating_sub(1)).select(&self.zeros_like(), self)
    }

    /// The mask of a diagonal and all below it for the matrices of this tensor, in its shape.
    #[track_caller]
    fn up_to(&self, op: &'static str, diagonal: isize) -> Self {
        let shape = self.shape();
        let &[.., rows, columns] = shape.extents() else {
            panic!("{}", SpecError::shape(op, "a matrix has two axes", &self.spec()))
        };
        Self::tri(rows, columns, diagonal, self.device()).broadcast_to(shape)
    }
}
