//! [`Primitive`]: everything that a backend can be asked to compute, as data.
//!
//! The set is closed under differentiation: every gradient below is made of the same primitives, so nesting
//! [`Autodiff`](crate::Autodiff) never falls off an edge. Each family has a file of its own here with its shape rule,
//! its gradients and their formulas; in those, `g` is the gradient that arrives at the output `y`.

mod binary;
mod conv;
mod gather;
mod matmul;
mod movement;
#[cfg(feature = "alloc")]
mod product;
mod reduce;
mod region;
mod scan;
mod select;
mod source;
mod unary;
mod window;

use core::fmt;

use crate::spec::{self, Fault, Spec, SpecError};
use crate::{Axes, Composite, DType, Order, Shape, Window};

#[cfg(feature = "alloc")]
pub(crate) use binary::not_broadcastable;
pub use binary::{Binary, Compare};
pub use reduce::{ArgReduce, Reduce};
pub use unary::Unary;

/// An operation that every backend computes, with its attributes.
///
/// Elementwise primitives take inputs of one shape: broadcasting is an explicit [`Primitive::Broadcast`] that
/// [`Tensor`](crate::Tensor) puts in above the backend. Reductions keep the reduced axes with extent 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case", deny_unknown_fields))]
pub enum Primitive {
    /// A scalar, the same in every run: `y = value`.
    Constant {
        /// The number; rounded to the format.
        value: Scalar,
        /// The format.
        dtype: DType,
    },
    /// `y[i] = i` for `i < len`, as indices.
    Iota {
        /// How many.
        len: usize,
    },
    /// `(key: index[2]) -> index[shape]`: random whole numbers in `[0, 2^bits)`, by Philox 4x32-10.
    ///
    /// Element `4 i + j` is the top `bits` bits of word `j` of the block whose counter is `(i mod 2^32, i / 2^32, 0, 0)`
    /// under the key `(key[0], key[1])`. (Salmon et al., *Parallel random numbers: as easy as 1, 2, 3*, SC 2011.)
    RandomBits {
        /// The shape of the result.
        shape: Shape,
        /// How many bits, 1 to 31.
        bits: u8,
    },
    /// The same numbers in another format; a number that an index cannot hold is cut towards zero and saturates, NaN is 0.
    Cast {
        /// The format.
        to: DType,
    },
    /// A function of each element.
    Unary(Unary),
    /// A function of two elements in the same place.
    Binary(Binary),
    /// A comparison of two elements in the same place: 1 or 0 in the backend's element.
    Compare(Compare),
    /// `(c, a, b) -> a where c != 0, else b`.
    Select,
    /// A reduction along `axes`, which stay with extent 1.
    Reduce {
        /// What is computed.
        kind: Reduce,
        /// Along which axes.
        axes: Axes,
    },
    /// The position of an extreme value along an axis, which stays with extent 1: the first one on a tie, the first NaN
    /// where there is one.
    ArgReduce {
        /// Which extreme.
        kind: ArgReduce,
        /// Along which axis.
        axis: u8,
    },
    /// The sum of each element and all before it along an axis, or all behind it. Those of indices wrap around.
    #[cfg_attr(feature = "serde", serde(rename = "cumsum"))]
    CumSum {
        /// The axis.
        axis: u8,
        /// Whether the sum runs from the last element to the first.
        reverse: bool,
    },
    /// The positions of the elements along the last axis, sorted by these: equal ones, as zeros of either sign are, stay in
    /// their order in both directions, NaN counts as the largest.
    #[cfg_attr(feature = "serde", serde(rename = "argsort"))]
    ArgSort {
        /// Whether the largest comes first.
        descending: bool,
    },
    /// `[.., m, k] x [.., k, n] -> [.., m, n]`, matrix products over equal leading axes.
    #[cfg_attr(feature = "serde", serde(rename = "matmul"))]
    MatMul,
    /// `x [n, c, s..], w [o, c / groups, k..] -> y [n, o, t..]`, cross-correlation: the sum of the products of a window's
    /// cells and a weight.
    Conv {
        /// How windows slide; the kernel is the weight's.
        window: Window,
        /// So many parts of the channels have nothing to do with each other.
        groups: u32,
    },
    /// `y [n, o, t..], w [o, c / groups, k..] -> x [n, c, s..]`: each cell's sum over the windows that hold it.
    ConvInputGrad {
        /// How windows slide over the result.
        window: Window,
        /// So many parts of the channels have nothing to do with each other.
        groups: u32,
        /// `s..`, aligned at the last of three axes; 1 in front.
        size: [u32; 3],
    },
    /// `x [n, c, s..], y [n, o, t..] -> w [o, c / groups, k..]`: each weight's sum over all windows.
    ConvWeightGrad {
        /// How windows slide over `x`; the kernel is that of the result.
        window: Window,
        /// So many parts of the channels have nothing to do with each other.
        groups: u32,
    },
    /// `x [.., s..] -> [.., t..]`, over the last axes: the sum of each window's cells.
    WindowSum {
        /// How windows slide.
        window: Window,
    },
    /// `y [.., t..] -> [.., s..]`, over the last axes: each cell's sum over the windows that hold it.
    WindowSpread {
        /// How windows slide over the result.
        window: Window,
        /// `s..`, aligned at the last of three axes; 1 in front.
        size: [u32; 3],
    },
    /// `x [.., s..] -> index[.., t..]`, over the last axes: where the largest cell of each window lies, counted in row-major
    /// order over all of `s..`; the first on a tie, the first NaN where there is one. Padding is never chosen.
    #[cfg_attr(feature = "serde", serde(rename = "window_argmax"))]
    WindowArgMax {
        /// How windows slide; each must hold a cell.
        window: Window,
    },
    /// The same elements in row-major order under another shape.
    Reshape {
        /// The shape of the result.
        shape: Shape,
    },
    /// The axes in another order.
    Permute {
        /// The order.
        order: Order,
    },
    /// Some axes run backwards.
    Flip {
        /// Which.
        axes: Axes,
    },
    /// Axes of extent 1 stretch, missing leading axes are added.
    Broadcast {
        /// The shape of the result.
        shape: Shape,
    },
    /// Zeros before, after and between the elements along an axis.
    Pad {
        /// The axis.
        axis: u8,
        /// How many zeros before the first element.
        lo: usize,
        /// How many after the last.
        hi: usize,
        /// How many between each two.
        interior: usize,
    },
    /// The elements `start, start + step, ..` below `stop` along an axis.
    Slice {
        /// The axis.
        axis: u8,
        /// The first.
        start: usize,
        /// The first that is not taken any more.
        stop: usize,
        /// The distance of two, at least 1.
        step: usize,
    },
    /// The inputs one after another along an axis.
    Concat {
        /// The axis.
        axis: u8,
    },
    /// `(x, i) -> y` with `y[.., j, ..] = x[.., i[.., j, ..], ..]`: on `axis` the index decides; elsewhere shapes agree.
    Gather {
        /// The axis.
        axis: u8,
    },
    /// `(x, i, u) -> x`, and then for each `j`, `y[.., i[.., j, ..], ..] += u[.., j, ..]`, in row-major order.
    ScatterAdd {
        /// The axis.
        axis: u8,
    },
    /// `(x, token) -> x`: a value that is not merged or simplified with others that lack the same token.
    Barrier,
    /// A named function made of primitives, which a backend may compute by a kernel of its own.
    Call(Composite),
}

