//! Typed settings: read once at start, with one message that names every wrong variable.

pub mod master_key;
mod openid;
mod parse;
mod source;
pub mod table;

use std::net::SocketAddr;
use std::path::Path;

use gateways::files::FilesUrl;
use gateways::open_id::Registration;
use gateways::smtp::{Sender, SmtpServer};
use ipnet::IpNet;
use kernel::seal::Keyring;
use tracing_subscriber::EnvFilter;

pub use parse::{DatabaseKind, DatabaseUrl};
use rest::limits::{Class, Rates};
use source::{Noted, Reader};
pub use source::{Secret, Variables, Wrong, WrongSettings};

/// Whether convenience or caution decides where a setting is absent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// On one's own machine: keys and roles are made as needed.
    Development,
    /// In service: what is missing is refused.
    Production,
}

/// Where the worker runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerMode {
    /// Inside `serve`.
    Inline,
    /// Only where `salus worker` was started.
    Off,
}

/// When the demo company is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DemoMode {
    /// At start, on loopback, in development, when the database is empty.
    Auto,
    /// Only by `salus demo`.
    Off,
    /// Only by `salus demo`, and production may serve it to others although its password is public.
    Public,
}

/// Everything that can be set; [`table::VARIABLES`] says what each variable means.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `SALUS_ENV`.
    pub environment: Environment,
    /// `BIND_ADDR`.
    pub bind: SocketAddr,
    /// `PUBLIC_URL`, without a slash at its end.
    pub public_url: String,
    /// `APP_URL`, without a slash at its end.
    pub app_url: String,
    /// `DATABASE_URL`.
    pub database: DatabaseUrl,
    /// `MIGRATION_DATABASE_URL`.
    pub migration_database: Option<DatabaseUrl>,
    /// `REDIS_URL`.
    pub redis: Option<Secret>,
    /// `FILES_URL`, by default a folder beside the database.
    pub files: FilesUrl,
    /// `SMTP_URL`.
    pub smtp: Option<SmtpServer>,
    /// `MAIL_FROM`.
    pub mail_from: Sender,
    /// `CORS_ORIGINS`.
    pub cors_origins: Vec<String>,
    /// `OIDC_…`: the OpenID providers that were set up.
    pub openid: Vec<Registration>,
    /// `MASTER_KEY`; `None` only in development, where [`master_key::load`] makes one.
    pub master_key: Option<Keyring>,
    /// `METRICS_ADDR`.
    pub metrics: Option<SocketAddr>,
    /// `METRICS_TOKEN`.
    pub metrics_token: Option<Secret>,
    /// `RATE_LIMITS`.
    pub rate_limits: Rates,
    /// `TRUSTED_PROXIES`.
    pub trusted_proxies: Vec<IpNet>,
    /// `WORKER`.
    pub worker: WorkerMode,
    /// `DEMO`.
    pub demo: DemoMode,
    /// `RUST_LOG`.
    pub log_filter: String,
    /// `OTEL_EXPORTER_OTLP_ENDPOINT`.
    pub otlp: Option<String>,
}

impl Settings {
    /// Reads all settings; the error names every variable that is wrong.
    pub fn parse(variables: &Variables) -> Result<Self, WrongSettings> {
        let mut reader = Reader::new(variables);
        let settings = Self::read(&mut reader);
        match (settings, reader.into_wrong()) {
            (Ok(settings), wrong) if wrong.is_empty() => Ok(settings),
            (_, wrong) => Err(WrongSettings(wrong)),
        }
    }

