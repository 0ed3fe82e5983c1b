//! What layers do beside their formula: training and evaluation, initial values, names, refusals.

use autodiff_core::{Index, Tensor};
use nn::*;

use super::{F64, keys, ones, training};

fn names<M: Module<F64>>(module: &M) -> Vec<String> {
    let all = [module.named_parameters(), module.named_buffers()].concat();
    all.into_iter().map(|(name, _)| name).collect()
}

#[test]
fn parameters_are_called_as_in_pytorch() {
    assert_eq!(
        names(&BatchNorm1d::<F64>::new(2, &Default::default())),
        ["weight", "bias", "running_mean", "running_var", "num_batches_tracked"]
    );
    let options = RecurrentOptions { num_layers: 2, bidirectional: true, bias: false, ..Default::default() };
    assert_eq!(
        names(&GRU::with(2, 3, options, &mut keys())),
        [
            "weight_ih_l0",
            "weight_hh_l0",
            "weight_ih_l0_reverse",
            "weight_hh_l0_reverse",
            "weight_ih_l1",
            "weight_hh_l1",
            "weight_ih_l1_reverse",
            "weight_hh_l1_reverse"
        ]
    );
    assert_eq!(names(&LSTMCell::new(2, 3, &mut keys())), ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]);
    assert_eq!(
        names(&MultiheadAttention::new(4, 2, &mut keys())),
        ["in_proj_weight", "in_proj_bias", "out_proj.weight", "out_proj.bias"]
    );
}

#[test]
fn layers_begin_within_pytorchs_bounds() {
    let check = |values: &Tensor<F64>, bound: f64| {
        let largest = values.abs().max().item();
        assert!(largest <= bound && largest > 0.8 * bound, "{largest} within {bound} expected");
    };
    let conv = Conv2d::with(8, 32, [5, 5], ConvOptions { groups: 4, ..Default::default() }, &mut keys());
    check(&conv.weight, 50.0_f64.powf(-0.5));
    check(conv.bias.as_ref().unwrap(), 50.0_f64.powf(-0.5));
    check(&ConvTranspose2d::new(8, 32, [5, 5], &mut keys()).weight, 800.0_f64.powf(-0.5));
    check(&Bilinear::new(16, 20, 10, &mut keys()).weight, 0.25);
    let attention = MultiheadAttention::new(32, 4, &mut keys());
    check(attention.in_proj_weight.as_ref().unwrap(), (6.0 / (32.0 + 96.0_f64)).sqrt());
    assert_eq!(attention.in_proj_bias.unwrap().to_vec(), [0.0; 96]);
    for value in LSTM::new(10, 25, &mut keys()).parameters() {
        check(&value, 0.2);
    }
    let table = Embedding::new(100, 100, &mut keys());
    assert!((table.weight.var(0).item() - 1.0).abs() < 0.1);
    assert_eq!(table.with_padding_idx(3).weight.slice(0, 3..4).to_vec(), [0.0; 100]);
}

#[test]
fn batch_norm_keeps_statistics_in_training_and_uses_them_in_evaluation() {
    let norm = BatchNorm1d::<F64>::new(1, &Default::default());
    let x = Tensor::new(&[1.0, 3.0], [2, 1]);
    let mut ctx = training();
    let batch = norm.forward(&x, &mut ctx);
    let read = |buffer: &Option<Buffer<F64>>| ctx.buffer(buffer.as_ref().unwrap()).item();
    assert_eq!(read(&norm.num_batches_tracked), 1.0);
    assert!((read(&norm.running_mean) - 0.2).abs() < 1e-15);
    assert!((read(&norm.running_var) - 1.1).abs() < 1e-15);
    let evaluated = norm.forward(&x, &mut Context::evaluation());
    assert!((batch.to_vec()[0] + 1.0).abs() < 1e-5);
    assert!((evaluated.to_vec()[0] - 1.0).abs() < 1e-5);
    let untracked = BatchNorm { running_mean: None, running_var: None, num_batches_tracked: None, ..norm };
    assert_eq!(untracked.forward(&x, &mut Context::evaluation()).to_vec(), batch.to_vec());
}

/// As PyTorch's do: a `momentum` of `None` asks for the mean of a number of batches that is not known.
#[test]
fn batch_norm_keeps_statistics_that_nobody_counts() {
    let norm = BatchNorm { num_batches_tracked: None, ..BatchNorm1d::<F64>::new(1, &Default::default()) };
    for (momentum, mean) in [(Some(0.1), 0.2), (None, 0.0)] {
        let (norm, mut ctx) = (BatchNorm { momentum, ..norm.clone() }, training());
        let _ = norm.forward(&Tensor::new(&[1.0, 3.0], [2, 1]), &mut ctx);
        assert!((ctx.buffer(norm.running_mean.as_ref().unwrap()).item() - mean).abs() < 1e-15, "{momentum:?}");
    }
}

