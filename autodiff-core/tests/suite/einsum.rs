//! einsum against a sum over all values of all letters, for random equations on whole numbers; gradients.

use std::collections::HashMap;

use autodiff_core::{Autodiff, Tensor, check_grads};
use backend_cpu::Cpu;

type F = Cpu<f64>;

/// The letters, and below them the axes that `...` stands for, counted from the end.
type Label = u8;

/// A linear congruential generator (Knuth, *The art of computer programming*, volume 2, section 3.3.4).
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }
}

#[derive(Debug)]
struct Operand {
    labels: Vec<Label>,
    shape: Vec<usize>,
    values: Vec<f64>,
}

#[derive(Debug)]
struct Case {
    equation: String,
    operands: Vec<Operand>,
    output: Vec<Label>,
}

/// The text of a term: letters, and `...` in the place of the axes that it stands for.
fn term(labels: &[Label], dots: bool, at: usize) -> String {
    let letters = |labels: &[Label]| labels.iter().filter(|l| **l >= b'a').map(|&l| char::from(l)).collect::<String>();
    let hidden = labels.iter().filter(|l| **l < b'a').count();
    let dots = if dots { "..." } else { "" };
    format!("{}{dots}{}", letters(&labels[..at]), letters(&labels[at + hidden..]))
}

fn case(random: &mut Random) -> Case {
    let mut extents: HashMap<Label, usize> = HashMap::new();
    for label in [0, 1, b'a', b'b', b'c', b'd'] {
        extents.insert(label, [1, 2, 3, 2, 3, 0][random.below(if label == b'd' { 6 } else { 5 })]);
    }
    let (mut operands, mut terms, mut most_hidden, mut any_dots) = (Vec::new(), Vec::new(), 0, false);
    for _ in 0..=random.below(3) {
        let mut labels: Vec<Label> = (0..random.below(4)).map(|_| [b'a', b'b', b'c', b'd'][random.below(4)]).collect();
        let (dots, at) = (random.below(2) == 0, random.below(labels.len() + 1));
        let hidden = if dots { random.below(3) } else { 0 };
        labels.splice(at..at, (0..2).take(hidden).rev());
        (most_hidden, any_dots) = (most_hidden.max(hidden), any_dots || dots);
        let mut shape = Vec::new();
        for label in &labels {
            let once = labels.iter().filter(|l| *l == label).count() == 1;
            shape.push(if once && random.below(5) == 0 { 1 } else { extents[label] });
        }
        let values = (0..shape.iter().product()).map(|_| [-2.0, -1.0, 1.0, 2.0, 3.0][random.below(5)]).collect();
        terms.push(term(&labels, dots, at));
        operands.push(Operand { labels, shape, values });
    }
    let mut letters: Vec<Label> = operands.iter().flat_map(|o| o.labels.clone()).filter(|&l| l >= b'a').collect();
    letters.sort_unstable();
    let (equation, output) = if random.below(3) == 0 {
        letters.retain({
            let all = letters.clone();
            move |letter| all.iter().filter(|l| *l == letter).count() == 1
        });
        (terms.join(" , "), (0..2).take(most_hidden).rev().chain(letters).collect())
    } else {
        letters.dedup();
        letters.retain(|_| random.below(2) == 0);
        for i in (1..letters.len()).rev() {
            letters.swap(i, random.below(i + 1));
        }
        let (dots, at) = (any_dots && random.below(2) == 0, random.below(letters.len() + 1));
        letters.splice(at..at, (0..2).take(if dots { most_hidden } else { 0 }).rev());
        (format!("{}->{}", terms.join(","), term(&letters, dots, at)), letters)
    };
    Case { equation, operands, output }
}