    /// What a person should know of these settings, as one line each: those that this version does nothing with, and those
    /// that take away a protection.
    pub fn warnings(&self) -> Vec<&'static str> {
        let lines = [
            (self.is_mute_service(), "SMTP_URL is absent in production: mails stay in the database"),
            (
                self.is_unlimited_service(),
                "RATE_LIMITS leaves sign-in without a limit in production: passwords may be guessed at any rate",
            ),
        ];
        lines.into_iter().filter(|(holds, _)| *holds).map(|(_, line)| line).collect()
    }

    /// True when only this machine reaches the API: it listens on loopback, its address is one, and no proxy stands before it.
    pub fn is_private(&self) -> bool {
        self.bind.ip().is_loopback() && parse::is_loopback_url(&self.public_url) && self.trusted_proxies.is_empty()
    }

    fn is_mute_service(&self) -> bool {
        self.environment == Environment::Production && self.smtp.is_none()
    }

    fn is_unlimited_service(&self) -> bool {
        let covers = |class| self.rate_limits.covers(class);
        self.environment == Environment::Production && !(covers(Class::SignIn) && covers(Class::SignInAccount))
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, Noted> {
        let stated = environment(reader);
        let bind = reader.required(&table::BIND_ADDR, parse::address);
        let database = reader.required(&table::DATABASE_URL, DatabaseUrl::parse);
        let migration_database = reader.optional(&table::MIGRATION_DATABASE_URL, DatabaseUrl::parse);
        let public_url = reader.optional(&table::PUBLIC_URL, parse::web_url);
        let app_url = reader.optional(&table::APP_URL, parse::web_url);
        let redis = reader.optional(&table::REDIS_URL, |text| parse::url_of(text, &["redis", "rediss"]));
        let files = reader.optional(&table::FILES_URL, |text| FilesUrl::parse(text).map_err(|error| error.to_string()));
        let smtp = reader.optional(&table::SMTP_URL, |text| SmtpServer::parse(text).map_err(|e| e.to_string()));
        let mail_from = reader.required(&table::MAIL_FROM, parse::sender);
        let cors_origins = reader.optional(&table::CORS_ORIGINS, parse::origins);
        let openid = openid::read(reader);
        let master_key = reader.optional(&table::MASTER_KEY, |text| Keyring::parse(text).map_err(|e| e.to_string()));
        let metrics = reader.optional(&table::METRICS_ADDR, parse::address);
        let rate_limits = reader.optional(&table::RATE_LIMITS, |text| Rates::parse(text).map_err(|e| e.to_string()));
        let metrics_token = reader.optional(&table::METRICS_TOKEN, parse::metrics_token);
        let trusted_proxies = reader.optional(&table::TRUSTED_PROXIES, parse::networks);
        let modes = modes(reader);
        let log_filter = reader.required(&table::RUST_LOG, log_filter);
        let otlp = reader.optional(&table::OTEL_EXPORTER_OTLP_ENDPOINT, parse::web_url);
        if let (Ok(database), Ok(Some(owner))) = (&database, &migration_database) {
            check_owner(reader, database, owner);
        }
        let stated = stated?;
        if let Ok(bind) = bind {
            check_bind(reader, stated, bind);
        }
        if stated == Some(Environment::Production) {
            refuse_absent(reader, &table::MASTER_KEY, &master_key, "v1: and the base64 of 32 random bytes");
            refuse_absent(reader, &table::PUBLIC_URL, &public_url, "the issuer of tokens, and where links lead");
            check_sender(reader, &smtp, &mail_from);
        }
        let (bind, database, (worker, demo)) = (bind?, database?, modes?);
        let public_url = public_url?.unwrap_or_else(|| format!("http://{bind}"));
        Ok(Self {
            environment: stated.unwrap_or(Environment::Development),
            bind,
            app_url: app_url?.unwrap_or_else(|| public_url.clone()),
            public_url,
            files: files?.unwrap_or_else(|| beside(&database)),
            database,
            migration_database: migration_database?,
            redis: redis?,
            smtp: smtp?,
            mail_from: mail_from?,
            cors_origins: cors_origins?.unwrap_or_default(),
            openid: openid?,
            master_key: master_key?,
            metrics: metrics?,
            metrics_token: metrics_token?,
            rate_limits: rate_limits?.unwrap_or_default(),
            trusted_proxies: trusted_proxies?.unwrap_or_default(),
            worker,
            demo,
            log_filter: log_filter?,
            otlp: otlp?,
        })
    }
}

/// `SALUS_ENV`, if it was stated.
fn environment(reader: &mut Reader<'_>) -> Result<Option<Environment>, Noted> {
    let words = [("development", Environment::Development), ("production", Environment::Production)];
    reader.optional(&table::SALUS_ENV, |text| parse::word(text, &words))
}

