//! [`Rematerialise`]: values that are computed a second time instead of being kept.
//!
//! (T. Chen, B. Xu, C. Zhang and C. Guestrin, *Training deep nets with sublinear memory cost*, 2016, chooses by segments;
//! M. Kumar and others, *Efficient rematerialization for deep networks*, 2019, value by value, as is done here.)

mod live;

use core::marker::PhantomData;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use self::live::Live;
use super::Pass;
use crate::{Assignment, Element, Execute, Instruction, Primitive, Tensor, Trace, Var, WengertList};

/// In so many rounds the peak is lowered; each makes the list anew.
const ROUNDS: usize = 64;
/// The most assignments that are done a second time for one value.
const LONGEST: usize = 12;

/// Computes values a second time where they are read after the moment at which most memory is in use, so that they need not
/// live through it: those first that give much memory for little work, until the limit is kept or nothing is left to gain.
///
/// What counts is the memory of computed values that are alive at one time, as in [`Cost::peak`](crate::Cost::peak); a
/// composite that `B` has a kernel for counts as one value. The second computation hangs on a
/// [`Barrier`](Primitive::Barrier) whose token is computed after that moment, so that it cannot move forward nor be merged
/// with the first. It yields the same bits.
///
/// ```
/// use autodiff_core::{Autodiff, Pass, Rematerialise, Spec, Tensor, Trace, WengertList};
/// use backend_cpu::Cpu;
/// // A chain of which the gradient needs each link.
/// let list = WengertList::<f32>::trace(&[("x", Spec::elem([1000]))], |x| {
///     let x = Tensor::<Autodiff<Trace<f32>>>::variable(x[0].clone());
///     let y = (0..9).fold(x.clone(), |y, _| (y * 2.0).sin()).sum();
///     [("grad", y.grad(&[&x]).remove(0).unwrap())]
/// });
/// let smaller = Rematerialise::<Cpu<f32>>::new(20_000).run(&list);
/// assert!(list.cost().peak == 40_000 && smaller.cost().peak <= 20_000);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Rematerialise<B> {
    limit: u64,
    backend: PhantomData<B>,
}

impl<B> Rematerialise<B> {
    /// The pass that brings the memory of computed values down to so many bytes, or as near as it can.
    #[must_use]
    pub const fn new(limit: u64) -> Self {
        Self { limit, backend: PhantomData }
    }
}

impl<B: Execute> Pass<B::Elem> for Rematerialise<B> {
    fn name(&self) -> &'static str {
        "rematerialise"
    }

    fn run(&self, list: &WengertList<B::Elem>) -> WengertList<B::Elem> {
        let mut list = B::expand(list);
        for _ in 0..ROUNDS {
            let Some(next) = lower(&list, self.limit) else { break };
            list = next;
        }
        list
    }
}

/// The list with less memory in use above the limit, or nothing, if it is kept or there is nothing to gain.
fn lower<E: Element>(list: &WengertList<E>, limit: u64) -> Option<WengertList<E>> {
    let live = Live::new(list);
    let (peak, over) = (live.peak(), live.over(limit));
    let lower = |share: u64| {
        let next = again(list, &choose(list, &live, (peak - limit) / share));
        (Live::new(&next).over(limit) < over).then_some(next)
    };
    // What helps one by one may not help together.
    if over > 0 { [1, 4, 16, u64::MAX].into_iter().find_map(lower) } else { None }
}

/// A value to be computed a second time.
struct Second {
    /// What is done again, in order; the last is the value itself.
    chain: Vec<usize>,
    /// The first place that reads it after the peak, which computes on what is computed again.
    from: usize,
    /// What has to be computed before.
    token: Var,
}

/// Values worth computing a second time, until they make up for so many bytes.
fn choose<E: Element>(list: &WengertList<E>, live: &Live, excess: u64) -> Vec<Second> {
    let mut candidates: Vec<(f64, Second)> =
        (0..live.at).filter_map(|place| candidate(list, live, place, &BTreeSet::new())).collect();
    candidates.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    // What a second computation reads has to stay, and what is computed again is not there to be read.
    let (mut chosen, mut saved, mut stays, mut gone) = (Vec::new(), 0, BTreeSet::new(), BTreeSet::new());
    for (_, second) in candidates {
        let value = second.chain[second.chain.len() - 1];
        if !chosen.is_empty() && saved >= excess || stays.contains(&live.root[value]) {
            continue;
        }
        let Some((_, second)) = candidate(list, live, value, &gone) else { continue };
        let reads = second.chain.iter().flat_map(|&place| &list.assignments()[place].args);
        stays.extend(reads.filter(|arg| !second.chain.contains(&arg.index())).map(|arg| live.root[arg.index()]));
        gone.insert(live.root[value]);
        saved += live.size[live.root[value]];
        chosen.push(second);
    }
    chosen
}

