//! The company, its clinics and its members.

use std::collections::BTreeMap;

use identity::model::clinic::ClinicRegister;
use identity::model::email::Email;
use identity::model::membership::{Credentials, Membership};
use identity::model::name::{DisplayName, PlaceName};
use identity::model::password::Password;
use identity::model::place::{Country, Locale};
use identity::model::role::Role;
use identity::usecase::add_clinic::{AddClinic, add_clinic};
use identity::usecase::enrol_member::{EnrolMember, enrol_member};
use identity::usecase::sign_up::{AddressProof, Founder, SignUp, SignUpError, sign_up};
use kernel::ids::{ClinicId, PatientId, PractitionerId, TenantId};
use kernel::{Origin, unheard};

use super::error::{At, DemoError};
use super::people::Town;
use super::staff::{MEMBERS, Member};
use super::stage::{Stage, permit};
use super::{NAME, PASSWORD};

/// The company and where it is.
pub(super) struct Company {
    pub(super) tenant: TenantId,
    pub(super) sao_paulo: ClinicId,
    pub(super) paris: ClinicId,
}

impl Company {
    pub(super) fn clinic(&self, town: Town) -> ClinicId {
        match town {
            Town::SaoPaulo => self.sao_paulo,
            Town::Paris => self.paris,
        }
    }
}

/// Founds the company with its two clinics; `None` when it is there already.
pub(super) async fn found(stage: &Stage) -> Result<Option<Company>, DemoError> {
    let admin = MEMBERS.iter().find(|member| member.role == "admin").at("find the admin")?;
    let founder = Founder {
        company_name: PlaceName::parse(NAME).at("name the company")?,
        name: DisplayName::parse(admin.name).at("name the admin")?,
        email: address(admin.role)?,
        country: Country::BRAZIL,
        time_zone: Country::BRAZIL.usual_time_zone(),
        locale: Locale::PtBr,
        proof: AddressProof::Given,
    };
    let ask = SignUp { founder, password: password()? };
    let signed_in = match sign_up(&stage.identity, &Origin::default(), ask, unheard).await {
        Err(SignUpError::EmailTaken) => return Ok(None),
        other => other.at("sign up")?.into_value(),
    };
    let tenant = signed_in.profile.company.id;
    let sao_paulo = signed_in.profile.clinics.first().at("find the first clinic")?.id;
    let paris = AddClinic {
        name: PlaceName::parse("Clínica Aurora Paris").at("name a clinic")?,
        country: Country::FRANCE,
        time_zone: Country::FRANCE.usual_time_zone(),
        locale: Locale::Fr,
        register: ClinicRegister::default(),
    };
    let paris = add_clinic(&stage.identity, &permit(tenant), paris, unheard).await.at("add a clinic")?;
    Ok(Some(Company { tenant, sao_paulo, paris: paris.value().id }))
}

/// Enrols everybody but the admin, who founded the company: those with an agenda of their own as its practitioner, the
/// patient as the first of the registry. The memberships come back by role.
pub(super) async fn enrol(
    stage: &Stage,
    company: &Company,
    practitioners: &BTreeMap<&'static str, PractitionerId>,
    patient: (PatientId, &str),
) -> Result<BTreeMap<&'static str, Membership>, DemoError> {
    let mut members = BTreeMap::new();
    for member in MEMBERS.iter().filter(|member| member.role != "admin") {
        let ask = EnrolMember { practitioner: practitioners.get(member.role).copied(), ..plain(member)? };
        let ask = if member.role == "patient" { as_patient(ask, patient)? } else { ask };
        let enrolled =
            enrol_member(&stage.identity, &permit(company.tenant), ask, unheard).await.at("enrol a member")?;
        members.insert(member.role, enrolled.into_value());
    }
    Ok(members)
}

fn as_patient(ask: EnrolMember, (id, name): (PatientId, &str)) -> Result<EnrolMember, DemoError> {
    let name = DisplayName::parse(name).at("name a member")?;
    Ok(EnrolMember { patient: Some(id), name, ..ask })
}

fn plain(member: &Member) -> Result<EnrolMember, DemoError> {
    Ok(EnrolMember {
        email: address(member.role)?,
        name: DisplayName::parse(member.name).at("name a member")?,
        password: password()?,
        locale: Locale::PtBr,
        role: Role::parse(member.role).at("find a role")?,
        practitioner: None,
        patient: None,
        clinics: Vec::new(),
        credentials: Credentials::default(),
    })
}

fn address(role: &str) -> Result<Email, DemoError> {
    Email::parse(&super::address_of(role)).at("read an address")
}

fn password() -> Result<Password, DemoError> {
    Password::parse(PASSWORD.to_owned()).at("read the password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_role_has_a_member_who_can_be_enrolled() {
        let roles: Vec<_> = MEMBERS.iter().map(|member| plain(member).unwrap().role).collect();
        assert!(Role::ALL.iter().all(|role| roles.contains(role)));
        assert_eq!(roles.len(), Role::ALL.len());
    }
}
