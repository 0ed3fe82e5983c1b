//! What each pass makes of a list, and what it leaves alone.

use autodiff_core::{
    AbsorbTransposes, Accumulate, Autodiff, DType, FoldConstants, JoinParts, Pass, Primitive, Simplify, Spec, Tensor,
    Trace, WengertList, f16, run_passes,
};
use backend_cpu::Cpu;

type Value = Tensor<Trace<f32>>;

/// The list of `f(x, y)` with matrices `x` and `y` after a pass, evaluated to the same bits as before.
#[track_caller]
fn passed(pass: &dyn Pass<f32>, f: impl FnOnce(&Value, &Value) -> Value) -> String {
    let specs = [("x", Spec::elem([2, 3])), ("y", Spec::elem([2, 3]))];
    let list = WengertList::<f32>::trace(&specs, |v| [("out", f(&v[0], &v[1]))]);
    let after = pass.run(&list);
    let inputs = [[-0.0, 1.5, -2.0, f64::INFINITY, 0.25, 7.0], [3.0, -0.5, 0.0, 1.0, -1.0, 2.0]];
    let inputs = inputs.map(|numbers| Tensor::<Cpu<f32>>::new(&numbers, [2, 3]));
    let [expected, found] = [&list, &after].map(|list| list.eval(&inputs)[0].to_data());
    assert!(expected.same_bits(&found), "{expected:?} became {found:?}\n{list}\n{after}");
    after.to_string()
}

/// Simplified it is this list.
#[track_caller]
fn simplified(expected: &str, f: impl FnOnce(&Value, &Value) -> Value) {
    let lines: Vec<String> =
        passed(&Simplify, f).lines().map(|line| line.split("    #").next().unwrap_or_default().into()).collect();
    assert_eq!(lines.join("; "), expected);
}

#[test]
fn neutral_elements_go() {
    simplified("out = x", |x, _| x * 1.0);
    simplified("out = x", |x, _| x.ones_like() * x);
    simplified("out = x", |x, _| x / x.ones_like());
    simplified("out = x", |x, _| x.pow(&x.ones_like()));
    simplified("out = x", |x, _| x - 0.0);
}

#[test]
fn zeros_that_change_a_sign_stay() {
    for (name, f) in [("add", (|x, _| x + 0.0) as fn(&Value, &Value) -> Value), ("sub", |x, _| x - -0.0)] {
        assert!(passed(&Simplify, f).contains(name));
    }
    assert!(passed(&Simplify, |x, _| -(x - x)).contains("neg"));
}

#[test]
fn signs_cancel() {
    simplified("out = x", |x, _| -(-x));
    simplified("out = sub(x, y)", |x, y| x + -y);
    simplified("out = sub(y, x)", |x, y| -x + y);
    simplified("out = add(x, y)", |x, y| x - -y);
    simplified("out = mul(x, y)", |x, y| -x * -y);
    simplified("out = div(x, y)", |x, y| -x / -y);
    simplified("out = abs(x)", |x, _| (-x).abs());
}

#[test]
fn what_is_done_twice_is_done_once() {
    simplified("out = relu(x)", |x, _| x.relu().relu());
    simplified("out = floor(x)", |x, _| x.floor().floor().floor());
    simplified("out = x", |x, _| x.maximum(x));
    simplified("z1 = tanh(x); out = tanh(z1)", |x, _| x.tanh().tanh());
}

#[test]
fn choices_that_are_made_go() {
    simplified("out = x", |x, y| x.ones_like().select(x, y));
    simplified("out = y", |x, y| x.zeros_like().select(x, y));
    simplified("out = y", |x, y| x.lt(y).select(y, y));
}

#[test]
fn movements_join() {
    simplified("out = x", |x, _| x.t().t());
    simplified("out = x", |x, _| x.flip(&[0, 1]).flip(&[1]).flip(&[0]));
    simplified("out = flip(x, axes=[1])", |x, _| x.flip(&[0, 1]).flip(&[0]));
    simplified("out = x", |x, _| x.reshape([6]).reshape([3, 2]).reshape([2, 3]));
    simplified("out = reshape(x, [6])", |x, _| x.reshape([3, 2]).reshape([6]));
    simplified("out = x", |x, _| x.slice(0, ..).pad(1, 0, 0));
    simplified("out = 2", |x, _| x.new_full([2, 3], 2.0).t().broadcast_to([4, 3, 2]).slice(2, ..1).squeeze(2).t());
}