fn modes(reader: &mut Reader<'_>) -> Result<(WorkerMode, DemoMode), Noted> {
    let workers = [("inline", WorkerMode::Inline), ("off", WorkerMode::Off)];
    let demos = [("auto", DemoMode::Auto), ("off", DemoMode::Off), ("public", DemoMode::Public)];
    let worker = reader.required(&table::WORKER, |text| parse::word(text, &workers));
    let demo = reader.required(&table::DEMO, |text| parse::word(text, &demos));
    Ok((worker?, demo?))
}

fn log_filter(text: &str) -> Result<String, String> {
    EnvFilter::try_new(text).map_err(|error| format!("is no filter: {error}"))?;
    Ok(text.to_owned())
}

/// The demo's password is public, so the world is served only by someone who says what this is.
fn check_bind(reader: &mut Reader<'_>, stated: Option<Environment>, bind: SocketAddr) {
    if stated.is_none() && !bind.ip().is_loopback() {
        reader.refuse(&table::BIND_ADDR, "is reachable from outside: say SALUS_ENV=production or development with it");
    }
}

/// What development makes up in passing would be lost or wrong in service.
fn refuse_absent<T>(reader: &mut Reader<'_>, of: &table::Variable, found: &Result<Option<T>, Noted>, what: &str) {
    if let Ok(None) = found {
        reader.refuse(of, format!("is required in production: {what}"));
    }
}

/// Mails from `localhost` reach nobody.
fn check_sender(reader: &mut Reader<'_>, smtp: &Result<Option<SmtpServer>, Noted>, from: &Result<Sender, Noted>) {
    let usual = table::MAIL_FROM.default.and_then(|text| parse::sender(text).ok());
    if let (Ok(Some(_)), Ok(from)) = (smtp, from)
        && Some(from) == usual.as_ref()
    {
        reader.refuse(&table::MAIL_FROM, "is required in production with SMTP_URL: whom the mails are from");
    }
}

/// The folder of files that belongs to a database: beside its file, or where that of the default one would be.
fn beside(database: &DatabaseUrl) -> FilesUrl {
    let file = Path::new(database.file().unwrap_or("data/salus.db"));
    FilesUrl::Folder(file.with_file_name("files"))
}

