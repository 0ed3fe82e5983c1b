//! Whole programs: eager, traced and replayed, rewritten; and micrograd's published example.

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{
    Autodiff, Axes, Backend, DType, Element, Instruction, Primitive, Reduce, Spec, Tensor, WengertList,
};

use crate::composite::agree;
use crate::failure::{Failure, Outcome};
use crate::host::Host;
use crate::reference::Exact;
use crate::subject::Subject;
use crate::tolerance::Tolerance;

/// Code that is generic over what runs it.
trait Program {
    const NAME: &'static str;
    /// Whether composites take part, which a backend may compute otherwise than by their bodies.
    const COMPOSITES: bool = false;
    fn inputs(&self) -> Vec<Host>;
    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>>;
}

/// The gradient of a scalar, as part of a program: the inputs are lifted, and gradients come out at the program's level.
fn with_gradients<B: Backend>(
    inputs: &[&Tensor<B>],
    f: impl FnOnce(&[Tensor<Autodiff<B>>]) -> Tensor<Autodiff<B>>,
) -> Vec<Tensor<B>> {
    let lifted: Vec<_> = inputs.iter().map(|&input| Tensor::<Autodiff<B>>::variable(input.clone())).collect();
    let loss = f(&lifted);
    let value = loss.value().clone();
    let gradients = loss.backward();
    let gradient = |x: &Tensor<Autodiff<B>>| gradients.get(x).cloned().unwrap_or_else(|| x.value().zeros_like());
    core::iter::once(value).chain(lifted.iter().map(gradient)).collect()
}

/// A step of stochastic gradient descent on a network of two layers; the learning rate is an input.
struct TrainingStep;

impl Program for TrainingStep {
    const NAME: &'static str = "a training step";
    const COMPOSITES: bool = true;

    fn inputs(&self) -> Vec<Host> {
        vec![
            Host::spread(1, [4, 3], -1.0, 1.0),
            Host::index(&[2, 0, 1, 1], [4]),
            Host::spread(2, [3, 5], -0.7, 0.7),
            Host::spread(3, [5], -0.5, 0.5),
            Host::spread(4, [5, 3], -0.7, 0.7),
            Host::new(&[0.125], []),
        ]
    }

    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        let [x, labels, w1, b1, w2, rate] = inputs else { unreachable!("six inputs") };
        let results = with_gradients(&[w1, b1, w2], |parameters| {
            let hidden = Tensor::constant_of(x.clone()).matmul(&parameters[0]) + &parameters[1];
            let logits = hidden.tanh().matmul(&parameters[2]);
            logits.cross_entropy(&Tensor::constant_of(labels.clone()).to_index()).mean()
        });
        let updated = [w1, b1, w2].into_iter().zip(&results[1..]).map(|(w, g)| w - g * rate);
        core::iter::once(results[0].clone()).chain(updated).collect()
    }
}

/// Movements, extremes, choices and sums, with their gradients.
struct Movements;

impl Program for Movements {
    const NAME: &'static str = "movements";

    fn inputs(&self) -> Vec<Host> {
        vec![Host::spread(5, [3, 4], -2.0, 2.0), Host::spread(6, [4], 0.5, 1.5)]
    }

    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        with_gradients(&[&inputs[0], &inputs[1]], |x| {
            let (a, b) = (&x[0], &x[1]);
            let parts = [a.slice_step(1, .., 2), a.flip(&[0]).slice(1, 1..3).pad(1, 0, 1).slice(1, 0..2)];
            let joined = Tensor::concat(&parts, 1).transpose(0, 1) * b.unsqueeze(-1);
            let chosen = joined.gt(&joined.zeros_like()).select(&joined.exp(), &(&joined / b.unsqueeze(1)));
            chosen.max_axes(&[0]).sum() + chosen.mean_keepdim(&[1]).sqrt().sum() + a.sigmoid().log().reshape([12]).sum()
        })
    }
}

/// Random numbers of a key that is an input, indices, positions, reading and adding there; half precision.
struct Indices;

impl Program for Indices {
    const NAME: &'static str = "indices and random numbers";

