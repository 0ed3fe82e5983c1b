//! Every optimizer, under a schedule, on a network with a convolution, batch normalisation and dropout: five hundred steps
//! end in the same bits eager and compiled, and a step that is traced later is the same list.
//!
//! `Lbfgs` is not here: it asks for the loss as often as its line search needs it, so it is no optimizer of a compiled step.

mod any;

use autodiff_core::{Index, Tensor};
use nn::{
    Backend, BatchNorm2d, Context, Conv2d, Dropout, Flatten, Keys, Layer, Linear, Reduction, Tanh, TrainStep,
    cross_entropy,
};
use optim::schedule::{CosineAnnealingWarmRestarts, Schedule};
use optim::{
    Accumulate, Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, ClipGradNorm, ClipGradValue, Ema, GradScaler,
    Lion, NAdam, Optimizer, RAdam, RmsProp, Rprop, Sgd,
};

use super::wrapped::grouped;
use super::{F32, Labelled, numbers};
use any::Any;

const STEPS: u32 = 500;
/// The rate falls and rises again during the test.
const SCHEDULE: CosineAnnealingWarmRestarts = CosineAnnealingWarmRestarts::new(60);

type Net<B> = (Conv2d<B>, BatchNorm2d<B>, Tanh, Dropout, Flatten, Linear<B>);

fn net() -> Net<F32> {
    let mut keys = Keys::new(6, &Default::default());
    let norm = BatchNorm2d::new(2, keys.device());
    let conv = Conv2d::new(1, 2, [2, 2], &mut keys);
    (conv, norm, Tanh, Dropout { p: 0.2 }, Flatten::default(), Linear::new(8, 3, &mut keys))
}

fn loss<B: Backend>(net: &Net<B>, (x, labels): &Labelled<B>, ctx: &mut Context<B>) -> Tensor<B> {
    cross_entropy(&net.forward(x, ctx), labels, Reduction::Mean)
}

/// Images and labels that differ from batch to batch; the last has fewer, which is another list.
fn batches() -> Vec<Labelled<F32>> {
    let batch = |(seed, rows): (u64, usize)| {
        let key = Index::key(seed, &Default::default());
        (Tensor::normal(&key.fold_in(0), [rows, 1, 3, 3]), key.fold_in(1).random_bits(1, [rows]))
    };
    [(0, 4), (1, 4), (2, 4), (3, 4), (4, 3)].map(batch).into()
}

/// Eager and compiled, with the same losses all the way, and in the end the same parameters, buffers and state.
fn end_equal(optimizer: Any) {
    let (batches, base) = (batches(), optimizer.base_lr());
    let slots = optimizer.initial_state("", &Tensor::<F32>::ones([2, 2], &Default::default()));
    let mut eager = TrainStep::eager(net(), optimizer.clone(), loss);
    let mut compiled = TrainStep::compile(net(), optimizer, loss, &batches[0]);
    for (number, batch) in (0..STEPS).zip(batches.iter().cycle()) {
        let [left, right] = [&mut eager, &mut compiled].map(|step| {
            step.set_lr(SCHEDULE.at(base, number));
            step.run(batch).unwrap()
        });
        assert!(left.is_finite(), "loss of step {number}: {left}");
        assert_eq!(left.to_bits(), right.to_bits(), "loss of step {number}: {left} and {right}");
    }
    assert_eq!(compiled.traces().len(), 2);
    assert_eq!(numbers(&eager.model()), numbers(&compiled.model()));
    assert_ne!(numbers(&eager.model()), numbers(&net()));
    for (slot, _) in slots {
        let [left, right] = [&eager, &compiled].map(|step| step.model_from_state(slot).map(|model| numbers(&model)));
        assert_eq!(left, right, "{slot}");
    }
}

