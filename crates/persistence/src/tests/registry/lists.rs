use chrono::Duration;

use super::*;

#[tokio::test]
async fn c4_pages_follow_each_other_in_every_order() {
    for clinic in clinics().await {
        for name in ["Éva Zago", "ana lima", "Ana Lima", "Çelik", "Bruno", "Zé", "Ana"] {
            clinic.clock.advance(Duration::seconds(1));
            clinic.registered(name).await;
        }
        let by_name = ["Ana", "ana lima", "Ana Lima", "Bruno", "Çelik", "Éva Zago", "Zé"];
        let created = ["Éva Zago", "ana lima", "Ana Lima", "Çelik", "Bruno", "Zé", "Ana"];
        let reversed = |names: [&'static str; 7]| names.into_iter().rev().collect::<Vec<_>>();
        for limit in [1, 2, 3, 7, 50] {
            assert_eq!(clinic.walked(by(PatientSort::Name, limit)).await, by_name);
            assert_eq!(clinic.walked(by(PatientSort::NameDescending, limit)).await, reversed(by_name));
            assert_eq!(clinic.walked(by(PatientSort::Created, limit)).await, created);
            assert_eq!(clinic.walked(by(PatientSort::CreatedDescending, limit)).await, reversed(created));
        }
    }
}

#[tokio::test]
async fn c4_a_page_by_number_and_the_total() {
    for clinic in clinics().await {
        for name in ["Ana", "Bia", "Caio", "Davi", "Eva"] {
            clinic.registered(name).await;
            clinic.neighbour().registered(name).await;
        }
        let mut ask = by(PatientSort::Name, 2);
        ask.page.start = Start::Offset(2);
        ask.page.total = Total::Count;
        let page = clinic.listed(Reach::Company, &ask).await;
        assert_eq!((names(&page), page.total), (vec!["Caio".to_owned(), "Davi".to_owned()], Some(5)));
        ask.page.start = Start::After(page.next.unwrap().key().unwrap());
        let page = clinic.listed(Reach::Company, &ask).await;
        assert_eq!((names(&page), page.next.is_none()), (vec!["Eva".to_owned()], true));
        ask.page.start = Start::Offset(858_993_458_800);
        assert_eq!(clinic.listed(Reach::Company, &ask).await.items, []);
    }
}

#[tokio::test]
async fn c4_a_page_is_stable_under_inserts() {
    for clinic in clinics().await {
        for name in ["Ana", "Caio", "Eva"] {
            clinic.registered(name).await;
        }
        let mut ask = by(PatientSort::Name, 2);
        let first = clinic.listed(Reach::Company, &ask).await;
        clinic.registered("Aaron").await;
        clinic.registered("Davi").await;
        ask.page.start = Start::After(first.next.unwrap().key().unwrap());
        assert_eq!(names(&clinic.listed(Reach::Company, &ask).await), ["Davi", "Eva"]);
    }
}
