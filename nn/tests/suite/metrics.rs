//! Metrics: by hand, in corners, and in a trace.

use autodiff_core::{Index, Spec, Tensor, WengertList};
use backend_cpu::Cpu;
use nn::metrics::{Average, ConfusionMatrix, Mean, Scores, accuracy, perplexity, top_k_accuracy};

type F64 = Cpu<f64>;

/// Three classes, the second never answered; truths 0 0 0 1 2 2, answers 0 0 2 2 2 0.
fn matrix() -> ConfusionMatrix {
    let mut matrix = ConfusionMatrix::new(3);
    matrix.add(&Index::<F64>::new(&[0, 0, 2], [3]), &Index::new(&[0, 0, 0], [3]));
    matrix.add(&Index::<F64>::new(&[2, 2, 0], [3, 1]), &Index::new(&[1, 2, 2], [3, 1]));
    matrix
}

#[test]
fn counts_are_of_truths_and_answers() {
    let matrix = matrix();
    let rows: Vec<Vec<u64>> = (0..3).map(|truth| (0..3).map(|answer| matrix.get(truth, answer)).collect()).collect();
    assert_eq!(rows, [[2, 0, 1], [0, 0, 1], [1, 0, 1]]);
    assert_eq!((matrix.classes(), matrix.total(), matrix.correct(), matrix.accuracy()), (3, 6, 3, 0.5));
    assert_eq!([0, 1, 2].map(|class| matrix.support(class)), [3, 1, 2]);
    assert_eq!([0, 1, 2].map(|class| matrix.answered(class)), [3, 0, 3]);
}

#[track_caller]
fn check(found: Scores, precision: f64, recall: f64, f1: f64) {
    let apart = [found.precision - precision, found.recall - recall, found.f1 - f1];
    assert!(apart.iter().all(|apart| apart.abs() < 4.0 * f64::EPSILON), "{found:?}");
}

#[test]
fn scores_by_hand() {
    let matrix = matrix();
    check(matrix.scores(0), 2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0);
    check(matrix.scores(1), 0.0, 0.0, 0.0);
    check(matrix.scores(2), 1.0 / 3.0, 0.5, 0.4);
    check(matrix.average(Average::Macro), 1.0 / 3.0, 3.5 / 9.0, (2.0 / 3.0 + 0.4) / 3.0);
    check(matrix.average(Average::Micro), 0.5, 0.5, 0.5);
    // Weights 1/2, 1/6, 1/3.
    check(matrix.average(Average::Weighted), 1.0 / 3.0 + 1.0 / 9.0, 0.5, 1.0 / 3.0 + 0.4 / 3.0);
}

#[test]
fn of_nothing_all_scores_are_zero() {
    let nothing = ConfusionMatrix::new(2);
    assert_eq!(nothing.accuracy(), 0.0);
    for average in [Average::Macro, Average::Micro, Average::Weighted] {
        check(nothing.average(average), 0.0, 0.0, 0.0);
    }
}

#[test]
fn of_no_classes_all_scores_are_zero() {
    for average in [Average::Macro, Average::Micro, Average::Weighted] {
        let Scores { precision, recall, f1 } = ConfusionMatrix::new(0).average(average);
        // Bits, since -0 equals 0.
        assert_eq!([precision, recall, f1].map(f64::to_bits), [0; 3], "{average:?}");
    }
}

#[test]
#[should_panic(expected = "confusion matrix: -1 is none of 3 classes")]
fn what_is_no_class_is_not_counted() {
    ConfusionMatrix::new(3).add(&Index::<F64>::new(&[0], [1]), &Index::new(&[-1], [1]));
}

#[test]
#[should_panic(expected = "confusion matrix: 3 is none of 3 classes")]
fn the_last_class_is_one_less_than_their_number() {
    ConfusionMatrix::new(3).count(0, 3);
}

#[test]
#[should_panic(expected = "confusion matrix: answers and labels must have one shape: [2] and [1]")]
fn each_answer_needs_a_label() {
    ConfusionMatrix::new(3).add(&Index::<F64>::new(&[0, 0], [2]), &Index::new(&[0], [1]));
}

/// Rows whose best are 2, 1, 0 (a tie with 1), 2.
fn scores() -> Tensor<F64> {
    Tensor::new(&[1.0, 2.0, 3.0, 1.0, 3.0, 2.0, 2.0, 2.0, 1.0, -1.0, -2.0, 0.0], [4, 3])
}

#[test]
fn accuracies_by_hand() {
    let labels = Index::new(&[2, 0, 1, 0], [4]);
    assert_eq!(accuracy(&scores(), &labels).item(), 0.25);
    let found = [0, 1, 2, 3].map(|k| top_k_accuracy(&scores(), &labels, k).item());
    assert_eq!(found, [0.0, 0.25, 0.75, 1.0]);
    assert_eq!(accuracy(&scores(), &Index::new(&[-100, 1, 0, 3], [4])).item(), 0.5);
    assert_eq!(accuracy(&scores().slice(0, 1..2).reshape([3]), &Index::new(&[1], [])).item(), 1.0);
    // Classes on axis 1 of three.
    let (planes, labels) = (scores().t().reshape([1, 3, 4]), labels.reshape([1, 4]));
    assert_eq!(accuracy(&planes, &labels).item(), 0.25);
    assert_eq!(top_k_accuracy(&planes, &labels, 2).item(), 0.75);
}

#[test]
fn accuracies_trace() {
    let specs = [("scores", Spec::elem([4, 3])), ("labels", Spec::index([4]))];
    let list = WengertList::<f64>::trace(&specs, |x| {
        let labels = x[1].to_index();
        [("first", accuracy(&x[0], &labels)), ("second", top_k_accuracy(&x[0], &labels, 2))]
    });
    let labels = Index::new(&[2, 0, 1, 0], [4]).tensor().clone();
    let found = list.eval::<F64>(&[scores(), labels]);
    assert_eq!(found.iter().map(Tensor::item).collect::<Vec<_>>(), [0.25, 0.75]);
}

#[test]
#[should_panic(expected = "top_k_accuracy: 4 of 3 classes asked for")]
fn no_more_classes_than_there_are() {
    let _ = top_k_accuracy(&scores(), &Index::new(&[0; 4], [4]), 4);
}

#[test]
#[should_panic(
    expected = "accuracy: one label for each row of logits expected, classes on axis 1: logits [4, 3] and labels [3]"
)]
fn one_label_for_each_row() {
    let _ = accuracy(&scores(), &Index::new(&[0; 3], [3]));
}

#[test]
fn means_by_weight() {
    let mut mean = Mean::default();
    assert!(mean.mean().is_nan());
    for (value, weight) in [(1.0, 3.0), (5.0, 1.0), (100.0, 0.0)] {
        mean.add(value, weight);
    }
    assert_eq!(mean.mean(), 2.0);
    assert_eq!(perplexity(0.0), 1.0);
}
