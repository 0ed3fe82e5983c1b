//! A caller's mistake panics with the operation's name and the shapes, and points to the caller's line.

use core::cell::RefCell;
use core::panic::{Location, UnwindSafe};
use std::panic;
use std::sync::Once;

use autodiff_core::{
    Autodiff, Axes, Backend, Composite, Conv, Index, Interpolation, Node, Op, Pool, Primitive, Reduce, Scalar, Slide,
    Spec, SpecError, Tensor, Trace, WengertList, Window,
};
use backend_cpu::Cpu;

type T = Tensor<Cpu<f32>>;
type D = Autodiff<Cpu<f32>>;

thread_local! {
    static SEEN: RefCell<Option<(String, String, u32)>> = const { RefCell::new(None) };
}

/// Runs `f`, which must panic on the line of this call with this message.
#[track_caller]
fn check<R>(f: impl FnOnce() -> R + UnwindSafe, message: &str) {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let default = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let at = info.location().map(|at| (at.file().to_owned(), at.line())).unwrap_or_default();
            let text = info.payload_as_str().unwrap_or_default().to_owned();
            SEEN.set(Some((text, at.0, at.1)));
            if std::thread::current().name().is_none() {
                default(info);
            }
        }));
    });
    SEEN.set(None);
    let caller = Location::caller();
    assert!(panic::catch_unwind(f).is_err(), "no panic at {caller}");
    let (text, file, line) = SEEN.take().expect("the hook ran");
    let found = format!("{text} (at {file}:{line})");
    let expected = format!("{message} (at {}:{})", caller.file(), caller.line());
    if found != expected {
        eprintln!("found    {found}\nexpected {expected}");
    }
    assert!(found == expected);
}

#[track_caller]
fn zeros<const R: usize>(shape: [usize; R]) -> T {
    T::zeros(shape, &Default::default())
}

fn index<const N: usize>(values: [i32; N]) -> Index<Cpu<f32>> {
    Index::new(&values, [N])
}

#[test]
fn shapes_that_do_not_broadcast() {
    let (a, b) = (zeros([2, 3]), zeros([4]));
    let why = "the shapes cannot be broadcast together: [2, 3] and [4]";
    check(|| &a + &b, &format!("add: {why}"));
    check(|| a.clone() * b.clone(), &format!("mul: {why}"));
    check(|| &a - b.clone(), &format!("sub: {why}"));
    check(|| a.clone() / &b, &format!("div: {why}"));
    check(|| a.maximum(&b), &format!("maximum: {why}"));
    check(|| a.pow(&b), &format!("pow: {why}"));
    check(|| a.atan2(&b), &format!("atan2: {why}"));
    check(|| a.lt(&b), &format!("lt: {why}"));
    check(|| a.select(&a, &b), &format!("select: {why}"));
    check(|| a.gt(&b), &format!("gt: {why}"));
    check(|| a.ge(&b), &format!("ge: {why}"));
}

#[test]
fn matrices_that_do_not_fit() {
    check(|| zeros([2, 3]).matmul(&zeros([4, 5])), "matmul: the inner extents differ: [2, 3] and [4, 5]");
    check(|| zeros([3]).matmul(&zeros([4])), "matmul: the inner extents differ: [3] and [4]");
    check(|| zeros([]).matmul(&zeros([4])), "matmul: a scalar is no matrix: [] and [4]");
    let why = "matmul: the leading axes cannot be broadcast together: [2, 3, 4] and [5, 4, 3]";
    check(|| zeros([2, 3, 4]).matmul(&zeros([5, 4, 3])), why);
}

