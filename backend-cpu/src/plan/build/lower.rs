//! From assignments to steps: what is computed, and which layouts of it are read.

use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DType, Data, Element, Instruction, Primitive, Shape, Spec, WengertList, bf16, f16};

use super::Pool;
use crate::layout::Layout;
use crate::math::{Number, Scalar};

/// A step whose memory is not assigned yet. Its result is the root of its own number.
pub(super) struct Draft {
    pub(super) primitive: Primitive,
    pub(super) spec: Spec,
    pub(super) operands: Vec<Reference>,
}

/// A value: part of an input, a constant or a root.
#[derive(Clone, Copy)]
pub(super) struct Reference {
    pub(super) base: Base,
    pub(super) dtype: DType,
    pub(super) layout: Layout,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Base {
    Input(usize),
    Constant,
    Root(usize),
}

impl Reference {
    /// Whether all of a root is read, in its own order.
    pub(super) fn is_whole(&self, root: Spec) -> bool {
        self.layout.offset() == 0
            && self.layout.is_contiguous()
            && self.layout.shape().elements() == root.shape.elements()
    }
}

/// Where a root's elements go.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Workspace,
    Output(usize),
}

/// A list as drafts of steps.
pub(super) struct Lowered<T> {
    pub(super) drafts: Vec<Draft>,
    pub(super) constants: Pool<T>,
    outputs: Vec<Reference>,
}

impl<T: Scalar> Lowered<T> {
    /// The steps of a list without users' operations.
    pub(super) fn new(list: &WengertList<T>) -> Self {
        let mut lowered = Self { drafts: Vec::new(), constants: Pool::new(), outputs: Vec::new() };
        let mut values: Vec<Reference> = Vec::with_capacity(list.assignments().len());
        for (place, assignment) in list.assignments().iter().enumerate() {
            let value = match &assignment.instruction {
                Instruction::Input(_) => input(list, place, assignment.spec),
                Instruction::Data(data) => lowered.constant(data.as_data(), assignment.spec.shape),
                Instruction::Apply(primitive) => {
                    let args = assignment.args.iter().map(|arg| values[arg.index()]).collect();
                    lowered.apply(primitive, args, assignment.spec)
                }
                Instruction::Custom(_) => unreachable!("the list was expanded"),
            };
            values.push(value);
        }
        lowered.outputs = list.outputs().iter().map(|(_, var)| values[var.index()]).collect();
        lowered
    }

    /// Lets each output be computed right in its slice by the root that it is all of; any other output becomes a copy.
    /// Answers each root's home.
    pub(super) fn settle_outputs(&mut self) -> Vec<Home> {
        let mut homes = vec![Home::Workspace; self.drafts.len()];
        for (place, output) in core::mem::take(&mut self.outputs).into_iter().enumerate() {
            match output.base {
                Base::Root(root) if homes[root] == Home::Workspace && output.is_whole(self.drafts[root].spec) => {
                    homes[root] = Home::Output(place);
                }
                _ => {
                    let spec = Spec { shape: *output.layout.shape(), dtype: output.dtype };
                    self.step(Primitive::Reshape { shape: spec.shape }, vec![output], spec);
                    homes.push(Home::Output(place));
                }
            }
        }
        homes
    }

    fn apply(&mut self, primitive: &Primitive, args: Vec<Reference>, spec: Spec) -> Reference {
        match *primitive {
            Primitive::Constant { value, dtype } => self.scalar(value.get(), dtype),
            Primitive::Barrier => args[0],
            _ => match args.first().and_then(|x| x.layout.movement(primitive)) {
                Some(layout) => Reference { layout, ..args[0] },
                None => self.step(*primitive, args, spec),
            },
        }
    }

    fn scalar(&mut self, value: f64, dtype: DType) -> Reference {
        let shape = Shape::SCALAR;
        match dtype {
            DType::Elem => self.constant(Data::Elem(&[T::from_f64(value)]), shape),
            DType::F16 => self.constant(Data::F16(&[<f16 as Element>::from_f64(value)]), shape),
            DType::Bf16 => self.constant(Data::Bf16(&[<bf16 as Element>::from_f64(value)]), shape),
            DType::Index => self.constant(Data::Index(&[i32::from_wide(value)]), shape),
        }
    }

    fn constant(&mut self, data: Data<'_, T>, shape: Shape) -> Reference {
        let layout = Layout::contiguous(shape).offset_by(self.constants.push(data));
        Reference { base: Base::Constant, dtype: data.dtype(), layout }
    }

    fn step(&mut self, primitive: Primitive, operands: Vec<Reference>, spec: Spec) -> Reference {
        self.drafts.push(Draft { primitive, spec, operands });
        let base = Base::Root(self.drafts.len() - 1);
        Reference { base, dtype: spec.dtype, layout: Layout::contiguous(spec.shape) }
    }
}

fn input<T: Scalar>(list: &WengertList<T>, place: usize, spec: Spec) -> Reference {
    let number = list.inputs().iter().position(|var| var.index() == place);
    let base = Base::Input(number.expect("an input of a list is declared"));
    Reference { base, dtype: spec.dtype, layout: Layout::contiguous(spec.shape) }
}
