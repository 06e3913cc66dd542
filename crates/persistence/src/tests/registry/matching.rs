//! Candidates and pairs (PT6): blocks of any size are bounded, reach holds, and what changes meanwhile is left to its own turn.

use patients::model::matching::{Grade, Traits, best_matches};
use patients::model::{BirthDate, ContactKind};
use patients::ports::{
    DuplicateList, LARGEST_BLOCK, MatchQueue as _, MatchReads as _, MatchWrites as _, TELLING_BLOCK,
};
use patients::usecase::{Refreshed, refresh_duplicates};

use super::*;
use crate::rows::patient_match_key;

const DESK: &str = "27 3333-0000";

fn born(name: &str, day: &str) -> PatientDetails {
    let birth_date = Some(BirthDate::from_stored(day.parse().unwrap()));
    PatientDetails { birth_date, ..with_contact(name, ContactKind::Phone, DESK) }
}

async fn candidates(clinic: &Clinic, reach: Reach, details: &PatientDetails) -> Vec<PatientId> {
    let view = clinic.db.look(clinic.reader(reach).scope()).await.unwrap();
    let found = view.match_candidates(&Traits::of_details(details).keys(), None).await.unwrap();
    found.into_iter().map(|candidate| candidate.patient.id).collect()
}

#[tokio::test]
async fn pt6_a_huge_block_is_bounded_and_loses_nobody_who_shares_a_rarer_one() {
    for clinic in clinics().await {
        let wanted = clinic.register(born("Anaximandra Quintanilha", "1986-04-12")).await.unwrap().id;
        for number in 0..LARGEST_BLOCK + 50 {
            clinic.register(with_contact(&format!("Pessoa {number}"), ContactKind::Phone, DESK)).await.unwrap();
        }
        let draft = born("Anaximandra Quintanilha", "1986-04-12");
        let found = candidates(&clinic, Reach::Company, &draft).await;
        assert_eq!(found, [wanted], "the oldest of the block, but of a rare name; the others have its number alone");
        for number in 0..TELLING_BLOCK {
            clinic
                .register(with_contact(&format!("Gente {number}"), ContactKind::Phone, "27 3333-1111"))
                .await
                .unwrap();
        }
        let few = with_contact("Alguém", ContactKind::Phone, "27 3333-1111");
        let telling = usize::try_from(TELLING_BLOCK).unwrap();
        assert_eq!(
            candidates(&clinic, Reach::Company, &few).await.len(),
            telling,
            "a number that few have tells of them"
        );
        assert_eq!(candidates(&clinic, Reach::Own(wanted), &draft).await, [wanted]);
        assert_eq!(candidates(&clinic, Reach::Nothing, &draft).await, []);
        assert_eq!(candidates(&clinic.neighbour(), Reach::Company, &draft).await, []);
        let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
        let traits = Traits::of_details(&draft);
        let best = best_matches(&traits, view.match_candidates(&traits.keys(), None).await.unwrap());
        assert_eq!(
            best.first().map(|found| (found.patient.id, found.likeness.grade())),
            Some((wanted, Grade::Certain))
        );
    }
}

#[tokio::test]
async fn pt6_what_is_due_is_dealt_with_once_and_by_several_workers_to_the_same_end() {
    for clinic in clinics().await {
        let mut ids = Vec::new();
        for _ in 0..6 {
            ids.push(clinic.register(born("Anaximandra Quintanilha", "1986-04-12")).await.unwrap().id);
        }
        assert!(clinic.db.companies_to_match(None, 10_000).await.unwrap().contains(&clinic.tenant));
        let work = || refresh_duplicates(&clinic.env, clinic.tenant);
        let (one, other) = tokio::join!(work(), work());
        assert!(one.unwrap().done + other.unwrap().done >= ids.len());
        assert_eq!(work().await.unwrap(), Refreshed::default());
        assert!(!clinic.db.companies_to_match(None, 10_000).await.unwrap().contains(&clinic.tenant));
        let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
        let ask = patients::ports::DuplicateList { grades: vec![Grade::Certain], page: PageAsk::first(50) };
        assert_eq!(view.duplicate_list(&ask).await.unwrap().items.len(), 15, "each with each");
        let view = clinic.db.look(clinic.reader(Reach::Nothing).scope()).await.unwrap();
        assert!(view.duplicate_list(&ask).await.unwrap().items.is_empty());
    }
}

/// Writes a record as it is, or changed, so that it is due.
async fn touch(clinic: &Clinic, id: PatientId, change: impl FnOnce(&mut Patient)) {
    let tx = clinic.db.open(clinic.writer(Reach::Company).scope()).await.unwrap();
    let mut patient = tx.patient_by_id(id).await.unwrap().unwrap();
    patient.version += 1;
    change(&mut patient);
    assert!(tx.patient_save(&patient).await.unwrap());
    kernel::Transaction::finish(Box::new(tx)).await.unwrap();
}

