//! What the crate promises: lists come back equal, the format stays, and no file makes it panic.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

mod every;
mod golden;
mod hostile;
mod mutation;
mod refusals;
mod round_trip;
