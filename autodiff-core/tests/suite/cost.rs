//! What lists cost, held against counts by hand.

use autodiff_core::{
    Axes, Composite, Conv, Cost, DType, Index, Primitive, Reduce, Scalar, Slide, Spec, Tensor, Trace, WengertList,
    Window, vjp,
};

type T = Tensor<Trace<f32>>;

fn list(specs: &[(&str, Spec)], f: impl FnOnce(&[T]) -> T) -> WengertList<f32> {
    WengertList::trace(specs, |x| [("y", f(x))])
}

#[test]
fn movement_and_constants_cost_nothing_and_what_was_broadcast_is_read_once() {
    let specs = [("x", Spec::elem([8, 16])), ("b", Spec::elem([16]))];
    let moved = list(&specs, |x| x[0].t().reshape([4, 32]).flip(&[0]).slice(0, 1..3).barrier(&x[1]));
    assert_eq!(moved.cost(), Cost::default());
    let cost = list(&specs, |x| (&x[0] + &x[1]) * 2.0).cost();
    assert_eq!(cost.flops, 2 * 128);
    assert_eq!(cost.bytes, 4 * (128 + 16 + 128) + 4 * (128 + 1 + 128));
    assert_eq!(cost.peak, 4 * (128 + 128));
    // Half of x is read.
    assert_eq!(list(&specs, |x| x[0].slice(0, 0..4).exp()).cost().bytes, 4 * (64 + 64));
}

#[test]
fn operations_are_counted_by_their_formulas() {
    let flops = |specs: &[Spec], f: &dyn Fn(&[T]) -> T| {
        let names = ["a", "b", "c"];
        list(&names.into_iter().zip(specs.iter().copied()).collect::<Vec<_>>(), |x| f(x)).cost().flops
    };
    let (a, b) = (Spec::elem([3, 5, 7]), Spec::elem([3, 7, 2]));
    assert_eq!(flops(&[a, b], &|x| x[0].matmul(&x[1])), 2 * 3 * 5 * 7 * 2);
    assert_eq!(flops(&[a], &|x| x[0].sum_axes(&[1])), 105);
    assert_eq!(flops(&[a], &|x| x[0].cumsum(1)), 105);
    assert_eq!(flops(&[Spec::elem([2, 5])], &|x| x[0].argsort(1, false).to_elem()), 10 * 3);
    assert_eq!(flops(&[a], &|x| x[0].argmax(2).to_elem()), 105);
    assert_eq!(flops(&[a], &|x| x[0].lt(&x[0]).select(&x[0], &x[0].exp())), 3 * 105);
    assert_eq!(flops(&[a], &|x| x[0].pad(0, 1, 1).cast(DType::F16)), 0);
    let (row, index) = (Spec::elem([9]), Spec::index([4]));
    assert_eq!(flops(&[row, index], &|x| x[0].gather(0, &x[1].to_index())), 0);
    let updates = Spec::elem([4]);
    assert_eq!(flops(&[row, index, updates], &|x| x[0].scatter_add(0, &x[1].to_index(), &x[2])), 4);
    // max, subtraction, exp, sum, division
    assert_eq!(flops(&[Spec::elem([6])], &|x| x[0].softmax(0)), 5 * 6);
    let mean = Primitive::Reduce { kind: Reduce::Mean, axes: Axes::one(0) };
    assert_eq!(mean.flops(&[Spec::elem([6])], &Spec::elem([1])), 6);
}

