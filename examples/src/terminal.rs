//! Drawing with characters: digits in shades of grey, and the table of what was taken for what.
//!
//! Writing to a string cannot fail, so nobody asks whether it did.

use core::fmt::Write;

use nn::metrics::ConfusionMatrix;

use crate::digits::{Digit, INK, SIDE};

/// From paper to ink.
const SHADES: [char; 5] = [' ', '░', '▒', '▓', '█'];
/// Columns of a drawn digit: two characters a pixel are about as wide as high.
const WIDTH: usize = 2 * SIDE;

/// Digits side by side in shades of grey, each above its caption.
#[must_use]
pub fn side_by_side(pictures: &[(&Digit, String)]) -> String {
    let mut drawing = String::new();
    for row in 0..SIDE {
        for (digit, _) in pictures {
            for &pixel in &digit.pixels[row * SIDE..(row + 1) * SIDE] {
                drawing.extend([shade(pixel); 2]);
            }
            drawing.push_str("  ");
        }
        end_line(&mut drawing);
    }
    for (_, caption) in pictures {
        let _ = write!(drawing, "{caption:^WIDTH$}  ");
    }
    end_line(&mut drawing);
    drawing
}

fn shade(pixel: u8) -> char {
    let steps = SHADES.len() - 1;
    SHADES[(usize::from(pixel) * steps).div_ceil(usize::from(INK)).min(steps)]
}

fn end_line(drawing: &mut String) {
    drawing.truncate(drawing.trim_end_matches(' ').len());
    drawing.push('\n');
}

/// A row for each truth, a column for each answer, a dot for a zero.
#[must_use]
pub fn table(confusion: &ConfusionMatrix) -> String {
    let classes = 0..confusion.classes();
    let mut drawing = String::from("      ");
    for answer in classes.clone() {
        let _ = write!(drawing, "{answer:>5}");
    }
    drawing.push_str("   <- read as\n");
    for truth in classes.clone() {
        let _ = write!(drawing, "{truth:>4} |");
        for answer in classes.clone() {
            let _ = match confusion.get(truth, answer) {
                0 => write!(drawing, "    ·"),
                count => write!(drawing, "{count:>5}"),
            };
        }
        drawing.push('\n');
    }
    drawing
}

/// Curves drawn with characters in so many lines, a column for each value, later curves above earlier ones; what is not
/// finite is left out.
#[must_use]
pub fn curves(curves: &[(char, &[f64])], lines: usize) -> String {
    let finite = || curves.iter().flat_map(|(_, values)| *values).copied().filter(|value| value.is_finite());
    let (low, high) = finite().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), y| (low.min(y), high.max(y)));
    let width = curves.iter().map(|(_, values)| values.len()).max().unwrap_or(0);
    let mut drawing = vec![vec![' '; width]; lines];
    for (mark, values) in curves {
        for (column, &value) in values.iter().enumerate().filter(|(_, value)| value.is_finite()) {
            let part = if high > low { (high - value) / (high - low) } else { 0.0 };
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a line of the drawing")]
            #[expect(clippy::cast_precision_loss, reason = "no terminal has 2^53 lines")]
            let line = (part * lines.saturating_sub(1) as f64).round() as usize;
            drawing[line][column] = *mark;
        }
    }
    let mut text = String::new();
    for line in drawing {
        text.extend(line);
        end_line(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digits::PIXELS;

    #[test]
    fn every_pixel_value_has_a_shade() {
        assert_eq!([0, 1, 4, 5, 8, 9, 12, 13, 16].map(shade), [' ', '░', '░', '▒', '▒', '▓', '▓', '█', '█']);
    }

    #[test]
    fn digits_stand_side_by_side() {
        let ink = Digit { pixels: [INK; PIXELS], label: 1 };
        let drawing = side_by_side(&[(&ink, "one".into()), (&ink, "two".into())]);
        let lines: Vec<&str> = drawing.lines().collect();
        assert_eq!(lines.len(), SIDE + 1);
        assert_eq!(lines[0], format!("{0}  {0}", "█".repeat(WIDTH)));
        assert_eq!(lines[SIDE], "      one               two");
    }

    #[test]
    fn the_table_counts() {
        let mut confusion = ConfusionMatrix::new(10);
        for (truth, answer) in [(3, 3), (3, 8), (9, 9), (0, 0)] {
            confusion.count(truth, answer);
        }
        let table = table(&confusion);
        assert_eq!(table.lines().count(), 11);
        assert_eq!(table.lines().nth(4), Some("   3 |    ·    ·    ·    1    ·    ·    ·    ·    1    ·"));
    }

    #[test]
    fn later_curves_lie_above() {
        let drawing = curves(&[('.', &[1.0, 0.5, 0.0]), ('o', &[f64::NAN, 0.5, 1.0, 0.1])], 3);
        assert_eq!(drawing, ". o\n o\n  .o\n");
        assert_eq!(curves(&[('.', &[2.0, 2.0])], 2), "..\n\n");
        assert_eq!(curves(&[], 1), "\n");
    }
}
