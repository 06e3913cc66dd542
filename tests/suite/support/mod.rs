//! A whole Salus in the test's own process, on a database of its own, and callers that speak the users' language.

mod answer;
mod app;
mod caller;
mod database;
mod sql;
mod world;

pub use answer::Answer;
pub use app::{TestApp, run};
pub use caller::Caller;
pub use database::{Kind, TestDatabase};
pub use sql::Sql;

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
