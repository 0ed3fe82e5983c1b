//! [`DenseTensor`]: a shared array, or a view of one.

use core::fmt::{self, Debug};
use core::mem;

use alloc::vec::Vec;

use autodiff_core::{DataBuf, Shape, Shared, Spec};

use crate::device::{CpuDevice, Resources};
use crate::dispatch::Operands;
use crate::layout::Layout;
use crate::math::Scalar;
use crate::view::AnyView;

/// Elements in memory, with the layout that makes a tensor of them. A clone shares them.
pub struct DenseTensor<T: Scalar, D: Resources<T> = CpuDevice>(Shared<Array<T, D>>);

struct Array<T: Scalar, D: Resources<T>> {
    layout: Layout,
    storage: Storage<T, D>,
}

enum Storage<T: Scalar, D: Resources<T>> {
    Owned(Owned<T, D>),
    /// Elements of another array, which owns them: views do not form chains.
    View(Shared<Array<T, D>>),
}

/// Room of a device, which gets it back; the first of its elements are the tensor's.
struct Owned<T: Scalar, D: Resources<T>> {
    room: DataBuf<T>,
    device: D,
}

impl<T: Scalar, D: Resources<T>> Drop for Owned<T, D> {
    fn drop(&mut self) {
        let nothing = DataBuf::Index(Vec::new());
        self.device.give_back(mem::replace(&mut self.room, nothing));
    }
}

impl<T: Scalar> DenseTensor<T> {
    /// These elements, in row-major order.
    ///
    /// # Panics
    /// When their number is not that of `shape`.
    #[must_use]
    #[track_caller]
    pub fn new(data: DataBuf<T>, shape: Shape) -> Self {
        assert!(data.len() == shape.elements(), "tensor: {} elements given for the shape {shape}", data.len());
        Self::computed(data, shape, &CpuDevice)
    }
}

impl<T: Scalar, D: Resources<T>> DenseTensor<T, D> {
    /// What was written into room of the device.
    pub(super) fn computed(room: DataBuf<T>, shape: Shape, device: &D) -> Self {
        let storage = Storage::Owned(Owned { room, device: device.clone() });
        Self(Shared::new(Array { layout: Layout::contiguous(shape), storage }))
    }

    /// The same memory in another layout, which was made from this tensor's own.
    pub(super) fn with_layout(&self, layout: Layout) -> Self {
        let base = match &self.0.storage {
            Storage::Owned(_) => &self.0,
            Storage::View(base) => base,
        };
        Self(Shared::new(Array { layout, storage: Storage::View(Shared::clone(base)) }))
    }

    /// Shape and number format.
    #[must_use]
    pub fn spec(&self) -> Spec {
        Spec { shape: *self.0.layout.shape(), dtype: self.0.owned().room.dtype() }
    }

    /// Where the elements lie.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The elements, borrowed.
    #[must_use]
    pub fn view(&self) -> AnyView<'_, T> {
        AnyView::new(self.0.owned().room.as_data(), &self.0.layout)
    }

    pub(super) fn device(&self) -> &D {
        &self.0.owned().device
    }
}

impl<T: Scalar, D: Resources<T>> Array<T, D> {
    fn owned(&self) -> &Owned<T, D> {
        match &self.storage {
            Storage::Owned(owned) => owned,
            Storage::View(base) => match &base.storage {
                Storage::Owned(owned) => owned,
                Storage::View(_) => unreachable!("a view's base owns its elements"),
            },
        }
    }
}

impl<T: Scalar, D: Resources<T>> Operands<T> for [&DenseTensor<T, D>] {
    fn count(&self) -> usize {
        self.len()
    }
    fn get(&self, arg: usize) -> AnyView<'_, T> {
        self[arg].view()
    }
}

impl<T: Scalar, D: Resources<T>> Clone for DenseTensor<T, D> {
    fn clone(&self) -> Self {
        Self(Shared::clone(&self.0))
    }
}

/// Shape, format and the first few numbers.
impl<T: Scalar, D: Resources<T>> Debug for DenseTensor<T, D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 8;
        fn few<T: Copy + Debug>(f: &mut fmt::Formatter<'_>, elements: impl Iterator<Item = T>) -> fmt::Result {
            let mut elements = elements.peekable();
            f.debug_list().entries(elements.by_ref().take(SHOWN)).finish()?;
            if elements.peek().is_some() { f.write_str(" ..") } else { Ok(()) }
        }
        write!(f, "{} ", self.spec())?;
        match self.view() {
            AnyView::Elem(view) => few(f, view.iter()),
            AnyView::F16(view) => few(f, view.iter()),
            AnyView::Bf16(view) => few(f, view.iter()),
            AnyView::Index(view) => few(f, view.iter()),
        }
    }
}