#[test]
fn axes_that_are_not_there() {
    let x = zeros([2, 3]);
    check(|| x.sum_axes(&[2]), "sum: axis 2 is out of range for shape [2, 3]");
    check(|| x.mean_keepdim(&[-3]), "mean: axis -3 is out of range for shape [2, 3]");
    check(|| x.max_axes(&[0, -2]), "max: axis 0 is named twice in [0, -2]");
    check(|| x.argmax(5), "argmax: axis 5 is out of range for shape [2, 3]");
    check(|| x.softmax(2), "softmax: axis 2 is out of range for shape [2, 3]");
    check(|| x.log_softmax(-3), "log_softmax: axis -3 is out of range for shape [2, 3]");
    check(|| x.logsumexp(7), "logsumexp: axis 7 is out of range for shape [2, 3]");
    check(|| x.transpose(0, 2), "transpose: axis 2 is out of range for shape [2, 3]");
    check(|| x.flip(&[4]), "flip: axis 4 is out of range for shape [2, 3]");
    check(|| x.unsqueeze(4), "unsqueeze: axis 4 is out of range for shape [2, 3]");
    check(|| x.squeeze(1), "squeeze: axis 1 of shape [2, 3] has extent 3, not 1");
    check(|| x.slice(2, ..), "slice: axis 2 is out of range for shape [2, 3]");
    check(|| x.pad(-4, 1, 1), "pad: axis -4 is out of range for shape [2, 3]");
    check(|| x.flatten(2), "flatten: axis 2 is out of range for shape [2, 3]");
    check(|| x.cumsum(-3), "cumsum: axis -3 is out of range for shape [2, 3]");
    check(|| x.argsort(2, false), "argsort: axis 2 is out of range for shape [2, 3]");
    check(|| x.sort(2, false), "sort: axis 2 is out of range for shape [2, 3]");
    check(|| x.bottomk(1, 2), "bottomk: axis 2 is out of range for shape [2, 3]");
    check(|| x.var_axes(&[2], 1), "var: axis 2 is out of range for shape [2, 3]");
    check(|| x.std_keepdim(&[1, 1], 1), "std: axis 1 is named twice in [1, 1]");
    check(|| x.scatter(2, &index([0]), &x), "scatter: axis 2 is out of range for shape [2, 3]");
    check(|| x.gather(2, &index([0])), "gather: axis 2 is out of range for shape [2, 3]");
}

#[test]
fn ranks_sizes_and_ranges() {
    let x = zeros([2, 3]);
    check(|| x.reshape([5]), "reshape: the numbers of elements differ: [2, 3] and [5]");
    check(|| x.permute(&[0]), "permute: the order [0] must name every axis of shape [2, 3] once");
    check(|| x.permute(&[0, 0]), "permute: the order [0, 0] must name every axis of shape [2, 3] once");
    check(|| x.broadcast_to([2, 4]), "broadcast: the shape cannot be stretched: [2, 3] and [2, 4]");
    check(|| x.slice(1, 2..5), "slice: range 2..5 step 1 does not lie within axis 1 of shape [2, 3]");
    check(|| x.slice_step(0, .., 0), "slice: range 0..2 step 0 does not lie within axis 0 of shape [2, 3]");
    let parts = [zeros([2, 3]), zeros([3, 3])];
    check(|| T::concat(&parts, 1), "concat: the inputs may differ on the joined axis only: [2, 3] and [3, 3]");
    check(|| T::concat(&[], 1), "concat: no tensor given");
    check(|| T::stack(&parts, 0), "stack: the shapes differ: [2, 3] and [3, 3]");
    check(|| T::stack(&[], 0), "stack: no tensor given");
    check(|| x.unbind(2), "unbind: axis 2 is out of range for shape [2, 3]");
    check(|| x.topk(4, -1), "topk: 4 elements asked for, axis -1 of shape [2, 3] has 3");
    let sort = Primitive::ArgSort { descending: false };
    check(|| T::call(&sort, &[&zeros([])]), "argsort: a scalar has no axis to sort along: []");
    check(|| zeros([3]).tril(0), "tril: a matrix has two axes: [3]");
    check(|| zeros([]).triu(0), "triu: a matrix has two axes: []");
    check(|| zeros([0]).argmax_all(), "argmax: an empty axis has no extreme value: [0]");
    check(|| x.dims::<3>(), "dims: 3 axes expected, the shape is [2, 3]");
    check(|| x.item(), "item: one element expected, the shape is [2, 3]");
    check(|| zeros([0, 3]).max(), "max: an empty axis has no extreme value: [0, 3]");
    check(|| zeros([0]).argmin(0), "argmin: an empty axis has no extreme value: [0]");
    check(|| T::new(&[1.0], [2]), "from_data: 1 elements given for shape [2]");
    check(|| zeros([1; 9]), "shape: 9 axes given, a tensor has at most 8");
    let why = "unsqueeze: shape [1, 1, 1, 1, 1, 1, 1, 1] has no room for another axis, 8 are the most";
    check(|| zeros([1; 8]).unsqueeze(0), why);
    let why = format!("slice: range 0..{} step 1 does not lie within axis 1 of shape [2, 3]", usize::MAX);
    check(|| x.slice(1, ..=usize::MAX), &why);
    check(|| x.pad(0, usize::MAX, 0), "pad: the padded axis has too many elements: [2, 3]");
    let hollow = [0, 1 << 40, 1 << 40];
    check(|| zeros(hollow), &format!("broadcast: a result of shape {hollow:?} has too many elements"));
    let vast = usize::MAX / 2;
    check(|| zeros([vast, vast]), &format!("broadcast: a result of shape [{vast}, {vast}] has too many elements"));
}

