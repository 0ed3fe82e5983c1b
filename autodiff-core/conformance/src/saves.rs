//! What the rules of primitives and composites keep for their gradients: all that these read, and no more.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, DType, Instruction, Needs, Op, Saves, Spec, Tensor, Trace, Var, WengertList};

use crate::cases::{self, Case};
use crate::gradient;

type Inner = Trace<f32>;

fn all() -> impl Iterator<Item = Case> {
    use cases::{binary, composite, gather, matmul, movement, reduce, unary, window};
    let families = [unary(), binary(), reduce(), matmul(), window(), movement(), gather(), composite()];
    families.into_iter().flatten()
}

/// The gradients of these arguments as a list: an operation's inputs, then the cotangent, are its inputs.
fn gradients(case: &Case, wanted: &[usize]) -> WengertList<f32> {
    let mut specs: Vec<Spec> = case.inputs.iter().map(|input| input.spec).collect();
    specs.push(case.op.infer(&specs).expect("a valid case"));
    let names: Vec<String> = (0..specs.len()).map(|arg| format!("x{arg}")).collect();
    let slopes: Vec<String> = names.iter().map(|name| format!("d{name}")).collect();
    let inputs: Vec<(&str, Spec)> = names.iter().map(|name| &name[..]).zip(specs).collect();
    let list = WengertList::trace(&inputs, |inputs| {
        let (g, inputs) = inputs.split_last().expect("the cotangent");
        let lift = |(arg, x): (usize, &Tensor<Inner>)| {
            if wanted.contains(&arg) { Tensor::variable(x.clone()) } else { Tensor::constant_of(x.clone()) }
        };
        let inputs: Vec<Tensor<Autodiff<Inner>>> = inputs.iter().enumerate().map(lift).collect();
        let y = Tensor::call(&case.op, &inputs.iter().collect::<Vec<_>>());
        let wrt: Vec<_> = wanted.iter().map(|&arg| &inputs[arg]).collect();
        let gradients = y.grad_with(&wrt, g.clone()).into_iter().map(|gradient| gradient.expect("a gradient"));
        slopes.iter().map(|name| &name[..]).zip(gradients).collect::<Vec<_>>()
    });
    list.without_dead_code()
}

/// Which inputs the gradients read, and last whether they read the operation's own result.
fn read(case: &Case, list: &WengertList<f32>) -> Vec<bool> {
    let inputs = &list.inputs()[..case.inputs.len()];
    let own = |(instruction, args): (&Instruction<f32>, &[Var])| {
        matches!(instruction, Instruction::Apply(op) if *op == case.op) && args == inputs
    };
    let lines = || list.assignments().iter().map(|line| (&line.instruction, &line.args[..]));
    let reads = |input: &Var| lines().any(|line| !own(line) && line.1.contains(input));
    inputs.iter().map(reads).chain([lines().any(own)]).collect()
}

/// Cases of special shapes read less, so those of one operation count together.
#[test]
fn a_rule_saves_what_its_gradients_read() {
    let mut kept: BTreeMap<String, (Saves, Vec<bool>)> = BTreeMap::new();
    for case in all() {
        let possible = gradient::arguments(&case);
        let each = possible.iter().map(|&arg| alloc::vec![arg]);
        for wanted in each.chain([possible.clone()]) {
            let saves = case.op.saves(wanted.iter().fold(Needs::NONE, |needs, &arg| needs.with(arg)));
            let found = read(&case, &gradients(&case, &wanted));
            let key = format!("{} of {} inputs, needing {wanted:?}", case.op.name(), case.inputs.len());
            let (declared, seen) = kept.entry(key.clone()).or_insert_with(|| (saves, alloc::vec![false; found.len()]));
            assert_eq!(*declared, saves, "{key}");
            seen.iter_mut().zip(found).for_each(|(seen, found)| *seen |= found);
        }
    }
    assert!(kept.len() > 60, "{} operations", kept.len());
    for (key, (saves, read)) in kept {
        let arity = read.len() - 1;
        let saved: Vec<bool> = (0..arity).map(|arg| saves.input(arg)).chain([saves.output()]).collect();
        assert_eq!(saved, read, "{key}: what is saved, and what is read");
    }
}

#[test]
fn indices_have_no_gradient() {
    for case in all() {
        for (arg, input) in case.inputs.iter().enumerate().filter(|(_, input)| input.spec.dtype == DType::Index) {
            assert!(!case.op.differentiable(arg), "input {arg} of {}, of {:?}", case.op.name(), input.spec);
        }
    }
}
