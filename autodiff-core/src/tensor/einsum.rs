//! Sums of products over named axes: `ij,jk->ik`.
//!
//! Operands are taken in from left to right. Two of them become one matrix product where they share axes that are summed,
//! a product of each element where they share none; what only one of them has and nobody needs is summed before.

mod equation;

use alloc::vec::Vec;

use crate::{Axes, Backend, MAX_RANK, Order, Reduce, Shape, Tensor};
use equation::{Equation, Label};

impl<B: Backend> Tensor<B> {
    /// Products of the operands' elements, summed over the axes whose letters the result does not have.
    ///
    /// One letter for each axis, the operands' terms parted by commas, the result's behind `->`. A letter twice in one term
    /// means the diagonal. `...` stands for axes without letters, which broadcast; so does an extent of 1. Without `->` the
    /// result has the axes of `...` and then, by the alphabet, those whose letter occurs once. What `...` stands for is
    /// summed where the result leaves it out, as in PyTorch.
    ///
    /// ```text
    /// y[out] = sum over the other letters of x0[term 0] x1[term 1] ..
    /// ```
    ///
    /// ```
    /// use autodiff_core::Tensor;
    /// use backend_cpu::Cpu;
    /// let a = Tensor::<Cpu<f64>>::new(&[1.0, 2.0, 3.0, 4.0], [2, 2]);
    /// assert_eq!(Tensor::einsum("ij,jk->ik", &[&a, &a]).to_vec(), a.matmul(&a).to_vec());
    /// assert_eq!(Tensor::einsum("ii", &[&a]).item(), 5.0);
    /// assert_eq!(Tensor::einsum("...j,...j->...", &[&a, &a]).to_vec(), [5.0, 25.0]);
    /// ```
    ///
    /// # Panics
    /// When the equation is none, has another number of terms than there are operands, or does not fit their shapes; when
    /// more than eight axes would have to be kept at once; when number formats differ or are not floating-point.
    #[must_use]
    #[track_caller]
    pub fn einsum(equation: &str, operands: &[&Self]) -> Self {
        let mut shapes = Vec::with_capacity(operands.len());
        for operand in operands {
            shapes.push(operand.shape());
        }
        let read = Equation::parse(equation, &shapes);
        let mut terms = Vec::with_capacity(operands.len());
        for (&operand, labels) in operands.iter().zip(&read.terms) {
            let term = Term { tensor: operand.clone(), labels: labels.clone() };
            terms.push(term.diagonal().without_stretched(&read));
        }
        let mut terms = terms.into_iter();
        let Some(mut product) = terms.next() else { unreachable!("an equation has a term") };
        while let Some(next) = terms.next() {
            let needed: Vec<Label> =
                terms.as_slice().iter().flat_map(|term| term.labels.clone()).chain(read.output.clone()).collect();
            product = product.contracted(next, &needed, equation);
        }
        product.summed(&read.output).arranged(&read.output)
    }
}

/// A tensor and a name for each of its axes.
struct Term<B: Backend> {
    tensor: Tensor<B>,
    labels: Vec<Label>,
}

impl<B: Backend> Term<B> {
    /// Axes of one name become one: every `n + 1`-th element of the two joined.
    fn diagonal(mut self) -> Self {
        while let Some((first, second)) = repeated(&self.labels) {
            let label = self.labels[first];
            let rest: Vec<usize> = (0..self.labels.len()).filter(|&axis| axis != first && axis != second).collect();
            let order: Vec<usize> = rest.iter().copied().chain([first, second]).collect();
            let shape = self.tensor.shape();
            let (n, last) = (shape[first], rest.len());
            let kept: Vec<usize> = rest.iter().map(|&axis| shape[axis]).chain([n * n]).collect();
            let square = permuted(&self.tensor, &order).reshape(Shape::new(&kept));
            self.tensor = square.slice_along(last, 0, n * n, n + 1);
            self.labels = rest.iter().map(|&axis| self.labels[axis]).chain([label]).collect();
        }
        self
    }

