//! A tag of the company's catalogue.

use chrono::{DateTime, Utc};
use kernel::ids::TagId;
use patients::model::{CataloguedTag, Colour, Tag};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use crate::reach::{Reachable, Reaching};

/// A row of `tag`.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tag")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    /// By what the name is known again.
    pub key: String,
    pub colour: Option<String>,
    pub version: i64,
    pub created_at: DateTime<Utc>,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Labels are the staff's.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        if reaching.reach.is_patient_side() { Condition::all().add(Expr::cust("1 = 0")) } else { Condition::all() }
    }
}

impl Model {
    /// The row of a tag of this tenant.
    pub fn of(tag: &CataloguedTag, tenant_id: Uuid) -> Self {
        Self {
            tenant_id,
            id: tag.id.uuid(),
            name: tag.name.as_str().to_owned(),
            key: tag.key().as_str().to_owned(),
            colour: tag.colour.as_ref().map(|colour| colour.as_str().to_owned()),
            version: tag.version,
            created_at: tag.created_at,
        }
    }
}

impl From<Model> for CataloguedTag {
    fn from(row: Model) -> Self {
        Self {
            id: TagId::from_uuid(row.id),
            name: Tag::from_stored(row.name),
            colour: row.colour.map(Colour::from_stored),
            version: row.version,
            created_at: row.created_at,
        }
    }
}
