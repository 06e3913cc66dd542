//! The arrows of the house: `kernel ← events ← domains ← {persistence, gateways, rest} ← apps/api`.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use super::tree::root;

fn direct_dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--no-deps", "--offline"])
        .current_dir(root())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let normal = package["dependencies"].as_array().unwrap().iter().filter(|d| d["kind"].is_null());
            let names = normal.map(|d| d["name"].as_str().unwrap().to_owned()).collect();
            (package["name"].as_str().unwrap().to_owned(), names)
        })
        .collect()
}

#[test]
fn crates_depend_only_along_the_arrows() {
    let house = direct_dependencies();
    let domains = ["identity", "patients", "scheduling"];
    let allowed = |name: &str| -> Vec<&str> {
        match name {
            "kernel" | "rest-derive" | "migrations" => vec![],
            "events" => vec!["kernel"],
            "identity" | "patients" | "scheduling" => vec!["kernel", "events"],
            "gateways" => [&domains[..], &["kernel", "events"]].concat(),
            "persistence" => [&domains[..], &["kernel", "events", "migrations"]].concat(),
            "rest" => [&domains[..], &["kernel", "events", "rest-derive"]].concat(),
            _ => house.keys().map(String::as_str).collect(),
        }
    };
    for (name, dependencies) in &house {
        let allowed = allowed(name);
        for dependency in dependencies.iter().filter(|d| house.contains_key(*d)) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not depend on {dependency}");
        }
    }
}

#[test]
fn domain_crates_know_no_adapter() {
    let forbidden = ["sea-orm", "sqlx", "actix-web", "utoipa", "reqwest", "redis", "lettre", "tokio"];
    let house = direct_dependencies();
    for name in ["kernel", "events", "identity", "patients", "scheduling"] {
        let known: Vec<&String> = house[name].iter().filter(|d| forbidden.contains(&d.as_str())).collect();
        assert!(known.is_empty(), "{name} depends on {known:?}");
    }
}
