//! [`compiled`]: a loop compiled for each instruction set, of which the best that the processor has is run.
//!
//! A loop is a [`Job`]; the compiler vectorises it for the instructions that are enabled around it, as long as all that it
//! calls is `#[inline(always)]`. On processors other than x86-64 the target's own instructions are all there is.

/// An instruction set, as far as code must know it.
pub(crate) trait Isa: Copy {
    /// Whether `a * b + c` with one rounding is an instruction. Where it is none it would be a call of a function.
    const FMA: bool;
}

/// What the target always has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Baseline;

/// Vectors with fused multiply-add; how wide they are is the compiler's business.
#[cfg(target_arch = "x86_64")]
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fused;

impl Isa for Baseline {
    const FMA: bool = cfg!(target_feature = "fma") || cfg!(target_arch = "aarch64");
}

#[cfg(target_arch = "x86_64")]
impl Isa for Fused {
    const FMA: bool = true;
}

/// A loop.
pub(crate) trait Job {
    /// What it answers.
    type Out;

    /// Runs it; to be marked `#[inline(always)]`.
    fn run<I: Isa>(self) -> Self::Out;
}

/// Runs a loop by the best instructions there are.
#[inline]
pub(crate) fn compiled<J: Job>(job: J) -> J::Out {
    #[cfg(target_arch = "x86_64")]
    {
        x86::compiled(job)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        job.run::<Baseline>()
    }
}

/// Whether there are registers of 512 bits.
pub(crate) fn is_wide() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        x86::has_avx512()
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        false
    }
}

/// Runs a loop that is made for registers of 512 bits. It is compiled for these alone, and for the target's own.
#[inline]
pub(crate) fn wide<J: Job>(job: J) -> J::Out {
    #[cfg(target_arch = "x86_64")]
    {
        x86::wide(job)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        job.run::<Baseline>()
    }
}

/// Runs a loop that is made for smaller registers.
#[inline]
pub(crate) fn narrow<J: Job>(job: J) -> J::Out {
    #[cfg(target_arch = "x86_64")]
    {
        x86::narrow(job)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        job.run::<Baseline>()
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "calling a function whose instructions the processor was found to have")]
mod x86 {
    use super::{Baseline, Fused, Job};

    pub(super) fn has_avx512() -> bool {
        std::is_x86_feature_detected!("avx512f")
            && std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512bw")
            && std::is_x86_feature_detected!("fma")
    }

    pub(super) fn compiled<J: Job>(job: J) -> J::Out {
        if has_avx512() {
            // SAFETY: the processor has the features that the function enables.
            return unsafe { avx512(job) };
        }
        narrow(job)
    }

    pub(super) fn wide<J: Job>(job: J) -> J::Out {
        if has_avx512() {
            // SAFETY: the processor has the features that the function enables.
            return unsafe { avx512(job) };
        }
        job.run::<Baseline>()
    }

    pub(super) fn narrow<J: Job>(job: J) -> J::Out {
        if std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma") {
            // SAFETY: the processor has the features that the function enables.
            unsafe { avx2(job) }
        } else {
            job.run::<Baseline>()
        }
    }

    #[target_feature(enable = "avx2,fma")]
    fn avx2<J: Job>(job: J) -> J::Out {
        job.run::<Fused>()
    }

    #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma")]
    fn avx512<J: Job>(job: J) -> J::Out {
        job.run::<Fused>()
    }
}
