//! Optimizers that wrap others under a training step: eager and compiled, and what each does to the weights.

use autodiff_core::{Index, Tensor};
use nn::{Linear, Module, TrainStep};
use optim::{Accumulate, Adam, AdamW, ClipGradNorm, ClipGradValue, Ema, Group, Groups, NAdam, Sgd, biases_and_norms};

use super::{F64, Labelled, Mlp, batch, classify, mlp, numbers};

/// Three groups, the last with a tenth of the rate.
pub(super) fn grouped(lr: f64) -> Groups<AdamW> {
    let rule = AdamW { weight_decay: 0.5, ..AdamW::new(lr) };
    let exempt = Group { takes: biases_and_norms, rule: AdamW { weight_decay: 0.0, ..rule } };
    let slow = Group { takes: |name, _| name.starts_with("2."), rule: AdamW { lr: lr / 10.0, ..rule } };
    Groups { rule, groups: vec![exempt, slow] }
}

#[test]
fn what_wraps_an_optimizer_is_the_same_eager_and_compiled() {
    let batch = |step: u64| batch::<F64>(step, 5);
    check_equal!(mlp(2), ClipGradNorm::new(0.1, grouped(0.02)), classify, 8, batch);
    check_equal!(mlp(2), ClipGradValue::new(0.01, Sgd::new(0.5)), classify, 8, batch);
    let momentum = Sgd { momentum: 0.9, ..Sgd::new(0.5) };
    check_equal!(mlp(2), Accumulate::new(3, Ema::new(0.9, ClipGradNorm::new(0.1, momentum))), classify, 8, batch);
    check_equal!(mlp(2), Ema::new(0.5, Accumulate::new(2, NAdam::default())), classify, 8, batch);
}

#[test]
fn groups_have_their_own_settings_and_follow_the_schedule_together() {
    let batch = batch::<F64>(1, 5);
    let start = mlp::<F64>(2);
    let alone = |rule: AdamW, lr: f64| {
        let mut step = TrainStep::compile(start.clone(), rule, classify, &batch);
        step.set_lr(lr);
        step.run(&batch).unwrap();
        step.model()
    };
    let Groups { rule, groups } = grouped(0.02);
    let mut step = TrainStep::compile(start.clone(), grouped(0.02), classify, &batch);
    step.set_lr(rule.lr * 0.5);
    step.run(&batch).unwrap();
    let trained = step.model();
    assert_eq!(trained.0.weight.to_vec(), alone(rule, 0.01).0.weight.to_vec());
    let exempt = alone(groups[0].rule, 0.01);
    let biases =
        |model: &Mlp<F64>| [&model.0, &model.2].map(|layer: &Linear<F64>| layer.bias.as_ref().unwrap().to_vec());
    assert_eq!(biases(&trained), biases(&exempt));
    assert_eq!(trained.2.weight.to_vec(), alone(groups[1].rule, 0.001).2.weight.to_vec());
    assert_ne!(trained.2.weight.to_vec(), alone(rule, 0.01).2.weight.to_vec());
}

/// Two halves of a batch are the batch, where the loss is a mean.
#[test]
fn accumulated_halves_are_a_whole() {
    let batches: Vec<_> = (0..4).map(|seed| batch::<F64>(seed, 3)).collect();
    let whole = |pair: &[Labelled<F64>]| {
        let [x, labels] = [0, 1].map(|_| pair);
        let x: Vec<_> = x.iter().map(|(x, _)| x.clone()).collect();
        let labels: Vec<_> = labels.iter().map(|(_, labels)| labels.clone()).collect();
        (Tensor::concat(&x, 0), Index::concat(&labels, 0))
    };
    let mut parts = TrainStep::compile(mlp::<F64>(5), Accumulate::new(2, Adam::new(0.1)), classify, &batches[0]);
    let mut at_once = TrainStep::eager(mlp::<F64>(5), Adam::new(0.1), classify);
    for pair in batches.chunks(2) {
        let before = numbers(&parts.model());
        parts.run(&pair[0]).unwrap();
        assert_eq!(numbers(&parts.model()), before);
        parts.run(&pair[1]).unwrap();
        at_once.run(&whole(pair)).unwrap();
    }
    let [parts, at_once] = [parts.model(), at_once.model()].map(|model| model.parameters());
    for (part, whole) in parts.iter().zip(&at_once) {
        let apart = (part - whole).abs().max().item();
        // Adam divides by the gradient's size, of which rounding is a small part.
        assert!(apart < 1e-9, "{apart}");
    }
}

#[test]
fn an_average_of_the_weights_is_a_model() {
    let batch = batch::<F64>(1, 5);
    let optimizer = Ema::new(0.75, NAdam { lr: 0.1, ..NAdam::default() });
    let mut eager = TrainStep::eager(mlp::<F64>(2), optimizer, classify);
    let mut compiled = TrainStep::compile(mlp::<F64>(2), optimizer, classify, &batch);
    assert_eq!(numbers(&compiled.model_from_state("ema").unwrap()), numbers(&mlp::<F64>(2)));
    let mut expected: Option<Vec<Tensor<F64>>> = None;
    for _ in 0..3 {
        eager.run(&batch).unwrap();
        compiled.run(&batch).unwrap();
        let now = eager.model().parameters();
        expected = Some(match expected {
            None => now,
            Some(old) => old.iter().zip(&now).map(|(old, now)| old * 0.75 + now * 0.25).collect(),
        });
    }
    let average = eager.model_from_state("ema").unwrap();
    assert_eq!(numbers(&average), numbers(&average.with_parameters(&expected.unwrap())));
    assert_eq!(numbers(&average), numbers(&compiled.model_from_state("ema").unwrap()));
    for name in ["mu_product", "momentum_buffer"] {
        assert!(eager.model_from_state(name).is_none() && compiled.model_from_state(name).is_none());
    }
    assert_eq!(numbers(&eager.model()), numbers(&compiled.model()));
}