    fn inputs(&self) -> Vec<Host> {
        vec![Host::index(&[7, 9], [2]), Host::spread(7, [5, 3], -1.0, 1.0)]
    }

    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        let (key, x) = (inputs[0].to_index(), &inputs[1]);
        let noise = Tensor::uniform(&key.fold_in(3), [5, 3]);
        let rows = (x + noise).argmax(0);
        let taken = x.index_select(0, &rows);
        let counts = x.zeros_like().scatter_add(0, &rows.reshape([1, 3]), &taken.slice(0, ..1));
        let narrow = (taken.cast(DType::F16) * 3.0).reduce(Reduce::Sum, Axes::one(1)).cast(DType::Elem);
        let counted = (&(&rows + 1) * 3).tensor().clone();
        vec![counts, narrow, counted, key.random_bits(5, [2, 2]).tensor().clone()]
    }
}

/// Constants alone, and a value that is both an input and an output.
struct Constants;

impl Program for Constants {
    const NAME: &'static str = "constants";

    fn inputs(&self) -> Vec<Host> {
        vec![Host::vector(&[1.0, 2.0])]
    }

    fn run<B: Backend>(&self, inputs: &[Tensor<B>]) -> Vec<Tensor<B>> {
        let x = &inputs[0];
        vec![x.new_full([2, 2], 0.1), x.clone(), x.ones_like().exp() + 1.0, x + x.barrier(x)]
    }
}

fn trace<B: Backend, P: Program>(program: &P) -> WengertList<B::Elem> {
    let names: Vec<_> = (0..program.inputs().len()).map(|place| format!("x{place}")).collect();
    let specs = program.inputs();
    let named: Vec<(&str, Spec)> = names.iter().map(|name| &name[..]).zip(specs.iter().map(|host| host.spec)).collect();
    WengertList::trace(&named, |inputs| {
        let outputs = program.run(inputs);
        ["y0", "y1", "y2", "y3"].into_iter().zip(outputs).collect::<Vec<_>>()
    })
}

fn put<B: Backend, P: Program>(subject: &Subject<B>, program: &P) -> Vec<Tensor<B>> {
    program.inputs().iter().map(|host| subject.put(host)).collect()
}

/// The same outputs, to the bit.
fn all<B: Backend>(subject: &Subject<B>, name: &str, found: &[Tensor<B>], expected: &[Tensor<B>]) -> Outcome {
    let count = found.len() == expected.len() && !found.is_empty();
    subject.hold(name, count, found.len(), format!("{} outputs", expected.len()))?;
    found.iter().zip(expected).try_for_each(|(found, expected)| subject.same_bits(name, found, expected))
}

fn replayed<B: Backend, P: Program>(subject: &Subject<B>, program: &P) -> Outcome {
    let inputs = put(subject, program);
    all(subject, P::NAME, &trace::<B, P>(program).eval(&inputs), &program.run(&inputs))
}

/// A program that is traced and replayed has the bits of the same program run at once.
pub fn eager_and_replayed_agree<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(eager_and_replayed_agree::<B>, device);
    replayed(&subject, &TrainingStep)?;
    replayed(&subject, &Movements)?;
    replayed(&subject, &Indices)?;
    replayed(&subject, &Constants)
}

/// Tracing a program twice gives equal lists: nothing in them depends on addresses or on what ran before.
pub fn two_traces_are_equal<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(two_traces_are_equal::<B>, device);
    fn one<B: Backend, P: Program>(subject: &Subject<B>, program: &P) -> Outcome {
        let (once, again) = (trace::<B, P>(program), trace::<B, P>(program));
        subject.hold(P::NAME, once == again, &again, &once)
    }
    one(&subject, &TrainingStep)?;
    one(&subject, &Movements)?;
    one(&subject, &Indices)?;
    one(&subject, &Constants)
}