/// A number as an attribute: its `f64` bits, so that primitives can be compared, ordered and hashed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scalar(u64);

impl Scalar {
    /// The attribute for this number.
    #[must_use]
    pub const fn new(value: f64) -> Self {
        Self(value.to_bits())
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> f64 {
        f64::from_bits(self.0)
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.get(), f)
    }
}

impl Primitive {
    /// The name that a Wengert list prints.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Constant { .. } => "constant",
            Self::Iota { .. } => "iota",
            Self::RandomBits { .. } => "random_bits",
            Self::Cast { .. } => "cast",
            Self::Unary(f) => f.name(),
            Self::Binary(f) => f.name(),
            Self::Compare(f) => f.name(),
            Self::Select => "select",
            Self::Reduce { kind, .. } => kind.name(),
            Self::ArgReduce { kind, .. } => kind.name(),
            Self::CumSum { .. } => "cumsum",
            Self::ArgSort { .. } => "argsort",
            Self::MatMul => "matmul",
            Self::Conv { .. } => "conv",
            Self::ConvInputGrad { .. } => "conv_input_grad",
            Self::ConvWeightGrad { .. } => "conv_weight_grad",
            Self::WindowSum { .. } => "window_sum",
            Self::WindowSpread { .. } => "window_spread",
            Self::WindowArgMax { .. } => "window_argmax",
            Self::Reshape { .. } => "reshape",
            Self::Permute { .. } => "permute",
            Self::Flip { .. } => "flip",
            Self::Broadcast { .. } => "broadcast",
            Self::Pad { .. } => "pad",
            Self::Slice { .. } => "slice",
            Self::Concat { .. } => "concat",
            Self::Gather { .. } => "gather",
            Self::ScatterAdd { .. } => "scatter_add",
            Self::Barrier => "barrier",
            Self::Call(composite) => composite.name(),
        }
    }

    /// What the result will be, or why there is none: the only place that validates.
    ///
    /// # Errors
    /// When number, format or shape of the inputs do not fit.
    #[inline]
    pub fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        let op = self.name();
        let out = match *self {
            Self::Constant { dtype, .. } => source::infer_constant(inputs, dtype),
            Self::Iota { len } => source::infer_iota(inputs, len),
            Self::RandomBits { shape, bits } => source::infer_random_bits(inputs, shape, bits),
            Self::Cast { to } => spec::arity::<1>(op, inputs).map(|[x]| x.cast(to)),
            Self::Barrier => spec::arity::<2>(op, inputs).map(|[x, _]| *x),
            Self::Unary(f) => f.infer(inputs),
            Self::Binary(f) => f.infer(inputs),
            Self::Compare(f) => f.infer(inputs),
            Self::Select => select::infer(inputs),
            Self::Reduce { kind, axes } => kind.infer(inputs, axes),
            Self::ArgReduce { kind, axis } => kind.infer(inputs, axis.into()),
            Self::CumSum { axis, .. } => scan::infer_cumsum(inputs, axis.into()),
            Self::ArgSort { .. } => scan::infer_argsort(inputs),
            Self::MatMul => matmul::infer(inputs),
            Self::Conv { ref window, groups } => conv::infer(inputs, window, groups),
            Self::ConvInputGrad { ref window, groups, size } => conv::infer_input_grad(inputs, window, groups, size),
            Self::ConvWeightGrad { ref window, groups } => conv::infer_weight_grad(inputs, window, groups),
            Self::WindowSum { ref window } => window::infer_sum(inputs, window),
            Self::WindowSpread { ref window, size } => window::infer_spread(inputs, window, size),
            Self::WindowArgMax { ref window } => window::infer_arg_max(inputs, window),
            Self::Reshape { shape } => movement::infer_reshape(inputs, shape),
            Self::Permute { order } => movement::infer_permute(inputs, &order),
            Self::Flip { axes } => movement::infer_flip(inputs, axes),
            Self::Broadcast { shape } => movement::infer_broadcast(inputs, shape),
            Self::Pad { axis, lo, hi, interior } => region::infer_pad(inputs, axis.into(), [lo, hi, interior]),
            Self::Slice { axis, start, stop, step } => region::infer_slice(inputs, axis.into(), [start, stop, step]),
            Self::Concat { axis } => region::infer_concat(inputs, axis.into()),
            Self::Gather { axis } => gather::infer_gather(inputs, axis.into()),
            Self::ScatterAdd { axis } => gather::infer_scatter_add(inputs, axis.into()),
            Self::Call(composite) => composite.infer(inputs),
        }?;
        match out.shape.checked_elements() {
            Some(_) => Ok(out),
            None => Err(SpecError { op, fault: Fault::TooLarge { shape: out.shape } }),
        }
    }

    /// True for a change of shape or order alone, which dense storage serves as a view of its input.
    #[must_use]
    pub const fn is_movement(&self) -> bool {
        matches!(
            self,
            Self::Reshape { .. }
                | Self::Permute { .. }
                | Self::Flip { .. }
                | Self::Broadcast { .. }
                | Self::Slice { .. }
        )
    }
}

