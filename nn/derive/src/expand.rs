//! The implementation that is written for a type.

use proc_macro2::{Span, TokenStream};
use quote::{format_ident, quote};
use syn::{Attribute, Data, DeriveInput, Error, Field, Fields, Ident, Index, Result, Type};

use crate::generics::Roles;

pub(crate) fn module(input: &DeriveInput) -> Result<TokenStream> {
    let variants: Vec<&Fields> = match &input.data {
        Data::Struct(data) => vec![&data.fields],
        Data::Enum(data) => data.variants.iter().map(|variant| &variant.fields).collect(),
        Data::Union(data) => {
            let message = "a union is not a module: which of its fields holds the tensors is not known; use an enum";
            return Err(Error::new_spanned(data.union_token, message));
        }
    };
    let mut visited: Vec<&Type> = Vec::new();
    for field in variants.into_iter().flatten() {
        if !is_skipped(field)? {
            visited.push(&field.ty);
        }
    }

    let (name, generics) = (&input.ident, &input.generics);
    let roles = Roles::of(generics, &visited)?;
    let from = roles.backend.clone().unwrap_or_else(|| internal("__B"));
    let to = internal("__C");
    let of_impl = roles.of_impl(generics, &from);
    let (impl_generics, _, where_clause) = of_impl.split_for_impl();
    let (_, own_arguments, _) = generics.split_for_impl();
    let arguments = roles.arguments(generics, &from, &to);
    let body = body(input)?;
    Ok(quote! {
        #[automatically_derived]
        impl #impl_generics ::nn::Module<#from> for #name #own_arguments #where_clause {
            type With<#to: ::nn::Backend> = #name #arguments;

            fn map<#to: ::nn::Backend>(&self, __walk: &mut ::nn::Walk<'_, #from, #to>) -> Self::With<#to> {
                #body
            }
        }
    })
}

/// A name that no user's parameter has.
fn internal(name: &str) -> Ident {
    Ident::new(name, Span::mixed_site())
}

/// `match self { .. }`, which takes the type apart and builds it anew.
fn body(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    match &input.data {
        Data::Struct(data) => {
            let (pattern, built) = (pattern(&data.fields), built(&data.fields, false)?);
            Ok(quote!(match self { #name #pattern => #name #built }))
        }
        Data::Enum(data) if data.variants.is_empty() => Ok(quote!(match *self {})),
        Data::Enum(data) => {
            let mut arms = TokenStream::new();
            for variant in &data.variants {
                let (case, pattern, built) = (&variant.ident, pattern(&variant.fields), built(&variant.fields, true)?);
                arms.extend(quote!(#name::#case #pattern => #name::#case #built,));
            }
            Ok(quote!(match self { #arms }))
        }
        Data::Union(data) => Err(Error::new_spanned(data.union_token, "a union is not a module")),
    }
}

/// The name under which a field is bound: not its own, which could be that of a constant.
fn binding(number: usize) -> Ident {
    format_ident!("__field{number}", span = Span::mixed_site())
}

fn pattern(fields: &Fields) -> TokenStream {
    let bindings = (0..fields.len()).map(binding);
    match fields {
        Fields::Named(named) => {
            let names = named.named.iter().map(|field| &field.ident);
            quote!({ #(#names: #bindings),* })
        }
        Fields::Unnamed(_) => quote!((#(#bindings),*)),
        Fields::Unit => TokenStream::new(),
    }
}

fn built(fields: &Fields, of_variant: bool) -> Result<TokenStream> {
    let transparent = of_variant && fields.len() == 1;
    let mut values = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        let binding = binding(number);
        values.push(match (&field.ident, is_skipped(field)?) {
            (_, true) => quote!(::core::clone::Clone::clone(#binding)),
            (Some(name), false) => {
                let name = name.to_string();
                let name = name.strip_prefix("r#").unwrap_or(&name);
                quote!(__walk.field(#name, #binding))
            }
            (None, false) if transparent => quote!(::nn::Module::map(#binding, __walk)),
            (None, false) => {
                let number = Index::from(number);
                quote!(__walk.item(#number, #binding))
            }
        });
    }
    Ok(match fields {
        Fields::Named(named) => {
            let names = named.named.iter().map(|field| &field.ident);
            quote!({ #(#names: #values),* })
        }
        Fields::Unnamed(_) => quote!((#(#values),*)),
        Fields::Unit => TokenStream::new(),
    })
}

/// Whether the field is marked `#[module(skip)]`; anything else in that attribute is an error.
fn is_skipped(field: &Field) -> Result<bool> {
    let mut skipped = false;
    for attribute in field.attrs.iter().filter(|attribute| attribute.path().is_ident("module")) {
        skip(attribute)?;
        skipped = true;
    }
    Ok(skipped)
}

fn skip(attribute: &Attribute) -> Result<()> {
    attribute.parse_nested_meta(|meta| match meta.path.is_ident("skip") {
        true => Ok(()),
        false => Err(meta.error("the only thing known here is `skip`: the field is cloned as it is")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[track_caller]
    fn refused(input: &DeriveInput) -> String {
        module(input).unwrap_err().to_string()
    }

    #[test]
    fn a_union_is_refused_with_a_reason() {
        let message = refused(&parse_quote!(union U { a: f32, b: u32 }));
        assert!(message.starts_with("a union is not a module"), "{message}");
    }

    #[test]
    fn an_unknown_attribute_is_refused_by_name() {
        let message = refused(&parse_quote!(
            struct S {
                #[module(ignore)]
                a: f32,
            }
        ));
        assert!(message.contains("the only thing known here is `skip`"), "{message}");
    }

    #[test]
    fn two_backends_are_refused() {
        let message = refused(&parse_quote!(
            struct S<A: Backend, B>
            where
                B: nn::Backend,
            {
                a: Param<A>,
                b: Param<B>,
            }
        ));
        assert_eq!(message, "a module is on one backend, and `A` is one already");
    }

    #[test]
    fn roles_of_parameters() {
        let input: DeriveInput = parse_quote!(
            struct S<'a, B, M, T, const N: usize>
            where
                B: Backend,
            {
                a: [M; N],
                b: P<B>,
            }
        );
        let fields: Vec<Type> = vec![parse_quote!([M; N]), parse_quote!(P<B>)];
        let roles = Roles::of(&input.generics, &fields.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!(roles.backend.unwrap(), "B");
        assert_eq!(roles.modules, ["M"]);
    }
}
