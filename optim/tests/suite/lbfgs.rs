//! L-BFGS against PyTorch's trajectories, and on functions that are not well.
//!
//! The numbers are the parameters after each call of `torch.optim.LBFGS.step`, 2.15, in double precision, and how often it
//! evaluated the function.

use autodiff_core::{Autodiff, Tensor};
use backend_cpu::Cpu;
use optim::{Lbfgs, LbfgsInfo, LbfgsParams, LbfgsStop, LineSearch};

type F64 = Cpu<f64>;
type Recorded = Tensor<Autodiff<F64>>;
type Evaluated = (Tensor<F64>, Vec<Tensor<F64>>);

/// A function of one vector, with its gradient.
fn with_gradient(f: impl Fn(&Recorded) -> Recorded) -> impl Fn(&[Tensor<F64>]) -> Evaluated {
    move |x| {
        let x = Recorded::variable(x[0].clone());
        let loss = f(&x);
        (loss.value().clone(), loss.grad(&[&x]).into_iter().map(Option::unwrap).collect())
    }
}

fn rosenbrock(x: &Recorded) -> Recorded {
    let n = x.shape().elements();
    let (here, next) = (x.slice(0, ..n - 1), x.slice(0, 1..));
    ((next - here.square()).square() * 100.0 + (1.0 - here).square()).sum()
}

/// `x^T A x / 2 - b^T x`
fn quadratic(x: &Recorded) -> Recorded {
    let a = Recorded::new(&[3.0, 1.0, 0.0, 1.0, 2.0, 0.5, 0.0, 0.5, 1.0], [3, 3]);
    x.matmul(&a.matmul(x)) * 0.5 - Recorded::new(&[1.0, -2.0, 0.5], [3]).matmul(x)
}

/// A bowl that is steep far away.
fn bowl(x: &Recorded) -> Recorded {
    let product = x.slice(0, ..1) * x.slice(0, 1..2);
    x.cosh().sum() - 3.0 + (product * 0.1).sum()
}

/// The parameters after each step, and how often the function was evaluated in it.
#[track_caller]
fn check(f: impl Fn(&Recorded) -> Recorded, params: LbfgsParams, start: &[f64], expected: &[(&[f64], usize)]) {
    let (mut lbfgs, f) = (Lbfgs::new(params), with_gradient(f));
    let mut x = vec![Tensor::<F64>::new(start, [start.len()])];
    for (step, (expected, evaluations)) in expected.iter().enumerate() {
        let info;
        (x, info) = lbfgs.step(&x, &f);
        let found = x[0].to_vec();
        // Both methods amplify what rounding has done to the first steps.
        let near = found.iter().zip(*expected).all(|(found, expected)| (found - expected).abs() < 1e-8);
        assert!(near, "step {step}: {found:?}, {expected:?} expected");
        assert_eq!(info.evaluations, *evaluations, "step {step}: {info:?}");
    }
}

const WOLFE: LbfgsParams = LbfgsParams {
    lr: 1.0,
    max_iter: 20,
    max_eval: None,
    tolerance_grad: 1e-7,
    tolerance_change: 1e-9,
    history_size: 100,
    line_search: Some(LineSearch::StrongWolfe),
    maximize: false,
};

#[test]
fn rosenbrock_with_a_line_search() {
    let expected: [(&[f64], usize); 12] = [
        (&[-1.0288795348319695, 1.0655029516848564], 5),
        (&[-0.9431278012083242, 0.8529662725410918], 5),
        (&[-0.5160277728852024, 0.2265458257902353], 5),
        (&[-0.2560895768966468, 0.03726198161622369], 5),
        (&[0.21682779600948238, 0.06691881400560815], 5),
        (&[0.38062264334648777, 0.12491013187293636], 5),
        (&[0.7460759093292195, 0.5450068956869687], 6),
        (&[0.8926077474569865, 0.7909177737724866], 5),
        (&[0.9768773674819872, 0.9525832436377473], 5),
        (&[0.9998139520065257, 0.9996256094716882], 5),
        (&[0.9999814210791366, 0.9999619651810989], 2),
        (&[0.9999814210791366, 0.9999619651810989], 1),
    ];
    check(rosenbrock, LbfgsParams { max_iter: 4, ..WOLFE }, &[-1.2, 1.0], &expected);
}