#[test]
fn bags_go_from_their_offset_to_before_the_next_whatever_that_is() {
    let weight = Param::new(Tensor::<F64>::new(&[1.0, 10.0, 100.0], [3, 1]));
    let tokens = Index::new(&[0, 1, 2], [3]);
    for mode in [BagMode::Sum, BagMode::Max] {
        let bag = EmbeddingBag { weight: weight.clone(), mode, padding_idx: None };
        let of = |offsets: &[i32]| bag.forward_offsets(&tokens, &Index::new(offsets, [offsets.len()])).to_vec();
        assert_eq!(of(&[1, 2]), [10.0, 100.0]);
        assert_eq!(of(&[2, 9]), [100.0, 0.0]);
        assert_eq!(of(&[2, 1, 2]), [0.0, 10.0, 100.0]);
    }
}

#[test]
fn bilinear_of_no_features_is_its_bias() {
    for [i, j] in [[0, 0], [0, 2], [2, 0]] {
        let layer = Bilinear::new(i, j, 3, &mut keys());
        let y = layer.forward(&ones(&[4, 5, i]), &ones(&[4, 5, j]));
        assert_eq!(y.to_vec(), layer.bias.unwrap().broadcast_to([4, 5, 3]).to_vec());
    }
}

#[test]
fn a_training_step_puts_the_statistics_in_place() {
    fn loss<B: Backend>(norm: &BatchNorm1d<B>, x: &Tensor<B>, ctx: &mut Context<B>) -> Tensor<B> {
        norm.forward(x, ctx).square().mean()
    }
    let (norm, x) = (BatchNorm1d::<F64>::new(1, &Default::default()), Tensor::new(&[1.0, 3.0], [2, 1]));
    let mut eager = TrainStep::eager(norm.clone(), optim::Sgd::new(0.1), loss);
    let mut compiled = TrainStep::compile(norm, optim::Sgd::new(0.1), loss, &x);
    for steps in 1..4 {
        assert_eq!(eager.run(&x).unwrap(), compiled.run(&x).unwrap());
        let buffers = [eager.model(), compiled.model()].map(|norm| norm.named_buffers());
        let [left, right] = buffers.map(|all| all.iter().map(|(_, value)| value.item()).collect::<Vec<_>>());
        assert_eq!(left, right);
        assert!((left[0] - 2.0 * (1.0 - 0.9_f64.powi(steps))).abs() < 1e-12);
        assert_eq!(left[2], f64::from(steps));
    }
}

#[test]
fn dropout_between_recurrent_layers_counts_in_training_only() {
    let options = RecurrentOptions { num_layers: 2, dropout: 1.0, ..Default::default() };
    let gru = GRU::with(2, 3, options, &mut keys());
    let [x, other] = [ones(&[2, 1, 2]), ones(&[2, 1, 2]) * 2.0];
    // With everything left out the second layer does not know the input.
    let train = |x: &Tensor<F64>| gru.forward(x, None, &mut training()).0.to_vec();
    let evaluate = |x: &Tensor<F64>| gru.forward(x, None, &mut Context::evaluation()).0.to_vec();
    assert_eq!(train(&x), train(&other));
    assert_ne!(evaluate(&x), evaluate(&other));
}

#[test]
fn rrelu_draws_slopes_in_training() {
    let x = ones(&[1000]) * -1.0;
    let y = RReLU::default().forward(&x, &mut training()).to_vec();
    assert!(y.iter().all(|y| (-1.0 / 3.0..=-1.0 / 8.0).contains(y)));
    assert_ne!(y[0], y[1]);
}

#[test]
fn channels_are_left_out_as_a_whole() {
    let y = ChannelDropout { p: 0.5 }.forward(&ones(&[50, 20, 3]), &mut training()).to_vec();
    let kept = y.chunks(3).filter(|channel| *channel == [2.0; 3]).count();
    assert!(y.chunks(3).all(|channel| channel == [2.0; 3] || channel == [0.0; 3]));
    // Five standard deviations of 1,000 draws.
    assert!(kept.abs_diff(500) < 80, "{kept}");
}

#[test]
fn what_is_hidden_has_no_influence() {
    let layer = MultiheadAttention::new(4, 2, &mut keys());
    let x = Tensor::new(&(0..12_u32).map(|k| f64::from(k).sin()).collect::<Vec<_>>(), [3, 1, 4]);
    let changed = Tensor::concat(&[x.slice(0, ..2), ones(&[1, 1, 4])], 0);
    let causal = |x: &Tensor<F64>| layer.forward_self(x, &AttentionMask::causal(), &mut Context::evaluation());
    assert_eq!(causal(&x).slice(0, ..2).to_vec(), causal(&changed).slice(0, ..2).to_vec());
    let padded = AttentionMask { key_padding_mask: Some(Tensor::new(&[0.0, 0.0, 1.0], [1, 3])), ..Default::default() };
    let padded = |x: &Tensor<F64>| layer.forward(&ones(&[1, 1, 4]), x, x, &padded, &mut Context::evaluation());
    assert_eq!(padded(&x).to_vec(), padded(&changed).to_vec());
}

