#![no_std]
#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "std")]
extern crate std;

pub mod math;

mod layout;
mod view;

pub mod kernels;

mod device;

pub mod dispatch;

mod plan;

#[cfg(feature = "alloc")]
mod dense;
#[cfg(feature = "alloc")]
mod execute;

pub use device::{CpuDevice, Resources};
pub use kernels::{
    FUSED_OPERANDS, FUSED_OPS, FusedArg, FusedOp, IndexError, KernelSet, Kernels, Place, ScalarKernels, Side, philox,
};
pub use layout::{Layout, Step, Walk};
pub use math::{Math, Number, Scalar};
pub use plan::{
    Amount, Constants, Inputs, Operand, Plan, PlanStep, RunError, Source, Target, Work, Workspace, WorkspaceSize,
};
pub use view::{AnyView, Row, Strided, View};

#[cfg(feature = "alloc")]
pub use {
    dense::{Cpu, Dense, DenseTensor},
    execute::{Memory, Program},
    plan::{PlanBuf, Room, WorkspaceBuf},
};
