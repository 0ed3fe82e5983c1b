//! nn.
#![no_std]