/// How much memory for how much work the second computation of a value gives, where it lives through the peak and what it is
/// computed from does too, but for what is `gone`.
fn candidate<E: Element>(
    list: &WengertList<E>,
    live: &Live,
    place: usize,
    gone: &BTreeSet<usize>,
) -> Option<(f64, Second)> {
    let from = live.read_after_peak(place)?;
    let mut chain = Vec::new();
    let mut open = Vec::from([place]);
    while let Some(next) = open.pop() {
        if chain.contains(&next) {
            continue;
        }
        let Assignment { instruction, args, .. } = &list.assignments()[next];
        let repeats = match instruction {
            Instruction::Apply(Primitive::Barrier) | Instruction::Input(_) | Instruction::Data(_) => false,
            Instruction::Apply(_) | Instruction::Custom(_) => true,
        };
        if !repeats || args.is_empty() || chain.len() == LONGEST {
            return None;
        }
        chain.push(next);
        open.extend(args.iter().map(|arg| arg.index()).filter(|&arg| !live.is_there(arg, from, gone)));
    }
    chain.sort_unstable();
    let work: u64 = chain.iter().map(|&place| live.work[place]).sum();
    #[expect(clippy::cast_precision_loss, reason = "only to compare")]
    let gain = live.size[live.root[place]] as f64 / (work + 1) as f64;
    Some((gain, Second { chain, from, token: token(list, live, from)? }))
}

/// A value computed after the peak and before this place, which the place reads if possible.
fn token<E: Element>(list: &WengertList<E>, live: &Live, from: usize) -> Option<Var> {
    let late = |var: &&Var| var.index() > live.at && live.size[live.root[var.index()]] > 0;
    let read = list.assignments()[from].args.iter().filter(late).max();
    let before = || (live.at + 1..from).rev().find(|&place| live.root[place] == place && live.size[place] > 0);
    read.copied().or_else(|| before().map(Var::new))
}

/// The list with second computations.
fn again<E: Element>(list: &WengertList<E>, seconds: &[Second]) -> WengertList<E> {
    let mut values: Vec<Tensor<Trace<E>>> = Vec::with_capacity(list.assignments().len());
    // By place, the value that is read instead from some place on.
    let mut instead: BTreeMap<usize, (usize, Tensor<Trace<E>>)> = BTreeMap::new();
    for (place, Assignment { instruction, args, spec }) in list.assignments().iter().enumerate() {
        for second in seconds.iter().filter(|second| second.from == place) {
            let value = repeat(list, second, &values);
            instead.insert(second.chain[second.chain.len() - 1], (place, value));
        }
        let read = |arg: &Var| match instead.get(&arg.index()) {
            Some((from, value)) if *from <= place => value.clone(),
            _ => values[arg.index()].clone(),
        };
        let args: Vec<_> = args.iter().map(read).collect();
        values.push(match instruction {
            Instruction::Input(name) => Tensor::input(&name[..], *spec),
            Instruction::Data(data) => Tensor::from_data(data.as_data(), spec.shape, &()),
            instruction => instruction.apply(&args, &()),
        });
    }
    let inputs: Vec<_> = list.inputs().iter().map(|var| &values[var.index()]).collect();
    let outputs: Vec<_> = list.outputs().iter().map(|(name, var)| (&name[..], &values[var.index()])).collect();
    WengertList::new(&inputs, &outputs)
}

/// A value computed a second time, behind barriers.
fn repeat<E: Element>(list: &WengertList<E>, second: &Second, values: &[Tensor<Trace<E>>]) -> Tensor<Trace<E>> {
    let mut repeated: BTreeMap<usize, Tensor<Trace<E>>> = BTreeMap::new();
    let token = &values[second.token.index()];
    for &place in &second.chain {
        let Assignment { instruction, args, .. } = &list.assignments()[place];
        let read = |arg: &Var| match repeated.get(&arg.index()) {
            Some(value) => value.clone(),
            None => Tensor::call(&Primitive::Barrier, &[&values[arg.index()], token]),
        };
        let value = instruction.apply(&args.iter().map(read).collect::<Vec<_>>(), &());
        repeated.insert(place, value);
    }
    repeated.pop_last().map_or_else(|| token.clone(), |(_, value)| value)
}
