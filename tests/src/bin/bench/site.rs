//! A database with a server in front of it.

use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::postgres::{APP, Cluster, OWNER};
use crate::server::{Salus, Settings};

/// Where a server keeps its things, and which database it uses.
#[derive(Debug)]
pub struct Site {
    /// The kind of database.
    pub name: &'static str,
    /// The server's own folder.
    pub folder: PathBuf,
    /// What it is started with.
    pub settings: Settings,
}

impl Site {
    /// On the cluster.
    pub fn postgres(cluster: &Cluster, folder: PathBuf) -> Self {
        let settings = vec![("DATABASE_URL", cluster.url(APP)), ("MIGRATION_DATABASE_URL", cluster.url(OWNER))];
        Self { name: "PostgreSQL", folder, settings }
    }

    /// On a file in its folder.
    pub fn sqlite(folder: PathBuf) -> Self {
        let mut site = Self { name: "SQLite", folder, settings: Settings::new() };
        site.settings.push(("DATABASE_URL", format!("sqlite://{}", site.file().display())));
        site
    }

    /// The file of the database, where it is one.
    pub fn file(&self) -> PathBuf {
        self.folder.join("salus.db")
    }

    /// Starts a server on it.
    pub fn start(&self, salus: &Path) -> Outcome<Salus> {
        Salus::start(salus, &self.folder, &self.settings)
    }
}
