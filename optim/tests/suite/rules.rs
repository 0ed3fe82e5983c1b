//! Every rule with the options that the golden values do not show.
//!
//! The numbers are PyTorch's (2.15, `torch.optim`, in double precision), of the class of the same name with these settings on
//! these gradients.

use autodiff_core::{Backend, Element, Tensor, f16};
use backend_cpu::Cpu;
use optim::{
    Adadelta, Adafactor, Adagrad, Adam, AdamW, Adamax, Asgd, Lion, NAdam, RAdam, RmsProp, Rprop, Rule, Sgd, StepInputs,
};

const START: [f64; 3] = [1.0, -2.0, 0.5];

const GRADIENTS: [[f64; 3]; 8] = [
    [0.5, -2.0, 0.0],
    [0.25, -1.0, 0.0],
    [-0.75, 4.0, 1e-3],
    [0.125, -8.0, 0.0],
    [1.0, 0.5, -2.0],
    [-0.5, 0.25, 3.0],
    [0.375, 1.0, 0.0],
    [2.0, -0.125, 0.5],
];

/// The parameter and its state after each of the gradients.
fn run<B: Backend>(rule: &impl Rule, start: &[f64], gradients: &[Vec<f64>]) -> Vec<(Vec<f64>, Vec<Tensor<B>>)> {
    let mut x = Tensor::<B>::new(start, [start.len()]);
    let mut state: Vec<_> = rule.init(&x).into_iter().map(|(_, slot)| slot).collect();
    let mut all = Vec::new();
    for (step, gradient) in (1..).zip(gradients) {
        let at = StepInputs::new(rule.lr(), step, x.device());
        (x, state) = rule.update(&x, &Tensor::new(gradient, [gradient.len()]), &state, &at);
        all.push((x.to_vec().into_iter().map(Element::into_f64).collect(), state.clone()));
    }
    all
}

/// The parameter after the first, third and eighth step; in `f32` too, where about five digits stay.
#[track_caller]
fn check(rule: &impl Rule, expected: [[f64; 3]; 3]) {
    let gradients = GRADIENTS.map(Vec::from);
    let near = |found: Vec<f64>, step: usize, expected: [f64; 3], tolerance: f64| {
        for (found, expected) in found.iter().zip(expected) {
            let apart = (found - expected).abs();
            assert!(apart < tolerance, "{rule:?}, after step {step}: {found}, {expected} expected");
        }
    };
    let wide = run::<Cpu<f64>>(rule, &START, &gradients);
    let narrow = run::<Cpu<f32>>(rule, &START, &gradients);
    for (step, expected) in [1, 3, 8].into_iter().zip(expected) {
        near(wide[step - 1].0.clone(), step, expected, 1e-13);
        near(narrow[step - 1].0.clone(), step, expected, 2e-5);
    }
}

#[test]
fn nadam() {
    let rule = NAdam::default();
    check(
        &rule,
        [
            [0.9978870964855473, -1.9978870964538538, 0.5],
            [0.9985400680574552, -1.9987204767092863, 0.49774285525613693],
            [0.9935311307262337, -1.9966804794843729, 0.49735022177454463],
        ],
    );
    let rule = NAdam { lr: 0.05, betas: (0.8, 0.95), weight_decay: 0.1, momentum_decay: 0.02, ..NAdam::default() };
    check(
        &rule,
        [
            [0.9452281009132111, -1.9452281002493093, 0.44522811095472387],
            [0.9507991751056778, -1.961784460977427, 0.3647826433333862],
            [0.7891073192235715, -1.8950516678159341, 0.31614999263509064],
        ],
    );
    let rule = NAdam { lr: 0.05, weight_decay: 0.1, decoupled_weight_decay: true, maximize: true, ..NAdam::default() };
    check(
        &rule,
        [
            [1.0478225878613177, -2.0428225886536566, 0.4975],
            [1.0209152874279228, -2.0014799461217576, 0.5489660560965776],
            [1.12009248875259, -2.0019126092259025, 0.5455315229861386],
        ],
    );
}

