//! Changing a member: role, clinics, bindings and professional numbers.

use kernel::ids::{ClinicId, MembershipId, PatientId, PractitionerId};
use kernel::{Change, Committed, Fault, Permit, Reply, StoreError, commit, unchanged, unit_of_work};

use super::change_refused::{ChangeRefused, by_a_person, fresh};
use crate::Identity;
use crate::model::member::{Member, MemberPatch};
use crate::model::membership::Membership;
use crate::permission;
use crate::ports::{IdentityTx, ReferenceReader};

/// What to change.
#[derive(Debug)]
pub struct ChangeMember {
    /// Whom.
    pub member: MembershipId,
    /// The version the caller has seen; none stands for whichever is there.
    pub seen_version: Option<i64>,
    /// The change.
    pub patch: MemberPatch,
}

/// Changes a member by merge patch; naming what is there already changes nothing and leaves no entry. It applies at once in
/// this process, and everywhere within the callers' time (I6). What decides how far somebody reaches is changed by people alone
/// (I9).
pub async fn change_member(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    ask: ChangeMember,
    reply: Reply<Member>,
) -> Result<Committed<Member>, ChangeRefused> {
    let done = unit_of_work(async || change(env, permit, &ask, reply).await).await?;
    env.callers.forget_membership(ask.member);
    Ok(done)
}

async fn change(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    ask: &ChangeMember,
    reply: Reply<Member>,
) -> Result<Committed<Member>, ChangeRefused> {
    let found = found(env, permit, ask.member).await?;
    let tx = env.db.begin(permit.scope()).await?;
    let Locked { before, admins } = Locked::of(&*tx, ask.member).await?;
    fresh(ask.seen_version, before.version)?;
    let patch = ask.patch.clone();
    let named = (patch.named_clinics(), patch.named_practitioner(), patch.named_patient());
    let faults = unknown_references(&*tx, named).await?;
    if !faults.is_empty() {
        return Err(ChangeRefused::Unknown(faults));
    }
    let after = before.changed(patch);
    if after == before {
        return Ok(unchanged(tx, Member { membership: after, ..found }, reply).await?);
    }
    if !after.reaches_as(&before) {
        by_a_person(permit)?;
    }
    before.leaves_an_admin(&after, &admins)?;
    tx.membership_update(&after).await?;
    let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
    let journal = permit.journal(after.id, env.clock.now()).changed(change);
    Ok(commit(tx, journal, Member { membership: after, ..found }, reply).await?)
}

/// The member with its address, which a transaction of one company cannot read.
pub(super) async fn found(
    env: &Identity,
    permit: &Permit<permission::UsersManage>,
    id: MembershipId,
) -> Result<Member, ChangeRefused> {
    let view = env.db.view_across_tenants("the address of a member").await?;
    view.member(permit.scope().tenant(), id).await?.ok_or(ChangeRefused::NotFound)
}

/// A membership that nobody else changes meanwhile, with the active admins of its company.
pub(super) struct Locked {
    pub(super) before: Membership,
    pub(super) admins: Vec<MembershipId>,
}

impl Locked {
    pub(super) async fn of(tx: &dyn IdentityTx, id: MembershipId) -> Result<Self, ChangeRefused> {
        let locked = tx.membership_and_admins_locked(id).await?;
        let admins = locked.iter().filter(|one| one.is_active_admin()).map(|one| one.id).collect();
        let before = locked.into_iter().find(|one| one.id == id).ok_or(ChangeRefused::NotFound)?;
        Ok(Self { before, admins })
    }
}

/// Faults of what the company does not have.
pub(super) async fn unknown_references(
    tx: &dyn ReferenceReader,
    (clinics, practitioner, patient): (&[ClinicId], Option<PractitionerId>, Option<PatientId>),
) -> Result<Vec<Fault>, StoreError> {
    let known = if clinics.is_empty() { Vec::new() } else { tx.clinics_known(clinics).await? };
    let unknown = clinics.iter().enumerate().filter(|(_, clinic)| !known.contains(clinic));
    let mut faults: Vec<Fault> =
        unknown.map(|(index, _)| Fault::at(format!("/clinic_ids/{index}"), "unknown_reference")).collect();
    if let Some(id) = practitioner
        && !tx.practitioner_is_known(id).await?
    {
        faults.push(Fault::at("/practitioner_id", "unknown_reference"));
    }
    if let Some(id) = patient
        && !tx.patient_is_known(id).await?
    {
        faults.push(Fault::at("/patient_id", "unknown_reference"));
    }
    Ok(faults)
}
