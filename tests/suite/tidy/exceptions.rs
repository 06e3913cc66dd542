//! Places that may do what nobody else may: each list names them all, with the reason, and may only shrink.

use super::tree::all_rust_files;

/// Files that make a permit of Salus itself.
const SYSTEM_PERMITS: &[(&str, &str)] = &[];

/// Files that work across tenants.
const ACROSS_TENANTS: &[(&str, &str)] = &[];

fn holds(list: &[(&str, &str)], needle: &str, except: &[&str]) {
    let listed: Vec<&str> = list.iter().map(|(file, _)| *file).collect();
    let mut sorted = listed.clone();
    sorted.sort_unstable();
    assert_eq!(listed, sorted, "the list of files with `{needle}` is sorted");
    assert!(list.iter().all(|(_, reason)| !reason.is_empty()), "each has its reason");
    let found: Vec<String> = all_rust_files()
        .into_iter()
        .filter(|(name, text)| !except.contains(&name.as_str()) && code_contains(text, needle))
        .map(|(name, _)| name)
        .collect();
    assert_eq!(found, listed, "files with `{needle}` and their list differ");
}

fn code_contains(text: &str, needle: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(needle))
}

#[test]
fn permits_of_the_system_are_counted() {
    holds(SYSTEM_PERMITS, "::system(", &["crates/kernel/src/permit.rs", file!()]);
}

#[test]
fn work_across_tenants_is_counted() {
    holds(ACROSS_TENANTS, "begin_across_tenants(", &["crates/identity/src/ports.rs", file!()]);
}

#[test]
fn no_blanket_allows_and_no_ignored_tests() {
    for (name, text) in all_rust_files() {
        if name == file!() {
            continue;
        }
        for word in ["#[allow(", "#![allow(", "#[ignore", "todo!(", "unimplemented!("] {
            assert!(!code_contains(&text, word), "{name} holds {word}");
        }
    }
}
