//! Single operations that are timed, in families, at the sizes that networks have.
//!
//! Each is one eager operation on tensors, with all that its user pays for: the memory of the result too.

use core::hint::black_box;

use autodiff_core::{Backend, Conv, Index, Pool, Primitive, Shape, Slide, Tensor, Window};

use crate::workloads::{Inputs, PRODUCTS, product_name};

#[cfg(feature = "peers")]
pub mod candle;

type Function<B> = fn(&Tensor<B>) -> Tensor<B>;

/// One operation with its operands.
pub type Run = Box<dyn FnMut()>;

/// An operation that can be timed.
pub struct Kernel {
    /// The family's name.
    pub family: &'static str,
    /// The operation's name, with what tells its size apart.
    pub name: String,
    /// Makes the operands.
    pub build: Box<dyn Fn() -> Run>,
}

impl core::fmt::Debug for Kernel {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{}/{}", self.family, self.name)
    }
}

/// A convolution: images, channels, their extent; outputs, the windows' extent and padding.
#[derive(Clone, Copy, Debug)]
struct Layer {
    name: &'static str,
    x: [usize; 3],
    w: [usize; 3],
}

const fn layer(name: &'static str, x: [usize; 3], w: [usize; 3]) -> Layer {
    Layer { name, x, w }
}

/// Those of the networks that are timed.
const LAYERS: [Layer; 8] = [
    layer("lenet1", [128, 1, 28], [6, 5, 2]),
    layer("lenet2", [128, 6, 14], [16, 5, 0]),
    layer("vgg1", [64, 3, 32], [32, 3, 1]),
    layer("vgg2", [64, 32, 32], [32, 3, 1]),
    layer("vgg3", [64, 32, 16], [64, 3, 1]),
    layer("vgg4", [64, 64, 16], [64, 3, 1]),
    layer("vgg5", [64, 64, 8], [128, 3, 1]),
    layer("vgg6", [64, 128, 8], [128, 3, 1]),
];

/// What they pool.
const POOLED: [(&str, [usize; 4]); 5] = [
    ("lenet1", [128, 6, 28, 28]),
    ("lenet2", [128, 16, 10, 10]),
    ("vgg2", [64, 32, 32, 32]),
    ("vgg4", [64, 64, 16, 16]),
    ("vgg6", [64, 128, 8, 8]),
];

impl Layer {
    fn shapes(&self) -> [[usize; 4]; 3] {
        let ([n, c, extent], [outputs, kernel, padding]) = (self.x, self.w);
        let windows = extent + 2 * padding + 1 - kernel;
        [[n, c, extent, extent], [outputs, c, kernel, kernel], [n, outputs, windows, windows]]
    }

    fn window(&self) -> Window {
        let [_, kernel, padding] = self.w.map(number);
        let slide = Slide { kernel, lo: padding, hi: padding, ..Slide::UNIT };
        Window::new(&[slide, slide]).unwrap_or_else(|| unreachable!("two axes"))
    }
}

/// Every operation on this device.
#[must_use]
pub fn all<B: Backend>(device: &B::Device) -> Vec<Kernel> {
    let mut list = List::<B> { device: device.clone(), kernels: Vec::new() };
    list.products();
    list.elementwise();
    list.rows();
    list.reductions();
    list.convolutions();
    list.pooling();
    list.indexing();
    list.kernels
}

struct List<B: Backend> {
    device: B::Device,
    kernels: Vec<Kernel>,
}

impl<B: Backend> List<B> {
    /// An operation on normally distributed tensors of these shapes, for the logarithm without their signs, and on whole numbers
    /// below a bound.
    fn indexed(
        &mut self,
        family: &'static str,
        name: impl Into<String>,
        shapes: &[&[usize]],
        (bound, indices): (u32, usize),
        f: impl Fn(&[Tensor<B>], &Index<B>) -> Tensor<B> + Clone + 'static,
    ) {
        let (device, shapes) =
            (self.device.clone(), shapes.iter().map(|extents| Shape::new(extents)).collect::<Vec<_>>());
        let name = name.into();
        let positive = name == "log";
        let build = move || {
            let mut inputs = Inputs::<B>::new(&device);
            let mut x: Vec<_> = shapes.iter().map(|&shape| inputs.normal(shape, 1.0)).collect();
            if positive {
                x = x.iter().map(Tensor::abs).collect();
            }
            let (index, f) = (inputs.below(bound, [indices]), f.clone());
            Box::new(move || drop(black_box(f(&x, &index)))) as Run
        };
        self.kernels.push(Kernel { family, name, build: Box::new(build) });
    }

    /// An operation on normally distributed tensors of these shapes.
    fn add(
        &mut self,
        family: &'static str,
        name: impl Into<String>,
        shapes: &[&[usize]],
        f: impl Fn(&[Tensor<B>]) -> Tensor<B> + Clone + 'static,
    ) {
        self.indexed(family, name, shapes, (1, 0), move |x, _| f(x));
    }