#[test]
fn a_short_history_forgets() {
    let expected: [(&[f64], usize); 12] = [
        (&[-0.8131479928242764, 0.7569949396404825, 0.6699693255386032], 3),
        (&[-0.8895039501338414, 0.7777508379265514, 0.6267839099985195], 3),
        (&[-0.8808624522369346, 0.7864171618528792, 0.6226046621061001], 3),
        (&[-0.8801213242174795, 0.7797226134195634, 0.6094257843143982], 3),
        (&[-0.8506067545288635, 0.7157931180925015, 0.5018339349379158], 3),
        (&[-0.8112022275899834, 0.656063054600386, 0.403895576863927], 3),
        (&[-0.7391221863571276, 0.5659950160360377, 0.31541585976636904], 4),
        (&[-0.6245771122679594, 0.3784767402450259, 0.13441052253154603], 4),
        (&[-0.4753458007476805, 0.23609827740676773, 0.05443045758349706], 3),
        (&[-0.4201307759385697, 0.17249825883273132, 0.017420376079306705], 4),
        (&[-0.28491799892990544, 0.06091858304577713, 0.0021333270652229234], 4),
        (&[-0.0452495999542812, -0.005969787557845822, 0.007821781078639935], 3),
    ];
    check(rosenbrock, LbfgsParams { max_iter: 3, history_size: 2, ..WOLFE }, &[-1.2, 1.0, 0.5], &expected);
}

#[test]
fn rosenbrock_with_fixed_steps() {
    let expected: [(&[f64], usize); 6] = [
        (&[-1.0989030589182796, 1.0430413750577954], 5),
        (&[-1.0731883206935724, 1.0551729273427284], 5),
        (&[-1.056352121484141, 1.0611528913110349], 5),
        (&[-1.044719587805136, 1.0623773907218077], 5),
        (&[-1.0359041398241562, 1.0601402011415777], 5),
        (&[-1.028123371571063, 1.0549628573128724], 5),
    ];
    let params = LbfgsParams { lr: 0.1, max_iter: 5, ..LbfgsParams::default() };
    check(rosenbrock, params, &[-1.2, 1.0], &expected);
}

#[test]
fn quadratics() {
    let expected: [(&[f64], usize); 4] = [
        (&[1.0842553191489364, -1.7217021276595743, 1.1378723404255318], 3),
        (&[0.9478500610404361, -1.8458095819147837, 1.342048603460895], 3),
        (&[0.9412651436028191, -1.8234744139974401, 1.4116852953394519], 3),
        (&[0.9411774414288243, -1.8235288607891469, 1.4117644539742285], 2),
    ];
    check(quadratic, LbfgsParams { max_iter: 3, ..LbfgsParams::default() }, &[0.0; 3], &expected);
    let expected: [(&[f64], usize); 3] = [
        (&[1.2882257349682371, -2.722804944107943, 2.044812133746984], 3),
        (&[0.9309679390634052, -1.8793774301957993, 1.617497641452569], 3),
        (&[0.9415053199833967, -1.8224494822458392, 1.4120558916906853], 3),
    ];
    let params = LbfgsParams { max_iter: 3, ..WOLFE };
    check(quadratic, params, &[4.0, -3.0, 2.0], &expected);
    // Upwards on the same surface turned over.
    check(|x| -quadratic(x), LbfgsParams { maximize: true, ..params }, &[4.0, -3.0, 2.0], &expected);
}

#[test]
fn few_evaluations() {
    let expected: [(&[f64], usize); 5] = [
        (&[1.5931011473100094, -1.2314875683734015, 0.689653363387626], 3),
        (&[0.39647337304129315, -0.19976978538275508, 0.034456448223513125], 3),
        (&[0.005018562742015065, 0.0029513770952646658, -0.00352575733494254], 3),
        (&[-3.117686880154451e-05, 3.245112429544548e-05, -2.1306093153320902e-05], 3),
        (&[-1.3613104774953768e-06, 2.9543760518416836e-07, 9.420166393440152e-08], 2),
    ];
    check(bowl, LbfgsParams { max_iter: 2, max_eval: Some(4), ..WOLFE }, &[3.0, -2.0, 1.0], &expected);
}

fn minimize(f: impl Fn(&Recorded) -> Recorded, params: LbfgsParams, start: &[f64]) -> (Vec<f64>, LbfgsInfo) {
    let (x, info) = Lbfgs::new(params).step(&[Tensor::new(start, [start.len()])], with_gradient(f));
    (x[0].to_vec(), info)
}

