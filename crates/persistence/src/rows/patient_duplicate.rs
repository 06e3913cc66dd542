//! Two records that may be one person's.

use chrono::{DateTime, Utc};
use kernel::StoreError;
use patients::model::matching::{Finding, FoundPair, Grade, Likeness};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `patient_duplicate`: the smaller id is the first, the findings are words with spaces between.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "patient_duplicate")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub first_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub second_id: Uuid,
    pub grade: String,
    pub score: i32,
    pub findings: String,
    pub found_at: DateTime<Utc>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

impl Model {
    /// The row of a pair.
    pub fn of(pair: &FoundPair, tenant_id: Uuid, found_at: DateTime<Utc>) -> Self {
        let likeness = pair.likeness();
        let words: Vec<&str> = likeness.findings().iter().map(|finding| finding.as_str()).collect();
        Self {
            tenant_id,
            first_id: pair.first().uuid(),
            second_id: pair.second().uuid(),
            grade: likeness.grade().as_str().to_owned(),
            score: likeness.score(),
            findings: words.join(" "),
            found_at,
        }
    }

    /// What the pair has in common; findings that this program does not know are left out.
    pub fn likeness(&self) -> Result<Likeness, StoreError> {
        let grade = Grade::parse(&self.grade).ok_or_else(|| StoreError::broken("an unknown grade"))?;
        let findings = self.findings.split(' ').filter_map(Finding::parse).collect();
        Ok(Likeness::from_stored(grade, self.score, findings))
    }
}
