//! The scalar backend has every property, in all four elements; recorded and planned too. So have programs made at
//! random.

mod lent;
mod programs;

use autodiff_core::{Autodiff, bf16, f16};
use backend_cpu::Cpu;
use conformance::Planned;

conformance::backend!(cpu_f32, Cpu<f32>);
conformance::backend!(cpu_f64, Cpu<f64>);
conformance::backend!(cpu_f16, Cpu<f16>);
conformance::backend!(cpu_bf16, Cpu<bf16>);
conformance::backend!(cpu_f64_recorded, Autodiff<Cpu<f64>>);
conformance::backend!(cpu_f32_planned, Planned<Cpu<f32>>);
conformance::backend!(lent_f32, lent::Lent<f32>);
conformance::backend!(lent_f16, lent::Lent<f16>);
