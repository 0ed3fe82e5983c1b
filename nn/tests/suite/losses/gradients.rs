//! Derivatives of all losses to second order, where they are smooth, and the same in a trace.

use super::*;

fn labels<B: Backend>() -> Index<B> {
    Index::new(&[2, -100, 2, 1], [4])
}

fn pair() -> [Tensor<F64>; 2] {
    [draw(5, &[4, 3]), draw(6, &[4, 3])]
}

/// 1 and -1, two rows of each.
fn signs<B: Backend>(shape: &[usize]) -> Tensor<B> {
    let half = [&[shape[0] / 2], &shape[1..]].concat();
    let ones = Tensor::ones(&half[..], &Default::default());
    Tensor::concat(&[ones.clone(), -ones], 0)
}

#[test]
fn of_labels() {
    let hard = loss!(|x| cross_entropy(&x[0], &Index::new(&[2, 0, 2, 1], [4]), Reduction::None));
    check_smooth(&hard, &pair()[..1], 1);
    let weighed = loss!(|x| {
        let weight = x[1].slice(0, ..1).reshape([3]).exp();
        let options = CrossEntropy { weight: Some(&weight), label_smoothing: 0.1, ..Default::default() };
        cross_entropy_with(&x[0], &labels(), &options)
    });
    check_smooth(&weighed, &pair(), 2);
    check_smooth(&loss!(|x| nll_loss(&x[0].log_softmax(1), &labels(), &Default::default())), &pair()[..1], 1);
}

#[test]
fn of_distributions() {
    check_smooth(&loss!(|x| cross_entropy_soft(&x[0], &x[1].softmax(1), Reduction::Mean)), &pair(), 2);
    let weighed = loss!(|x| {
        let weight = x[2].exp();
        let options = CrossEntropy { weight: Some(&weight), label_smoothing: 0.1, ..Default::default() };
        cross_entropy_soft_with(&x[0], &x[1].softmax(1), &options)
    });
    check_smooth(&weighed, &[pair().as_slice(), &[draw(7, &[3])]].concat(), 3);
    check_smooth(&loss!(|x| kl_div(&x[0], &x[1].softmax(1), false, Reduction::BatchMean)), &pair(), 2);
    check_smooth(&loss!(|x| kl_div(&x[0], &x[1], true, Reduction::Sum)), &pair(), 2);
}

#[test]
fn of_two_classes() {
    let logits = loss!(|x| {
        let options = BinaryCrossEntropy { pos_weight: Some(&x[1]), ..Default::default() };
        binary_cross_entropy_with_logits(&x[0], &x[1].sigmoid(), &options)
    });
    check_smooth(&logits, &pair(), 2);
    let mean = loss!(|x| binary_cross_entropy(&x[0].sigmoid(), &x[1].sigmoid(), None, Reduction::Mean));
    check_smooth(&mean, &pair(), 2);
    check_smooth(&loss!(|x| soft_margin_loss(&x[0], &signs(&[4, 3]), Reduction::None)), &pair()[..1], 1);
    let several = loss!(|x| multilabel_soft_margin_loss(&x[0], &x[1].sigmoid(), Some(&x[1]), Reduction::None));
    check_smooth(&several, &pair(), 2);
}

#[test]
fn of_distances() {
    check_smooth(&loss!(|x| mse_loss(&x[0].tanh(), &x[1], Reduction::Mean)), &pair(), 2);
    check_smooth(&loss!(|x| l1_loss(&x[0], &x[1], Reduction::Mean)), &pair(), 2);
    check_smooth(&loss!(|x| huber_loss(&x[0], &x[1], 0.7, Reduction::Sum)), &pair(), 2);
    check_smooth(&loss!(|x| smooth_l1_loss(&x[0], &x[1], 0.7, Reduction::Mean)), &pair(), 2);
}

#[test]
fn of_pairs_and_triplets() {
    let cosine = loss!(|x| cosine_embedding_loss(&x[0], &x[1], &signs(&[4]), -2.0, Reduction::None));
    check_smooth(&cosine, &pair(), 2);
    check_smooth(&loss!(|x| hinge_embedding_loss(&x[0], &signs(&[4, 3]), 0.5, Reduction::None)), &pair()[..1], 1);
    let rank = loss!(|x| margin_ranking_loss(&x[0], &x[1], &signs(&[4, 3]), 0.5, Reduction::None));
    check_smooth(&rank, &pair(), 2);
    let triplets = [pair().as_slice(), &[draw(8, &[4, 3])]].concat();
    let swapped = TripletMargin { swap: true, margin: 2.0, reduction: Reduction::None, ..Default::default() };
    assert!(triplet_margin_loss(&triplets[0], &triplets[1], &triplets[2], &swapped).sum().item() > 0.0);
    let round = loss!(|x| {
        let options = TripletMargin { swap: true, margin: 2.0, reduction: Reduction::None, ..Default::default() };
        triplet_margin_loss(&x[0], &x[1], &x[2], &options)
    });
    check_smooth(&round, &triplets, 3);
    let cubic = loss!(|x| {
        let options = TripletMargin { p: 3.0, margin: 2.0, ..Default::default() };
        triplet_margin_loss(&x[0], &x[1], &x[2], &options)
    });
    check_smooth(&cubic, &triplets, 3);
}

#[test]
fn of_margins() {
    let squared = loss!(|x| {
        let weight = x[1].slice(0, ..1).reshape([3]).exp();
        let options = MultiMargin { p: 2, weight: Some(&weight), ..Default::default() };
        multi_margin_loss(&x[0], &Index::new(&[2, 0, 2, 1], [4]), &options)
    });
    check_smooth(&squared, &pair(), 2);
    let words = [draw(1, &[2, 3]), draw(2, &[2, 3]), draw(3, &[2, 4, 3])];
    check_smooth(&loss!(|x| negative_sampling_loss(&x[0], &x[1], &x[2], Reduction::None)), &words, 3);
}

#[test]
fn of_likelihoods() {
    let numbers = [pair().as_slice(), &[draw(8, &[4, 3])]].concat();
    let normal =
        loss!(|x| gaussian_nll_loss(&x[0], &x[1], &x[2].exp(), &GaussianNll { full: true, ..Default::default() }));
    check_smooth(&normal, &numbers, 3);
    let counted =
        loss!(|x| poisson_nll_loss(&x[0], &(x[1].exp() + 1.0), &PoissonNll { full: true, ..Default::default() }));
    check_smooth(&counted, &pair(), 2);
    let rates = loss!(|x| poisson_nll_loss(&x[0].exp(), &x[1], &PoissonNll { log_input: false, ..Default::default() }));
    check_smooth(&rates, &pair(), 2);
}

#[test]
fn of_sequences() {
    let inputs =
        [draw(9, &[5, 3, 3]), i(&[1, 2, 1, 2, 2, -7, 1, 99, 0], &[3, 3]), i(&[5, 4, 3], &[3]), i(&[3, 2, 1], &[3])];
    let by_logits = loss!(|x| ctc_loss(
        &x[0].log_softmax(-1),
        &x[1].to_index(),
        &x[2].to_index(),
        &x[3].to_index(),
        &Ctc { reduction: Reduction::None, ..Default::default() }
    ));
    check_smooth(&by_logits, &inputs, 1);
    // The formula's own gradient, of any numbers, whether or not they are probabilities.
    let itself = loss!(|x| ctc_loss(
        &x[0],
        &x[1].to_index(),
        &x[2].to_index(),
        &x[3].to_index(),
        &Ctc { reduction: Reduction::None, ..Default::default() }
    ));
    check_smooth(&itself, &inputs, 1);
}