#[test]
fn convolutions_that_do_not_fit() {
    let (x, w) = (zeros([1, 4, 5, 5]), zeros([6, 2, 3, 3]));
    let plain = Conv::default();
    let message = |why| format!("conv: {why}: [1, 4, 5, 5] and [6, 2, 3, 3]");
    let why = message("the weight's channels times the groups must be the input's channels");
    check(|| x.conv2d(&w, None, plain), &why);
    let groups = |groups| Conv { groups, ..plain };
    check(|| x.conv2d(&w, None, groups(4)), &message("the groups do not divide the output channels"));
    check(|| x.conv2d(&w, None, groups(0)), &message("the groups do not divide the output channels"));
    let two = groups(2);
    let dilated = Conv { dilation: [1, 3], ..two };
    check(|| x.conv2d(&w, None, dilated), &message("the window does not fit into the padded axis"));
    let why = message("kernel, stride and dilation of a window are at least 1");
    check(|| x.conv2d(&w, None, Conv { stride: [0, 1], ..two }), &why);
    check(|| x.conv2d(&w, None, Conv { dilation: [1, 0], ..two }), &why);
    let why = "conv2d: padding of 4294967296 exceeds 2^32 - 1";
    check(|| x.conv2d(&w, None, Conv { padding: [1 << 32, 0], ..two }), why);
    check(|| x.conv1d(&w, None, Conv::default()), &message("a convolution over 1 axis takes tensors of 3 axes"));
    let why = "conv: a convolution over 2 axes takes tensors of 4 axes: [1, 4, 5, 5] and [2]";
    check(|| x.conv2d(&zeros([2]), None, plain), why);
    let why = "conv2d: the bias must hold one number for each output channel: [1, 6, 3, 3] and [4]";
    check(|| x.conv2d(&w, Some(&zeros([4])), two), why);
    let index = Index::<Cpu<f32>>::new(&[0; 8], [1, 2, 4]);
    let why = "conv: input 0 must be floating-point, found index";
    check(|| index.tensor().conv1d(&zeros([1, 2, 3]), None, Conv::default()), why);
}

#[test]
fn transposed_convolutions_that_do_not_fit() {
    let (x, w) = (zeros([1, 4, 3]), zeros([4, 2, 3]));
    let plain = Conv::default();
    let strided = Conv { stride: [2], dilation: [3], ..plain };
    let why = "conv_transpose1d: output padding 3 is neither below stride 2 nor below dilation 3";
    check(|| x.conv_transpose1d(&w, None, strided, [3]), why);
    let why = "conv_transpose1d: the padding leaves nothing of the result: [1, 4, 3] and [4, 2, 3]";
    check(|| x.conv_transpose1d(&w, None, Conv { padding: [3], ..plain }, [0]), why);
    check(|| x.conv_transpose1d(&w, None, Conv { padding: [usize::MAX], ..plain }, [0]), why);
    let message = |why| format!("conv_input_grad: {why}: [1, 4, 3] and [3, 2, 3]");
    let narrow = zeros([3, 2, 3]);
    let why = message("the weight does not have the input's channels, or the size asked for its windows");
    check(|| x.conv_transpose1d(&narrow, None, plain, [0]), &why);
    let three = Conv { groups: 2, ..plain };
    check(|| x.conv_transpose1d(&narrow, None, three, [0]), &message("the groups do not divide the output channels"));
    let op = Primitive::ConvWeightGrad { window: Window::new(&[Slide::UNIT]).unwrap(), groups: 0 };
    let why = "conv_weight_grad: there is at least one group: [1, 4, 3] and [1, 4, 3]";
    check(|| T::call(&op, &[&x, &x]), why);
    let op = Primitive::ConvWeightGrad { window: Window::new(&[Slide::UNIT]).unwrap(), groups: 1 };
    let why = "conv_weight_grad: batches differ, or the input does not have as many windows: [1, 4, 3] and [2, 4, 3]";
    check(|| T::call(&op, &[&x, &zeros([2, 4, 3])]), why);
}

