//! Every kernel against the plain form, to the bit, on awkward shapes, strides and numbers.

use autodiff_core::{
    ArgReduce, Axes, Backend, Binary, Compare, Composite, DType, Data, DataBuf, Order, Primitive, Reduce,
    Scalar as Number, Shape, Slide, Spec, Unary, Window, bf16, f16,
};
use backend_cpu::{Cpu, CpuDevice, DenseTensor, Scalar};

use crate::reference::{self, Array};

/// Numbers by a linear congruence, awkward ones among them.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn elem(&mut self) -> f64 {
        const AWKWARD: [f64; 12] =
            [0.0, -0.0, 1.0, 1.0, -1.0, 1e30, -1e30, 1e-30, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2.5];
        match self.next() % 5 {
            0 => AWKWARD[self.next() as usize % AWKWARD.len()],
            _ => (self.next() % 4096) as f64 / 512.0 - 4.0,
        }
    }

    fn elems<T: Scalar>(&mut self, shape: impl Into<Shape>) -> Array<T> {
        let shape = shape.into();
        let data: Vec<f64> = (0..shape.elements()).map(|_| self.elem()).collect();
        Array::elem(shape, &data)
    }

    /// Without the numbers that make every sum NaN.
    fn tame<T: Scalar>(&mut self, shape: impl Into<Shape>) -> Array<T> {
        let shape = shape.into();
        let data: Vec<f64> = (0..shape.elements()).map(|_| (self.next() % 4096) as f64 / 512.0 - 4.0).collect();
        Array::elem(shape, &data)
    }

    fn indices<T: Scalar>(&mut self, shape: impl Into<Shape>, bound: usize) -> Array<T> {
        let shape = shape.into();
        let data: Vec<i32> = (0..shape.elements()).map(|_| (self.next() as usize % bound) as i32).collect();
        Array::index(shape, &data)
    }
}

/// Equal bits, but for NaN, whose sign and payload mean nothing.
#[track_caller]
fn same<T: Scalar>(what: &str, found: &DataBuf<T>, expected: &DataBuf<T>) {
    assert_eq!((found.dtype(), found.len()), (expected.dtype(), expected.len()), "{what}");
    for (place, (a, b)) in found.to_f64().into_iter().zip(expected.to_f64()).enumerate() {
        let equal = a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan());
        assert!(equal, "{what} in {}: element {place} is {a}, not {b}", T::NAME);
    }
}

fn run<T: Scalar>(primitive: &Primitive, inputs: &[&DenseTensor<T>]) -> DenseTensor<T> {
    let specs: Vec<Spec> = inputs.iter().map(|input| input.spec()).collect();
    Cpu::<T>::apply(primitive, inputs, &primitive.infer(&specs).unwrap(), &CpuDevice)
}

fn store<T: Scalar>(x: &Array<T>) -> DenseTensor<T> {
    DenseTensor::new(x.data.clone(), x.shape)
}

/// The same numbers in several layouts: in order, transposed, backwards, every second one of a larger array.
fn disguises<T: Scalar>(x: &Array<T>) -> Vec<DenseTensor<T>> {
    let rank = x.shape.rank();
    let mut disguises = vec![store(x)];
    let backwards = Primitive::Flip { axes: Axes::all(rank) };
    disguises.push(run(&backwards, &[&store(&reference::apply(&backwards, &[x]))]));
    let order = Order::try_new(&(0..rank).rev().collect::<Vec<_>>()).unwrap();
    let transpose = Primitive::Permute { order };
    disguises.push(run(&transpose, &[&store(&reference::apply(&transpose, &[x]))]));
    if rank > 0 {
        let axis = (rank - 1) as u8;
        let spread = Primitive::Pad { axis, lo: 1, hi: 1, interior: 1 };
        let stop = 2 * x.shape[rank - 1];
        let every_second = Primitive::Slice { axis, start: 1, stop: stop.max(1), step: 2 };
        disguises.push(run(&every_second, &[&store(&reference::apply(&spread, &[x]))]));
    }
    disguises
}

