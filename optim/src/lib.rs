//! optim.
#![no_std]
