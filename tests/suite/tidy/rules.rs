//! Every rule of the specification that is implemented has a test that names it.

use std::collections::BTreeSet;

use super::tree::all_rust_files;

/// The rules of the present slice.
const RULES: &[&str] = &[
    "a1", "a2", "a3", "a4", "a6", "a8", "a9", "b1", "b2", "b3", "b4", "b8", "b9", "b11", "c1", "c2", "c3", "c4", "c5",
    "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i11",
    "i12", "i13", "pt1", "pt2", "pt3", "pt4", "pt5", "pt8", "t1", "t2", "t3", "t4", "t5", "t6", "t7",
];

#[test]
fn every_rule_of_this_slice_has_a_test_that_names_it() {
    let named: BTreeSet<String> = all_rust_files()
        .into_iter()
        .flat_map(|(_, text)| {
            let names =
                text.lines().filter_map(|line| line.trim_start().split_once("fn ").map(|(_, rest)| rest.to_owned()));
            names.filter_map(|rest| rest.split_once('_').map(|(rule, _)| rule.to_owned())).collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<&&str> = RULES.iter().filter(|rule| !named.contains(**rule)).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
}
