//! An update is a function with derivatives: of parameter, gradient and state, held against differences to second order.

use autodiff_core::{Tensor, check_grads};
use backend_cpu::Cpu;
use optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, NAdam, RAdam, RmsProp, Rule, Sgd, StepInputs,
    clip_grad_norm, clip_grad_value,
};

type F64 = Cpu<f64>;

/// Everything that a rule answers, of all that it is given; each slot is the number that is given for it and some more.
#[track_caller]
fn check(rule: &impl Rule, slots: &[f64]) {
    let x = Tensor::<F64>::new(&[1.0, -2.0, 0.5], [3]);
    let mut inputs = vec![x.clone(), Tensor::new(&[0.5, 0.75, -1.25], [3])];
    let state = rule.init(&x);
    assert_eq!(state.len(), slots.len());
    for ((_, slot), start) in state.iter().zip(slots) {
        let values: Vec<f64> = (0_u8..3).map(|place| start + 0.0625 * f64::from(place)).collect();
        inputs.push(Tensor::new(&values[..slot.shape().elements()], slot.shape()));
    }
    let updated = check_grads(
        |inputs| {
            let at = StepInputs::new(0.25, 7, inputs[0].device());
            let (x, state) = rule.update(&inputs[0], &inputs[1], &inputs[2..], &at);
            let flat = |x: &Tensor<_>| x.reshape([x.shape().elements()]);
            let all: Vec<_> = [&x].into_iter().chain(&state).map(flat).collect();
            Tensor::concat(&all, 0)
        },
        &inputs,
        1e-6,
    );
    assert!(updated.is_ok(), "{rule:?}: {updated:?}");
}

#[test]
fn smooth_rules() {
    check(&Sgd { momentum: 0.9, dampening: 0.5, weight_decay: 0.1, ..Sgd::default() }, &[0.5]);
    check(&Sgd { momentum: 0.9, nesterov: true, maximize: true, ..Sgd::default() }, &[0.5]);
    check(&Adagrad { lr_decay: 0.1, ..Adagrad::default() }, &[1.0]);
    check(&Adafactor { d: 1.25, weight_decay: 0.1, ..Adafactor::default() }, &[1.0]);
    check(&Adadelta { eps: 0.1, ..Adadelta::default() }, &[1.0, 0.5]);
    check(&RmsProp { momentum: 0.9, centered: true, ..RmsProp::default() }, &[1.0, 0.5, 0.25]);
    check(&Adam { weight_decay: 0.1, amsgrad: true, ..Adam::default() }, &[0.5, 1.0, 2.0]);
    check(&AdamW::default(), &[0.5, 1.0]);
    check(&Adamax::default(), &[0.5, 0.25]);
    check(&NAdam { weight_decay: 0.1, ..NAdam::default() }, &[0.75, 0.5, 1.0]);
    check(&RAdam::default(), &[0.5, 1.0]);
    check(&RAdam { betas: (0.9, 0.5), ..RAdam::default() }, &[0.5, 1.0]);
    check(&Asgd { lambd: 0.1, t0: 3.0, ..Asgd::default() }, &[0.1, 0.5, 1.0]);
}

#[test]
fn clipping() {
    let gradients = [Tensor::<F64>::new(&[1.0, -2.0, 0.5, 0.25], [2, 2]), Tensor::new(&[3.0, -0.25], [2])];
    for norm_type in [1.0, 2.0, 3.0, f64::INFINITY] {
        for max_norm in [0.5, 100.0] {
            let clipped = check_grads(
                |gradients| {
                    let (clipped, total) = clip_grad_norm(gradients, max_norm, norm_type);
                    Tensor::concat(&[clipped[0].reshape([4]), clipped[1].clone(), total.reshape([1])], 0)
                },
                &gradients,
                1e-6,
            );
            assert!(clipped.is_ok(), "{norm_type}, {max_norm}: {clipped:?}");
        }
    }
    let clip = |gradients: &[Tensor<_>]| clip_grad_value(gradients, 1.5).remove(0).square();
    check_grads(clip, &gradients[..1], 1e-6).unwrap();
}
