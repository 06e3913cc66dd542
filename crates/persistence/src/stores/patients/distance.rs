//! The list of patients by distance: those in a small circle first, in a larger one only when they are too few.

use kernel::ids::PatientId;
use kernel::{Page, PageAsk, StoreError};
use patients::model::PatientFilter;
use patients::model::geography::Near;
use patients::ports::PatientKey;
use sea_orm::sea_query::{Expr, Order};
use sea_orm::{ExprTrait, FromQueryResult, QueryFilter, QuerySelect};

use super::drivers::Source;
use super::filter::{in_box, nearest};
use super::fragment::Fragment;
use super::list::{begin_of, listed, rows};
use crate::SeaTx;
use crate::rows::patient::{Column, Entity, Summary};

/// So much smaller than the whole circle is each in turn.
const SHARES: [f64; 6] = [1_024.0, 256.0, 64.0, 16.0, 4.0, WHOLE];
const WHOLE: f64 = 1.0;

/// A row with the square of the straight line to it.
#[derive(Debug, FromQueryResult)]
struct Far {
    chord: f64,
    #[sea_orm(nested)]
    row: Summary,
}

pub(super) async fn page(
    tx: &SeaTx,
    filter: &PatientFilter,
    near: &Near,
    (source, ask): (&Source, &PageAsk<PatientKey>),
    total: Option<u64>,
) -> Result<Page<Summary>, StoreError> {
    let seen = begin_of(ask, |key| match key {
        PatientKey::Distance { chord, id } => Some((f64::from_bits(*chord), *id)),
        _ => None,
    })?;
    let most = u64::from(ask.limit) + 1;
    let is_few = matches!(source, Source::Collect(_));
    let is_at_once = is_few || seen.skip > 0;
    let mut found: Vec<Far> = Vec::new();
    for share in SHARES.into_iter().filter(|share| !is_at_once || *share <= WHOLE) {
        let circle = near.within(near.radius_km() / share);
        if share > WHOLE && seen.after.is_some_and(|(chord, _)| chord >= circle.chord_squared()) {
            continue;
        }
        let far = nearest(tx, near).expr(tx.is_postgres());
        let mut select = listed(tx, &PatientFilter { near: Some(circle), ..filter.clone() }, source);
        if !is_few {
            let places = Fragment::new(
                "SELECT w.patient_id FROM patient_place w WHERE w.tenant_id = ? AND ",
                [tx.tenant().into()],
            );
            let places = places.and(in_box(&circle)).within("patient.id IN (", ")");
            select = select.filter(places.expr(tx.is_postgres()));
        }
        let select = select.expr_as(far.clone(), "chord").filter(far.clone().lte(circle.chord_squared()));
        let begin = super::list::Begin { after: seen.after, skip: seen.skip };
        found = rows(tx, select, [far, Expr::col((Entity, Column::Id))], &Order::Asc, begin, most).await?;
        if u64::try_from(found.len()).unwrap_or(u64::MAX) >= most {
            break;
        }
    }
    let page = Page::from_surplus(found, ask.limit, total, |far| PatientKey::Distance {
        chord: far.chord.to_bits(),
        id: PatientId::from_uuid(far.row.id),
    });
    Ok(page.map(|far| far.row))
}
