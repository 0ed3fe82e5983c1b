#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

mod axes;
mod element;
mod shape;
pub mod spec;
mod window;
#[cfg(feature = "serde")]
mod wire;

mod composite;
mod data;
mod primitive;

#[cfg(feature = "alloc")]
mod autodiff;
#[cfg(feature = "alloc")]
mod backend;
#[cfg(feature = "alloc")]
mod checked;
#[cfg(feature = "alloc")]
mod checkpoint;
#[cfg(feature = "alloc")]
mod execute;
#[cfg(feature = "alloc")]
mod list;
#[cfg(feature = "alloc")]
mod op;
#[cfg(feature = "alloc")]
mod pass;
#[cfg(feature = "alloc")]
mod pointwise;
#[cfg(feature = "std")]
mod profile;
#[cfg(feature = "alloc")]
mod shared;
#[cfg(feature = "alloc")]
mod tensor;
#[cfg(feature = "alloc")]
mod trace;

pub use half::{bf16, f16};
pub use num_traits::float::FloatCore;

pub use axes::{Axes, Order};
pub use composite::Composite;
pub use data::{Data, DataMut};
pub use element::{DType, Element, MaybeSendSync};
pub use primitive::{ArgReduce, Binary, Compare, Primitive, Reduce, Scalar, Unary};
pub use shape::{MAX_RANK, Shape};
pub use spec::{Fault, Spec, SpecError};
pub use window::{Slide, Window};

#[cfg(feature = "alloc")]
pub use {
    autodiff::{
        Autodiff, Dual, GradientMismatch, Gradients, Tangent, check_grads, hessian, hessian_vector_product, jacobian,
        jvp, vjp,
    },
    backend::Backend,
    checked::{Checked, Inspected},
    checkpoint::{Segment, checkpoint},
    data::DataBuf,
    execute::{Execute, Lifetime, MemoryMap, Role, Slot, Watch},
    list::{Assignment, Cost, InputError, Instruction, ReverseList, Var, WengertList},
    op::{Needs, Node, Op, Saves},
    pass::{
        AbsorbTransposes, Accumulate, Explanation, FoldConstants, JoinParts, Pass, PassReport, Passes, Rematerialise,
        Simplify, Size, Stage, run_passes,
    },
    pointwise::{Pointwise, pointwise},
    shared::Shared,
    tensor::{Conv, Index, Interpolation, Pool, Tensor},
    trace::{Custom, Trace},
};

#[cfg(feature = "std")]
pub use profile::{Profile, ProfileDevice, ProfileReport, ProfileRow, Timed};
