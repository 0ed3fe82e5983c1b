//! The backend has every property, in all four elements; recorded and planned too.

use autodiff_core::{Autodiff, bf16, f16};
use backend_faer::Faer;
use conformance::Planned;

conformance::backend!(faer_f32, Faer<f32>);
conformance::backend!(faer_f64, Faer<f64>);
conformance::backend!(faer_f16, Faer<f16>);
conformance::backend!(faer_bf16, Faer<bf16>);
conformance::backend!(faer_f64_recorded, Autodiff<Faer<f64>>);
conformance::backend!(faer_f32_planned, Planned<Faer<f32>>);
