//! The recorded graph: what is reached, what is added up, what is cut off, what a user's operation declares.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, DType, Node, Op, Spec, SpecError, Tensor, WengertList, spec};

use crate::failure::Outcome;
use crate::host::Host;
use crate::subject::Subject;

type D<B> = Autodiff<B>;

fn variable<B: Backend>(subject: &Subject<B>, values: &[f64]) -> Tensor<D<B>> {
    Tensor::variable(subject.put(&Host::vector(values)))
}

fn found<B: Backend>(subject: &Subject<B>, label: &str, gradient: Option<&Tensor<B>>, expected: &[f64]) -> Outcome {
    match gradient {
        Some(gradient) => subject.equal(label, gradient, &Host::vector(expected)),
        None => Err(subject.failure(label.into(), 0, "no gradient", format!("{expected:?}"))),
    }
}

/// A value that is used several times gets the sum of its gradients.
pub fn fan_out_adds_up<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(fan_out_adds_up::<B>, device);
    let x = variable(&subject, &[1.0, -2.0]);
    let y = &x * &x + &x * 3.0 + x.relu() - &x;
    let gradients = y.sum().backward();
    found(&subject, "x x + 3 x + relu(x) - x", gradients.get(&x), &[5.0, -2.0])?;
    // The same value behind two others, one of which is reached by a longer way.
    let (x, y) = (variable(&subject, &[3.0]), variable(&subject, &[2.0]));
    let shared = &x * &y;
    let late = (&shared * 2.0 + 1.0) * &shared;
    let gradients = (late + &shared).sum().backward();
    found(&subject, "(2 x y + 1) x y + x y, by x", gradients.get(&x), &[52.0])?;
    found(&subject, "(2 x y + 1) x y + x y, by y", gradients.get(&y), &[78.0])
}

/// A parameter that two layers share gets the sum over both.
pub fn tied_parameters_add_up<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(tied_parameters_add_up::<B>, device);
    let (w, x) = (variable(&subject, &[2.0]), Tensor::constant_of(subject.put(&Host::vector(&[3.0]))));
    let tied = w.clone();
    let hidden = &w * x;
    let gradients = (&tied * hidden).sum().backward();
    found(&subject, "w (w x)", gradients.get(&w), &[12.0])?;
    found(&subject, "w (w x), by the clone", gradients.get(&tied), &[12.0])?;
    subject.hold("w (w x)", gradients.len() == 1, gradients.len(), "one variable")
}

/// What the loss does not depend on has no gradient: none, not zeros.
pub fn what_is_not_reached_has_none<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(what_is_not_reached_has_none::<B>, device);
    let (x, y) = (variable(&subject, &[1.0]), variable(&subject, &[2.0]));
    let _ = &x * &y;
    let loss = (&x * 2.0).sum();
    subject.hold("grad of y", loss.grad(&[&y])[0].is_none(), "a gradient", "none")?;
    let gradients = loss.backward();
    subject.hold("backward to y", gradients.get(&y).is_none(), "a gradient", "none")?;
    found(&subject, "2 x", gradients.get(&x), &[2.0])?;
    let constant = Tensor::<D<B>>::constant_of(subject.put(&Host::vector(&[1.0])));
    let none = constant.sum().backward().is_empty();
    subject.hold("a constant", none && !constant.requires_grad(), "a record", "none")
}

/// No gradient passes where a value was cut off; its numbers stay.
pub fn detached_values_are_constants<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(detached_values_are_constants::<B>, device);
    let x = variable(&subject, &[3.0]);
    let y = &x * &x;
    found(&subject, "x detach(x x)", (&x * y.detach()).sum().grad(&[&x])[0].as_ref(), &[9.0])?;
    subject.equal("the value", y.detach().value(), &Host::vector(&[9.0]))?;
    subject.hold("detach", !y.detach().requires_grad(), "a record", "none")
}

