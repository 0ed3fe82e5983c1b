//! What the crate promises, run on the scalar backend: one program, since every one more compiles what is generic again.

mod checkpoint;
mod composed;
mod cost;
mod decorators;
mod einsum;
mod functional;
mod functions;
mod graph;
mod halves;
mod list;
mod memory_limit;
mod messages;
mod modes;
mod pass;
mod pointwise;
mod refusals;
mod windows;
