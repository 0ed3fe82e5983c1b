//! What a wrong use of a layer or an initialiser is told, and the line that it points to.

use autodiff_core::{Index, Pool};
use nn::metrics::ConfusionMatrix;
use nn::*;

use super::{F64, keys, ones, training};
use crate::panics::check_panic;

#[test]
fn other_channels_than_those_of_a_batch_norm() {
    let [one, three] = [1, 3].map(|channels| BatchNorm1d::<F64>::new(channels, &Default::default()));
    let plain = BatchNorm { weight: None, bias: None, ..three.clone() };
    // One channel would fill the statistics of all three.
    let expected = "batch_norm: one number for each channel expected in `running_mean`: [3] for an input [2, 1]";
    check_panic(expected, line!(), || plain.forward(&ones(&[2, 1]), &mut training()));
    check_panic(expected, line!(), || plain.forward(&ones(&[2, 1]), &mut Context::evaluation()));
    let expected = "batch_norm: one number for each channel expected in `weight`: [1] for an input [2, 3]";
    check_panic(expected, line!(), || one.forward(&ones(&[2, 3]), &mut training()));
    let expected = "batch_norm: one number for each channel expected in `weight`: [3] for an input [3, 4]";
    check_panic(expected, line!(), || three.forward(&ones(&[3, 4]), &mut training()));
    let lopsided = BatchNorm { running_mean: None, ..plain };
    let expected = "batch_norm: one number for each channel expected in `running_var`: [3] for an input [2, 1]";
    check_panic(expected, line!(), || lopsided.forward(&ones(&[2, 1]), &mut training()));
}

#[test]
fn what_has_no_variance_is_not_normalised() {
    let expected =
        "instance_norm: more than one number for each channel of an example expected, the shape is [2, 3, 1]";
    check_panic(expected, line!(), || InstanceNorm1d::<F64>::new().forward(&ones(&[2, 3, 1])));
    let narrow = InstanceNorm2d::<F64>::new().forward(&ones(&[1, 1, 1, 2]));
    assert_eq!(narrow.to_vec(), [0.0, 0.0]);
}

#[test]
fn settings_that_contradict_each_other() {
    let x = ones(&[2]);
    let expected = "hardtanh: limits in order expected, found 1 and -1";
    check_panic(expected, line!(), || Hardtanh { min_val: 1.0, max_val: -1.0 }.forward(&x));
    let expected = "softshrink: lambda must not be negative, found -1";
    check_panic(expected, line!(), || Softshrink { lambda: -1.0 }.forward(&x));
    assert_eq!(Hardtanh { min_val: 0.5, max_val: 0.5 }.forward(&x).to_vec(), [0.5, 0.5]);
}

#[test]
fn extents_that_are_too_large_are_refused_before_they_are_multiplied() {
    let (huge, mut keys, device) = (1_usize << (usize::BITS - 2), keys(), Default::default());
    let expected = &format!("convolution: a tensor of shape [0, 1, {huge}, 4] has too many elements");
    check_panic(expected, line!(), || Conv2d::new(1, 0, [huge, 4], &mut keys));
    let expected = &format!("transposed convolution: a tensor of shape [1, {huge}, 4] has too many elements");
    check_panic(expected, line!(), || ConvTranspose1d::new(1, huge, [4], &mut keys));
    // The weight of no inputs is empty, the bias is not.
    let grouped = ConvTransposeOptions { groups: 2 * huge, ..Default::default() };
    check_panic("too many elements", line!(), || ConvTranspose1d::with(0, 2 * huge, [1], grouped, &mut keys));
    check_panic("too many elements", line!(), || Bilinear::new(huge, 4, 1, &mut keys));
    for shape in [[0, huge, 4], [4, huge, 1]] {
        let key = &keys.next_key();
        let expected = &format!("orthogonal: a tensor of shape [{}, {huge}, {}] has too", shape[0], shape[2]);
        check_panic(expected, line!(), || init::orthogonal(key, shape, 1.0));
        check_panic("xavier_normal: a tensor of shape", line!(), || init::xavier_normal(key, shape, 1.0));
        check_panic("dirac: a tensor of shape", line!(), || init::dirac::<F64>(shape, 1, &device));
    }
    check_panic("eye: a tensor of shape", line!(), || init::eye::<F64>([4, huge], &device));
    let expected = &format!("sinusoidal_positions: a tensor of shape [{}, 4] has too many elements", usize::MAX);
    check_panic(expected, line!(), || SinusoidalPositions::<F64>::new(usize::MAX, 4, &device));
    let expected = &format!("rotary_positions: a tensor of shape [{}, 2] has too many elements", usize::MAX);
    check_panic(expected, line!(), || RotaryPositions::<F64>::new(4, usize::MAX, 10.0, &device));
    for classes in [1 << (usize::BITS / 2), 1 << (usize::BITS / 2 - 1)] {
        let expected = &format!("confusion matrix: {classes} classes have more cells than memory can hold");
        check_panic(expected, line!(), || ConfusionMatrix::new(classes));
    }
    check_panic("too many elements", line!(), || BatchNorm1d::<F64>::new(usize::MAX, &device));
    check_panic("too many elements", line!(), || GroupNorm::<F64>::new(1, usize::MAX, &device));
    check_panic("too many elements", line!(), || InstanceNorm1d::<F64>::affine(usize::MAX, &device));
}

