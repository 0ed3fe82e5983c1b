//! Windows that slide over axes: convolutions, sums, positions, and the gradients of these; interpolation.

use alloc::format;
use alloc::vec::Vec;

use autodiff_core::{Autodiff, Backend, Conv, Interpolation, Pool, Primitive, Shape, Slide, Spec, Tensor, Window};

use crate::cases::Case;
use crate::failure::Outcome;
use crate::grid::{FLOATS, SPECIAL};
use crate::host::Host;
use crate::reference::Exact;
use crate::subject::Subject;
use crate::tolerance::Tolerance;

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
    fn shape(&self, lead: &[usize], of: impl Fn(usize, &Slide) -> usize) -> Shape {
        let inner = self.size.iter().zip(self.slides).map(|(&size, slide)| of(size, slide));
        Shape::new(&lead.iter().copied().chain(inner).collect::<Vec<_>>())
    }

    /// The tensor and its windows.
    pub(crate) fn shapes(&self, lead: &[usize]) -> [Shape; 2] {
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
        let [x, _] = self.shapes(&[batch, channels]);
        let [_, y] = self.shapes(&[batch, outputs]);
        let w = self.shape(&[outputs, channels / groups as usize], |_, slide| slide.kernel as usize);
        let [x, w, y] = [(1, x), (2, w), (3, y)].map(|(seed, shape)| Host::spread(seed, shape, -2.0, 2.0));
        let case = |op, a: &Host, b: &Host| Case { op, inputs: [a.clone(), b.clone()].to_vec() };
        [
            case(Primitive::Conv { window, groups }, &x, &w),
            case(Primitive::ConvInputGrad { window, groups, size }, &y, &w),
            case(Primitive::ConvWeightGrad { window, groups }, &x, &y),
        ]
    }

    /// The sums of windows behind these axes, and their adjoint.
    pub(crate) fn sums(&self, lead: &[usize]) -> [Case; 2] {
        let (window, size, [x, y]) = (self.window(), self.sizes(), self.shapes(lead));
        let case = |op, seed, shape| Case { op, inputs: [Host::spread(seed, shape, -2.0, 2.0)].to_vec() };
        [case(Primitive::WindowSum { window }, 4, x), case(Primitive::WindowSpread { window, size }, 5, y)]
    }
}

fn check<B: Backend>(subject: &Subject<B>, cases: impl IntoIterator<Item = Case>) -> Outcome {
    cases.into_iter().try_for_each(|case| subject.check(&case.op, &case.inputs))
}

/// Along one axis, all that can be said of a window; more windows than any block or vector has elements.
pub fn convolutions_along_an_axis<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolutions_along_an_axis::<B>, device);
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
pub fn convolutions<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolutions::<B>, device);
    let slides = [slide([3, 2, 1, 1, 1]), slide([2, 1, 3, 2, 1]), slide([3, 1, 1, 1, 1])];
    check(&subject, Geometry { size: &[5, 6], slides: &slides[..2] }.convolutions(2, [4, 2], 2))?;
    check(&subject, Geometry { size: &[3, 18], slides: &slides[1..] }.convolutions(1, [3, 3], 3))?;
    check(&subject, Geometry { size: &[3, 4, 5], slides: &slides }.convolutions(1, [2, 2], 1))?;
    check(&subject, Geometry { size: &[1, 1], slides: &[slide([1, 1, 1, 0, 0]); 2] }.convolutions(3, [2, 5], 1))
}

/// Sums of windows and their adjoint over one, two and three axes, behind none and behind several, some of them empty.
pub fn sums<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(sums::<B>, device);
    let slides = [slide([3, 2, 1, 1, 0]), slide([2, 1, 3, 2, 1]), slide([3, 1, 1, 1, 1])];
    check(&subject, Geometry { size: &[37], slides: &slides[..1] }.sums(&[2]))?;
    check(&subject, Geometry { size: &[5, 18], slides: &slides[1..] }.sums(&[]))?;
    check(&subject, Geometry { size: &[5, 6], slides: &slides[..2] }.sums(&[2, 1, 3, 1]))?;
    check(&subject, Geometry { size: &[3, 4, 5], slides: &slides }.sums(&[2, 1, 1, 1, 2]))?;
    check(&subject, Geometry { size: &[4], slides: &[slide([9, 5, 1, 9, 3])] }.sums(&[3]))?;
    check(&subject, Geometry { size: &[4], slides: &slides[..1] }.sums(&[2, 0]))?;
    check(&subject, Geometry { size: &[0, 3], slides: &[slide([1, 1, 1, 1, 0]), slides[0]] }.sums(&[2]))
}

