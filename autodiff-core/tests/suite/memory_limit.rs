//! Rematerialisation: less memory for the same bits.

use autodiff_core::{Autodiff, Pass, Passes, Rematerialise, Spec, Tensor, Trace, WengertList};
use backend_cpu::Cpu;

type B = Cpu<f64>;

/// A deep network of wide elementwise layers, whose gradient reads what the forward pass left.
fn deep(layers: usize) -> WengertList<f64> {
    let specs = [("x", Spec::elem([8, 16])), ("w", Spec::elem([16, 16]))];
    WengertList::trace(&specs, |x| {
        let x = [&x[0], &x[1]].map(|x| Tensor::<Autodiff<Trace<f64>>>::variable(x.clone()));
        let w = &x[1];
        let h = (0..layers).fold(x[0].clone(), |h, _| (h.matmul(w).tanh() * 1.5).sigmoid().softplus().softmax(1));
        [("dw", h.square().sum().grad(&[w]).remove(0).expect("the loss depends on it"))]
    })
}

fn run(list: &WengertList<f64>) -> Vec<Vec<u64>> {
    let inputs = list.inputs().iter().map(|var| list[*var].spec.shape);
    let inputs: Vec<_> = inputs
        .map(|shape| {
            let numbers: Vec<f64> = (0_u16..).take(shape.elements()).map(|i| (f64::from(i) * 0.7).sin()).collect();
            Tensor::<B>::from_slice(&numbers, shape, &Default::default())
        })
        .collect();
    list.eval(&inputs).iter().map(|y| y.to_vec().into_iter().map(f64::to_bits).collect()).collect()
}

#[test]
fn the_tighter_the_limit_the_less_memory_and_the_bits_stay() {
    let list = deep(12);
    let (whole, expected) = (list.cost().peak, run(&list));
    let mut before = whole;
    for percent in [90, 75, 60, 45] {
        let limit = whole * percent / 100;
        let smaller = Rematerialise::<B>::new(limit).run(&list);
        let peak = smaller.cost().peak;
        assert!(peak <= limit, "{percent}%: {peak} of {whole}");
        assert!(peak < before);
        assert_eq!(run(&smaller), expected);
        assert!(smaller.cost().flops > list.cost().flops);
        before = peak;
    }
}

#[test]
fn a_limit_that_is_kept_already_changes_nothing() {
    let list = deep(3).expand(|_| false);
    assert!(Rematerialise::<B>::new(u64::MAX).run(&list) == list);
    assert!(Rematerialise::<B>::new(list.cost().peak).run(&list) == list);
}

#[test]
fn a_limit_that_cannot_be_kept_is_approached() {
    let list = deep(12);
    let (smallest, reports) = Passes { memory_limit: Some(0), ..Passes::NONE }.run::<B>(&list);
    assert!(smallest.cost().peak < list.cost().peak / 2);
    assert_eq!(run(&smallest), run(&list));
    assert!(reports[0].to_string().starts_with("rematerialise: "));
}

#[test]
fn outputs_and_what_is_read_at_once_are_not_computed_twice() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([100]))], |x| {
        let y = x[0].exp();
        [("y", y.clone()), ("z", (&y * 2.0).sum())]
    });
    assert!(Rematerialise::<B>::new(0).run(&list) == list);
}
