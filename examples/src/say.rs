//! [`say!`](crate::say!), a `println!` for programs whose reader may have seen enough.

use core::fmt;
use std::io::{self, ErrorKind, Write};
use std::process;

/// Writes a line to standard output, like `println!`.
///
/// Where nobody reads any more, as after `| head -1`, the program ends quietly and with success; where the line cannot be
/// written for another reason it says so and fails.
#[macro_export]
macro_rules! say {
    () => { $crate::say!("") };
    ($($text:tt)+) => { $crate::say::line(format_args!($($text)+)) };
}

#[doc(hidden)]
pub fn line(text: fmt::Arguments<'_>) {
    match writeln!(io::stdout().lock(), "{text}") {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::BrokenPipe => process::exit(0),
        Err(error) => {
            eprintln!("error: standard output: {error}");
            process::exit(1);
        }
    }
}
