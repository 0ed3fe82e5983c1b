//! What every primitive refuses and in which words, and what it just accepts: `Primitive::infer` on shapes alone, so that
//! they may be larger than any memory.

use autodiff_core::{
    ArgReduce, Axes, Binary, Compare, Composite, DType, Order, Primitive, Reduce, Scalar, Shape, Slide, Spec, Unary,
    Window,
};

/// One more than the positions that an index counts.
const VAST: usize = 1 << 31;

fn elem<const R: usize>(shape: [usize; R]) -> Spec {
    Spec::elem(shape)
}

fn half<const R: usize>(shape: [usize; R]) -> Spec {
    Spec::elem(shape).cast(DType::F16)
}

fn index<const R: usize>(shape: [usize; R]) -> Spec {
    Spec::index(shape)
}

#[track_caller]
fn refuses(op: Primitive, inputs: &[Spec], message: &str) {
    match op.infer(inputs) {
        Err(error) => assert_eq!(error.to_string(), message),
        Ok(out) => panic!("{out} of {inputs:?}, which are to be refused: {message}"),
    }
}

#[track_caller]
fn accepts(op: Primitive, inputs: &[Spec], out: Spec) {
    assert_eq!(op.infer(inputs), Ok(out));
}

#[test]
fn values_from_nothing() {
    let constant = Primitive::Constant { value: Scalar::new(1.0), dtype: DType::F16 };
    accepts(constant, &[], half([]));
    refuses(constant, &[elem([])], "constant: takes 0 inputs, 1 given");
    accepts(Primitive::Iota { len: VAST - 1 }, &[], index([VAST - 1]));
    refuses(Primitive::Iota { len: VAST }, &[], "iota: an index holds 31 bits: index[2147483648]");
    let bits = |bits| Primitive::RandomBits { shape: Shape::new(&[3]), bits };
    accepts(bits(1), &[index([2])], index([3]));
    accepts(bits(31), &[index([2])], index([3]));
    refuses(bits(0), &[index([2])], "random_bits: from 1 to 31 bits can be drawn: index[3]");
    refuses(bits(32), &[index([2])], "random_bits: from 1 to 31 bits can be drawn: index[3]");
    refuses(bits(8), &[index([3])], "random_bits: the key must have shape [2]: index[3]");
    refuses(bits(8), &[elem([2])], "random_bits: input 0 must be index, found elem");
}

#[test]
fn functions_of_each_element() {
    refuses(Primitive::Unary(Unary::Exp), &[index([2])], "exp: input 0 must be floating-point, found index");
    let add = Primitive::Binary(Binary::Add);
    accepts(add, &[index([2]); 2], index([2]));
    refuses(add, &[elem([2])], "add: takes 2 inputs, 1 given");
    refuses(add, &[elem([2]), index([2])], "add: the number formats differ: [2] and index[2]");
    refuses(add, &[elem([2]), elem([3])], "add: the shapes differ: [2] and [3]");
    for op in Binary::ALL.into_iter().filter(|f| !f.on_index()) {
        let why = format!("{}: input 0 must be floating-point, found index", op.name());
        refuses(Primitive::Binary(op), &[index([2]); 2], &why);
        accepts(Primitive::Binary(op), &[half([2]); 2], half([2]));
    }
    let less = Primitive::Compare(Compare::Lt);
    accepts(less, &[half([2]); 2], elem([2]));
    refuses(less, &[elem([2]), half([2])], "lt: the number formats differ: [2] and f16[2]");
    refuses(less, &[elem([2]), elem([3])], "lt: the shapes differ: [2] and [3]");
    let select = Primitive::Select;
    accepts(select, &[elem([2]), index([2]), index([2])], index([2]));
    refuses(select, &[half([2]); 3], "select: input 0 must be elem, found f16");
    refuses(select, &[elem([2]), half([2]), elem([2])], "select: the number formats differ: f16[2] and [2]");
    refuses(select, &[elem([2]), elem([2]), elem([3])], "select: the shapes differ: [2] and [3]");
    refuses(select, &[elem([4]), elem([2]), elem([2])], "select: the shapes differ: [4] and [2]");
}

