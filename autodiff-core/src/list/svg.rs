//! A list as a picture: its lines below each other, an arc from each argument to what is computed from it.

use core::fmt::Write;

use alloc::format;
use alloc::string::String;
use alloc::vec;

use super::WengertList;
use crate::Element;
use crate::execute::escaped;

/// The height of a line, and how far arcs reach to the left at most.
const LINE: usize = 18;
const WIDEST: usize = 360;

impl<E: Element> WengertList<E> {
    /// The list as an SVG picture that needs no other program: inputs first, then a line for each assignment, and beside them
    /// an arc from each argument to what is computed from it. The longer an arc, the longer the value has to be kept.
    ///
    /// ```
    /// use autodiff_core::{Spec, WengertList};
    /// let list = WengertList::<f32>::trace(&[("x", Spec::elem([3]))], |x| [("y", x[0].tanh().sum())]);
    /// assert!(list.to_svg().contains(">z1 = tanh(x)</text>"));
    /// ```
    #[must_use]
    pub fn to_svg(&self) -> String {
        let mut rows = vec![None; self.assignments.len()];
        let mut texts = vec![];
        for var in &self.inputs {
            rows[var.index()] = Some(texts.len());
            texts.push((String::from(self[*var].instruction.name()), self[*var].spec));
        }
        for line in self.lines() {
            rows[line.var.index()].get_or_insert(texts.len());
            texts.push((line.text, self[line.var].spec));
        }
        let height = (texts.len() + 1) * LINE;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"1200\" height=\"{height}\" font-family=\"monospace\" \
             font-size=\"12\">\n"
        );
        for (row, (text, spec)) in texts.iter().enumerate() {
            let (y, text) = ((row + 1) * LINE, escaped(text));
            // Writing to a string cannot fail.
            let _ = writeln!(svg, "<text x=\"{}\" y=\"{y}\"><title>{spec}</title>{text}</text>", WIDEST + 20);
        }
        for (assignment, to) in self.assignments.iter().zip(&rows) {
            for from in assignment.args.iter().map(|arg| rows[arg.index()]) {
                let (Some(from), Some(to)) = (from, *to) else { continue };
                let [from, to] = [from, to].map(|row| (row + 1) * LINE - LINE / 4);
                let (x, reach) = (WIDEST + 14, WIDEST.saturating_sub(to - from));
                let _ = writeln!(
                    svg,
                    "<path d=\"M{x} {from} C{reach} {from} {reach} {to} {x} {to}\" fill=\"none\" stroke=\"#48a\" \
                     stroke-opacity=\"0.6\"/>"
                );
            }
        }
        svg.push_str("</svg>\n");
        svg
    }
}
