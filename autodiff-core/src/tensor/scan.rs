//! Running sums, sorted orders and what is made of them: the same for [`Tensor`] and [`Index`].

use crate::{Backend, Index, Primitive, Tensor};

use super::{resolve, stored_axis};

macro_rules! scan {
    ($Type:ident) => {
        impl<B: Backend> $Type<B> {
            /// The sum of each element and all before it along an axis: `y_j = x_0 + .. + x_j`; gradient: the same of `g`,
            /// from the end.
            ///
            /// ```
            /// use autodiff_core::Tensor;
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 4.0], [3]);
            /// assert_eq!(x.cumsum(0).to_vec(), [1.0, 3.0, 7.0]);
            /// ```
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn cumsum(&self, axis: isize) -> Self {
                self.cumsum_along(resolve("cumsum", axis, &self.shape()), false)
            }

            /// The sum of each element and all behind it along an axis: `y_j = x_j + .. + x_(n-1)`; gradient: the same of
            /// `g`, from the front.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn cumsum_reverse(&self, axis: isize) -> Self {
                self.cumsum_along(resolve("cumsum", axis, &self.shape()), true)
            }

            #[track_caller]
            pub(crate) fn cumsum_along(&self, axis: usize, reverse: bool) -> Self {
                let op = Primitive::CumSum { axis: stored_axis(axis), reverse };
                Self::from_tensor(Tensor::apply(&op, [self.tensor()]))
            }

            /// The positions of the elements along an axis from the smallest to the largest, or the other way round; no
            /// gradient.
            ///
            /// Equal elements stay in their order in both directions. NaN counts as the largest.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn argsort(&self, axis: isize, descending: bool) -> Index<B> {
                self.order("argsort", axis, descending)
            }

            /// The elements along an axis from the smallest to the largest, or the other way round, and their positions,
            /// as by `argsort`; gradient: each `g` goes to where its element was.
            ///
            /// ```
            /// use autodiff_core::Tensor;
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[3.0, 1.0, 2.0], [3]);
            /// let (values, positions) = x.sort(0, true);
            /// assert_eq!((values.to_vec(), positions.to_vec()), (vec![3.0, 2.0, 1.0], vec![0, 2, 1]));
            /// ```
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn sort(&self, axis: isize, descending: bool) -> (Self, Index<B>) {
                let order = self.order("sort", axis, descending);
                (self.gather(axis, &order), order)
            }

            /// The `k` largest elements along an axis, the largest first, and their positions; of equal ones the first.
            /// NaN counts as the largest. Gradient: each `g` goes to where its element was.
            ///
            /// ```
            /// use autodiff_core::Tensor;
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[3.0, 1.0, 4.0, 1.0], [4]);
            /// let (values, positions) = x.topk(2, 0);
            /// assert_eq!((values.to_vec(), positions.to_vec()), (vec![4.0, 3.0], vec![2, 0]));
            /// ```
            ///
            /// # Panics
            /// When the tensor has no such axis, or the axis has fewer elements.
            #[must_use]
            #[track_caller]
            pub fn topk(&self, k: usize, axis: isize) -> (Self, Index<B>) {
                self.foremost("topk", k, axis, true)
            }

            /// The `k` smallest elements along an axis, the smallest first, and their positions; PyTorch's `topk` with
            /// `largest=False`. Gradient: each `g` goes to where its element was.
            ///
            /// # Panics
            /// When the tensor has no such axis, or the axis has fewer elements.
            #[must_use]
            #[track_caller]
            pub fn bottomk(&self, k: usize, axis: isize) -> (Self, Index<B>) {
                self.foremost("bottomk", k, axis, false)
            }

            #[track_caller]
            fn foremost(&self, op: &'static str, k: usize, axis: isize, descending: bool) -> (Self, Index<B>) {
                let (shape, order) = (self.shape(), self.order(op, axis, descending));
                let extent = shape[resolve(op, axis, &shape)];
                assert!(k <= extent, "{op}: {k} elements asked for, axis {axis} of shape {shape} has {extent}");
                let order = order.slice(axis, ..k);
                (self.gather(axis, &order), order)
            }

            /// The order along any axis, by that along the last.
            #[track_caller]
            fn order(&self, op: &'static str, axis: isize, descending: bool) -> Index<B> {
                let last = resolve(op, axis, &self.shape()) + 1 == self.rank();
                let moved = if last { self.clone() } else { self.transpose(axis, -1) };
                let order = Tensor::apply(&Primitive::ArgSort { descending }, [moved.tensor()]).to_index();
                if last { order } else { order.transpose(axis, -1) }
            }
        }
    };
}

scan!(Tensor);
scan!(Index);
