//! What a wrong use of a layer is told, and the line that it points to.

use autodiff_core::Tensor;
use nn::*;

use super::F64;
use crate::panics::check_panic;

fn keys() -> Keys<F64> {
    Keys::new(5, &Default::default())
}

fn ones(shape: &[usize]) -> Tensor<F64> {
    Tensor::ones(shape, &Default::default())
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