/// The extents of the result and its elements, by adding up the product at every place of all axes.
fn naive(case: &Case) -> (Vec<usize>, Vec<f64>) {
    let mut extents: HashMap<Label, usize> = HashMap::new();
    for operand in &case.operands {
        for (&label, &extent) in operand.labels.iter().zip(&operand.shape) {
            let known = extents.entry(label).or_insert(1);
            *known = if extent == 1 { *known } else { extent };
        }
    }
    let offset = |labels: &[Label], shape: &[usize], at: &HashMap<Label, usize>| {
        labels.iter().zip(shape).fold(0, |sum, (label, &n)| sum * n + if n == 1 { 0 } else { at[label] })
    };
    let shape: Vec<usize> = case.output.iter().map(|label| extents[label]).collect();
    let mut result = vec![0.0; shape.iter().product()];
    for mut place in 0..extents.values().product() {
        let mut at = HashMap::new();
        for (&label, &extent) in &extents {
            at.insert(label, place % extent);
            place /= extent;
        }
        let factors = case.operands.iter().map(|o| o.values[offset(&o.labels, &o.shape, &at)]);
        result[offset(&case.output, &shape, &at)] += factors.product::<f64>();
    }
    (shape, result)
}

#[test]
fn random_equations_by_definition() {
    let mut random = Random(7);
    let (mut diagonals, mut ellipses, mut empty) = (0, 0, 0);
    for _ in 0..3000 {
        let case = case(&mut random);
        let tensors: Vec<Tensor<F>> =
            case.operands.iter().map(|operand| Tensor::new(&operand.values, &operand.shape[..])).collect();
        let found = Tensor::einsum(&case.equation, &tensors.iter().collect::<Vec<_>>());
        let (shape, expected) = naive(&case);
        assert_eq!(found.shape().extents(), shape, "{case:?}");
        assert_eq!(found.to_vec(), expected, "{case:?}");
        let repeats = |o: &Operand| (1..o.labels.len()).any(|i| o.labels[..i].contains(&o.labels[i]));
        diagonals += usize::from(case.operands.iter().any(repeats));
        ellipses += usize::from(case.equation.contains("..."));
        empty += usize::from(expected.is_empty());
    }
    assert!(diagonals > 300 && ellipses > 1000 && empty > 50, "{diagonals} {ellipses} {empty}");
}

#[test]
fn well_known_equations() {
    let a = Tensor::<F>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
    let b = Tensor::<F>::new(&[1.0, -1.0, 2.0, 0.0, 3.0, 1.0], [3, 2]);
    assert_eq!(Tensor::einsum("ij->ji", &[&a]).to_vec(), a.t().to_vec());
    assert_eq!(Tensor::einsum("ba", &[&a]).to_vec(), a.t().to_vec());
    assert_eq!(Tensor::einsum("ij->", &[&a]).item(), 21.0);
    assert_eq!(Tensor::einsum("ik,kj", &[&a, &b]).to_vec(), a.matmul(&b).to_vec());
    let square = a.matmul(&b);
    assert_eq!(Tensor::einsum("ii->i", &[&square]).to_vec(), [square.to_vec()[0], square.to_vec()[3]]);
    assert_eq!(Tensor::einsum("Ab,bA->", &[&a, &b]).item(), square.to_vec()[0] + square.to_vec()[3]);
}

#[test]
fn gradients_to_second_order() {
    let x = |shape: &[usize], seed: f64| {
        let count: usize = shape.iter().product();
        let numbers: Vec<f64> = (0_u32..).map(|i| (f64::from(i) * seed).sin()).take(count).collect();
        Tensor::<F>::new(&numbers, shape)
    };
    type D = Autodiff<Autodiff<F>>;
    let check = |equation: &str, inputs: &[Tensor<F>]| {
        let f = |x: &[Tensor<D>]| Tensor::einsum(equation, &x.iter().collect::<Vec<_>>()).tanh();
        check_grads(f, inputs, 1e-7).unwrap_or_else(|mismatch| panic!("{equation}: {mismatch}"));
    };
    check("bij,bjk->bik", &[x(&[2, 2, 3], 0.7), x(&[2, 3, 2], 1.3)]);
    check("ii->i", &[x(&[3, 3], 0.9)]);
    check("i,j,ij->i", &[x(&[2], 0.8), x(&[3], 1.1), x(&[2, 3], 1.7)]);
    check("...a,ba,...b->...", &[x(&[2, 3], 0.6), x(&[2, 3], 1.9), x(&[1, 2], 0.5)]);
}
