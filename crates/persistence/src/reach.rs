//! How much of a table a caller reaches: a select cannot be begun on a table that has not said so.

use chrono::{DateTime, Duration, Utc};
use kernel::Reach;
use sea_orm::{Condition, EntityTrait};
use uuid::Uuid;

/// How far back an appointment may start for its patient to be in an agenda caller's reach.
const AGENDA_DAYS: i64 = 90;

/// What a reach predicate may depend on.
#[derive(Debug, Clone, Copy)]
pub struct Reaching {
    /// The tenant of the transaction.
    pub tenant: Uuid,
    /// The caller's reach.
    pub reach: Reach,
    /// Now, by the clock of the database's owner.
    pub now: DateTime<Utc>,
}

impl Reaching {
    /// The earliest start of an appointment that puts its patient into an agenda caller's reach: 90 days ago.
    pub fn agenda_since(&self) -> DateTime<Utc> {
        self.now - Duration::days(AGENDA_DAYS)
    }
}

/// A table that can be selected from: it names its tenant column and what of it a caller reaches.
pub trait Reachable: EntityTrait {
    /// The tenant column; none for a table that belongs to no tenant and is read only across tenants.
    fn tenant() -> Option<Self::Column>;
    /// The rows that a caller of this reach may see, within the tenant.
    fn reach(reaching: &Reaching) -> Condition;
}

/// A table without personal data, of which every caller of the tenant may see all rows.
pub trait Unrestricted: EntityTrait {
    /// The tenant column; none for a table that belongs to no tenant and is read only across tenants.
    fn tenant_column() -> Option<Self::Column>;
}

impl<E: Unrestricted> Reachable for E {
    fn tenant() -> Option<Self::Column> {
        E::tenant_column()
    }

    fn reach(_: &Reaching) -> Condition {
        Condition::all()
    }
}

/// All rows for a caller who reaches the whole company, none for any other.
pub(crate) fn whole_company(reaching: &Reaching) -> Condition {
    if reaching.reach.is_company() {
        Condition::all()
    } else {
        Condition::all().add(sea_orm::sea_query::Expr::cust("1 = 0"))
    }
}