#[track_caller]
fn attend(q: &T, k: &T, v: &T, mask: Option<&T>) -> T {
    q.scaled_dot_product_attention(k, v, mask, false, None)
}

#[test]
fn normalisation_and_attention() {
    let (x, two) = (zeros([4, 6]), zeros([2]));
    let why = "layer_norm: the last axes are not those to be normalised: [4, 6] and [5]";
    check(|| x.layer_norm([5], None, None, 1e-5), why);
    let why = "rms_norm: the last axes are not those to be normalised: [3] and [2, 3]";
    check(|| zeros([3]).rms_norm([2, 3], None, 1e-5), why);
    let why = "weight, bias and statistics must have the normalised shape, or one number per channel: [2] and [6]";
    check(|| x.layer_norm([6], Some(&two), None, 1e-5), &format!("layer_norm: {why}"));
    check(|| x.group_norm(3, None, Some(&two), 1e-5), &format!("group_norm: {why}"));
    check(|| x.batch_norm(&zeros([6]), &two, None, None, 1e-5), &format!("batch_norm: {why}"));
    check(|| x.group_norm(4, None, None, 1e-5), "group_norm: 4 groups do not divide the 6 channels of shape [4, 6]");
    check(|| x.group_norm(0, None, None, 1e-5), "group_norm: 0 groups do not divide the 6 channels of shape [4, 6]");
    check(|| two.instance_norm(None, None, 1e-5), "instance_norm: no axis of channels behind that of examples: [2]");
    let standardize = Primitive::Call(Composite::Standardize { axes: Axes::one(2), eps: Scalar::new(0.0) });
    check(|| T::call(&standardize, &[&x]), "standardize: axis 2 is out of range for shape [4, 6]");

    check(|| attend(&x, &two, &x, None), "scaled_dot_product_attention: an operand is no matrix: [2]");
    let why = "attention: queries and keys have different widths: [4, 6] and [3, 5]";
    check(|| attend(&x, &zeros([3, 5]), &x, None), why);
    check(|| attend(&x, &zeros([3, 6]), &x, None), "attention: each key needs one value: [3, 6] and [4, 6]");
    let why = "scaled_dot_product_attention: an operand cannot be broadcast to the queries";
    check(|| attend(&x, &x, &x, Some(&zeros([4, 5]))), &format!("{why}: [4, 6] and [4, 5]"));
    let batch = zeros([2, 4, 6]);
    check(|| attend(&batch, &zeros([3, 4, 6]), &x, None), &format!("{why}: [2, 4, 6] and [3, 4, 6]"));
    let attention = Primitive::Call(Composite::Attention { causal: false, scale: None });
    check(|| T::call(&attention, &[&x, &x]), "attention: takes 3 inputs, 2 given");
    check(|| T::call(&attention, &[&x; 5]), "attention: takes 4 inputs, 5 given");
    check(|| T::call(&attention, &[&x, &x, &batch]), "attention: matrices of one rank are taken: [4, 6] and [2, 4, 6]");
    let why = "attention: the mask needs a row for each query and a column for each key: [4, 6] and [4, 6]";
    check(|| T::call(&attention, &[&x; 4]), why);
}

