//! [`Point`]: a place in a source file where a mistake can be switched on, and how the place is written then.

use std::collections::BTreeSet;
use std::ops::Range;

/// A piece of what stands in a point's place.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Text(String),
    /// What the source has there, with the points in it.
    Source(Range<usize>),
    /// A condition that holds when this mistake, counted from the point's first, is on.
    On(usize),
}

/// A place that can be mutated in one or more ways.
#[derive(Clone, Debug)]
pub(crate) struct Point {
    pub(crate) range: Range<usize>,
    pub(crate) pieces: Vec<Piece>,
    /// Each mistake in words, unique within the workspace and free of line numbers.
    pub(crate) mistakes: Vec<String>,
    /// The function around it.
    pub(crate) function: String,
}

/// A source file and its points.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// Below the workspace's root.
    pub(crate) path: String,
    pub(crate) text: String,
    /// From left to right, outer ones before inner ones.
    pub(crate) points: Vec<Point>,
}

impl Source {
    /// The file with all its points switchable but those in `left_out`, whose mistakes did not compile.
    ///
    /// A point is enclosed in comments with its number, by which errors of the compiler are traced back.
    pub(crate) fn render(&self, first: &[usize], left_out: &BTreeSet<usize>) -> String {
        let mut out = String::new();
        self.emit(&(0..self.text.len()), 0, first, left_out, &mut out);
        out
    }

    /// `first[i]` is the number of the first mistake of point `i` in the whole workspace.
    fn emit(&self, range: &Range<usize>, from: usize, first: &[usize], left_out: &BTreeSet<usize>, out: &mut String) {
        let mut at = range.start;
        for (number, point) in self.points.iter().enumerate().skip(from) {
            let inside = point.range.start >= at && point.range.end <= range.end;
            if !inside || left_out.contains(&first[number]) {
                continue;
            }
            out.push_str(&self.text[at..point.range.start]);
            let id = first[number];
            out.push_str(&format!("/*<{id}*/"));
            for piece in &point.pieces {
                match piece {
                    Piece::Text(text) => out.push_str(text),
                    Piece::Source(inner) => self.emit(inner, number + 1, first, left_out, out),
                    Piece::On(nth) => out.push_str(&format!("::mutant_switch::on({})", id + nth)),
                }
            }
            out.push_str(&format!("/*{id}>*/"));
            at = point.range.end;
        }
        out.push_str(&self.text[at..range.end]);
    }
}

/// The points around a place in a rendered file, the innermost last; where there are none, those up to `end`.
pub(crate) fn around(rendered: &str, start: usize, end: usize) -> Vec<usize> {
    let mut open = Vec::new();
    for (_, opens, id) in markers(&rendered[..start]) {
        if opens { open.push(id) } else { open.retain(|&other| other != id) }
    }
    if open.is_empty() {
        open.extend(markers(&rendered[start..end]).filter_map(|(_, opens, id)| opens.then_some(id)));
    }
    open
}

/// Place, whether it opens, and number of every marker.
fn markers(text: &str) -> impl Iterator<Item = (usize, bool, usize)> {
    text.match_indices("/*").filter_map(|(at, _)| {
        let inner = text[at + 2..].split("*/").next()?;
        let (opens, digits) = match inner.strip_prefix('<') {
            Some(digits) => (true, digits),
            None => (false, inner.strip_suffix('>')?),
        };
        Some((at, opens, digits.parse().ok()?))
    })
}
