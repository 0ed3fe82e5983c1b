//! Losses in `f16` and `bf16`: near what `f64` gives of the same inputs, with gradients that are numbers.

use autodiff_core::{Element, FloatCore, bf16, f16};

use super::*;

/// The same numbers on another backend, rounded to its element.
fn moved<A: Backend, B: Backend>(x: &Tensor<A>) -> Tensor<B> {
    if x.dtype().is_float() {
        Tensor::new(&x.to_data().to_f64(), x.shape())
    } else {
        Index::new(&x.to_index().to_vec(), x.shape()).tensor().clone()
    }
}

/// Values and gradients of rounded inputs are some roundings away from those in `f64`.
#[track_caller]
fn check_in<B: Backend>(loss: &impl Loss, inputs: &[Tensor<F64>], count: usize) {
    let inputs: Vec<Tensor<B>> = inputs.iter().map(moved).collect();
    let exact = derived(loss, &inputs.iter().map(moved).collect::<Vec<Tensor<F64>>>(), count);
    for (got, want) in derived(loss, &inputs, count).iter().zip(exact) {
        for (got, want) in got.to_data().to_f64().into_iter().zip(want.to_vec()) {
            let most = 16.0 * B::Elem::epsilon().into_f64() * want.abs().max(1.0);
            assert!((got - want).abs() <= most, "{}: {got}, {want} expected", B::Elem::NAME);
        }
    }
}

#[track_caller]
fn check_halves(loss: &impl Loss, inputs: &[Tensor<F64>], count: usize) {
    check_in::<Cpu<f16>>(loss, inputs, count);
    check_in::<Cpu<bf16>>(loss, inputs, count);
}

#[test]
fn losses_of_halves() {
    let pair = [draw(5, &[4, 3]), draw(6, &[4, 3])];
    let triplet = [pair.as_slice(), &[draw(8, &[4, 3])]].concat();
    let labels = [draw(5, &[4, 3]), i(&[2, 0, 2, 1], &[4])];
    let signs = [draw(5, &[4, 3]), x(&[1.0, -1.0, 1.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0, -1.0, -1.0, -1.0], &[4, 3])];
    check_halves(&loss!(|x| multi_margin_loss(&x[0], &x[1].to_index(), &Default::default())), &labels, 1);
    check_halves(&loss!(|x| soft_margin_loss(&x[0], &x[1], Reduction::None)), &signs, 1);
    check_halves(&loss!(|x| hinge_embedding_loss(&x[0], &x[1], 1.0, Reduction::None)), &signs, 1);
    let several = loss!(|x| multilabel_soft_margin_loss(&x[0], &x[1].sigmoid(), None, Reduction::None));
    check_halves(&several, &pair, 2);
    check_halves(&loss!(|x| triplet_margin_loss(&x[0], &x[1], &x[2], &Default::default())), &triplet, 3);
    check_halves(&loss!(|x| gaussian_nll_loss(&x[0], &x[1], &x[2].exp(), &Default::default())), &triplet, 3);
    check_halves(&loss!(|x| poisson_nll_loss(&x[0], &x[1].exp(), &Default::default())), &pair, 2);
    let words = [draw(1, &[2, 3]), draw(2, &[2, 3]), draw(3, &[2, 4, 3])];
    check_halves(&loss!(|x| negative_sampling_loss(&x[0], &x[1], &x[2], Reduction::None)), &words, 3);
    let cosine = loss!(|x| {
        let unlike = x[2].zeros_like() - 1.0;
        cosine_embedding_loss(&x[0], &x[1], &unlike, -1.0, Reduction::None)
    });
    check_halves(&cosine, &[pair.as_slice(), &[draw(8, &[4])]].concat(), 2);
}

#[test]
fn a_vector_of_zeros_has_no_cosine_but_is_no_mistake() {
    let pair = [x(&[0.0; 3], &[3]), x(&[1.0, 2.0, -1.0], &[3])].map(|x| Tensor::<Cpu<f16>>::new(&x.to_vec(), [3]));
    let loss = loss!(|x| cosine_embedding_loss(&x[0], &x[1], &x[0].new_full([], 1.0), 0.0, Reduction::Mean));
    let found = derived(&loss, &pair, 2);
    assert_eq!(found[0].item(), f16::ONE);
    assert!(found[1..].iter().flat_map(Tensor::to_vec).all(f16::is_finite));
}

#[test]
fn sequences_of_halves() {
    let inputs =
        [draw(9, &[5, 3, 3]), i(&[1, 2, 1, 2, 2, -7, 1, 99, 0], &[3, 3]), i(&[5, 4, 3], &[3]), i(&[3, 2, 1], &[3])];
    let loss = loss!(|x| ctc_loss(
        &x[0].log_softmax(-1),
        &x[1].to_index(),
        &x[2].to_index(),
        &x[3].to_index(),
        &Ctc::default()
    ));
    check_halves(&loss, &inputs, 1);
}
