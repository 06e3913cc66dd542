//! What happened to a patient, from the journal: the changes of the patient's own record and of the entities that belong to it.

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use kernel::ids::{ApiKeyId, AppointmentId, ClinicId, MembershipId, PatientId, PatientLinkId, PractitionerId};
use kernel::{Page, Reach, Start, StoreError, Total};
use patients::model::{
    LinkKind, PatientProfile, PersonName, Stage, TimelineAbout, TimelineActor, TimelineDetail, TimelineEntry,
    TimelineKind,
};
use patients::permission::Sight;
use patients::ports::{StoryReads, TimelineAsk};
use sea_orm::entity::prelude::Json;
use sea_orm::sea_query::{Expr, ExprTrait as _, JoinType, Order, Query, SelectStatement, UnionType};
use sea_orm::{ColumnTrait, Condition, FromQueryResult, QueryFilter, QuerySelect, QueryTrait};
use serde::Deserialize;
use serde_json::Map;
use uuid::Uuid;

use super::json::{Act, Dialect, Hex, Member, rows};
use super::profile;
use crate::SeaTx;
use crate::data_keys::Personal;
use crate::rows::scheduling::appointment;
use crate::rows::{patient, patient_link};

/// The keys under which lies what the journal tells of the patient.
const KEYS_FROM: &str = "FROM data_key k WHERE k.tenant_id = patient.tenant_id AND k.subject_id = patient.id";

/// A change that belongs to the patient: with its act, and with what it was done to as that is now.
#[derive(Debug, Deserialize)]
pub(super) struct Told {
    id: Uuid,
    entity_kind: String,
    entity: Uuid,
    version: i64,
    before: String,
    after: String,
    sealed: Option<Hex>,
    #[serde(flatten)]
    act: Act,
    start: Option<DateTime<Utc>>,
    practitioner: Option<Uuid>,
    clinic: Option<Uuid>,
    service: Option<String>,
    link_kind: Option<String>,
    link_from: Option<NaiveDate>,
    link_to: Option<NaiveDate>,
    link_membership: Option<Uuid>,
    link_member: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Key {
    id: Uuid,
    sealed: Hex,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    entries: Json,
    keys: Json,
    total: Option<i64>,
}

#[async_trait]
impl StoryReads for SeaTx {
    async fn patient_timeline(&self, ask: &TimelineAsk) -> Result<Option<Page<TimelineEntry>>, StoreError> {
        let mine = Mine { ids: belonging(self, ask), shown: shown(self.reach()) };
        let (mut wanted, mut skipped) = (mine.shown.clone(), 0);
        match &ask.page.start {
            Start::First => {}
            Start::After(last) => wanted = wanted.add(Expr::col(("c", "id")).lt(*last)),
            Start::Offset(rows) => skipped = *rows,
        }
        let page = mine.changes(self, wanted).offset(skipped).limit(u64::from(ask.page.limit) + 1).take();
        let total = match ask.page.total {
            Total::Skip => Expr::cust("CAST(NULL AS bigint)"),
            Total::Count => mine.count(self).into(),
        };
        let dialect = Dialect::of(self);
        let key = [dialect.id("id", "k.id"), dialect.bytes("sealed", "k.sealed")];
        let keys = format!("(SELECT {} {KEYS_FROM})", dialect.list_text(&key, "k.id"));
        let select = self
            .select::<patient::Entity>()
            .filter(patient::Column::Id.eq(ask.patient.uuid()))
            .select_only()
            .expr_as(Expr::from(told(self, page)), "entries")
            .expr_as(Expr::cust(keys), "keys")
            .expr_as(total, "total");
        let found: Vec<Row> = self.all_as(select).await?;
        let Some(Row { entries, keys, total }) = found.into_iter().next() else { return Ok(None) };
        let entries = read(self, rows(entries)?, rows(keys)?, &ask.sight)?;
        let total = total.map(u64::try_from).transpose().map_err(StoreError::broken)?;
        Ok(Some(Page::from_surplus(entries, ask.page.limit, total, |entry| entry.id)))
    }

    async fn patient_profile(&self, id: PatientId, sight: Sight) -> Result<Option<PatientProfile>, StoreError> {
        profile::read(self, id, &sight).await
    }
}

/// The entities that belong to a patient, and which of their changes the caller sees.
struct Mine {
    ids: SelectStatement,
    shown: Condition,
}

impl Mine {
    /// Their changes for which a condition holds, newest first.
    fn changes(&self, tx: &SeaTx, wanted: Condition) -> SelectStatement {
        let columns =
            ["tenant_id", "id", "entry_id", "entity_kind", "entity_id", "version", "before", "after", "sealed"];
        let mut select = self.from(tx, wanted);
        select.columns(columns.map(|name| ("c", name))).order_by(("c", "id"), Order::Desc);
        select
    }

