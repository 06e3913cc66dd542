//! A whole Salus in the test's own process, on a database of its own, and callers that speak the users' language.

mod answer;
mod app;
mod authenticator;
mod binary;
mod caller;
mod crowd;
mod database;
mod dead;
mod eventually;
mod office;
pub mod openid;
mod sql;
mod statements;
mod upload;
mod world;

pub use answer::Answer;
pub use app::{MASTER_KEY, TestApp, run};
pub use authenticator::Authenticator;
pub use binary::salus;
pub use caller::{Caller, fresh_key};
pub use crowd::at_once;
pub use database::{Kind, TestDatabase};
pub use dead::ADDRESSEE;
pub use eventually::eventually;
pub use office::{Office, text};
pub use sql::{Sql, hex};
pub use upload::form;
pub use world::MARKER;

/// Runs each test on SQLite, and with the feature `postgres` on PostgreSQL too.
#[macro_export]
macro_rules! both {
    ($($(#[$doc:meta])* async fn $name:ident($app:ident) $body:block)*) => {
        $($(#[$doc])* async fn $name($app: &$crate::support::TestApp) $body)*

        mod sqlite {
            $(#[test]
            fn $name() {
                $crate::support::run($crate::support::Kind::Sqlite, async |app| super::$name(app).await);
            })*
        }

        #[cfg(feature = "postgres")]
        mod postgres {
            $(#[test]
            fn $name() {
                $crate::support::run($crate::support::Kind::Postgres, async |app| super::$name(app).await);
            })*
        }
    };
}
