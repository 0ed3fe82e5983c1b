//! Conformance.
#![no_std]