/// The same in half precision, which is added up in `f32`; and of zeros, infinities, NaN and the ends of the range.
pub fn sums_in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(sums_in_every_format::<B>, device);
    for dtype in FLOATS {
        let small = Geometry { size: &[5, 6], slides: &[slide([2, 1, 1, 1, 0]), slide([3, 2, 1, 1, 1])] };
        let long = Geometry { size: &[1500], slides: &[slide([1400, 1, 1, 0, 0])] };
        for case in small.sums(&[2]).into_iter().chain(long.sums(&[])) {
            subject.check(&case.op, &[case.inputs[0].clone().cast(dtype)])?;
        }
        let window = Geometry { size: &[], slides: &[slide([2, 1, 1, 0, 0])] }.window();
        subject.check(&Primitive::WindowSum { window }, &[Host::vector(&SPECIAL).cast(dtype)])?;
    }
    Ok(())
}

/// Where the largest cells are: over one, two and three axes, in every format, on ties, and where NaN and infinities are.
pub fn positions<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(positions::<B>, device);
    let slides = [slide([3, 2, 1, 1, 0]), slide([2, 1, 3, 2, 1]), slide([3, 1, 1, 1, 1])];
    let geometries: [(Geometry<'_>, &[usize]); 6] = [
        (Geometry { size: &[37], slides: &slides[..1] }, &[2]),
        (Geometry { size: &[5, 8], slides: &slides[1..] }, &[]),
        (Geometry { size: &[5, 6], slides: &slides[..2] }, &[2, 1, 3]),
        (Geometry { size: &[3, 4, 5], slides: &slides }, &[2]),
        (Geometry { size: &[4], slides: &slides[..1] }, &[2, 0]),
        (Geometry { size: &[22], slides: &[slide([4, 3, 1, 2, 2])] }, &[1]),
    ];
    for (geometry, lead) in &geometries {
        let (op, [x, _]) = (Primitive::WindowArgMax { window: geometry.window() }, geometry.shapes(lead));
        for dtype in FLOATS {
            subject.check(&op, &[Host::spread(6, x, -2.0, 2.0).cast(dtype)])?;
            subject.check(&op, &[Host::whole(7, Host::spread(7, x, 0.0, 1.0).cast(dtype).spec, 1)])?;
            let special = SPECIAL.iter().copied().cycle().take(x.elements()).collect();
            subject.check(&op, &[Host { spec: Host::spread(0, x, 0.0, 1.0).cast(dtype).spec, values: special }])?;
        }
    }
    Ok(())
}

/// Without a batch, without channels, without results, and over nothing but padding.
pub fn convolutions_of_nothing<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolutions_of_nothing::<B>, device);
    let geometry = Geometry { size: &[4, 3], slides: &[slide([2, 1, 1, 0, 1]); 2] };
    check(&subject, geometry.convolutions(0, [2, 2], 1))?;
    check(&subject, geometry.convolutions(2, [0, 2], 2))?;
    check(&subject, geometry.convolutions(2, [2, 0], 1))?;
    let hollow = Geometry { size: &[0, 3], slides: &[slide([2, 1, 1, 1, 1]), slide([2, 1, 1, 0, 0])] };
    check(&subject, hollow.convolutions(2, [2, 2], 1))?;
    let hollow = Geometry { size: &[3, 0], slides: &[slide([2, 1, 1, 0, 0]), slide([2, 1, 1, 1, 1])] };
    check(&subject, hollow.convolutions(2, [2, 2], 1))
}

/// Half precision as storage; its products are added up in `f32`.
pub fn convolutions_in_every_format<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolutions_in_every_format::<B>, device);
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
pub fn convolutions_of_special_numbers<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolutions_of_special_numbers::<B>, device);
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
pub fn convolution_methods<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(convolution_methods::<B>, device);
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

