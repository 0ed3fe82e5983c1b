//! Modules made of modules: tuples, `Vec`, arrays, `Option`, `Box`; and plain values, which are the same on every backend.

use core::marker::PhantomData;

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use autodiff_core::{Backend, Index, Shape, Tensor};

use super::{Module, Walk};

impl<B: Backend> Module<B> for Tensor<B> {
    type With<C: Backend> = Tensor<C>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Tensor<C> {
        walk.tensor(self)
    }
}

impl<B: Backend> Module<B> for Index<B> {
    type With<C: Backend> = Index<C>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Index<C> {
        walk.index(self)
    }
}

impl<B: Backend, M: Module<B>> Module<B> for Vec<M> {
    type With<C: Backend> = Vec<M::With<C>>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C> {
        self.iter().enumerate().map(|(number, module)| walk.item(number, module)).collect()
    }
}

impl<B: Backend, M: Module<B>, const N: usize> Module<B> for [M; N] {
    type With<C: Backend> = [M::With<C>; N];
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C> {
        core::array::from_fn(|number| walk.item(number, &self[number]))
    }
}

impl<B: Backend, M: Module<B>> Module<B> for Option<M> {
    type With<C: Backend> = Option<M::With<C>>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C> {
        self.as_ref().map(|module| module.map(walk))
    }
}

impl<B: Backend, M: Module<B>> Module<B> for Box<M> {
    type With<C: Backend> = Box<M::With<C>>;
    fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C> {
        Box::new((**self).map(walk))
    }
}

impl<B: Backend> Module<B> for PhantomData<B> {
    type With<C: Backend> = PhantomData<C>;
    fn map<C: Backend>(&self, _: &mut Walk<'_, B, C>) -> PhantomData<C> {
        PhantomData
    }
}

macro_rules! tuple {
    ($($M:ident $number:tt),+) => {
        impl<B: Backend, $($M: Module<B>),+> Module<B> for ($($M,)+) {
            type With<C: Backend> = ($($M::With<C>,)+);
            fn map<C: Backend>(&self, walk: &mut Walk<'_, B, C>) -> Self::With<C> {
                ($(walk.item($number, &self.$number),)+)
            }
        }
    };
}

tuple!(M0 0);
tuple!(M0 0, M1 1);
tuple!(M0 0, M1 1, M2 2);
tuple!(M0 0, M1 1, M2 2, M3 3);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6, M7 7);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6, M7 7, M8 8);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6, M7 7, M8 8, M9 9);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6, M7 7, M8 8, M9 9, M10 10);
tuple!(M0 0, M1 1, M2 2, M3 3, M4 4, M5 5, M6 6, M7 7, M8 8, M9 9, M10 10, M11 11);

macro_rules! plain {
    ($($Type:ty)+) => {
        $(impl<B: Backend> Module<B> for $Type {
            type With<C: Backend> = Self;
            fn map<C: Backend>(&self, _: &mut Walk<'_, B, C>) -> Self {
                self.clone()
            }
        })+
    };
}

plain!(() bool char u8 u16 u32 u64 usize i8 i16 i32 i64 isize f32 f64 String &'static str Shape);
