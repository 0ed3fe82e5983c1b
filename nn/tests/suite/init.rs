//! Initialisers that are more than a scaled draw: structure, distribution, angles, messages.

use autodiff_core::{Conv, Element, Index, Tensor, Trace, WengertList, bf16, f16};
use backend_cpu::Cpu;
use nn::Backend;
use nn::init::{self, Nonlinearity};

type F64 = Cpu<f64>;

fn key(seed: u64) -> Index<F64> {
    Index::key(seed, &Default::default())
}

#[test]
fn gains_are_those_of_pytorch() {
    // torch.nn.init.calculate_gain.
    assert_eq!(Nonlinearity::Linear.gain(), 1.0);
    assert_eq!(Nonlinearity::Sigmoid.gain(), 1.0);
    assert_eq!(Nonlinearity::Tanh.gain(), 1.666_666_666_666_666_7);
    assert_eq!(Nonlinearity::ReLU.gain(), 2.0_f64.sqrt());
    assert_eq!(Nonlinearity::LeakyReLU(0.01).gain(), 1.414_142_856_997_835_4);
    assert_eq!(Nonlinearity::LeakyReLU(0.2).gain(), 1.386_750_490_563_072_7);
    assert_eq!(Nonlinearity::SELU.gain(), 0.75);
}