    /// How many there are.
    fn count(&self, tx: &SeaTx) -> SelectStatement {
        self.from(tx, self.shown.clone()).expr(Expr::cust("count(*)")).take()
    }

    fn from(&self, tx: &SeaTx, wanted: Condition) -> SelectStatement {
        let same = Expr::cust("c.entity_id = mine.id");
        let on = Condition::all().add(Expr::col(("c", "tenant_id")).eq(tx.tenant())).add(same);
        Query::select()
            .from_subquery(self.ids.clone(), "mine")
            .join_as(JoinType::InnerJoin, "journal_change", "c", on)
            .cond_where(wanted)
            .take()
    }
}

/// The ids of what belongs to a patient and is asked about, each context's within the caller's reach of it. A later part adds
/// its own here.
fn belonging(tx: &SeaTx, ask: &TimelineAsk) -> SelectStatement {
    let asked = |about| ask.about.is_empty() || ask.about.contains(&about);
    let own = tx.select::<patient::Entity>().filter(patient::Column::Id.eq(ask.patient.uuid()));
    let own = QueryTrait::into_query(own.select_only().column_as(patient::Column::Id, "id"));
    // The patient's own is always named, so that there is something to select from.
    let mut ids = if asked(TimelineAbout::Record) { own } else { own.clone().and_where(Expr::cust("1 = 0")).take() };
    if asked(TimelineAbout::Link) {
        let links = tx.select::<patient_link::Entity>();
        let links = links.filter(patient_link::Column::PatientId.eq(ask.patient.uuid()));
        let links = links.select_only().column_as(patient_link::Column::Id, "id");
        ids.union(UnionType::All, QueryTrait::into_query(links));
    }
    if let Some(reach) = ask.sight.appointments.filter(|_| asked(TimelineAbout::Appointment)) {
        ids.union(UnionType::All, appointments(tx, ask.patient, reach));
    }
    ids
}

fn appointments(tx: &SeaTx, patient: PatientId, reach: Reach) -> SelectStatement {
    let all = tx.select_within::<appointment::Entity>(reach);
    let of_patient = all.filter(appointment::Column::PatientId.eq(patient.uuid()));
    QueryTrait::into_query(of_patient.select_only().column_as(appointment::Column::Id, "id"))
}

/// Callers on the patient's side see no changes of the record but its making: that remarks or labels changed is the staff's.
fn shown(reach: Reach) -> Condition {
    if reach.is_patient_side() {
        Condition::all().add(Expr::cust("(c.entity_kind <> 'patient' OR c.version = 1)"))
    } else {
        Condition::all()
    }
}

/// The last changes of a patient's appointments, as one column.
pub(super) fn last_of_appointments(tx: &SeaTx, patient: PatientId, reach: Reach, most: u64) -> SelectStatement {
    let mine = Mine { ids: appointments(tx, patient, reach), shown: Condition::all() };
    told(tx, mine.changes(tx, mine.shown.clone()).limit(most).take())
}

/// Changes with their acts and with what they were done to, as one column.
fn told(tx: &SeaTx, changes: SelectStatement) -> SelectStatement {
    let of_tenant = |condition: &str| Expr::cust(condition.to_owned());
    Query::select()
        .expr(Dialect::of(tx).list(&members(Dialect::of(tx)), "t.id DESC"))
        .from_subquery(changes, "t")
        .join_as(
            JoinType::InnerJoin,
            "journal_entry",
            "e",
            of_tenant("e.tenant_id = t.tenant_id AND e.id = t.entry_id"),
        )
        .join_as(
            JoinType::LeftJoin,
            "membership",
            "m",
            of_tenant("m.tenant_id = t.tenant_id AND m.id = e.membership_id"),
        )
        .join_as(JoinType::LeftJoin, "appointment", "a", of_tenant("a.tenant_id = t.tenant_id AND a.id = t.entity_id"))
        .join_as(JoinType::LeftJoin, "patient_link", "l", of_tenant("l.tenant_id = t.tenant_id AND l.id = t.entity_id"))
        .join_as(
            JoinType::LeftJoin,
            "membership",
            "lm",
            of_tenant("lm.tenant_id = t.tenant_id AND lm.id = l.membership_id"),
        )
        .take()
}

/// Only of changed records the personal fields are of interest, for their names.
fn members(dialect: Dialect) -> Vec<Member> {
    let sealed = "CASE WHEN t.entity_kind = 'patient' AND t.version > 1 THEN t.sealed END";
    let mut all = vec![
        dialect.id("id", "t.id"),
        Dialect::plain("entity_kind", "t.entity_kind"),
        dialect.id("entity", "t.entity_id"),
        Dialect::plain("version", "t.version"),
        Dialect::plain("before", "t.before"),
        Dialect::plain("after", "t.after"),
        dialect.bytes("sealed", sealed),
        Dialect::plain("start", "a.starts_at"),
        dialect.id("practitioner", "a.practitioner_id"),
        dialect.id("clinic", "a.clinic_id"),
        Dialect::plain("service", "a.service ->> 'name'"),
        Dialect::plain("link_kind", "l.kind"),
        Dialect::plain("link_from", "l.valid_from"),
        Dialect::plain("link_to", "l.valid_to"),
        dialect.id("link_membership", "l.membership_id"),
        Dialect::plain("link_member", "lm.display_name"),
    ];
    all.extend(Act::members(dialect));
    all
}

fn read(tx: &SeaTx, told: Vec<Told>, keys: Vec<Key>, sight: &Sight) -> Result<Vec<TimelineEntry>, StoreError> {
    let sealed: Vec<_> = told.iter().map(|one| (one.id, one.sealed.as_ref().map(|sealed| sealed.0.clone()))).collect();
    let personal = tx.opened_under(&sealed, keys.into_iter().map(|key| (key.id, key.sealed.0)));
    told.into_iter().zip(personal).map(|(one, personal)| entry(one, personal, sight)).collect()
}

/// The entries of changes of appointments, of which nothing is sealed that a timeline tells.
pub(super) fn read_appointments(told: Vec<Told>, sight: &Sight) -> Result<Vec<TimelineEntry>, StoreError> {
    told.into_iter().map(|one| entry(one, Personal::None, sight)).collect()
}

/// Who did it; the name is for callers who may know the members.
pub(super) fn actor(act: Act, sight: &Sight) -> TimelineActor {
    TimelineActor {
        membership: act.membership.map(MembershipId::from_uuid),
        name: act.name.filter(|_| sight.names_members()).map(PersonName::from_stored),
        api_key: act.api_key.map(ApiKeyId::from_uuid),
    }
}

/// What somebody wrote into the journal who is no friend of JSON has no fields: the proof of the chain says the rest.
fn fields(text: &str) -> Map<String, serde_json::Value> {
    serde_json::from_str(text).unwrap_or_default()
}

fn entry(told: Told, personal: Personal, sight: &Sight) -> Result<TimelineEntry, StoreError> {
    let (before, after) = (fields(&told.before), fields(&told.after));
    let unreadable = || StoreError::broken("a change cannot be told");
    let (kind, detail) = match told.entity_kind.as_str() {
        "patient" => {
            let kind = TimelineKind::of_record(told.version, &before, &after);
            let stage = after.get("stage").and_then(serde_json::Value::as_str).and_then(Stage::parse);
            let fields =
                if kind == TimelineKind::Changed { names(&before, &after, personal) } else { Some(Vec::new()) };
            (kind, TimelineDetail::Record { fields, stage })
        }
        "appointment" => {
            let kind = TimelineKind::of_appointment(&before, &after);
            let was = before.get("start").filter(|_| kind == TimelineKind::AppointmentMoved);
            let detail = TimelineDetail::Appointment {
                id: AppointmentId::from_uuid(told.entity),
                start: told.start.ok_or_else(unreadable)?,
                practitioner: told.practitioner.map(PractitionerId::from_uuid).ok_or_else(unreadable)?,
                clinic: told.clinic.map(ClinicId::from_uuid).ok_or_else(unreadable)?,
                service: told.service.ok_or_else(unreadable)?,
                moved_from: was.and_then(|was| serde_json::from_value(was.clone()).ok()),
            };
            (kind, detail)
        }
        "patient_link" => {
            let detail = TimelineDetail::Link {
                id: PatientLinkId::from_uuid(told.entity),
                membership: told.link_membership.map(MembershipId::from_uuid).ok_or_else(unreadable)?,
                member: told.link_member.map(PersonName::from_stored).ok_or_else(unreadable)?,
                kind: told.link_kind.as_deref().and_then(LinkKind::parse).ok_or_else(unreadable)?,
                valid_from: told.link_from.ok_or_else(unreadable)?,
                valid_to: told.link_to,
            };
            (TimelineKind::of_link(&before, &after), detail)
        }
        _ => return Err(unreadable()),
    };
    Ok(TimelineEntry { id: told.id, at: told.act.at, kind, by: actor(told.act, sight), detail })
}

/// The names of the changed fields; nothing when the keys of the personal ones were destroyed.
fn names(
    before: &Map<String, serde_json::Value>,
    after: &Map<String, serde_json::Value>,
    personal: Personal,
) -> Option<Vec<String>> {
    let mut names: Vec<String> = before.keys().chain(after.keys()).cloned().collect();
    match personal {
        Personal::None => {}
        Personal::Open(fields) => names.extend(fields.before.into_iter().chain(fields.after).map(|(name, _)| name)),
        Personal::Erased | Personal::Damaged => return None,
    }
    names.sort();
    names.dedup();
    Some(names)
}