fn check_owner(reader: &mut Reader<'_>, database: &DatabaseUrl, owner: &DatabaseUrl) {
    if (database.kind(), owner.kind()) != (DatabaseKind::Postgres, DatabaseKind::Postgres) {
        reader.refuse(&table::MIGRATION_DATABASE_URL, "goes only with a DATABASE_URL, and both name PostgreSQL");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(items: &[(&str, &str)]) -> Result<Settings, WrongSettings> {
        Settings::parse(&Variables::new(items.iter().copied()))
    }

    fn wrong_names(items: &[(&str, &str)]) -> Vec<&'static str> {
        let named = |error: WrongSettings| error.0.iter().map(|wrong| wrong.name).collect();
        parsed(items).map_or_else(named, |_| Vec::new())
    }

    #[test]
    fn nothing_set_gives_the_embedded_defaults() {
        let settings = parsed(&[]).unwrap();
        assert_eq!(settings.environment, Environment::Development);
        assert_eq!(settings.bind.to_string(), "127.0.0.1:8080");
        assert_eq!(settings.public_url, "http://127.0.0.1:8080");
        assert_eq!(settings.database.file(), Some("data/salus.db"));
        assert_eq!(settings.files, FilesUrl::Folder("data/files".into()));
        assert_eq!(settings.rate_limits, Rates::default());
        assert_eq!((settings.worker, settings.demo), (WorkerMode::Inline, DemoMode::Auto));
        assert!(settings.cors_origins.is_empty() && settings.trusted_proxies.is_empty());
    }

    #[test]
    fn every_variable_of_the_table_is_read() {
        let variables = Variables::default();
        let mut reader = Reader::new(&variables);
        assert!(Settings::read(&mut reader).is_ok());
        let listed: std::collections::BTreeSet<_> = table::VARIABLES.iter().map(|variable| variable.name).collect();
        assert_eq!(reader.asked, listed);
    }

    #[test]
    fn one_message_names_every_wrong_variable_and_no_secret() {
        let error = parsed(&[
            ("BIND_ADDR", "localhost"),
            ("DATABASE_URL", "mysql://root:hush@db/salus"),
            ("RATE_LIMITS", "sign-in=many"),
            ("TRUSTED_PROXIES", "everywhere"),
            ("WORKER", "maybe"),
            ("MASTER_KEY", "v1:aHVzaA=="),
            ("RUST_LOG", "salus=loud=er"),
        ]);
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("7 settings are wrong:"), "{text}");
        let names = ["BIND_ADDR", "DATABASE_URL", "RATE_LIMITS", "TRUSTED_PROXIES", "WORKER", "MASTER_KEY", "RUST_LOG"];
        for name in names {
            assert!(text.contains(&format!("\n  {name} ")), "{name} is missing in {text}");
        }
        assert!(!text.contains("hush") && !text.contains("aHVzaA"), "{text}");
    }

    #[test]
    fn without_salus_env_only_loopback_is_served() {
        assert_eq!(wrong_names(&[("BIND_ADDR", "0.0.0.0:8080")]), ["BIND_ADDR"]);
        assert_eq!(wrong_names(&[("BIND_ADDR", "[::1]:8080")]), [""; 0]);
        assert_eq!(wrong_names(&[("BIND_ADDR", "0.0.0.0:8080"), ("SALUS_ENV", "development")]), [""; 0]);
    }

    #[test]
    fn i12_production_refuses_to_start_without_a_master_key() {
        let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let there = [("SALUS_ENV", "production"), ("PUBLIC_URL", "https://salus.example")];
        assert_eq!(wrong_names(&there), ["MASTER_KEY"]);
        assert_eq!(wrong_names(&[&there[..], &[("MASTER_KEY", key)]].concat()), [""; 0]);
    }

    #[test]
    fn production_refuses_what_it_cannot_keep_to() {
        let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let there = [("SALUS_ENV", "production"), ("MASTER_KEY", key)];
        let more = [("FILES_URL", "s3://bucket"), ("SMTP_URL", "smtps://mail.example")];
        let wrong = wrong_names(&[&there[..], &more[..]].concat());
        assert_eq!(wrong, ["PUBLIC_URL", "MAIL_FROM"]);
        assert_eq!(parsed(&more).unwrap().warnings(), [""; 0]);
    }

    #[test]
    fn pt8_files_lie_beside_the_database_unless_they_are_said_to_lie_elsewhere() {
        let files = |items: &[(&str, &str)]| parsed(items).unwrap().files;
        let folder = |path: &str| FilesUrl::Folder(path.into());
        assert_eq!(files(&[("DATABASE_URL", "sqlite:///var/salus/a.db")]), folder("/var/salus/files"));
        assert_eq!(files(&[("DATABASE_URL", "postgres://app@db/salus")]), folder("data/files"));
        assert_eq!(files(&[("FILES_URL", "file:///srv/files")]), folder("/srv/files"));
        assert!(matches!(files(&[("FILES_URL", "s3://bucket/salus")]), FilesUrl::Bucket(_)));
        assert_eq!(wrong_names(&[("FILES_URL", "ftp://files")]), ["FILES_URL"]);
    }

    #[test]
    fn i5_production_without_a_limit_of_sign_in_is_warned_of() {
        let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let warned = |rates: &str| {
            let there = [("SALUS_ENV", "production"), ("MASTER_KEY", key), ("PUBLIC_URL", "https://salus.example")];
            let settings = parsed(&[&there[..], &[("RATE_LIMITS", rates)]].concat()).unwrap();
            settings.warnings().iter().any(|line| line.starts_with("RATE_LIMITS"))
        };
        for open in ["off", "sign-in=off", "sign-in-account=off", "anonymous=off,sign-in=off,sign-in-account=off"] {
            assert!(warned(open), "{open}");
        }
        assert!(!warned("") && !warned("anonymous=off,sign-in=1/s"));
    }

    #[test]
    fn mails_leave_where_a_server_is_set_and_lead_to_the_application() {
        let settings = parsed(&[("SMTP_URL", "smtp://mail.example"), ("MAIL_FROM", "Aurora <a@b.example>")]).unwrap();
        assert_eq!(settings.smtp, SmtpServer::parse("smtp://mail.example").ok());
        assert_eq!(settings.app_url, settings.public_url);
        assert_eq!(wrong_names(&[("SMTP_URL", "mail.example"), ("MAIL_FROM", "Aurora")]), ["SMTP_URL", "MAIL_FROM"]);
        let apart = [("APP_URL", "https://app.example/"), ("PUBLIC_URL", "https://api.example")];
        assert_eq!(parsed(&apart).unwrap().app_url, "https://app.example");
        let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let there = [("SALUS_ENV", "production"), ("MASTER_KEY", key), ("PUBLIC_URL", "https://salus.example")];
        let warnings = parsed(&there).unwrap().warnings();
        assert!(matches!(warnings.as_slice(), [only] if only.starts_with("SMTP_URL")), "{warnings:?}");
    }

    #[test]
    fn c11_limits_that_are_off_in_production_are_warned_of() {
        let key = "v1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let off = ("RATE_LIMITS", "off");
        let there = [("SALUS_ENV", "production"), ("MASTER_KEY", key), ("PUBLIC_URL", "https://salus.example"), off];
        let warnings = parsed(&there).unwrap().warnings();
        assert!(warnings.iter().any(|line| line.starts_with("RATE_LIMITS ")), "{warnings:?}");
        assert_eq!(parsed(&[off]).unwrap().warnings(), [""; 0]);
    }

    #[test]
    fn only_what_nobody_else_reaches_is_private() {
        for public in ["http://127.0.0.1:8080", "http://localhost:8080", "http://[::1]/salus"] {
            assert!(parsed(&[("PUBLIC_URL", public)]).unwrap().is_private(), "{public}");
        }
        assert!(parsed(&[]).unwrap().is_private());
        for other in [
            ("PUBLIC_URL", "https://salus.example"),
            ("PUBLIC_URL", "http://127.0.0.1.evil.example"),
            ("TRUSTED_PROXIES", "127.0.0.1"),
        ] {
            assert!(!parsed(&[other]).unwrap().is_private(), "{other:?}");
        }
        let open = parsed(&[("BIND_ADDR", "0.0.0.0:8080"), ("SALUS_ENV", "development")]).unwrap();
        assert!(!open.is_private());
    }

    #[test]
    fn a_secret_may_lie_in_a_file_and_is_not_given_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("url");
        std::fs::write(&path, "postgres://app@db/salus\n").unwrap();
        let file = path.to_str().unwrap();
        assert_eq!(parsed(&[("DATABASE_URL_FILE", file)]).unwrap().database.url(), "postgres://app@db/salus");
        assert_eq!(wrong_names(&[("DATABASE_URL_FILE", file), ("DATABASE_URL", "sqlite://a")]), ["DATABASE_URL"]);
        assert_eq!(wrong_names(&[("REDIS_URL_FILE", "/nowhere/at/all")]), ["REDIS_URL"]);
        // What is no secret has no file.
        assert_eq!(parsed(&[("BIND_ADDR_FILE", file)]).unwrap().bind.port(), 8080);
    }

    #[test]
    fn an_empty_value_counts_as_absent() {
        assert_eq!(parsed(&[("BIND_ADDR", " "), ("PUBLIC_URL", "")]).unwrap().bind.port(), 8080);
    }

    #[test]
    fn an_owner_role_goes_with_postgres_only() {
        let owner = ("MIGRATION_DATABASE_URL", "postgres://owner@db/salus");
        assert_eq!(wrong_names(&[owner]), ["MIGRATION_DATABASE_URL"]);
        assert_eq!(wrong_names(&[owner, ("DATABASE_URL", "postgres://app@db/salus")]), [""; 0]);
    }

    #[test]
    fn settings_do_not_print_their_secrets() {
        let settings = parsed(&[("DATABASE_URL", "postgres://app:hush@db/salus")]).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
    }
}
