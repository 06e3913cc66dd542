//! Each function goes around the tenant's scope in one way that `.clippy.toml` bans.

pub mod patient {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "patient")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
    }

    #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[cfg(feature = "breach")]
pub mod breach {
    use crate::patient::{ActiveModel, Entity};
    use sea_orm::{DbBackend, EntityTrait, Statement};

    pub fn reads() {
        let _ = Entity::find();
        let _ = Entity::find_by_id(1);
    }

    pub fn writes(row: &ActiveModel) {
        let _ = Entity::insert(row.clone());
        let _ = Entity::insert_many([row.clone()]);
        let _ = Entity::update(row.clone());
        let _ = Entity::update_many();
        let _ = Entity::delete(row.clone());
        let _ = Entity::delete_many();
        let _ = Entity::delete_by_id(1);
    }

    pub fn raw() {
        let _ = Statement::from_string(DbBackend::Sqlite, "SELECT 1");
        let _ = Statement::from_sql_and_values(DbBackend::Sqlite, "SELECT ?", [1.into()]);
    }
}