/// Gradients for values inside the graph, asked twice, agree with those that consume it.
pub fn asking_keeps_the_graph<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(asking_keeps_the_graph::<B>, device);
    let x = variable(&subject, &[0.5, -1.0]);
    let hidden = x.tanh();
    let loss = (&hidden * &hidden).sum();
    let (once, again) = (loss.grad(&[&x, &hidden]), loss.grad(&[&x, &hidden]));
    let gradients = loss.backward();
    for (place, (once, again)) in once.iter().zip(&again).enumerate() {
        match (once, again) {
            (Some(once), Some(again)) => subject.same_bits("grad, asked twice", once, again)?,
            _ => return Err(subject.failure("grad".into(), place, "no gradient", "a gradient")),
        }
    }
    match (&once[0], gradients.get(&x)) {
        (Some(kept), Some(consumed)) => subject.same_bits("grad and backward", kept, consumed),
        _ => Err(subject.failure("backward".into(), 0, "no gradient", "a gradient")),
    }
}

/// A cotangent weighs the elements of a result that is no scalar.
pub fn cotangents_weigh<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(cotangents_weigh::<B>, device);
    let x = variable(&subject, &[1.0, 2.0, 4.0]);
    let weights = subject.put(&Host::vector(&[1.0, 0.0, -0.5]));
    let gradients = (&x * &x).backward_with(weights);
    found(&subject, "x x", gradients.get(&x), &[2.0, 0.0, -4.0])
}

/// A gradient arrives in the format of its input: mixed precision casts back.
pub fn casts_go_back<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(casts_go_back::<B>, device);
    for dtype in [DType::F16, DType::Bf16] {
        let x = variable(&subject, &[1.5, -2.0]);
        let narrow = x.cast(dtype);
        let loss = (&narrow * &narrow).cast(DType::Elem).sum();
        found(&subject, "the square of a cast", loss.grad(&[&x])[0].as_ref(), &[3.0, -4.0])?;
        let inner = loss.grad(&[&narrow]).remove(0).map(|gradient| gradient.dtype());
        subject.hold("format of the cast's gradient", inner == Some(dtype), format!("{inner:?}"), dtype)?;
    }
    Ok(())
}

/// A user's operation whose declared gradient, `7 x g`, is not the derivative of what it computes, so that none but the
/// declared one can be right.
#[derive(Clone, Debug, PartialEq)]
struct Declared;

impl Op for Declared {
    fn name(&self) -> &'static str {
        "declared"
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        spec::arity::<1>(self.name(), inputs).map(|[x]| *x)
    }
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[0].round() + 0.5
    }
    fn backward<B: Backend>(&self, _arg: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.input(0) * at.grad() * 7.0
    }
}

/// A backend computes what it has never heard of; asked of the backend itself, since its type is what an operation from
/// outside is generic over.
pub fn operations_from_outside_are_computed<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(operations_from_outside_are_computed::<B>, &B::Device::default());
    let y = Tensor::call(&Declared, &[&subject.put(&Host::vector(&[0.75, -2.0]))]);
    subject.equal("declared", &y, &Host::vector(&[1.5, -1.5]))
}

/// The rule that an operation declares holds at every level of nesting, and in a list replayed under differentiation.
pub fn users_operations_declare_their_rule<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(users_operations_declare_their_rule::<B>, device);
    let host = Host::vector(&[0.75, -2.0]);
    let inner = Tensor::<D<B>>::variable(subject.put(&host));
    let outer = Tensor::<D<D<B>>>::variable(inner.clone());
    let y = Tensor::call(&Declared, &[&outer]);
    subject.equal("forward", y.value().value(), &Host::vector(&[1.5, -1.5]))?;
    let missing = || subject.failure("declared".into(), 0, "no gradient", "a gradient");
    let first = y.sum().grad(&[&outer]).remove(0).ok_or_else(missing)?;
    subject.equal("declared rule", first.value(), &Host::vector(&[5.25, -14.0]))?;
    let second = first.sum().grad(&[&inner]).remove(0);
    found(&subject, "derivative of the declared rule", second.as_ref(), &[7.0, 7.0])?;

    let list = WengertList::<B::Elem>::trace(&[("x", host.spec)], |x| [("y", Tensor::call(&Declared, &[&x[0]]))]);
    let replayed: Vec<Tensor<D<B>>> = list.eval(core::slice::from_ref(&inner));
    subject.equal("replayed", replayed[0].value(), &Host::vector(&[1.5, -1.5]))?;
    found(&subject, "declared rule, replayed", replayed[0].sum().grad(&[&inner])[0].as_ref(), &[5.25, -14.0])
}
