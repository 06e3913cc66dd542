//! The search (PT3): ranked by stages, each ordered by name. PostgreSQL does it in a function of the owner, because row-level
//! security would keep text search from its index; SQLite by a scan of the ordered index per stage.

use kernel::ids::PatientId;
use kernel::{Page, PageAsk, Reach, Start, StoreError, Total};
use patients::model::{PatientSummary, SearchTerms};
use patients::ports::PatientKey;
use sea_orm::sea_query::{CaseStatement, Expr, LikeExpr, Order};
use sea_orm::{
    ColumnTrait, Condition, ExprTrait, FromQueryResult, QueryFilter, QueryOrder, QuerySelect, Select, Value,
};
use uuid::Uuid;

use super::list::{after, summaries};
use crate::SeaTx;
use crate::errors::store;
use crate::rows::patient::{Column, Entity, SUMMARY, Summary};
use crate::rows::{patient_contact, patient_identifier};

/// The last stage of ranking.
const INSIDE: u8 = 2;

/// The function answers with rows of the tenant that the transaction names, and none without one.
const POSTGRES: &str = "SELECT * FROM patient_search_rows($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";

const POSTGRES_TOTAL: &str = "SELECT patient_search_total($1, $2, $3, $4, $5) AS total";

/// A row with its stage of ranking.
#[derive(Debug, FromQueryResult)]
struct Ranked {
    ranked: i32,
    #[sea_orm(nested)]
    row: Summary,
}

/// Where a search begins.
#[derive(Clone, Copy)]
struct Begin<'a> {
    stage: u8,
    key: Option<(&'a str, PatientId)>,
    skip: u64,
}

impl<'a> Begin<'a> {
    fn of(start: &'a Start<PatientKey>) -> Result<Self, StoreError> {
        match start {
            Start::First => Ok(Self { stage: 0, key: None, skip: 0 }),
            Start::Offset(skip) => Ok(Self { stage: 0, key: None, skip: *skip }),
            Start::After(PatientKey::Name { stage, text, id }) => {
                Ok(Self { stage: *stage, key: Some((text, *id)), skip: 0 })
            }
            Start::After(PatientKey::Created { .. }) => Err(StoreError::broken("a cursor of another list")),
        }
    }
}

pub(super) async fn page(
    tx: &SeaTx,
    terms: &SearchTerms,
    ask: &PageAsk<PatientKey>,
) -> Result<Page<PatientSummary>, StoreError> {
    let (from, most) = (Begin::of(&ask.start)?, u64::from(ask.limit) + 1);
    let rows =
        if tx.is_postgres() { ranked(tx, terms, from, most).await? } else { scanned(tx, terms, from, most).await? };
    let total = match ask.total {
        Total::Skip => None,
        Total::Count if tx.is_postgres() => Some(counted(tx, terms).await?),
        Total::Count => {
            let all = tx.select::<Entity>().filter(every(terms, "%")).select_only().column(Column::Id);
            Some(tx.count(all).await?)
        }
    };
    let page = Page::from_surplus(rows, ask.limit, total, |found| PatientKey::Name {
        stage: u8::try_from(found.ranked).unwrap_or(INSIDE),
        text: found.row.sort_text.clone(),
        id: PatientId::from_uuid(found.row.id),
    });
    summaries(page.map(|found| found.row))
}

