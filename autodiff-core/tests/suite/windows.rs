//! Which windows hold no cell of an axis, so that a largest one is refused: found without a look at every window.

use autodiff_core::{Primitive, Slide, Spec, Window};

fn refused(slide: Slide, size: usize) -> bool {
    Window::new(&[slide]).is_some_and(|window| Primitive::WindowArgMax { window }.infer(&[Spec::elem([size])]).is_err())
}

/// Every window, cell by cell.
fn some_is_empty(slide: &Slide, size: usize) -> bool {
    let cells = |window| (0..slide.kernel as usize).map(move |tap| slide.cell(window, tap, size));
    (0..slide.windows(size).unwrap_or(0)).any(|window| cells(window).all(|cell| cell.is_none()))
}

#[test]
fn windows_of_padding_alone_are_found() {
    let mut found = [0; 2];
    for code in 0..6_u32.pow(6) {
        let [size, kernel, stride, dilation, lo, hi] = [0, 1, 2, 3, 4, 5].map(|digit| code / 6_u32.pow(digit) % 6);
        let slide = Slide { kernel: kernel + 1, stride: stride + 1, dilation: dilation * 2 + 1, lo: lo * 3, hi };
        let size = size as usize;
        if slide.windows(size).is_some() {
            let expected = some_is_empty(&slide, size);
            found[usize::from(expected)] += 1;
            assert_eq!(refused(slide, size), expected, "{slide:?} on {size} cells");
        }
    }
    assert!(found.iter().all(|&count| count > 1_000), "{found:?}");
}

#[test]
fn the_widest_padding_takes_no_longer() {
    let most = u32::MAX;
    assert!(!refused(Slide { kernel: most, stride: 1, dilation: 1, lo: most - 1, hi: most - 1 }, 4));
    let far = 1 << 30;
    assert!(refused(Slide { kernel: 2, stride: 1, dilation: far, lo: far, hi: far }, far as usize - 1));
    assert!(!refused(Slide { kernel: 2, stride: 1, dilation: far, lo: far, hi: far }, far as usize));
}