#[test]
fn it_says_why_it_ended() {
    let (x, info) = minimize(quadratic, LbfgsParams { max_iter: 50, ..WOLFE }, &[0.0; 3]);
    let solution = [16.0 / 17.0, -31.0 / 17.0, 24.0 / 17.0];
    assert!(x.iter().zip(solution).all(|(x, solution)| (x - solution).abs() < 1e-5), "{x:?}");
    assert!(matches!(info.stop, LbfgsStop::Gradient | LbfgsStop::Change), "{info:?}");
    assert_eq!(info.initial_loss, 0.0);

    let stop = |params: LbfgsParams| minimize(rosenbrock, params, &[-1.2, 1.0]).1;
    assert_eq!(stop(LbfgsParams { max_iter: 2, max_eval: Some(50), ..WOLFE }).stop, LbfgsStop::Iterations);
    assert_eq!(stop(LbfgsParams { max_eval: Some(3), ..WOLFE }).stop, LbfgsStop::Evaluations);
    assert_eq!(stop(LbfgsParams { tolerance_change: 1e3, tolerance_grad: 0.0, ..WOLFE }).stop, LbfgsStop::Change);
    let at_once = stop(LbfgsParams { tolerance_grad: 1e3, ..WOLFE });
    assert_eq!((at_once.stop, at_once.iterations, at_once.evaluations), (LbfgsStop::Gradient, 0, 1));
    assert_eq!(LbfgsStop::NotFinite.to_string(), "the loss or its gradient is not finite");
}

#[test]
fn what_is_not_finite_ends_it_at_the_last_good_point() {
    let log = |x: &Recorded| x.log().sum();
    for line_search in [None, Some(LineSearch::StrongWolfe)] {
        let params = LbfgsParams { line_search, ..WOLFE };
        let (x, info) = minimize(log, params, &[-1.0]);
        assert_eq!((x, info.stop, info.evaluations), (vec![-1.0], LbfgsStop::NotFinite, 1));
        assert!(info.initial_loss.is_nan());
    }
    // The first step leads from 0.75 to -0.25, where there is no logarithm.
    let (x, info) = minimize(log, LbfgsParams::default(), &[0.75]);
    assert_eq!((x, info.stop, info.evaluations), (vec![0.75], LbfgsStop::NotFinite, 2));
    assert_eq!(info.loss, 0.75_f64.ln());
}

/// A line search goes back from where there is nothing: `x - log x` has its minimum at 1.
#[test]
fn a_line_search_comes_back_from_where_the_function_is_not_defined() {
    let barrier = |x: &Recorded| (x * 4.0 - x.log()).sum();
    let (x, info) = minimize(barrier, WOLFE, &[0.5]);
    assert!((x[0] - 0.25).abs() < 1e-6, "{x:?}, {info:?}");
    assert!(info.loss.is_finite() && info.stop != LbfgsStop::NotFinite, "{info:?}");
}

/// A function that turns bad at some point ends it, however often it is asked.
#[test]
fn it_ends_whatever_the_function_says() {
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for good in 0..6 {
            for line_search in [None, Some(LineSearch::StrongWolfe)] {
                let mut calls = 0;
                let f = with_gradient(rosenbrock);
                let mut lbfgs = Lbfgs::new(LbfgsParams { line_search, ..WOLFE });
                let (x, info) = lbfgs.step(&[Tensor::<F64>::new(&[-1.2, 1.0], [2])], |x| {
                    calls += 1;
                    let (loss, gradients) = f(x);
                    if calls > good { (loss * bad, gradients) } else { (loss, gradients) }
                });
                // The evaluation with which a line search begins comes on top of `max_eval`, as in PyTorch.
                assert!(calls <= 26 && info.evaluations == calls, "{bad}, {good}: {info:?}");
                assert_eq!(info.stop, LbfgsStop::NotFinite, "{bad}, {good}: {info:?}");
                assert!(info.loss.is_finite() || good == 0);
                assert!(x[0].to_vec().iter().all(|x| x.is_finite()), "{bad}, {good}: {info:?}");
            }
        }
    }
}

#[test]
fn several_parameters_are_one_vector() {
    let f = |x: &[Tensor<F64>]| {
        let flat = Tensor::concat(&[x[0].reshape([2]), x[1].reshape([1])], 0);
        let (loss, gradients) = with_gradient(quadratic)(&[flat]);
        (loss, vec![gradients[0].slice(0, ..2).reshape([2, 1]), gradients[0].slice(0, 2..).reshape([])])
    };
    let start = [Tensor::new(&[4.0, -3.0], [2, 1]), Tensor::scalar(2.0, &Default::default())];
    let (parts, _) = Lbfgs::new(WOLFE).step(&start, f);
    let (whole, _) = minimize(quadratic, WOLFE, &[4.0, -3.0, 2.0]);
    assert_eq!([parts[0].to_vec(), parts[1].to_vec()].concat(), whole);
    let (none, info) = Lbfgs::<F64>::new(WOLFE).step(&[], |_| (Tensor::scalar(3.0, &Default::default()), Vec::new()));
    assert!(none.is_empty());
    assert_eq!((info.loss, info.evaluations), (3.0, 1));
}
