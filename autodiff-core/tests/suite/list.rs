//! Wengert lists: how they are built, merged and printed.

use autodiff_core::{Autodiff, Backend, Index, InputError, Spec, Tensor, Trace, WengertList};
use backend_cpu::Cpu;

type T = Tensor<Trace<f64>>;

fn scalar() -> Spec {
    Spec::elem([])
}

#[test]
fn the_lectures_function_prints_as_the_textbook_writes_it() {
    let list =
        WengertList::<f64>::trace(&[("x1", scalar()), ("x2", scalar())], |x| [("f", (&x[0] + &x[0] + &x[1]).square())]);
    assert_eq!(list.to_string(), "z1 = add(x1, x1)\nz2 = add(z1, x2)\nf = mul(z2, z2)\n");
    let reverse = "df = 1\n\
                   dz2 = df * z2\n\
                   dz2 += df * z2\n\
                   dz1 = dz2\n\
                   dx2 = dz2\n\
                   dx1 = dz1\n\
                   dx1 += dz1\n";
    assert_eq!(list.reverse("f").to_string(), reverse);
}

#[test]
fn right_hand_sides_in_reverse_are_the_rules_own() {
    let spec = Spec::elem([2, 3]);
    let list = WengertList::<f64>::trace(&[("x", spec), ("w", Spec::elem([3, 2])), ("b", Spec::elem([2]))], |x| {
        [("y", (x[0].matmul(&x[1]) + &x[2]).tanh().sum())]
    });
    let printed = format!("{list:#}");
    assert_eq!(
        printed,
        "z1 = matmul(x, w)    # [2, 2]\n\
         z2 = broadcast(b, [2, 2])    # [2, 2]\n\
         z3 = add(z1, z2)    # [2, 2]\n\
         z4 = tanh(z3)    # [2, 2]\n\
         z5 = sum(z4, axes=[0, 1])    # [1, 1]\n\
         y = reshape(z5, [])    # []\n"
    );
    assert_eq!(
        list.reverse("y").to_string(),
        "dy = 1\n\
         dz5 = reshape(dy, [1, 1])\n\
         dz4 = broadcast(dz5, [2, 2])\n\
         dz3 = dz4 - dz4 * z4 * z4\n\
         dz1 = dz3\n\
         dz2 = dz3\n\
         db = reshape(sum(dz2, axes=[0]), [2])\n\
         dx = matmul(dz1, permute(w, [1, 0]))\n\
         dw = matmul(permute(x, [1, 0]), dz1)\n"
    );
}

#[test]
fn equal_assignments_are_merged_and_dead_ones_left_out() {
    let list = WengertList::<f64>::trace(&[("x", scalar()), ("unused", scalar())], |x| {
        let _dead = x[0].exp().sin();
        let (a, b) = (x[0].tanh() * 2.0, x[0].tanh() * 2.0);
        [("y", a + b)]
    });
    assert_eq!(list.to_string(), "z1 = tanh(x)\nz2 = mul(z1, 2)\ny = add(z2, z2)\n");
    assert_eq!(list.inputs().len(), 2, "an input stays though nothing reads it");
    assert_eq!(list.without_dead_code(), list);
}

#[test]
fn a_barrier_keeps_equal_computations_apart() {
    let list = WengertList::<f64>::trace(&[("x", scalar()), ("t", scalar())], |x| {
        [("y", x[0].tanh() + x[0].barrier(&x[1]).tanh())]
    });
    assert_eq!(list.to_string().matches("tanh").count(), 2);
}

#[test]
fn data_is_merged_by_its_bits() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2]))], |x| {
        let data = |values: [f64; 2]| T::new(&values, [2]);
        [("y", &x[0] * data([1.0, 0.0]) + &x[0] * data([1.0, 0.0]) + &x[0] * data([1.0, -0.0]))]
    });
    assert_eq!(list.to_string().matches("data").count(), 2, "{list}");
}

#[test]
fn two_traces_are_equal_lists() {
    fn step<B: Backend>(x: &Tensor<B>) -> Tensor<B> {
        (x.matmul(&x.t()).softmax(-1) + Tensor::uniform(&Index::key(3, x.device()), [2, 2])).log_softmax(0)
    }
    let trace = || WengertList::<f32>::trace(&[("x", Spec::elem([2, 5]))], |x| [("y", step(&x[0]))]);
    assert_eq!(trace(), trace());
}

