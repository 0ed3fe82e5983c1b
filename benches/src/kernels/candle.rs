//! The same operations in candle, by the same names, as far as its core has them. Gradients of convolutions are not
//! operations of their own there.

use core::hint::black_box;

use candle_core::{D, DType, Device, Result, Tensor};

use super::{Kernel, LAYERS, POOLED, Run};
use crate::workloads::{PRODUCTS, product_name};

type Function = fn(&Tensor) -> Result<Tensor>;

/// Every operation.
#[must_use]
pub fn all() -> Vec<Kernel> {
    let mut list = List(Vec::new());
    for [m, k, n] in PRODUCTS {
        list.add("matmul", product_name("f32", [m, k, n]), &[&[m, k], &[k, n]], |x| x[0].matmul(&x[1]));
    }
    list.elementwise();
    list.reductions();
    for layer in LAYERS {
        let [x, w, _] = layer.shapes();
        let padding = layer.w[2];
        list.add("conv", format!("{} forward", layer.name), &[&x, &w], move |x| x[0].conv2d(&x[1], padding, 1, 1, 1));
    }
    for (name, shape) in POOLED {
        list.add("pool", format!("{name} max"), &[&shape], |x| x[0].max_pool2d(2));
        list.add("pool", format!("{name} mean"), &[&shape], |x| x[0].avg_pool2d(2));
    }
    list.indexed("index", "embedding", &[&[10_000, 256]], |x, tokens| x[0].index_select(tokens, 0));
    list.indexed("index", "embedding gradient", &[&[8192, 256]], |x, tokens| {
        Tensor::zeros((10_000, 256), DType::F32, &Device::Cpu)?.index_add(tokens, &x[0], 0)
    });
    list.add("random", "uniform", &[], |_| Tensor::rand(0.0_f32, 1.0, (4096, 1024), &Device::Cpu));
    list.0
}

struct List(Vec<Kernel>);

impl List {
    /// An operation on normally distributed tensors of these shapes, and on 8192 numbers below 10,000.
    fn indexed(
        &mut self,
        family: &'static str,
        name: impl Into<String>,
        shapes: &[&[usize]],
        f: impl Fn(&[Tensor], &Tensor) -> Result<Tensor> + Copy + 'static,
    ) {
        let shapes: Vec<Vec<usize>> = shapes.iter().map(|shape| shape.to_vec()).collect();
        let name = name.into();
        let positive = name == "log";
        let prepare = move || -> Result<Run> {
            let normal = |shape: &Vec<usize>| Tensor::randn(0.0_f32, 1.0, shape.as_slice(), &Device::Cpu);
            let mut x = shapes.iter().map(normal).collect::<Result<Vec<_>>>()?;
            if positive {
                x = x.iter().map(Tensor::abs).collect::<Result<_>>()?;
            }
            let index = Tensor::rand(0.0_f32, 10_000.0, 8192, &Device::Cpu)?.to_dtype(DType::U32)?;
            Ok(Box::new(move || drop(black_box(expected(f(&x, &index))))))
        };
        self.0.push(Kernel { family, name, build: Box::new(move || expected(prepare())) });
    }

    fn add(
        &mut self,
        family: &'static str,
        name: impl Into<String>,
        shapes: &[&[usize]],
        f: impl Fn(&[Tensor]) -> Result<Tensor> + Copy + 'static,
    ) {
        self.indexed(family, name, shapes, move |x, _| f(x));
    }

    fn elementwise(&mut self) {
        const MILLION: &[usize] = &[1_000_000];
        let functions: [(&str, Function); 6] = [
            ("exp", Tensor::exp),
            ("tanh", Tensor::tanh),
            ("gelu", Tensor::gelu_erf),
            ("log", Tensor::log),
            ("sin", Tensor::sin),
            ("erf", Tensor::erf),
        ];
        for (name, f) in functions {
            self.add("elementwise", name, &[MILLION], move |x| f(&x[0]));
        }
        self.add("elementwise", "add", &[MILLION; 2], |x| &x[0] + &x[1]);
        self.add("elementwise", "add_row", &[&[2000, 500], &[500]], |x| x[0].broadcast_add(&x[1]));
        self.add("elementwise", "mul_column", &[&[2000, 500], &[2000, 1]], |x| x[0].broadcast_mul(&x[1]));
    }

    fn reductions(&mut self) {
        const X: &[usize] = &[2048, 2048];
        for (axis, name) in [(0, "axis 0"), (1, "axis 1")] {
            self.add("reduce", format!("sum {name}"), &[X], move |x| x[0].sum(axis));
            self.add("reduce", format!("mean {name}"), &[X], move |x| x[0].mean(axis));
            self.add("reduce", format!("max {name}"), &[X], move |x| x[0].max(axis));
        }
        self.add("reduce", "sum", &[X], |x| x[0].sum_all());
        self.add("scan", "cumsum", &[X], |x| x[0].cumsum(D::Minus1));
        self.add("scan", "argsort", &[&[2048, 512]], |x| x[0].arg_sort_last_dim(true));
    }
}

/// A rival that fails ends the bench.
fn expected<T>(result: Result<T>) -> T {
    result.unwrap_or_else(|error| panic!("candle: {error}"))
}
