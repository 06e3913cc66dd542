//! The one table of the settings: it drives the parsing, and `SETTINGS.md` is printed from it.

use std::fmt::Write;

/// One environment variable that Salus reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// The text that is parsed when it is absent or empty; `None` when it may be absent.
    pub default: Option<&'static str>,
    /// True when `NAME_FILE` may name a file that holds the value, and the value is never printed.
    pub secret: bool,
    /// What it decides, and how it is written.
    pub meaning: &'static str,
}

macro_rules! variables {
    ($($name:ident, $default:expr, $secret:literal, $meaning:literal;)*) => {
        $(
            #[doc = concat!("`", stringify!($name), "`: ", $meaning)]
            pub const $name: Variable =
                Variable { name: stringify!($name), default: $default, secret: $secret, meaning: $meaning };
        )*

        /// Every variable, in the order of `SETTINGS.md`.
        pub const VARIABLES: &[Variable] = &[$($name),*];
    };
}

variables! {
    SALUS_ENV, None, false, "`development` or `production`. Absent: development, and only a loopback `BIND_ADDR`.";
    BIND_ADDR, Some("127.0.0.1:8080"), false, "Address and port of the API.";
    PUBLIC_URL, None, false, "Where the world reaches the API, `http(s)://host[:port][/path]`. Absent in development: `http://` and `BIND_ADDR`.";
    APP_URL, None, false, "Where the application of the people is, `http(s)://host[:port][/path]`: links in mails lead to its `/verify-email`, `/reset-password` and `/accept-invitation`. Absent: `PUBLIC_URL`, where Salus serves these three pages itself.";
    DATABASE_URL, Some("sqlite://data/salus.db"), true, "`sqlite://PATH` or `postgres://ROLE@HOST/DATABASE` (the application role).";
    MIGRATION_DATABASE_URL, None, true, "The owner role on PostgreSQL. Absent: the start only checks that no migration is pending.";
    REDIS_URL, None, true, "`redis://…` or, with TLS, `rediss://…`: nodes share rate limits, and a sign-out or change of role applies on all at once. Absent, or away: each node counts alone, and such changes apply on the others within 30 s.";
    FILES_URL, None, true, "`file://FOLDER`, or `s3://[KEY:SECRET@]BUCKET[/PREFIX][?endpoint=URL&region=NAME]`, key and secret percent-encoded; without them the machine's own role is asked for. A bucket needs a rule of its life cycle, `AbortIncompleteMultipartUpload` after a day, for uploads that a node could not end. Absent: the folder `files` beside the database file, with PostgreSQL `data/files`.";
    SMTP_URL, None, true, "`smtps://USER:PASSWORD@HOST[:PORT]` (TLS), or `smtp://…` (STARTTLS, required unless the host is this machine or the URL ends in `?tls=opportunistic`). Absent: mails stay in the database, and only their subject is logged.";
    MAIL_FROM, Some("Salus <salus@localhost>"), false, "Whom mails are from: an address, or `Name <address>`. Required in production with `SMTP_URL`.";
    CORS_ORIGINS, None, false, "Origins of browsers that may call, `https://a.example,https://b.example`. Absent: none.";
    OIDC_GOOGLE_CLIENT_ID, None, false, "Our client id at Google; with its secret, people can sign in there. Its redirect address is `PUBLIC_URL` and `/api/v1/auth/oidc/google/callback`.";
    OIDC_GOOGLE_CLIENT_SECRET, None, true, "Our client secret at Google.";
    OIDC_GOOGLE_ISSUER, None, false, "Another issuer in place of Google's.";
    OIDC_MICROSOFT_CLIENT_ID, None, false, "The same at Microsoft, which vouches for an address only where the application asks for the claim `xms_edov`.";
    OIDC_MICROSOFT_CLIENT_SECRET, None, true, "Our client secret at Microsoft.";
    OIDC_MICROSOFT_ISSUER, None, false, "The issuer of one directory, `https://login.microsoftonline.com/DIRECTORY/v2.0`. Absent: any account.";
    OIDC_APPLE_CLIENT_ID, None, false, "The same at Apple: the id of the service.";
    OIDC_APPLE_CLIENT_SECRET, None, true, "The JWT that Apple takes for a secret, signed with the key it gave; it lasts six months at most.";
    OIDC_APPLE_ISSUER, None, false, "Another issuer in place of Apple's.";
    MASTER_KEY, None, true, "`v2:BASE64,v1:BASE64` (32 bytes each), newest first. Absent in development: made in `data/master.key`. A new key comes in two steps: first behind the old one on every node (`v1:…,v2:…`), then in front (`v2:…,v1:…`), so that no node writes under a key that another does not know.";
    METRICS_ADDR, None, false, "A second address, of `serve` as of `worker`, that serves `/metrics` alone, to everybody who reaches it. Absent: none.";
    METRICS_TOKEN, None, true, "The bearer token, of 16 characters or more, that opens `/metrics` on `BIND_ADDR`. Absent: closed there.";
    RATE_LIMITS, None, false, "`off`, or changes of the defaults such as `sign-in=120/min,anonymous=off`; see below.";
    TRUSTED_PROXIES, None, false, "Networks whose `X-Forwarded-For` counts, `10.0.0.0/8,fd00::/8`. Absent: none.";
    WORKER, Some("inline"), false, "`inline`: `serve` runs the worker too; `off`: `salus worker` runs as processes of its own.";
    DEMO, Some("auto"), false, "`auto`: the demo company in development, in an empty database, where only this machine reaches it: `BIND_ADDR` and `PUBLIC_URL` are loopback, and no `TRUSTED_PROXIES`; `off`: never; `public`: never, but production serves one that is there to others too, which it else refuses because everybody knows its password.";
    RUST_LOG, Some("info"), false, "What is logged, as `tracing` filters write it: `info,rest=debug`.";
    OTEL_EXPORTER_OTLP_ENDPOINT, None, false, "`http(s)://…` of an OpenTelemetry collector that takes OTLP over HTTP (port 4318, as a rule): every answered request becomes a span in its caller's trace (`traceparent`), by route template and without personal data. Absent: none.";
}

