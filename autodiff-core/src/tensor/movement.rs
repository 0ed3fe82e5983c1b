//! Changes of shape and order, parts and their composition: the same for [`Tensor`] and [`Index`].

use core::ops::{Bound, RangeBounds};

use alloc::vec::Vec;

use crate::{Axes, Backend, Index, MAX_RANK, Order, Primitive, Shape, SpecError, Tensor, spec};

use super::{resolve, stored_axis};

macro_rules! movement {
    ($Type:ident) => {
        impl<B: Backend> $Type<B> {
            /// The same elements in row-major order under another shape.
            ///
            /// # Panics
            /// When the shapes differ in their number of elements.
            #[must_use]
            #[track_caller]
            pub fn reshape(&self, shape: impl Into<Shape>) -> Self {
                let shape = shape.into();
                if self.shape() == shape {
                    return self.clone();
                }
                self.movement(&Primitive::Reshape { shape })
            }

            /// The axes in another order: output axis `i` is input axis `order[i]`.
            ///
            /// # Panics
            /// When `order` does not name every axis once.
            #[must_use]
            #[track_caller]
            pub fn permute(&self, order: &[isize]) -> Self {
                let shape = self.shape();
                let mut axes = Vec::with_capacity(order.len());
                for &axis in order {
                    axes.push(resolve("permute", axis, &shape));
                }
                match Order::try_new(&axes) {
                    Some(order) if order.rank() == shape.rank() => self.permute_by(&order),
                    _ => panic!("permute: the order {order:?} must name every axis of shape {shape} once"),
                }
            }

            #[track_caller]
            pub(crate) fn permute_by(&self, order: &Order) -> Self {
                self.movement(&Primitive::Permute { order: *order })
            }

            /// Two axes change places.
            ///
            /// # Panics
            /// When the tensor has no such axes.
            #[must_use]
            #[track_caller]
            pub fn transpose(&self, first: isize, second: isize) -> Self {
                let shape = self.shape();
                let (first, second) = (resolve("transpose", first, &shape), resolve("transpose", second, &shape));
                let mut axes = [0, 1, 2, 3, 4, 5, 6, 7];
                axes.swap(first, second);
                match Order::try_new(&axes[..shape.rank()]) {
                    Some(order) => self.permute_by(&order),
                    None => unreachable!("a swap names every axis once"),
                }
            }

            /// The matrix transposed.
            ///
            /// # Panics
            /// Below two axes. Above, the last two change places.
            #[must_use]
            #[track_caller]
            pub fn t(&self) -> Self {
                self.transpose(-2, -1)
            }

            /// Axes of extent 1 stretched and missing leading axes added, as NumPy broadcasts.
            ///
            /// # Panics
            /// When another extent than 1 would have to change.
            #[must_use]
            #[track_caller]
            pub fn broadcast_to(&self, shape: impl Into<Shape>) -> Self {
                let shape = shape.into();
                if self.shape() == shape {
                    return self.clone();
                }
                self.movement(&Primitive::Broadcast { shape })
            }

            /// Some axes run backwards.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn flip(&self, axes: &[isize]) -> Self {
                let shape = self.shape();
                let mut set = Axes::NONE;
                for &axis in axes {
                    set = set.with(resolve("flip", axis, &shape));
                }
                self.flip_axes(set)
            }

            #[track_caller]
            pub(crate) fn flip_axes(&self, axes: Axes) -> Self {
                self.movement(&Primitive::Flip { axes })
            }

            /// An axis of extent 1 added in front of axis `axis`; -1 adds it at the end.
            ///
            /// # Panics
            /// When there is no such place, or the rank would exceed 8.
            #[must_use]
            #[track_caller]
            pub fn unsqueeze(&self, axis: isize) -> Self {
                let shape = self.shape();
                let place = if axis < 0 { axis + shape.rank().cast_signed() + 1 } else { axis };
                let place = usize::try_from(place).ok().filter(|&place| place <= shape.rank());
                let Some(place) = place else { panic!("{}", SpecError::axis("unsqueeze", axis, &shape)) };
                let full = shape.rank() == MAX_RANK;
                assert!(!full, "unsqueeze: shape {shape} has no room for another axis, {MAX_RANK} are the most");
                self.reshape(shape.inserted(place, 1))
            }

            /// An axis of extent 1 dropped.
            ///
            /// # Panics
            /// When the tensor has no such axis, or its extent is not 1.
            #[must_use]
            #[track_caller]
            pub fn squeeze(&self, axis: isize) -> Self {
                let shape = self.shape();
                let place = resolve("squeeze", axis, &shape);
                assert!(shape[place] == 1, "squeeze: axis {axis} of shape {shape} has extent {}, not 1", shape[place]);
                self.reshape(shape.without(Axes::one(place)))
            }

            /// All axes from `start` on joined into one.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn flatten(&self, start: isize) -> Self {
                let shape = self.shape();
                let start = resolve("flatten", start, &shape);
                let (kept, joined) = shape.extents().split_at(start);
                self.reshape(Shape::new(kept).inserted(start, joined.iter().product()))
            }

            /// The elements of `range` along an axis: `x.slice(0, 2..5)`, `x.slice(-1, ..3)`.
            ///
            /// # Panics
            /// When the tensor has no such axis, or the range does not lie within it.
            #[must_use]
            #[track_caller]
            pub fn slice(&self, axis: isize, range: impl RangeBounds<usize>) -> Self {
                self.slice_step(axis, range, 1)
            }

            /// Every `step`-th element of `range` along an axis.
            ///
            /// # Panics
            /// When the tensor has no such axis, the range does not lie within it, or the step is 0.
            #[must_use]
            #[track_caller]
            pub fn slice_step(&self, axis: isize, range: impl RangeBounds<usize>, step: usize) -> Self {
                let shape = self.shape();
                let axis = resolve("slice", axis, &shape);
                let start = match range.start_bound() {
                    Bound::Included(&start) => start,
                    Bound::Excluded(&before) => before.saturating_add(1),
                    Bound::Unbounded => 0,
                };
                let stop = match range.end_bound() {
                    Bound::Included(&last) => last.saturating_add(1),
                    Bound::Excluded(&stop) => stop,
                    Bound::Unbounded => shape[axis],
                };
                assert!(
                    start <= stop && stop <= shape[axis] && step > 0,
                    "slice: range {start}..{stop} step {step} does not lie within axis {axis} of shape {shape}"
                );
                self.slice_along(axis, start, stop, step)
            }

            #[track_caller]
            pub(crate) fn slice_along(&self, axis: usize, start: usize, stop: usize, step: usize) -> Self {
                self.movement(&Primitive::Slice { axis: stored_axis(axis), start, stop, step })
            }

            /// `lo` zeros before and `hi` zeros after the elements along an axis.
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn pad(&self, axis: isize, lo: usize, hi: usize) -> Self {
                self.pad_along(resolve("pad", axis, &self.shape()), lo, hi, 0)
            }

            #[track_caller]
            pub(crate) fn pad_along(&self, axis: usize, lo: usize, hi: usize, interior: usize) -> Self {
                self.movement(&Primitive::Pad { axis: stored_axis(axis), lo, hi, interior })
            }

            /// Tensors one after another along an axis.
            ///
            /// # Panics
            /// When there are none, or they differ elsewhere than on that axis.
            #[must_use]
            #[track_caller]
            pub fn concat(parts: &[Self], axis: isize) -> Self {
                let Some(first) = parts.first() else { panic!("concat: no tensor given") };
                let axis = stored_axis(resolve("concat", axis, &first.shape()));
                let parts: Vec<&Tensor<B>> = parts.iter().map(|part| part.tensor()).collect();
                Self::from_tensor(Tensor::call(&Primitive::Concat { axis }, &parts))
            }

            /// Tensors of one shape side by side along a new axis.
            ///
            /// # Panics
            /// When there are none, or their shapes differ.
            #[must_use]
            #[track_caller]
            pub fn stack(parts: &[Self], axis: isize) -> Self {
                let Some(first) = parts.first() else { panic!("stack: no tensor given") };
                let mut columns = Vec::with_capacity(parts.len());
                for part in parts {
                    if let Err(error) = spec::equal("stack", &first.tensor().spec(), &part.tensor().spec()) {
                        panic!("{error}");
                    }
                    columns.push(part.unsqueeze(axis));
                }
                Self::concat(&columns, axis)
            }

            /// The parts of extent 1 along an axis, which goes away: what [`stack`](Self::stack) puts together.
            ///
            /// They are taken by halves. The gradient of a slice is as large as what it was taken from: the gradient of `n`
            /// parts passes over the whole `log2 n` times so, and not `n` times.
            ///
            /// ```
            /// use autodiff_core::Tensor;
            /// use backend_cpu::Cpu;
            /// let x = Tensor::<Cpu<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
            /// let columns: Vec<_> = x.unbind(1).iter().map(Tensor::to_vec).collect();
            /// assert_eq!(columns, [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
            /// ```
            ///
            /// # Panics
            /// When the tensor has no such axis.
            #[must_use]
            #[track_caller]
            pub fn unbind(&self, axis: isize) -> Vec<Self> {
                let shape = self.shape();
                let mut parts = Vec::with_capacity(shape[resolve("unbind", axis, &shape)]);
                self.unbind_into(resolve("unbind", axis, &shape), &mut parts);
                parts
            }

            #[track_caller]
            fn unbind_into(&self, axis: usize, parts: &mut Vec<Self>) {
                match self.shape()[axis] {
                    0 => {}
                    1 => parts.push(self.squeeze(axis.cast_signed())),
                    extent => {
                        self.slice_along(axis, 0, extent / 2, 1).unbind_into(axis, parts);
                        self.slice_along(axis, extent / 2, extent, 1).unbind_into(axis, parts);
                    }
                }
            }

            #[track_caller]
            fn movement(&self, op: &Primitive) -> Self {
                Self::from_tensor(Tensor::apply(op, [self.tensor()]))
            }
        }
    };
}

movement!(Tensor);
movement!(Index);

impl<B: Backend> Tensor<B> {
    /// The tensor itself, so that the methods above read the same for both handles.
    pub(super) const fn tensor(&self) -> &Self {
        self
    }

    pub(super) const fn from_tensor(tensor: Self) -> Self {
        tensor
    }
}
