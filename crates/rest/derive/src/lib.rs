//! The derives and the attribute of the `rest` crate: reading requests, and describing operations by their types.

mod attributes;
mod from_json;
mod from_query;
mod operation;

use proc_macro::TokenStream;
use syn::parse_macro_input;

/// Reads a JSON object (or, for an enum without fields, a JSON string) and reports every fault with its pointer.
///
/// Members are named as the fields; enum values as the variants in snake case, or as serde's `rename_all` and `rename`
/// say. `#[json(default)]` on a field makes `Default::default()` of an absent member, `#[json(rename = "..")]` renames.
/// The schema of the OpenAPI document comes with it: doc comments become descriptions.
#[proc_macro_derive(FromJson, attributes(json, serde))]
pub fn from_json(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input);
    from_json::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Reads the parameters of a query string, each named as its field.
///
/// `#[query(flatten)]` takes the parameters of another such struct, `#[query(default)]` makes `Default::default()` of
/// an absent one, `#[query(rename = "..")]` renames. Doc comments become descriptions.
#[proc_macro_derive(FromQuery, attributes(query))]
pub fn from_query(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input);
    from_query::derive(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}

/// Makes an async function an operation of the API, whose id is the function's name.
///
/// The first parameter must be a `Guard<_>`. The first line of the doc comment is the summary, the rest the
/// description. Arguments: `class = SignIn` (rate limit), `refuses(Conflict, NotFound)` (kinds of refusal beyond those
/// that the parameters imply), `secret` (the answer carries a secret: never stored for an idempotency key), `reads` (a `POST` that changes nothing).
#[proc_macro_attribute]
pub fn operation(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let arguments = parse_macro_input!(arguments);
    let item = parse_macro_input!(item);
    operation::expand(&arguments, &item).unwrap_or_else(syn::Error::into_compile_error).into()
}