/// The primitive on every layout of its inputs.
#[track_caller]
fn check<T: Scalar>(primitive: &Primitive, inputs: &[&Array<T>]) {
    let expected = reference::apply(primitive, inputs);
    let disguised: Vec<Vec<DenseTensor<T>>> = inputs.iter().map(|x| disguises(x)).collect();
    let most = disguised.iter().map(Vec::len).max().unwrap_or(1);
    // Each input in each of its layouts, beside others in various ones.
    for round in 0..most * most {
        let pick = |(arg, ways): (usize, &'_ Vec<DenseTensor<T>>)| {
            ways[(round / most.pow(arg as u32 % 2) + arg / 2) % ways.len()].clone()
        };
        let inputs: Vec<DenseTensor<T>> = disguised.iter().enumerate().map(pick).collect();
        let found = run(primitive, &inputs.iter().collect::<Vec<_>>());
        let what = format!("{}{primitive} of {inputs:?}", primitive.name());
        assert_eq!(found.spec().shape, expected.shape, "{what}");
        same(&what, &Cpu::<T>::to_data(&found), &expected.data);
    }
}

const SHAPES: [&[usize]; 9] = [&[], &[0], &[1], &[7], &[3, 5], &[2, 0, 3], &[1, 13], &[2, 3, 4], &[2, 1, 3, 17]];

fn elementwise<T: Scalar>() {
    let mut numbers = Numbers(1);
    for shape in SHAPES {
        let [a, b, c] = [(); 3].map(|()| numbers.elems::<T>(shape));
        let [i, j] = [(); 2].map(|()| numbers.indices::<T>(shape, 5));
        Unary::ALL.iter().for_each(|&f| check(&Primitive::Unary(f), &[&a]));
        Binary::ALL.iter().for_each(|&f| check(&Primitive::Binary(f), &[&a, &b]));
        Binary::ALL.iter().filter(|f| f.on_index()).for_each(|&f| check(&Primitive::Binary(f), &[&i, &j]));
        for f in Compare::ALL {
            check(&Primitive::Compare(f), &[&a, &b]);
            check(&Primitive::Compare(f), &[&i, &j]);
        }
        check(&Primitive::Select, &[&a, &b, &c]);
        check(&Primitive::Select, &[&c, &i, &j]);
        for to in [DType::Elem, DType::F16, DType::Bf16, DType::Index] {
            check(&Primitive::Cast { to }, &[&a]);
            check(&Primitive::Cast { to }, &[&i]);
        }
    }
}

fn reductions<T: Scalar>() {
    let mut numbers = Numbers(2);
    for shape in SHAPES {
        let (wild, tame, i) = (numbers.elems::<T>(shape), numbers.tame::<T>(shape), numbers.indices::<T>(shape, 9));
        for set in 0..1_usize << shape.len() {
            let axes: Axes = (0..shape.len()).filter(|axis| set >> axis & 1 == 1).collect();
            for kind in Reduce::ALL {
                let primitive = Primitive::Reduce { kind, axes };
                for x in [&wild, &tame, &i] {
                    if primitive.infer(&[x.spec()]).is_ok() {
                        check(&primitive, &[x]);
                    }
                }
            }
        }
        for axis in (0..shape.len()).filter(|&axis| shape[axis] > 0) {
            for kind in [ArgReduce::Max, ArgReduce::Min] {
                let primitive = Primitive::ArgReduce { kind, axis: axis as u8 };
                check(&primitive, &[&wild]);
                check(&primitive, &[&Array::<T>::elem(shape, &vec![1.0; wild.data.len()])]);
            }
        }
    }
}

fn scans<T: Scalar>() {
    let mut numbers = Numbers(8);
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        let (wild, tame, i) = (numbers.elems::<T>(shape), numbers.tame::<T>(shape), numbers.indices::<T>(shape, 9));
        for x in [&wild, &tame, &i] {
            for flag in [false, true] {
                (0..shape.len()).for_each(|axis| check(&Primitive::CumSum { axis: axis as u8, reverse: flag }, &[x]));
                check(&Primitive::ArgSort { descending: flag }, &[x]);
            }
        }
    }
}

fn products<T: Scalar>() {
    let mut numbers = Numbers(3);
    for [m, k, n] in [[1, 1, 1], [2, 3, 5], [7, 5, 3], [0, 2, 2], [2, 0, 3], [4, 6, 8], [5, 9, 17], [13, 2, 1]] {
        check(&Primitive::MatMul, &[&numbers.tame::<T>([m, k]), &numbers.tame([k, n])]);
        check(&Primitive::MatMul, &[&numbers.elems::<T>([m, k]), &numbers.elems([k, n])]);
        check(&Primitive::MatMul, &[&numbers.tame::<T>([2, 3, m, k]), &numbers.tame([2, 3, k, n])]);
    }
}

