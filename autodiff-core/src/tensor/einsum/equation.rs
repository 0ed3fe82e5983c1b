//! What an equation of einsum says, read and held against the shapes of its operands.

use alloc::string::String;
use alloc::vec::Vec;

use crate::Shape;

/// The name of an axis: its letter, or for an axis of `...` its place from the end, which makes them broadcast.
pub(super) type Label = u8;

/// The names of the axes of all operands and of the result.
pub(super) struct Equation {
    pub(super) terms: Vec<Vec<Label>>,
    pub(super) output: Vec<Label>,
    /// Those that are not 1.
    extents: Vec<(Label, usize)>,
}

impl Equation {
    /// Reads an equation for operands of these shapes.
    #[track_caller]
    pub(super) fn parse(text: &str, shapes: &[Shape]) -> Self {
        let compact: String = text.chars().filter(|symbol| !symbol.is_whitespace()).collect();
        let (left, output) = match compact.split_once("->") {
            Some((left, output)) => (left, Some(output)),
            None => (&compact[..], None),
        };
        let parts: Vec<&str> = left.split(',').collect();
        let (named, given) = (parts.len(), shapes.len());
        assert!(named == given, "einsum: `{text}` has {named} terms, {given} operands are given");

        let mut read = Self { terms: Vec::new(), output: Vec::new(), extents: Vec::new() };
        let mut hidden = 0;
        for (number, (part, shape)) in parts.into_iter().zip(shapes).enumerate() {
            let letters = letters(text, part);
            let dots = shape.rank().checked_sub(letters).filter(|&dots| dots == 0 || part.contains("..."));
            let Some(dots) = dots else {
                panic!("einsum: in `{text}` the term `{part}` does not fit operand {number} of shape {shape}");
            };
            hidden = hidden.max(dots);
            let labels = labels(part, dots);
            read.take_extents(text, number, &labels, shape);
            read.terms.push(labels);
        }
        match output {
            Some(part) => {
                letters(text, part);
                read.output = labels(part, hidden);
                read.check_output(text);
            }
            None => read.output = read.implicit(hidden),
        }
        read
    }

    /// The extent of all axes of this name that is not 1, if any.
    pub(super) fn extent(&self, label: Label) -> usize {
        self.extents.iter().find(|(known, _)| *known == label).map_or(1, |&(_, extent)| extent)
    }

    #[track_caller]
    fn take_extents(&mut self, text: &str, number: usize, labels: &[Label], shape: &Shape) {
        for (axis, (&label, &extent)) in labels.iter().zip(shape.extents()).enumerate() {
            let known = self.extent(label);
            let own = labels[..axis].iter().position(|&before| before == label).map(|before| shape[before]);
            assert!(
                own.is_none_or(|own| own == extent) && (known == extent || known == 1 || extent == 1),
                "einsum: in `{text}` axis {axis} of operand {number} of shape {shape} has extent {extent}, other axes of \
                 its name have {}",
                own.unwrap_or(known)
            );
            if known == 1 && extent != 1 {
                self.extents.push((label, extent));
            }
        }
    }

    #[track_caller]
    fn check_output(&self, text: &str) {
        for (place, label) in self.output.iter().enumerate() {
            let name = char::from(*label);
            assert!(!self.output[..place].contains(label), "einsum: the result of `{text}` has `{name}` twice");
            let known = self.terms.iter().any(|labels| labels.contains(label));
            assert!(known, "einsum: the result of `{text}` has `{name}`, which no operand has");
        }
    }

    /// The axes of `...`, and the letters that occur once, by the alphabet.
    fn implicit(&self, hidden: usize) -> Vec<Label> {
        let mut once: Vec<Label> = Vec::new();
        for label in b'A'..=b'z' {
            let occurs = self.terms.iter().flatten().filter(|&&own| own == label).count();
            if occurs == 1 {
                once.push(label);
            }
        }
        labels("...", hidden).into_iter().chain(once).collect()
    }
}

/// The number of letters in a term, which holds nothing else but `...` once.
#[track_caller]
fn letters(text: &str, part: &str) -> usize {
    let (before, behind) = part.split_once("...").unwrap_or((part, ""));
    for symbol in before.chars().chain(behind.chars()) {
        assert!(symbol.is_ascii_alphabetic(), "einsum: `{symbol}` in the term `{part}` of `{text}` is no letter");
    }
    before.len() + behind.len()
}

/// The names in a term whose `...` stands for `dots` axes.
fn labels(part: &str, dots: usize) -> Vec<Label> {
    let (before, behind) = part.split_once("...").unwrap_or((part, ""));
    let dots = if part.contains("...") { dots } else { 0 };
    let hidden = (0..Label::MAX).take(dots).rev();
    before.bytes().chain(hidden).chain(behind.bytes()).collect()
}
