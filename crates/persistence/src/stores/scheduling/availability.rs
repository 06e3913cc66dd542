//! Opening hours.

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::{ClinicId, PractitionerId, ScheduleExceptionId, ScheduleId};
use scheduling::model::availability::{Availability, ClinicZone, ScheduleException};
use scheduling::model::local_time::Zone;
use scheduling::model::weekly::WeeklySchedule;
use scheduling::ports::{AvailabilityReads, AvailabilityWrites};
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ExprTrait, QueryFilter, QueryOrder};

use crate::SeaTx;
use crate::rows::identity::clinic;
use crate::rows::scheduling::{practitioner, schedule, schedule_exception};

#[async_trait]
impl AvailabilityReads for SeaTx {
    async fn availability_of(&self, id: PractitionerId) -> Result<Option<Availability>, StoreError> {
        let select = self.select::<practitioner::Entity>().filter(practitioner::Column::Id.eq(id.uuid()));
        let Some(owner) = self.one(select).await? else { return Ok(None) };
        let select = self
            .select::<schedule::Entity>()
            .filter(schedule::Column::PractitionerId.eq(id.uuid()))
            .order_by_asc(schedule::Column::ClinicId)
            .order_by_asc(schedule::Column::Id);
        let schedules = self.all(select).await?.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let select = self
            .select::<schedule_exception::Entity>()
            .filter(schedule_exception::Column::PractitionerId.eq(id.uuid()))
            .order_by_asc(schedule_exception::Column::Id);
        let exceptions = self.all(select).await?.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        let clinics = self.all(self.select::<clinic::Entity>().order_by_asc(clinic::Column::Id)).await?;
        let zone = |row: clinic::Model| {
            let zone = Zone::parse(&row.time_zone).map_err(StoreError::broken)?;
            Ok(ClinicZone { clinic_id: ClinicId::from_uuid(row.id), zone })
        };
        Ok(Some(Availability {
            practitioner_id: id,
            version: owner.availability_version,
            clinics: clinics.into_iter().map(zone).collect::<Result<_, StoreError>>()?,
            schedules,
            exceptions,
        }))
    }
}

#[async_trait]
impl AvailabilityWrites for SeaTx {
    async fn schedule_replace(
        &self,
        practitioner: PractitionerId,
        id: ScheduleId,
        schedule: &WeeklySchedule,
    ) -> Result<(), StoreError> {
        let delete = self
            .delete_where::<schedule::Entity>()
            .filter(schedule::Column::PractitionerId.eq(practitioner.uuid()))
            .filter(schedule::Column::ClinicId.eq(schedule.clinic_id().uuid()));
        self.exec(delete).await?;
        self.insert(schedule::Model::of(practitioner, id, schedule, self.tenant())?).await
    }

    async fn exception_add(&self, practitioner: PractitionerId, one: &ScheduleException) -> Result<(), StoreError> {
        self.insert(schedule_exception::Model::of(practitioner, one, self.tenant())?).await
    }

    async fn exception_remove(&self, practitioner: PractitionerId, id: ScheduleExceptionId) -> Result<(), StoreError> {
        let delete = self
            .delete_where::<schedule_exception::Entity>()
            .filter(schedule_exception::Column::PractitionerId.eq(practitioner.uuid()))
            .filter(schedule_exception::Column::Id.eq(id.uuid()));
        self.exec(delete).await.map(drop)
    }

    async fn availability_bump(&self, practitioner: PractitionerId, seen: i64) -> Result<bool, StoreError> {
        use practitioner::Column;
        let update = self
            .update_where::<practitioner::Entity>()
            .col_expr(Column::AvailabilityVersion, Expr::val(seen).add(1))
            .filter(Column::Id.eq(practitioner.uuid()))
            .filter(Column::AvailabilityVersion.eq(seen));
        Ok(self.exec(update).await? == 1)
    }
}
