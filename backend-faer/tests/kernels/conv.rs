//! Against the scalar kernels: around the sizes of tiles and vectors, in all strides, in every element.

use autodiff_core::{Axes, Order, Shape, Slide, Window, bf16, f16};
use backend_cpu::kernels::scalar;
use backend_cpu::{Kernels, Layout, View};

use super::{K, Tested};

/// Whole numbers divided by 4: their sums are exact in the wider elements.
fn numbers<T: Tested>(shape: &Shape, seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        T::from_f64(f64::from(i32::try_from(state >> 60).unwrap()) / 4.0 - 2.0)
    };
    (0..shape.elements()).map(|_| next()).collect()
}

/// The layouts of a shape, in each of which the elements lie elsewhere.
fn layouts(shape: Shape) -> [Layout; 3] {
    let reversed: Vec<usize> = (0..shape.rank()).rev().collect();
    let order = Order::try_new(&reversed).unwrap();
    let flipped = Layout::contiguous(shape).flip(Axes::all(shape.rank()));
    [Layout::contiguous(shape), Layout::contiguous(shape.permuted(&order)).permute(&order), flipped]
}

struct Case {
    batch: usize,
    channels: usize,
    outputs: usize,
    groups: usize,
    size: Vec<usize>,
    slides: Vec<Slide>,
}

impl Case {
    fn check<T: Tested>(&self) {
        let window = Window::new(&self.slides).unwrap();
        let shape = |lead: [usize; 2], inner: Vec<usize>| Shape::new(&[&lead[..], &inner].concat());
        let windows = self.slides.iter().zip(&self.size).map(|(slide, &size)| slide.windows(size).unwrap());
        let x = shape([self.batch, self.channels], self.size.clone());
        let y = shape([self.batch, self.outputs], windows.collect());
        let kernel = self.slides.iter().map(|slide| slide.kernel as usize).collect();
        let w = shape([self.outputs, self.channels / self.groups], kernel);
        let [dx, dw, dy] = [(x, 1), (w, 2), (y, 3)].map(|(shape, seed)| numbers::<T>(&shape, seed));
        for way in 0..3 {
            let [lx, lw, ly] = [(x, way), (w, (way + 1) % 3), (y, way)].map(|(shape, way)| layouts(shape)[way]);
            let [vx, vw, vy] = [View::new(&dx, &lx), View::new(&dw, &lw), View::new(&dy, &ly)];
            self.same(
                "conv",
                &y,
                |out| K::<T>::conv(&window, self.groups, vx, vw, &y, out),
                |out| {
                    scalar::conv(&window, self.groups, vx, vw, &y, out);
                },
            );
            self.same(
                "conv_input_grad",
                &x,
                |out| K::<T>::conv_input_grad(&window, self.groups, vy, vw, &x, out),
                |out| {
                    scalar::conv_input_grad(&window, self.groups, vy, vw, &x, out);
                },
            );
            self.same(
                "conv_weight_grad",
                &w,
                |out| K::<T>::conv_weight_grad(&window, self.groups, vx, vy, &w, out),
                |out| {
                    scalar::conv_weight_grad(&window, self.groups, vx, vy, &w, out);
                },
            );
        }
    }

    fn same<T: Tested>(&self, what: &str, shape: &Shape, found: impl Fn(&mut [T]), expected: impl Fn(&mut [T])) {
        // What outputs hold before is garbage.
        let [mut a, mut b] = [(); 2].map(|()| vec![T::nan(); shape.elements()]);
        found(&mut a);
        expected(&mut b);
        let Self { batch, channels, outputs, groups, size, slides } = self;
        assert_eq!(a, b, "{what} in {}: {batch} {channels} {outputs} {groups} {size:?} {slides:?}", T::NAME);
    }
}

fn slide([kernel, stride, dilation, lo, hi]: [u32; 5]) -> Slide {
    Slide { kernel, stride, dilation, lo, hi }
}

fn case(lead: [usize; 4], size: &[usize], slides: &[[u32; 5]]) -> Case {
    let [batch, channels, outputs, groups] = lead;
    let slides = slides.iter().copied().map(slide).collect();
    Case { batch, channels, outputs, groups, size: size.to_vec(), slides }
}

#[test]
fn rows_and_outputs_around_vectors_and_tiles() {
    for width in [1, 3, 7, 8, 9, 15, 16, 17, 31] {
        for outputs in [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33] {
            let case = case([2, 3, outputs, 1], &[4, width], &[[3, 1, 1, 1, 1]; 2]);
            case.check::<f32>();
            if outputs % 3 == 0 {
                case.check::<f64>();
            }
        }
    }
}

