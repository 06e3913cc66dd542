//! `#[derive(FromQuery)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result};

use crate::attributes::field;

/// The implementation for a struct with named fields.
pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Struct(data) = &input.data else {
        return Err(Error::new_spanned(input, "FromQuery is for structs"));
    };
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "FromQuery is for structs with named fields"));
    };
    let ident = &input.ident;
    let (mut reads, mut fills, mut parameters) = (Vec::new(), Vec::new(), Vec::new());
    for found in &fields.named {
        let rule = field(found, "query")?;
        let (own, name, description, kind) = (rule.ident, &rule.name, &rule.doc, &found.ty);
        fills.push(quote! { #own: #own?, });
        if rule.flattened {
            reads.push(quote! { let #own = <#kind as ::rest::FromQuery>::from_query(query, faults); });
            parameters.push(quote! { <#kind as ::rest::FromQuery>::parameters(sketch); });
        } else if rule.defaults {
            reads.push(quote! { let #own = query.take_or_default::<#kind>(#name, faults); });
            parameters.push(quote! { sketch.optional_query::<#kind>(#name, #description); });
        } else {
            reads.push(quote! { let #own = query.take::<#kind>(#name, faults); });
            parameters.push(quote! { sketch.query::<#kind>(#name, #description); });
        }
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::rest::FromQuery for #ident {
            fn from_query(
                query: &mut ::rest::params::Query,
                faults: &mut ::rest::fault::Faults,
            ) -> ::core::option::Option<Self> {
                #(#reads)*
                ::core::option::Option::Some(Self { #(#fills)* })
            }

            fn parameters(sketch: &mut ::rest::openapi::Sketch) {
                #(#parameters)*
            }
        }
    })
}