/// What a pooling makes of the cells of a window: the largest, or the mean of all or of those that are no padding.
#[derive(Clone, Copy)]
enum Pooled {
    Max,
    Mean,
    MeanOfCells,
}

/// One axis: its size, kernel, stride, padding, and whether a window may end behind it.
type PoolAxis = (usize, usize, usize, usize, bool);

/// The first and the last padded cell, exclusive, of each window: as PyTorch's `pooling_shape` and `avg_pool` have it.
fn bounds((size, kernel, stride, padding, ceil): PoolAxis) -> Vec<[usize; 2]> {
    let starts = (0..size + 2 * padding).step_by(stride);
    let fits = |start: &usize| start + kernel <= size + 2 * padding;
    let begins = |start: &usize| ceil && *start < size + padding && start + kernel < size + 2 * padding + stride;
    let bounds = starts.filter(|start| fits(start) || begins(start));
    bounds.map(|start| [start, (start + kernel).min(size + 2 * padding)]).collect()
}

/// A pooling of one plane, by its definition.
fn pooled(kind: Pooled, x: &[f64], [rows, columns]: [PoolAxis; 2]) -> (Vec<f64>, [usize; 2]) {
    let (row_bounds, column_bounds) = (bounds(rows), bounds(columns));
    let mut y = Vec::new();
    for &[top, bottom] in &row_bounds {
        for &[left, right] in &column_bounds {
            let inside = |at: usize, (size, _, _, padding, _): PoolAxis| (padding..size + padding).contains(&at);
            let places = (top..bottom).flat_map(|row| (left..right).map(move |column| (row, column)));
            let cells: Vec<f64> = places
                .filter(|&(row, column)| inside(row, rows) && inside(column, columns))
                .map(|(row, column)| x[(row - rows.3) * columns.0 + column - columns.3])
                .collect();
            let count = |cells: usize| (0..cells).fold(0.0, |count, _| count + 1.0);
            let sum = cells.iter().sum::<f64>();
            y.push(match kind {
                Pooled::Max => cells.iter().copied().fold(f64::NEG_INFINITY, f64::max),
                Pooled::Mean => sum / count((bottom - top) * (right - left)),
                Pooled::MeanOfCells => sum / count(cells.len()),
            });
        }
    }
    (y, [row_bounds.len(), column_bounds.len()])
}

/// Largest and mean numbers of windows that overlap, leave gaps, begin in the padding and end behind it.
pub fn pooling<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(pooling::<B>, device);
    for (size, kernel, stride, padding) in [
        ([4, 6], [2, 2], [2, 2], [0, 0]),
        ([7, 5], [3, 2], [2, 3], [1, 1]),
        ([6, 7], [3, 4], [2, 3], [0, 2]),
        ([2, 8], [3, 3], [3, 5], [1, 0]),
        ([6, 5], [3, 3], [2, 3], [1, 1]),
    ] {
        let x = Host::spread(8, [1, 2, size[0], size[1]], -2.0, 2.0).rounded::<B::Elem>();
        let given = subject.put(&x);
        for ceil_mode in [false, true] {
            for kind in [Pooled::Max, Pooled::Mean, Pooled::MeanOfCells] {
                let axes = [0, 1].map(|axis| (size[axis], kernel[axis], stride[axis], padding[axis], ceil_mode));
                let (mut values, [rows, columns]) = pooled(kind, &x.values[..size[0] * size[1]], axes);
                values.extend(pooled(kind, &x.values[size[0] * size[1]..], axes).0);
                let count_include_pad = matches!(kind, Pooled::Mean);
                let pool = Pool { stride: Some(stride), padding, ceil_mode, count_include_pad, ..Pool::new(kernel) };
                let found = match kind {
                    Pooled::Max => given.max_pool2d(pool),
                    Pooled::Mean | Pooled::MeanOfCells => given.avg_pool2d(pool),
                };
                let scale = alloc::vec![4.0; values.len()];
                let out = Spec::elem([1, 2, rows, columns]);
                let label = || format!("{pool:?} of {size:?}");
                subject.compare(&label, &found, &out, &Exact { values, scale }, Tolerance::Composite)?;
            }
        }
    }
    Ok(())
}

