//! What a wrong use of a loss is told, and the line that it points to.

use super::*;
use crate::panics::{check_panic, panic_of};

#[test]
fn wrong_shapes_are_named_where_they_are_used() {
    let (logits, three, mean) = (x(&[0.0; 6], &[2, 3]), x(&[0.0; 3], &[3]), Reduction::Mean);
    let (labels, label) = (Index::new(&[0; 3], [3]), Index::new(&[0], []));
    check_panic("classes on axis 1: logits [2, 3] and labels [3]", line!(), || cross_entropy(&logits, &labels, mean));
    let one_shape = "cross_entropy_soft: logits and targets must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || cross_entropy_soft(&logits, &three, mean));
    let one_shape = "mse_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || mse_loss(&logits, &three, mean));
    let (simple, nll) = (CrossEntropy::default(), Nll { weight: Some(&three), ..Default::default() });
    let per_row = "classes on axis 1: logits [2, 3] and labels [3]";
    check_panic(per_row, line!(), || cross_entropy_with(&logits, &labels, &simple));
    let (two, per_class) = (logits.t(), "nll_loss: one weight for each of 2 classes expected, their shape is [3]");
    check_panic(per_class, line!(), || nll_loss(&two, &labels, &nll));
    let one_shape = "input and target must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || l1_loss(&logits, &three, mean));
    check_panic(one_shape, line!(), || huber_loss(&logits, &three, 1.0, mean));
    check_panic(one_shape, line!(), || smooth_l1_loss(&logits, &three, 1.0, mean));
    check_panic(one_shape, line!(), || kl_div(&logits, &three, false, mean));
    check_panic(one_shape, line!(), || binary_cross_entropy(&logits, &three, None, mean));
    check_panic(one_shape, line!(), || binary_cross_entropy_with_logits(&logits, &three, &Default::default()));
    check_panic("delta must be positive, found 0", line!(), || huber_loss(&three, &three, 0.0, mean));
    check_panic("beta must not be negative, found -1", line!(), || smooth_l1_loss(&three, &three, -1.0, mean));
    let scalar = "batchmean: the losses need an axis of examples";
    check_panic(scalar, line!(), || Reduction::BatchMean.apply(logits.sum()));
    let scalar = "cross_entropy: the logits need an axis of classes";
    check_panic(scalar, line!(), || cross_entropy(&logits.sum(), &label, mean));
}

#[test]
fn wrong_pairs_are_named_where_they_are_used() {
    let (rows, three, mean) = (x(&[0.0; 6], &[2, 3]), x(&[0.0; 3], &[3]), Reduction::Mean);
    let cosine = "cosine_embedding_loss: the inputs must have one shape: [2, 3] and [3]";
    check_panic(cosine, line!(), || cosine_embedding_loss(&rows, &three, &three, 0.0, mean));
    let cosine = "cosine_embedding_loss: one target for each pair expected: inputs [2, 3] and targets [3]";
    check_panic(cosine, line!(), || cosine_embedding_loss(&rows, &rows, &three, 0.0, mean));
    let (deep, cosine) = (rows.unsqueeze(0), "vectors, or a batch of them, expected, their shape is [1, 2, 3]");
    check_panic(cosine, line!(), || cosine_embedding_loss(&deep, &deep, &three, 0.0, mean));
    let hinge = "hinge_embedding_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(hinge, line!(), || hinge_embedding_loss(&rows, &three, 1.0, mean));
    let rank = "margin_ranking_loss: the inputs must have one shape: [2, 3] and [3]";
    check_panic(rank, line!(), || margin_ranking_loss(&rows, &three, &three, 0.0, mean));
    let rank = "margin_ranking_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(rank, line!(), || margin_ranking_loss(&rows, &rows, &three, 0.0, mean));
    let (simple, narrow) = (TripletMargin::default(), TripletMargin { margin: 0.0, ..Default::default() });
    let triplet = "triplet_margin_loss: the inputs must have one shape: [2, 3], [2, 3] and [3]";
    check_panic(triplet, line!(), || triplet_margin_loss(&rows, &rows, &three, &simple));
    let (one, triplet) = (three.sum(), "triplet_margin_loss: vectors expected, their shape is []");
    check_panic(triplet, line!(), || triplet_margin_loss(&one, &one, &one, &simple));
    let triplet = "triplet_margin_loss: the margin must be positive, found 0";
    check_panic(triplet, line!(), || triplet_margin_loss(&rows, &rows, &rows, &narrow));
    let words = "negative_sampling_loss: [N, D], [N, D] and [N, K, D] expected, found [2, 3], [2, 3] and [2, 3]";
    check_panic(words, line!(), || negative_sampling_loss(&rows, &rows, &rows, mean));
}

