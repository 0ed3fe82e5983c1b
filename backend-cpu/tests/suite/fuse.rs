//! Which functions of elements become one step, and which must not.

use autodiff_core::{Role, Spec, Tensor, Trace, WengertList};
use backend_cpu::{PlanBuf, ScalarKernels};

type Traced = Tensor<Trace<f32>>;

/// The plan's steps for inputs `a`, `b`, `c` of shape `[4, 4]`, which become the first outputs where `carried` says so.
fn lines(carried: usize, f: impl Fn(&[Traced]) -> Vec<Traced>) -> Vec<String> {
    let spec = Spec::elem([4, 4]);
    let names = ["a", "b", "c"];
    let outputs = ["new.a", "new.b", "new.c", "y", "z"];
    let list = WengertList::trace(&names.map(|name| (name, spec)), |x| {
        outputs.into_iter().skip(if carried == 0 { 3 } else { 0 }).zip(f(x)).collect::<Vec<_>>()
    });
    let roles: Vec<_> = (0..3).map(|n| if n < carried { Role::Carried(n) } else { Role::Given }).collect();
    let plan = PlanBuf::resident::<ScalarKernels>(&list, &roles, true);
    plan.lines().iter().map(|line| line.split_once(" = ").map_or("", |(_, what)| what).into()).collect()
}

#[test]
fn a_chain_is_one_step_and_takes_no_room_between() {
    let found = lines(0, |x| vec![((&x[0] * &x[1]).tanh() + &x[2]).sum()]);
    assert_eq!(found, ["add(tanh(mul(a, b)), c)", "sum(z3, axes=[0, 1])"]);
}

#[test]
fn what_two_parts_of_a_step_read_is_computed_once() {
    let found = lines(0, |x| {
        let y = x[0].sigmoid();
        vec![&y * (1.0 - &y) + &x[1]]
    });
    assert_eq!(found, ["add(mul(r0, sub(1, r0)), b) with r0 = sigmoid(a)"]);
    let square = lines(0, |x| vec![x[0].tanh().square()]);
    assert_eq!(square, ["mul(r0, r0) with r0 = tanh(a)"]);
}

#[test]
fn what_others_read_stays_a_step() {
    let found = lines(0, |x| {
        let y = x[0].exp();
        vec![&y + 1.0, y.matmul(&x[1])]
    });
    assert_eq!(found.len(), 3, "{found:?}");
    let shapes = lines(0, |x| vec![x[0].exp() + x[0].exp().t(), x[1].exp().flip(&[0]) + 1.0]);
    assert_eq!(shapes.len(), 4, "other orders of elements: {shapes:?}");
}

#[test]
fn another_shape_of_the_same_elements_is_no_obstacle() {
    let found = lines(0, |x| vec![(&x[0] + 1.0).reshape([16]).exp()]);
    assert_eq!(found.len(), 1, "{found:?}");
}

/// `(a + b) c`, where `a` and `b` have been read for the last time long before: kept for longer, they would need more room
/// than their sum.
#[test]
fn no_room_is_paid_for_it() {
    let found = lines(0, |x| {
        let (p, q) = (x[0].matmul(&x[1]), x[1].matmul(&x[2]));
        vec![(&p + &q) * x[2].matmul(&x[0])]
    });
    assert_eq!(found.len(), 5, "{found:?}");
    let one = lines(0, |x| {
        let p = x[0].matmul(&x[1]);
        vec![(&p + &x[1]) * x[2].matmul(&x[0])]
    });
    assert_eq!(one, ["matmul(a, b)", "matmul(c, a)", "mul(add(z1, b), z3) over z1"]);
}

#[test]
fn an_update_reads_what_it_overwrites() {
    let found = lines(1, |x| vec![&x[0] - x[1].tanh() * 0.1]);
    assert_eq!(found, ["sub(a, mul(tanh(b), 0.10000000149011612)) over a"]);
    // The old value in another order: a step of its own, before it is overwritten.
    let turned = lines(1, |x| vec![&x[0] - x[0].t() * 0.1]);
    assert_eq!(turned.len(), 2, "{turned:?}");
}

/// A part of a large value would keep all of it.
#[test]
fn a_part_does_not_keep_the_whole() {
    let found = lines(0, |x| {
        let large = Tensor::concat(&[x[0].clone(), x[1].clone()], 0).exp();
        vec![large.sum(), large.slice(0, 0..4).tanh() * x[2].matmul(&x[1])]
    });
    assert!(found.iter().any(|line| line.starts_with("tanh(")), "{found:?}");
}

/// Joined, `y` would read the old value beside the new one, which would then need room of its own.
#[test]
fn an_update_stays_in_its_place() {
    let found = lines(1, |x| {
        let new = &x[0] * 0.9;
        vec![new.clone(), &x[1] + 0.0, &x[2] + 0.0, x[0].tanh() + new]
    });
    assert!(found.iter().any(|line| line.ends_with("over a")), "{found:?}");
    assert!(found.iter().all(|line| !line.starts_with("reshape")), "{found:?}");
}

#[test]
fn a_step_has_an_end() {
    let long = lines(0, |x| vec![(0..60).fold(x[0].sin(), |y, _| y.tanh())]);
    assert_eq!(long.len(), 3, "24 functions at most: {long:?}");
    let cell = |x: &Traced, n: usize| x.slice(0, n / 4..n / 4 + 1).slice(1, n % 4..n % 4 + 1);
    let wide = lines(0, |x| vec![(0..12).fold(x[2].clone(), |y, n| y + cell(&x[1], n))]);
    assert_eq!(wide.len(), 2, "10 operands at most: {wide:?}");
}
