//! The registry of sealed columns (I12): every column that holds ciphertext stands here once. A test compares it with the
//! catalogue of both databases, so that none can be forgotten when master keys change.

use kernel::seal::Place;
use uuid::Uuid;

/// A column of sealed values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedColumn {
    /// Its table.
    pub table: &'static str,
    /// Its name.
    pub column: &'static str,
    /// `table.column`, as the associated data names it.
    pub name: &'static str,
    /// What its key is derived for.
    pub purpose: &'static str,
    /// The column with the row's id.
    pub row: &'static str,
    /// Whose values they are.
    pub owner: Owner,
    /// What they are sealed under.
    pub under: Under,
}

/// Whose sealed values a table holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// Each row one tenant's.
    Tenant,
    /// The whole installation's: the table has no tenant.
    Installation,
}

/// What the values of a column are sealed under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Under {
    /// A key derived from the master key: they are sealed anew when that changes.
    MasterKey,
    /// A data key: they never change, and their keys are sealed anew.
    DataKey,
    /// A secret that only its holder has, for some seconds.
    Holder,
}

/// All of them, by name.
#[rustfmt::skip]
pub const SEALED: &[SealedColumn] = &[
    tenants("chain_key", "sealed", "chain_key.sealed", "chain key"),
    tenants("data_key", "sealed", "data_key.sealed", "data key"),
    tenants("idempotency", "body", "idempotency.body", "idempotency"),
    tenants("import_row", "cells", "import_row.cells", "import row"),
    tenants("job", "payload", "job.payload", "job"),
    SealedColumn { under: Under::DataKey, ..tenants("journal_change", "sealed", "journal_change.sealed", "journal") },
    tenants("mail", "sealed", "mail.sealed", "mail"),
    installations("oidc_flow", "sealed", "oidc_flow.sealed", "oidc flow"),
    installations("oidc_grant", "sealed", "oidc_grant.sealed", "oidc grant"),
    tenants("patient_merge", "snapshot", "patient_merge.snapshot", "patient merge"),
    SealedColumn { under: Under::Holder, ..tenants("refresh_token", "successor", "refresh_token.successor", "refresh successor") },
    installations("signing_key", "sealed", "signing_key.sealed", "signing key"),
    installations("totp", "sealed", "totp.sealed", "totp seed"),
];

/// A column of values under the master key, in a table of tenants whose rows are named by `id`.
const fn tenants(table: &'static str, column: &'static str, name: &'static str, purpose: &'static str) -> SealedColumn {
    SealedColumn { table, column, name, purpose, row: "id", owner: Owner::Tenant, under: Under::MasterKey }
}

/// The same in a table that belongs to no tenant.
const fn installations(
    table: &'static str,
    column: &'static str,
    name: &'static str,
    purpose: &'static str,
) -> SealedColumn {
    SealedColumn { owner: Owner::Installation, ..tenants(table, column, name, purpose) }
}

impl SealedColumn {
    /// The place of one value; the tenant is nil for what belongs to the installation.
    pub fn place(&self, tenant: Uuid, row: Uuid) -> Place<'static> {
        Place { tenant, purpose: self.purpose, column: self.name, row }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i12_the_registry_is_sorted_and_its_names_say_table_and_column() {
        assert!(SEALED.is_sorted_by(|one, next| one.name < next.name));
        for sealed in SEALED {
            assert_eq!(sealed.name, format!("{}.{}", sealed.table, sealed.column));
        }
    }
}
