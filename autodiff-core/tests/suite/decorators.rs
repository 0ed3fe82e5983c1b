//! The decorators that watch a computation: `Checked` and `Profile`.

use core::cell::RefCell;
use core::panic::AssertUnwindSafe;
use std::panic;
use std::sync::Once;

use autodiff_core::{
    Autodiff, Backend, Checked, Index, Node, Op, Profile, ProfileDevice, Spec, SpecError, Tensor, WengertList, spec,
    vjp,
};
use backend_cpu::{Cpu, CpuDevice};

type C = Checked<Cpu<f64>>;

thread_local! {
    static FILE: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The message of a panic, which must point into this file.
#[track_caller]
fn caught<R>(f: impl FnOnce() -> R) -> String {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            FILE.set(info.location().map(|at| at.file().to_owned()).unwrap_or_default());
            default(info);
        }));
    });
    let Err(panic) = panic::catch_unwind(AssertUnwindSafe(f)) else { panic!("nothing was reported") };
    assert!(FILE.take().ends_with("decorators.rs"), "the line is not the caller's");
    panic.downcast_ref::<String>().cloned().expect("a message")
}

/// A square root whose result is always NaN below zero, as an operation from outside.
#[derive(Clone, Debug, PartialEq)]
struct Root;

impl Op for Root {
    fn name(&self) -> &'static str {
        "root"
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        spec::arity::<1>(self.name(), inputs).map(|[x]| *x)
    }
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        inputs[0].sqrt()
    }
    fn backward<B: Backend>(&self, _: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad() / (at.output() * 2.0)
    }
}

#[test]
fn the_first_bad_number_is_named_with_its_operation_place_and_shapes() {
    let x = Tensor::<C>::new(&[1.0, 4.0, 0.0, -1.0], [2, 2]);
    let had = "had no such number";
    assert_eq!(caught(|| x.sqrt()), format!("sqrt: NaN at [1, 1] of the result [2, 2]; the inputs [2, 2] {had}"));
    assert_eq!(
        caught(|| 1.0 / &x),
        format!("div: inf at [1, 0] of the result [2, 2]; the inputs [2, 2], [2, 2] {had}")
    );
    let rooted = caught(|| Tensor::call(&Root, &[&x]));
    assert_eq!(rooted, format!("root: NaN at [1, 1] of the result [2, 2]; the inputs [2, 2] {had}"));
    let far = Tensor::<Checked<Cpu<f32>>>::new(&[200.0], [1]);
    assert_eq!(caught(|| far.exp()), format!("exp: inf at [0] of the result [1]; the inputs [1] {had}"));
    assert_eq!(caught(|| Tensor::<C>::new(&[0.0, f64::NAN], [2])), "from_data: NaN at [1] of [2]");

    // A given infinity passes on, but what is made of it must be a number.
    let mask = Tensor::<C>::new(&[0.0, f64::NEG_INFINITY], [2]);
    assert_eq!((&mask + 1.0).softmax(0).to_vec(), [1.0, 0.0]);
    assert!(caught(|| &mask - &mask).starts_with("sub: NaN at [1]"));
    let constant = Tensor::<C>::full([2], f64::INFINITY, &CpuDevice);
    assert!(caught(|| constant * 0.0).starts_with("mul: NaN at [0]"));

    // In the gradient alone: the square root's at 0.
    let zero = Tensor::<Autodiff<C>>::variable(Tensor::new(&[1.0, 0.0], [2]));
    let roots = zero.sqrt();
    assert_eq!(roots.to_vec(), [1.0, 0.0]);
    let reported = panic::catch_unwind(AssertUnwindSafe(|| roots.sum().backward())).unwrap_err();
    let message = reported.downcast_ref::<String>().expect("a message");
    assert!(message.starts_with("div: inf at [1] of the result [2]"), "{message}");

    // Around a recorded computation: values are looked at, gradients are those of the inner level.
    let inner = Tensor::<Autodiff<Cpu<f64>>>::variable(Tensor::new(&[4.0, 9.0], [2]));
    let outer = Tensor::<Checked<Autodiff<Cpu<f64>>>>::checked(inner.clone());
    let sum = Tensor::call(&Root, &[&outer]).sum();
    let gradients = sum.value().grad(&[&inner]);
    assert_eq!(gradients[0].as_ref().unwrap().to_vec(), [0.25, 1.0 / 6.0]);
    assert!(caught(|| (&outer - 4.0).log()).starts_with("log: -inf at [0]"));

    // A list, when it is replayed.
    let list = WengertList::<f64>::trace(&[("x", Spec::elem([2]))], |x| [("y", (&x[0] * 2.0).log())]);
    let inputs = [Tensor::<C>::new(&[1.0, -1.0], [2])];
    assert!(caught(|| list.eval(&inputs)).starts_with("log: NaN at [1]"));
    // Indices hold no such numbers.
    let index = Index::<C>::new(&[i32::MIN], [1]);
    assert_eq!((&index + &index).to_vec(), [0]);
}