#[test]
fn identities_of_all_proportions() {
    let eye = |shape| init::eye::<F64>(shape, &Default::default()).to_vec();
    assert_eq!(eye([2, 3]), [1.0, 0.0, 0.0, 0.0, 1.0, 0.0]);
    assert_eq!(eye([3, 2]), [1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);
    assert_eq!(eye([0, 2]), []);
}

/// Where a weight is 1; all else is 0.
fn ones(weight: &Tensor<F64>) -> Vec<usize> {
    let values = weight.to_vec();
    assert!(values.iter().all(|x| [0.0, 1.0].contains(x)));
    (0..values.len()).filter(|&place| values[place] == 1.0).collect()
}

#[test]
fn deltas_are_where_pytorch_has_them() {
    // The places that torch.nn.init.dirac_ sets.
    let places = |shape: &[usize], groups| ones(&init::dirac(shape, groups, &Default::default()));
    assert_eq!(places(&[2, 3, 3], 1), [1, 13]);
    assert_eq!(places(&[4, 2, 3], 2), [1, 10, 13, 22]);
    assert_eq!(places(&[6, 1, 4], 2), [2, 14]);
    assert_eq!(places(&[3, 2, 2, 5], 1), [7, 37]);
    assert_eq!(places(&[2, 2, 3, 3, 3], 1), [13, 94]);
}

#[test]
fn a_convolution_with_deltas_passes_on_its_groups() {
    let x = Tensor::<F64>::normal(&key(0), [2, 4, 5, 5]);
    let weight = init::dirac([4, 2, 3, 3], 2, x.device());
    let y = x.conv2d(&weight, None, Conv { padding: [1, 1], groups: 2, ..Default::default() });
    assert_eq!(y.to_vec(), x.to_vec());
}

#[test]
#[should_panic(expected = "dirac: 5 outputs cannot be divided into 2 groups")]
fn groups_divide_the_outputs() {
    let _ = init::dirac::<F64>([5, 2, 3], 2, &Default::default());
}

#[test]
#[should_panic(expected = "dirac: a shape of three to five axes expected, found [5, 2]")]
fn a_matrix_has_no_middle() {
    let _ = init::dirac::<F64>([5, 2], 1, &Default::default());
}

#[test]
#[should_panic(expected = "eye: a shape of two axes expected, found [5]")]
fn a_vector_is_no_identity() {
    let _ = init::eye::<F64>([5], &Default::default());
}

/// The distribution function of the truncated normal distribution, against that of a sample: Kolmogorov and Smirnov.
#[track_caller]
fn check_truncated(seed: u64, (mean, std): (f64, f64), (a, b): (f64, f64)) {
    let count = 4000;
    let mut sample = init::trunc_normal(&key(seed), [count], mean, std, a, b).to_vec();
    sample.sort_by(f64::total_cmp);
    assert!(sample[0] >= a && sample[count - 1] <= b, "{} and {}", sample[0], sample[count - 1]);
    // By the tail that is small.
    let tail = |x: f64| 0.5 * Tensor::<F64>::new(&[x / 2.0_f64.sqrt()], []).erfc().item();
    let flip = a > mean;
    let [low, high] = if flip { [mean - b, mean - a] } else { [a - mean, b - mean] }.map(|x| x / std);
    let at = |x: f64| {
        let below = (tail(-x) - tail(-low)) / (tail(-high) - tail(-low));
        if flip { 1.0 - below } else { below }
    };
    let worst = (0..count).map(|place| {
        let x = (sample[place] - mean) / std;
        let share = (f64::from(u32::try_from(place).unwrap()) + 0.5) / f64::from(u32::try_from(count).unwrap());
        (at(if flip { -x } else { x }) - share).abs()
    });
    // Exceeded by one sample in 10,000: 2.23 / sqrt(n).
    assert!(worst.fold(0.0, f64::max) < 2.23 / 4000.0_f64.sqrt());
}

#[test]
fn truncated_samples_have_their_distribution() {
    let inf = f64::INFINITY;
    check_truncated(0, (0.0, 1.0), (-2.0, 2.0));
    check_truncated(1, (1.0, 0.02), (0.99, 1.1));
    check_truncated(2, (0.0, 1.0), (3.0, 9.0));
    check_truncated(3, (0.0, 1.0), (-inf, -5.0));
    check_truncated(4, (-1.0, 2.0), (-inf, inf));
}

/// The quantiles that a draw of known numbers should give, by Phi of them.
#[test]
fn truncated_samples_are_exact_to_the_last_digits() {
    let u = Tensor::<F64>::uniform(&key(5), [500]) + 2.0_f64.powi(-32);
    for (a, b) in [(-2.0, 2.0), (-9.0, 1.0), (-8.0, -6.0)] {
        let z = init::trunc_normal(&key(5), [500], 0.0, 1.0, a, b);
        let tail = |x: &Tensor<F64>| (x * -(0.5_f64.sqrt())).erfc() * 0.5;
        let [low, high] = [a, b].map(|limit| tail(&Tensor::new(&[limit], [])).item());
        let want = &u * (high - low) + low;
        let apart = ((tail(&z) - &want) / want).abs().max().item();
        // An error of z is one of Phi that is |z| times as large, relatively.
        assert!(apart < 1e-12, "[{a}, {b}]: {apart}");
    }
}

fn check_limits<B: Backend>() {
    let name = B::Elem::NAME;
    let key = Index::<B>::key(6, &Default::default());
    for (a, b) in [(-2.0, 2.0), (-f64::INFINITY, f64::INFINITY), (3.0, 4.0), (-40.0, -20.0)] {
        let sample = init::trunc_normal(&key, [2000], 0.0, 1.0, a, b).to_vec();
        assert!(sample.iter().all(|x| (a..=b).contains(&x.into_f64())), "{} from {a} to {b}", name);
    }
    let centred = init::trunc_normal(&key, [2000], 0.0, 1.0, -2.0, 2.0).to_vec();
    let moment = |power: i32| centred.iter().map(|x| x.into_f64().powi(power)).sum::<f64>() / 2000.0;
    // The variance is 1 - 4 phi(2) / (2 Phi(2) - 1).
    assert!(moment(1).abs() < 0.1 && (moment(2) - 0.7737).abs() < 0.1, "{}: {} {}", name, moment(1), moment(2));
    let matrix = init::orthogonal(&key, [1, 1], 1.0).item().into_f64();
    assert_eq!(matrix.abs(), 1.0);
}

#[test]
fn halves_and_singles_stay_within_limits() {
    check_limits::<Cpu<f16>>();
    check_limits::<Cpu<bf16>>();
    check_limits::<Cpu<f32>>();
}

#[test]
#[should_panic(expected = "trunc_normal: limits in order expected, found 2 and 2")]
fn limits_have_an_order() {
    let _ = init::trunc_normal(&key(0), [1], 0.0, 1.0, 2.0, 2.0);
}

#[test]
#[should_panic(expected = "trunc_normal: the standard deviation must be positive, found 0")]
fn a_deviation_is_positive() {
    let _ = init::trunc_normal(&key(0), [1], 0.0, 0.0, -2.0, 2.0);
}

#[test]
fn orthogonal_matrices_are_that_to_the_last_digit() {
    for shape in [&[5, 5][..], &[3, 8], &[8, 3], &[4, 2, 3, 3], &[1, 1], &[1, 4], &[0, 3], &[3, 0]] {
        let w = init::orthogonal(&key(1), shape, 0.5);
        assert_eq!(w.shape().extents(), shape);
        let matrix = w.reshape([shape[0], shape[1..].iter().product()]);
        let [rows, columns] = matrix.dims();
        let gram = if rows > columns { matrix.t().matmul(&matrix) } else { matrix.matmul(&matrix.t()) };
        let want = init::eye::<F64>(gram.shape(), &Default::default()) * 0.25;
        let apart = gram.to_vec().into_iter().zip(want.to_vec()).map(|(got, want)| (got - want).abs());
        assert!(apart.fold(0.0, f64::max) < 4.0 * f64::EPSILON, "{shape:?}");
    }
}

/// Of all rotations and reflections none is likelier: traces have mean 0 and variance 1, and half of the determinants are
/// negative. Without the signs of `R` neither would hold.
#[test]
fn orthogonal_matrices_are_equally_likely() {
    let draws: Vec<_> = (0..400).map(|seed| init::orthogonal(&key(seed), [2, 2], 1.0).to_vec()).collect();
    let count = 400.0_f64;
    let trace = |power| draws.iter().map(|w| (w[0] + w[3]).powi(power)).sum::<f64>() / count;
    // Five standard errors; the fourth moment of the trace is 3 at most.
    assert!(trace(1).abs() < 5.0 / count.sqrt(), "{}", trace(1));
    assert!((trace(2) - 1.0).abs() < 5.0 * 2.0_f64.sqrt() / count.sqrt(), "{}", trace(2));
    let reflections = draws.iter().filter(|w| w[0] * w[3] < w[1] * w[2]).count();
    assert!((150..250).contains(&reflections), "{reflections}");
}

#[test]
#[should_panic(expected = "orthogonal: a shape of two axes or more expected, found [3]")]
fn a_vector_has_no_right_angles() {
    let _ = init::orthogonal(&key(0), [3], 1.0);
}

#[test]
fn sparse_columns_have_their_zeros_in_places_of_their_own() {
    let w = init::sparse(&key(2), [10, 200], 0.25, 0.5);
    let zeros = w.eq(&w.zeros_like());
    assert_eq!(zeros.sum_axes(&[0]).to_vec(), [3.0; 200]);
    // Each row is hit by 3 columns in 10: 60 of 200, within five standard deviations.
    let rows = zeros.sum_axes(&[1]).to_vec();
    assert!(rows.iter().all(|hits| (hits - 60.0).abs() < 5.0 * 42.0_f64.sqrt()), "{rows:?}");
    let spread = (w.square().sum().item() / 1400.0).sqrt();
    assert!((spread - 0.5).abs() < 5.0 * 0.5 / 2800.0_f64.sqrt(), "{spread}");
    let count = |sparsity| ones_of(&init::sparse(&key(2), [10, 1], sparsity, 1.0));
    assert_eq!([0.0, 0.01, 0.1, 1.0].map(count), [0, 1, 1, 10]);
}

fn ones_of(w: &Tensor<F64>) -> usize {
    w.to_vec().iter().filter(|&&w| w == 0.0).count()
}

#[test]
#[should_panic(expected = "sparse: the sparsity is from 0 to 1, 1.5 given")]
fn no_more_zeros_than_places() {
    let _ = init::sparse(&key(2), [10, 1], 1.5, 1.0);
}

/// All but the orthogonal ones are functions of the key, which may be an input of a list.
#[test]
fn initialisers_trace() {
    fn all<B: Backend>(key: &Index<B>) -> [(&'static str, Tensor<B>); 2] {
        [("a", init::trunc_normal(key, [3, 4], 0.0, 1.0, -1.0, 2.0)), ("b", init::sparse(key, [3, 4], 0.5, 1.0))]
    }
    let spec = key(0).tensor().spec();
    let list = WengertList::<f64>::trace(&[("key", spec)], |x: &[Tensor<Trace<f64>>]| all(&x[0].to_index()));
    for seed in [1, 2] {
        let traced = list.eval::<F64>(&[key(seed).tensor().clone()]);
        let eager = all(&key(seed)).map(|(_, w)| w.to_vec());
        assert_eq!(traced.iter().map(Tensor::to_vec).collect::<Vec<_>>(), eager);
    }
}
