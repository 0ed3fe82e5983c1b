//! One function for each family of primitives: which values it is applied to, with which attributes.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{
    ArgReduce, Axes, Binary, Compare, Composite, DType, Order, Primitive, Reduce, Scalar, Shape, Slide, Spec, Unary,
    Window,
};

use crate::composite;

use super::choice::Choice;
use super::generate::{Generator, KEY, Made};

impl Generator {
    /// One step, with those that prepare its inputs; none where no value is fit for what was chosen.
    pub(super) fn step(&mut self, choice: &mut Choice<'_>) {
        const FAMILIES: [fn(&mut Generator, &mut Choice<'_>) -> Made; 24] = [
            Generator::unary,
            Generator::binary,
            Generator::compare,
            Generator::select,
            Generator::reduce,
            Generator::arg_reduce,
            Generator::cum_sum,
            Generator::arg_sort,
            Generator::matmul,
            Generator::convolution,
            Generator::window,
            Generator::reshape,
            Generator::permute,
            Generator::flip,
            Generator::broadcast,
            Generator::pad,
            Generator::slice,
            Generator::concat,
            Generator::gather,
            Generator::scatter_add,
            Generator::barrier,
            Generator::cast,
            Generator::source,
            Generator::composite,
        ];
        let family = choice.of(&FAMILIES);
        family(self, choice);
    }

    fn unary(&mut self, choice: &mut Choice<'_>) -> Made {
        let f = choice.of(&Unary::ALL);
        let x = match f {
            Unary::Floor | Unary::Round => self.firm(choice, |spec| spec.dtype.is_float())?,
            _ => self.float(choice)?,
        };
        let x = match f {
            Unary::Log | Unary::Sqrt => self.positive(x)?,
            Unary::Log1p => self.of(Unary::Relu, x)?,
            Unary::Exp | Unary::Expm1 => self.of(Unary::Tanh, x)?,
            _ => x,
        };
        self.of(f, x)
    }

    fn binary(&mut self, choice: &mut Choice<'_>) -> Made {
        let f = choice.of(&Binary::ALL);
        let a = self.pick(choice, |_, spec| f.on_index() || spec.dtype.is_float())?;
        let dtype = self.spec(a).dtype;
        let b = self.pick(choice, |_, spec| spec.dtype == dtype)?;
        let [a, b] = self.fitted(a, b)?;
        let (a, b) = match f {
            Binary::Mul if dtype.is_float() => (a, self.of(Unary::Tanh, b)?),
            Binary::Div => (a, self.positive(b)?),
            Binary::Pow => (self.positive(a)?, self.of(Unary::Tanh, b)?),
            Binary::Atan2 => (self.positive(a)?, b),
            Binary::Add | Binary::Sub | Binary::Mul | Binary::Max | Binary::Min => (a, b),
        };
        self.of_two(f, a, b)
    }

    fn compare(&mut self, choice: &mut Choice<'_>) -> Made {
        let f = choice.of(&Compare::ALL);
        let a = self.firm(choice, |_| true)?;
        let dtype = self.spec(a).dtype;
        let b = self.firm(choice, |spec| spec.dtype == dtype)?;
        let [a, b] = self.fitted(a, b)?;
        self.push(Primitive::Compare(f), [a, b])
    }

    fn select(&mut self, choice: &mut Choice<'_>) -> Made {
        let a = self.any(choice)?;
        let dtype = self.spec(a).dtype;
        let b = self.pick(choice, |_, spec| spec.dtype == dtype)?;
        let [a, b] = self.fitted(a, b)?;
        let condition = self.firm(choice, |spec| spec.dtype == DType::Elem)?;
        let zero = self.number(0.0, condition)?;
        let condition = self.push(Primitive::Compare(Compare::Lt), [zero, condition])?;
        let shape = self.shape(a);
        let condition = match self.shape(condition) {
            own if own == shape => condition,
            _ => {
                let any = Primitive::Reduce { kind: Reduce::Max, axes: Axes::all(self.shape(condition).rank()) };
                let any = self.push(any, [condition])?;
                let any = self.push(Primitive::Reshape { shape: Shape::SCALAR }, [any])?;
                self.push(Primitive::Broadcast { shape }, [any])?
            }
        };
        self.push(Primitive::Select, [condition, a, b])
    }

    fn reduce(&mut self, choice: &mut Choice<'_>) -> Made {
        let kind = choice.of(&Reduce::ALL);
        let x = self.any(choice)?;
        let axes = choice.below(256);
        let axes: Axes = (0..self.shape(x).rank()).filter(|axis| axes >> axis & 1 == 1).collect();
        // A mean of nothing is not a number.
        if kind == Reduce::Mean && axes.iter().any(|axis| self.shape(x)[axis] == 0) {
            return None;
        }
        let x = if kind == Reduce::Prod && self.spec(x).dtype.is_float() { self.of(Unary::Tanh, x)? } else { x };
        self.push(Primitive::Reduce { kind, axes }, [x])
    }

    fn arg_reduce(&mut self, choice: &mut Choice<'_>) -> Made {
        let kind = choice.of(&[ArgReduce::Max, ArgReduce::Min]);
        let x = self.firm(choice, |spec| spec.dtype.is_float())?;
        let axis = self.axis(choice, x)?;
        self.push(Primitive::ArgReduce { kind, axis }, [x])
    }

    fn cum_sum(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let axis = self.axis(choice, x)?;
        self.push(Primitive::CumSum { axis, reverse: choice.yes() }, [x])
    }

    fn arg_sort(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.firm(choice, |spec| spec.shape.rank() > 0)?;
        self.push(Primitive::ArgSort { descending: choice.yes() }, [x])
    }

    /// An axis as primitives store it.
    fn axis(&self, choice: &mut Choice<'_>, x: usize) -> Option<u8> {
        let rank = self.shape(x).rank();
        if rank == 0 { None } else { u8::try_from(choice.below(rank)).ok() }
    }

    /// By a matrix that fits, or by its own transpose.
    fn matmul(&mut self, choice: &mut Choice<'_>) -> Made {
        let a = self.pick(choice, |_, spec| spec.dtype.is_float() && spec.shape.rank() >= 2)?;
        let (spec, rank) = (self.spec(a), self.shape(a).rank());
        let fits = |right: Spec| Primitive::MatMul.infer(&[spec, right]).is_ok();
        let b = match self.pick(choice, |_, right| fits(right)) {
            Some(b) => b,
            None => {
                let mut order: Vec<usize> = (0..rank).collect();
                order.swap(rank - 1, rank - 2);
                self.push(Primitive::Permute { order: Order::try_new(&order)? }, [a])?
            }
        };
        let b = self.of(Unary::Tanh, b)?;
        self.push(Primitive::MatMul, [a, b])
    }

    /// A convolution, or one of its gradients, over the last axes of a value.
    fn convolution(&mut self, choice: &mut Choice<'_>) -> Made {
        let any = self.float(choice)?;
        let x = match self.pick(choice, |_, spec| spec.dtype.is_float() && (3..=5).contains(&spec.shape.rank())) {
            Some(x) => x,
            None => self.filled(choice, any, [2, 2, 4].into())?,
        };
        let shape = self.shape(x);
        let (window, size) = slides(choice, &shape.extents()[2..])?;
        let groups: u32 = if shape[1].is_multiple_of(2) { choice.of(&[1, 2]) } else { 1 };
        let outer = [2 * groups as usize, shape[1] / groups as usize];
        let kernel = window.slides().iter().map(|slide| slide.kernel as usize);
        let weight: Vec<usize> = outer.into_iter().chain(kernel).collect();
        let weight = self.filled(choice, any, Shape::try_new(&weight)?)?;
        let y = self.push(Primitive::Conv { window, groups }, [x, weight])?;
        match choice.below(3) {
            0 => Some(y),
            1 => self.push(Primitive::ConvWeightGrad { window, groups }, [x, y]),
            _ => self.push(Primitive::ConvInputGrad { window, groups, size }, [y, weight]),
        }
    }

    /// Over the last axis or the last two.
    fn window(&mut self, choice: &mut Choice<'_>) -> Made {
        let kind = choice.below(3);
        let float = |spec: Spec| spec.dtype.is_float() && spec.shape.rank() > 0;
        let x = if kind == 0 { self.firm(choice, float)? } else { self.pick(choice, |_, spec| float(spec))? };
        let shape = self.shape(x);
        let last = if shape.rank() > 1 && choice.yes() { 2 } else { 1 };
        let (window, size) = slides(choice, &shape.extents()[shape.rank() - last..])?;
        if kind == 0 {
            return self.push(Primitive::WindowArgMax { window }, [x]);
        }
        let sum = self.push(Primitive::WindowSum { window }, [x])?;
        if kind == 1 { Some(sum) } else { self.push(Primitive::WindowSpread { window, size }, [sum]) }
    }

    /// Joins two neighbouring axes, splits one, or adds one of extent 1.
    fn reshape(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let mut extents = self.shape(x).extents().to_vec();
        let (axis, kind) = (choice.below(extents.len()), choice.below(3));
        match kind {
            0 if axis + 1 < extents.len() => extents[axis] *= extents.remove(axis + 1),
            1 if extents.get(axis).is_some_and(|extent| extent % 2 == 0) => {
                extents[axis] /= 2;
                extents.insert(axis + choice.below(2), 2);
            }
            _ => extents.insert(choice.below(extents.len() + 1), 1),
        }
        let shape = Shape::try_new(&extents)?;
        self.push(Primitive::Reshape { shape }, [x])
    }

    fn permute(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let mut order: Vec<usize> = (0..self.shape(x).rank()).collect();
        for axis in 1..order.len() {
            order.swap(axis, choice.below(axis + 1));
        }
        self.push(Primitive::Permute { order: Order::try_new(&order)? }, [x])
    }

    fn flip(&mut self, choice: &mut Choice<'_>) -> Made {
        let (x, set) = (self.any(choice)?, choice.below(256));
        let axes: Axes = (0..self.shape(x).rank()).filter(|axis| set >> axis & 1 == 1).collect();
        self.push(Primitive::Flip { axes }, [x])
    }

    fn broadcast(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let mut extents = self.shape(x).extents().to_vec();
        for extent in extents.iter_mut().filter(|extent| **extent == 1) {
            *extent = choice.below(4);
        }
        if choice.yes() {
            extents.insert(0, choice.below(3));
        }
        let shape = Shape::try_new(&extents)?;
        self.push(Primitive::Broadcast { shape }, [x])
    }

    fn pad(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let (axis, [lo, hi, interior]) = (self.axis(choice, x)?, [0; 3].map(|_: i32| choice.below(3)));
        self.push(Primitive::Pad { axis, lo, hi, interior }, [x])
    }

    fn slice(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let axis = self.axis(choice, x)?;
        let extent = self.shape(x)[axis.into()];
        let start = choice.below(extent + 1);
        let stop = start + choice.below(extent - start + 1);
        self.push(Primitive::Slice { axis, start, stop, step: choice.below(3) + 1 }, [x])
    }

    fn concat(&mut self, choice: &mut Choice<'_>) -> Made {
        let a = self.any(choice)?;
        let (axis, spec) = (self.axis(choice, a)?, self.spec(a));
        let fits = |other: Spec| Primitive::Concat { axis }.infer(&[spec, other]).is_ok();
        let b = self.pick(choice, |_, other| fits(other))?;
        let parts = if choice.yes() { vec![a, b, a] } else { vec![b, a] };
        self.push(Primitive::Concat { axis }, parts)
    }

    fn gather(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.any(choice)?;
        let axis = self.axis(choice, x)?;
        let (shape, count) = (self.shape(x), choice.below(4));
        let index = self.positions(choice, shape.with(axis.into(), count), shape[axis.into()])?;
        self.push(Primitive::Gather { axis }, [x, index])
    }

    fn scatter_add(&mut self, choice: &mut Choice<'_>) -> Made {
        let u = self.any(choice)?;
        let (axis, spec, extent) = (self.axis(choice, u)?, self.spec(u), choice.below(4) + 1);
        let fits = |x: Spec| x.dtype == spec.dtype && x.shape == spec.shape.with(axis.into(), extent);
        let x = match self.pick(choice, |_, x| fits(x)) {
            Some(x) => x,
            None => {
                let one = Primitive::Constant { value: Scalar::new(1.0), dtype: spec.dtype };
                let one = self.push(one, [])?;
                self.push(Primitive::Broadcast { shape: spec.shape.with(axis.into(), extent) }, [one])?
            }
        };
        let index = self.positions(choice, spec.shape, extent)?;
        self.push(Primitive::ScatterAdd { axis }, [x, index, u])
    }

    fn barrier(&mut self, choice: &mut Choice<'_>) -> Made {
        let (x, token) = (self.any(choice)?, self.any(choice)?);
        self.push(Primitive::Barrier, [x, token])
    }

    /// To half precision and to indices, and back from there: the next value of it that is needed.
    fn cast(&mut self, choice: &mut Choice<'_>) -> Made {
        let to = choice.of(&[DType::Index, DType::Elem, DType::F16, DType::Bf16]);
        if matches!(to, DType::F16 | DType::Bf16) && !self.halves {
            return None;
        }
        let x = match to {
            DType::Elem => self.any(choice)?,
            DType::F16 | DType::Bf16 | DType::Index => self.firm(choice, |_| true)?,
        };
        self.push(Primitive::Cast { to }, [x])
    }

    fn source(&mut self, choice: &mut Choice<'_>) -> Made {
        let dtype = choice.of(&[DType::Elem, DType::Index]);
        match choice.below(3) {
            0 => self.push(Primitive::Constant { value: Scalar::new(1.5), dtype }, []),
            1 => self.push(Primitive::Iota { len: choice.below(5) }, []),
            _ => {
                let shape = Shape::from([choice.below(4), choice.below(3)]);
                self.push(Primitive::RandomBits { shape, bits: choice.of(&[1, 4, 31]) }, [KEY])
            }
        }
    }

    fn composite(&mut self, choice: &mut Choice<'_>) -> Made {
        let x = self.pick(choice, |_, spec| spec.dtype.is_float() && spec.shape.elements() > 0)?;
        let shape = self.shape(x);
        let composites = composite::of_shape(&shape);
        // The last ones are those of several inputs.
        match choice.below(composites.len() + 5).checked_sub(composites.len()) {
            None => self.push(Primitive::Call(choice.of(&composites)), [x]),
            Some(0) => {
                let last = shape.rank().checked_sub(1)?;
                let labels = self.positions(choice, Shape::new(&shape.extents()[..last]), shape[last])?;
                self.push(Primitive::Call(Composite::CrossEntropy), [x, labels])
            }
            Some(1) => self.layer_norm(choice, x),
            Some(2) => self.add_matmul(choice, x),
            Some(_) => self.attention(choice, x),
        }
    }

    fn layer_norm(&mut self, choice: &mut Choice<'_>, x: usize) -> Made {
        let shape = self.shape(x);
        let last = Shape::new(&shape.extents()[choice.below(shape.rank() + 1)..]);
        let mut inputs = Vec::from([x]);
        for _ in 0..2 {
            inputs.push(self.filled(choice, x, last)?);
        }
        self.push(Primitive::Call(Composite::LayerNorm { eps: Scalar::new(0.25) }), inputs)
    }

    fn add_matmul(&mut self, choice: &mut Choice<'_>, x: usize) -> Made {
        let [m, k, n] = [choice.below(3) + 1, choice.below(4), choice.below(3) + 1];
        let mut inputs = Vec::new();
        for shape in [[m, n], [m, k], [k, n]] {
            inputs.push(self.filled(choice, x, shape.into())?);
        }
        self.push(Primitive::Call(Composite::AddMatMul), inputs)
    }

    fn attention(&mut self, choice: &mut Choice<'_>, x: usize) -> Made {
        let [queries, keys] = [choice.below(3) + 1, choice.below(3) + 1];
        let shapes = [[2, queries, 2], [2, keys, 2], [2, keys, 3], [2, queries, keys]];
        let mut inputs = Vec::new();
        for shape in shapes.into_iter().take(choice.of(&[3, 4])) {
            inputs.push(self.filled(choice, x, shape.into())?);
        }
        let scale = choice.yes().then_some(Scalar::new(0.75));
        self.push(Primitive::Call(Composite::Attention { causal: choice.yes(), scale }), inputs)
    }
}

/// Windows over these axes, and their extents as primitives store them.
fn slides(choice: &mut Choice<'_>, extents: &[usize]) -> Option<(Window, [u32; 3])> {
    let slide = |_: &usize| Slide {
        kernel: choice.of(&[1, 2, 3]),
        stride: choice.of(&[1, 2]),
        dilation: choice.of(&[1, 2]),
        lo: choice.of(&[0, 1, 2]),
        hi: choice.of(&[0, 1]),
    };
    let slides: Vec<Slide> = extents.iter().map(slide).collect();
    let mut size = [1; 3];
    for (to, &extent) in size.iter_mut().rev().zip(extents.iter().rev()) {
        *to = u32::try_from(extent).ok()?;
    }
    Some((Window::new(&slides)?, size))
}