/// A step that is traced at the start, and one of the trained model at another rate: neither rate nor step is in the list.
fn traced_later_is_the_same(optimizer: fn(f64) -> Any, lr: f64) {
    let batches = batches();
    let mut step = TrainStep::compile(net(), optimizer(lr), loss, &batches[0]);
    let fresh = step.list().unwrap().clone();
    for number in 0..5 {
        step.set_lr(SCHEDULE.at(lr, number));
        step.run(&batches[number as usize % 4]).unwrap();
    }
    assert!(*step.list().unwrap() == fresh);
    let mut later = TrainStep::compile(step.model(), optimizer(lr / 4.0), loss, &batches[1]);
    later.set_lr(SCHEDULE.at(lr, 77));
    assert!(*later.list().unwrap() == fresh);
    later.run(&batches[2]).unwrap();
    assert!(*later.list().unwrap() == fresh);
}

macro_rules! optimizers {
    ($($name:ident($lr:literal): $optimizer:expr,)*) => {
        mod five_hundred_steps_end_equal {
            use super::*;
            $(#[test]
            fn $name() {
                let optimizer: fn(f64) -> _ = $optimizer;
                end_equal(optimizer($lr).into());
            })*
        }

        mod a_step_traced_later_is_the_same_list {
            use super::*;
            $(#[test]
            fn $name() {
                traced_later_is_the_same(|lr| { let optimizer: fn(f64) -> _ = $optimizer; optimizer(lr).into() }, $lr);
            })*
        }
    };
}

optimizers! {
    sgd(0.1): Sgd::new,
    sgd_with_momentum(0.05): |lr| Sgd { momentum: 0.9, dampening: 0.2, weight_decay: 0.01, ..Sgd::new(lr) },
    sgd_with_nesterovs_momentum(0.05): |lr| Sgd { momentum: 0.9, nesterov: true, ..Sgd::new(lr) },
    adagrad(0.1): |lr| Adagrad { lr_decay: 0.01, weight_decay: 0.01, ..Adagrad::new(lr) },
    adadelta(1.0): |lr| Adadelta { weight_decay: 0.01, ..Adadelta::new(lr) },
    rms_prop(0.01): RmsProp::new,
    rms_prop_with_momentum(0.01): |lr| RmsProp { momentum: 0.9, weight_decay: 0.01, ..RmsProp::new(lr) },
    rms_prop_centered(0.01): |lr| RmsProp { centered: true, momentum: 0.5, ..RmsProp::new(lr) },
    adam(0.01): Adam::new,
    adam_with_amsgrad(0.01): |lr| Adam { amsgrad: true, weight_decay: 0.01, ..Adam::new(lr) },
    adam_w(0.01): AdamW::new,
    adam_w_with_amsgrad(0.01): |lr| AdamW { amsgrad: true, ..AdamW::new(lr) },
    adamax(0.01): |lr| Adamax { weight_decay: 0.01, ..Adamax::new(lr) },
    n_adam(0.01): NAdam::new,
    n_adam_decoupled(0.01): |lr| NAdam { weight_decay: 0.1, decoupled_weight_decay: true, ..NAdam::new(lr) },
    r_adam(0.01): RAdam::new,
    r_adam_decoupled(0.01): |lr| RAdam { weight_decay: 0.1, decoupled_weight_decay: true, ..RAdam::new(lr) },
    lion(0.001): |lr| Lion { weight_decay: 0.1, ..Lion::new(lr) },
    asgd(0.05): |lr| Asgd { t0: 100.0, ..Asgd::new(lr) },
    rprop(0.01): Rprop::new,
    adafactor(0.05): |lr| Adafactor { weight_decay: 0.01, ..Adafactor::new(lr) },
    clip_grad_norm(0.01): |lr| ClipGradNorm::new(0.1, Adam::new(lr)),
    clip_grad_value(0.1): |lr| ClipGradValue::new(0.05, Sgd::new(lr)),
    accumulate(0.02): |lr| Accumulate::new(3, Adam::new(lr)),
    ema(0.01): |lr| Ema::new(0.95, AdamW::new(lr)),
    grad_scaler(0.01): |lr| GradScaler { growth_interval: 20, ..GradScaler::new(Adam::new(lr)) },
    groups(0.02): grouped,
    all_of_them_nested(0.02): |lr| {
        GradScaler::new(Accumulate::new(2, Ema::new(0.9, ClipGradNorm::new(0.1, grouped(lr)))))
    },
}
