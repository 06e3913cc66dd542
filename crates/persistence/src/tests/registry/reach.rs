use chrono::{Duration, NaiveDate};
use kernel::{Kind, Refusal};
use patients::usecase::read_patient;
use sea_orm::Value;

use super::*;
use crate::rows::patient_link;

impl Clinic {
    /// A membership of this company, past the stores of identity.
    pub(super) async fn membership(&self) -> MembershipId {
        let ids: &dyn Ids = &SystemIds;
        let (account, membership) = (ids.uuid(), ids.next::<MembershipId>());
        let email = Value::from(format!("{account}@example.com"));
        let mut tx = self.db.open_across("test").await.unwrap();
        let run =
            "INSERT INTO account (id, email, name, locale, created_at, version) VALUES ($1, $2, 'A', 'pt-BR', $3, 1)";
        tx.run(run, [account.into(), email, noon().into()]).await.unwrap();
        tx.confine(self.tenant).await.unwrap();
        let run = "INSERT INTO company (tenant_id, id, name, country, locale, created_at, version) \
             VALUES ($1, $1, 'C', 'BR', 'pt-BR', $2, 1) ON CONFLICT DO NOTHING";
        tx.run(run, [self.tenant.uuid().into(), noon().into()]).await.unwrap();
        let run = "INSERT INTO membership (tenant_id, id, account_id, role, status, display_name, registrations, created_at, \
             version) VALUES ($1, $2, $3, 'caregiver', 'active', 'A', '[]', $4, 1)";
        let values = [self.tenant.uuid().into(), membership.uuid().into(), account.into(), noon().into()];
        tx.run(run, values).await.unwrap();
        let entity = PatientId::from_uuid(ids.uuid());
        let permit: Permit<Act> = Permit::system(self.tenant, "test", Origin::default());
        let _ = commit(Box::new(tx), permit.journal(entity, noon()), (), unheard).await.unwrap();
        membership
    }

    pub(super) async fn link(
        &self,
        membership: MembershipId,
        patient: PatientId,
        from: NaiveDate,
        to: Option<NaiveDate>,
    ) {
        let permit: Permit<Act> = Permit::system(self.tenant, "test", Origin::default());
        let tx = self.db.open(permit.scope()).await.unwrap();
        tx.insert(patient_link::Model {
            tenant_id: self.tenant.uuid(),
            id: SystemIds.uuid(),
            membership_id: membership.uuid(),
            patient_id: patient.uuid(),
            kind: "caregiver".to_owned(),
            valid_from: from,
            valid_to: to,
            version: 1,
        })
        .await
        .unwrap();
        let _ = commit(Box::new(tx), permit.journal(patient, noon()), (), unheard).await.unwrap();
    }

    /// What a caller of this reach lists, finds, counts and reads; all must agree.
    async fn reached(&self, reach: Reach) -> Vec<String> {
        let mut all = by(PatientSort::Name, 50);
        all.page.total = Total::Count;
        let listed = self.listed(reach, &all).await;
        let mut found = search_for("paciente", 50);
        found.page.total = Total::Count;
        let found = self.listed(reach, &found).await;
        assert_eq!(names(&listed), names(&found));
        assert_eq!((listed.total, found.total), (u64::try_from(listed.items.len()).ok(), listed.total));
        let everyone = self.listed(Reach::Company, &by(PatientSort::Name, 50)).await;
        for patient in everyone.items {
            let read = read_patient(&self.env, &self.reader(reach), patient.id).await;
            let is_listed = listed.items.iter().any(|item| item.id == patient.id);
            assert_eq!(
                read.map(|_| ()).map_err(|refused| refused.kind()),
                is_listed.then_some(()).ok_or(Kind::NotFound)
            );
        }
        names(&listed)
    }
}

#[tokio::test]
async fn own_and_no_reach_see_one_patient_and_none() {
    for clinic in clinics().await {
        let ana = clinic.registered("Ana Paciente").await;
        clinic.registered("Eva Paciente").await;
        assert_eq!(clinic.reached(Reach::Own(ana)).await, ["Ana Paciente"]);
        assert_eq!(clinic.reached(Reach::Nothing).await, [""; 0]);
        assert_eq!(clinic.reached(Reach::Company).await, ["Ana Paciente", "Eva Paciente"]);
        assert_eq!(clinic.neighbour().reached(Reach::Own(ana)).await, [""; 0]);
        assert_eq!(clinic.neighbour().found(Reach::Company, "paciente").await, [""; 0]);
    }
}

#[tokio::test]
async fn a_link_reaches_its_patient_while_it_is_valid() {
    for clinic in clinics().await {
        let (mine, other) = (clinic.membership().await, clinic.membership().await);
        let today = noon().date_naive();
        let day = |days| today + Duration::days(days);
        for (name, membership, from, to) in [
            ("Agora Paciente", mine, day(0), None),
            ("Ainda Paciente", mine, day(-9), Some(day(1))),
            ("Antes Paciente", mine, day(-9), Some(day(0))),
            ("Depois Paciente", mine, day(1), None),
            ("Outro Paciente", other, day(-9), None),
        ] {
            let patient = clinic.registered(name).await;
            clinic.link(membership, patient, from, to).await;
        }
        assert_eq!(clinic.reached(Reach::Linked(mine)).await, ["Agora Paciente", "Ainda Paciente"]);
        assert_eq!(clinic.reached(Reach::Linked(other)).await, ["Outro Paciente"]);
        clinic.clock.advance(Duration::days(1));
        assert_eq!(clinic.reached(Reach::Linked(mine)).await, ["Agora Paciente", "Depois Paciente"]);
    }
}

#[tokio::test]
async fn pt1_a_duplicate_out_of_reach_is_refused_without_naming_it() {
    for clinic in clinics().await {
        let cpf = |name| with_identifier(name, IdentifierKind::Cpf, "09380826044");
        let (holder, own) = (clinic.register(cpf("Ana")).await.unwrap().id, clinic.registered("Eva").await);
        let view = clinic.db.look(clinic.reader(Reach::Own(own)).scope()).await.unwrap();
        let seen = |view: SeaTx| async move {
            view.patient_with_identifier(IdentifierKind::Cpf, "09380826044").await.unwrap()
        };
        assert_eq!(seen(view).await, None);
        let view = clinic.db.look(clinic.reader(Reach::Own(holder)).scope()).await.unwrap();
        assert_eq!(seen(view).await, Some(holder));
    }
}