#[test]
fn equations_of_einsum() {
    let (a, b) = (zeros([2, 3]), zeros([4, 5]));
    check(|| T::einsum("ij", &[&a, &b]), "einsum: `ij` has 1 terms, 2 operands are given");
    check(|| T::einsum("", &[]), "einsum: `` has 1 terms, 0 operands are given");
    let why = "einsum: in `ij, jk` axis 0 of operand 1 of shape [4, 5] has extent 4, other axes of its name have 3";
    check(|| T::einsum("ij, jk", &[&a, &b]), why);
    let why = "einsum: in `ii` axis 1 of operand 0 of shape [2, 3] has extent 3, other axes of its name have 2";
    check(|| T::einsum("ii", &[&a]), why);
    let why = "einsum: in `ii` axis 1 of operand 0 of shape [1, 3] has extent 3, other axes of its name have 1";
    check(|| T::einsum("ii", &[&zeros([1, 3])]), why);
    let why = "einsum: in `ij,k->k` the term `k` does not fit operand 1 of shape [4, 5]";
    check(|| T::einsum("ij,k->k", &[&a, &b]), why);
    let why = "einsum: in `i...jk` the term `i...jk` does not fit operand 0 of shape [2, 3]";
    check(|| T::einsum("i...jk", &[&a]), why);
    check(|| T::einsum("i1", &[&a]), "einsum: `1` in the term `i1` of `i1` is no letter");
    check(|| T::einsum("..ij", &[&a]), "einsum: `.` in the term `..ij` of `..ij` is no letter");
    check(|| T::einsum("ij->i->j", &[&a]), "einsum: `-` in the term `i->j` of `ij->i->j` is no letter");
    check(|| T::einsum("ij->ii", &[&a]), "einsum: the result of `ij->ii` has `i` twice");
    check(|| T::einsum("ij->k", &[&a]), "einsum: the result of `ij->k` has `k`, which no operand has");
    let wide = zeros([1; 5]);
    let why = "einsum: `abcde,fghij` keeps 10 axes at once, 8 are the most";
    check(|| T::einsum("abcde,fghij", &[&wide, &wide]), why);
}

#[test]
fn halves_slopes_and_lengths() {
    let x = zeros([2, 3]);
    check(|| x.glu(-1), "glu: axis -1 of shape [2, 3] has no two halves");
    check(|| x.glu(2), "glu: axis 2 is out of range for shape [2, 3]");
    let why = "prelu: the slopes are neither one nor one for each channel on axis 1: [2] and [2, 3]";
    check(|| x.prelu(&zeros([2])), why);
    check(|| x.vector_norm(2.0, &[2]), "vector_norm: axis 2 is out of range for shape [2, 3]");
    check(|| x.logsumexp_axes(&[0, 0]), "logsumexp: axis 0 is named twice in [0, 0]");
    check(|| x.cosine_similarity(&x, 4, 0.0), "cosine_similarity: axis 4 is out of range for shape [2, 3]");
    let why = "cosine_similarity: the shapes cannot be broadcast together: [2, 3] and [4]";
    check(|| x.cosine_similarity(&zeros([4]), 0, 0.0), why);
}

#[test]
fn windows_that_do_not_fit() {
    let x = zeros([2, 3, 4]);
    let pool = Pool::new([2, 2]);
    let why = "max_pool2d: padding 2 exceeds half of the 2 cells that a window spans";
    check(|| x.max_pool2d(Pool { padding: [0, 2], ..pool }), why);
    let why = "window_sum: the window does not fit into the padded axis: [2, 3, 4]";
    check(|| x.avg_pool2d(Pool::new([4, 4])), why);
    let apart = Pool { stride: Some([1, 1]), ceil_mode: true, ..Pool::new([4, 4]) };
    check(|| x.avg_pool2d(apart), why);
    let why = "window_sum: kernel, stride and dilation of a window are at least 1: [2, 3, 4]";
    check(|| x.avg_pool2d(Pool::new([0, 1])), why);
    check(|| x.avg_pool2d(Pool { stride: Some([1, 0]), ceil_mode: true, ..pool }), why);
    let why = "window_argmax: a window that holds no cell has no largest: [1, 1]";
    check(|| zeros([1, 1]).max_pool1d(Pool { padding: [1], dilation: [2], ..Pool::new([2]) }), why);
    let why = "window_argmax: a window that holds no cell has no largest: [2, 0]";
    let one = Pool { stride: Some([1]), padding: [1], ..Pool::new([2]) };
    check(|| zeros([2, 0]).max_pool1d(one), why);
    check(|| zeros([4]).max_pool2d(pool), "window_argmax: the window has more axes than the tensor: [4]");
    check(|| x.max_pool1d(Pool::new([1 << 32])), "max_pool1d: a kernel of 4294967296 exceeds 2^32 - 1");
    let why = "adaptive_avg_pool2d: the window has more axes than the tensor: [4]";
    check(|| zeros([4]).adaptive_avg_pool2d([1, 1]), why);
    check(|| zeros([2, 0]).adaptive_max_pool1d([1]), "adaptive_max_pool1d: an empty axis has nothing to pool: [2, 0]");
    check(|| x.adaptive_avg_pool1d([0]), "adaptive_avg_pool1d: the output size is at least 1");
    let index = index([1, 2]);
    check(|| index.tensor().max_pool1d(Pool::new([1])), "window_argmax: input 0 must be floating-point, found index");
    check(|| index.tensor().avg_pool1d(Pool::new([1])), "window_sum: input 0 must be floating-point, found index");
    let cubic = Interpolation::Cubic { align_corners: false };
    let nearest = Interpolation::Nearest;
    check(|| x.interpolate([2], cubic), "interpolate: cubic is over 2 axes, not 1");
    check(|| x.interpolate([2; 4], nearest), "interpolate: 4 axes asked for, 1 to 3 can be");
    check(|| zeros([2]).interpolate([2, 2], nearest), "interpolate: there are fewer axes than sizes: [2]");
    check(|| x.interpolate([2, 0], nearest), "interpolate: size 0 cannot be made of axis 2 of shape [2, 3, 4]");
    check(|| zeros([0]).interpolate([1], nearest), "interpolate: size 1 cannot be made of axis 0 of shape [0]");
    check(|| x.interpolate_by([-1.0], nearest), "interpolate: -1 is no factor of a size");
    let long = zeros([1]).broadcast_to([1 << 32]);
    let why = "position 2147483648 is beyond the 31 bits of an index";
    check(|| long.interpolate([2], nearest), &format!("interpolate: {why}"));
    let window = Window::new(&[Slide::UNIT]).unwrap();
    let spread = |size, x: &T| T::call(&Primitive::WindowSpread { window, size }, &[x]);
    let why = "window_spread: the result does not have as many windows: [2, 3, 4] and [2, 3, 5]";
    check(|| T::call(&Primitive::WindowSpread { window, size: [1, 1, 5] }, &[&x]), why);
    assert_eq!(spread([1, 1, 4], &x).shape(), x.shape());
}

