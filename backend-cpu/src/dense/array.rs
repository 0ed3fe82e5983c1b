//! [`DenseTensor`]: a shared array, or a view of one.

use core::fmt::{self, Debug};

use autodiff_core::{Data, DataBuf, Element, Shape, Shared, Spec};

use crate::dispatch::Operands;
use crate::layout::Layout;
use crate::view::AnyView;

/// Elements in memory, with the layout that makes a tensor of them. A clone shares them.
pub struct DenseTensor<T>(Shared<Array<T>>);

struct Array<T> {
    layout: Layout,
    storage: Storage<T>,
}

enum Storage<T> {
    Owned(DataBuf<T>),
    /// Elements of another array, which owns them: views do not form chains.
    View(Shared<Array<T>>),
}

impl<T: Element> DenseTensor<T> {
    /// These elements, in row-major order.
    ///
    /// # Panics
    /// When their number is not that of `shape`.
    #[must_use]
    #[track_caller]
    pub fn new(data: DataBuf<T>, shape: Shape) -> Self {
        assert!(data.len() == shape.elements(), "tensor: {} elements given for the shape {shape}", data.len());
        Self::computed(data, shape)
    }

    /// A result, whose length is right because it was made for this shape.
    pub(super) fn computed(data: DataBuf<T>, shape: Shape) -> Self {
        Self(Shared::new(Array { layout: Layout::contiguous(shape), storage: Storage::Owned(data) }))
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
        Spec { shape: *self.0.layout.shape(), dtype: self.0.data().dtype() }
    }

    /// Where the elements lie.
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.0.layout
    }

    /// The elements, borrowed.
    #[must_use]
    pub fn view(&self) -> AnyView<'_, T> {
        AnyView::new(self.0.data(), &self.0.layout)
    }
}

impl<T: Element> Array<T> {
    fn data(&self) -> Data<'_, T> {
        match &self.storage {
            Storage::Owned(data) => data.as_data(),
            Storage::View(base) => match &base.storage {
                Storage::Owned(data) => data.as_data(),
                Storage::View(_) => unreachable!("a view's base owns its elements"),
            },
        }
    }
}

impl<T: Element> Operands<T> for [&DenseTensor<T>] {
    fn count(&self) -> usize {
        self.len()
    }
    fn get(&self, arg: usize) -> AnyView<'_, T> {
        self[arg].view()
    }
}

impl<T> Clone for DenseTensor<T> {
    fn clone(&self) -> Self {
        Self(Shared::clone(&self.0))
    }
}

/// Shape, format and the first few numbers.
impl<T: Element> Debug for DenseTensor<T> {
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
