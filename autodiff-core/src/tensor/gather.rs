//! Reading, adding and setting at computed positions: the same for [`Tensor`] and [`Index`].
//!
//! The primitives take one index per element of everything but the axis. As in PyTorch an index may also be smaller than
//! the tensor there: then it speaks of the tensor's beginning.

use crate::{Backend, Index, MAX_RANK, Primitive, Shape, Tensor};

use super::{resolve, stored_axis};

macro_rules! gather {
    ($Type:ident) => {
        impl<B: Backend> $Type<B> {
            /// The elements that the index names along an axis: `y[.., j, ..] = x[.., i[.., j, ..], ..]`, of the index's
            /// shape, which may be smaller than `x` on the other axes; gradient `scatter_add(0, i, g)`.
            ///
            /// ```
            /// use autodiff_core::{Index, Tensor};
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
            /// let y = x.gather(1, &Index::new(&[2, 0, 1, 1], [2, 2]));
            /// assert_eq!(y.to_vec(), [3.0, 1.0, 5.0, 5.0]);
            /// assert_eq!(x.gather(1, &Index::new(&[2, 0], [1, 2])).to_vec(), [3.0, 1.0]);
            /// ```
            ///
            /// # Panics
            /// When the index has another rank or is larger than the tensor elsewhere than on that axis, or an index is out
            /// of range.
            #[must_use]
            #[track_caller]
            pub fn gather(&self, axis: isize, index: &Index<B>) -> Self {
                let axis = resolve("gather", axis, &self.shape());
                self.beginning(&index.shape(), Some(axis)).gather_along(axis, index)
            }

            #[track_caller]
            pub(crate) fn gather_along(&self, axis: usize, index: &Index<B>) -> Self {
                let gathered =
                    Tensor::apply(&Primitive::Gather { axis: stored_axis(axis) }, [self.tensor(), index.tensor()]);
                Self::from_tensor(gathered)
            }

            /// Whole slices along an axis, one for each entry of a vector of indices: rows of a table for axis 0.
            ///
            /// # Panics
            /// When the tensor has no such axis, `index` is no vector, or an index is out of range.
            #[must_use]
            #[track_caller]
            pub fn index_select(&self, axis: isize, index: &Index<B>) -> Self {
                let shape = self.shape();
                let axis = resolve("index_select", axis, &shape);
                assert!(
                    index.rank() == 1,
                    "index_select: a vector of indices expected, its shape is {}",
                    index.shape()
                );
                let count = index.shape()[0];
                let column = Shape::new(&[1; MAX_RANK][..shape.rank()]).with(axis, count);
                self.gather_along(axis, &index.reshape(column).broadcast_to(shape.with(axis, count)))
            }

            /// The tensor with `updates` added where the index names along an axis: `y[.., i[.., j, ..], ..] +=
            /// u[.., j, ..]`; equal indices add up. Gradients `g` and `gather(g, i)`.
            ///
            /// The index may be smaller than tensor and updates on the other axes: what it does not reach stays, and what
            /// it does not read is not added.
            ///
            /// # Panics
            /// When a rank differs, when the index is larger than the updates, or than the tensor elsewhere than on that axis,
            /// or an index is out of range.
            #[must_use]
            #[track_caller]
            pub fn scatter_add(&self, axis: isize, index: &Index<B>, updates: &Self) -> Self {
                let axis = resolve("scatter_add", axis, &self.shape());
                let updates = updates.beginning(&index.shape(), None);
                let part = self.beginning(&index.shape(), Some(axis));
                let part = part.scatter_add_along(axis, index, &updates);
                self.with_beginning(part)
            }

            #[track_caller]
            pub(crate) fn scatter_add_along(&self, axis: usize, index: &Index<B>, updates: &Self) -> Self {
                let op = Primitive::ScatterAdd { axis: stored_axis(axis) };
                Self::from_tensor(Tensor::apply(&op, [self.tensor(), index.tensor(), updates.tensor()]))
            }

            /// The tensor with `updates` in the places that the index names along an axis: `y[.., i[.., j, ..], ..] =
            /// u[.., j, ..]`; gradients `g`, 0 where it was overwritten, and `gather(g, i)`.
            ///
            /// The indices of one line along the axis must differ: updates at equal ones add up. What is overwritten, NaN
            /// or infinite, leaves no trace. The index may be smaller than tensor and updates as in
            /// [`scatter_add`](Self::scatter_add), under whose name a wrong use is reported.
            ///
            /// ```
            /// use autodiff_core::{Index, Tensor};
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[1.0, f32::NAN.into(), 3.0], [3]);
            /// let y = x.scatter(0, &Index::new(&[1, 0], [2]), &Tensor::new(&[5.0, 7.0], [2]));
            /// assert_eq!(y.to_vec(), [7.0, 5.0, 3.0]);
            /// ```
            ///
            /// # Panics
            /// As `scatter_add`.
            #[must_use]
            #[track_caller]
            pub fn scatter(&self, axis: isize, index: &Index<B>, updates: &Self) -> Self {
                let (shape, device) = (self.shape(), self.device());
                let axis = resolve("scatter", axis, &shape).cast_signed();
                let ones = Tensor::<B>::ones(index.shape(), device);
                let overwritten = Tensor::<B>::zeros(shape, device).scatter_add(axis, index, &ones);
                // To -0 anything can be added without a change, 0 of either sign too.
                let nothing = self.tensor().new_full(shape, -0.0);
                let kept = Self::from_tensor(overwritten.select(&nothing, self.tensor()));
                kept.scatter_add(axis, index, updates)
            }

            /// The first elements along every axis but one, as many as `to` has where that is fewer.
            #[track_caller]
            fn beginning(&self, to: &Shape, but: Option<usize>) -> Self {
                let mut part = self.clone();
                for (axis, &extent) in to.extents().iter().enumerate().take(self.rank()) {
                    if Some(axis) != but && self.rank() == to.rank() && extent < self.shape()[axis] {
                        part = part.slice_along(axis, 0, extent, 1);
                    }
                }
                part
            }

            /// The tensor with its first elements along every axis replaced by these.
            #[track_caller]
            fn with_beginning(&self, part: Self) -> Self {
                let shape = self.shape();
                (0..shape.rank()).fold(part, |part, axis| {
                    let own = part.shape()[axis];
                    if own == shape[axis] {
                        return part;
                    }
                    let rest = self.slice_along(axis, own, shape[axis], 1);
                    let rest = rest.beginning(&part.shape().with(axis, shape[axis]), None);
                    Self::concat(&[part, rest], axis.cast_signed())
                })
            }
        }
    };
}

gather!(Tensor);
gather!(Index);