#[test]
fn what_is_broadcast_is_computed_before() {
    simplified("z1 = slice(x, axis=0, 0..1); z2 = exp(z1); out = broadcast(z2, [2, 3])", |x, _| {
        x.slice(0, ..1).broadcast_to([2, 3]).exp()
    });
    simplified("z1 = slice(x, axis=0, 0..1); z2 = mul(z1, z1); out = broadcast(z2, [2, 3])", |x, _| {
        let wide = x.slice(0, ..1).broadcast_to([2, 3]);
        &wide * &wide
    });
}

#[test]
fn a_barrier_is_not_looked_through() {
    let hidden = |x: &Value, y: &Value| Tensor::call(&Primitive::Barrier, &[&-x, y]);
    assert!(passed(&Simplify, |x, y| -hidden(x, y)).contains("neg"));
    assert!(passed(&FoldConstants::<Cpu<f32>>::new(), |x, y| hidden(&x.ones_like(), y).exp()).contains("exp"));
}

#[test]
fn constants_are_computed_beforehand() {
    let fold = FoldConstants::<Cpu<f32>>::new();
    let folded = passed(&fold, |x, _| x * ((x.new_full([], 4.0).sqrt() + 1.0) / 2.0));
    assert_eq!(folded, "out = mul(x, 1.5)\n");
    let data = |x: &Value| Tensor::from_slice(&[1.0, 2.0, 3.0], [3], x.device());
    let folded = passed(&fold, |x, _| x + data(x).flip(&[0]).exp().cast(DType::F16).cast(DType::Elem));
    assert!(folded.contains("data") && !folded.contains("exp") && !folded.contains("f16"), "{folded}");
}

#[test]
fn large_results_are_not_kept() {
    let fold = FoldConstants::<Cpu<f32>>::new();
    let wide = |x: &Value, width: usize| x.new_full([1], 0.5).tanh().broadcast_to([width]).exp().sum();
    assert!(passed(&fold, |x, _| x * wide(x, 1 << 17)).contains("exp"));
    assert!(!passed(&fold, |x, _| x * wide(x, 1 << 10)).contains("exp"));
}

#[test]
fn passes_run_one_behind_another() {
    let specs = [("x", Spec::elem([4]))];
    let list = WengertList::<f32>::trace(&specs, |x| [("y", &x[0] * x[0].new_full([], 1.0).sqrt())]);
    let (after, reports) = run_passes(&list, &[&FoldConstants::<Cpu<f32>>::new(), &Simplify]);
    assert_eq!(after.to_string(), "y = x\n");
    let lengths: Vec<_> =
        reports.iter().map(|report| (report.pass, report.before.assignments, report.after.assignments)).collect();
    assert_eq!(lengths, [("fold_constants", 5, 4), ("simplify", 4, 1)]);
}

/// The sum of products along a chain, as the gradient of a weight that is used in each link.
fn tied_chain(links: usize, width: usize) -> WengertList<f32> {
    let specs = [("h", Spec::elem([2, width])), ("w", Spec::elem([width, width]))];
    WengertList::trace(&specs, |x| {
        let w = Tensor::<Autodiff<Trace<f32>>>::variable(x[1].clone());
        let h = (0..links).fold(Tensor::constant_of(x[0].clone()), |h, _| h.matmul(&w).tanh());
        [("grad", h.sum().grad(&[&w]).remove(0).expect("the loss depends on it"))]
    })
}

