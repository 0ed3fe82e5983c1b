//! From drafts to steps: which part of the workspace each result takes, and until when.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DType, Primitive};

use super::lower::{Base, Draft, Home, Reference};
use crate::plan::slots::Slots;
use crate::plan::{Operand, PlanStep, Source, Target, WorkspaceSize};

/// Assigns slots, step by step.
pub(super) struct Placement<'a> {
    drafts: &'a [Draft],
    homes: &'a [Home],
    /// The last step that reads each root.
    last: Vec<Option<usize>>,
    /// Where in the workspace each root begins.
    starts: Vec<usize>,
    slots: [Slots; 4],
    operands: Vec<Operand>,
}

impl<'a> Placement<'a> {
    pub(super) fn new(drafts: &'a [Draft], homes: &'a [Home]) -> Self {
        let mut last = vec![None; drafts.len()];
        for (number, draft) in drafts.iter().enumerate() {
            for root in draft.operands.iter().filter_map(root) {
                last[root] = Some(number);
            }
        }
        let starts = vec![0; drafts.len()];
        Self { drafts, homes, last, starts, slots: Default::default(), operands: Vec::new() }
    }

    /// The steps, their operands, and the size of the workspace.
    pub(super) fn finish(mut self) -> (Vec<PlanStep>, Vec<Operand>, WorkspaceSize) {
        let steps = (0..self.drafts.len()).map(|number| self.step(number)).collect();
        let size = |dtype: DType| self.slots[dtype as usize].size();
        let workspace = WorkspaceSize {
            elems: size(DType::Elem),
            f16: size(DType::F16),
            bf16: size(DType::Bf16),
            index: size(DType::Index),
        };
        (steps, self.operands, workspace)
    }

    fn step(&mut self, number: usize) -> PlanStep {
        let Draft { primitive, spec, ref operands } = self.drafts[number];
        let takes_over = self.taken_over(number);
        let target = match (self.homes[number], takes_over) {
            (Home::Output(place), _) => Target::Output(place),
            (Home::Workspace, Some((_, root))) => Target::Workspace(self.starts[root]),
            (Home::Workspace, None) => Target::Workspace(self.slots[spec.dtype as usize].take(spec.shape.elements())),
        };
        if let Target::Workspace(start) = target {
            self.starts[number] = start;
        }
        let first = self.operands.len();
        for operand in operands {
            self.operands.push(self.resolve(operand));
        }
        self.release(number, takes_over.map(|(_, root)| root));
        let takes_over = takes_over.map(|(arg, _)| arg);
        PlanStep { primitive, first, count: operands.len(), spec, target, takes_over }
    }

    /// The operand, and its root, whose slot the result of this step can take over: it is read here for the last time,
    /// as a whole, and by no other operand.
    fn taken_over(&self, number: usize) -> Option<(usize, usize)> {
        let Draft { primitive, spec, operands } = &self.drafts[number];
        let candidates = match primitive {
            Primitive::Unary(_) | Primitive::ScatterAdd { .. } => 0..1,
            Primitive::Binary(_) => 0..2,
            _ => return None,
        };
        let free = |arg: usize| {
            let root = root(&operands[arg])?;
            let others = operands.iter().enumerate().filter(|(other, _)| *other != arg);
            let fits = self.homes[number] == Home::Workspace
                && self.homes[root] == Home::Workspace
                && self.last[root] == Some(number)
                && operands[arg].dtype == spec.dtype
                && operands[arg].is_whole(self.drafts[root].spec)
                && others.into_iter().all(|(_, other)| other.base != Base::Root(root));
            fits.then_some((arg, root))
        };
        candidates.into_iter().find_map(free)
    }

    /// Frees the slots that nothing reads after this step, but for the one that its result took over.
    fn release(&mut self, number: usize, kept: Option<usize>) {
        let drafts = self.drafts;
        for root in drafts[number].operands.iter().filter_map(root) {
            if self.last[root] == Some(number) && Some(root) != kept {
                self.free(root);
                // An operand may occur twice.
                self.last[root] = None;
            }
        }
        if self.last[number].is_none() {
            self.free(number);
        }
    }

    fn free(&mut self, root: usize) {
        if self.homes[root] == Home::Workspace {
            let spec = self.drafts[root].spec;
            self.slots[spec.dtype as usize].give(self.starts[root], spec.shape.elements());
        }
    }

    fn resolve(&self, &Reference { base, dtype, layout }: &Reference) -> Operand {
        match base {
            Base::Input(place) => Operand { source: Source::Input(place), dtype, layout },
            Base::Constant => Operand { source: Source::Constant, dtype, layout },
            Base::Root(root) => match self.homes[root] {
                Home::Output(place) => Operand { source: Source::Output(place), dtype, layout },
                Home::Workspace => {
                    Operand { source: Source::Workspace, dtype, layout: layout.offset_by(self.starts[root]) }
                }
            },
        }
    }
}

fn root(operand: &Reference) -> Option<usize> {
    match operand.base {
        Base::Root(root) => Some(root),
        Base::Input(_) | Base::Constant => None,
    }
}
