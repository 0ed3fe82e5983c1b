//! From an artefact to a file.

use core::error::Error;
use core::fmt;

use alloc::format;
use alloc::vec;
use alloc::vec::Vec;

use autodiff_core::{DataBuf, Element, Instruction, Op, Shape, Spec};

use crate::text::{Apply, Data, Input, Output, Text};
use crate::{Artefact, container};

impl<E: Element> Artefact<E> {
    /// The file: equal artefacts have equal bytes.
    ///
    /// # Errors
    /// When the list holds an operation from outside the primitives, which no file can: `list.expand(|_| true)` replaces those
    /// by what they are made of. When an input is called `__metadata__`, the list is too long for a header of safetensors, or
    /// the elements are none of the four formats.
    pub fn to_bytes(&self) -> Result<Vec<u8>, WriteError> {
        let mut sheet = Sheet::new(self)?;
        for (place, assignment) in self.list().assignments().iter().enumerate() {
            let args = assignment.args.iter().map(|arg| sheet.numbers[arg.index()]).collect();
            match &assignment.instruction {
                Instruction::Input(_) | Instruction::Data(_) => {}
                Instruction::Apply(op) => {
                    let value = sheet.number(place);
                    sheet.text.assignments.push(Apply { value, op: *op, args });
                }
                Instruction::Custom(op) => return Err(WriteError::Custom { place, op: Op::name(op) }),
            }
        }
        let outputs = self.list().outputs().iter();
        sheet.text.outputs =
            outputs.map(|(name, var)| Output { name: name.clone(), value: sheet.numbers[var.index()] }).collect();
        let inputs = self.inputs().filter_map(|(name, spec, value)| Some((name, spec.shape, value?)));
        let data = sheet.text.data.iter().zip(&sheet.data).map(|(row, &(shape, data))| (&row.tensor[..], shape, data));
        container::write(&sheet.text.to_json(), &inputs.chain(data).collect::<Vec<_>>())
    }
}

/// Why an artefact cannot be written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum WriteError {
    /// An operation from outside the primitives.
    Custom {
        /// The place of the assignment in the list.
        place: usize,
        /// The operation's name.
        op: &'static str,
    },
    /// An input has the name under which safetensors keeps what is no tensor.
    Name,
    /// A list of elements that safetensors does not know.
    Element {
        /// Their name.
        found: &'static str,
    },
    /// The header is longer than readers of safetensors accept.
    TooLong {
        /// Its length.
        bytes: usize,
    },
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Custom { place, op } => {
                write!(f, "assignment {place}: `{op}` is no primitive; `expand` replaces it by what it is made of")
            }
            Self::Name => f.write_str("no input of a list in a file can be called `__metadata__`"),
            Self::Element { found } => write!(f, "elements of {found} cannot be stored, but f32, f64, f16 and bf16"),
            Self::TooLong { bytes } => write!(f, "the header would have {bytes} bytes, 100000000 are allowed"),
        }
    }
}

impl Error for WriteError {}

/// The text as far as it is written.
struct Sheet<'a, E: Element> {
    text: Text,
    /// The number in the text of each assignment of the list.
    numbers: Vec<usize>,
    next: usize,
    /// What the tensors of the rows of data hold.
    data: Vec<(Shape, &'a DataBuf<E>)>,
}

impl<'a, E: Element> Sheet<'a, E> {
    /// With the values that are not computed: inputs, and then data.
    fn new(artefact: &'a Artefact<E>) -> Result<Self, WriteError> {
        let list = artefact.list();
        let text = Text {
            element: E::NAME.into(),
            inputs: Vec::new(),
            data: Vec::new(),
            assignments: Vec::new(),
            outputs: Vec::new(),
        };
        let mut sheet = Self { text, numbers: vec![0; list.assignments().len()], next: 0, data: Vec::new() };
        for (&var, (name, spec, _)) in list.inputs().iter().zip(artefact.inputs()) {
            if name == "__metadata__" {
                return Err(WriteError::Name);
            }
            let value = sheet.number(var.index());
            sheet.text.inputs.push(Input { value, name: name.into(), shape: spec.shape, dtype: spec.dtype });
        }
        let names = (0_usize..).map(|n| format!("data.{n}")).filter(|name| list.input(name).is_none());
        let data =
            list.assignments().iter().enumerate().filter_map(|(place, assignment)| match &assignment.instruction {
                Instruction::Data(data) => Some((place, assignment.spec, data)),
                _ => None,
            });
        for (tensor, (place, Spec { shape, dtype }, data)) in names.zip(data) {
            let value = sheet.number(place);
            sheet.text.data.push(Data { value, tensor, dtype });
            sheet.data.push((shape, data));
        }
        Ok(sheet)
    }

    /// The number of the assignment in this place: the next one.
    fn number(&mut self, place: usize) -> usize {
        self.numbers[place] = self.next;
        self.next += 1;
        self.numbers[place]
    }
}
