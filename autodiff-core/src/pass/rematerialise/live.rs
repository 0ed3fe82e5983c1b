//! [`Live`]: how much memory the values of a list take at each moment.

use alloc::collections::BTreeSet;
use alloc::vec;
use alloc::vec::Vec;

use crate::list::bytes;
use crate::{Element, Instruction, Primitive, Spec, WengertList};

/// What is alive when, in the order of a list.
pub(super) struct Live {
    /// By place, the assignment whose memory holds the value: another one for views.
    pub(super) root: Vec<usize>,
    /// By root, the bytes that it holds; none for inputs and constants, which are there anyway.
    pub(super) size: Vec<u64>,
    /// By place, operations on numbers and bytes moved.
    pub(super) work: Vec<u64>,
    /// By root, the last place that reads it; beyond the list for outputs.
    last: Vec<usize>,
    /// By place, the places that read the value itself.
    readers: Vec<Vec<usize>>,
    /// By place, the bytes that are alive while it is computed.
    alive: Vec<u64>,
    /// The place at which most are.
    pub(super) at: usize,
}

impl Live {
    pub(super) fn new<E: Element>(list: &WengertList<E>) -> Self {
        let len = list.assignments().len();
        let (mut root, mut size, mut work) = (Vec::with_capacity(len), vec![0; len], vec![0; len]);
        let (mut last, mut readers) = ((0..len).collect::<Vec<_>>(), vec![Vec::new(); len]);
        for (place, assignment) in list.assignments().iter().enumerate() {
            let args: Vec<usize> = assignment.args.iter().map(|arg| arg.index()).collect();
            root.push(match &assignment.instruction {
                Instruction::Apply(op) if op.is_view() => root[args[0]],
                _ => place,
            });
            if root[place] == place && computes(&assignment.instruction) {
                let inputs: Vec<Spec> = assignment.args.iter().map(|arg| list[*arg].spec).collect();
                size[place] = bytes::<E>(&assignment.spec);
                let moved = inputs.iter().map(bytes::<E>).fold(size[place], u64::saturating_add);
                work[place] = moved.saturating_add(flops(&assignment.instruction, &inputs, &assignment.spec));
            }
            for arg in args {
                last[root[arg]] = place;
                readers[arg].push(place);
            }
        }
        for (_, var) in list.outputs() {
            last[root[var.index()]] = len;
        }
        let alive = alive(&size, &last);
        // The first of several, so that what is behind it can be told to wait.
        let at = (0..len).rev().max_by_key(|&place| alive[place]).unwrap_or(0);
        Self { root, size, work, last, readers, alive, at }
    }

    /// The most bytes that are alive at one time.
    pub(super) fn peak(&self) -> u64 {
        self.alive.get(self.at).copied().unwrap_or(0)
    }

    /// The bytes above a limit, all places together.
    pub(super) fn over(&self, limit: u64) -> u64 {
        self.alive.iter().fold(0, |sum, alive| sum.saturating_add(alive.saturating_sub(limit)))
    }

    /// The first place after the peak that reads a value which is computed before it, and which is no output.
    pub(super) fn read_after_peak(&self, place: usize) -> Option<usize> {
        let root = self.root[place];
        let lives =
            self.size[root] > 0 && root < self.at && self.last[root] > self.at && self.last[root] < self.root.len();
        let after = self.readers[place].iter().copied().find(|&reader| reader > self.at);
        // One that reads a view made before the peak would keep the value alive.
        let views = self.readers[place].iter().filter(|&&reader| reader <= self.at && self.root[reader] == root);
        let mut of_views = views.flat_map(|&view| &self.readers[view]);
        let by_views = of_views.any(|&reader| reader > self.at || self.root[reader] == root);
        after.filter(|_| lives && !by_views)
    }

    /// Whether a value is in memory at a later place, unless it is `gone`.
    pub(super) fn is_there(&self, place: usize, later: usize, gone: &BTreeSet<usize>) -> bool {
        let root = self.root[place];
        (self.size[root] == 0 || self.last[root] >= later) && !gone.contains(&root)
    }
}

/// Whether it takes memory of its own.
const fn computes<E: Element>(instruction: &Instruction<E>) -> bool {
    match instruction {
        Instruction::Input(_) | Instruction::Data(_) | Instruction::Apply(Primitive::Constant { .. }) => false,
        Instruction::Apply(_) | Instruction::Custom(_) => true,
    }
}

/// Of a composite that is run as one, about ten for each element.
fn flops<E: Element>(instruction: &Instruction<E>, inputs: &[Spec], out: &Spec) -> u64 {
    match instruction {
        Instruction::Apply(Primitive::Call(_)) | Instruction::Custom(_) => 10 * out.shape.elements() as u64,
        Instruction::Apply(op) => op.flops(inputs, out),
        Instruction::Input(_) | Instruction::Data(_) => 0,
    }
}

/// The bytes that are alive while each place is computed.
fn alive(size: &[u64], last: &[usize]) -> Vec<u64> {
    let mut dying = vec![0; size.len() + 1];
    for (size, last) in size.iter().zip(last) {
        dying[*last] += size;
    }
    let mut live = 0_u64;
    let alive = |(size, dying): (&u64, &u64)| {
        live = live.saturating_add(*size);
        let now = live;
        live = live.saturating_sub(*dying);
        now
    };
    size.iter().zip(&dying).map(alive).collect()
}