#[test]
fn rotations_depend_on_distances_alone() {
    let rotary = RotaryPositions::<F64>::new(6, 100, 10_000.0, &Default::default());
    let [q, k] =
        [1.0, 2.0].map(|s| Tensor::new(&(0..6_u32).map(|i| (s * f64::from(i)).cos()).collect::<Vec<_>>(), [1, 6]));
    let product = |at: usize, to: usize| (rotary.forward(&q, at) * rotary.forward(&k, to)).sum().item();
    assert!((product(3, 10) - product(60, 67)).abs() < 1e-12);
    assert!((product(3, 10) - product(3, 11)).abs() > 1e-3);
}

macro_rules! refused {
    ($($name:ident: $message:literal, $call:expr;)*) => {
        $(#[test]
        #[should_panic(expected = $message)]
        fn $name() {
            let _ = $call;
        })*
    };
}

refused! {
    groups_that_do_not_divide: "convolution: 3 groups do not divide 4 input and 6 output channels",
        Conv1d::with(4, 6, [2], ConvOptions { groups: 3, ..Default::default() }, &mut keys());
    no_groups: "transposed convolution: 0 groups do not divide",
        ConvTranspose1d::with(4, 6, [2], ConvTransposeOptions { groups: 0, ..Default::default() }, &mut keys());
    same_with_a_stride: "convolution: the padding `Same` needs stride 1, found [2]",
        Conv1d::with(1, 1, [2], ConvOptions { padding: Padding::Same, stride: [2], ..Default::default() }, &mut keys());
    other_channels: "conv: the weight's channels times the groups must be the input's channels: [1, 2, 5, 5] and [4, 3, 2, 2]", Conv2d::new(3, 4, [2, 2], &mut keys()).forward(&ones(&[1, 2, 5, 5]));
    bilinear_other_features: "bilinear: inputs [.., I] and [.., J] expected for a weight [O, I, J]: [4, 2], [4, 2] and [1, 2, 3]",
        Bilinear::new(2, 3, 1, &mut keys()).forward(&ones(&[4, 2]), &ones(&[4, 2]));
    batch_norm_of_an_image: "batch_norm: an input with 1 axes behind examples and channels expected, its shape is [2, 3, 4, 5]",
        BatchNorm1d::<F64>::new(3, &Default::default()).forward(&ones(&[2, 3, 4, 5]), &mut training());
    batch_norm_of_one: "batch_norm: more than one number for each channel expected in training, the shape is [1, 3]",
        BatchNorm1d::<F64>::new(3, &Default::default()).forward(&ones(&[1, 3]), &mut training());
    recurrent_other_features: "recurrent network: an input of three axes with 2 features expected, its shape is [4, 1, 3]",
        LSTM::new(2, 3, &mut keys()).forward(&ones(&[4, 1, 3]), None, &mut training());
    recurrent_nothing: "a sequence of at least one time expected, the shape is [0, 1, 2]",
        LSTM::new(2, 3, &mut keys()).forward(&ones(&[0, 1, 2]), None, &mut training());
    recurrent_other_state: "recurrent network: a state of shape [1, 2, 3] expected, found [2, 3]",
        GRU::new(2, 3, &mut keys()).forward(&ones(&[4, 2, 2]), Some(&ones(&[2, 3])), &mut training());
    cell_other_state: "recurrent cell: a state of shape [4, 3] expected, found [1, 3]",
        GRUCell::new(2, 3, &mut keys()).forward(&ones(&[4, 2]), Some(&ones(&[1, 3])));
    heads_that_do_not_divide: "multihead_attention: 3 heads do not divide 4 features",
        MultiheadAttention::new(4, 3, &mut keys());
    a_token_beyond_the_table: "index",
        Embedding::new(4, 2, &mut keys()).forward(&Index::new(&[4], [1]));
    padding_beyond_the_table: "embedding: the padding 4 is no row of a table [4, 2]",
        Embedding::new(4, 2, &mut keys()).with_padding_idx(4);
    odd_rotations: "rotary_positions: an even number of features expected, found 3",
        RotaryPositions::<F64>::new(3, 4, 10.0, &Default::default());
    positions_beyond_the_table: "rotary_positions: an input [.., T, E] within the table's [4, 2] expected, found [3, 2] from position 2",
        RotaryPositions::<F64>::new(2, 4, 10.0, &Default::default()).forward(&ones(&[3, 2]), 2);
}
