//! Layers, losses and training on the scalar backend: one program, since every one more compiles what is generic again.

#![expect(clippy::unwrap_used, reason = "a test may fail by unwrapping, also in its helpers")]

mod derive;
mod inference;
mod init;
mod layers;
mod lecture_mlp;
mod losses;
mod metrics;
mod panics;
mod train;