/// A list without dead code, and one whose composites are written out, have the outputs of the list that they were made of.
pub fn rewritten_lists_agree<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(rewritten_lists_agree::<B>, device);
    fn one<B: Backend, P: Program>(subject: &Subject<B>, program: &P) -> Outcome {
        let (list, inputs) = (trace::<B, P>(program), put(subject, program));
        let expected: Vec<Tensor<B>> = list.eval(&inputs);
        all(subject, P::NAME, &list.without_dead_code().eval(&inputs), &expected)?;
        let expanded = list.expand(|_| false);
        let opaque = |op: &Instruction<B::Elem>| matches!(op, Instruction::Apply(Primitive::Call(_)));
        let calls =
            |list: &WengertList<B::Elem>| list.assignments().iter().filter(|line| opaque(&line.instruction)).count();
        let expected_calls = if P::COMPOSITES { "some before, none after" } else { "none" };
        let right = (calls(&list) > 0) == P::COMPOSITES && calls(&expanded) == 0;
        subject.hold(
            "composites in a list",
            right,
            format!("{} and {}", calls(&list), calls(&expanded)),
            expected_calls,
        )?;
        let outputs: Vec<Tensor<B>> = expanded.eval(&inputs);
        outputs.iter().zip(&expected).try_for_each(|(found, expected)| agree(subject, P::NAME, found, expected))
    }
    one(&subject, &TrainingStep)?;
    one(&subject, &Movements)?;
    one(&subject, &Indices)?;
    one(&subject, &Constants)
}

/// A list replayed under differentiation has the gradients of the program that it was traced from.
pub fn lists_are_differentiated<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(lists_are_differentiated::<B>, device);
    let lift = || -> Vec<Tensor<Autodiff<B>>> { put(&subject, &Movements).into_iter().map(Tensor::variable).collect() };
    let loss = |outputs: &[Tensor<Autodiff<B>>]| outputs.iter().fold(outputs[0].sum(), |sum, y| sum + y.sum());
    let (eager, listed) = (lift(), lift());
    let expected = loss(&Movements.run(&eager)).grad(&eager.iter().collect::<Vec<_>>());
    let found = loss(&trace::<B, _>(&Movements).eval(&listed)).grad(&listed.iter().collect::<Vec<_>>());
    for (found, expected) in found.iter().zip(&expected) {
        match (found, expected) {
            // Equal assignments are merged in a list, so that gradients are added up in another order.
            (Some(found), Some(expected)) => agree(&subject, "gradients by a list", found, expected)?,
            _ => return Err(subject.failure("gradients by a list".into(), 0, "no gradient", "a gradient")),
        }
    }
    Ok(())
}

/// The example in the README of micrograd (Karpathy 2020), with the numbers printed there.
pub fn micrograd<B: Backend>(device: &B::Device) -> Outcome {
    fn example<B: Backend>(a: &Tensor<B>, b: &Tensor<B>) -> Tensor<B> {
        let mut c = a + b;
        let mut d = a * b + b.powf(3.0);
        c = &c + (&c + 1.0);
        c = &c + (1.0 + &c + (-a));
        d = &d + (&d * 2.0 + (b + a).relu());
        d = &d + (3.0 * &d + (b - a).relu());
        let e = c - d;
        let f = e.powf(2.0);
        let g = &f / 2.0;
        g + 10.0 / f
    }
    let subject = Subject::<B>::of(micrograd::<B>, device);
    let scalar = |x: f64| Tensor::<Autodiff<B>>::variable(subject.put(&Host::new(&[x], [])));
    let (a, b) = (scalar(-4.0), scalar(2.0));
    let g = example(&a, &b);
    let gradients = g.grad(&[&a, &b]);
    printed(&subject, "g", g.value(), 24.7041)?;
    for (label, gradient, expected) in [("dg/da", &gradients[0], 138.8338), ("dg/db", &gradients[1], 645.5773)] {
        match gradient {
            Some(gradient) => printed(&subject, label, gradient, expected)?,
            None => return Err(subject.failure(label.into(), 0, "no gradient", expected)),
        }
    }
    Ok(())
}

/// A number of which four decimals were printed.
fn printed<B: Backend>(subject: &Subject<B>, label: &str, found: &Tensor<B>, expected: f64) -> Result<(), Failure> {
    let number = found.item().into_f64();
    if (number - expected).abs() <= 0.000_05 {
        return Ok(());
    }
    let exact = Exact::new(vec![expected]);
    subject.compare(&|| label.into(), found, &Spec::elem([]), &exact, Tolerance::Program)
}
