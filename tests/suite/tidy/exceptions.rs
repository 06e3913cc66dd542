//! Places that may do what nobody else may: each list names them all, with the reason, and may only shrink.

use super::tree::all_rust_files;

/// Files that make a permit of Salus itself, how often, and why.
const SYSTEM_PERMITS: &[(&str, usize, &str)] = &[
    ("apps/api/src/demo/stage.rs", 1, "the demo company is made by nobody who is signed in"),
    ("apps/api/src/imports.rs", 1, "an operator imports from the command line"),
    ("crates/gateways/src/files/local.rs", 2, "its tests need keys of two companies"),
    ("crates/identity/src/usecase/accept_invitation.rs", 1, "the mailed token is the credential"),
    ("crates/identity/src/usecase/authenticate.rs", 1, "a token is looked up before its caller is known"),
    ("crates/identity/src/usecase/change_password.rs", 1, "a wrong password is kept as one at sign-in is"),
    (
        "crates/identity/src/usecase/ended_sessions.rs",
        1,
        "a new password ends sessions in companies that one is not signed in to",
    ),
    ("crates/identity/src/usecase/exchange_oidc.rs", 1, "the one-time code is the credential"),
    ("crates/identity/src/usecase/forgot_password.rs", 1, "who asks for a link is nobody yet"),
    ("crates/identity/src/usecase/found_company.rs", 1, "the company does not exist yet"),
    (
        "crates/identity/src/usecase/refresh.rs",
        2,
        "the refresh token is the credential; its reuse, and a rest too long, end a family",
    ),
    ("crates/identity/src/usecase/reset_password.rs", 1, "the mailed secret is the credential"),
    ("crates/identity/src/usecase/second_factor.rs", 1, "a wrong proof is kept, whoever gave it"),
    ("crates/identity/src/usecase/sign_in.rs", 2, "nobody is signed in yet; a failed attempt is kept too"),
    ("crates/identity/src/usecase/sign_up.rs", 1, "the company does not exist yet"),
    ("crates/identity/src/usecase/switch_company.rs", 1, "one comes from another company"),
    ("crates/identity/src/usecase/verify_email.rs", 1, "the mailed token is the credential"),
    ("crates/patients/src/usecase/refresh_duplicates.rs", 1, "pairs follow from the records, whoever changed them"),
    ("crates/patients/src/usecase/run_import.rs", 1, "a worker reads the rows of an import that a member began"),
    ("crates/patients/src/usecase/strip_tag.rs", 1, "a removed tag is taken from the records after the commit"),
];

/// Files that work across tenants, how often, and why.
const ACROSS_TENANTS: &[(&str, usize, &str)] = &[
    ("crates/identity/src/usecase/accept_invitation.rs", 1, "a mailed token names no company"),
    ("crates/identity/src/usecase/begin_totp.rs", 1, "a second factor belongs to an account"),
    (
        "crates/identity/src/usecase/change_password.rs",
        2,
        "an account belongs to no company, and its sessions to several",
    ),
    ("crates/identity/src/usecase/confirm_totp.rs", 1, "a second factor belongs to an account"),
    ("crates/identity/src/usecase/disable_totp.rs", 1, "a second factor belongs to an account"),
    ("crates/identity/src/usecase/enrol_member.rs", 1, "an account may exist already, in another company"),
    ("crates/identity/src/usecase/exchange_oidc.rs", 4, "a one-time code names no company"),
    ("crates/identity/src/usecase/finish_oidc.rs", 2, "whoever comes back from a provider is nobody yet"),
    ("crates/identity/src/usecase/forgot_password.rs", 2, "an address names no company"),
    ("crates/identity/src/usecase/found_company.rs", 1, "the account is global, its company new"),
    ("crates/identity/src/usecase/note_seen.rs", 1, "sessions and keys of all companies at once"),
    ("crates/identity/src/usecase/refresh.rs", 1, "a refresh token names no company"),
    ("crates/identity/src/usecase/reset_password.rs", 1, "a mailed secret names no company"),
    ("crates/identity/src/usecase/send_verification.rs", 1, "an account belongs to no company"),
    ("crates/identity/src/usecase/sign_in.rs", 2, "an address names no company"),
    ("crates/identity/src/usecase/sign_up.rs", 1, "the account is global, its company new"),
    ("crates/identity/src/usecase/signing_keys.rs", 1, "one issuer for all companies"),
    ("crates/identity/src/usecase/start_oidc.rs", 1, "who goes to a provider is nobody yet"),
    ("crates/identity/src/usecase/switch_company.rs", 1, "from one company to another"),
    ("crates/identity/src/usecase/update_me.rs", 1, "an account belongs to no company"),
    ("crates/identity/src/usecase/verify_email.rs", 1, "a mailed token names no company"),
];