#[test]
fn wrong_margins_and_likelihoods_are_named_where_they_are_used() {
    let (rows, three, mean) = (x(&[0.0; 6], &[2, 3]), x(&[0.0; 3], &[3]), Reduction::Mean);
    let (labels, simple) = (Index::new(&[0; 3], [3]), MultiMargin::default());
    let multi =
        "multi_margin_loss: one label for each row of logits expected, classes on axis 1: logits [2, 3] and labels [3]";
    check_panic(multi, line!(), || multi_margin_loss(&rows, &labels, &simple));
    let (square, cubic) = (x(&[0.0; 9], &[3, 3]), MultiMargin { p: 3, ..Default::default() });
    check_panic("multi_margin_loss: p must be 1 or 2, found 3", line!(), || {
        multi_margin_loss(&square, &labels, &cubic)
    });
    let (deep, multi) = (square.unsqueeze(2), "one row of scores or several expected, their shape is [3, 3, 1]");
    check_panic(multi, line!(), || multi_margin_loss(&deep, &labels, &simple));
    let weighed = MultiMargin { weight: Some(&rows), ..Default::default() };
    let multi = "multi_margin_loss: one weight for each of 3 classes expected, their shape is [2, 3]";
    check_panic(multi, line!(), || multi_margin_loss(&square, &labels, &weighed));
    let one_shape = "soft_margin_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(one_shape, line!(), || soft_margin_loss(&rows, &three, mean));
    check_panic(one_shape, line!(), || multilabel_soft_margin_loss(&rows, &three, None, mean));
    let one_shape = "nll_loss: input and target must have one shape: [2, 3] and [3]";
    check_panic(&format!("gaussian_{one_shape}"), line!(), || {
        gaussian_nll_loss(&rows, &three, &rows, &Default::default())
    });
    check_panic(&format!("poisson_{one_shape}"), line!(), || poisson_nll_loss(&rows, &three, &Default::default()));
    let normal = "a variance for each element, or for all along one axis, expected: [3] for [2, 3]";
    check_panic(normal, line!(), || gaussian_nll_loss(&rows, &rows, &three, &Default::default()));
    let none = GaussianNll { eps: 0.0, ..Default::default() };
    let normal = "gaussian_nll_loss: eps must be positive, found 0";
    check_panic(normal, line!(), || gaussian_nll_loss(&rows, &rows, &rows, &none));
}

#[test]
fn wrong_distributions_and_sequences_are_named_where_they_are_used() {
    let (rows, three) = (x(&[0.0; 6], &[2, 3]), x(&[0.0; 2], &[2]));
    let weighed = CrossEntropy { weight: Some(&three), ..Default::default() };
    let soft = "cross_entropy_soft: one weight for each of 3 classes expected, their shape is [2]";
    check_panic(soft, line!(), || cross_entropy_soft_with(&rows, &rows, &weighed));
    let ignoring = CrossEntropy { ignore_index: 0, ..Default::default() };
    let soft = "cross_entropy_soft: a distribution cannot be ignored, ignore_index = 0 given";
    check_panic(soft, line!(), || cross_entropy_soft_with(&rows, &rows, &ignoring));
    let (frames, two, simple) = (x(&[0.0; 12], &[2, 2, 3]), Index::new(&[1, 1], [2]), Ctc::default());
    let sequences =
        "[T, N, C], [N, S], [N] and [N], or [T, C], [S], [] and [] expected, found [2, 2, 3], [2], [2] and [2]";
    check_panic(sequences, line!(), || ctc_loss(&frames, &two, &two, &two, &simple));
    let (targets, blank) = (two.unsqueeze(1), Ctc { blank: 3, ..Default::default() });
    let sequences = "ctc_loss: the blank is class 3 of 3";
    check_panic(sequences, line!(), || ctc_loss(&frames, &targets, &two, &two, &blank));
    // A label that names no class, more labels than there is room for.
    let sequences = "gather: index 3 is out of range";
    check_panic(sequences, line!(), || ctc_loss(&frames, &(&targets * 3), &two, &two, &simple));
    check_panic("gather: index", line!(), || ctc_loss(&frames, &targets, &two, &(&two * 2), &simple));
}

#[test]
fn a_label_that_names_no_class_is_named_where_it_is_used() {
    let logits = x(&[0.0; 6], &[2, 3]);
    for label in [3, -1, i32::MAX] {
        let labels = Index::new(&[0, label], [2]);
        let line = line!() + 1;
        let (message, file, found) = panic_of(|| cross_entropy(&logits, &labels, Reduction::Mean));
        assert!(message.contains("cross_entropy") || message.contains("gather"), "{message}");
        assert!(message.contains(&label.to_string()) && message.contains('3'), "{message}");
        assert!(file.ends_with("messages.rs"), "{file}: {message}");
        assert_eq!(found, line, "{message}");
    }
}

#[test]
#[should_panic(expected = "cross_entropy: label smoothing is from 0 to 1, 2 given")]
fn smoothing_beyond_one_is_refused() {
    let logits = Tensor::<Cpu<f64>>::ones([1, 2], &Default::default());
    let options = CrossEntropy { label_smoothing: 2.0, ..Default::default() };
    let _ = cross_entropy_with(&logits, &Index::new(&[0], [1]), &options);
}

#[test]
#[should_panic(expected = "broadcast: ")]
fn weights_that_are_larger_than_the_losses_are_refused() {
    let x = Tensor::<Cpu<f64>>::ones([2], &Default::default());
    let weight = Tensor::ones([3, 2], x.device());
    let options = BinaryCrossEntropy { weight: Some(&weight), ..Default::default() };
    let _ = binary_cross_entropy_with_logits(&x, &x, &options);
}