#[test]
fn axes() {
    let reduce = |kind, axis| Primitive::Reduce { kind, axes: Axes::one(axis) };
    refuses(reduce(Reduce::Sum, 2), &[elem([2, 3])], "sum: axis 2 is out of range for shape [2, 3]");
    accepts(reduce(Reduce::Sum, 1), &[index([2, 0])], index([2, 1]));
    accepts(reduce(Reduce::Max, 0), &[elem([1, 0])], elem([1, 0]));
    refuses(reduce(Reduce::Max, 1), &[elem([2, 0])], "max: an empty axis has no extreme value: [2, 0]");
    refuses(reduce(Reduce::Mean, 0), &[index([2])], "mean: input 0 must be floating-point, found index");
    let arg = |axis| Primitive::ArgReduce { kind: ArgReduce::Min, axis };
    refuses(arg(0), &[index([2])], "argmin: input 0 must be floating-point, found index");
    refuses(arg(1), &[elem([2])], "argmin: axis 1 is out of range for shape [2]");
    refuses(arg(1), &[elem([2, 0])], "argmin: an empty axis has no extreme value: [2, 0]");
    refuses(arg(0), &[elem([VAST])], "argmin: an index holds 31 bits: [2147483648]");
    accepts(arg(1), &[half([VAST, VAST - 1])], index([VAST, 1]));
    let sums = |axis| Primitive::CumSum { axis, reverse: false };
    refuses(sums(1), &[elem([2])], "cumsum: axis 1 is out of range for shape [2]");
    let sort = Primitive::ArgSort { descending: true };
    refuses(sort, &[elem([])], "argsort: a scalar has no axis to sort along: []");
    refuses(sort, &[elem([2, VAST])], "argsort: an index holds 31 bits: [2, 2147483648]");
    accepts(sort, &[elem([VAST, VAST - 1])], index([VAST, VAST - 1]));
}

#[test]
fn matrices() {
    let refuses = |a: Spec, b: Spec, why: &str| refuses(Primitive::MatMul, &[a, b], &format!("matmul: {why}"));
    refuses(index([2, 2]), index([2, 2]), "input 0 must be floating-point, found index");
    refuses(elem([2, 3]), half([3, 2]), "the number formats differ: [2, 3] and f16[3, 2]");
    let why = "both inputs must have the same rank, at least 2";
    refuses(elem([2]), elem([2]), &format!("{why}: [2] and [2]"));
    refuses(elem([2, 3]), elem([1, 3, 2]), &format!("{why}: [2, 3] and [1, 3, 2]"));
    refuses(elem([2, 3, 4]), elem([4, 4]), &format!("{why}: [2, 3, 4] and [4, 4]"));
    refuses(elem([5, 2, 3]), elem([4, 3, 2]), "the leading axes differ: [5, 2, 3] and [4, 3, 2]");
    refuses(elem([2, 3]), elem([2, 3]), "the inner extents differ: [2, 3] and [2, 3]");
    accepts(Primitive::MatMul, &[half([5, 2, 3]), half([5, 3, 4])], half([5, 2, 4]));
    let why = format!("a result of shape [{VAST}, {0}] has too many elements", VAST << 3);
    refuses(elem([VAST, 1]), elem([1, VAST << 3]), &why);
}