/// The methods for one and three axes, dilation, indices, and pooling to a size, on numbers that can be seen through.
pub fn pooling_methods<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(pooling_methods::<B>, device);
    let put = |values: &[f64], shape: &[usize]| subject.put(&Host::new(values, Shape::new(shape)));
    let same =
        |label, y: &_, values: &[f64], shape: &[usize]| subject.equal(label, y, &Host::new(values, Shape::new(shape)));
    let x = put(&[3.0, 1.0, 4.0, 1.0, 5.0, 9.0, 2.0, 6.0], &[1, 8]);
    same("max_pool1d", &x.max_pool1d(Pool::new([2])), &[3.0, 4.0, 9.0, 6.0], &[1, 4])?;
    let dilated = Pool { dilation: [3], stride: Some([1]), ..Pool::new([2]) };
    same("dilated max_pool1d", &x.max_pool1d(dilated), &[3.0, 5.0, 9.0, 2.0, 6.0], &[1, 5])?;
    let sums = &x.avg_pool1d(dilated) * 2.0;
    same("dilated avg_pool1d", &sums, &[4.0, 6.0, 13.0, 3.0, 11.0], &[1, 5])?;
    let (largest, at) = x.max_pool1d_with_indices(Pool { stride: Some([3]), padding: [1], ..Pool::new([3]) });
    same("largest", &largest, &[3.0, 5.0, 9.0], &[1, 3])?;
    subject.equal("their places", at.tensor(), &Host::index(&[0, 4, 5], [1, 3]))?;
    let cube = x.reshape([2, 2, 2]);
    same("max_pool3d", &cube.max_pool3d(Pool::new([2, 1, 2])), &[9.0, 6.0], &[1, 2, 1])?;
    same("avg_pool3d", &(cube.avg_pool3d(Pool::new([2, 1, 2])) * 4.0), &[18.0, 13.0], &[1, 2, 1])?;
    let (largest, at) = cube.max_pool2d_with_indices(Pool::new([2, 2]));
    same("largest of squares", &largest, &[4.0, 9.0], &[2, 1, 1])?;
    subject.equal("places in squares", at.tensor(), &Host::index(&[2, 1], [2, 1, 1]))?;

    // Of 7 cells to 3: 0..3, 2..5, 4..7. Of 5 to 2: 0..3, 2..5.
    let row = put(&[1.0, 2.0, 6.0, 4.0, 2.0, 0.0, 7.0], &[1, 7]);
    same("adaptive_avg_pool1d", &row.adaptive_avg_pool1d([3]), &[3.0, 4.0, 3.0], &[1, 3])?;
    same("adaptive_max_pool1d", &row.adaptive_max_pool1d([3]), &[6.0, 6.0, 7.0], &[1, 3])?;
    same("to each cell", &row.adaptive_avg_pool1d([7]), &[1.0, 2.0, 6.0, 4.0, 2.0, 0.0, 7.0], &[1, 7])?;
    // Of 3 to 2: 0..2, 1..3. Of 2 to 4: each twice.
    let plane = put(&[8.0, 4.0, 0.0, 12.0, 4.0, 20.0], &[1, 3, 2]);
    let averages = [4.0, 4.0, 8.0, 8.0, 2.0, 2.0, 16.0, 16.0];
    same("adaptive_avg_pool2d", &plane.adaptive_avg_pool2d([2, 4]), &averages, &[1, 2, 4])?;
    same("adaptive_max_pool2d", &plane.adaptive_max_pool2d([2, 1]), &[12.0, 20.0], &[1, 2, 1])?;
    let nearby = put(&[1.0, f64::INFINITY, 2.0, 4.0, 4.0], &[5]);
    same("an infinity elsewhere", &nearby.adaptive_avg_pool1d([4]), &[f64::INFINITY, f64::INFINITY, 3.0, 4.0], &[4])
}

