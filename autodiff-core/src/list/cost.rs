//! What a list costs: operations on numbers, bytes moved, memory.

use alloc::vec;
use alloc::vec::Vec;

use super::{Assignment, Instruction, Var, WengertList};
use crate::trace::placeholders;
use crate::{DType, Element, Primitive, Spec, Tensor, Trace, Window};

/// What a computation costs on a machine that runs it operation by operation on dense storage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Operations on numbers, as [`Primitive::flops`] counts them.
    pub flops: u64,
    /// Bytes that operations read and write. A change of shape or order moves nothing, what was broadcast is read as the few
    /// elements that it is, and a gather reads no more of its source than it yields.
    pub bytes: u64,
    /// The most bytes that computed values take at one time, the outputs among them; inputs and constants are not counted.
    /// A result counts beside the operands that it is read from: a plan that works in place needs less.
    pub peak: u64,
}

impl Primitive {
    /// Operations on numbers that it takes, whatever their format and however they are computed.
    ///
    /// ```text
    /// a function, comparison or selection     1 for each element of the result
    /// a reduction along axes, a running sum   1 for each element of the input
    /// argsort of rows of n                    ceil(log2 n) for each element: comparisons
    /// matmul  [m, k] x [k, n]                 2 m n k: a product and a sum
    /// scatter_add                             1 for each element of the updates
    /// conv and its two gradients              2 for each element of the output, input channel of its group and cell of
    ///                                         the window, padding too
    /// sums and positions over windows         1 for each window and cell of it, padding too
    /// what only moves or makes numbers        0
    /// a composite                             the sum over its body
    /// ```
    ///
    /// # Panics
    /// When the inputs are not valid.
    #[must_use]
    pub fn flops(&self, inputs: &[Spec], out: &Spec) -> u64 {
        match self {
            Self::Unary(_) | Self::Binary(_) | Self::Compare(_) | Self::Select => elements(out),
            Self::Reduce { .. } | Self::ArgReduce { .. } | Self::CumSum { .. } => elements(&inputs[0]),
            Self::ArgSort { .. } => sort_flops(out),
            Self::MatMul => {
                let k = inputs[0].shape.extents().last().map_or(0, |&k| k as u64);
                elements(out).saturating_mul(k).saturating_mul(2)
            }
            Self::ScatterAdd { .. } => elements(&inputs[2]),
            Self::Conv { .. } => conv_flops(out, &inputs[1]),
            Self::ConvInputGrad { .. } => conv_flops(&inputs[0], &inputs[1]),
            Self::ConvWeightGrad { .. } => conv_flops(&inputs[1], out),
            Self::WindowSum { window } | Self::WindowArgMax { window } => window_flops(out, window),
            Self::WindowSpread { window, .. } => window_flops(&inputs[0], window),
            Self::Call(composite) => traced_flops(inputs, |x| composite.body(x)),
            Self::Constant { .. }
            | Self::Iota { .. }
            | Self::RandomBits { .. }
            | Self::Cast { .. }
            | Self::Reshape { .. }
            | Self::Permute { .. }
            | Self::Flip { .. }
            | Self::Broadcast { .. }
            | Self::Pad { .. }
            | Self::Slice { .. }
            | Self::Concat { .. }
            | Self::Gather { .. }
            | Self::Barrier => 0,
        }
    }

    /// True where dense storage yields the input itself, or a view of it.
    pub(crate) const fn is_view(&self) -> bool {
        self.is_movement() || matches!(self, Self::Barrier)
    }

    /// The bytes that it reads and writes: `held` are those of each argument, `size` those of the result.
    fn moved(&self, held: impl Iterator<Item = u64>, size: u64) -> u64 {
        let read = |(arg, held): (usize, u64)| match self {
            Self::Gather { .. } if arg == 0 => held.min(size),
            _ => held,
        };
        held.enumerate().map(read).fold(size, u64::saturating_add)
    }
}

impl<E: Element> WengertList<E> {
    /// What running the list costs; users' operations and composites count as what they are made of.
    ///
    /// ```
    /// use autodiff_core::{Spec, WengertList};
    /// let specs = [("x", Spec::elem([4, 8])), ("w", Spec::elem([8, 2]))];
    /// let cost = WengertList::<f32>::trace(&specs, |x| [("y", x[0].matmul(&x[1]).tanh())]).cost();
    /// assert_eq!(cost.flops, 2 * 4 * 8 * 2 + 4 * 2);
    /// assert_eq!(cost.bytes, 4 * (4 * 8 + 8 * 2 + 4 * 2) + 4 * (4 * 2 + 4 * 2));
    /// assert_eq!(cost.peak, 4 * (4 * 2 + 4 * 2));
    /// ```
    #[must_use]
    pub fn cost(&self) -> Cost {
        let list = self.expand(|_| false);
        let mut cost = Cost::default();
        let mut memory = Memory::of(list.assignments.len());
        let mut values: Vec<Value> = Vec::with_capacity(list.assignments.len());
        for (place, assignment) in list.assignments.iter().enumerate() {
            let args: Vec<Value> = assignment.args.iter().map(|arg| values[arg.index()]).collect();
            let size = bytes::<E>(&assignment.spec);
            values.push(match &assignment.instruction {
                Instruction::Apply(op) if op.is_view() => Value { touched: size.min(args[0].touched), ..args[0] },
                Instruction::Apply(op) if !matches!(op, Primitive::Constant { .. }) => {
                    let inputs: Vec<Spec> = assignment.args.iter().map(|&arg| list[arg].spec).collect();
                    cost.flops = cost.flops.saturating_add(op.flops(&inputs, &assignment.spec));
                    cost.bytes = cost.bytes.saturating_add(op.moved(args.iter().map(|arg| arg.touched), size));
                    memory.compute(place, size, args.iter().map(|arg| arg.root));
                    Value { root: place, touched: size }
                }
                // Users' operations were expanded.
                Instruction::Apply(_) | Instruction::Input(_) | Instruction::Data(_) | Instruction::Custom(_) => {
                    Value { root: place, touched: size }
                }
            });
        }
        cost.peak = memory.peak(list.outputs.iter().map(|(_, var)| values[var.index()].root));
        cost
    }