#[test]
fn indices_and_labels_out_of_range() {
    let x = zeros([4, 10]);
    let [column, row] = [Index::new(&[3, 12, 0, 0], [4, 1]), Index::new(&[4; 10], [1, 10])];
    check(|| x.gather(1, &column), "gather: index 12 is out of range for axis 1 of length 10");
    check(|| x.index_select(0, &index([1, -1])), "gather: index -1 is out of range for axis 0 of length 4");
    check(|| x.scatter_add(0, &row, &zeros([1, 10])), "scatter_add: index 4 is out of range for axis 0 of length 4");
    check(|| x.cross_entropy(&index([1, 2, 10, 4])), "cross_entropy: label 10 is out of range for 10 classes");
    let why = "cross_entropy: each row of logits needs one label: [4, 10] and index[2]";
    check(|| x.cross_entropy(&index([1, 2])), why);
    let why = "gather: tensor and index may differ on the indexed axis only: [4, 10] and index[5, 1]";
    check(|| x.gather(1, &Index::new(&[0; 5], [5, 1])), why);
    let why = "scatter_add: tensor and index may differ on the indexed axis only: [4, 10] and index[5, 1]";
    check(|| x.scatter_add(1, &Index::new(&[0; 5], [5, 1]), &zeros([5, 1])), why);
    let why = "scatter_add: each update needs one index: [1, 10] and index[2, 10]";
    check(|| x.scatter_add(0, &Index::new(&[0; 20], [2, 10]), &zeros([1, 10])), why);
    let why = "gather: tensor and index may differ on the indexed axis only: [4, 10] and index[1]";
    check(|| x.gather(0, &index([1])), why);
    let why = "index_select: a vector of indices expected, its shape is [1, 1]";
    check(|| x.index_select(0, &Index::new(&[1], [1, 1])), why);
}

#[test]
fn number_formats() {
    let (x, i) = (zeros([2]), index([1, 2]));
    check(|| T::call(&Primitive::MatMul, &[&x]), "matmul: takes 2 inputs, 1 given");
    check(|| i.tensor().exp(), "exp: input 0 must be floating-point, found index");
    check(|| i.tensor() / i.tensor(), "div: input 0 must be floating-point, found index");
    check(|| i.tensor().atan2(i.tensor()), "atan2: input 0 must be floating-point, found index");
    check(|| i.tensor() * 0.5, "constant: 0.5 is no whole number of 32 bits, as an index is");
    check(|| i.tensor().mean(), "mean: input 0 must be floating-point, found index");
    check(|| &x + i.tensor(), "add: the number formats differ: [2] and index[2]");
    check(|| x.to_index(), "index: a tensor of indices expected, its format is elem");
    check(|| i.random_bits(32, [3]), "random_bits: from 1 to 31 bits can be drawn: index[3]");
    check(|| index([1]).random_bits(8, [3]), "random_bits: the key must have shape [2]: index[1]");
}