/// The first largest cell takes the whole gradient, padding none, a cell of several windows that of each; and with
/// `f = sum(y^3)`, the second derivative is `6 y` there. Average pooling gives each cell its part of every window.
pub fn pooling_derivatives<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(pooling_derivatives::<B>, device);
    let given = |values: &[f64]| subject.put(&Host::new(values, [1, 5]));
    let pool = Pool { stride: Some([2]), padding: [1], ..Pool::new([3]) };
    // Windows: -, 2, 2; 2, 3, -1; -1, 3, -.
    let inner = Tensor::<Autodiff<B>>::variable(given(&[2.0, 2.0, 3.0, -1.0, 3.0]));
    let x = Tensor::<Autodiff<Autodiff<B>>>::variable(inner.clone());
    let y = x.max_pool1d(pool);
    let slope = (&y * &y * &y).sum().grad(&[&x]).remove(0);
    let Some(slope) = slope else { return Err(subject.failure("max_pool1d".into(), 0, "no gradient", "a gradient")) };
    subject.equal("gradient of max_pool1d", slope.value(), &Host::new(&[12.0, 0.0, 27.0, 0.0, 27.0], [1, 5]))?;
    let along = Tensor::constant_of(given(&[1.0, 10.0, 2.0, 10.0, -1.0]));
    let found = (slope * along).sum().grad(&[&inner]).remove(0);
    let Some(found) = found else { return Err(subject.failure("max_pool1d".into(), 0, "no curvature", "some")) };
    subject.equal("curvature of max_pool1d", &found, &Host::new(&[12.0, 0.0, 36.0, 0.0, -18.0], [1, 5]))?;

    let x = Tensor::<Autodiff<B>>::variable(given(&[1.0, 2.0, 3.0, 4.0, 5.0]));
    let weigh = |values: &[f64]| Tensor::constant_of(subject.put(&Host::new(values, [1, values.len()])));
    let parts = |y: Tensor<Autodiff<B>>, weights: &[f64]| (y * weigh(weights)).sum().grad(&[&x]).remove(0);
    let halves = Pool { stride: Some([2]), ceil_mode: true, ..Pool::new([4]) };
    for (label, y, weights, expected) in [
        (
            "avg_pool1d",
            x.avg_pool1d(Pool { stride: Some([1]), ..Pool::new([4]) }),
            [4.0, 8.0],
            [1.0, 3.0, 3.0, 3.0, 2.0],
        ),
        ("with ceil_mode", x.avg_pool1d(halves), [4.0, 6.0], [1.0, 1.0, 3.0, 3.0, 2.0]),
        ("adaptive_avg_pool1d", x.adaptive_avg_pool1d([2]), [3.0, 6.0], [1.0, 1.0, 3.0, 2.0, 2.0]),
    ] {
        let Some(found) = parts(y, &weights) else {
            return Err(subject.failure(label.into(), 0, "no gradient", "a gradient"));
        };
        subject.equal(label, &found, &Host::new(&expected, [1, 5]))?;
    }
    Ok(())
}

/// The weight of each cell in each result: by a kernel around where the result lies, cells beyond the ends folded onto them.
fn weights(mode: Interpolation, cells: usize, size: usize) -> Vec<Vec<f64>> {
    let real = |count: usize| (0..count).fold(0.0_f64, |real, _| real + 1.0);
    let (corners, reach): (bool, fn(f64) -> f64) = match mode {
        Interpolation::Nearest => {
            let cell = |place: usize| (0..cells).rev().find(|cell| cell * size <= place * cells).unwrap_or(0);
            let row = |place: usize| (0..cells).map(|at| if at == cell(place) { 1.0 } else { 0.0 }).collect();
            return (0..size).map(row).collect();
        }
        Interpolation::Linear { align_corners } => (align_corners, |d| (1.0 - d).max(0.0)),
        Interpolation::Cubic { align_corners } => (align_corners, |d| match d {
            d if d <= 1.0 => 1.25 * d * d * d - 2.25 * d * d + 1.0,
            d if d <= 2.0 => -0.75 * d * d * d + 3.75 * d * d - 6.0 * d + 3.0,
            _ => 0.0,
        }),
    };
    let mut weights = alloc::vec![alloc::vec![0.0; cells]; size];
    for (place, weights) in weights.iter_mut().enumerate() {
        let middle = (real(place) + 0.5) * real(cells) / real(size) - 0.5;
        let middle = if corners { real(place) * real(cells - 1) / real((size - 1).max(1)) } else { middle };
        for at in 0..cells + 6 {
            weights[at.saturating_sub(3).min(cells - 1)] += reach((real(at) - 3.0 - middle).abs());
        }
    }
    weights
}