#[test]
fn one_value_can_come_out_under_several_names() {
    let list = WengertList::<f64>::trace(&[("x", scalar())], |x| {
        let y = x[0].exp();
        [("a", y.clone()), ("b", y), ("c", x[0].clone()), ("d", T::new(&[2.0], []))]
    });
    let values = list.eval::<Cpu<f64>>(&[Tensor::new(&[0.0], [])]);
    assert_eq!(values.iter().map(Tensor::item).collect::<Vec<_>>(), [1.0, 1.0, 0.0, 2.0]);
    assert_eq!(list.to_string(), "d = data([])\na = exp(x)\nb = a\nc = x\n");
    assert_eq!((list.output("c"), list.input("x"), list.input("y")), (Some(2), Some(0), None));
}

#[test]
fn numbered_names_keep_clear_of_given_ones() {
    let list = WengertList::<f64>::trace(&[("z1", scalar())], |x| [("z2", x[0].exp().sin())]);
    assert_eq!(list.to_string(), "z3 = exp(z1)\nz2 = sin(z3)\n");
    assert_eq!(list.names(), ["z1", "z3", "z2"]);
}

#[test]
fn inputs_are_checked_against_the_list() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2])), ("i", Spec::index([2]))], |x| {
        [("y", x[0].gather(0, &x[1].to_index()))]
    });
    let [x, i] = [Tensor::<Cpu<f64>>::new(&[1.0, 2.0], [2]), Index::new(&[1, 0], [2]).tensor().clone()];
    assert_eq!(list.eval(&[x.clone(), i.clone()])[0].to_vec(), [2.0, 1.0]);
    assert_eq!(list.try_eval(core::slice::from_ref(&x)).unwrap_err(), InputError::Count { expected: 2, found: 1 });
    let error = list.try_eval(&[x.clone(), x]).unwrap_err();
    assert_eq!(error.to_string(), "input `i` of the list is index[2], [2] given");
}

#[test]
fn the_graph_is_drawn_as_dot() {
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2]))], |x| [("y", (&x[0] * 2.0).tanh())]);
    let dot = list.to_dot();
    for part in ["digraph {", "label=\"x\\n[2]\", shape=box", "label=\"2\\n", "label=\"y = tanh", "n0 -> n3"] {
        assert!(dot.contains(part), "{part} in\n{dot}");
    }
    let arrows: Vec<&str> = dot.lines().filter(|line| line.contains("->")).collect();
    assert_eq!(arrows.len(), 3, "x and 2 into mul, mul into tanh:\n{dot}");
    for arrow in arrows {
        for end in arrow.trim().trim_end_matches(';').split(" -> ") {
            assert!(dot.contains(&format!("    {end} [")), "{end} is drawn:\n{dot}");
        }
    }
}

#[test]
fn a_traced_gradient_step_prints_whole() {
    let list = WengertList::<f64>::trace(&[("w", scalar()), ("x", scalar()), ("lr", scalar())], |v| {
        let w = Tensor::<Autodiff<Trace<f64>>>::variable(v[0].clone());
        let loss = (&w * Tensor::constant_of(v[1].clone())).sin();
        let gradient = loss.grad(&[&w]).remove(0).unwrap();
        [("loss", loss.value().clone()), ("w'", &v[0] - &v[2] * gradient)]
    });
    assert_eq!(
        list.to_string(),
        "z1 = mul(w, x)\nloss = sin(z1)\nz2 = cos(z1)\nz3 = mul(1, z2)\nz4 = mul(z3, x)\nz5 = mul(lr, z4)\nw' = sub(w, z5)\n"
    );
}

#[test]
#[should_panic(expected = "`tanh` is traced, so it has no numbers yet")]
fn reading_a_traced_value_says_why_it_cannot() {
    let _ = T::input("x", scalar()).tanh().to_vec();
}

#[test]
#[should_panic(expected = "a value depends on `w`, which is not among the inputs")]
fn an_undeclared_input_is_named() {
    let (x, w) = (T::input("x", scalar()), T::input("w", scalar()));
    let _ = WengertList::new(&[&x], &[("y", &(&x * &w))]);
}

#[test]
#[should_panic(expected = "two values are named `x`")]
fn an_output_cannot_take_the_name_of_another_value() {
    let _ = WengertList::<f64>::trace(&[("x", scalar())], |x| [("x", x[0].exp())]);
}

#[test]
#[should_panic(expected = "two values are named `y`")]
fn equal_output_names_are_refused() {
    let _ = WengertList::<f64>::trace(&[("x", scalar())], |x| [("y", x[0].exp()), ("y", x[0].sin())]);
}

#[test]
#[should_panic(expected = "two inputs are named `x`")]
fn equal_input_names_are_refused() {
    let _ = WengertList::<f64>::trace(&[("x", scalar()), ("x", scalar())], |x| [("y", &x[0] * &x[1])]);
}