async fn pairs(clinic: &Clinic) -> Vec<[PatientId; 2]> {
    let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
    let ask = DuplicateList { grades: Vec::new(), page: PageAsk::first(50) };
    view.duplicate_list(&ask).await.unwrap().items.into_iter().map(|pair| pair.patients.map(|one| one.id)).collect()
}

async fn refresh(clinic: &Clinic) -> Refreshed {
    refresh_duplicates(&clinic.env, clinic.tenant).await.unwrap()
}

#[tokio::test]
async fn pt6_a_pair_stays_whichever_side_is_looked_at_again_until_it_matches_no_more() {
    for clinic in clinics().await {
        let mut ids = Vec::new();
        for name in ["Anaximandra Quintanilha", "Anaximandra Quintamilha"] {
            ids.push(clinic.register(with_contact(name, ContactKind::Phone, DESK)).await.unwrap().id);
        }
        let (one, other) = (ids[0], ids[1]);
        refresh(&clinic).await;
        assert_eq!(pairs(&clinic).await, [[one, other]], "they share a telephone alone");
        for number in 0..LARGEST_BLOCK + 50 {
            clinic.register(with_contact(&format!("Pessoa {number}"), ContactKind::Phone, DESK)).await.unwrap();
        }
        let tx = clinic.db.open(clinic.writer(Reach::Company).scope()).await.unwrap();
        let due = tx.match_due(10_000).await.unwrap();
        tx.match_done(&due).await.unwrap();
        kernel::Transaction::finish(Box::new(tx)).await.unwrap();
        for touched in [one, other, other, one] {
            touch(&clinic, touched, |_| ()).await;
            assert_eq!(refresh(&clinic).await.done, 1);
            assert_eq!(pairs(&clinic).await, [[one, other]], "both are too old to be searched for in their block");
        }
        touch(&clinic, other, |patient| patient.details = details("Zulmira Barbalho")).await;
        assert_eq!(refresh(&clinic).await.done, 1);
        assert!(pairs(&clinic).await.is_empty());
    }
}

#[tokio::test]
async fn pt6_a_record_that_cannot_be_read_stops_no_other() {
    for clinic in clinics().await {
        let one = clinic.register(born("Anaximandra Quintanilha", "1986-04-12")).await.unwrap().id;
        let bad = clinic.registered("Zulmira Barbalho").await;
        let other = clinic.register(born("Anaximandra Quintanilha", "1986-04-12")).await.unwrap().id;
        let tx = clinic.db.open(clinic.writer(Reach::Company).scope()).await.unwrap();
        let broken = "UPDATE patient SET addresses = '{\"street\": 1}' WHERE tenant_id = $1 AND id = $2";
        tx.run(broken, [clinic.tenant.uuid().into(), bad.uuid().into()]).await.unwrap();
        kernel::Transaction::finish(Box::new(tx)).await.unwrap();
        assert_eq!(refresh(&clinic).await, Refreshed { done: 3, left_out: vec![bad] });
        assert_eq!(pairs(&clinic).await, [[one, other]]);
        assert_eq!(refresh(&clinic).await, Refreshed::default(), "it is not tried for ever");
    }
}

#[tokio::test]
async fn pt6_records_out_of_use_fill_no_block() {
    for clinic in clinics().await {
        let id = clinic.register(born("Anaximandra Quintanilha", "1986-04-12")).await.unwrap().id;
        let keys = async || {
            let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
            view.all(view.select::<patient_match_key::Entity>()).await.unwrap().len()
        };
        let before = keys().await;
        assert!(before > 0);
        touch(&clinic, id, |patient| patient.archived_at = Some(noon())).await;
        assert_eq!(keys().await, 0);
        assert_eq!(refresh(&clinic).await.done, 2, "its pairs are to be removed");
        assert_eq!(keys().await, 0);
        touch(&clinic, id, |patient| patient.archived_at = None).await;
        assert_eq!(keys().await, before);
    }
}

#[tokio::test]
async fn pt6_companies_with_something_due_are_paged_in_their_order() {
    for clinic in clinics().await {
        let others = [clinic.neighbour(), clinic.neighbour()];
        let mut own = Vec::new();
        for one in others.iter().chain([&clinic]) {
            one.registered("Anaximandra Quintanilha").await;
            one.registered("Zulmira Barbalho").await;
            own.push(one.tenant);
        }
        own.sort_unstable();
        let (mut last, mut seen) = (own[0], vec![own[0]]);
        while last < own[2] {
            let page = clinic.db.companies_to_match(Some(last), 1).await.unwrap();
            assert!(page.len() == 1 && page[0] > last, "{page:?} behind {last}");
            last = page[0];
            seen.extend(own.contains(&last).then_some(last));
        }
        assert_eq!(seen, own);
        let all = clinic.db.companies_to_match(None, 10_000).await.unwrap();
        assert!(all.is_sorted() && own.iter().all(|one| all.contains(one)));
    }
}