#[test]
fn radam() {
    let rule = RAdam::new(0.05);
    check(
        &rule,
        [
            [0.975, -1.9, 0.5],
            [0.9587929695086425, -1.8536220625364148, 0.49998154981549814],
            [0.9445230163899876, -1.6885608395504692, 0.5235159760162132],
        ],
    );
    let rule = RAdam { betas: (0.8, 0.9), weight_decay: 0.1, ..RAdam::new(0.05) };
    check(
        &rule,
        [
            [0.97, -1.89, 0.4975],
            [0.9468986224954463, -1.8380011953551911, 0.49250078267304187],
            [0.9012073864936113, -1.6304425974617125, 0.5046952336903542],
        ],
    );
    let rule = RAdam {
        betas: (0.9, 0.99),
        weight_decay: 0.1,
        decoupled_weight_decay: true,
        maximize: true,
        ..RAdam::new(0.05)
    };
    check(
        &rule,
        [
            [1.02, -2.09, 0.4975],
            [1.0259404252281996, -2.1151617664109534, 0.49255588768450187],
            [1.0181058785375454, -2.2269821610790967, 0.45903136832550223],
        ],
    );
    let rule = RAdam { betas: (0.9, 0.5), ..RAdam::new(0.05) };
    check(
        &rule,
        [
            [0.975, -1.9, 0.5],
            [0.9587929695086425, -1.8536220625364148, 0.49998154981549814],
            [0.9111073622709789, -1.5817502932887118, 0.488279945977351],
        ],
    );
}

#[test]
fn sgd() {
    let rule = Sgd { momentum: 0.9, dampening: 0.25, weight_decay: 0.1, maximize: true, ..Sgd::new(0.05) };
    check(
        &rule,
        [
            [1.02, -2.09, 0.4975],
            [1.0327066875, -2.142006265625, 0.48786762109375],
            [1.1406262553215527, -2.87830477270741, 0.5106506273392997],
        ],
    );
}

#[test]
fn adagrad() {
    let rule = Adagrad { lr_decay: 0.1, weight_decay: 0.1, maximize: true, ..Adagrad::new(0.05) };
    check(
        &rule,
        [
            [1.0499999999875, -2.049999999997222, 0.45000000009999996],
            [1.0281743393175895, -2.030622389082055, 0.39792286869730364],
            [1.06853328761276, -2.054869989049036, 0.37578761127104254],
        ],
    );
}

#[test]
fn adadelta() {
    let rule = Adadelta { weight_decay: 0.1, maximize: true, ..Adadelta::new(0.5) };
    check(
        &rule,
        [
            [1.0015810894218118, -2.001581136390061, 0.4984220139922555],
            [1.000282607749322, -2.0003427957378324, 0.4951855598468181],
            [1.0049024905253867, -2.001934338242642, 0.4947694038869316],
        ],
    );
}

#[test]
fn rmsprop() {
    let rule =
        RmsProp { lr: 0.05, alpha: 0.9, eps: 1e-3, momentum: 0.5, centered: true, weight_decay: 0.1, maximize: true };
    check(
        &rule,
        [
            [1.1652892561983472, -2.166358595194085, 0.34375],
            [1.2278047234213745, -2.2519446682299673, 0.03468747200859924],
            [1.4205749227544702, -2.374233085952362, -0.1663306669716851],
        ],
    );
}

#[test]
fn adam_and_adamw() {
    let rule = Adam { weight_decay: 0.1, amsgrad: true, maximize: true, ..Adam::new(0.05) };
    check(
        &rule,
        [
            [1.04999999875, -2.049999999722222, 0.450000009999998],
            [1.0806919243803184, -2.0816850929082937, 0.3508818973311719],
            [1.1053169204748237, -2.1362963390071643, 0.29565189572080053],
        ],
    );
    let rule = AdamW { weight_decay: 0.1, maximize: true, ..AdamW::new(0.05) };
    check(
        &rule,
        [
            [1.044999999, -2.03999999975, 0.4975],
            [1.0768532200507799, -2.055709085169075, 0.5244775645272842],
            [1.1168159771462607, -2.071502298287253, 0.5364868631423484],
        ],
    );
}

