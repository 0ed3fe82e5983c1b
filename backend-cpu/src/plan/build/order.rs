//! In which order steps are taken where results overwrite inputs: an input's next value when all others have read the old
//! one, and when nothing can fail any more.
//!
//! The list's order is kept but for steps that have to wait. One that cannot wait, because its result is read before, gets
//! room of its own, and its result is copied at the very end.

use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use autodiff_core::{Composite, Primitive};

use super::lower::{Draft, Lowered, Reference, Work};
use super::settle::Home;
use crate::math::Scalar;

/// The drafts in the order in which they are to be done, with the homes of all roots and the root of each output.
pub(super) fn order<T: Scalar>(lowered: &mut Lowered<T>, homes: &mut Vec<Home>, places: &mut [usize]) {
    let mut order = Order::new(lowered, homes);
    for draft in 0..lowered.drafts.len() {
        order.visit(draft);
    }
    for old in 0..lowered.kept {
        if let Some(draft) = order.waiting[old].take() {
            order.refuse(draft);
            order.emit(draft);
        }
    }
    let Order { order, refused, .. } = order;
    let mut drafts: Vec<_> = mem::take(&mut lowered.drafts).into_iter().map(Some).collect();
    lowered.drafts = order.into_iter().filter_map(|draft| drafts[draft].take()).collect();
    for (root, old) in refused {
        let copy = lowered.copy(lowered.whole(root), lowered.names[root].clone());
        homes.push(Home::Over(old));
        for place in places.iter_mut().filter(|place| **place == root) {
            *place = copy;
        }
    }
}

struct Order<'a, T> {
    lowered: &'a Lowered<T>,
    homes: &'a mut [Home],
    /// Whether a draft may fail: it reads positions that no earlier draft has checked.
    risky: Vec<bool>,
    /// How many of those are still to be done.
    risks: usize,
    /// How many drafts have yet to read each input, without the one that overwrites it.
    readers: Vec<usize>,
    /// The draft that waits to overwrite each input.
    waiting: Vec<Option<usize>>,
    order: Vec<usize>,
    /// Roots that are copied over an input at the end.
    refused: Vec<(usize, usize)>,
}

impl<'a, T: Scalar> Order<'a, T> {
    fn new(lowered: &'a Lowered<T>, homes: &'a mut [Home]) -> Self {
        let risky = risky(&lowered.drafts);
        let mut readers = vec![0; lowered.kept];
        for draft in &lowered.drafts {
            for old in inputs_read(draft, readers.len()) {
                readers[old] += usize::from(homes[draft.root] != Home::Over(old));
            }
        }
        let (risks, waiting) = (risky.iter().filter(|risky| **risky).count(), vec![None; readers.len()]);
        Self { lowered, homes, risky, risks, readers, waiting, order: Vec::new(), refused: Vec::new() }
    }

    /// Does a draft whose turn it is, or lets it wait.
    fn visit(&mut self, number: usize) {
        let draft = &self.lowered.drafts[number];
        for root in draft.operands.iter().filter_map(Reference::root) {
            if let Home::Over(old) = self.homes[root]
                && let Some(needed) = self.waiting[old].take_if(|needed| self.lowered.drafts[*needed].root == root)
            {
                self.refuse(needed);
                self.emit(needed);
            }
        }
        if let Home::Over(old) = self.homes[draft.root] {
            if self.risky[number] || !overwrites(draft, old, self.lowered) {
                self.refuse(number);
            } else if self.readers[old] > 0 || self.risks > 0 {
                self.waiting[old] = Some(number);
                return;
            }
        }
        self.emit(number);
    }

    /// Gives the result of a draft room of its own.
    fn refuse(&mut self, number: usize) {
        let draft = &self.lowered.drafts[number];
        if let Home::Over(old) = mem::replace(&mut self.homes[draft.root], Home::Workspace) {
            self.readers[old] += inputs_read(draft, self.readers.len()).filter(|read| *read == old).count();
            self.refused.push((draft.root, old));
        }
    }

    /// Does a draft, and those that have waited for it.
    fn emit(&mut self, number: usize) {
        let (lowered, mut ready) = (self.lowered, vec![number]);
        while let Some(number) = ready.pop() {
            let draft = &lowered.drafts[number];
            self.order.push(number);
            self.risks -= usize::from(self.risky[number]);
            for old in inputs_read(draft, self.readers.len()) {
                self.readers[old] -= usize::from(self.homes[draft.root] != Home::Over(old));
                ready.extend(self.released(old));
            }
            if self.risky[number] {
                ready.extend((0..self.readers.len()).filter_map(|old| self.released(old)));
            }
        }
    }

    /// The draft that has waited to overwrite this input, and need not any longer.
    fn released(&mut self, old: usize) -> Option<usize> {
        if self.readers[old] == 0 && self.risks == 0 { self.waiting[old].take() } else { None }
    }
}

/// The inputs that a draft reads, each once.
fn inputs_read(draft: &Draft, inputs: usize) -> impl Iterator<Item = usize> {
    let read = move |(place, operand): (usize, &Reference)| {
        let root = operand.root().filter(|root| *root < inputs)?;
        draft.operands[..place].iter().all(|other| other.root() != Some(root)).then_some(root)
    };
    draft.operands.iter().enumerate().filter_map(read)
}

/// Whether a draft may write to the room of this root while it reads its operands.
fn overwrites<T: Scalar>(draft: &Draft, old: usize, lowered: &Lowered<T>) -> bool {
    let mut reading = draft.operands.iter().enumerate().filter(|(_, operand)| operand.root() == Some(old));
    match (reading.next(), reading.next()) {
        (None, _) => true,
        (Some((arg, operand)), None) => draft.may_take_over().contains(&arg) && operand.is_whole(lowered.roots[old]),
        _ => false,
    }
}

/// Which drafts may find a position out of range that no earlier one has found.
fn risky(drafts: &[Draft]) -> Vec<bool> {
    let mut checked: Vec<(&Reference, usize)> = Vec::new();
    let mut first = |(positions, bound)| {
        let new = !checked.contains(&(positions, bound));
        if new {
            checked.push((positions, bound));
        }
        new
    };
    drafts.iter().map(|draft| positions(draft).is_some_and(&mut first)).collect()
}

/// The positions that a draft reads, and what they have to be below.
fn positions(draft: &Draft) -> Option<(&Reference, usize)> {
    let operands = &draft.operands;
    let extent = |axis: usize| operands[0].layout.shape()[axis];
    let Work::Primitive(primitive) = draft.work else { return None };
    match primitive {
        Primitive::Gather { axis } | Primitive::ScatterAdd { axis } => Some((&operands[1], extent(axis.into()))),
        Primitive::Call(Composite::CrossEntropy) => Some((&operands[1], extent(operands[0].layout.shape().rank() - 1))),
        _ => None,
    }
}
