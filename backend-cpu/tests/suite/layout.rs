//! Layouts against coordinates: every movement of elements finds the elements that the plain form finds.

use autodiff_core::{Axes, Order, Primitive, Shape};
use backend_cpu::{Layout, View};
use proptest::prelude::*;
use proptest::sample::select;

use crate::reference::{self, Array};

/// A shape of up to four axes, empty ones and ones of length 1 among them.
pub(crate) fn shapes() -> impl Strategy<Value = Shape> {
    proptest::collection::vec(select(vec![0_usize, 1, 1, 2, 2, 3, 5]), 0..=4).prop_map(|extents| Shape::new(&extents))
}

/// A movement that is valid for a shape, chosen by five numbers.
pub(crate) fn movement(shape: &Shape, [kind, a, b, c, d]: [usize; 5]) -> Primitive {
    let rank = shape.rank();
    let axis = if rank == 0 { 0 } else { a % rank };
    match kind % 5 {
        0 => Primitive::Permute { order: order(rank, [a, b, c, d]) },
        1 => Primitive::Flip { axes: (0..rank).filter(|axis| a >> axis & 1 == 1).collect::<Axes>() },
        2 if rank < 4 => {
            let stretch =
                |(axis, &extent): (usize, &usize)| if extent == 1 && b >> axis & 1 == 1 { c % 4 } else { extent };
            let mut extents: Vec<usize> = shape.extents().iter().enumerate().map(stretch).collect();
            if a % 2 == 0 {
                extents.insert(0, d % 3);
            }
            Primitive::Broadcast { shape: Shape::new(&extents) }
        }
        3 if rank > 0 => {
            let start = b % (shape[axis] + 1);
            let stop = start + c % (shape[axis] - start + 1);
            Primitive::Slice { axis: axis as u8, start, stop, step: d % 3 + 1 }
        }
        _ => Primitive::Reshape { shape: reshaped(shape, [a, b, c]) },
    }
}

fn order(rank: usize, mut swaps: [usize; 4]) -> Order {
    let mut from: Vec<usize> = (0..rank).collect();
    for (axis, swap) in swaps.iter_mut().enumerate().take(rank) {
        from.swap(axis, *swap % rank);
    }
    Order::try_new(&from).unwrap()
}

/// Joins two neighbouring axes, splits one, or adds one of length 1.
fn reshaped(shape: &Shape, [a, b, c]: [usize; 3]) -> Shape {
    let mut extents = shape.extents().to_vec();
    let axis = a % extents.len().max(1);
    match b % 3 {
        0 if axis + 1 < extents.len() => extents[axis] *= extents.remove(axis + 1),
        1 if extents.get(axis).is_some_and(|extent| extent % 2 == 0) && extents.len() < 5 => {
            extents[axis] /= 2;
            extents.insert(axis + c % 2, 2);
        }
        _ if extents.len() < 5 => extents.insert(axis.min(c % (extents.len() + 1)), 1),
        _ => {}
    }
    Shape::new(&extents)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn movements_find_the_same_elements(
        shape in shapes(),
        choices in proptest::collection::vec(any::<[u8; 5]>(), 1..6),
    ) {
        let numbers: Vec<i32> = (0..).take(shape.elements()).collect();
        let mut expected: Array<f32> = Array::index(shape, &numbers);
        let mut layout = Layout::contiguous(shape);
        for choice in choices {
            let primitive = movement(&expected.shape, choice.map(usize::from));
            let Some(next) = layout.movement(&primitive) else {
                let must_copy = matches!(primitive, Primitive::Reshape { .. }) && !layout.is_contiguous();
                prop_assert!(must_copy, "{:?} of {:?}", primitive, layout);
                break;
            };
            expected = reference::apply(&primitive, &[&expected]);
            layout = next;
            prop_assert_eq!(layout.shape(), &expected.shape);
            let view = View::new(&numbers, &layout);
            let found: Vec<f64> = view.iter().map(f64::from).collect();
            prop_assert_eq!(&found, &expected.data.to_f64(), "{:?} by {:?}", primitive, layout);
            if let Some(slice) = view.as_slice() {
                prop_assert!(slice.iter().copied().eq(view.iter()));
            }
        }
    }
}

#[test]
fn a_reshape_copies_only_where_it_must() {
    let transposed = Layout::contiguous(Shape::from([2, 3])).permute(&Order::try_new(&[1, 0]).unwrap());
    assert_eq!(transposed.reshape(Shape::from([6])), None);
    let split = transposed.reshape(Shape::from([3, 1, 2, 1])).unwrap();
    assert_eq!(View::new(&[0, 1, 2, 3, 4, 5], &split).iter().collect::<Vec<_>>(), [0, 3, 1, 4, 2, 5]);
    let repeated = Layout::contiguous(Shape::SCALAR).broadcast(Shape::from([2, 3]));
    assert_eq!(repeated.reshape(Shape::from([6])).unwrap().strides(), [0]);
}

#[test]
fn steps_of_extent_one_do_not_break_contiguity() {
    let column = Layout::contiguous(Shape::from([4, 3])).slice(1, 1, 2, 1);
    assert!(!column.is_contiguous());
    assert!(column.slice(0, 2, 3, 1).is_contiguous());
    assert!(column.slice(0, 4, 4, 1).is_contiguous(), "nothing is always in order");
}