#[test]
fn the_same_messages_one_and_two_levels_up() {
    let [a, b] = [[2, 3], [4, 5]].map(|s| Tensor::<Autodiff<D>>::variable(Tensor::variable(zeros(s))));
    check(panic::AssertUnwindSafe(|| a.matmul(&b)), "matmul: the inner extents differ: [2, 3] and [4, 5]");
    let labels = Index::new(&[1, 7], [2]);
    check(panic::AssertUnwindSafe(|| a.cross_entropy(&labels)), "cross_entropy: label 7 is out of range for 3 classes");
    let t = Tensor::<Trace<f32>>::input("t", Spec::elem([2, 3]));
    check(panic::AssertUnwindSafe(|| t.matmul(&t)), "matmul: the inner extents differ: [2, 3] and [2, 3]");
}

#[test]
fn losses_and_cotangents() {
    let x = Tensor::<D>::variable(zeros([3]));
    let y = panic::AssertUnwindSafe(x.exp());
    let x = panic::AssertUnwindSafe(x);
    check(|| y.clone().backward(), "backward: the loss must have one element, its shape is [3]");
    check(|| y.grad(&[&x]), "grad: the loss must have one element, its shape is [3]");
    let why = "the cotangent must have the result's shape and format: [2] and [3]";
    check(|| y.grad_with(&[&x], zeros([2])), &format!("grad: {why}"));
    check(|| y.clone().backward_with(zeros([2])), &format!("backward: {why}"));
}

/// An operation that does not do what it says.
#[derive(Clone, Debug, PartialEq)]
struct Liar;

impl Op for Liar {
    fn name(&self) -> &'static str {
        "liar"
    }
    fn infer(&self, inputs: &[Spec]) -> Result<Spec, SpecError> {
        Ok(inputs[0])
    }
    fn forward<B: Backend>(&self, inputs: &[Tensor<B>]) -> Tensor<B> {
        if inputs[0].shape() == [2] { inputs[0].sum() } else { inputs[0].clone() }
    }
    fn backward<B: Backend>(&self, _: usize, at: &Node<'_, B>) -> Tensor<B> {
        at.grad().sum()
    }
}

#[test]
fn operations_that_break_their_word() {
    let why = "liar: `forward` answered [], `infer` said [2]";
    check(|| T::call(&Liar, &[&zeros([2])]), why);
    let x = panic::AssertUnwindSafe(Tensor::<D>::variable(zeros([3])));
    let y = panic::AssertUnwindSafe(Tensor::call(&Liar, &[&x]).sum());
    let why = "liar: a gradient must have its input's shape and format: [] and [3]";
    check(|| y.grad(&[&x]), why);
    check(|| y.clone().backward(), why);
}

#[test]
fn lists_on_bad_data() {
    let inputs = [("x", Spec::elem([3])), ("i", Spec::index([1]))];
    let list = WengertList::<f32>::trace(&inputs, |x| [("y", x[0].gather(0, &x[1].to_index()))]);
    let list = panic::AssertUnwindSafe(list);
    let given = panic::AssertUnwindSafe([zeros([3]), index([5]).tensor().clone()]);
    check(|| list.eval(&*given), "gather: index 5 is out of range for axis 0 of length 3");
    check(|| list.eval(&given[..1]), "the list takes 2 inputs, 1 given");
}

#[test]
fn the_fallible_door_answers_instead() {
    let (a, i) = (zeros([2, 3]), index([1]));
    let error = |result: Result<T, SpecError>| result.unwrap_err().to_string();
    let matmul = T::try_apply(&Primitive::MatMul, &[&a, &a]);
    assert_eq!(error(matmul), "matmul: the inner extents differ: [2, 3] and [2, 3]");
    let sum = Primitive::Reduce { kind: Reduce::Sum, axes: Axes::one(6) };
    assert_eq!(error(T::try_apply(&sum, &[&a])), "sum: axis 6 is out of range for shape [2, 3]");
    assert_eq!(
        error(T::try_apply(&Primitive::Select, &[i.tensor(), &a, &a])),
        "select: input 0 must be elem, found index"
    );
    assert!(T::try_apply(&Primitive::MatMul, &[&a, &a.t()]).is_ok());
}