#[test]
fn windows_cost_their_cells() {
    let slide = Slide { kernel: 3, stride: 2, lo: 1, hi: 1, ..Slide::UNIT };
    let window = Window::new(&[slide, Slide { kernel: 2, ..Slide::UNIT }]).unwrap();
    let (x, y) = (Spec::elem([5, 9, 7]), Spec::elem([5, 5, 6]));
    let one = (5 * 5 * 6) * (3 * 2);
    let sums = Primitive::WindowSum { window };
    assert_eq!(sums.infer(&[x]), Ok(y));
    assert_eq!(sums.flops(&[x], &y), one);
    let largest = Primitive::WindowArgMax { window };
    assert_eq!(largest.flops(&[x], &largest.infer(&[x]).unwrap()), one);
    let spread = Primitive::WindowSpread { window, size: [1, 9, 7] };
    assert_eq!(spread.infer(&[y]), Ok(x));
    assert_eq!(spread.flops(&[y], &x), one);
}

#[test]
fn of_a_table_only_the_rows_asked_for_are_read() {
    let specs = [("table", Spec::elem([1000, 16])), ("row", Spec::index([3]))];
    let rows = list(&specs, |x| x[0].index_select(0, &x[1].to_index()));
    assert_eq!(rows.cost().bytes, 4 * (3 * 16 + 3 + 3 * 16));
    // Every element many times: no more is read than is there.
    let specs = [("x", Spec::elem([2])), ("place", Spec::index([100]))];
    assert_eq!(list(&specs, |x| x[0].gather(0, &x[1].to_index())).cost().bytes, 4 * (2 + 100 + 100));
}

#[test]
fn costs_beyond_the_largest_number_stay_there() {
    let far = [("x", Spec::elem([1 << 62]))];
    let cost = list(&far, |x| x[0].exp() + x[0].sin() * x[0].cos()).cost();
    assert_eq!(cost, Cost { flops: u64::MAX, bytes: u64::MAX, peak: u64::MAX });
}

#[test]
fn formats_have_their_sizes() {
    let half = Spec { dtype: DType::F16, ..Spec::elem([10]) };
    assert_eq!(list(&[("x", half)], |x| x[0].exp()).cost().bytes, 2 * (10 + 10));
    assert_eq!(list(&[("x", Spec::index([10]))], |x| Index::to_elem(&x[0].to_index())).cost().bytes, 4 * (10 + 10));
    let wide = WengertList::<f64>::trace(&[("x", Spec::elem([10]))], |x| [("y", x[0].exp())]);
    assert_eq!(wide.cost().bytes, 8 * (10 + 10));
}

#[test]
fn what_is_alive_is_what_is_read_later() {
    let spec = [("x", Spec::elem([100]))];
    let chain = |n: usize| list(&spec, |x| (0..n).fold(x[0].clone(), |x, _| x.tanh())).cost().peak;
    assert_eq!([chain(1), chain(2), chain(9)], [400, 800, 800]);
    // Three are alive while the last is computed; a view keeps what it is a view of.
    let fan = list(&spec, |x| {
        let (a, b) = (x[0].sin(), x[0].cos());
        a.flip(&[0]) + &b
    });
    assert_eq!(fan.cost().peak, 3 * 400);
    let outputs = WengertList::<f32>::trace(&spec, |x| {
        let a = x[0].sin();
        [("b", a.cos().tanh()), ("a", a)]
    });
    assert_eq!(outputs.cost().peak, 3 * 400, "an output lives to the end");
}

/// The gradients of all layers' weights, in the order of the layers: that of the last one is computed first all the same.
#[test]
fn gradients_in_the_order_of_the_layers_do_not_keep_each_other_waiting() {
    const LAYERS: usize = 16;
    const SIDE: usize = 8;
    let names = |letter: char| (0..=LAYERS).map(|layer| format!("{letter}{layer}")).collect::<Vec<_>>();
    let (inputs, outputs) = (names('w'), names('d'));
    let specs: Vec<_> = inputs.iter().map(|name| (&name[..], Spec::elem([SIDE, SIDE]))).collect();
    let peak = |reversed: bool| {
        let list = WengertList::<f32>::trace(&specs, |x| {
            let f = |w: &[Tensor<_>]| w[1..].iter().fold(w[0].clone(), |h, w| h.matmul(w).tanh()).sum();
            let (_, gradients) = vjp(f, x, &Tensor::scalar(1.0, x[0].device()));
            // Not the gradients, which live to the end, but a number from each.
            let numbers = gradients.iter().map(|g| g.square().sum());
            let mut named: Vec<_> = outputs.iter().map(|name| &name[..]).zip(numbers).collect();
            if reversed {
                named.reverse();
            }
            named
        });
        list.cost().peak
    };
    let (forward, backward) = (peak(false), peak(true));
    assert_eq!(forward, backward);
    // Each layer's output, and a few values in between.
    let one = (4 * SIDE * SIDE) as u64;
    assert!(forward <= (LAYERS as u64 + 5) * one, "{} of {one} bytes", forward / one);
}