    fn products(&mut self) {
        for [m, k, n] in PRODUCTS {
            self.add("matmul", product_name("f32", [m, k, n]), &[&[m, k], &[k, n]], |x| x[0].matmul(&x[1]));
        }
    }

    fn elementwise(&mut self) {
        const MILLION: &[usize] = &[1_000_000];
        let functions: [(&str, Function<B>); 7] = [
            ("exp", Tensor::exp),
            ("tanh", Tensor::tanh),
            ("sigmoid", Tensor::sigmoid),
            ("log", Tensor::log),
            ("gelu", Tensor::gelu),
            ("sin", Tensor::sin),
            ("erf", Tensor::erf),
        ];
        for (name, f) in functions {
            self.add("elementwise", name, &[MILLION], move |x| f(&x[0]));
        }
        self.add("elementwise", "add", &[MILLION; 2], |x| &x[0] + &x[1]);
        self.add("elementwise", "add_row", &[&[2000, 500], &[500]], |x| &x[0] + &x[1]);
        self.add("elementwise", "mul_column", &[&[2000, 500], &[2000, 1]], |x| &x[0] * &x[1]);
    }

    fn rows(&mut self) {
        const X: &[usize] = &[4096, 1024];
        self.add("rows", "softmax", &[X], |x| x[0].softmax(-1));
        self.add("rows", "log_softmax", &[X], |x| x[0].log_softmax(-1));
        self.add("rows", "layer_norm", &[X], |x| x[0].layer_norm([1024], None, None, 1e-5));
        self.add("rows", "layer_norm_affine", &[X, &[1024], &[1024]], |x| {
            x[0].layer_norm([1024], Some(&x[1]), Some(&x[2]), 1e-5)
        });
        self.indexed("rows", "cross_entropy", &[X], (1024, 4096), |x, labels| x[0].cross_entropy(labels));
    }

    fn reductions(&mut self) {
        const X: &[usize] = &[2048, 2048];
        for (axis, name) in [(0, "axis 0"), (1, "axis 1")] {
            self.add("reduce", format!("sum {name}"), &[X], move |x| x[0].sum_axes(&[axis]));
            self.add("reduce", format!("mean {name}"), &[X], move |x| x[0].mean_axes(&[axis]));
            self.add("reduce", format!("max {name}"), &[X], move |x| x[0].max_axes(&[axis]));
        }
        self.add("reduce", "sum", &[X], |x| x[0].sum());
        self.add("scan", "cumsum", &[X], |x| x[0].cumsum(1));
        self.add("scan", "argsort", &[&[2048, 512]], |x| x[0].argsort(1, false).tensor().clone());
    }

    fn convolutions(&mut self) {
        for layer in LAYERS {
            let (window, [x, w, y]) = (layer.window(), layer.shapes());
            let conv = Conv { padding: [layer.w[2]; 2], ..Conv::default() };
            let name = |what: &str| format!("{} {what}", layer.name);
            self.add("conv", name("forward"), &[&x, &w], move |x| x[0].conv2d(&x[1], None, conv));
            let grad = Primitive::ConvInputGrad { window, groups: 1, size: [1, number(x[2]), number(x[3])] };
            self.add("conv", name("input gradient"), &[&y, &w], move |x| Tensor::call(&grad, &[&x[0], &x[1]]));
            let grad = Primitive::ConvWeightGrad { window, groups: 1 };
            self.add("conv", name("weight gradient"), &[&x, &y], move |x| Tensor::call(&grad, &[&x[0], &x[1]]));
        }
    }

    fn pooling(&mut self) {
        for (name, shape) in POOLED {
            self.add("pool", format!("{name} max"), &[&shape], |x| x[0].max_pool2d(Pool::new([2, 2])));
            self.add("pool", format!("{name} mean"), &[&shape], |x| x[0].avg_pool2d(Pool::new([2, 2])));
        }
    }

    fn indexing(&mut self) {
        const TABLE: &[usize] = &[10_000, 256];
        self.indexed("index", "embedding", &[TABLE], (10_000, 8192), |x, tokens| x[0].index_select(0, tokens));
        self.indexed("index", "embedding gradient", &[&[8192, 256]], (10_000, 8192), |x, tokens| {
            let rows = tokens.unsqueeze(-1).broadcast_to([8192, 256]);
            x[0].new_zeros([10_000, 256]).scatter_add(0, &rows, &x[0])
        });
        self.indexed("random", "uniform", &[], (1, 2), |_, key| Tensor::uniform(key, [4096, 1024]));
    }
}

fn number(extent: usize) -> u32 {
    u32::try_from(extent).unwrap_or_else(|_| unreachable!("extents are small"))
}