    /// Leaves out axes of extent 1 that stand beside a longer one of that name, which is all that broadcasting takes.
    fn without_stretched(self, equation: &Equation) -> Self {
        let shape = self.tensor.shape();
        let stretched = |axis: usize| shape[axis] == 1 && equation.extent(self.labels[axis]) != 1;
        let dropped: Axes = (0..shape.rank()).filter(|&axis| stretched(axis)).collect();
        Self { tensor: self.tensor.reshape(shape.without(dropped)), labels: without(&self.labels, dropped) }
    }

    /// Sums what is not needed.
    #[track_caller]
    fn summed(self, needed: &[Label]) -> Self {
        let axes: Axes = (0..self.labels.len()).filter(|&axis| !needed.contains(&self.labels[axis])).collect();
        let shape = self.tensor.shape().without(axes);
        Self { tensor: self.tensor.reduce(Reduce::Sum, axes).reshape(shape), labels: without(&self.labels, axes) }
    }

    /// The tensor with its axes in this order of their names.
    fn arranged(&self, labels: &[Label]) -> Tensor<B> {
        let order: Vec<usize> = labels.iter().filter_map(|label| self.labels.iter().position(|l| l == label)).collect();
        permuted(&self.tensor, &order)
    }

    /// The number of elements along these axes.
    fn size(&self, labels: &[Label]) -> usize {
        self.arranged_shape(labels).iter().product()
    }

    fn arranged_shape(&self, labels: &[Label]) -> Vec<usize> {
        let extent = |label: &Label| self.labels.iter().position(|l| l == label).map(|axis| self.tensor.shape()[axis]);
        labels.iter().filter_map(extent).collect()
    }

    /// The product with another term, summed over what is not needed later.
    #[track_caller]
    fn contracted(self, other: Self, needed: &[Label], equation: &str) -> Self {
        let left = self.summed(&[needed, &other.labels].concat());
        let right = other.summed(&[needed, &left.labels].concat());
        let shared = |label: &&Label| left.labels.contains(label) && right.labels.contains(label);
        let (batch, summed): (Vec<Label>, Vec<Label>) =
            left.labels.iter().filter(shared).partition(|label| needed.contains(label));
        let rows: Vec<Label> = left.labels.iter().filter(|label| !shared(label)).copied().collect();
        let columns: Vec<Label> = right.labels.iter().filter(|label| !shared(label)).copied().collect();
        let labels = [&batch[..], &rows, &columns].concat();
        let most = labels.len();
        assert!(most <= MAX_RANK, "einsum: `{equation}` keeps {most} axes at once, {MAX_RANK} are the most");

        let (outer, inner) = (left.arranged_shape(&[&batch[..], &rows].concat()), right.arranged_shape(&columns));
        let shape = Shape::new(&[&outer[..], &inner].concat());
        let (a, b) = (
            left.arranged(&[&batch[..], &rows, &summed].concat()),
            right.arranged(&[&batch[..], &summed, &columns].concat()),
        );
        if summed.is_empty() {
            let column = [&outer[..], &inner.iter().map(|_| 1).collect::<Vec<_>>()].concat();
            let row = [left.arranged_shape(&batch), rows.iter().map(|_| 1).collect(), inner].concat();
            return Self { tensor: a.reshape(&column[..]) * b.reshape(&row[..]), labels };
        }
        let [n, m, k, p] = [left.size(&batch), left.size(&rows), left.size(&summed), right.size(&columns)];
        let product = if batch.is_empty() {
            a.reshape([m, k]).matmul(&b.reshape([k, p]))
        } else {
            a.reshape([n, m, k]).matmul(&b.reshape([n, k, p]))
        };
        Self { tensor: product.reshape(shape), labels }
    }
}

/// Two places of one name.
fn repeated(labels: &[Label]) -> Option<(usize, usize)> {
    let place = |second: usize| labels[..second].iter().position(|&label| label == labels[second]);
    (1..labels.len()).find_map(|second| Some((place(second)?, second)))
}

fn without(labels: &[Label], axes: Axes) -> Vec<Label> {
    labels.iter().enumerate().filter(|&(axis, _)| !axes.contains(axis)).map(|(_, &label)| label).collect()
}

fn permuted<B: Backend>(x: &Tensor<B>, order: &[usize]) -> Tensor<B> {
    if order.is_sorted() {
        return x.clone();
    }
    match Order::try_new(order) {
        Some(order) => x.permute_by(&order),
        None => unreachable!("einsum: {order:?} names each axis once"),
    }
}
