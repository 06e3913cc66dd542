//! `GET /api/v1/availability/{practitioner_id}/exceptions`

use kernel::ids::{PractitionerId, ScheduleExceptionId};
use kernel::{Page, PageAsk, Start, Total};
use scheduling::Scheduling;
use scheduling::model::availability::ScheduleException;
use scheduling::permission::AvailabilityRead;
use scheduling::usecase;

use super::read_availability::notes_for;
use crate::state::Env;
use crate::wire::scheduling::{ExceptionPage, ExceptionWire};
use crate::{FromQuery, Guard, Id, PageParams, Params, Problem, Read, operation};

/// Which exceptions
#[derive(Debug, FromQuery)]
pub struct ExceptionFilter {
    #[query(flatten)]
    page: PageParams,
}

/// List a practitioner's exceptions
///
/// Overrides of dates and leave, in the order of their entry.
#[operation]
pub async fn list_exceptions(
    guard: Guard<AvailabilityRead>,
    scheduling: Env<Scheduling>,
    id: Id<PractitionerId>,
    params: Params<ExceptionFilter>,
) -> Result<Read<ExceptionPage>, Problem> {
    let ask = params.0.page.ask()?;
    let availability = usecase::read_availability(&scheduling, &guard.reading(), id.0).await?;
    let notes = notes_for(guard.session()?);
    Ok(Read::page(page_of(availability.exceptions, &ask), |one| ExceptionWire::of(&one, notes)))
}

/// A practitioner's exceptions are few and read together, so that the page is cut from them here.
fn page_of(all: Vec<ScheduleException>, ask: &PageAsk<ScheduleExceptionId>) -> Page<ScheduleException> {
    let total = match ask.total {
        Total::Skip => None,
        Total::Count => u64::try_from(all.len()).ok(),
    };
    let skipped = match ask.start {
        Start::First => 0,
        Start::After(last) => all.iter().take_while(|one| one.id <= last).count(),
        Start::Offset(rows) => usize::try_from(rows).unwrap_or(usize::MAX),
    };
    let rows = all.into_iter().skip(skipped).take(usize::from(ask.limit) + 1).collect();
    Page::from_surplus(rows, ask.limit, total, |one| one.id)
}
