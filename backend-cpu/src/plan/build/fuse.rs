//! Functions of elements become one step with the function that alone reads them, so that what lies between them needs no
//! room and no way to memory and back.
//!
//! A draft is joined to its reader, at the reader's place. Its operands are then read later than they were, which is allowed
//! where that takes no more room. What overwrites one of them waits, as it does for any reader.

use alloc::vec;
use alloc::vec::Vec;
use core::mem;

use autodiff_core::{DType, Primitive, Spec};

use super::lower::{Draft, Lowered, Reference, Work};
use super::settle::Home;
use crate::kernels::{FUSED_OPERANDS, FUSED_OPS, FusedArg, FusedOp};
use crate::math::Scalar;

/// Joins drafts, and drops those that are part of another now.
pub(super) fn fuse<T: Scalar>(lowered: &mut Lowered<T>, homes: &[Home]) {
    let mut fuser = Fuser::new(mem::take(&mut lowered.drafts), &lowered.roots, homes);
    for number in 0..fuser.drafts.len() {
        fuser.visit(number);
    }
    lowered.drafts = fuser.drafts.into_iter().flatten().collect();
}

struct Fuser<'a> {
    roots: &'a [Spec],
    homes: &'a [Home],
    /// Those that are part of another are gone.
    drafts: Vec<Option<Draft>>,
    /// The draft that computes each root.
    maker: Vec<Option<usize>>,
    /// How many drafts read each root, and the last of them.
    readers: Vec<usize>,
    last: Vec<usize>,
    /// How many drafts before each are no functions of elements.
    others: Vec<usize>,
}

impl<'a> Fuser<'a> {
    fn new(drafts: Vec<Draft>, roots: &'a [Spec], homes: &'a [Home]) -> Self {
        let (mut maker, mut readers, mut last) = (vec![None; roots.len()], vec![0; roots.len()], vec![0; roots.len()]);
        let (mut others, mut count) = (Vec::with_capacity(drafts.len()), 0);
        for (number, draft) in drafts.iter().enumerate() {
            maker[draft.root] = Some(number);
            for root in distinct(&draft.operands) {
                readers[root] += 1;
                last[root] = number;
            }
            others.push(count);
            count += usize::from(!fusable(draft, roots));
        }
        let drafts = drafts.into_iter().map(Some).collect();
        Self { roots, homes, drafts, maker, readers, last, others }
    }

    /// Joins to a draft what it alone reads, and what that alone reads.
    fn visit(&mut self, number: usize) {
        let Some(mut draft) = self.drafts[number].take() else { return };
        if fusable(&draft, self.roots) {
            while let Some((part, joined)) = (0..draft.operands.len()).find_map(|arg| self.join(number, &draft, arg)) {
                self.drop_part(part, number, &draft);
                draft = joined;
            }
        }
        self.drafts[number] = Some(draft);
    }

    /// The draft that computes an operand, and this draft with that in it; nothing where that cannot be.
    fn join(&self, number: usize, draft: &Draft, arg: usize) -> Option<(usize, Draft)> {
        let operand = &draft.operands[arg];
        let root = operand.root()?;
        let part = self.maker[root]?;
        let inner = self.drafts[part].as_ref()?;
        let alone =
            self.homes[root] == Home::Workspace && self.readers[root] == 1 && operand.is_whole(self.roots[root]);
        let read_otherwise = draft.operands.iter().any(|other| other.root() == Some(root) && other != operand);
        if !alone || !fusable(inner, self.roots) || read_otherwise {
            return None;
        }
        let joined = joined(inner, draft, arg)?;
        (self.may_wait(part, number) && self.leaves(draft.root, &joined)).then_some((part, joined))
    }

    /// Whether it takes no more room to read the operands of a draft only when another is computed: those that would else be
    /// gone by then take the room that the result would have had. What is small beside it does not count.
    fn may_wait(&self, part: usize, number: usize) -> bool {
        let Some(draft) = &self.drafts[part] else { return false };
        let size = |root: usize| self.roots[root].shape.elements();
        let result = size(draft.root);
        let longer = |root: &usize| self.homes[*root] == Home::Workspace && self.last[*root] < number;
        let room: usize = distinct(&draft.operands).filter(longer).map(size).filter(|&room| 16 * room > result).sum();
        room <= result || self.others[part] == self.others[number]
    }