#[test]
fn products_are_added_up_where_the_sum_is() {
    let list = tied_chain(4, 3);
    let after = Accumulate.run(&list);
    assert_eq!(after.to_string().matches("addmm").count(), 3);
    assert_eq!(after.assignments().len() + 3, list.assignments().len());
    let inputs = [[2, 3], [3, 3]].map(|shape: [usize; 2]| {
        let numbers: Vec<f32> = (0_u16..).take(shape[0] * 3).map(|i| f32::from(i).sin()).collect();
        Tensor::<Cpu<f32>>::from_slice(&numbers, shape, &Default::default())
    });
    assert_eq!(after.eval(&inputs)[0].to_vec(), list.eval(&inputs)[0].to_vec());
}

#[test]
fn products_that_are_long_or_read_elsewhere_or_of_halves_stay() {
    let stays = |list: WengertList<f32>| assert!(Accumulate.run(&list) == list);
    for (a, b) in [([2, 300], [300, 2]), ([2, 1], [1, 2]), ([1, 3], [3, 2]), ([2, 3], [3, 1])] {
        stays(passed_list(a, b, |c, ab| vec![("y", c + ab)]));
    }
    stays(passed_list([2, 3], [3, 2], |c, ab| vec![("y", c + ab), ("ab", ab.clone())]));
    stays(passed_list([2, 3], [3, 2], |c, ab| vec![("y", c + ab), ("z", ab.tanh())]));
    stays(passed_list([2, 3], [3, 2], |_, ab| vec![("y", ab + ab)]));
    stays(passed_list([2, 3], [3, 2], |c, ab| vec![("y", c - ab)]));
    let half = [("c", Spec::elem([2, 2])), ("a", Spec::elem([2, 2]))];
    let list = WengertList::<f16>::trace(&half, |x| [("y", &x[0] + x[1].matmul(&x[0]))]);
    assert!(Accumulate.run(&list) == list);
    let list = passed_list([2, 3], [3, 2], |c, ab| vec![("y", ab + c)]);
    assert_eq!(Accumulate.run(&list).to_string(), "y = addmm(c, a, b)\n");
}

type Named = Vec<(&'static str, Tensor<Trace<f32>>)>;

/// What a function makes of `c` and the product of `a` and `b`.
fn passed_list(
    a: [usize; 2],
    b: [usize; 2],
    f: impl Fn(&Tensor<Trace<f32>>, &Tensor<Trace<f32>>) -> Named,
) -> WengertList<f32> {
    let specs = [("c", Spec::elem([a[0], b[1]])), ("a", Spec::elem(a)), ("b", Spec::elem(b))];
    WengertList::trace(&specs, |x| f(&x[0], &x[1].matmul(&x[2])))
}

#[test]
fn folding_neither_recurses_along_movements_nor_computes_on_what_is_large() {
    let fold = FoldConstants::<Cpu<f32>>::new();
    let list = WengertList::<f32>::trace(&[("x", Spec::elem([6]))], |x| {
        let data = Tensor::<Trace<f32>>::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [2, 3]);
        let turned = (0..100_000).fold(data, |data, _| data.transpose(0, 1));
        [("y", &x[0] + turned.exp().reshape([6]))]
    });
    assert_eq!(fold.run(&list).assignments().len(), 4);
    // 2^40 numbers, of which the sum would take hours.
    let list = WengertList::<f32>::trace(&[("x", Spec::elem([]))], |x| {
        [("y", &x[0] + x[0].new_full([1 << 20, 1 << 20], 1.0).sum())]
    });
    assert!(fold.run(&list) == list);
}

