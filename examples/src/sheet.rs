//! Grey images side by side in one PNG file.

use core::iter::repeat_n;
use std::io;
use std::path::Path;

use autodiff_core::{Backend, Element, Tensor};

use crate::file::{FileError, unwritable, write};

/// Pixels between two images.
const GAP: usize = 1;
/// About as wide does an image become: each of its pixels is a square of several.
const ENLARGED: usize = 56;

/// Writes images `[N, rows, columns]` of numbers from 0 for paper to 1 for ink as one PNG file, so many to a line; makes the
/// folders it lies in.
///
/// # Errors
/// When there is no image, or the file cannot be written.
pub fn write_png<B: Backend>(path: &Path, images: &Tensor<B>, across: usize) -> Result<(), FileError> {
    let [count, rows, columns] = images.dims();
    if count == 0 || across == 0 {
        return Err(FileError::new(path, "at least one image", "none"));
    }
    let sheet = Sheet::new(&images.to_vec(), [count, rows, columns], across);
    let png = sheet.png().map_err(|error| unwritable(path, error))?;
    write(path, &png)
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

    /// The whole file, before any of it is written.
    fn png(&self) -> io::Result<Vec<u8>> {
        let side = |pixels: usize| u32::try_from(pixels * self.scale).map_err(io::Error::other);
        let mut png = Vec::new();
        let mut encoder = png::Encoder::new(&mut png, side(self.width)?, side(self.height)?);
        encoder.set_color(png::ColorType::Grayscale);
        let mut writer = encoder.write_header()?;
        writer.write_image_data(&self.enlarged())?;
        writer.finish()?;
        Ok(png)
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
    use backend_cpu::{Cpu, CpuDevice};

    use super::*;

    #[test]
    fn a_sheet_becomes_a_png_of_its_size() {
        let png = Sheet::new(&[0.0_f32, 1.0], [2, 1, 1], 2).png().unwrap();
        let reader = png::Decoder::new(io::Cursor::new(png)).read_info().unwrap();
        let wide = u32::try_from(5 * ENLARGED).unwrap();
        assert_eq!((reader.info().width, reader.info().height), (wide, wide / 5 * 3));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_names_the_file() {
        let image = Tensor::<Cpu<f32>>::zeros([1, 2, 2], &CpuDevice);
        let error = write_png(Path::new("/dev/full"), &image, 1).unwrap_err().to_string();
        assert!(error.starts_with("/dev/full: a file that can be written expected, found: "), "{error}");
        let error = write_png(Path::new("no.png"), &image.slice(0, ..0), 1).unwrap_err().to_string();
        assert_eq!(error, "no.png: at least one image expected, found: none");
    }

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
