//! [`Walk`], the traversal of a module: where it is, what it does with a tensor, which parameters it has met.

use core::fmt;

use alloc::collections::BTreeMap;

use autodiff_core::{Backend, Index, Spec, Tensor};

use super::{Buffer, Module, Param, ParamId};

/// A traversal that builds the same module on another backend.
pub struct Walk<'a, B: Backend, C: Backend> {
    convert: &'a mut Convert<'a, B, C>,
    /// What was made of each parameter and buffer, and of what: its clones get the same.
    met: &'a mut BTreeMap<ParamId, (Tensor<C>, Spec)>,
    path: Path<'a>,
}

type Convert<'a, B, C> = dyn FnMut(&Leaf<'_>, &Tensor<B>) -> Tensor<C> + 'a;

/// What a tensor is to the module that holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The value of a [`Param`].
    Param,
    /// The value of a [`Buffer`].
    Buffer,
    /// Any other tensor, of numbers or of indices.
    Tensor,
}

/// A tensor's place in a module.
#[derive(Clone, Copy, Debug)]
pub struct Leaf<'a> {
    /// Its name.
    pub path: &'a Path<'a>,
    /// What it is to the module.
    pub kind: Kind,
    /// The parameter's or buffer's id.
    pub id: Option<&'a ParamId>,
}

/// A name like `layers.1.weight`, put together only when it is printed.
#[derive(Clone, Copy)]
pub struct Path<'a>(Option<(&'a Self, Segment<'a>)>);

#[derive(Clone, Copy)]
enum Segment<'a> {
    Field(&'a str),
    Item(usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((parent, segment)) = &self.0 else { return Ok(()) };
        if parent.0.is_some() {
            write!(f, "{parent}.")?;
        }
        match segment {
            Segment::Field(name) => f.write_str(name),
            Segment::Item(number) => write!(f, "{number}"),
        }
    }
}

impl fmt::Debug for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl<B: Backend, C: Backend> Walk<'_, B, C> {
    /// The module with each tensor converted.
    pub(super) fn over<M: Module<B>>(module: &M, convert: &mut Convert<'_, B, C>) -> M::With<C> {
        module.map(&mut Walk { convert, met: &mut BTreeMap::new(), path: Path(None) })
    }

    /// A part that has a name.
    pub fn field<M: Module<B>>(&mut self, name: &str, module: &M) -> M::With<C> {
        self.part(Segment::Field(name), module)
    }

    /// A part that has a number.
    pub fn item<M: Module<B>>(&mut self, number: usize, module: &M) -> M::With<C> {
        self.part(Segment::Item(number), module)
    }

    fn part<M: Module<B>>(&mut self, segment: Segment<'_>, module: &M) -> M::With<C> {
        let parent = self.path;
        module.map(&mut Walk { convert: self.convert, met: self.met, path: Path(Some((&parent, segment))) })
    }

    /// A parameter: converted where it is met first, and the same again where it is met again.
    ///
    /// # Panics
    /// When a clone of it, which is tied to it, has another shape or format.
    pub fn param(&mut self, param: &Param<B>) -> Param<C> {
        let value = self.once(Kind::Param, param.id(), param.value());
        param.with_value(value)
    }

    /// A buffer: converted where it is met first, and the same again where it is met again.
    ///
    /// # Panics
    /// When a clone of it has another shape or format.
    pub fn buffer(&mut self, buffer: &Buffer<B>) -> Buffer<C> {
        let value = self.once(Kind::Buffer, buffer.id(), buffer.value());
        buffer.with_value(value)
    }

    /// A tensor that is neither.
    pub fn tensor(&mut self, tensor: &Tensor<B>) -> Tensor<C> {
        (self.convert)(&Leaf { path: &self.path, kind: Kind::Tensor, id: None }, tensor)
    }

    /// A tensor of indices.
    ///
    /// # Panics
    /// When the conversion does not answer indices for indices.
    pub fn index(&mut self, index: &Index<B>) -> Index<C> {
        self.tensor(index.tensor()).to_index()
    }

    fn once(&mut self, kind: Kind, id: &ParamId, value: &Tensor<B>) -> Tensor<C> {
        if let Some((met, spec)) = self.met.get(id) {
            let (path, found) = (&self.path, value.spec());
            assert!(*spec == found, "module: `{path}` is {found}, but the parameter that it is tied to is {spec}");
            return met.clone();
        }
        let converted = (self.convert)(&Leaf { path: &self.path, kind, id: Some(id) }, value);
        self.met.insert(id.clone(), (converted.clone(), value.spec()));
        converted
    }
}

impl<B: Backend, C: Backend> fmt::Debug for Walk<'_, B, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Walk").field("path", &self.path).field("met", &self.met.len()).finish_non_exhaustive()
    }
}