#[test]
fn a_profile_counts_calls_operations_and_bytes() {
    let device = ProfileDevice::new(CpuDevice);
    let x = Tensor::<Profile<Cpu<f32>>>::ones([8, 4], &device);
    let w = Tensor::ones([4, 2], &device);
    device.reset();
    assert!(device.report().rows().is_empty());
    let y = x.matmul(&w).t().softmax(0);
    let y = Tensor::call(&Root, &[&y]);
    assert_eq!(y.to_vec().len(), 16);
    let report = device.report();
    let row = |op: &str| {
        let row = report.row(op).unwrap_or_else(|| panic!("{op} is missing from {report}"));
        (row.calls, row.flops, row.bytes)
    };
    assert_eq!(row("matmul"), (1, 2 * 8 * 4 * 2, 4 * (32 + 8 + 16)));
    assert_eq!(row("permute"), (1, 0, 0));
    assert_eq!(row("softmax"), (1, 5 * 16, 4 * (16 + 16)));
    assert_eq!(row("root"), (1, 16, 4 * (16 + 16)));
    assert_eq!(row("to_data"), (1, 0, 4 * 16));
    assert_eq!(report.rows().len(), 5);
    assert!(report.rows().is_sorted_by(|a, b| a.1.time >= b.1.time));
    let table = report.to_string();
    assert_eq!(table.lines().count(), 6);
    assert!(table.starts_with("operation                calls           ms   share   GFLOP/s      GB/s\n"), "{table}");
}

#[test]
fn profiles_do_not_mix_and_nest_with_autodiff_both_ways() {
    let [first, second] = [(); 2].map(|()| ProfileDevice::new(CpuDevice));
    assert!(first != second && first == first.clone());
    let loss = |x: &[Tensor<_>]| x[0].matmul(&x[1]).sum();
    let x = [Tensor::<Profile<Cpu<f64>>>::ones([2, 3], &first), Tensor::ones([3], &first)];
    let (_, gradients) = vjp(loss, &x, &Tensor::scalar(1.0, &first));
    assert_eq!(gradients[1].to_vec(), [2.0; 3]);
    assert_eq!(first.report().row("matmul").unwrap().calls, 3, "forward, and once for each argument");
    assert!(second.report().rows().is_empty());

    let inner = Tensor::<Autodiff<Cpu<f64>>>::variable(Tensor::new(&[4.0], [1]));
    let outer = Tensor::<Profile<Autodiff<Cpu<f64>>>>::profiled(inner.clone(), second.clone());
    let y = Tensor::call(&Root, &[&outer]);
    assert_eq!(y.value().grad(&[&inner])[0].as_ref().unwrap().to_vec(), [0.25]);
    assert_eq!(second.report().row("root").unwrap().calls, 1);
}
