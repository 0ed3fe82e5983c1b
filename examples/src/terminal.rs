//! Drawing with characters: digits in shades of grey, and the table of what was taken for what.

use core::fmt;
use core::fmt::Write;

use crate::digits::{CLASSES, Digit, INK, SIDE};

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
        // Writing to a string cannot fail.
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

/// How often each digit was taken for each.
#[derive(Clone, Debug, Default)]
pub struct Confusion([[u32; CLASSES]; CLASSES]);

impl Confusion {
    /// Counts one digit.
    ///
    /// # Panics
    /// When one of them is no digit.
    pub fn count(&mut self, truth: usize, answer: usize) {
        self.0[truth][answer] += 1;
    }

    /// How many digits were counted.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.0.iter().flatten().sum()
    }

    /// How many were read as what they are.
    #[must_use]
    pub fn correct(&self) -> u32 {
        (0..CLASSES).map(|class| self.0[class][class]).sum()
    }

    /// The part that was read as what it is; NaN of nothing.
    #[must_use]
    pub fn accuracy(&self) -> f64 {
        f64::from(self.correct()) / f64::from(self.total())
    }
}

/// A row for each truth, a column for each answer, a dot for a zero.
impl fmt::Display for Confusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("      ")?;
        for answer in 0..CLASSES {
            write!(f, "{answer:>5}")?;
        }
        writeln!(f, "   <- read as")?;
        for (truth, row) in self.0.iter().enumerate() {
            write!(f, "{truth:>4} |")?;
            for &count in row {
                match count {
                    0 => f.write_str("    ·")?,
                    count => write!(f, "{count:>5}")?,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
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
        let mut confusion = Confusion::default();
        for (truth, answer) in [(3, 3), (3, 8), (9, 9), (0, 0)] {
            confusion.count(truth, answer);
        }
        assert_eq!((confusion.correct(), confusion.total(), confusion.accuracy()), (3, 4, 0.75));
        assert_eq!(
            confusion.to_string().lines().nth(4),
            Some("   3 |    ·    ·    ·    1    ·    ·    ·    ·    1    ·")
        );
    }
}
