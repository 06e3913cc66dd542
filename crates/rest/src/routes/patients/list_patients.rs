//! `GET /api/v1/patients`

use kernel::{PageAsk, Start};
use patients::Patients;
use patients::model::SearchTerms;
use patients::permission::PatientsRead;
use patients::ports::{PatientKey, PatientList, PatientSort};
use patients::usecase;
use serde::Serialize;
use utoipa::ToSchema;

use crate::state::Env;
use crate::wire::patients::{PatientPage, Reading, SearchWords};
use crate::{FromJson, FromQuery, Guard, PageParams, Params, Problem, Read, operation};

/// The order of patients; `-` turns it round
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, FromJson, ToSchema)]
pub enum PatientOrder {
    /// By name.
    #[serde(rename = "name")]
    Name,
    /// By name, last first.
    #[serde(rename = "-name")]
    NameDescending,
    /// By registration.
    #[serde(rename = "created")]
    Created,
    /// By registration, newest first.
    #[serde(rename = "-created")]
    CreatedDescending,
}

/// Which patients
#[derive(Debug, FromQuery)]
pub struct PatientFilter {
    /// Any part of names, of CPF, CNS and other identifiers, of telephone numbers, e-mail addresses and card numbers;
    /// several words all have to match. Exact matches come first, then beginnings of words, then the rest.
    search: Option<SearchWords>,
    /// The order; a search has its own.
    sort: Option<PatientOrder>,
    #[query(flatten)]
    page: PageParams,
}

/// List patients
///
/// All within the caller's reach, or those that a search finds.
#[operation]
pub async fn list_patients(
    guard: Guard<PatientsRead>,
    patients: Env<Patients>,
    params: Params<PatientFilter>,
) -> Result<Read<PatientPage>, Problem> {
    let ask = params.0.ask(Reading::of(guard.session()?, &*patients.clock)?)?;
    let page = usecase::list_patients(&patients, &guard.reading(), &ask).await?;
    Ok(Read::page(page, Into::into))
}

impl PatientFilter {
    fn ask(self, reading: Reading) -> Result<PatientList, Problem> {
        let sort = match self.sort {
            None | Some(PatientOrder::Name) => PatientSort::Name,
            Some(PatientOrder::NameDescending) => PatientSort::NameDescending,
            Some(PatientOrder::Created) => PatientSort::Created,
            Some(PatientOrder::CreatedDescending) => PatientSort::CreatedDescending,
        };
        let search = match &self.search {
            None => None,
            Some(words) => match SearchTerms::parse_in(&words.0, reading.country()) {
                Ok(terms) => Some(terms).filter(|terms| !terms.is_empty()),
                Err(_) => return Err(Problem::invalid_at("search", "too_many_words")),
            },
        };
        let list = PatientList { search, sort, page: self.page.ask()? };
        if belongs(&list.page, &list) { Ok(list) } else { Err(Problem::invalid_at("cursor", "invalid_cursor")) }
    }
}

/// True unless the cursor is one of another list, or made up.
fn belongs(page: &PageAsk<PatientKey>, list: &PatientList) -> bool {
    let by_name = matches!(list.sort, PatientSort::Name | PatientSort::NameDescending);
    match &page.start {
        Start::First | Start::Offset(_) => true,
        Start::After(PatientKey::Name { stage, text, .. }) => {
            let stages = if list.search.is_some() { 0..=2 } else { 0..=0 };
            stages.contains(stage) && (by_name || list.search.is_some()) && !text.contains('\0')
        }
        Start::After(PatientKey::Created { at, .. }) => {
            list.search.is_none() && !by_name && (0..=253_402_300_799).contains(&at.timestamp())
        }
    }
}

#[cfg(test)]
mod tests {
    use kernel::{Cursor, PageAsk, Total};
    use patients::model::Country;
    use serde_json::json;

    use super::*;

    fn is_taken(search: Option<&str>, sort: PatientSort, key: &serde_json::Value) -> bool {
        let Ok(key) = Cursor::after(key).key::<PatientKey>() else { return false };
        let search = search.map(|query| SearchTerms::parse_in(query, Country::BRAZIL).unwrap());
        let page = PageAsk { limit: 5, start: Start::After(key), total: Total::Skip };
        belongs(&page.clone(), &PatientList { search, sort, page })
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
        for (search, sort, key) in [
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
