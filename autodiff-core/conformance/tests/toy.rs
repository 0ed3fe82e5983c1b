//! The toy backend.
#[path = "backends/toy.rs"]
mod toy;