#[test]
fn what_a_convolution_cannot_slide_over() {
    let same = |dilation| ConvOptions { padding: Padding::Same, dilation: [dilation], ..Default::default() };
    let mut keys = keys();
    let conv = Conv1d::with(1, 1, [2], same(1), &mut keys);
    let expected = "convolution: an input with 1 axes behind examples and channels expected, its shape is [1, 4]";
    check_panic(expected, line!(), || conv.forward(&ones(&[1, 4])));
    let (wide, empty) =
        (Conv1d::with(1, 1, [3], same(usize::MAX), &mut keys), Conv1d::with(1, 1, [0], same(1), &mut keys));
    check_panic("conv1d: a dilation of", line!(), || wide.forward(&ones(&[1, 1, 4])));
    check_panic("kernel, stride and dilation of a window are at least 1", line!(), || empty.forward(&ones(&[1, 1, 4])));
}

#[test]
fn poolings_have_their_own_names() {
    let expected = "max_pool2d: an input of 2 axes or more expected, its shape is [4]";
    check_panic(expected, line!(), || MaxPool2d::new([2, 2]).forward(&ones(&[4])));
    let expected = "max_pool1d: a window of 5 cells with padding 0 does not fit into axis 1 of an input [1, 4]";
    check_panic(expected, line!(), || MaxPool1d::new([5]).forward(&ones(&[1, 4])));
    let expected = "avg_pool1d: a window of 7 cells with padding 1 does not fit into axis 0 of an input [4]";
    let wide = AvgPool1d(Pool { dilation: [3], padding: [1], ..Pool::new([3]) });
    check_panic(expected, line!(), || wide.forward(&ones(&[4])));
    let expected = "avg_pool2d: kernel, stride and dilation are at least 1, found 2, 0 and 1";
    let still = AvgPool2d(Pool { stride: Some([1, 0]), ..Pool::new([2, 2]) });
    check_panic(expected, line!(), || still.forward(&ones(&[4, 4])));
    let expected = "adaptive_max_pool1d: the window has more axes than the tensor";
    check_panic(expected, line!(), || AdaptiveMaxPool1d { output_size: [1] }.forward(&ones(&[])));
}

/// All that fits, and nothing else, is let through to the windows.
#[test]
fn poolings_take_what_fits() {
    for (size, kernel, stride, ceil_mode) in (1..6)
        .flat_map(|size| (1..6).flat_map(move |kernel| (1..4).map(move |stride| (size, kernel, stride))))
        .flat_map(|(size, kernel, stride)| [false, true].map(|ceil_mode| (size, kernel, stride, ceil_mode)))
    {
        let pool = Pool { stride: Some([stride]), ceil_mode, ..Pool::new([kernel]) };
        let x = ones(&[size]);
        let pooled = std::panic::catch_unwind(|| x.avg_pool1d(pool).to_vec()).ok();
        let layer = std::panic::catch_unwind(|| AvgPool1d(pool).forward(&x).to_vec()).ok();
        assert_eq!(pooled, layer, "{size}: {pool:?}");
    }
}

#[test]
fn a_table_is_a_matrix() {
    let (weight, tokens) = (Param::new(ones(&[3])), Index::new(&[0], [1, 1]));
    let table = Embedding { weight: weight.clone(), padding_idx: None };
    let expected = "embedding: a table of rank 2 expected, its shape is [3]";
    check_panic(expected, line!(), || table.forward(&tokens));
    check_panic(expected, line!(), || Embedding::from_weight(ones(&[3])));
    let bag = EmbeddingBag { weight, mode: BagMode::Sum, padding_idx: None };
    check_panic("embedding_bag: a table of rank 2 expected", line!(), || bag.forward(&tokens));
}

