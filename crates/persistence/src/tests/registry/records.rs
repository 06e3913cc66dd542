use chrono::{Duration, NaiveDate};
use kernel::{Kind, Patch, Refusal};
use patients::model::{
    Address, AddressParts, BirthDate, ContactHours, EmergencyContact, EmergencyContactParts, Gender, HealthPlan,
    HealthPlanParts, IdentifierStatus, Language, Notes, PatientPatch, Sex, Tag,
};
use patients::usecase::{ChangePatient, ChangePatientError, change_patient, read_patient};

use super::*;

const CPF: &str = "093.808.260-44";

fn whole() -> PatientDetails {
    let contact = |kind, raw| Contact::parse(kind, raw, Country::BRAZIL).unwrap();
    PatientDetails {
        social_name: Some(PersonName::parse("Zé D'Ávila").unwrap()),
        birth_date: Some(BirthDate::from_stored(NaiveDate::from_ymd_opt(1980, 2, 29).unwrap())),
        sex: Some(Sex::Male),
        gender: Some(Gender::parse("homem trans").unwrap()),
        mother_name: Some(PersonName::parse("Maria d'Ávila").unwrap()),
        identifiers: vec![
            Identifier::parse(IdentifierKind::Ins, "2 53 07 2A 073 004 43")
                .and_then(|ins| ins.with_status(IdentifierStatus::Qual))
                .unwrap(),
            Identifier::parse(IdentifierKind::Cpf, CPF).unwrap(),
            Identifier::parse(IdentifierKind::Other, "RG 12.345").unwrap(),
        ],
        contacts: ContactList::try_new(vec![
            contact(ContactKind::Email, "Ze@Exemplo.com"),
            contact(ContactKind::Phone, "(41) 8799-0000"),
            contact(ContactKind::Phone, "(41) 3333-4444").into_primary(),
            contact(ContactKind::Instagram, "@ze_davila"),
        ])
        .unwrap(),
        addresses: vec![
            Address::parse(AddressParts {
                street: Some("Rua Sete \"de\" Setembro".to_owned()),
                latitude: Some(-20.3155),
                longitude: Some(-40.3128),
                ..AddressParts::default()
            })
            .unwrap(),
        ],
        health_plans: vec![
            HealthPlan::parse(HealthPlanParts {
                operator: "Unimed".to_owned(),
                card_number: Some("0 064 AB-1234".to_owned()),
                valid_until: NaiveDate::from_ymd_opt(2027, 1, 31),
                ..HealthPlanParts::default()
            })
            .unwrap(),
        ],
        tags: vec![Tag::parse("VIP").unwrap()],
        preferences: Preferences {
            channel: Some(ContactKind::Whatsapp),
            hours: ContactHours::parse("09:00", "12:30").ok(),
            language: Language::parse("pt-BR").ok(),
        },
        emergency_contacts: vec![
            EmergencyContact::parse(&EmergencyContactParts {
                name: "Ana".to_owned(),
                phone: "190".to_owned(),
                relationship: None,
            })
            .unwrap(),
        ],
        notes: Some(Notes::parse("first line\nsecond line").unwrap()),
        custom: CustomFields::parse(json!({"shoe": 42.5, "pets": ["a", null], "deep": {"ok": true}})).unwrap(),
        ..details("José D'Ávila")
    }
}

async fn change(clinic: &Clinic, id: PatientId, seen: i64, patch: PatientPatch) -> Result<Patient, ChangePatientError> {
    let ask = ChangePatient { patient_id: id, seen_version: Some(seen), patch };
    change_patient(&clinic.env, &clinic.writer(Reach::Company), ask, unheard).await.map(Committed::into_value)
}

fn renamed(name: &str) -> PatientPatch {
    PatientPatch { name: Some(PersonName::parse(name).unwrap()), ..PatientPatch::default() }
}

#[tokio::test]
async fn a_record_reads_back_as_it_was_written() {
    for clinic in clinics().await {
        let written = clinic.register(whole()).await.unwrap();
        let read = read_patient(&clinic.env, &clinic.reader(Reach::Company), written.id).await.unwrap();
        assert_eq!(read, written);
        let listed = clinic.listed(Reach::Company, &by(PatientSort::Name, 5)).await.items.remove(0);
        assert_eq!((listed.id, listed.version, listed.created_at), (written.id, 1, noon()));
        assert_eq!(listed.phone.as_deref(), Some("+554133334444"));
        assert_eq!(listed.email.as_deref(), Some("Ze@exemplo.com"));
        assert_eq!((listed.sex, listed.birth_date), (Some(Sex::Male), written.details.birth_date));
    }
}

#[tokio::test]
async fn a_change_replaces_identifiers_and_contacts_and_raises_the_version() {
    for clinic in clinics().await {
        let id = clinic.register(whole()).await.unwrap().id;
        clinic.clock.advance(Duration::minutes(1));
        let patch = PatientPatch {
            identifiers: Patch::Set(vec![Identifier::parse(IdentifierKind::Cpf, CPF).unwrap()]),
            contacts: Patch::Clear,
            notes: Patch::Clear,
            ..PatientPatch::default()
        };
        let changed = change(&clinic, id, 1, patch).await.unwrap();
        let read = read_patient(&clinic.env, &clinic.reader(Reach::Company), id).await.unwrap();
        assert_eq!(read, changed);
        assert_eq!((read.version, read.created_at), (2, noon()));
        assert_eq!(read.updated_at, noon() + Duration::minutes(1));
        assert_eq!((read.details.identifiers.len(), read.details.contacts.as_slice().len()), (1, 0));
        assert_eq!(clinic.listed(Reach::Company, &by(PatientSort::Name, 5)).await.items[0].phone, None);
    }
}