#[test]
fn movements() {
    let x = elem([2, 3]);
    let reshape = Primitive::Reshape { shape: Shape::new(&[5]) };
    refuses(reshape, &[x], "reshape: the numbers of elements differ: [2, 3] and [5]");
    let order = Order::try_new(&[0]).expect("one axis");
    refuses(Primitive::Permute { order }, &[x], "permute: the order must name every axis once: [2, 3]");
    refuses(Primitive::Flip { axes: Axes::one(2) }, &[x], "flip: axis 2 is out of range for shape [2, 3]");
    let broadcast = |shape: &[usize]| Primitive::Broadcast { shape: Shape::new(shape) };
    refuses(broadcast(&[3]), &[x], "broadcast: the shape cannot be stretched: [2, 3] and [3]");
    refuses(broadcast(&[1, 2, 4]), &[x], "broadcast: the shape cannot be stretched: [2, 3] and [1, 2, 4]");
    let pad = |axis, [lo, hi, interior]: [usize; 3]| Primitive::Pad { axis, lo, hi, interior };
    refuses(pad(2, [0; 3]), &[x], "pad: axis 2 is out of range for shape [2, 3]");
    let why = "pad: the padded axis has too many elements: [2, 3]";
    refuses(pad(1, [usize::MAX, 0, 0]), &[x], why);
    refuses(pad(1, [0, usize::MAX, 0]), &[x], why);
    refuses(pad(1, [0, 0, usize::MAX]), &[x], why);
    refuses(pad(1, [0, 0, usize::MAX / 2]), &[x], why);
    accepts(pad(1, [1, 2, 3]), &[x], elem([2, 12]));
    accepts(pad(0, [1, 2, 3]), &[elem([0])], elem([3]));
    let slice = |axis, [start, stop, step]: [usize; 3]| Primitive::Slice { axis, start, stop, step };
    refuses(slice(2, [0, 0, 1]), &[x], "slice: axis 2 is out of range for shape [2, 3]");
    let why = "slice: the range does not lie within the axis, or its step is 0";
    refuses(slice(1, [2, 1, 1]), &[x], &format!("{why}: [2, 3] and [2, 0]"));
    refuses(slice(1, [1, 4, 1]), &[x], &format!("{why}: [2, 3] and [2, 3]"));
    refuses(slice(1, [1, 3, 0]), &[x], &format!("{why}: [2, 3] and [2, 2]"));
    accepts(slice(1, [3, 3, 1]), &[x], elem([2, 0]));
    accepts(slice(1, [0, 3, 2]), &[x], elem([2, 2]));
}

#[test]
fn concatenations() {
    let concat = Primitive::Concat { axis: 1 };
    let x = elem([2, 3]);
    refuses(concat, &[], "concat: takes 1 inputs, 0 given");
    refuses(concat, &[elem([2])], "concat: axis 1 is out of range for shape [2]");
    let why = "concat: the inputs may differ on the joined axis only: [2, 3] and";
    refuses(concat, &[x, elem([3, 3])], &format!("{why} [3, 3]"));
    refuses(concat, &[x, elem([2])], &format!("{why} [2]"));
    refuses(concat, &[x, elem([2, 3, 1])], &format!("{why} [2, 3, 1]"));
    refuses(concat, &[x, half([2, 3])], &format!("{why} f16[2, 3]"));
    let hollow = elem([0, usize::MAX]);
    let why = format!("concat: a result of shape [0, {}] has too many elements", usize::MAX);
    refuses(concat, &[hollow, elem([0, 1])], &why);
    accepts(concat, &[x, elem([2, 0]), x], elem([2, 6]));
}

#[test]
fn computed_positions() {
    let (gather, scatter) = (Primitive::Gather { axis: 1 }, Primitive::ScatterAdd { axis: 1 });
    let x = elem([2, 3]);
    refuses(gather, &[x, elem([2, 3])], "gather: input 1 must be index, found elem");
    refuses(gather, &[elem([2]), index([2])], "gather: axis 1 is out of range for shape [2]");
    let why = "tensor and index may differ on the indexed axis only: [2, 3] and";
    refuses(gather, &[x, index([2, 3, 1])], &format!("gather: {why} index[2, 3, 1]"));
    refuses(gather, &[x, index([1, 3])], &format!("gather: {why} index[1, 3]"));
    refuses(scatter, &[x, index([1, 3]), x], &format!("scatter_add: {why} index[1, 3]"));
    let formats = "scatter_add: the number formats differ: [2, 3] and f16[2, 1]";
    refuses(scatter, &[x, index([2, 1]), half([2, 1])], formats);
    let one_each = "scatter_add: each update needs one index: [2, 3] and index[2, 1]";
    refuses(scatter, &[x, index([2, 1]), x], one_each);
    accepts(gather, &[half([2, 3]), index([2, 5])], half([2, 5]));
    accepts(scatter, &[x, index([2, 5]), elem([2, 5])], x);
}