/// Every mode over planes that grow and shrink: the results, and the gradient as the transpose of the same weights.
pub fn interpolation<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(interpolation::<B>, device);
    let corners = [false, true];
    let linear = corners.map(|align_corners| Interpolation::Linear { align_corners });
    let cubic = corners.map(|align_corners| Interpolation::Cubic { align_corners });
    for mode in [Interpolation::Nearest].into_iter().chain(linear).chain(cubic) {
        for (from, to) in [([2, 3], [5, 4]), ([5, 7], [2, 3]), ([1, 4], [3, 4]), ([4, 3], [1, 9])] {
            let (rows, columns) = (weights(mode, from[0], to[0]), weights(mode, from[1], to[1]));
            let x = Host::spread(9, [1, 1, from[0], from[1]], -2.0, 2.0).rounded::<B::Elem>();
            let w = Host::spread(10, [1, 1, to[0], to[1]], -2.0, 2.0).rounded::<B::Elem>();
            let (mut values, mut slopes) = (alloc::vec![0.0; w.values.len()], alloc::vec![0.0; x.values.len()]);
            for (row, column) in (0..to[0]).flat_map(|row| (0..to[1]).map(move |column| (row, column))) {
                for (place, x) in x.values.iter().enumerate() {
                    let weight = rows[row][place / from[1]] * columns[column][place % from[1]];
                    values[row * to[1] + column] += weight * x;
                    slopes[place] += weight * w.values[row * to[1] + column];
                }
            }
            let given = Tensor::<Autodiff<B>>::variable(subject.put(&x));
            let y = given.interpolate(to, mode);
            let label = || format!("{mode:?} from {from:?} to {to:?}");
            let exact = |values: Vec<f64>, scale| Exact { scale: alloc::vec![scale; values.len()], values };
            subject.compare(&label, y.value(), &w.spec, &exact(values, 8.0), Tolerance::Composite)?;
            let Some(slope) = y.grad_with(&[&given], subject.put(&w)).remove(0) else {
                return Err(subject.failure(label(), 0, "no gradient", "a gradient"));
            };
            subject.compare(&label, &slope, &x.spec, &exact(slopes, 32.0), Tolerance::Composite)?;
        }
    }
    Ok(())
}

/// Over one axis and three, by a factor, and numbers that PyTorch's documentation shows.
pub fn interpolation_methods<B: Backend>(device: &B::Device) -> Outcome {
    let subject = Subject::<B>::of(interpolation_methods::<B>, device);
    let linear = |align_corners| Interpolation::Linear { align_corners };
    let square = subject.put(&Host::new(&[1.0, 2.0, 3.0, 4.0], [1, 1, 2, 2]));
    let expected = [1.0, 1.25, 1.75, 2.0, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3.0, 3.25, 3.75, 4.0];
    let doubled = square.interpolate_by([2.0, 2.0], linear(false));
    subject.equal("bilinear", &doubled, &Host::new(&expected, [1, 1, 4, 4]))?;
    let nearest = square.interpolate_by([1.0, 1.5], Interpolation::Nearest);
    subject.equal("nearest", &nearest, &Host::new(&[1.0, 1.0, 2.0, 3.0, 3.0, 4.0], [1, 1, 2, 3]))?;
    let line = subject.put(&Host::new(&[0.0, 4.0], [2]));
    subject.equal("linear", &line.interpolate([5], linear(true)), &Host::vector(&[0.0, 1.0, 2.0, 3.0, 4.0]))?;
    subject.equal("the first corner", &line.interpolate([1], linear(true)), &Host::vector(&[0.0]))?;
    let cube = square.interpolate([2, 4, 1], linear(false));
    subject.equal("trilinear", &cube, &Host::new(&[1.5, 2.0, 3.0, 3.5, 1.5, 2.0, 3.0, 3.5], [1, 2, 4, 1]))
}
