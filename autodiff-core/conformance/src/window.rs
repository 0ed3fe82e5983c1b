//! Windows that slide over axes: convolutions and their gradients.

use alloc::vec::Vec;

use autodiff_core::{Backend, Conv, Primitive, Shape, Slide, Window};

use crate::cases::Case;
use crate::failure::Outcome;
use crate::grid::FLOATS;
use crate::host::Host;
use crate::subject::Subject;

/// How windows slide along an axis: kernel, stride, dilation, padding in front and behind.
pub(crate) const fn slide([kernel, stride, dilation, lo, hi]: [u32; 5]) -> Slide {
    Slide { kernel, stride, dilation, lo, hi }
}

/// Windows that slide over axes of these sizes.
pub(crate) struct Geometry<'a> {
    pub(crate) size: &'a [usize],
    pub(crate) slides: &'a [Slide],
}

impl Geometry<'_> {
    pub(crate) fn window(&self) -> Window {
        Window::new(self.slides).unwrap_or_else(|| unreachable!("one to three axes"))
    }

    /// The shape with these leading axes, and for the others what `of` says for size and slide.
    fn shape(&self, lead: [usize; 2], of: impl Fn(usize, &Slide) -> usize) -> Shape {
        let inner = self.size.iter().zip(self.slides).map(|(&size, slide)| of(size, slide));
        Shape::new(&lead.into_iter().chain(inner).collect::<Vec<_>>())
    }

    /// The tensor and its windows.
    pub(crate) fn shapes(&self, lead: [usize; 2]) -> [Shape; 2] {
        let windows = |size: usize, slide: &Slide| {
            let span = slide.dilation * (slide.kernel - 1) + 1;
            (size + (slide.lo + slide.hi) as usize - span as usize) / slide.stride as usize + 1
        };
        [self.shape(lead, |size, _| size), self.shape(lead, windows)]
    }

    /// The sizes as primitives hold them.
    pub(crate) fn sizes(&self) -> [u32; 3] {
        let mut sizes = [1; 3];
        for (to, &size) in sizes.iter_mut().rev().zip(self.size.iter().rev()) {
            *to = u32::try_from(size).unwrap_or(0);
        }
        sizes
    }

    /// The convolution of a batch, and both its gradients.
    pub(crate) fn convolutions(&self, batch: usize, [channels, outputs]: [usize; 2], groups: u32) -> [Case; 3] {
        let (window, size) = (self.window(), self.sizes());
        let [x, _] = self.shapes([batch, channels]);
        let [_, y] = self.shapes([batch, outputs]);
        let w = self.shape([outputs, channels / groups as usize], |_, slide| slide.kernel as usize);
        let [x, w, y] = [(1, x), (2, w), (3, y)].map(|(seed, shape)| Host::spread(seed, shape, -2.0, 2.0));
        let case = |op, a: &Host, b: &Host| Case { op, inputs: [a.clone(), b.clone()].to_vec() };
        [
            case(Primitive::Conv { window, groups }, &x, &w),
            case(Primitive::ConvInputGrad { window, groups, size }, &y, &w),
            case(Primitive::ConvWeightGrad { window, groups }, &x, &y),
        ]
    }
}

fn check<B: Backend>(subject: &Subject<B>, cases: impl IntoIterator<Item = Case>) -> Outcome {
    cases.into_iter().try_for_each(|case| subject.check(&case.op, &case.inputs))
}

/// Along one axis, all that can be said of a window; more windows than any block or vector has elements.
pub fn convolutions_along_an_axis<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolutions_along_an_axis::<B>);
    for of in [
        [1, 1, 1, 0, 0],
        [3, 1, 1, 1, 1],
        [2, 2, 1, 0, 1],
        [4, 3, 1, 2, 0],
        [3, 1, 2, 0, 3],
        [2, 3, 5, 4, 1],
        [2, 1, 1, 3, 3],
        [7, 40, 3, 0, 0],
    ] {
        for size in [19, 37] {
            let geometry = Geometry { size: &[size], slides: &[slide(of)] };
            check(&subject, geometry.convolutions(2, [2, 3], 1))?;
        }
        let geometry = Geometry { size: &[19], slides: &[slide(of)] };
        check(&subject, geometry.convolutions(1, [4, 6], 2))?;
    }
    Ok(())
}

/// Over two and three axes with a window of its own along each; every channel by itself.
pub fn convolutions<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolutions::<B>);
    let slides = [slide([3, 2, 1, 1, 0]), slide([2, 1, 3, 2, 1]), slide([3, 1, 1, 1, 1])];
    check(&subject, Geometry { size: &[5, 6], slides: &slides[..2] }.convolutions(2, [4, 2], 2))?;
    check(&subject, Geometry { size: &[3, 18], slides: &slides[1..] }.convolutions(1, [3, 3], 3))?;
    check(&subject, Geometry { size: &[3, 4, 5], slides: &slides }.convolutions(1, [2, 2], 1))?;
    check(&subject, Geometry { size: &[1, 1], slides: &[slide([1, 1, 1, 0, 0]); 2] }.convolutions(3, [2, 5], 1))
}

/// Without a batch, without channels, without results, and over nothing but padding.
pub fn convolutions_of_nothing<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolutions_of_nothing::<B>);
    let geometry = Geometry { size: &[4, 3], slides: &[slide([2, 1, 1, 0, 1]); 2] };
    check(&subject, geometry.convolutions(0, [2, 2], 1))?;
    check(&subject, geometry.convolutions(2, [0, 2], 2))?;
    check(&subject, geometry.convolutions(2, [2, 0], 1))?;
    let hollow = Geometry { size: &[0, 3], slides: &[slide([2, 1, 1, 1, 1]), slide([2, 1, 1, 0, 0])] };
    check(&subject, hollow.convolutions(2, [2, 2], 1))
}