fn window(slides: &[Slide]) -> Window {
    Window::new(slides).expect("one to three axes")
}

#[test]
fn convolutions() {
    let two = Slide { kernel: 2, ..Slide::UNIT };
    let line = window(&[two]);
    let conv = |groups| Primitive::Conv { window: line, groups };
    let [x, w, y] = [[1, 4, 5], [6, 2, 2], [1, 6, 4]].map(Spec::elem);
    accepts(conv(2), &[x, w], y);
    refuses(conv(2), &[index([1, 4, 5]), index([6, 2, 2])], "conv: input 0 must be floating-point, found index");
    refuses(conv(2), &[x, half([6, 2, 2])], "conv: the number formats differ: [1, 4, 5] and f16[6, 2, 2]");
    let ranks = |slides: &[Slide], inputs: [Spec; 2], why: &str| {
        refuses(Primitive::Conv { window: window(slides), groups: 1 }, &inputs, &format!("conv: {why}"));
    };
    ranks(&[two], [elem([2, 2]), w], "a convolution over 1 axis takes tensors of 3 axes: [2, 2] and [6, 2, 2]");
    ranks(&[two], [x, elem([2, 2])], "a convolution over 1 axis takes tensors of 3 axes: [1, 4, 5] and [2, 2]");
    ranks(&[two; 2], [x, w], "a convolution over 2 axes takes tensors of 4 axes: [1, 4, 5] and [6, 2, 2]");
    ranks(&[two; 3], [x, w], "a convolution over 3 axes takes tensors of 5 axes: [1, 4, 5] and [6, 2, 2]");
    let both = "[1, 4, 5] and [6, 2, 2]";
    refuses(conv(4), &[x, w], &format!("conv: the groups do not divide the output channels: {both}"));
    refuses(conv(0), &[x, w], &format!("conv: the groups do not divide the output channels: {both}"));
    refuses(
        conv(1),
        &[x, w],
        &format!("conv: the weight's channels times the groups must be the input's channels: {both}"),
    );
    let why = "conv: the weight does not have the window's size: [1, 4, 5] and [6, 2, 3]";
    refuses(conv(2), &[x, elem([6, 2, 3])], why);

    let back = |groups, size| Primitive::ConvInputGrad { window: line, groups, size: [1, 1, size] };
    accepts(back(2, 5), &[y, w], x);
    let both = "[1, 6, 4] and [6, 2, 2]";
    let why = format!("the weight does not have the input's channels, or the size asked for its windows: {both}");
    refuses(back(2, 6), &[y, w], &format!("conv_input_grad: {why}"));
    refuses(back(4, 5), &[y, w], &format!("conv_input_grad: the groups do not divide the output channels: {both}"));
    refuses(back(2, 1), &[y, w], &format!("conv_input_grad: the window does not fit into the padded axis: {both}"));
    refuses(
        back(2, 5),
        &[elem([4]), w],
        "conv_input_grad: a convolution over 1 axis takes tensors of 3 axes: [4] and [6, 2, 2]",
    );
    let formats = "conv_input_grad: the number formats differ: [1, 6, 4] and f16[6, 2, 2]";
    refuses(back(2, 5), &[y, half([6, 2, 2])], formats);
    let crowd = elem([0, usize::MAX, 2]);
    let why = format!("conv_input_grad: there are too many channels: [1, 0, 4] and [0, {}, 2]", usize::MAX);
    refuses(back(2, 5), &[elem([1, 0, 4]), crowd], &why);

    let weight = |groups| Primitive::ConvWeightGrad { window: line, groups };
    accepts(weight(2), &[x, y], w);
    let both = "[1, 4, 5] and [1, 6, 4]";
    refuses(weight(0), &[x, y], &format!("conv_weight_grad: there is at least one group: {both}"));
    refuses(weight(4), &[x, y], &format!("conv_weight_grad: the groups do not divide the output channels: {both}"));
    refuses(
        weight(3),
        &[x, y],
        &format!("conv_weight_grad: the weight's channels times the groups must be the input's channels: {both}"),
    );
    let why = "conv_weight_grad: batches differ, or the input does not have as many windows: [1, 4, 5] and [2, 6, 4]";
    refuses(weight(2), &[x, elem([2, 6, 4])], why);
    refuses(
        weight(2),
        &[x, elem([6])],
        "conv_weight_grad: a convolution over 1 axis takes tensors of 3 axes: [1, 4, 5] and [6]",
    );
    let formats = "conv_weight_grad: the number formats differ: [1, 4, 5] and f16[1, 6, 4]";
    refuses(weight(2), &[x, half([1, 6, 4])], formats);
}