#[test]
fn transposes_of_products_become_those_of_their_factors() {
    let turned = |a: [usize; 2], b: [usize; 2], f: fn(&Tensor<Trace<f32>>) -> Tensor<Trace<f32>>| {
        AbsorbTransposes.run(&passed_list(a, b, |_, ab| vec![("y", f(ab))])).to_string()
    };
    let expected = "z1 = permute(b, [1, 0])\nz2 = permute(a, [1, 0])\nz3 = matmul(z1, z2)\ny = exp(z3)\n";
    assert_eq!(turned([2, 3], [3, 2], |ab| ab.t().exp()), expected);
    assert!(turned([2, 3], [3, 2], |ab| ab.t() + ab).contains("permute(z1"), "it is read elsewhere");
    assert!(turned([1, 3], [3, 2], |ab| ab.t().exp()).contains("permute(z1"), "a row");
    let specs = [("a", Spec::elem([5, 2, 3])), ("b", Spec::elem([5, 3, 2]))];
    let batched = WengertList::<f32>::trace(&specs, |x| {
        let product = x[0].transpose(1, 2).matmul(&x[1].transpose(1, 2));
        [("y", product.transpose(1, 2).exp()), ("z", x[0].matmul(&x[1]).transpose(0, 1).exp())]
    });
    let after = AbsorbTransposes.run(&batched);
    assert!(after.to_string().contains("matmul(b, a)"), "{after}");
    assert!(after.to_string().contains("[1, 0, 2]"), "other axes stay: {after}");
    let inputs = [[5, 2, 3], [5, 3, 2]].map(|shape: [usize; 3]| {
        let numbers: Vec<f32> = (0_u16..30).map(|i| f32::from(i).sin()).collect();
        Tensor::<Cpu<f32>>::from_slice(&numbers, shape, &Default::default())
    });
    let values = |list: &WengertList<f32>| list.eval(&inputs).iter().map(Tensor::to_vec).collect::<Vec<_>>();
    assert_eq!(values(&after), values(&batched));
}

/// The list behind the pass, without the shapes.
fn put_together(f: impl FnOnce(&Value, &Value) -> Value) -> String {
    passed(&JoinParts, f)
        .lines()
        .map(|line| line.split("    #").next().unwrap_or_default())
        .collect::<Vec<_>>()
        .join("; ")
}

#[test]
fn parts_are_put_beside_each_other() {
    // -0 is among the numbers of x: the sum makes it 0.
    let two = put_together(|x, y| x.pad(0, 0, 2) + y.pad(0, 2, 0));
    assert_eq!(two, "z1 = concat(x, y, axis=0); out = add(z1, 0)");
    let swapped = put_together(|x, y| x.pad(1, 3, 0) + y.pad(1, 0, 3));
    assert_eq!(swapped, "z1 = concat(y, x, axis=1); out = add(z1, 0)");
    let three = put_together(|x, y| x.pad(0, 0, 4) + y.pad(0, 2, 2) + x.pad(0, 4, 0));
    assert!(three.contains("concat(x, y, x, axis=0)"), "{three}");
}

#[test]
fn parts_of_parts_are_put_together_at_once() {
    let tree = put_together(|x, y| {
        let half = x.pad(0, 0, 2) + y.pad(0, 2, 0);
        half.pad(0, 0, 4) + half.pad(0, 4, 0)
    });
    assert_eq!(tree, "z1 = concat(x, y, x, y, axis=0); out = add(z1, 0)");
}

#[test]
fn parts_that_overlap_or_leave_a_gap_are_added() {
    let overlap = put_together(|x, y| x.pad(0, 0, 1) + y.pad(0, 1, 0));
    let gap = put_together(|x, y| x.pad(0, 0, 3) + y.pad(0, 3, 0));
    let across = put_together(|x, y| {
        x.pad(0, 0, 2).slice(1, 0..2) + y.slice(1, 0..2).pad(0, 2, 0) + x.slice(0, 0..1).slice(1, 0..2)
    });
    let apart = put_together(|x, _| x.slice(0, 0..1).pad(0, 0, 1) + x.slice(1, 0..1).pad(1, 2, 0));
    for list in [overlap, gap, across, apart] {
        assert!(!list.contains("concat"), "{list}");
    }
}

/// A sum of ever more parts is looked through so far only, and nothing recurses along it.
#[test]
fn a_long_sum_of_parts_is_no_way_down() {
    let spec = [("x", Spec::elem([1]))];
    let parts = |x: &Value, n: usize| (0..n).map(|at| x.pad(0, at, n - 1 - at)).reduce(|sum, part| sum + part);
    let list = |n| WengertList::<f32>::trace(&spec, |v| parts(&v[0], n).map(|sum| ("y", sum)));
    assert!(JoinParts.run(&list(12)).to_string().contains("concat"));
    let long = list(5_000);
    assert_eq!(JoinParts.run(&long).assignments().len(), long.assignments().len());
}
