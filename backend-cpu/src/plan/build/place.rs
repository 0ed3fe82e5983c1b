//! From drafts to steps: which part of the workspace each result takes, and until when.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DType, Spec};

use super::lower::{self, Base, Draft, Lowered, Reference};
use super::settle::Home;
use crate::kernels::FusedOp;
use crate::math::Scalar;
use crate::plan::slots::Slots;
use crate::plan::{Operand, PlanStep, Source, Target, Work, WorkspaceSize};

/// Assigns slots, step by step.
pub(super) struct Placement<'a> {
    roots: &'a [Spec],
    drafts: &'a [Draft],
    homes: &'a [Home],
    /// The last step that reads each root.
    last: Vec<Option<usize>>,
    /// Where in the workspace each root begins.
    starts: Vec<usize>,
    slots: [Slots; 4],
    operands: Vec<Operand>,
    fused: Vec<FusedOp>,
}

/// What a placement yields.
pub(super) struct Placed {
    pub(super) steps: Vec<PlanStep>,
    pub(super) operands: Vec<Operand>,
    pub(super) fused: Vec<FusedOp>,
    pub(super) workspace: WorkspaceSize,
    /// Where in the workspace each root begins.
    pub(super) starts: Vec<usize>,
}

impl<'a> Placement<'a> {
    pub(super) fn new<T: Scalar>(lowered: &'a Lowered<T>, homes: &'a [Home]) -> Self {
        let (roots, drafts) = (&lowered.roots, &lowered.drafts);
        let mut last = vec![None; roots.len()];
        for (number, draft) in drafts.iter().enumerate() {
            for root in draft.operands.iter().filter_map(Reference::root) {
                last[root] = Some(number);
            }
        }
        let starts = vec![0; roots.len()];
        let (slots, operands, fused) = (Default::default(), Vec::new(), Vec::new());
        let mut placement = Self { roots, drafts, homes, last, starts, slots, operands, fused };
        // First of all, so that what is kept lies in the same place whatever else a list computes.
        for root in 0..lowered.kept {
            placement.starts[root] = placement.take(root);
        }
        placement
    }

    pub(super) fn finish(mut self) -> Placed {
        let steps = (0..self.drafts.len()).map(|number| self.step(number)).collect();
        let size = |dtype: DType| self.slots[dtype as usize].size();
        let workspace = WorkspaceSize {
            elems: size(DType::Elem),
            f16: size(DType::F16),
            bf16: size(DType::Bf16),
            index: size(DType::Index),
        };
        Placed { steps, operands: self.operands, fused: self.fused, workspace, starts: self.starts }
    }

    fn step(&mut self, number: usize) -> PlanStep {
        let Draft { ref work, ref operands, root } = self.drafts[number];
        let takes_over = self.taken_over(number);
        let target = match (self.homes[root], takes_over) {
            (Home::Output(place), _) => Target::Output(place),
            (Home::Over(old), _) | (_, Some((_, old))) => Target::Workspace(self.starts[old]),
            (Home::Workspace | Home::Kept, None) => Target::Workspace(self.take(root)),
        };
        if let Target::Workspace(start) = target {
            self.starts[root] = start;
        }
        let first = self.operands.len();
        for operand in operands {
            self.operands.push(self.resolve(operand));
        }
        self.release(number, takes_over.map(|(_, taken)| taken));
        let takes_over = takes_over.map(|(arg, _)| arg);
        let work = match work {
            lower::Work::Primitive(primitive) => Work::Primitive(*primitive),
            lower::Work::Fused(ops) => {
                let first = self.fused.len();
                self.fused.extend_from_slice(ops);
                Work::Fused { first, count: ops.len() }
            }
        };
        PlanStep { work, first, count: operands.len(), spec: self.roots[root], target, takes_over }
    }

    /// The operand, and its root, whose slot the result of this step takes over: it is read here for the last time, as a
    /// whole, and by no other operand.
    fn taken_over(&self, number: usize) -> Option<(usize, usize)> {
        let Draft { operands, root, .. } = &self.drafts[number];
        let (home, spec) = (self.homes[*root], self.roots[*root]);
        let taken = |arg: usize| {
            let old = operands[arg].root()?;
            let others = operands.iter().enumerate().filter(|(other, _)| *other != arg);
            let fits = match home {
                Home::Over(over) => over == old,
                Home::Output(_) => false,
                Home::Workspace | Home::Kept => {
                    self.homes[old] == Home::Workspace
                        && self.last[old] == Some(number)
                        && operands[arg].dtype == spec.dtype
                        && operands[arg].is_whole(self.roots[old])
                        && others.into_iter().all(|(_, other)| other.root() != Some(old))
                }
            };
            fits.then_some((arg, old))
        };
        self.drafts[number].may_take_over().find_map(taken)
    }

    /// Frees the slots that nothing reads after this step, but for the one that its result took over.
    fn release(&mut self, number: usize, taken: Option<usize>) {
        let Draft { operands, root, .. } = &self.drafts[number];
        for old in operands.iter().filter_map(Reference::root) {
            if self.last[old] == Some(number) && Some(old) != taken {
                self.free(old);
                // An operand may occur twice.
                self.last[old] = None;
            }
        }
        if self.last[*root].is_none() {
            self.free(*root);
        }
    }

    fn take(&mut self, root: usize) -> usize {
        let Spec { shape, dtype } = self.roots[root];
        self.slots[dtype as usize].take(shape.elements())
    }

    fn free(&mut self, root: usize) {
        if self.homes[root] == Home::Workspace {
            let Spec { shape, dtype } = self.roots[root];
            self.slots[dtype as usize].give(self.starts[root], shape.elements());
        }
    }

    fn resolve(&self, &Reference { base, dtype, layout }: &Reference) -> Operand {
        match base {
            Base::Input(place) => Operand { source: Source::Input(place), dtype, layout },
            Base::Constant => Operand { source: Source::Constant, dtype, layout },
            Base::Root(root) => match self.homes[root] {
                Home::Output(place) => Operand { source: Source::Output(place), dtype, layout },
                Home::Workspace | Home::Kept | Home::Over(_) => {
                    Operand { source: Source::Workspace, dtype, layout: layout.offset_by(self.starts[root]) }
                }
            },
        }
    }
}
