//! What a panic says, and the line that it points to.

use core::cell::RefCell;
use core::panic::{AssertUnwindSafe, Location};
use std::panic;
use std::sync::{Mutex, PoisonError};

std::thread_local! {
    /// Where this thread panicked: the hook is everybody's, and other tests panic meanwhile.
    static SEEN: RefCell<(String, u32)> = const { RefCell::new((String::new(), 0)) };
}

/// The message of a panic and the place that it points to.
#[track_caller]
pub(super) fn panic_of<T>(f: impl FnOnce() -> T) -> (String, String, u32) {
    static ONE_HOOK: Mutex<()> = Mutex::new(());
    let _guard = ONE_HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let old = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let location = info.location().unwrap();
        SEEN.set((location.file().to_owned(), location.line()));
    }));
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).map(|_| ());
    panic::set_hook(old);
    let payload = payload.expect_err("a panic was expected");
    let (file, line) = SEEN.take();
    (payload.downcast_ref::<String>().unwrap().clone(), file, line)
}

/// A panic with this message that points below `line` in the caller's file.
#[track_caller]
pub(super) fn check_panic<T>(expected: &str, line: u32, f: impl FnOnce() -> T) {
    let (message, file, found) = panic_of(f);
    assert!(message.contains(expected), "{message}");
    assert_eq!(file, Location::caller().file(), "{message}");
    assert!((line..line + 3).contains(&found), "{found}: {message}");
}
