//! Secrets at rest have a registry, and nobody seals past it (I12).

use std::collections::BTreeSet;

use persistence::sealed::SEALED;

use super::tree::all_rust_files;

#[test]
fn i12_every_place_that_the_source_names_is_in_the_registry() {
    let mut named = BTreeSet::new();
    for (file, text) in all_rust_files() {
        if file.starts_with("tests/") || file.starts_with("crates/kernel/") {
            continue;
        }
        for part in text.split("column: \"").skip(1) {
            let (name, _) = part.split_once('"').unwrap_or_else(|| panic!("{file}"));
            named.insert(name.to_owned());
        }
    }
    let registered: BTreeSet<String> = SEALED.iter().map(|sealed| sealed.name.to_owned()).collect();
    assert_eq!(named, registered);
}
