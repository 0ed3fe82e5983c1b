//! Random bits against the published vectors, and the layout of the stream.

use autodiff_core::{Backend, Data, Primitive, Shape, Spec};
use backend_cpu::{Cpu, CpuDevice, Kernels, ScalarKernels, philox};

/// `kat_vectors` of Random123 1.09, the three of philox4x32 with 10 rounds.
#[test]
fn known_answers() {
    assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
    assert_eq!(philox([u32::MAX; 4], [u32::MAX; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    assert_eq!(
        philox([0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0]),
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
    );
}

#[test]
fn the_top_bits_of_each_word_in_order() {
    for bits in [1, 8, 24, 31] {
        let mut found = [0; 10];
        <ScalarKernels as Kernels<f32>>::random_bits([-5, 9], bits, &mut found);
        for (place, &number) in found.iter().enumerate() {
            let word = philox([(place / 4) as u32, 0, 0, 0], [(-5_i32) as u32, 9])[place % 4];
            assert_eq!(i64::from(number), i64::from(word >> (32 - u32::from(bits))));
        }
    }
}

#[test]
fn the_shape_does_not_change_the_stream() {
    let key = Cpu::<f32>::from_data(Data::Index(&[1, 2]), &Shape::from([2]), &CpuDevice);
    let draw = |shape: Shape| {
        let primitive = Primitive::RandomBits { shape, bits: 16 };
        Cpu::<f32>::to_data(&Cpu::<f32>::apply(&primitive, &[&key], &Spec::index(shape), &CpuDevice))
    };
    assert_eq!(draw(Shape::from([2, 3])), draw(Shape::from([6])));
    assert_eq!(draw(Shape::from([0])).len(), 0);
}
