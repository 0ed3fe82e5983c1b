//! From a file to an artefact: the list is traced anew, row by row, so that whatever comes out has passed every check that a
//! list made by code has passed.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{DataBuf, Element, Shape, Spec, SpecError, Tensor, Trace, WengertList, spec};

use crate::container::File;
use crate::text::{Apply, Data, Input, Output, Text};
use crate::{Artefact, Fault, ReadError};

impl<E: Element> Artefact<E> {
    /// The artefact that a file holds.
    ///
    /// Equal assignments are merged and what no output needs falls away, as when a list is traced: a file that
    /// [`to_bytes`](Self::to_bytes) wrote comes back as the equal list. Any bytes may be given; the memory that
    /// this takes is proportional to them. What the list computes may still be larger than any memory: that is for whoever runs it to know,
    /// by [`WengertList::cost`].
    ///
    /// # Errors
    /// When the bytes are no such file, of another version or element, or the list in it is not valid: where, and why.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut file = File::open(bytes)?;
        let text: Text = serde_json::from_str(file.text()?).map_err(ReadError::Text)?;
        if text.element != E::NAME {
            return Err(ReadError::Element { expected: E::NAME, found: text.element });
        }
        let mut replay = Replay::new();
        replay.rows(&text.inputs, |replay, row| replay.input(row, &mut file))?;
        replay.rows(&text.data, |replay, row| replay.data(row, &mut file))?;
        replay.rows(&text.assignments, Replay::apply)?;
        file.close()?;
        replay.finish(&text.outputs)
    }
}

/// The values so far, by their numbers.
struct Replay<E: Element> {
    values: Vec<Tensor<Trace<E>>>,
    /// The number of each input.
    names: BTreeMap<String, usize>,
    weights: Vec<Option<DataBuf<E>>>,
}

impl<E: Element> Replay<E> {
    const fn new() -> Self {
        Self { values: Vec::new(), names: BTreeMap::new(), weights: Vec::new() }
    }

    /// One value for each row.
    fn rows<R: Row>(
        &mut self,
        rows: &[R],
        mut make: impl FnMut(&mut Self, &R) -> Result<Tensor<Trace<E>>, Fault>,
    ) -> Result<(), ReadError> {
        for row in rows {
            let value = self.values.len();
            let made = if row.value() == value { make(self, row) } else { Err(Fault::Number { found: row.value() }) };
            self.values.push(made.map_err(|fault| ReadError::Value { value, fault })?);
        }
        Ok(())
    }

    fn input(&mut self, row: &Input, file: &mut File<'_>) -> Result<Tensor<Trace<E>>, Fault> {
        let spec = Spec { shape: countable(row.shape)?, dtype: row.dtype };
        if self.names.insert(row.name.clone(), self.values.len()).is_some() {
            return Err(Fault::Name { name: row.name.clone() });
        }
        self.weights.push(if file.has(&row.name) { Some(file.take(&row.name, spec)?) } else { None });
        Ok(Tensor::input(&row.name[..], spec))
    }

    fn data(&mut self, row: &Data, file: &mut File<'_>) -> Result<Tensor<Trace<E>>, Fault> {
        let spec = Spec { shape: file.shape(&row.tensor)?, dtype: row.dtype };
        let numbers = file.take::<E>(&row.tensor, spec)?;
        Ok(Tensor::from_data(numbers.as_data(), spec.shape, &()))
    }

    fn apply(&mut self, row: &Apply) -> Result<Tensor<Trace<E>>, Fault> {
        let mut args = Vec::with_capacity(row.args.len());
        for &value in &row.args {
            args.push(self.values.get(value).ok_or(Fault::Unknown { value })?);
        }
        Tensor::try_apply(&row.op, &args).map_err(Fault::Spec)
    }

    fn finish(self, rows: &[Output]) -> Result<Artefact<E>, ReadError> {
        let mut outputs: BTreeMap<&str, usize> = BTreeMap::new();
        for Output { name, value } in rows {
            let fault = if *value >= self.values.len() {
                Fault::Unknown { value: *value }
            } else if outputs.insert(name, *value).is_some() || self.names.get(name).is_some_and(|own| own != value) {
                Fault::Name { name: name.clone() }
            } else {
                continue;
            };
            return Err(ReadError::Output { name: name.clone(), fault });
        }
        let inputs: Vec<_> = self.values[..self.weights.len()].iter().collect();
        let outputs: Vec<_> = rows.iter().map(|row| (&row.name[..], &self.values[row.value])).collect();
        Ok(Artefact::placed(WengertList::new(&inputs, &outputs), self.weights))
    }
}

/// A shape whose elements can be counted.
fn countable(shape: Shape) -> Result<Shape, Fault> {
    match shape.checked_elements() {
        Some(_) => Ok(shape),
        None => Err(Fault::Spec(SpecError { op: "input", fault: spec::Fault::TooLarge { shape } })),
    }
}

/// A row that says which value it makes.
trait Row {
    fn value(&self) -> usize;
}

macro_rules! rows {
    ($($Row:ty),*) => {
        $(impl Row for $Row {
            fn value(&self) -> usize {
                self.value
            }
        })*
    };
}
rows!(Input, Data, Apply);