#[test]
fn windows() {
    let three = window(&[Slide { kernel: 3, ..Slide::UNIT }]);
    let sum = |window| Primitive::WindowSum { window };
    accepts(sum(three), &[half([2, 5])], half([2, 3]));
    refuses(sum(three), &[index([5])], "window_sum: input 0 must be floating-point, found index");
    refuses(sum(three), &[elem([2])], "window_sum: the window does not fit into the padded axis: [2]");
    refuses(sum(three), &[elem([])], "window_sum: the window has more axes than the tensor: []");

    let spread = |size| Primitive::WindowSpread { window: three, size: [1, 1, size] };
    accepts(spread(5), &[half([2, 3])], half([2, 5]));
    refuses(spread(5), &[index([3])], "window_spread: input 0 must be floating-point, found index");
    refuses(spread(6), &[elem([3])], "window_spread: the result does not have as many windows: [3] and [6]");
    refuses(spread(2), &[elem([3])], "window_spread: the window does not fit into the padded axis: [3] and [2]");
    refuses(spread(5), &[elem([])], "window_spread: the window has more axes than the tensor: [] and []");

    let most = |window| Primitive::WindowArgMax { window };
    accepts(most(three), &[half([2, 5])], index([2, 3]));
    refuses(most(three), &[index([5])], "window_argmax: input 0 must be floating-point, found index");
    refuses(most(three), &[elem([2])], "window_argmax: the window does not fit into the padded axis: [2]");
    let apart = window(&[Slide { kernel: 2, dilation: 2, lo: 1, hi: 1, ..Slide::UNIT }]);
    refuses(most(apart), &[elem([3, 1])], "window_argmax: a window that holds no cell has no largest: [3, 1]");
    let plane = window(&[Slide::UNIT; 2]);
    let extents = [4, 1 << 16, 1 << 15];
    refuses(most(plane), &[elem(extents)], "window_argmax: an index holds 31 bits: [4, 65536, 32768]");
    accepts(most(plane), &[elem([VAST, (1 << 16) - 1, 1 << 15])], index([VAST, (1 << 16) - 1, 1 << 15]));
}

