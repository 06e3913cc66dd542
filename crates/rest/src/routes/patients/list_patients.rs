//! `GET /api/v1/patients`

use kernel::{PageAsk, Permit, Start};
use patients::Patients;
use patients::model::PatientSelection;
use patients::permission::{PatientsRead, Sight};
use patients::ports::{PatientKey, PatientList, PatientSort};
use patients::usecase;

use crate::state::Env;
use crate::wire::patients::{PatientCriteria, PatientOrder, PatientPage, Reading};
use crate::{FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// Which patients
#[derive(Debug, FromQuery)]
pub struct ListedPatients {
    #[query(flatten)]
    criteria: PatientCriteria,
    /// The order; a search has its own.
    sort: Option<PatientOrder>,
    #[query(flatten)]
    page: PageParams,
}

/// List patients
///
/// All within the caller's reach, or those that a search and filters leave; every filter that is given has to hold. Merged and
/// archived records are left out unless they are asked for. What a caller does not see cannot be filtered or sorted by: 403.
#[operation]
pub async fn list_patients(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    params: Params<ListedPatients>,
) -> Result<Read<PatientPage>, Problem> {
    let sight = Sight::of(&guard.session()?.principal().grants);
    let (reading, permit) = (Reading::of(guard.session()?, &*patients.clock)?, guard.reading());
    let ask = params.0.ask(reading, &patients, &permit).await?;
    let page = usecase::list_patients(&patients, &permit, &ask, &sight).await?;
    Ok(Read::page(page, Into::into))
}

impl ListedPatients {
    async fn ask(
        self,
        reading: Reading,
        patients: &Patients,
        permit: &Permit<PatientsRead>,
    ) -> Result<PatientList, Problem> {
        let selection = self.criteria.selection(reading, patients, permit).await?;
        let sort = PatientOrder::sort(self.sort, &selection.filter)?;
        let page = self.page.ask()?;
        if !belongs(&page, &selection, sort) {
            return Err(Problem::invalid_at("cursor", "invalid_cursor"));
        }
        Ok(PatientList { selection, sort, page })
    }
}

/// True unless the cursor is one of another list, or made up.
fn belongs(page: &PageAsk<PatientKey>, selection: &PatientSelection, sort: PatientSort) -> bool {
    let Start::After(key) = &page.start else { return true };
    let is_search = selection.search.is_some();
    match key {
        PatientKey::Name { stage, text, .. } => {
            let by_name = matches!(sort, PatientSort::Name | PatientSort::NameDescending);
            let stages = if is_search { 0..=2 } else { 0..=0 };
            stages.contains(stage) && (by_name || is_search) && !text.contains('\0')
        }
        _ if is_search => false,
        PatientKey::Created { at, .. } => {
            matches!(sort, PatientSort::Created | PatientSort::CreatedDescending) && is_sensible(at.timestamp())
        }
        PatientKey::Distance { chord, .. } => {
            sort == PatientSort::Distance && (0.0..=4.1).contains(&f64::from_bits(*chord))
        }
        PatientKey::Visit { visit, .. } => sort.is_by_visits() && visit.is_none_or(|at| is_sensible(at.timestamp())),
    }
}

/// Years with four digits.
fn is_sensible(timestamp: i64) -> bool {
    (0..=253_402_300_799).contains(&timestamp)
}

#[cfg(test)]
mod tests {
    use kernel::{Cursor, PageAsk, Total};
    use patients::model::{Country, PatientFilter, SearchTerms};
    use serde_json::json;

    use super::*;

    fn is_taken(search: Option<&str>, sort: PatientSort, key: &serde_json::Value) -> bool {
        let Ok(key) = Cursor::after(key).key::<PatientKey>() else { return false };
        let search = search.map(|query| SearchTerms::parse_in(query, Country::BRAZIL).unwrap());
        let page = PageAsk { limit: 5, start: Start::After(key), total: Total::Skip };
        belongs(&page, &PatientSelection { search, filter: PatientFilter::default() }, sort)
    }

    #[test]
    fn c4_a_cursor_of_another_list_or_made_up_is_refused() {
        let id = uuid::Uuid::nil();
        let name = |stage: u8| json!({"stage": stage, "text": "ana", "id": id});
        let created = json!({"at": "2026-03-02T12:00:00Z", "id": id});
        assert!(is_taken(None, PatientSort::Name, &name(0)));
        assert!(is_taken(None, PatientSort::NameDescending, &name(0)));
        assert!(is_taken(Some("ana"), PatientSort::Created, &name(2)));
        assert!(is_taken(None, PatientSort::Created, &created));
        let distance = |chord: f64| json!({"chord": chord.to_bits(), "id": id});
        assert!(is_taken(None, PatientSort::Distance, &distance(0.5)));
        assert!(is_taken(None, PatientSort::LastVisit, &json!({"visit": null, "id": id})));
        assert!(is_taken(None, PatientSort::NextAppointment, &json!({"visit": "2026-03-02T12:00:00Z", "id": id})));
        for (search, sort, key) in [
            (None, PatientSort::Distance, distance(f64::NAN)),
            (None, PatientSort::Name, distance(0.5)),
            (None, PatientSort::Created, json!({"visit": null, "id": id})),
            (Some("ana"), PatientSort::LastVisit, json!({"visit": null, "id": id})),
            (None, PatientSort::Name, name(1)),
            (Some("ana"), PatientSort::Name, name(3)),
            (None, PatientSort::Created, name(0)),
            (None, PatientSort::Name, created.clone()),
            (Some("ana"), PatientSort::Created, created),
            (None, PatientSort::Name, json!({"stage": 0, "text": "a\0", "id": id})),
            (None, PatientSort::Created, json!({"at": "-4800-03-02T12:00:00Z", "id": id})),
            (None, PatientSort::Name, json!({"id": id})),
        ] {
            assert!(!is_taken(search, sort, &key), "{sort:?} {key}");
        }
    }
}
