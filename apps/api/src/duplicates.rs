//! Keeping the lists of duplicates fresh, beside the jobs: a change of a record is no job of its own, so that records that are
//! written by the thousand are matched by the dozen.

use std::time::{Duration, Instant};

use kernel::StoreError;
use kernel::ids::TenantId;
use patients::ports::MatchQueue;
use patients::usecase::refresh_duplicates;

use crate::wiring::App;
use crate::worker::Stop;

/// How long it rests when nothing is due.
const POLL: Duration = Duration::from_secs(1);

/// How many companies take a turn together.
const COMPANIES: u16 = 32;

/// Finds the duplicates of changed records until asked to stop. It works half of the time at most, so that the requests that
/// change them go on.
pub async fn follow(app: &App, mut stop: Stop) {
    let mut last = None;
    while !stop.is_asked() {
        let begun = Instant::now();
        let rest = match turn(app, &mut last).await {
            Ok(0) if last.is_none() => POLL,
            Ok(_) => begun.elapsed(),
            Err(error) => {
                tracing::warn!(%error, "duplicates are looked for later");
                POLL
            }
        };
        tokio::select! {
            () = stop.asked() => {}
            () = tokio::time::sleep(rest) => {}
        }
    }
}

/// Finds the duplicates of all records that have changed; how many changes there were.
pub async fn run_dry(app: &App) -> Result<usize, StoreError> {
    let (mut all, mut last) = (0, None);
    loop {
        let mut round = 0;
        loop {
            round += turn(app, &mut last).await?;
            if last.is_none() {
                break;
            }
        }
        if round == 0 {
            return Ok(all);
        }
        all += round;
    }
}

/// A batch of each of the companies behind the last one that have something due; `last` is `None` again behind all. What fails
/// in one company, or for one record, stands in no other's way.
async fn turn(app: &App, last: &mut Option<TenantId>) -> Result<usize, StoreError> {
    let companies = app.database.companies_to_match(*last, COMPANIES).await?;
    *last = if companies.len() < usize::from(COMPANIES) { None } else { companies.last().copied() };
    let mut done = 0;
    for company in companies {
        match refresh_duplicates(&app.patients, company).await {
            Ok(refreshed) => {
                done += refreshed.done;
                for patient in refreshed.left_out {
                    tracing::error!(%company, %patient, "the record cannot be matched; it is left out until it changes");
                }
            }
            Err(error) => tracing::warn!(%company, %error, "the duplicates of a company are looked for later"),
        }
    }
    Ok(done)
}