#[tokio::test]
async fn c9_a_change_from_an_older_version_is_stale() {
    for clinic in clinics().await {
        let id = clinic.registered("Ana").await;
        change(&clinic, id, 1, renamed("Eva")).await.unwrap();
        assert_eq!(change(&clinic, id, 1, renamed("Ida")).await.unwrap_err().kind(), Kind::Stale);
        let tx = clinic.db.open(clinic.writer(Reach::Company).scope()).await.unwrap();
        let mut old = read_patient(&clinic.env, &clinic.reader(Reach::Company), id).await.unwrap();
        assert!(!tx.patient_save(&old).await.unwrap());
        old.version += 1;
        assert!(tx.patient_save(&old).await.unwrap());
    }
}

#[tokio::test]
async fn pt1_the_same_cpf_cns_or_ins_is_refused_within_a_company() {
    for clinic in clinics().await {
        for (kind, value) in [
            (IdentifierKind::Cpf, "093.808.260-44"),
            (IdentifierKind::Cns, "116 3876 9194 0009"),
            (IdentifierKind::Ins, "2 53 07 2A 073 004 43"),
        ] {
            let first = clinic.register(with_identifier("Ana", kind, value)).await.unwrap();
            let refused = clinic.register(with_identifier("Eva", kind, value)).await.unwrap_err();
            assert!(
                matches!(refused, RegisterPatientError::DuplicateIdentifier(Some(id)) if id == first.id),
                "{kind:?}"
            );
            assert_eq!((refused.kind(), refused.code()), (Kind::Conflict, "patients.duplicate_identifier"));
            assert_eq!(refused.details()["existing_id"], json!(first.id));
            let other = clinic.registered("Ida").await;
            let identifiers = Patch::Set(vec![Identifier::parse(kind, value).unwrap()]);
            let patch = PatientPatch { identifiers, ..PatientPatch::default() };
            let refused = change(&clinic, other, 1, patch).await.unwrap_err();
            assert!(matches!(refused, ChangePatientError::DuplicateIdentifier(Some(id)) if id == first.id));
            clinic.neighbour().register(with_identifier("Ana", kind, value)).await.unwrap();
        }
        for kind in [IdentifierKind::Passport, IdentifierKind::Other] {
            for name in ["Ana", "Eva"] {
                clinic.register(with_identifier(name, kind, "FZ123456")).await.unwrap();
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pt1_of_two_registrations_at_once_one_wins() {
    for clinic in clinics().await {
        let register = |name| clinic.register(with_identifier(name, IdentifierKind::Cpf, CPF));
        let (a, b, c) = tokio::join!(register("Ana"), register("Eva"), register("Ida"));
        let all = [a, b, c];
        let won: Vec<PatientId> = all.iter().filter_map(|done| done.as_ref().ok().map(|patient| patient.id)).collect();
        assert_eq!(won.len(), 1);
        for refused in all.into_iter().filter_map(Result::err) {
            assert!(
                matches!(refused, RegisterPatientError::DuplicateIdentifier(Some(id)) if id == won[0]),
                "{refused:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_refused_registration_leaves_nothing() {
    for clinic in clinics().await {
        clinic.register(with_identifier("Ana", IdentifierKind::Cpf, CPF)).await.unwrap();
        clinic.register(with_identifier("Eva", IdentifierKind::Cpf, CPF)).await.unwrap_err();
        let tx = clinic.db.open(clinic.reader(Reach::Company).scope()).await.unwrap();
        for table in ["patient", "patient_identifier", "journal_entry", "event"] {
            let sql = format!("SELECT count(*) AS n FROM {table} WHERE tenant_id = $1");
            let rows = tx.rows(&sql, [clinic.tenant.uuid().into()]).await.unwrap();
            assert_eq!(rows[0].try_get::<i64>("", "n").unwrap(), 1, "{table}");
        }
    }
}

#[tokio::test]
async fn a_record_of_the_largest_size_is_kept() {
    for clinic in clinics().await {
        let contact = |n| {
            let email = format!("{n}{}@{}.example", "é".repeat(31), "b".repeat(63));
            Contact::parse(ContactKind::Email, &email, Country::BRAZIL).unwrap()
        };
        let large = PatientDetails {
            contacts: ContactList::try_new((10..30).map(contact).collect()).unwrap(),
            notes: Some(Notes::parse(&"é".repeat(10_000)).unwrap()),
            ..details(&"漢".repeat(200))
        };
        let written = clinic.register(large).await.unwrap();
        let read = read_patient(&clinic.env, &clinic.reader(Reach::Company), written.id).await.unwrap();
        assert_eq!(read, written);
        assert_eq!(clinic.found(Reach::Company, &"漢".repeat(150)).await.len(), 1);
        assert_eq!(clinic.found(Reach::Company, &format!("29{}", "é".repeat(31))).await.len(), 0);
        assert_eq!(clinic.found(Reach::Company, &format!("29{}@", "é".repeat(31))).await.len(), 1);
    }
}