#[test]
fn strides_dilations_padding_and_groups() {
    let slides = [
        [1, 1, 1, 0, 0],
        [3, 2, 1, 1, 0],
        [2, 1, 3, 2, 1],
        [4, 3, 2, 0, 5],
        [2, 5, 1, 0, 0],
        [3, 1, 1, 4, 4],
        [7, 4, 1, 3, 3],
    ];
    for (number, first) in slides.into_iter().enumerate() {
        for second in slides {
            for lead in [[2, 4, 6, 2], [1, 3, 3, 3], [1, 6, 24, 1]] {
                let case = case(lead, &[9, 21], &[first, second]);
                case.check::<f32>();
                if number % 3 == 1 {
                    case.check::<f64>();
                }
            }
        }
        case([2, 4, 12, 2], &[70], &[first]).check::<f32>();
        case([2, 4, 12, 1], &[3, 7, 11], &[[3, 2, 1, 1, 1], [2, 1, 2, 0, 1], first]).check::<f32>();
    }
}

/// Fewer places than a register holds, and as many.
#[test]
fn planes_of_a_few_places() {
    for kernel in [1, 2, 3] {
        for size in kernel as usize..10 {
            let window = [kernel, 1, 1, 0, 0];
            for lead in [[64, 4, 16, 1], [40, 6, 3, 3], [5, 30, 40, 1]] {
                case(lead, &[size], &[window]).check::<f32>();
                case(lead, &[size], &[window]).check::<f64>();
            }
        }
    }
    case([4, 64, 64, 1], &[2, 2], &[[1, 1, 1, 0, 0]; 2]).check::<f32>();
    case([4, 64, 64, 1], &[1, 1], &[[3, 1, 1, 1, 1]; 2]).check::<f16>();
}

#[test]
fn halves_are_added_up_wide() {
    for outputs in [3, 16] {
        let case = case([2, 4, outputs, 1], &[6, 19], &[[3, 1, 1, 1, 1]; 2]);
        case.check::<f16>();
        case.check::<bf16>();
    }
}

#[test]
fn numbers_that_are_not_finite_do_not_meet_padding() {
    let window = Window::new(&[slide([3, 1, 1, 1, 1]); 2]).unwrap();
    let [x, w] = [Shape::from([2, 4, 8, 9]), Shape::from([4, 4, 3, 3])];
    let [lx, lw] = [x, w].map(Layout::contiguous);
    let [mut dx, mut dw] = [numbers::<f32>(&x, 1), numbers::<f32>(&w, 2)];
    (dx[5], dx[77], dw[0], dw[17]) = (f32::NAN, f32::INFINITY, f32::INFINITY, f32::NAN);
    let same = |what: &str, len: usize, found: &dyn Fn(&mut [f32]), expected: &dyn Fn(&mut [f32])| {
        let [mut a, mut b] = [(); 2].map(|()| vec![0.0; len]);
        found(&mut a);
        expected(&mut b);
        assert!(a.iter().zip(&b).all(|(a, b)| a == b || a.is_nan() && b.is_nan()), "{what}: {a:?} {b:?}");
    };
    for dw in [&dw, &numbers(&w, 2)] {
        let [vx, vw] = [View::new(&dx, &lx), View::new(dw, &lw)];
        same("conv", dx.len(), &|out| K::<f32>::conv(&window, 1, vx, vw, &x, out), &|out| {
            scalar::conv(&window, 1, vx, vw, &x, out);
        });
        same("conv_input_grad", dx.len(), &|out| K::<f32>::conv_input_grad(&window, 1, vx, vw, &x, out), &|out| {
            scalar::conv_input_grad(&window, 1, vx, vw, &x, out);
        });
        same("conv_weight_grad", dw.len(), &|out| K::<f32>::conv_weight_grad(&window, 1, vx, vx, &w, out), &|out| {
            scalar::conv_weight_grad(&window, 1, vx, vx, &w, out);
        });
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let window = Window::new(&[slide([3, 1, 1, 1, 1]); 2]).unwrap();
    for (batch, outputs) in [(1, 20), (9, 20), (5, 3)] {
        let [x, w, y] = [[batch, 5, 20, 19], [outputs, 5, 3, 3], [batch, outputs, 20, 19]].map(Shape::from);
        let [lx, lw, ly] = [x, w, y].map(Layout::contiguous);
        let thirds = |shape: &Shape, seed| numbers::<f32>(shape, seed).iter().map(|x| x / 3.0).collect();
        let [dx, dw, dy]: [Vec<f32>; 3] = [thirds(&x, 1), thirds(&w, 2), thirds(&y, 3)];
        let all = || {
            let [vx, vw, vy] = [View::new(&dx, &lx), View::new(&dw, &lw), View::new(&dy, &ly)];
            let [mut a, mut b, mut c] = [dy.len(), dx.len(), dw.len()].map(|len| vec![0.0; len]);
            K::<f32>::conv(&window, 1, vx, vw, &y, &mut a);
            K::<f32>::conv_input_grad(&window, 1, vy, vw, &x, &mut b);
            K::<f32>::conv_weight_grad(&window, 1, vx, vy, &w, &mut c);
            [a, b, c].map(|numbers| numbers.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let pool = |threads| rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let alone = all();
        for threads in [1, 2, 5] {
            assert_eq!(pool(threads).install(all), alone, "{threads} threads");
        }
    }
}
