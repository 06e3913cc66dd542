//! Moving the file's days into the future.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, SecondsFormat, TimeZone, Utc};
use chrono_tz::Tz;

use crate::Outcome;

/// The clinic's calendar: the file's days, moved by whole weeks so that the first lies after today.
#[derive(Debug, Clone, Copy)]
pub struct Calendar {
    zone: Tz,
    shift: Days,
}

impl Calendar {
    /// The fewest weeks that will do.
    pub fn after(now: DateTime<Utc>, zone: Tz, first: NaiveDate) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        let behind = u64::try_from((today - first).num_days()).ok();
        let weeks = behind.map_or(0, |days| days / 7 + 1);
        Self { zone, shift: Days::new(weeks * 7) }
    }

    /// Where a day of the file lies now.
    pub fn day(&self, of_the_file: NaiveDate) -> NaiveDate {
        of_the_file.checked_add_days(self.shift).unwrap_or(NaiveDate::MAX)
    }

    /// A moved day as the half-open interval of instants that the API asks for.
    pub fn bounds(&self, of_the_file: NaiveDate) -> Outcome<(String, String)> {
        let day = self.day(of_the_file);
        let next = day.succ_opt().ok_or("the calendar ends")?;
        Ok((self.midnight(day)?, self.midnight(next)?))
    }

    fn midnight(self, day: NaiveDate) -> Outcome<String> {
        let start = self.zone.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest();
        let start = start.ok_or_else(|| format!("{day} has no midnight in {}", self.zone))?;
        Ok(start.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Secs, true))
    }
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;

    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn days_move_by_whole_weeks_to_after_today() {
        for now in ["2026-11-22T02:00:00Z", "2026-11-20T12:00:00Z", "2026-11-26T23:59:59Z", "2026-11-27T12:00:00Z"] {
            let now: DateTime<Utc> = now.parse().unwrap();
            let zone = chrono_tz::America::Sao_Paulo;
            let first = date("2016-04-29");
            let moved = Calendar::after(now, zone, first).day(first);
            let ahead = (moved - now.with_timezone(&zone).date_naive()).num_days();
            assert!((1..=7).contains(&ahead), "{now}: {moved}");
            assert_eq!(moved.weekday(), first.weekday());
        }
        let calendar = Calendar::after("2016-04-01T00:00:00Z".parse().unwrap(), chrono_tz::UTC, date("2016-04-29"));
        assert_eq!(calendar.day(date("2016-04-29")), date("2016-04-29"));
    }

    #[test]
    fn a_day_is_a_local_one() {
        let calendar =
            Calendar::after("2016-04-01T00:00:00Z".parse().unwrap(), chrono_tz::America::Sao_Paulo, date("2016-04-29"));
        let (from, to) = calendar.bounds(date("2016-04-29")).unwrap();
        assert_eq!((from.as_str(), to.as_str()), ("2016-04-29T03:00:00Z", "2016-04-30T03:00:00Z"));
    }
}
