//! The `salus` binary as a process of its own.

use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::app::MASTER_KEY;
use super::database::TestDatabase;

/// Builds the binary beside this test, which costs nothing when it is there.
fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().unwrap();
        let folder = test.parent().and_then(std::path::Path::parent).unwrap();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--package", "api", "--target-dir"]).arg(folder.parent().unwrap());
        if folder.ends_with("release") {
            cargo.arg("--release");
        }
        let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).status().unwrap();
        assert!(built.success(), "the binary cannot be built");
        folder.join("salus")
    })
}

/// The binary on a test's database.
pub fn salus(database: &TestDatabase) -> Command {
    let place = database.settings();
    let mut command = Command::new(binary());
    command
        .env_clear()
        .env("DATABASE_URL", &place.url)
        .env("MASTER_KEY", MASTER_KEY)
        .env("SALUS_ENV", if place.development { "development" } else { "production" })
        .env("PUBLIC_URL", "http://127.0.0.1:8080")
        .env("RATE_LIMITS", "off")
        .env("DEMO", "off")
        .env("RUST_LOG", "error")
        .current_dir(std::env::temp_dir());
    if let Some(owner) = &place.migration_url {
        command.env("MIGRATION_DATABASE_URL", owner);
    }
    command
}