#[test]
fn adamax() {
    let rule = Adamax { weight_decay: 0.1, maximize: true, ..Adamax::new(0.05) };
    check(
        &rule,
        [
            [1.04999999875, -2.049999999722222, 0.450000009999998],
            [1.0745764830194544, -2.0764207836684956, 0.358119505645423],
            [1.0873027177995167, -2.1047044071322163, 0.31344636077561383],
        ],
    );
}

#[test]
fn asgd() {
    let rule = Asgd { lr: 0.05, lambd: 0.1, alpha: 0.5, t0: 3.0, weight_decay: 0.1, maximize: true };
    check(
        &rule,
        [
            [1.015, -2.08, 0.495],
            [0.969907299692502, -1.8891332338209708, 0.4852357782191452],
            [1.0693422292979038, -2.100482308500328, 0.5354546712459601],
        ],
    );
}

#[test]
fn rprop() {
    let rule = Rprop { etas: (0.25, 1.5), step_sizes: (0.02, 0.1), ..Rprop::new(0.05) };
    check(&rule, [[0.95, -1.95, 0.5], [0.875, -1.875, 0.45], [0.7749999999999999, -1.905, 0.48]]);
    let rule = Rprop { maximize: true, ..Rprop::default() };
    check(&rule, [[1.01, -2.01, 0.5], [1.022, -2.022, 0.51], [1.0431200000000003, -2.0213999999999994, 0.505]]);
}

#[test]
fn adafactor() {
    let rule = Adafactor::default();
    check(
        &rule,
        [
            [0.986771243444677, -1.9867712434446771, 0.5],
            [0.9901888414848343, -1.9909515956513937, 0.4858872607642747],
            [0.9514538559108072, -1.9756779849032287, 0.47901578186305654],
        ],
    );
    let other =
        Adafactor { beta2_decay: -0.5, eps: (Some(1e-3), 0.1), d: 1.5, weight_decay: 0.1, maximize: true, lr: 0.3 };
    check(
        &other,
        [
            [1.3668626966596886, -2.3368626966596886, 0.485],
            [0.9566818470036084, -1.8491446436873602, 1.0001082052735533],
            [2.1375443913562804, -1.8442556592205948, 0.9907157627703311],
        ],
    );
    matrix(
        &rule,
        [
            0.9707798454780525,
            -2.005292758633831,
            0.4937640666848581,
            0.2128888660130347,
            3.028789120476432,
            -1.0229373668325878,
        ],
        [0.9479828312844303, 9.63053065769538, 1.849952862921969],
    );
    matrix(
        &other,
        [
            1.1852145888750423,
            -1.4409736772960142,
            0.3842994702506857,
            1.02793662745176,
            1.6846335339853005,
            -0.3337847316423454,
        ],
        [1.268443790990872, 6.430920604343744, 1.9388884495809062],
    );
}

/// A matrix and its `col_var` after four steps, each with two of the gradients as rows.
#[track_caller]
fn matrix(rule: &Adafactor, expected: [f64; 6], columns: [f64; 3]) {
    let mut x = Tensor::<Cpu<f64>>::new(&[1.0, -2.0, 0.5, 0.25, 3.0, -1.0], [2, 3]);
    let mut state: Vec<_> = rule.init(&x).into_iter().map(|(_, slot)| slot).collect();
    for (step, rows) in (1..).zip(GRADIENTS.chunks(2)) {
        let at = StepInputs::new(rule.lr, step, x.device());
        (x, state) = rule.update(&x, &Tensor::new(&rows.concat(), [2, 3]), &state, &at);
    }
    let found = x.to_vec().into_iter().chain(state[1].to_vec());
    for (found, expected) in found.zip(expected.into_iter().chain(columns)) {
        assert!((found - expected).abs() < 1e-13, "{rule:?}: {found}, {expected} expected");
    }
}

/// What the averaging is for.
#[test]
fn asgd_averages() {
    let rule = Asgd { lr: 0.05, lambd: 0.1, alpha: 0.5, t0: 3.0, weight_decay: 0.1, maximize: true };
    let (_, state) = run::<Cpu<f64>>(&rule, &START, &GRADIENTS.map(Vec::from)).pop().unwrap();
    let [eta, mu, ax] = [0, 1, 2].map(|slot: usize| state[slot].to_vec());
    assert!((eta[0] - 0.049029033784546004).abs() < 1e-15 && (mu[0] - 0.2).abs() < 1e-15);
    let expected = [1.0070596561545095, -2.1554393225809703, 0.4872854961848999];
    assert!(ax.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-13), "{ax:?}");
}

