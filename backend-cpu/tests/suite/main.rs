//! What the crate's parts promise, checked against slow and plain counterparts.

#![cfg(feature = "alloc")]
#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "the numbers of tests are small"
)]

mod allocations;
mod checkpoint_memory;
mod eager;
mod errors;
mod fuse;
mod in_place;
mod kernels;
mod layout;
mod math;
mod plan;
mod random_bits;
mod reference;