fn escaped(term: &str) -> String {
    term.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn reach(tx: &SeaTx) -> [Value; 4] {
    let (word, id) = match tx.reach() {
        Reach::Company => ("company", None),
        Reach::Agenda(practitioner) => ("agenda", Some(practitioner.uuid())),
        Reach::Linked(membership) => ("linked", Some(membership.uuid())),
        Reach::Own(patient) => ("self", Some(patient.uuid())),
        Reach::Nothing => ("nothing", None),
    };
    let reaching = tx.reaching();
    [word.into(), id.into(), reaching.agenda_since().into(), reaching.now.date_naive().into()]
}

fn escaped_terms(terms: &SearchTerms) -> Value {
    terms.terms().into_iter().map(escaped).collect::<Vec<_>>().join(" ").into()
}

async fn ranked(tx: &SeaTx, terms: &SearchTerms, from: Begin<'_>, most: u64) -> Result<Vec<Ranked>, StoreError> {
    let values = terms.identifiers().iter().map(|(kind, value)| format!("{}:{value}", kind.as_str()));
    let mut all: Vec<Value> =
        vec![escaped_terms(terms), values.collect::<Vec<_>>().join(" ").into(), terms.contacts().join(" ").into()];
    all.extend(reach(tx));
    all.extend([
        i32::from(from.stage).into(),
        from.key.map(|(text, _)| text.to_owned()).into(),
        from.key.map(|(_, id)| id.uuid()).into(),
        i64::try_from(from.skip).unwrap_or(i64::MAX).into(),
        i32::try_from(most).unwrap_or(i32::MAX).into(),
    ]);
    let rows = tx.rows(POSTGRES, all).await?;
    rows.iter().map(|row| Ranked::from_query_result(row, "").map_err(store)).collect()
}

async fn counted(tx: &SeaTx, terms: &SearchTerms) -> Result<u64, StoreError> {
    let values = std::iter::once(escaped_terms(terms)).chain(reach(tx));
    let rows = tx.rows(POSTGRES_TOTAL, values).await?;
    let total: Option<i64> = rows.first().map(|row| row.try_get("", "total")).transpose().map_err(store)?;
    Ok(total.and_then(|total| u64::try_from(total).ok()).unwrap_or(0))
}

/// Each term occurs behind `before`: `%` anywhere, `% ` at the beginning of a word.
fn every(terms: &SearchTerms, before: &str) -> Condition {
    terms.terms().into_iter().fold(Condition::all(), |condition, term| {
        let pattern = LikeExpr::new(format!("{before}{}%", escaped(term))).escape('\\');
        condition.add(Expr::col((Entity, Column::SearchText)).like(pattern))
    })
}

/// The patients of the company that an identifier, telephone number or e-mail address of the query names.
async fn exact(tx: &SeaTx, terms: &SearchTerms) -> Result<Vec<Uuid>, StoreError> {
    let mut ids = Vec::new();
    if !terms.identifiers().is_empty() {
        use patient_identifier::{Column, Entity};
        let any = terms.identifiers().iter().fold(Condition::any(), |any, (kind, value)| {
            any.add(Condition::all().add(Column::Value.eq(value)).add(Column::Kind.eq(kind.as_str())))
        });
        ids.extend(tx.all(tx.select::<Entity>().filter(any)).await?.into_iter().map(|row| row.patient_id));
    }
    if !terms.contacts().is_empty() {
        use patient_contact::{Column, Entity};
        let rows = tx.all(tx.select::<Entity>().filter(Column::MatchKey.is_in(terms.contacts()))).await?;
        ids.extend(rows.into_iter().map(|row| row.patient_id));
    }
    Ok(ids)
}

async fn scanned(tx: &SeaTx, terms: &SearchTerms, from: Begin<'_>, most: u64) -> Result<Vec<Ranked>, StoreError> {
    let exact = exact(tx, terms).await?;
    let named = Expr::col((Entity, Column::Id)).is_in(exact.iter().copied());
    let words = every(terms, "% ");
    let all = || tx.select::<Entity>().filter(every(terms, "%")).select_only().columns(SUMMARY);
    if from.skip > 0 {
        let stage: Expr = CaseStatement::new().case(named, 0).case(words, 1).finally(2).into();
        let select = all().expr_as(stage, "ranked").order_by_asc(Expr::col("ranked"));
        return tx.all_as(by_name(select).offset(from.skip).limit(most)).await;
    }
    let mut found: Vec<Ranked> = Vec::new();
    for stage in from.stage..=INSIDE {
        let wanted = most.saturating_sub(u64::try_from(found.len()).unwrap_or(u64::MAX));
        if wanted == 0 || (stage == 0 && exact.is_empty()) {
            continue;
        }
        let mut select = match stage {
            0 => all().filter(named.clone()),
            1 => all().filter(words.clone()).filter(named.clone().not()),
            _ => all().filter(words.clone().not()).filter(named.clone().not()),
        };
        if let Some((text, id)) = from.key.filter(|_| stage == from.stage) {
            select = after(select, Column::SortText, &Order::Asc, (text.into(), id));
        }
        let select = select.expr_as(Expr::value(i32::from(stage)), "ranked");
        found.extend(tx.all_as::<_, Ranked>(by_name(select).limit(wanted)).await?);
    }
    Ok(found)
}

fn by_name(select: Select<Entity>) -> Select<Entity> {
    select.order_by_asc(Column::SortText).order_by_asc(Column::Id)
}
