//! Grey images side by side in one PNG file.

use core::error::Error;
use core::iter::repeat_n;
use std::fs::File;
use std::io::BufWriter;
use std::path::Path;

use autodiff_core::{Backend, Element, Tensor};

use crate::file::check_writable;

/// Pixels between two images.
const GAP: usize = 1;
/// About as wide does an image become: each of its pixels is a square of several.
const ENLARGED: usize = 56;

/// Writes images `[N, rows, columns]` of numbers from 0 for paper to 1 for ink as one PNG file, so many to a line; makes the
/// folders it lies in.
///
/// # Errors
/// When there is no image, or the file cannot be written.
pub fn write_png<B: Backend>(path: &Path, images: &Tensor<B>, across: usize) -> Result<(), Box<dyn Error>> {
    let [count, rows, columns] = images.dims();
    if count == 0 || across == 0 {
        return Err(format!("{}: at least one image expected, found none", path.display()).into());
    }
    let sheet = Sheet::new(&images.to_vec(), [count, rows, columns], across);
    check_writable(path)?;
    let (width, height) = (u32::try_from(sheet.width * sheet.scale)?, u32::try_from(sheet.height * sheet.scale)?);
    let mut encoder = png::Encoder::new(BufWriter::new(File::create(path)?), width, height);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&sheet.enlarged())?;
    Ok(writer.finish()?)
}

struct Sheet {
    width: usize,
    height: usize,
    /// How many pixels of the file are one of the sheet, along each side.
    scale: usize,
    /// 255 for paper.
    pixels: Vec<u8>,
}

impl Sheet {
    fn new<E: Element>(images: &[E], [count, rows, columns]: [usize; 3], across: usize) -> Self {
        let (width, height) = (across * (columns + GAP) + GAP, count.div_ceil(across) * (rows + GAP) + GAP);
        let scale = (ENLARGED / columns.max(1)).max(1);
        let mut sheet = Self { width, height, scale, pixels: vec![u8::MAX / 2; width * height] };
        for (number, image) in images.chunks_exact(rows * columns).enumerate() {
            let (top, left) = (number / across * (rows + GAP) + GAP, number % across * (columns + GAP) + GAP);
            for (row, line) in image.chunks_exact(columns).enumerate() {
                for (column, &ink) in line.iter().enumerate() {
                    sheet.pixels[(top + row) * width + left + column] = grey(ink.into_f64());
                }
            }
        }
        sheet
    }

    fn enlarged(&self) -> Vec<u8> {
        let again = |&pixel| repeat_n(pixel, self.scale);
        let lines = self.pixels.chunks_exact(self.width).flat_map(|line| repeat_n(line, self.scale));
        lines.flatten().flat_map(again).collect()
    }
}

fn grey(ink: f64) -> u8 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 255")]
    let grey = (255.0 * (1.0 - ink.clamp(0.0, 1.0))).round() as u8;
    grey
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_stand_side_by_side() {
        let sheet = Sheet::new(&[0.0_f32, 1.0, 2.0, 0.5], [4, 1, 1], 3);
        assert_eq!((sheet.width, sheet.height), (7, 5));
        let line = |row: usize| &sheet.pixels[row * 7..(row + 1) * 7];
        assert_eq!(line(1), [127, 255, 127, 0, 127, 0, 127]);
        assert_eq!(line(3), [127, 128, 127, 127, 127, 127, 127]);
        let line = &sheet.enlarged()[7 * ENLARGED * ENLARGED..][..2 * ENLARGED];
        assert!(line[..ENLARGED].iter().all(|&grey| grey == 127) && line[ENLARGED..].iter().all(|&grey| grey == 255));
        assert_eq!(sheet.enlarged().len(), 7 * 5 * ENLARGED * ENLARGED);
        assert_eq!(Sheet::new(&[0.0_f32; 784], [1, 28, 28], 1).scale, 2);
    }
}