fn regions<T: Scalar>() {
    let mut numbers = Numbers(4);
    for shape in SHAPES.into_iter().filter(|shape| !shape.is_empty()) {
        let (x, i) = (numbers.elems::<T>(shape), numbers.indices::<T>(shape, 5));
        for axis in 0..shape.len() {
            let own = axis as u8;
            for (lo, hi, interior) in [(0, 0, 0), (2, 1, 0), (0, 3, 2)] {
                let pad = Primitive::Pad { axis: own, lo, hi, interior };
                check(&pad, &[&x]);
                check(&pad, &[&i]);
            }
            let other = numbers.elems::<T>(Shape::new(shape).with(axis, 2));
            check(&Primitive::Concat { axis: own }, &[&x, &other, &x, &x]);
            check(&Primitive::Concat { axis: own }, &[&i, &i]);
            check(&Primitive::Concat { axis: own }, &[&x]);
        }
        // Also where no strides can describe the result.
        check(&Primitive::Reshape { shape: Shape::from([x.data.len()]) }, &[&x]);
    }
}

fn positions<T: Scalar>() {
    let mut numbers = Numbers(5);
    for shape in [&[5][..], &[4, 3], &[2, 3, 5], &[1, 7]] {
        let x = numbers.elems::<T>(shape);
        let whole = numbers.indices::<T>(shape, 9);
        for axis in 0..shape.len() {
            for count in [0, 1, 2, 6] {
                let picked = Shape::new(shape).with(axis, count);
                let index = numbers.indices::<T>(picked, shape[axis]);
                let (updates, whole_updates) = (numbers.elems::<T>(picked), numbers.indices::<T>(picked, 9));
                let own = axis as u8;
                check(&Primitive::Gather { axis: own }, &[&x, &index]);
                check(&Primitive::Gather { axis: own }, &[&whole, &index]);
                check(&Primitive::ScatterAdd { axis: own }, &[&x, &index, &updates]);
                check(&Primitive::ScatterAdd { axis: own }, &[&whole, &index, &whole_updates]);
            }
        }
    }
}

/// An index that is the same along the inner axes moves whole rows.
fn rows<T: Scalar>() {
    let mut numbers = Numbers(6);
    let (table, tokens) = (numbers.elems::<T>([10, 4]), numbers.indices::<T>([6, 1], 10));
    let stretch = Primitive::Broadcast { shape: Shape::from([6, 4]) };
    let (index, strided) = (reference::apply(&stretch, &[&tokens]), run(&stretch, &[&store(&tokens)]));
    let updates = numbers.elems::<T>([6, 4]);
    for table_in in disguises(&table) {
        let found = run(&Primitive::Gather { axis: 0 }, &[&table_in, &strided]);
        let expected = reference::apply(&Primitive::Gather { axis: 0 }, &[&table, &index]);
        same("rows read", &Cpu::<T>::to_data(&found), &expected.data);
        let found = run(&Primitive::ScatterAdd { axis: 0 }, &[&table_in, &strided, &store(&updates)]);
        let expected = reference::apply(&Primitive::ScatterAdd { axis: 0 }, &[&table, &index, &updates]);
        same("rows added to", &Cpu::<T>::to_data(&found), &expected.data);
    }
}

fn losses<T: Scalar>() {
    let mut numbers = Numbers(7);
    let primitive = Primitive::Call(Composite::CrossEntropy);
    for rows in [&[][..], &[0], &[5], &[2, 3]] {
        let logits = [rows, &[11]].concat();
        let labels = numbers.indices::<T>(rows, 11);
        check(&primitive, &[&numbers.tame::<T>(&logits[..]), &labels]);
        check(&primitive, &[&numbers.elems::<T>(&logits[..]), &labels]);
    }
}

fn sources<T: Scalar>() {
    let constant = Primitive::Constant { value: Number::new(0.1), dtype: DType::Elem };
    same("constant", &Cpu::<T>::to_data(&run(&constant, &[])), &DataBuf::Elem(vec![T::from_f64(0.1)]));
    let constant = Primitive::Constant { value: Number::new(-7.9), dtype: DType::Index };
    same("constant", &Cpu::<T>::to_data(&run(&constant, &[])), &DataBuf::Index(vec![-7]));
    let iota = run::<T>(&Primitive::Iota { len: 4 }, &[]);
    same("iota", &Cpu::<T>::to_data(&iota), &DataBuf::Index(vec![0, 1, 2, 3]));
    let halves = [f16::from_f32(0.5), f16::NAN, f16::MAX];
    let stored = Cpu::<T>::from_data(Data::F16(&halves), &Shape::from([3]), &CpuDevice);
    let doubled = run(&Primitive::Binary(Binary::Add), &[&stored, &stored]);
    let expected = DataBuf::F16(halves.iter().map(|&x| x + x).collect());
    same("halves beside another element", &Cpu::<T>::to_data(&doubled), &expected);
}

