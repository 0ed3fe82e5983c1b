//! Which type parameter is the backend, and which ones are inner modules.

use proc_macro2::{TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::{Error, GenericParam, Generics, Ident, Result, Type, TypeParamBound, WherePredicate, parse_quote};

/// The type parameters, sorted by what they are.
#[derive(Debug)]
pub(crate) struct Roles {
    /// The parameter bounded by `Backend`.
    pub(crate) backend: Option<Ident>,
    /// The parameters that stand for modules.
    pub(crate) modules: Vec<Ident>,
}

impl Roles {
    /// `fields` are the types that are visited.
    pub(crate) fn of(generics: &Generics, fields: &[&Type]) -> Result<Self> {
        let mut backend: Option<Ident> = None;
        let mut modules = Vec::new();
        for param in generics.type_params() {
            if is_backend(generics, &param.ident) {
                if let Some(first) = &backend {
                    let message = format!("a module is on one backend, and `{first}` is one already");
                    return Err(Error::new_spanned(param, message));
                }
                backend = Some(param.ident.clone());
            } else if fields.iter().any(|field| mentions(field.to_token_stream(), &param.ident)) {
                modules.push(param.ident.clone());
            }
        }
        Ok(Self { backend, modules })
    }

    /// The arguments of the type on the backend `to`, when it itself is on `from`.
    pub(crate) fn arguments(&self, generics: &Generics, from: &Ident, to: &Ident) -> TokenStream {
        let arguments = generics.params.iter().map(|param| match param {
            GenericParam::Lifetime(lifetime) => lifetime.lifetime.to_token_stream(),
            GenericParam::Const(constant) => constant.ident.to_token_stream(),
            GenericParam::Type(ty) if self.backend.as_ref() == Some(&ty.ident) => to.to_token_stream(),
            GenericParam::Type(ty) if self.modules.contains(&ty.ident) => {
                let module = &ty.ident;
                quote!(<#module as ::nn::Module<#from>>::With<#to>)
            }
            GenericParam::Type(ty) => ty.ident.to_token_stream(),
        });
        quote!(<#(#arguments),*>)
    }

    /// The generics of the impl: those of the type, the backend where the type has none, and `M: Module` for each module.
    pub(crate) fn of_impl(&self, generics: &Generics, backend: &Ident) -> Generics {
        let mut generics = generics.clone();
        if self.backend.is_none() {
            generics.params.push(parse_quote!(#backend: ::nn::Backend));
        }
        let clause = generics.make_where_clause();
        for module in &self.modules {
            clause.predicates.push(parse_quote!(#module: ::nn::Module<#backend>));
        }
        generics
    }
}

/// Whether a bound of the parameter, at its place or in the where clause, is a trait named `Backend`.
fn is_backend(generics: &Generics, param: &Ident) -> bool {
    let own = generics.type_params().filter(|own| own.ident == *param).flat_map(|own| &own.bounds);
    let clause = generics.where_clause.iter().flat_map(|clause| &clause.predicates);
    let stated = clause.filter_map(|predicate| match predicate {
        WherePredicate::Type(stated) if is_param(&stated.bounded_ty, param) => Some(&stated.bounds),
        _ => None,
    });
    own.chain(stated.flatten()).any(|bound| match bound {
        TypeParamBound::Trait(bound) => bound.path.segments.last().is_some_and(|last| last.ident == "Backend"),
        _ => false,
    })
}

fn is_param(ty: &Type, param: &Ident) -> bool {
    matches!(ty, Type::Path(path) if path.qself.is_none() && path.path.is_ident(param))
}

/// Whether the name occurs anywhere in these tokens.
fn mentions(tokens: TokenStream, name: &Ident) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(found) => found == *name,
        TokenTree::Group(group) => mentions(group.stream(), name),
        TokenTree::Punct(_) | TokenTree::Literal(_) => false,
    })
}
