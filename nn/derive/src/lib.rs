#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod expand;
mod generics;

use proc_macro::TokenStream;

/// Writes `nn::Module` for a struct or an enum.
///
/// - A type parameter bounded by `Backend` is the backend. The derive sees the bound's name only, `B: Backend` or
///   `B: nn::Backend`: a trait of your own that has `Backend` as a supertrait is not recognised. Without such a parameter the
///   type is a module on every backend on which its parts are.
/// - Any other type parameter that occurs in a field is an inner module, and is bounded by `Module`.
/// - Each field is visited under its name, a tuple field under its number. A variant with one tuple field is visited as that
///   field itself: which variant it is does not show in the names.
/// - `#[module(skip)]` marks a field that is cloned as it is. A type parameter that occurs in such fields only is no module
///   and gets no bound: since a module is `Clone` and `Debug`, the type itself has to state it, `T: Clone + Debug`.
///
/// `Clone` and `Debug`, which a module must be, are derived beside it.
///
/// A union is refused, and so is a field that is no module:
/// ```compile_fail
/// #[derive(Clone, Copy, nn::Module)]
/// union Bits {
///     float: f32,
///     whole: u32,
/// }
/// ```
/// ```compile_fail
/// #[derive(Clone, Debug, nn::Module)]
/// struct Model {
///     activation: fn(f32) -> f32, // needs #[module(skip)]
/// }
/// ```
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: TokenStream) -> TokenStream {
    let expanded = syn::parse(input).and_then(|input| expand::module(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error()).into()
}
