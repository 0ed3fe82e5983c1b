//! [`run`]: all cases of a set, one after another.

use core::any::Any;
use core::fmt;
use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use autodiff_core::Element;
use backend_cpu::Cpu;
use backend_faer::Faer;

use super::compare::{Wrong, compare};
use super::manifest::{Case, Format, Tolerance};
use super::mode::{Computed, Engine, Stop, compute};
use super::tensors::Array;
use super::{GoldenSet, Mode, SetError, Skip, Skips};

/// What computes a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Computer {
    /// The scalar kernels.
    Cpu,
    /// All cores and their vector units.
    Faer,
}

impl fmt::Display for Computer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            Self::Faer => "faer",
        })
    }
}

/// In which elements a set is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Elem {
    /// Double precision.
    F64,
    /// Single precision: inputs and cotangents are rounded first.
    F32,
}

impl fmt::Display for Elem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
        })
    }
}

/// How a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Cases that agree.
    pub passed: usize,
    /// Cases that do not, that cannot be read, that panicked, or that may not be skipped.
    pub failed: usize,
    /// Cases that the list of skips covers.
    pub skipped: usize,
    /// Cases that the set gives no tolerance in this element: they are not run, and are neither passed nor skipped.
    pub unchecked: usize,
    /// Entries of the list that covered none of the cases of their operation, although the set has some.
    pub stale: Vec<Skip>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed, {} skipped", self.passed, self.failed, self.skipped)
    }
}

/// Runs every case; `report` is given a line for each that failed.
pub fn run(
    set: &GoldenSet,
    (computer, elem, mode): (Computer, Elem, Mode),
    skips: &Skips,
    report: &mut dyn FnMut(&str),
) -> Summary {
    let (double, single) = match computer {
        Computer::Cpu => (Engine::of::<Cpu<f64>>(), Engine::of::<Cpu<f32>>()),
        Computer::Faer => (Engine::of::<Faer<f64>>(), Engine::of::<Faer<f32>>()),
    };
    let mut summary = Summary::default();
    let mut used = Vec::new();
    for case in set.cases() {
        let verdict = match elem {
            Elem::F64 => verdict(&double, set, case, mode, Some(case.tol.f64), case.tol.f64_hvp),
            Elem::F32 => verdict(&single, set, case, mode, case.tol.f32, None),
        };
        match verdict {
            Verdict::Passed => summary.passed += 1,
            Verdict::Unchecked => summary.unchecked += 1,
            Verdict::Stopped(Stop::Unsupported(what)) if skips.find(&case.op, &what).is_some() => {
                summary.skipped += 1;
                used.extend(skips.find(&case.op, &what));
            }
            Verdict::Stopped(stop) => {
                summary.failed += 1;
                report(&format!("FAILED {} ({computer}, {elem}, {mode}): {stop}", case.id));
            }
        }
    }
    let of_set = |skip: &&Skip| set.cases().iter().any(|case| skip.is_of(&case.op));
    summary.stale = skips.iter().filter(of_set).filter(|skip| !used.contains(skip)).cloned().collect();
    summary
}

/// What became of a case.
enum Verdict {
    Passed,
    Unchecked,
    Stopped(Stop),
}

/// A panic inside a case is that case's failure: the run goes on.
fn verdict<E: Element>(
    engine: &Engine<E>,
    set: &GoldenSet,
    case: &Case,
    mode: Mode,
    tolerance: Option<Tolerance>,
    of_products: Option<Tolerance>,
) -> Verdict {
    let Some(tolerance) = tolerance else { return Verdict::Unchecked };
    let checked = || {
        let computed = compute(engine, mode, set, case)?;
        Check { set, case, computed: &computed }.all(tolerance, of_products)
    };
    match catch_unwind(AssertUnwindSafe(checked)) {
        Ok(Ok(())) => Verdict::Passed,
        Ok(Err(stop)) => Verdict::Stopped(stop),
        Err(panic) => Verdict::Stopped(Stop::Run(format!("panicked: {}", message(&*panic)))),
    }
}

fn message(panic: &(dyn Any + Send)) -> &str {
    match (panic.downcast_ref::<String>(), panic.downcast_ref::<&str>()) {
        (Some(message), _) => message,
        (None, Some(message)) => message,
        (None, None) => "without a message",
    }
}

/// What was computed, beside what is wanted.
struct Check<'a> {
    set: &'a GoldenSet,
    case: &'a Case,
    computed: &'a Computed,
}

impl Check<'_> {
    /// Outputs, gradients and products; the worst of what is wrong counts.
    fn all(&self, tolerance: Tolerance, of_products: Option<Tolerance>) -> Result<(), Stop> {
        let mut wrong = self.outputs(tolerance)?;
        wrong.extend(self.gradients(tolerance.of_gradients())?);
        if let Some(tolerance) = of_products {
            wrong.extend(self.each("hvp", &self.computed.products, tolerance)?);
        }
        match wrong.into_iter().reduce(Wrong::or_worse) {
            Some(worst) => Err(Stop::Wrong(worst)),
            None => Ok(()),
        }
    }

    fn outputs(&self, tolerance: Tolerance) -> Result<Vec<Wrong>, SetError> {
        let mut wrong = Vec::new();
        for (output, (name, got)) in self.case.outputs.iter().zip(&self.computed.outputs) {
            let tensor = format!("out.{name}");
            let want = self.set.tensor(self.case, &tensor, output.dtype, &output.shape)?;
            wrong.extend(compare(&tensor, got, want, tolerance));
        }
        Ok(wrong)
    }

    /// All agree with `grad`, or all with one alternative; where neither, the disagreement with `grad` counts.
    fn gradients(&self, tolerance: Tolerance) -> Result<Vec<Wrong>, SetError> {
        let wrong = self.each("grad", &self.computed.gradients, tolerance)?;
        if wrong.is_empty() {
            return Ok(wrong);
        }
        for alternative in &self.case.grad_alts {
            let kind = format!("grad_alt.{alternative}");
            if self.each(&kind, &self.computed.gradients, tolerance)?.is_empty() {
                return Ok(Vec::new());
            }
        }
        Ok(wrong)
    }

    fn each(&self, kind: &str, computed: &[(String, Option<Array>)], at: Tolerance) -> Result<Vec<Wrong>, SetError> {
        let mut wrong = Vec::new();
        for (name, got) in computed {
            let tensor = format!("{kind}.{name}");
            let want = self.wanted(&tensor, name)?;
            let zeros = || Array { values: vec![0.0; want.values.len()], ..want.clone() };
            wrong.extend(match got {
                Some(got) => compare(&tensor, got, want, at),
                None => compare(&tensor, &zeros(), want, at),
            });
        }
        Ok(wrong)
    }

    /// What the set holds for an input, in the input's shape.
    fn wanted(&self, tensor: &str, input: &str) -> Result<&Array, SetError> {
        let shape = self.case.inputs.iter().find(|own| own.name == input).map_or(&[][..], |own| &own.shape);
        self.set.tensor(self.case, tensor, Format::F64, shape)
    }
}
