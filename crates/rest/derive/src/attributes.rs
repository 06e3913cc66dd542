//! What the attributes of an item say.

use syn::ext::IdentExt;
use syn::{Attribute, Expr, ExprLit, Field, Ident, Lit, LitStr, Meta, Result};

/// The paragraphs of a doc comment, trimmed, as one text; empty when there is none.
pub fn doc(attributes: &[Attribute]) -> String {
    let lines: Vec<String> = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter_map(|attribute| match &attribute.meta {
            Meta::NameValue(pair) => Some(&pair.value),
            _ => None,
        })
        .filter_map(|value| match value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value().trim().to_owned()),
            _ => None,
        })
        .collect();
    lines.join("\n").trim().to_owned()
}

/// What `#[json(..)]` or `#[query(..)]` says of a field.
pub struct FieldRule<'a> {
    /// The field's own name.
    pub ident: &'a Ident,
    /// The name on the wire.
    pub name: String,
    /// Its doc comment.
    pub doc: String,
    /// Whether `Default::default()` stands for an absent one.
    pub defaults: bool,
    /// Whether its own fields are read in its place.
    pub flattened: bool,
}

/// The rule of a named field; `attribute` is `json` or `query`.
pub fn field<'a>(field: &'a Field, attribute: &str) -> Result<FieldRule<'a>> {
    let ident = field.ident.as_ref().ok_or_else(|| syn::Error::new_spanned(field, "fields must have names"))?;
    let mut rule =
        FieldRule { ident, name: ident.unraw().to_string(), doc: doc(&field.attrs), defaults: false, flattened: false };
    for found in field.attrs.iter().filter(|found| found.path().is_ident(attribute)) {
        found.parse_nested_meta(|meta| {
            if meta.path.is_ident("default") {
                rule.defaults = true;
            } else if meta.path.is_ident("flatten") {
                rule.flattened = true;
            } else if meta.path.is_ident("rename") {
                rule.name = meta.value()?.parse::<LitStr>()?.value();
            } else {
                return Err(meta.error("expected `default`, `flatten` or `rename`"));
            }
            Ok(())
        })?;
    }
    Ok(rule)
}

/// The value of `key = ".."` in the `#[serde(..)]` attributes, if it is there.
pub fn serde_text(attributes: &[Attribute], key: &str) -> Result<Option<String>> {
    let mut found = None;
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
        attribute.parse_nested_meta(|meta| {
            if meta.input.peek(syn::Token![=]) {
                let value: Expr = meta.value()?.parse()?;
                if let (true, Expr::Lit(ExprLit { lit: Lit::Str(text), .. })) = (meta.path.is_ident(key), value) {
                    found = Some(text.value());
                }
            }
            Ok(())
        })?;
    }
    Ok(found)
}

/// `TwoWords` as serde's `rename_all` rule of this name writes it.
pub fn cased(name: &str, rule: &str) -> Option<String> {
    let separated = |separator: char| {
        let mut text = String::new();
        for letter in name.chars() {
            if letter.is_uppercase() && !text.is_empty() {
                text.push(separator);
            }
            text.extend(letter.to_lowercase());
        }
        text
    };
    match rule {
        "snake_case" => Some(separated('_')),
        "kebab-case" => Some(separated('-')),
        "lowercase" => Some(name.to_lowercase()),
        "UPPERCASE" => Some(name.to_uppercase()),
        "SCREAMING_SNAKE_CASE" => Some(separated('_').to_uppercase()),
        _ => None,
    }
}