    /// Whether a joined draft leaves what is carried to be overwritten in its place: the old value is read in one way, as it
    /// lies, where this overwrites it, and not beside the new one.
    fn leaves(&self, root: usize, joined: &Draft) -> bool {
        let reads = |old: usize| joined.operands.iter().filter(move |operand| operand.root() == Some(old));
        let beside_new = joined.operands.iter().filter_map(Reference::root).any(|new| match self.homes[new] {
            Home::Over(old) => reads(old).next().is_some(),
            _ => false,
        });
        let Home::Over(old) = self.homes[root] else { return !beside_new };
        !beside_new && reads(old).count() <= 1 && reads(old).all(|operand| operand.is_whole(self.roots[old]))
    }

    /// Drops a draft that has become part of another, which reads now what it has read.
    fn drop_part(&mut self, part: usize, number: usize, reader: &Draft) {
        let Some(draft) = self.drafts[part].take() else { return };
        self.readers[draft.root] = 0;
        for root in distinct(&draft.operands) {
            self.readers[root] -= usize::from(reader.operands.iter().any(|operand| operand.root() == Some(root)));
            self.last[root] = self.last[root].max(number);
        }
    }
}

/// The roots that are read, each once.
fn distinct(operands: &[Reference]) -> impl Iterator<Item = usize> {
    let new = |(place, operand): (usize, &Reference)| {
        let root = operand.root()?;
        operands[..place].iter().all(|other| other.root() != Some(root)).then_some(root)
    };
    operands.iter().enumerate().filter_map(new)
}

/// Whether a draft is functions of elements, in the backend's own format.
fn fusable(draft: &Draft, roots: &[Spec]) -> bool {
    let functions = match &draft.work {
        Work::Primitive(primitive) => FusedOp::takes(primitive),
        Work::Fused(_) => true,
    };
    functions
        && roots[draft.root].dtype == DType::Elem
        && draft.operands.iter().all(|operand| operand.dtype == DType::Elem)
}

/// The functions of a draft.
fn functions(draft: &Draft) -> Vec<FusedOp> {
    match &draft.work {
        Work::Fused(ops) => ops.clone(),
        Work::Primitive(function) => {
            let mut args = [FusedArg::Operand(0); 3];
            (0..draft.operands.len()).for_each(|arg| args[arg] = FusedArg::Operand(arg));
            vec![FusedOp { function: *function, args }]
        }
    }
}

/// A draft with the draft `inner`, which computes its operand `arg`, in it; nothing where that is too much for one step.
fn joined(inner: &Draft, draft: &Draft, arg: usize) -> Option<Draft> {
    let shape = *draft.operands[arg].layout.shape();
    let mut operands: Vec<Reference> = Vec::new();
    let mut place = |operand: Reference| {
        operands.iter().position(|other| *other == operand).unwrap_or_else(|| {
            operands.push(operand);
            operands.len() - 1
        })
    };
    let reshaped = |operand: &Reference| {
        let layout = operand.layout.movement(&Primitive::Reshape { shape })?;
        Some(Reference { layout, ..*operand })
    };
    let inner_places: Vec<usize> =
        inner.operands.iter().map(|operand| Some(place(reshaped(operand)?))).collect::<Option<_>>()?;
    let computed = |operand: &Reference| *operand == draft.operands[arg];
    let own_places: Vec<usize> =
        draft.operands.iter().map(|operand| if computed(operand) { 0 } else { place(*operand) }).collect();

    let mut ops = functions(inner);
    let first = ops.len();
    for op in &mut ops {
        op.args = op.args.map(|arg| match arg {
            FusedArg::Operand(operand) => FusedArg::Operand(inner_places[operand]),
            result @ FusedArg::Result(_) => result,
        });
    }
    ops.extend(functions(draft).into_iter().map(|op| FusedOp {
        args: op.args.map(|own| match own {
            FusedArg::Operand(operand) if computed(&draft.operands[operand]) => FusedArg::Result(first - 1),
            FusedArg::Operand(operand) => FusedArg::Operand(own_places[operand]),
            FusedArg::Result(result) => FusedArg::Result(first + result),
        }),
        ..op
    }));
    let fits = ops.len() <= FUSED_OPS && operands.len() <= FUSED_OPERANDS;
    fits.then_some(Draft { work: Work::Fused(ops), operands, root: draft.root })
}
