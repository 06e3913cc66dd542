//! `#[operation]`.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{Attribute, Error, FnArg, Ident, ItemFn, Result, ReturnType, Token, Type, parenthesized};

use crate::attributes::doc;

/// What stands between the parentheses of `#[operation(..)]`.
#[derive(Default)]
pub struct Arguments {
    class: Option<Ident>,
    refuses: Vec<Ident>,
    secret: bool,
    reads: bool,
    keyed: bool,
}

impl Parse for Arguments {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let mut arguments = Self::default();
        while !input.is_empty() {
            let word: Ident = input.parse()?;
            match word.to_string().as_str() {
                "class" => {
                    input.parse::<Token![=]>()?;
                    arguments.class = Some(input.parse()?);
                }
                "refuses" => {
                    let kinds;
                    parenthesized!(kinds in input);
                    arguments.refuses.extend(Punctuated::<Ident, Token![,]>::parse_terminated(&kinds)?);
                }
                "secret" => arguments.secret = true,
                "reads" => arguments.reads = true,
                "keyed" => arguments.keyed = true,
                _ => {
                    return Err(Error::new(
                        word.span(),
                        "expected `class = ..`, `refuses(..)`, `secret`, `reads` or `keyed`",
                    ));
                }
            }
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(arguments)
    }
}

/// The unit struct that stands for the function, and its description.
pub fn expand(arguments: &Arguments, item: &ItemFn) -> Result<TokenStream> {
    let kinds = parameters(item)?;
    let ReturnType::Type(_, answer) = &item.sig.output else {
        return Err(Error::new_spanned(&item.sig, "an operation answers something"));
    };
    let (Some(guard), visibility, ident) = (kinds.first(), &item.vis, &item.sig.ident) else {
        return Err(Error::new_spanned(&item.sig, "the first parameter is the guard: public routes say Guard<Public>"));
    };
    let id = ident.to_string();
    let text = doc(&item.attrs);
    let (summary, description) = text.split_once('\n').unwrap_or((&text, ""));
    let (summary, description) = (summary.trim_end_matches('.'), description.trim());
    if summary.is_empty() {
        return Err(Error::new_spanned(&item.sig, "an operation has a doc comment: its summary"));
    }
    let docs: Vec<&Attribute> = item.attrs.iter().filter(|found| found.path().is_ident("doc")).collect();
    let mut inner = item.clone();
    inner.attrs.retain(|found| !found.path().is_ident("doc"));
    inner.vis = syn::Visibility::Inherited;
    let class = arguments.class.clone().unwrap_or_else(|| Ident::new("Standard", Span::call_site()));
    let (refuses, keyed) = (&arguments.refuses, arguments.keyed);
    let (secret, reads) = (arguments.secret, arguments.reads);
    Ok(quote! {
        #(#docs)*
        #[expect(non_camel_case_types, reason = "the type stands for the operation of this id")]
        #[derive(Debug, Clone, Copy)]
        #visibility struct #ident;

        impl ::rest::operation::Operation for #ident {
            type Guard = #guard;
            const ID: &'static str = #id;
            const SUMMARY: &'static str = #summary;
            const DESCRIPTION: &'static str = #description;
            const CLASS: ::rest::limits::Class = ::rest::limits::Class::#class;
            const SECRET: bool = #secret;
            const READS: bool = #reads;
            const KEYED: bool = #keyed;
            const REFUSES: &'static [::rest::operation::Kind] = &[#(::rest::operation::Kind::#refuses),*];

            fn mount(route: ::rest::operation::Route) -> ::rest::operation::Route {
                #inner
                route.to(#ident)
            }

            fn describe(sketch: &mut ::rest::openapi::Sketch) {
                #(<#kinds as ::rest::openapi::Described>::describe(sketch);)*
                <#answer as ::rest::openapi::Described>::describe(sketch);
            }
        }
    })
}

fn parameters(item: &ItemFn) -> Result<Vec<&Type>> {
    item.sig
        .inputs
        .iter()
        .map(|input| match input {
            FnArg::Typed(typed) => Ok(&*typed.ty),
            FnArg::Receiver(receiver) => Err(Error::new_spanned(receiver, "an operation is a free function")),
        })
        .collect()
}
