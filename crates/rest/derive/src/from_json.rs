//! `#[derive(FromJson)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{Data, DataEnum, DataStruct, DeriveInput, Error, Field, Fields, Result};

use crate::attributes::{cased, doc, field, serde_text};

/// The implementation for a struct with named fields or an enum without any.
pub fn derive(input: &DeriveInput) -> Result<TokenStream> {
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "schemas are not generic: name each one"));
    }
    match &input.data {
        Data::Struct(data) => object(input, data),
        Data::Enum(data) => choice(input, data),
        Data::Union(_) => Err(Error::new_spanned(input, "FromJson is for structs and enums")),
    }
}

fn object(input: &DeriveInput, data: &DataStruct) -> Result<TokenStream> {
    let Fields::Named(fields) = &data.fields else {
        return Err(Error::new_spanned(input, "FromJson is for structs with named fields"));
    };
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let description = doc(&input.attrs);
    let parts = fields.named.iter().map(member).collect::<Result<Vec<_>>>()?;
    let reads = parts.iter().map(|part| &part.read);
    let fills = parts.iter().map(|part| &part.fill);
    let properties = parts.iter().map(|part| &part.property);
    let references = parts.iter().map(|part| &part.references);
    Ok(quote! {
        #[automatically_derived]
        impl ::rest::FromJson for #ident {
            fn from_json(
                json: ::rest::json::Json,
                at: &::rest::fault::Place<'_>,
                faults: &mut ::rest::fault::Faults,
            ) -> ::core::option::Option<Self> {
                let mut members = ::rest::from_json::Members::of(json, at, faults)?;
                #(#reads)*
                members.finish(faults);
                ::core::option::Option::Some(Self { #(#fills)* })
            }

            fn json_schema() -> ::rest::schema::AnySchema {
                ::rest::schema::reference(#name)
            }

            fn json_schemas(schemas: &mut ::rest::schema::Schemas) {
                schemas.add(#name, || {
                    ::rest::schema::ObjectSketch::new(#description)#(#properties)*.done()
                });
                #(#references)*
            }
        }
    })
}

struct Member {
    read: TokenStream,
    fill: TokenStream,
    property: TokenStream,
    references: TokenStream,
}

fn member(found: &Field) -> Result<Member> {
    let rule = field(found, "json")?;
    let (ident, name, description, kind) = (rule.ident, &rule.name, &rule.doc, &found.ty);
    if rule.flattened {
        return Err(Error::new_spanned(found, "JSON objects are not flattened"));
    }
    let (take, property) =
        if rule.defaults { (quote!(take_or_default), quote!(optional)) } else { (quote!(take), quote!(property)) };
    Ok(Member {
        read: quote! { let #ident = members.#take::<#kind>(#name, faults); },
        fill: quote! { #ident: #ident?, },
        property: quote! { .#property::<#kind>(#name, #description) },
        references: quote! { <#kind as ::rest::FromJson>::json_schemas(schemas); },
    })
}

fn choice(input: &DeriveInput, data: &DataEnum) -> Result<TokenStream> {
    let ident = &input.ident;
    let name = ident.unraw().to_string();
    let description = doc(&input.attrs);
    let rule = serde_text(&input.attrs, "rename_all")?.unwrap_or_else(|| "snake_case".to_owned());
    let mut words = Vec::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            return Err(Error::new_spanned(variant, "FromJson is for enums without fields"));
        }
        let word = match serde_text(&variant.attrs, "rename")? {
            Some(word) => word,
            None => cased(&variant.ident.unraw().to_string(), &rule)
                .ok_or_else(|| Error::new_spanned(input, format!("unknown rename_all rule `{rule}`")))?,
        };
        words.push(word);
        variants.push(&variant.ident);
    }
    Ok(quote! {
        #[automatically_derived]
        impl ::rest::from_text::FromText for #ident {
            fn from_text(text: &str) -> ::core::result::Result<Self, &'static str> {
                match text {
                    #(#words => ::core::result::Result::Ok(Self::#variants),)*
                    _ => ::core::result::Result::Err("unknown_value"),
                }
            }

            fn text_schema() -> ::rest::schema::AnySchema {
                ::rest::schema::reference(#name)
            }

            fn text_schemas(schemas: &mut ::rest::schema::Schemas) {
                schemas.add(#name, || ::rest::schema::choice(#description, &[#(#words),*]));
            }
        }
    })
}