#[test]
fn composites() {
    let call = Primitive::Call;
    let x = elem([2, 3]);
    refuses(call(Composite::Softplus), &[index([2])], "softplus: input 0 must be floating-point, found index");
    refuses(call(Composite::Gelu), &[index([2])], "gelu: input 0 must be floating-point, found index");
    for op in [Composite::Softmax { axis: 2 }, Composite::LogSoftmax { axis: 2 }, Composite::LogSumExp { axis: 2 }] {
        refuses(call(op), &[x], &format!("{}: axis 2 is out of range for shape [2, 3]", op.name()));
        let why = format!("{}: input 0 must be floating-point, found index", op.name());
        refuses(call(op), &[index([1, 1, 1])], &why);
    }
    accepts(call(Composite::LogSumExp { axis: 1 }), &[half([2, 3])], half([2, 1]));
    let (axes, eps) = (Axes::one(2), Scalar::new(0.0));
    for op in [Composite::Standardize { axes, eps }, Composite::RmsNorm { axes, eps }] {
        refuses(call(op), &[x], &format!("{}: axis 2 is out of range for shape [2, 3]", op.name()));
        let why = format!("{}: input 0 must be floating-point, found index", op.name());
        refuses(call(op), &[index([1, 1, 1])], &why);
    }
    let norm = call(Composite::LayerNorm { eps });
    let w = elem([3]);
    refuses(norm, &[x, w], "layer_norm: takes 3 inputs, 2 given");
    refuses(norm, &[index([2, 3]), w, w], "layer_norm: input 0 must be floating-point, found index");
    refuses(norm, &[x, w, half([3])], "layer_norm: the number formats differ: [2, 3] and f16[3]");
    let why = "layer_norm: weight and bias must have the shape of the last axes: [2, 3] and";
    refuses(norm, &[x, elem([2]), w], &format!("{why} [2]"));
    refuses(norm, &[x, elem([1, 2, 3]), w], &format!("{why} [1, 2, 3]"));
    refuses(norm, &[x, w, x], "layer_norm: the shapes differ: [3] and [2, 3]");
    accepts(norm, &[x, x, x], x);
    accepts(norm, &[x, w, w], x);
    let add = call(Composite::AddMatMul);
    refuses(add, &[x, x], "addmm: takes 3 inputs, 2 given");
    refuses(add, &[x, x, x], "matmul: the inner extents differ: [2, 3] and [2, 3]");
    refuses(add, &[elem([3]), x, elem([3, 3])], "addmm: the sum is not like the product: [3] and [2, 3]");
    refuses(add, &[half([2, 3]), x, elem([3, 3])], "addmm: the sum is not like the product: f16[2, 3] and [2, 3]");
    accepts(add, &[x, x, elem([3, 3])], x);
    let entropy = call(Composite::CrossEntropy);
    refuses(entropy, &[index([2, 3]), index([2])], "cross_entropy: input 0 must be floating-point, found index");
    refuses(entropy, &[x, elem([2])], "cross_entropy: input 1 must be index, found elem");
    let why = "cross_entropy: the logits need an axis of classes: []";
    refuses(entropy, &[elem([]), index([])], why);
    let why = "cross_entropy: each row of logits needs one label: [2, 3] and index[3]";
    refuses(entropy, &[x, index([3])], why);
    accepts(entropy, &[half([4, 2, 3]), index([4, 2])], half([4, 2]));
}

#[test]
fn attention() {
    let refuses = |inputs: &[Spec], why: &str| {
        let op = Primitive::Call(Composite::Attention { causal: false, scale: None });
        refuses(op, inputs, &format!("attention: {why}"));
    };
    let (q, k, v) = (elem([5, 4, 6]), elem([5, 3, 6]), elem([5, 3, 2]));
    accepts(Primitive::Call(Composite::Attention { causal: false, scale: None }), &[q, k, v], elem([5, 4, 2]));
    refuses(&[q, k], "takes 3 inputs, 2 given");
    refuses(&[q; 5], "takes 4 inputs, 5 given");
    refuses(&[index([2, 2]); 3], "input 0 must be floating-point, found index");
    refuses(&[q, index([5, 3, 6]), v], "input 1 must be floating-point, found index");
    refuses(&[q, k, half([5, 3, 2])], "the number formats differ: [5, 4, 6] and f16[5, 3, 2]");
    refuses(&[elem([2]); 3], "matrices of one rank are taken: [2] and [2]");
    refuses(&[q, elem([3, 6]), v], "matrices of one rank are taken: [5, 4, 6] and [3, 6]");
    refuses(&[q, elem([4, 3, 6]), v], "the leading axes differ: [5, 4, 6] and [4, 3, 6]");
    refuses(&[q, elem([5, 3, 7]), v], "queries and keys have different widths: [5, 4, 6] and [5, 3, 7]");
    refuses(&[q, k, elem([5, 4, 2])], "each key needs one value: [5, 3, 6] and [5, 4, 2]");
    let why = "the mask needs a row for each query and a column for each key";
    refuses(&[q, k, v, elem([5, 3, 4])], &format!("{why}: [5, 3, 4] and [5, 3, 6]"));
    let long = elem([VAST << 10, 1]);
    refuses(&[long; 3], "a result of shape [2199023255552, 2199023255552] has too many elements");
    let causal = Primitive::Call(Composite::Attention { causal: true, scale: None });
    accepts(causal, &[elem([VAST - 1, 1]); 3], elem([VAST - 1, 1]));
    let why = "attention: an index holds 31 bits: [2147483648, 1] and [2147483648, 1]";
    self::refuses(causal, &[elem([VAST, 1]); 3], why);
}