/// Through both of its formulas for `r_t`, and both of its branches.
#[test]
fn radam_for_a_long_time() {
    let gradients: Vec<_> = (0..3000).map(|step| vec![(f64::from(step) * 0.7).sin() + 0.2]).collect();
    let long = [
        (5, 0.8420802162178597),
        (6, 0.8417732368843035),
        (7, 0.8415405486498083),
        (100, 0.7830271146642408),
        (3000, -9.50330844432054),
    ];
    let short = [
        (5, 0.8420802162178597),
        (6, 0.8323152424806722),
        (7, 0.8247351492854993),
        (20, 0.7152607794901601),
        (200, -1.6635111020777382),
    ];
    for (b2, expected) in [(0.9999, long), (0.9, short)] {
        let rule = RAdam { betas: (0.9, b2), ..RAdam::new(0.05) };
        let (wide, narrow) = (run::<Cpu<f64>>(&rule, &[1.0], &gradients), run::<Cpu<f32>>(&rule, &[1.0], &gradients));
        for (step, expected) in expected {
            let (wide, narrow) = (wide[step - 1].0[0], narrow[step - 1].0[0]);
            assert!((wide - expected).abs() < 1e-11, "{b2}, step {step}: {wide}, {expected} expected");
            // Sums of thousands of steps, each rounded.
            assert!((narrow - expected).abs() < 1e-4, "{b2}, step {step}: {narrow}, {expected} expected");
        }
    }
}

/// A difference of rounded numbers would be off by one and more here.
#[test]
fn radam_knows_in_halves_when_the_variance_is_tractable() {
    fn length<B: Backend>(t: u32) -> f64 {
        let [x, m, v] = [0.0, 0.5, 1.0].map(|value| Tensor::<B>::new(&[value], [1]));
        let at = StepInputs::new(1.0, t, x.device());
        RAdam::default().update(&x, &x, &[m, v], &at).0.item().into_f64()
    }
    for t in 1..12 {
        let (half, exact) = (length::<Cpu<f16>>(t), length::<Cpu<f64>>(t));
        assert!((half - exact).abs() < 0.01 * exact.abs(), "step {t}: {half}, {exact} expected");
    }
}

#[test]
fn lion_goes_by_signs_and_grows_where_it_is_told_to() {
    let rule = Lion { maximize: true, ..Lion::new(0.25) };
    let after = run::<Cpu<f64>>(&rule, &START, &GRADIENTS.map(Vec::from));
    assert_eq!(after[0].0, [1.25, -2.25, 0.5]);
}

/// The smallest element of all: 1e-8 is 0 in it, and a quotient of two zeros would be NaN.
#[test]
fn a_half_without_a_gradient_stays() {
    fn check(rule: &impl Rule) {
        for (x, _) in run::<Cpu<f16>>(rule, &[1.0, 1.0], &[vec![0.0, 1.0], vec![0.0, -0.5]]) {
            assert!(x[0] == 1.0 && x[1].is_finite(), "{rule:?}: {x:?}");
        }
    }
    check(&Adagrad::default());
    check(&Adadelta::default());
    check(&RmsProp { centered: true, momentum: 0.5, ..RmsProp::default() });
    check(&AdamW { weight_decay: 0.0, ..AdamW::default() });
    check(&Adamax::default());
    check(&NAdam::default());
    check(&RAdam { betas: (0.9, 0.8), ..RAdam::default() });
}

/// A constant gradient has no variance, and rounding would make it negative.
#[test]
fn rmsprop_centered_takes_no_root_of_a_negative_number() {
    let rule = RmsProp { centered: true, alpha: 0.5, ..RmsProp::new(1e-6) };
    let after = run::<Cpu<f32>>(&rule, &[1.0], &vec![vec![0.3]; 60]);
    assert!(after.iter().all(|(x, _)| x[0].is_finite()), "{after:?}");
}
