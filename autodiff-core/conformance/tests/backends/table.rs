//! A backend whose tensors are handles, as those of a GPU's driver are: they mean something only to the table that gave
//! them out.
//!
//! The device owns the table; a tensor is the number of a row, counted by the tensors that share it, and gives the row
//! back when the last of them is dropped. There are no globals: two devices have two tables, and mixing their tensors is
//! a bug that is seen. What is in a row is the toy backend's; here it stands for memory that the host cannot reach.

use core::fmt;
use core::marker::PhantomData;

use std::sync::{Mutex, MutexGuard, PoisonError};

use autodiff_core::{Backend, Data, DataBuf, Element, Primitive, Shape, Shared, Spec};

use crate::toy::Toy;

/// The backend.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table<E>(PhantomData<E>);

/// What the driver keeps of a tensor.
type Content<E> = <Toy<E> as Backend>::Tensor;

/// A device: the table of its tensors. Clones are the same device.
pub(crate) struct Device<E: Element>(Shared<Mutex<Rows<E>>>);

/// The table. A row that was given back is used again under another generation, so that a stale handle is found out.
struct Rows<E: Element> {
    rows: Vec<Row<E>>,
    free: Vec<usize>,
    given_out: usize,
}

struct Row<E: Element> {
    generation: u64,
    content: Option<Content<E>>,
}

/// A tensor: a counted handle, and what is known of the content without asking.
#[derive(Clone, Debug)]
pub(crate) struct Handle<E: Element> {
    ticket: Shared<Ticket<E>>,
    spec: Spec,
}

/// The right to one row, given back on drop.
#[derive(Debug)]
struct Ticket<E: Element> {
    row: usize,
    generation: u64,
    device: Device<E>,
}

impl<E: Element> Device<E> {
    /// How many tensors live here now.
    pub(crate) fn live(&self) -> usize {
        self.rows().rows.iter().filter(|row| row.content.is_some()).count()
    }

    /// How many were ever made here.
    pub(crate) fn given_out(&self) -> usize {
        self.rows().given_out
    }

    /// The table; one that a panic left behind is whole all the same, since nothing is computed under the lock.
    fn rows(&self) -> MutexGuard<'_, Rows<E>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, content: Content<E>) -> Handle<E> {
        let spec = Toy::<E>::spec(&content);
        let mut rows = self.rows();
        rows.given_out += 1;
        let row = rows.free.pop().unwrap_or(rows.rows.len());
        if row == rows.rows.len() {
            rows.rows.push(Row { generation: 0, content: None });
        }
        rows.rows[row].content = Some(content);
        let generation = rows.rows[row].generation;
        Handle { ticket: Shared::new(Ticket { row, generation, device: self.clone() }), spec }
    }

    fn content(&self, handle: &Handle<E>) -> Content<E> {
        let ticket = &handle.ticket;
        assert!(ticket.device == *self, "the tensor lives on another device");
        let rows = self.rows();
        let row = &rows.rows[ticket.row];
        assert!(row.generation == ticket.generation, "row {} was given to another tensor", ticket.row);
        row.content.clone().unwrap_or_else(|| panic!("row {} is empty", ticket.row))
    }
}

impl<E: Element> Drop for Ticket<E> {
    fn drop(&mut self) {
        let content = {
            let mut rows = self.device.rows();
            rows.free.push(self.row);
            let row = &mut rows.rows[self.row];
            row.generation += 1;
            row.content.take()
        };
        drop(content);
    }
}

impl<E: Element> Backend for Table<E> {
    type Elem = E;
    type Device = Device<E>;
    type Tensor = Handle<E>;

    fn from_data(data: Data<'_, E>, shape: &Shape, device: &Device<E>) -> Handle<E> {
        device.insert(Toy::from_data(data, shape, &()))
    }

    fn to_data(tensor: &Handle<E>) -> DataBuf<E> {
        Toy::to_data(&tensor.ticket.device.content(tensor))
    }

    fn spec(tensor: &Handle<E>) -> Spec {
        tensor.spec
    }

    fn device(tensor: &Handle<E>) -> &Device<E> {
        &tensor.ticket.device
    }

    fn apply(op: &Primitive, inputs: &[&Handle<E>], out: &Spec, device: &Device<E>) -> Handle<E> {
        // A composite is answered by its body on this backend; all else is the driver's.
        if let Primitive::Call(composite) = op {
            let result = composite.call::<Self>(inputs);
            assert!(result.ticket.device == *device, "the body left the device");
            return result;
        }
        let contents: Vec<Content<E>> = inputs.iter().map(|input| device.content(input)).collect();
        device.insert(Toy::<E>::apply(op, &contents.iter().collect::<Vec<_>>(), out, &()))
    }
}

impl<E: Element> Clone for Device<E> {
    fn clone(&self) -> Self {
        Self(Shared::clone(&self.0))
    }
}

impl<E: Element> Default for Device<E> {
    fn default() -> Self {
        Self(Shared::new(Mutex::new(Rows { rows: Vec::new(), free: Vec::new(), given_out: 0 })))
    }
}

/// Two devices are equal when they are one.
impl<E: Element> PartialEq for Device<E> {
    fn eq(&self, other: &Self) -> bool {
        Shared::ptr_eq(&self.0, &other.0)
    }
}

impl<E: Element> fmt::Debug for Device<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({:p})", Shared::as_ptr(&self.0))
    }
}