#[test]
fn a_convolution_and_its_two_gradients_cost_the_same() {
    let specs = [("x", Spec::elem([2, 4, 10])), ("w", Spec::elem([6, 2, 3])), ("g", Spec::elem([2, 6, 8]))];
    // Each of the elements of y is a sum of two channels times three cells.
    let one = 2 * (2 * 6 * 8) * (2 * 3);
    let conv = |x: &Tensor<_>, w: &Tensor<_>| x.conv1d(w, None, Conv { groups: 2, ..Conv::default() });
    assert_eq!(
        list(&specs[..2], |x| x[0].conv1d(&x[1], None, Conv { groups: 2, ..Conv::default() })).cost().flops,
        one
    );
    let gradients = WengertList::<f32>::trace(&specs, |x| {
        ["dx", "dw"].into_iter().zip(vjp(|x| conv(&x[0], &x[1]), &x[..2], &x[2]).1)
    });
    assert_eq!(gradients.cost().flops, 2 * one);
}

/// What `infer` accepts has a body, however large it is: nothing on the way is larger than can be counted.
#[test]
fn accepted_composites_can_be_counted() {
    let extents = [0, 1, 3, 1 << 20, (1 << 31) - 1, 1 << 31, 1 << 40, 1 << 62];
    let (axes, eps) = (Axes::one(0), Scalar::new(1e-5));
    let mut counted = 0;
    let mut count = |composite, inputs: &[Spec]| {
        let op = Primitive::Call(composite);
        match op.infer(inputs) {
            Ok(out) if inputs.iter().all(|input| input.shape.checked_elements().is_some()) => {
                counted += 1;
                let _ = op.flops(inputs, &out);
            }
            _ => {}
        }
    };
    for code in 0..8_usize.pow(3) {
        let [a, b, c] = [0, 1, 2].map(|digit| extents[code >> (3 * digit) & 7]);
        for dtype in [DType::Elem, DType::F16] {
            let of = |shape: &[usize]| Spec::elem(shape).cast(dtype);
            let x = of(&[a, b, c]);
            count(Composite::Softmax { axis: 2 }, &[x]);
            count(Composite::LogSoftmax { axis: 0 }, &[x]);
            count(Composite::LogSumExp { axis: 1 }, &[x]);
            count(Composite::Gelu, &[x]);
            count(Composite::Softplus, &[x]);
            count(Composite::Standardize { axes, eps }, &[x]);
            count(Composite::RmsNorm { axes, eps }, &[x]);
            count(Composite::LayerNorm { eps }, &[x, of(&[b, c]), of(&[b, c])]);
            count(Composite::CrossEntropy, &[x, Spec::index([a, b])]);
            for (causal, scale) in [(false, None), (true, Some(Scalar::new(0.5)))] {
                let attention = Composite::Attention { causal, scale };
                count(attention, &[of(&[1, a, b]), of(&[1, c, b]), of(&[1, c, a])]);
                count(attention, &[of(&[2, a, 0]), of(&[2, b, 0]), of(&[2, b, c]), of(&[2, a, b])]);
            }
        }
    }
    assert!(counted > 1_000, "{counted}");
}