fn padding(shape: &[usize]) -> AttentionMask<F64> {
    AttentionMask { key_padding_mask: Some(ones(shape)), ..Default::default() }
}

fn added(shape: &[usize]) -> AttentionMask<F64> {
    AttentionMask { attn_mask: Some(ones(shape)), ..Default::default() }
}

#[test]
fn attention_says_what_does_not_fit() {
    let (layer, mut ctx, all) = (MultiheadAttention::new(4, 2, &mut keys()), Context::evaluation(), padding(&[2, 3]));
    let x = ones(&[3, 2, 4]);
    let rank = "multihead_attention: a query of three axes with 4 features expected, its shape is [3, 4]";
    check_panic(rank, line!(), || layer.forward_self(&ones(&[3, 4]), &all, &mut ctx));
    let wide = "a value of three axes with 4 features expected, its shape is [3, 2, 5]";
    check_panic(wide, line!(), || layer.forward(&x, &x, &ones(&[3, 2, 5]), &all, &mut ctx));
    for (q, k, v) in
        [([3, 1, 4], [3, 2, 4], [3, 2, 4]), ([3, 2, 4], [3, 1, 4], [3, 1, 4]), ([3, 2, 4], [3, 2, 4], [3, 1, 4])]
    {
        let [q, k, v] = [q, k, v].map(|shape| ones(&shape));
        let pairs = "the same examples, and as many keys as values, expected: query [3, ";
        check_panic(pairs, line!(), || layer.forward(&q, &k, &v, &AttentionMask::default(), &mut ctx));
    }
    for shape in [&[3, 2][..], &[2, 1], &[2]] {
        let each = "a padding mask of shape [2, 3] expected, one number for each key, found [";
        check_panic(each, line!(), || layer.forward_self(&x, &padding(shape), &mut ctx));
    }
    for shape in [&[5, 2, 3, 3][..], &[2, 3], &[1, 2, 2, 3, 3]] {
        let whole = "a mask expected that broadcasts to [2, 2, 3, 3], found [";
        check_panic(whole, line!(), || layer.forward_self(&x, &added(shape), &mut ctx));
    }
    for shape in [&[3, 3][..], &[2, 1, 1, 3], &[1, 3, 3], &[]] {
        assert_eq!(layer.forward_self(&x, &added(shape), &mut ctx).shape(), [3, 2, 4]);
    }
}

#[test]
fn transformers_point_to_their_callers() {
    let (options, mut ctx, all) =
        (TransformerOptions { dim_feedforward: 4, ..Default::default() }, Context::evaluation(), Default::default());
    let encoder = TransformerEncoderLayer::with(4, 2, options, &mut keys());
    let decoder = TransformerDecoderLayer::with(4, 2, options, &mut keys());
    let (x, wide) = (ones(&[3, 2, 4]), ones(&[3, 2, 5]));
    let (src, memory) = ("a query of three axes with 4 features", "a key of three axes with 4 features");
    check_panic(src, line!(), || encoder.forward(&wide, &all, &mut ctx));
    check_panic("a padding mask of shape [2, 3]", line!(), || encoder.forward(&x, &padding(&[3, 2]), &mut ctx));
    check_panic(src, line!(), || decoder.forward(&wide, &x, &all, &all, &mut ctx));
    check_panic(memory, line!(), || decoder.forward(&x, &wide, &all, &all, &mut ctx));
    let (encoder, decoder) = (
        TransformerEncoder { layers: vec![encoder], norm: None },
        TransformerDecoder { layers: vec![decoder], norm: None },
    );
    check_panic(src, line!(), || encoder.forward(&wide, &all, &mut ctx));
    check_panic(memory, line!(), || decoder.forward(&x, &wide, &all, &all, &mut ctx));
}

#[test]
fn recurrent_networks_too_large_are_refused_where_they_are_made() {
    let too_large = "has too many elements";
    check_panic(too_large, line!(), || LSTM::new(3, usize::MAX / 2, &mut keys()));
    check_panic(too_large, line!(), || GRUCell::new(3, usize::MAX / 2, &mut keys()));
}
