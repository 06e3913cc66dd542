//! What an account's owner does with it: preferences, a forgotten password, a look at the open sessions. Mails that lead there
//! are tried as long as their link works, so a job knows its lost workers apart from its tries.

use sea_orm_migration::prelude::*;

use crate::ddl;

const ACCOUNTS: &str = "
ALTER TABLE account ADD COLUMN preferences {json} NOT NULL DEFAULT '{}';
ALTER TABLE job ADD COLUMN lost {int} NOT NULL DEFAULT 0;
CREATE INDEX signed_token_of_account ON signed_token (account_id, purpose);
CREATE INDEX session_of_account ON session (account_id);
";

/// The migration.
#[derive(Debug, DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        ddl::run(manager, ACCOUNTS).await
    }
}
