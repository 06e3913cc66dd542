//! What very many have in common, or are taken out together.

use patients::model::{PatientFilter, Tag, TagKey};
use patients::ports::ExportReads as _;
use patients::ports::imports::{MOST_SHARING, RegistryImport as _};
use sea_orm::sqlx;

use super::plans::{listen, told};
use super::*;

/// A telephone number that a clinic writes down for whoever has none.
const PLACEHOLDER: &str = "(27) 99999-9999";
/// More than SQLite takes parameters.
const CROWD: usize = 40_000;

impl Clinic {
    /// So many patients who have all that the only one has, but for the id.
    async fn multiplied(&self, count: usize) {
        let (id, numbers, tenant) = if self.is_postgres() {
            ("gen_random_uuid()", format!("generate_series(1, {count}) n"), format!("'{}'", self.tenant))
        } else {
            let numbers = format!(
                "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {count}) SELECT n FROM s) n"
            );
            ("randomblob(16)", numbers, format!("x'{}'", self.tenant.uuid().simple()))
        };
        let columns = "name, stage, addresses, health_plans, tags, preferences, emergency_contacts, custom, sort_text, \
             search_text, version, created_at, updated_at";
        self.ran(
            &format!(
                "INSERT INTO patient (tenant_id, id, {columns}) SELECT p.tenant_id, {id}, {columns} \
                 FROM patient p, {numbers} WHERE p.tenant_id = {tenant}"
            ),
            Vec::new(),
        )
        .await;
        self.ran(
            &format!(
                "INSERT INTO patient_contact (tenant_id, patient_id, ordinal, kind, value, raw, is_primary, match_key) \
                 SELECT c.tenant_id, p.id, c.ordinal, c.kind, c.value, c.raw, c.is_primary, c.match_key FROM patient_contact c \
                 JOIN patient p ON p.tenant_id = c.tenant_id AND p.id <> c.patient_id WHERE c.tenant_id = {tenant}"
            ),
            Vec::new(),
        )
        .await;
        if let Some(mut owner) = self.owner().await {
            sqlx::raw_sql("ANALYZE").execute(&mut owner).await.unwrap();
        }
    }
}

#[tokio::test]
async fn pt3_a_number_that_a_crowd_shares_is_searched_like_any_other() {
    for clinic in clinics().await {
        clinic.register(with_contact("Ana", ContactKind::Phone, PLACEHOLDER)).await.unwrap();
        clinic.multiplied(CROWD).await;
        clinic.register(with_contact("Bia", ContactKind::Phone, PLACEHOLDER)).await.unwrap();
        let mut first = search_for(PLACEHOLDER, 50);
        first.page.total = Total::Count;
        let page = clinic.listed(Reach::Company, &first).await;
        assert_eq!((page.items.len(), page.total), (50, u64::try_from(CROWD + 2).ok()));
        assert!(names(&page).iter().all(|name| name == "Ana"));
        first.page.start = Start::After(page.next.unwrap().key().unwrap());
        let page = clinic.listed(Reach::Company, &first).await;
        assert_eq!(page.items.len(), 50);
        first.page.start = Start::Offset(u64::try_from(CROWD).unwrap());
        assert_eq!(clinic.listed(Reach::Company, &first).await.items.len(), 2);
    }
}

#[tokio::test]
async fn pt8_an_import_looks_at_some_of_a_crowd() {
    for clinic in clinics().await {
        let ana = clinic.register(with_contact("Ana", ContactKind::Phone, PLACEHOLDER)).await.unwrap();
        let eva = clinic.register(with_contact("Eva", ContactKind::Email, "eva@example.com")).await.unwrap();
        let keys = |patient: &Patient| patient.details.contacts.as_slice()[0].match_keys();
        let keys = [keys(&ana), keys(&eva)].concat();
        let held = async || {
            let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
            view.contacts_held(&keys).await.unwrap()
        };
        let mut two = vec![ana.id, eva.id];
        two.sort();
        let mut found: Vec<PatientId> = held().await.into_iter().map(|(_, patient)| patient).collect();
        found.sort();
        assert_eq!(found, two);
        for _ in 0..MOST_SHARING + 20 {
            clinic.register(with_contact("Ana", ContactKind::Phone, PLACEHOLDER)).await.unwrap();
        }
        let found = held().await;
        assert_eq!(found.len(), MOST_SHARING + 1);
        assert!(found.iter().any(|(_, patient)| *patient == eva.id));
    }
}

#[tokio::test]
async fn pt9_an_export_chooses_its_way_once() {
    for clinic in clinics().await {
        let tagged = |name: &str| PatientDetails { tags: vec![Tag::parse("vip").unwrap()], ..details(name) };
        let mut expected = Vec::new();
        for number in 0..7 {
            expected.push(clinic.register(tagged(&format!("Ana {number}"))).await.unwrap().id);
            clinic.registered("Bia").await;
        }
        expected.sort();
        let tags = vec![TagKey::of(&Tag::parse("vip").unwrap())];
        let selection = PatientSelection { search: None, filter: PatientFilter { tags, ..PatientFilter::default() } };
        let (mut found, mut asked) = (Vec::new(), Vec::new());
        loop {
            let view = clinic.db.look(clinic.reader(Reach::Company).scope()).await.unwrap();
            listen();
            let some = view.patient_records(&selection, found.last().copied(), 2).await.unwrap();
            asked.push(told().len());
            found.extend(some.iter().map(|patient| patient.id));
            if some.len() < 2 {
                break;
            }
        }
        assert_eq!(found, expected);
        assert_eq!(asked, [2, 1, 1, 1], "what is rare is asked once");
    }
}
