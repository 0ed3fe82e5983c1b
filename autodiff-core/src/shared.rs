//! [`Shared`], the reference-counted pointer of the whole workspace.

/// `Arc` where the target has atomic pointers, `Rc` where it has none (and so only one thread).
#[cfg(target_has_atomic = "ptr")]
pub type Shared<T> = alloc::sync::Arc<T>;

/// `Arc` where the target has atomic pointers, `Rc` where it has none (and so only one thread).
#[cfg(not(target_has_atomic = "ptr"))]
pub type Shared<T> = alloc::rc::Rc<T>;