/// `SETTINGS.md`, as the repository keeps it.
pub fn document() -> String {
    let mut out = String::from(
        "# Settings\n\n\
        From the environment, or from a `.env` file in the working folder (the environment wins). All are checked at\n\
        start; one message names every wrong one. An empty value counts as absent. Where the table says *file*, the\n\
        value may lie in a file that `NAME_FILE` names.\n\n\
        | name | default | file | meaning |\n|---|---|---|---|\n",
    );
    for variable in VARIABLES {
        let default = variable.default.map(|text| format!("`{text}`")).unwrap_or_default();
        let file = if variable.secret { "file" } else { "" };
        // Writing to a `String` cannot fail.
        let _ = writeln!(out, "| `{}` | {default} | {file} | {} |", variable.name, variable.meaning);
    }
    out.push_str(
        "\n## Classes of `RATE_LIMITS`\n\nA limit is `COUNT/s`, `COUNT/min`, `COUNT/h` or `off`.\n\n\
        | class | default |\n|---|---|\n",
    );
    for (class, rate) in rest::limits::defaults() {
        let _ = writeln!(out, "| `{class}` | {rate} |");
    }
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_checked_in_table_is_the_one_that_is_parsed() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/SETTINGS.md");
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(path, document()).unwrap();
        }
        let checked_in = std::fs::read_to_string(path).unwrap();
        assert_eq!(checked_in, document(), "rewrite it with UPDATE=1 cargo test -p api settings");
    }

    #[test]
    fn every_variable_is_listed_once() {
        let names: BTreeSet<_> = VARIABLES.iter().map(|v| v.name).collect();
        assert_eq!(names.len(), VARIABLES.len());
    }
}
