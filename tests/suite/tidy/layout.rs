//! Where things stand.

use std::fs;

use super::tree::{all_rust_files, root};

const DOMAIN_CRATES: &[&str] = &["identity", "patients", "scheduling"];

#[test]
fn no_file_is_longer_than_500_lines() {
    let long: Vec<String> = all_rust_files()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 500)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()))
        .collect();
    assert!(long.is_empty(), "split these: {long:#?}");
}

#[test]
fn every_domain_crate_has_the_same_rooms() {
    for name in DOMAIN_CRATES {
        let home = root().join("crates").join(name);
        for room in
            ["README.md", "src/lib.rs", "src/model/mod.rs", "src/usecase/mod.rs", "src/ports.rs", "src/permission.rs"]
        {
            assert!(home.join(room).is_file(), "crates/{name}/{room} is missing");
        }
        let mut found: Vec<String> = fs::read_dir(home.join("src"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        found.sort();
        // `ports.rs` may have parts.
        found.retain(|room| room != "ports");
        assert_eq!(found, ["lib.rs", "model", "permission.rs", "ports.rs", "usecase"], "crates/{name}/src");
    }
}

#[test]
fn every_folder_of_code_has_a_readme() {
    for folder in [
        "crates",
        "migrations",
        "openapi",
        "tests",
        "crates/kernel",
        "crates/events",
        "crates/persistence",
        "crates/gateways",
        "crates/rest",
    ] {
        let readme = root().join(folder).join("README.md");
        assert!(readme.is_file(), "{folder}/README.md is missing");
    }
}

#[test]
fn nothing_else_stands_at_the_top() {
    let allowed = [
        "Cargo.lock",
        "Cargo.toml",
        "LICENSE",
        "README.md",
        "apps",
        "crates",
        "data",
        "justfile",
        "migrations",
        "openapi",
        "rust-toolchain.toml",
        "target",
        "tests",
    ];
    let stray: Vec<String> = fs::read_dir(root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.') && !allowed.contains(&name.as_str()))
        .collect();
    assert!(stray.is_empty(), "these belong elsewhere: {stray:?}");
}

#[test]
fn a_domain_crate_knows_no_adapter_in_its_text() {
    for name in DOMAIN_CRATES {
        for (file, text) in super::tree::rust_files(&format!("crates/{name}/src")) {
            for word in ["sea_orm", "sqlx", "actix_web", "utoipa", "reqwest"] {
                assert!(!text.contains(word), "{file} speaks of {word}");
            }
        }
    }
}