/// Use cases that commit and are not repeated after a serialization failure or deadlock, and why.
const UNREPEATED: &[(&str, &str)] = &[
    ("crates/identity/src/usecase/enrol_member.rs", "makes the demo company's members, while nobody else is there"),
    (
        "crates/identity/src/usecase/second_factor.rs",
        "keeps a wrong proof inside the unit of work that it was given to",
    ),
    (
        "crates/patients/src/usecase/run_import.rs",
        "repeats its batches itself, also where an identifier was taken meanwhile",
    ),
    ("crates/patients/src/usecase/strip_tag.rs", "repeats its batches itself: a job's future is sent between threads"),
];

fn holds(list: &[(&str, usize, &str)], needle: &str, except: &[&str]) {
    assert!(list.is_sorted(), "the list of files with `{needle}` is sorted");
    assert!(list.iter().all(|(_, _, reason)| !reason.is_empty()), "each has its reason");
    let listed: Vec<(String, usize)> = list.iter().map(|(file, count, _)| ((*file).to_owned(), *count)).collect();
    let mut found: Vec<(String, usize)> = all_rust_files()
        .into_iter()
        .filter(|(name, _)| {
            !except.contains(&name.as_str()) && !name.starts_with("tests/") && !name.contains("/tests/")
        })
        .map(|(name, text)| (name, count(&text, needle)))
        .filter(|(_, count)| *count > 0)
        .collect();
    found.sort();
    assert_eq!(found, listed, "files with `{needle}` and their list differ");
}

fn count(text: &str, needle: &str) -> usize {
    text.lines().filter(|line| !line.trim_start().starts_with("//") && line.contains(needle)).count()
}

fn code_contains(text: &str, needle: &str) -> bool {
    text.lines().any(|line| !line.trim_start().starts_with("//") && line.contains(needle))
}

#[test]
fn permits_of_the_system_are_counted() {
    holds(SYSTEM_PERMITS, "::system(", &["crates/kernel/src/permit.rs"]);
}

#[test]
fn work_across_tenants_is_counted() {
    holds(
        ACROSS_TENANTS,
        "begin_across_tenants(",
        &["crates/identity/src/ports.rs", "crates/persistence/src/stores/identity/mod.rs"],
    );
}

/// A function that commits is the unit of work or a part of it, so whoever calls it from outside is not the one that commits.
#[test]
fn b3_use_cases_that_commit_repeat_their_unit_of_work() {
    let repeats = |text: &str| code_contains(text, "unit_of_work(");
    let alone = |function: &str| code_contains(function, "pub async fn ") && code_contains(function, "commit(");
    let mut found: Vec<String> = all_rust_files()
        .into_iter()
        .filter(|(name, text)| name.contains("/src/usecase/") && code_contains(text, "commit("))
        .filter(|(_, text)| !repeats(text) || text.split("\n}\n").any(|item| alone(item) && !repeats(item)))
        .map(|(name, _)| name)
        .collect();
    found.sort();
    let listed: Vec<&str> = UNREPEATED.iter().map(|(file, _)| *file).collect();
    assert!(listed.is_sorted() && UNREPEATED.iter().all(|(_, reason)| !reason.is_empty()));
    assert_eq!(found, listed, "use cases that commit outside a unit of work");
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