    /// What one assignment costs alone.
    pub(crate) fn cost_of(&self, var: Var) -> Cost {
        let assignment = &self[var];
        if let Instruction::Input(_) | Instruction::Data(_) = assignment.instruction {
            return Cost::default();
        }
        let mut stored = Vec::new();
        let args: Vec<_> = assignment.args.iter().map(|arg| self.seen(*arg, &mut stored)).collect();
        let y = assignment.instruction.apply(&args, &());
        WengertList::new(&stored.iter().collect::<Vec<_>>(), &[("y", &y)]).cost()
    }

    /// An input for a value, or the views of it that lead to this one.
    fn seen(&self, var: Var, stored: &mut Vec<Tensor<Trace<E>>>) -> Tensor<Trace<E>> {
        let Assignment { instruction, args, spec } = &self[var];
        match instruction {
            Instruction::Apply(op) if op.is_view() => instruction.apply(&[self.seen(args[0], stored)], &()),
            _ => {
                stored.push(Tensor::input(alloc::format!("{}", stored.len()), *spec));
                stored[stored.len() - 1].clone()
            }
        }
    }
}

/// A value of a list as dense storage has it.
#[derive(Clone, Copy)]
struct Value {
    /// The assignment whose memory holds it.
    root: usize,
    /// How many bytes of that memory are read to read it.
    touched: u64,
}

/// What is computed and read when.
struct Memory {
    /// The bytes that the assignment in this place computes.
    sizes: Vec<u64>,
    /// The last place that reads them.
    last: Vec<usize>,
}

impl Memory {
    fn of(len: usize) -> Self {
        Self { sizes: vec![0; len], last: (0..len).collect() }
    }

    fn compute(&mut self, place: usize, size: u64, reads: impl Iterator<Item = usize>) {
        self.sizes[place] = size;
        for root in reads {
            self.last[root] = place;
        }
    }

    /// The largest sum of what is alive at one time; outputs are alive to the end.
    fn peak(mut self, outputs: impl Iterator<Item = usize>) -> u64 {
        let len = self.sizes.len();
        for root in outputs {
            self.last[root] = len;
        }
        let mut dying = vec![0; len + 1];
        for (size, last) in self.sizes.iter().zip(&self.last) {
            dying[*last] = size.saturating_add(dying[*last]);
        }
        let (mut live, mut peak) = (0_u64, 0);
        for (&size, &dying) in self.sizes.iter().zip(&dying) {
            live = live.saturating_add(size);
            peak = peak.max(live);
            live = live.saturating_sub(dying);
        }
        peak
    }
}

/// The bytes that a tensor's elements take, on a backend whose element is `E`.
pub(crate) fn bytes<E: Element>(spec: &Spec) -> u64 {
    let each = match spec.dtype {
        DType::Elem => size_of::<E>(),
        DType::F16 | DType::Bf16 => 2,
        DType::Index => 4,
    };
    elements(spec).saturating_mul(each as u64)
}

fn elements(spec: &Spec) -> u64 {
    spec.shape.elements() as u64
}

/// The output's elements times the products that each is the sum of: a slice of the weight for one output channel.
fn conv_flops(y: &Spec, w: &Spec) -> u64 {
    let slice = elements(w).checked_div(w.shape[0] as u64).unwrap_or(0);
    elements(y).saturating_mul(slice).saturating_mul(2)
}

fn window_flops(windows: &Spec, window: &Window) -> u64 {
    window.slides().iter().fold(elements(windows), |flops, slide| flops.saturating_mul(slide.kernel.into()))
}

/// As many comparisons as a merge of halves takes at most.
fn sort_flops(out: &Spec) -> u64 {
    let n = out.shape.extents().last().map_or(1, |&n| n.max(1));
    elements(out).saturating_mul(n.next_power_of_two().ilog2().into())
}

/// The bytes that a primitive reads and writes when none of its inputs is known to be a view.
#[cfg(feature = "std")]
pub(crate) fn moved<E: Element>(op: &Primitive, inputs: &[Spec], out: &Spec) -> u64 {
    if op.is_view() { 0 } else { op.moved(inputs.iter().map(bytes::<E>), bytes::<E>(out)) }
}

/// The operations on numbers of what a function does to inputs of these shapes.
pub(crate) fn traced_flops(inputs: &[Spec], f: impl FnOnce(&[Tensor<Trace<f32>>]) -> Tensor<Trace<f32>>) -> u64 {
    let inputs = placeholders(inputs.iter().copied());
    let y = f(&inputs);
    WengertList::new(&inputs.iter().collect::<Vec<_>>(), &[("y", &y)]).cost().flops
}