/// Elements that a broadcast repeats are read as if each were stored.
fn repeated<T: Scalar>() {
    let mut numbers = Numbers(9);
    let window = Window::new(&[Slide { kernel: 2, ..Slide::UNIT }]).unwrap();
    let full = Shape::from([2, 3, 19]);
    let (other, twice) = (store(&numbers.tame::<T>(full)), store(&numbers.tame::<T>([2, 3, 18])));
    let (weight, labels) = (store(&numbers.tame::<T>([3, 3, 2])), store(&numbers.indices::<T>([2, 3], 19)));
    let turned = run(&Primitive::Permute { order: Order::try_new(&[0, 2, 1]).unwrap() }, &[&other]);
    let mut alone = vec![Primitive::WindowSum { window }, Primitive::WindowArgMax { window }];
    alone.extend((0..2).map(|bit| Primitive::CumSum { axis: 2, reverse: bit == 1 }));
    alone.push(Primitive::WindowSpread { window, size: [1, 1, 20] });
    alone.extend([Primitive::Unary(Unary::Abs), Primitive::Cast { to: DType::F16 }]);
    alone.push(Primitive::Pad { axis: 2, lo: 1, hi: 0, interior: 1 });
    for set in 0..8 {
        let axes: Axes = (0..3).filter(|axis| set >> axis & 1 == 1).collect();
        alone.extend(Reduce::ALL.map(|kind| Primitive::Reduce { kind, axes }));
    }
    alone.extend((0..3).map(|axis| Primitive::ArgReduce { kind: ArgReduce::Max, axis }));
    for from in [[2, 3, 1], [2, 1, 19], [1, 3, 19], [1, 1, 1]] {
        let (x, stretch) = (numbers.tame::<T>(from), Primitive::Broadcast { shape: full });
        let (repeated, stored) = (run(&stretch, &[&store(&x)]), store(&reference::apply(&stretch, &[&x])));
        let agree = |op: &Primitive, of: &dyn Fn(&DenseTensor<T>) -> DenseTensor<T>| {
            let what = format!("{}{op} of {from:?} repeated", op.name());
            same(&what, &Cpu::<T>::to_data(&of(&repeated)), &Cpu::<T>::to_data(&of(&stored)));
        };
        alone.iter().for_each(|op| agree(op, &|x| run(op, &[x])));
        for op in [Primitive::Binary(Binary::Sub), Primitive::Compare(Compare::Lt), Primitive::Concat { axis: 2 }] {
            agree(&op, &|x| run(&op, &[x, &other]));
            agree(&op, &|x| run(&op, &[&other, x]));
            agree(&op, &|x| run(&op, &[x, x]));
        }
        agree(&Primitive::Select, &|x| run(&Primitive::Select, &[&other, x, &other]));
        agree(&Primitive::MatMul, &|x| run(&Primitive::MatMul, &[x, &turned]));
        agree(&Primitive::MatMul, &|x| run(&Primitive::MatMul, &[&turned, x]));
        let op = Primitive::Call(Composite::CrossEntropy);
        agree(&op, &|x| run(&op, &[x, &labels]));
        let op = Primitive::Conv { window, groups: 1 };
        agree(&op, &|x| run(&op, &[x, &weight]));
        let op = Primitive::ConvInputGrad { window, groups: 1, size: [1, 1, 20] };
        agree(&op, &|x| run(&op, &[x, &weight]));
        let op = Primitive::ConvWeightGrad { window, groups: 1 };
        agree(&op, &|x| run(&op, &[x, &twice]));
    }
}

macro_rules! for_each_element {
    ($($name:ident: $family:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                $family::<f32>();
                $family::<f64>();
                $family::<f16>();
                $family::<bf16>();
            }
        )*
    };
}

for_each_element! {
    functions_of_elements: elementwise,
    reductions_along_every_set_of_axes: reductions,
    running_sums_and_sorted_orders: scans,
    matrix_products: products,
    padding_joining_copying: regions,
    reading_and_adding_at_positions: positions,
    whole_rows_at_positions: rows,
    cross_entropy_in_one_pass: losses,
    constants_positions_and_halves: sources,
    repeated_elements: repeated,
}
