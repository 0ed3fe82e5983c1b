//! From assignments to steps: what is computed, and which layouts of it are read.

use core::ops::Range;

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{
    Composite, DType, Data, Element, Instruction, Primitive, Role, Shape, Spec, WengertList, bf16, f16,
};

use super::Pool;
use crate::kernels::FusedOp;
use crate::layout::Layout;
use crate::math::{Number, Scalar};

/// A step whose memory is not assigned yet.
pub(super) struct Draft {
    pub(super) work: Work,
    pub(super) operands: Vec<Reference>,
    /// The root that it computes.
    pub(super) root: usize,
}

/// What a draft computes.
pub(super) enum Work {
    Primitive(Primitive),
    /// Functions of elements, one behind another.
    Fused(Vec<FusedOp>),
}

impl Draft {
    /// The operands whose room the result can take over, element by element.
    pub(super) fn may_take_over(&self) -> Range<usize> {
        match self.work {
            Work::Primitive(
                Primitive::Unary(_) | Primitive::ScatterAdd { .. } | Primitive::Call(Composite::AddMatMul),
            ) => 0..1,
            Work::Primitive(Primitive::Binary(_)) => 0..2,
            Work::Primitive(_) => 0..0,
            Work::Fused(_) => 0..self.operands.len(),
        }
    }
}

/// A value: part of a given input, a constant or a root.
#[derive(Clone, Copy, PartialEq)]
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
    pub(super) const fn root(&self) -> Option<usize> {
        match self.base {
            Base::Root(root) => Some(root),
            Base::Input(_) | Base::Constant => None,
        }
    }

    /// Whether all of a root is read, in its own order.
    pub(super) fn is_whole(&self, root: Spec) -> bool {
        self.layout.offset() == 0
            && self.layout.is_contiguous()
            && self.layout.shape().elements() == root.shape.elements()
    }
}

/// A list as drafts of steps.
pub(super) struct Lowered<T> {
    /// What has room of its own: first the inputs that are kept, in their order, then what each draft computes.
    pub(super) roots: Vec<Spec>,
    /// How many of them are inputs.
    pub(super) kept: usize,
    /// What the list calls each root.
    pub(super) names: Vec<String>,
    pub(super) drafts: Vec<Draft>,
    pub(super) constants: Pool<T>,
    pub(super) inputs: Vec<Reference>,
    pub(super) outputs: Vec<Reference>,
    pub(super) output_names: Vec<String>,
}

impl<T: Scalar> Lowered<T> {
    /// The steps of a list without users' operations.
    pub(super) fn new(list: &WengertList<T>, roles: &[Role]) -> Self {
        let mut lowered = Self::of_inputs(list, roles);
        let mut values: Vec<Reference> = Vec::with_capacity(list.assignments().len());
        let mut inputs = lowered.inputs.clone().into_iter();
        for (assignment, name) in list.assignments().iter().zip(list.names()) {
            let value = match &assignment.instruction {
                // The builder of a list puts its inputs first, in their order.
                Instruction::Input(_) => inputs.next().expect("an input of a list is declared"),
                Instruction::Data(data) => lowered.constant(data.as_data(), assignment.spec.shape),
                Instruction::Apply(primitive) => {
                    let args = assignment.args.iter().map(|arg| values[arg.index()]).collect();
                    lowered.apply(primitive, args, assignment.spec, name)
                }
                Instruction::Custom(_) => unreachable!("the list was expanded"),
            };
            values.push(value);
        }
        for (name, var) in list.outputs() {
            lowered.outputs.push(values[var.index()]);
            lowered.output_names.push(name.clone());
        }
        lowered
    }

    fn of_inputs(list: &WengertList<T>, roles: &[Role]) -> Self {
        let (mut roots, mut names, mut inputs, mut given) = (Vec::new(), Vec::new(), Vec::new(), 0);
        for (var, role) in list.inputs().iter().zip(roles) {
            let spec = list[*var].spec;
            let base = if *role == Role::Given {
                given += 1;
                Base::Input(given - 1)
            } else {
                roots.push(spec);
                names.push(list[*var].instruction.name().into());
                Base::Root(roots.len() - 1)
            };
            inputs.push(Reference { base, dtype: spec.dtype, layout: Layout::contiguous(spec.shape) });
        }
        let (drafts, outputs, output_names) = (Vec::new(), Vec::new(), Vec::new());
        Self { kept: roots.len(), roots, names, drafts, constants: Pool::new(), inputs, outputs, output_names }
    }

    /// A root of its own for a copy of this value.
    pub(super) fn copy(&mut self, value: Reference, name: String) -> usize {
        let spec = Spec { shape: *value.layout.shape(), dtype: value.dtype };
        self.step(Primitive::Reshape { shape: spec.shape }, vec![value], spec, name);
        self.roots.len() - 1
    }

    /// All of a root, in its own order.
    pub(super) fn whole(&self, root: usize) -> Reference {
        let Spec { shape, dtype } = self.roots[root];
        Reference { base: Base::Root(root), dtype, layout: Layout::contiguous(shape) }
    }

    fn apply(&mut self, primitive: &Primitive, args: Vec<Reference>, spec: Spec, name: String) -> Reference {
        match *primitive {
            Primitive::Constant { value, dtype } => self.scalar(value.get(), dtype),
            Primitive::Barrier => args[0],
            _ => match args.first().and_then(|x| x.layout.movement(primitive)) {
                Some(layout) => Reference { layout, ..args[0] },
                None => self.step(*primitive, args, spec, name),
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

    fn step(&mut self, primitive: Primitive, operands: Vec<Reference>, spec: Spec, name: String) -> Reference {
        let root = self.roots.len();
        self.roots.push(spec);
        self.names.push(name);
        self.drafts.push(Draft { work: Work::Primitive(primitive), operands, root });
        self.whole(root)
    }
}