/// The attributes as a Wengert list prints them behind the operands: `, axes=[0]`.
impl fmt::Display for Primitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant { value, .. } => write!(f, ", {value:?}"),
            Self::Iota { len } => write!(f, ", {len}"),
            Self::RandomBits { shape, bits } => write!(f, ", {shape}, bits={bits}"),
            Self::Cast { to } => write!(f, ", {to}"),
            Self::Reduce { axes, .. } | Self::Flip { axes } => write!(f, ", axes={axes:?}"),
            Self::ArgReduce { axis, .. }
            | Self::CumSum { axis, reverse: false }
            | Self::Concat { axis }
            | Self::Gather { axis }
            | Self::ScatterAdd { axis } => write!(f, ", axis={axis}"),
            Self::CumSum { axis, reverse: true } => write!(f, ", axis={axis}, reverse"),
            Self::ArgSort { descending: true } => f.write_str(", descending"),
            Self::Conv { window, groups: 1 }
            | Self::ConvInputGrad { window, groups: 1, .. }
            | Self::ConvWeightGrad { window, groups: 1 }
            | Self::WindowSum { window }
            | Self::WindowSpread { window, .. }
            | Self::WindowArgMax { window } => write!(f, ", {window}"),
            Self::Conv { window, groups }
            | Self::ConvInputGrad { window, groups, .. }
            | Self::ConvWeightGrad { window, groups } => write!(f, ", {window}, groups={groups}"),
            Self::Reshape { shape } | Self::Broadcast { shape } => write!(f, ", {shape}"),
            Self::Permute { order } => write!(f, ", {order:?}"),
            Self::Pad { axis, lo, hi, interior: 0 } => write!(f, ", axis={axis}, {lo}, {hi}"),
            Self::Pad { axis, lo, hi, interior } => write!(f, ", axis={axis}, {lo}, {hi}, interior={interior}"),
            Self::Slice { axis, start, stop, step: 1 } => write!(f, ", axis={axis}, {start}..{stop}"),
            Self::Slice { axis, start, stop, step } => write!(f, ", axis={axis}, {start}..{stop} step {step}"),
            Self::Call(composite) => fmt::Display::fmt(composite, f),
            Self::Unary(_)
            | Self::Binary(_)
            | Self::Compare(_)
            | Self::Select
            | Self::ArgSort { descending: false }
            | Self::MatMul
            | Self::Barrier => Ok(()),
        }
    }
}

#[cfg(feature = "alloc")]
mod rule;
