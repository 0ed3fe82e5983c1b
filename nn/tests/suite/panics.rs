//! What a wrong use is told, and the line that it points to.

use core::panic::{AssertUnwindSafe, Location};
use std::panic;
use std::sync::{Mutex, PoisonError};

/// The message of a panic, and the file and line that it points to.
#[track_caller]
pub(crate) fn panic_of<R>(f: impl FnOnce() -> R) -> (String, String, u32) {
    static ONE_HOOK: Mutex<()> = Mutex::new(());
    static SEEN: Mutex<(String, u32)> = Mutex::new((String::new(), 0));
    let _guard = ONE_HOOK.lock().unwrap_or_else(PoisonError::into_inner);
    let old = panic::take_hook();
    panic::set_hook(Box::new(|info| {
        let location = info.location().unwrap();
        *SEEN.lock().unwrap() = (location.file().to_owned(), location.line());
    }));
    let payload = panic::catch_unwind(AssertUnwindSafe(f)).map(|_| ());
    panic::set_hook(old);
    let payload = payload.expect_err("a panic was expected");
    let (file, line) = SEEN.lock().unwrap().clone();
    (payload.downcast_ref::<String>().unwrap().clone(), file, line)
}

/// A panic with this message that points to `line`, or the two below it, in the file of the caller.
#[track_caller]
pub(crate) fn check_panic<R>(expected: &str, line: u32, f: impl FnOnce() -> R) {
    let (message, file, found) = panic_of(f);
    assert!(message.contains(expected), "{message}");
    assert_eq!(file, Location::caller().file(), "{message}");
    assert!((line..line + 3).contains(&found), "{found}: {message}");
}
