//! From decisions to steps: each family chooses among the values that it can be applied to, and guards its domain.
//!
//! Numbers stay moderate: what grows fast, or has a pole, is applied to values brought into range by other primitives
//! first. A step function is not applied to what depends on a composite: a backend may round that otherwise than its body does,
//! and the smallest difference would become a large one.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{Axes, Binary, Primitive, Reduce, Scalar, Shape, Spec, Unary};

use crate::host::Host;
use crate::subject::Layout;

use super::choice::Choice;
use super::program::{RandomProgram, Step};

/// No value of a program has more elements: larger ones find nothing that these do not.
const MOST: usize = 200;
const HIGHEST: usize = 5;
/// The place of the key of random bits, and of the first tensor of numbers.
pub(super) const KEY: usize = 0;
const FIRST: usize = 1;

#[derive(Debug)]
pub(super) struct Generator {
    program: RandomProgram,
    /// Of every value: whether it depends on a composite.
    rounded: Vec<bool>,
    pub(super) halves: bool,
}

pub(super) type Made = Option<usize>;

impl Generator {
    pub(super) fn new(choice: &mut Choice<'_>, halves: bool) -> Self {
        let mut inputs = vec![(Host::index(&[7, 9], [2]), Layout::Dense)];
        // A vector, a matrix, and a tensor of some shape, in some layout.
        for rank in [2, choice.below(5), 1] {
            let seed = u32::try_from(rank).unwrap_or(0);
            let extents: Vec<usize> = (0..rank).map(|_| choice.of(&[2, 3, 1, 3, 2, 4, 1, 5, 0])).collect();
            inputs.push((Host::spread(seed, Shape::new(&extents), -2.0, 2.0), choice.of(&Layout::ALL)));
        }
        let specs: Vec<Spec> = inputs.iter().map(|(host, _)| host.spec).collect();
        let rounded = vec![false; specs.len()];
        Self { program: RandomProgram { inputs, steps: Vec::new(), specs }, rounded, halves }
    }

    pub(super) fn finish(self) -> RandomProgram {
        self.program
    }

    pub(super) fn spec(&self, value: usize) -> Spec {
        self.program.specs[value]
    }

    pub(super) fn shape(&self, value: usize) -> Shape {
        self.spec(value).shape
    }

    /// One step more, where it is valid and not too large.
    pub(super) fn push(&mut self, op: Primitive, args: impl Into<Vec<usize>>) -> Made {
        let args = args.into();
        let specs: Vec<Spec> = args.iter().map(|&arg| self.spec(arg)).collect();
        let out = op.infer(&specs).ok()?;
        if out.shape.elements() > MOST || out.shape.rank() > HIGHEST {
            return None;
        }
        let computed = matches!(op, Primitive::Call(_)) || args.iter().any(|&arg| self.rounded[arg]);
        self.program.steps.push(Step { op, args });
        self.program.specs.push(out);
        self.rounded.push(computed);
        Some(self.program.specs.len() - 1)
    }

    /// A value that is fit, more often one of the latest, so that programs grow deep.
    pub(super) fn pick(&self, choice: &mut Choice<'_>, fit: impl Fn(usize, Spec) -> bool) -> Made {
        let fit: Vec<usize> = (FIRST..self.program.specs.len()).filter(|&x| fit(x, self.spec(x))).rev().collect();
        let place = choice.below(fit.len());
        fit.get(place * place / fit.len().max(1)).copied()
    }

    pub(super) fn any(&self, choice: &mut Choice<'_>) -> Made {
        self.pick(choice, |_, _| true)
    }

    pub(super) fn float(&self, choice: &mut Choice<'_>) -> Made {
        self.pick(choice, |_, spec| spec.dtype.is_float())
    }

    /// A value that a step function may be applied to.
    pub(super) fn firm(&self, choice: &mut Choice<'_>, fit: impl Fn(Spec) -> bool) -> Made {
        self.pick(choice, |x, spec| !self.rounded[x] && fit(spec))
    }

    /// A number in the shape and format of a value.
    pub(super) fn number(&mut self, value: f64, like: usize) -> Made {
        let Spec { shape, dtype } = self.spec(like);
        let number = self.push(Primitive::Constant { value: Scalar::new(value), dtype }, [])?;
        self.push(Primitive::Broadcast { shape }, [number])
    }

    pub(super) fn of(&mut self, f: Unary, x: usize) -> Made {
        self.push(Primitive::Unary(f), [x])
    }

    pub(super) fn of_two(&mut self, f: Binary, a: usize, b: usize) -> Made {
        self.push(Primitive::Binary(f), [a, b])
    }

    /// `|x| + 1/2`
    pub(super) fn positive(&mut self, x: usize) -> Made {
        let (size, half) = (self.of(Unary::Abs, x)?, self.number(0.5, x)?);
        self.of_two(Binary::Add, size, half)
    }

    /// Both in their common shape; where they have none, `b` is summed up first.
    pub(super) fn fitted(&mut self, a: usize, b: usize) -> Option<[usize; 2]> {
        let (left, right) = (self.shape(a), self.shape(b));
        let Some(shape) = left.broadcast_with(&right) else {
            let axes = Axes::all(right.rank());
            let sum = self.push(Primitive::Reduce { kind: Reduce::Sum, axes }, [b])?;
            let sum = self.push(Primitive::Reshape { shape: Shape::SCALAR }, [sum])?;
            return Some([a, self.push(Primitive::Broadcast { shape: left }, [sum])?]);
        };
        let mut stretch = |x: usize, own: Shape| {
            if own == shape { Some(x) } else { self.push(Primitive::Broadcast { shape }, [x]) }
        };
        Some([stretch(a, left)?, stretch(b, right)?])
    }

    /// Positions below `count` in this shape: a value that is there, or random ones.
    pub(super) fn positions(&mut self, choice: &mut Choice<'_>, shape: Shape, count: usize) -> Made {
        let last = i32::try_from(count.checked_sub(1)?).ok()?;
        let found = self.firm(choice, |spec| spec == Spec::index(shape));
        let index = match found {
            Some(index) => index,
            None => self.push(Primitive::RandomBits { shape, bits: 3 }, [KEY])?,
        };
        let (first, last) = (self.number(0.0, index)?, self.number(last.into(), index)?);
        let low = self.of_two(Binary::Min, index, last)?;
        self.of_two(Binary::Max, low, first)
    }

    /// This shape, filled with elements of `x`, none larger than 1.
    pub(super) fn filled(&mut self, choice: &mut Choice<'_>, x: usize, shape: Shape) -> Made {
        let count = self.shape(x).elements();
        let flat = self.push(Primitive::Reshape { shape: [count].into() }, [x])?;
        let index = self.positions(choice, [shape.elements()].into(), count)?;
        let picked = self.push(Primitive::Gather { axis: 0 }, [flat, index])?;
        let small = self.of(Unary::Tanh, picked)?;
        self.push(Primitive::Reshape { shape }, [small])
    }
}