/// Half precision as storage; its products are added up in `f32`.
pub fn convolutions_in_every_format<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolutions_in_every_format::<B>);
    for dtype in FLOATS {
        let geometry = Geometry { size: &[6, 7], slides: &[slide([2, 1, 1, 1, 0]), slide([3, 2, 1, 1, 1])] };
        let long = Geometry { size: &[1500], slides: &[slide([1499, 1, 1, 0, 0])] };
        for case in geometry.convolutions(2, [2, 3], 1).into_iter().chain(long.convolutions(1, [1, 1], 1)) {
            let inputs: Vec<Host> = case.inputs.into_iter().map(|input| input.cast(dtype)).collect();
            subject.check(&case.op, &inputs)?;
        }
    }
    Ok(())
}

/// What a window holds is multiplied, padding is not: an infinite weight over it makes no NaN.
pub fn convolutions_of_special_numbers<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolutions_of_special_numbers::<B>);
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let geometry = Geometry { size: &[5], slides: &[slide([3, 1, 1, 1, 1])] };
    for numbers in [[0.0, inf, 1.0, 2.0, 0.0], [1.0, 1e30, nan, 0.0, -1e30], [-0.0, 1.0, 0.0, -inf, 3.0]] {
        for mut case in geometry.convolutions(1, [1, 1], 1) {
            for weights in [[inf, 1.0, 0.0], [1.0, -1.0, nan], [0.0, 0.5, -inf]] {
                for input in &mut case.inputs {
                    let numbers: &[f64] = if input.values.len() == 3 { &weights } else { &numbers };
                    input.values.copy_from_slice(numbers);
                }
                subject.check(&case.op, &case.inputs)?;
            }
        }
    }
    Ok(())
}

/// The methods, on numbers that can be added up by hand.
pub fn convolution_methods<B: Backend>() -> Outcome {
    let subject = Subject::<B>::of(convolution_methods::<B>);
    let put = |values: &[f64], shape: &[usize]| subject.put(&Host::new(values, Shape::new(shape)));
    let same =
        |label, y: &_, values: &[f64], shape: &[usize]| subject.equal(label, y, &Host::new(values, Shape::new(shape)));
    let (x, w) = (put(&[1.0, 2.0, 3.0, 4.0], &[1, 1, 4]), put(&[1.0, 0.0, -1.0, 2.0, 1.0, 0.0], &[2, 1, 3]));
    let bias = put(&[10.0, 20.0], &[2]);
    let y = x.conv1d(&w, Some(&bias), Conv::default());
    same("conv1d", &y, &[8.0, 8.0, 24.0, 27.0], &[1, 2, 2])?;
    let strided = Conv { stride: [2], padding: [1], dilation: [1], groups: 1 };
    same("strided conv1d", &x.conv1d(&w, None, strided), &[-2.0, -2.0, 1.0, 7.0], &[1, 2, 2])?;
    let square = put(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], &[1, 1, 3, 3]);
    let cross = put(&[0.0, 1.0, 1.0, 1.0], &[1, 1, 2, 2]);
    same("conv2d", &square.conv2d(&cross, None, Conv::default()), &[11.0, 14.0, 20.0, 23.0], &[1, 1, 2, 2])?;
    let cube = put(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], &[1, 2, 1, 2, 2]);
    let columns = put(&[1.0, -1.0, 2.0, 0.0], &[2, 1, 1, 2, 1]);
    let grouped = Conv { groups: 2, ..Conv::default() };
    same("conv3d", &cube.conv3d(&columns, None, grouped), &[-2.0, -2.0, 10.0, 12.0], &[1, 2, 1, 1, 2])?;

    let w = put(&[1.0, 10.0, 100.0], &[1, 1, 3]);
    let x = put(&[1.0, 2.0], &[1, 1, 2]);
    let transposed = |conv, extra| x.conv_transpose1d(&w, None, conv, [extra]);
    let spread = Conv { stride: [2], ..Conv::default() };
    same("conv_transpose1d", &transposed(spread, 0), &[1.0, 10.0, 102.0, 20.0, 200.0], &[1, 1, 5])?;
    same("a cell more", &transposed(spread, 1), &[1.0, 10.0, 102.0, 20.0, 200.0, 0.0], &[1, 1, 6])?;
    let cut = Conv { padding: [1], ..spread };
    same("cut", &transposed(cut, 0), &[10.0, 102.0, 20.0], &[1, 1, 3])?;
    same("cut by less", &transposed(cut, 1), &[10.0, 102.0, 20.0, 200.0], &[1, 1, 4])?;
    // Beyond the stride, which PyTorch allows below the dilation.
    let wide = Conv { padding: [1], dilation: [3], ..Conv::default() };
    let whole = [1.0, 2.0, 0.0, 10.0, 20.0, 0.0, 100.0, 200.0, 0.0];
    for extra in 0..3 {
        let len = 6 + extra;
        same("dilated", &transposed(wide, extra), &whole[1..=len], &[1, 1, len])?;
    }
    let pairs = put(&[1.0, 2.0, 3.0, 4.0], &[1, 2, 1, 2]);
    let w = put(&[1.0, 2.0, 3.0, 4.0], &[2, 1, 2, 1]);
    let y = pairs.conv_transpose2d(&w, Some(&bias), Conv { groups: 2, ..Conv::default() }, [0, 0]);
    same("conv_transpose2d", &y, &[11.0, 12.0, 12.0, 14.0, 29.0, 32.0, 32.0, 36.0], &[1, 2, 2, 2])
}
