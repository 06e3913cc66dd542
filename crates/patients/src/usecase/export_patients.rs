//! Taking records out of the registry (PT9).
//!
//! That records are disclosed is an act: its entry is committed before the first of them leaves, and says by what they were
//! selected. Who goes away half-way was shown what was sent until then, and the entry stands.

use kernel::ids::{PatientId, TenantId};
use kernel::{Change, Committed, Facts, Permit, Reply, StoreError, commit, unit_of_work};

use super::list_patients::{SelectPatientsError, check_selection};
use crate::Patients;
use crate::model::{Patient, PatientSelection};
use crate::permission::{PatientsExport, Sight};

/// Records that are read, and held, at once.
pub const EXPORTED_AT_ONCE: u16 = 200;

/// What is taken out.
#[derive(Debug, Clone)]
pub struct ExportPatients {
    /// Which records.
    pub selection: PatientSelection,
    /// In which form, as the entry names it.
    pub format: &'static str,
    /// The parameters by which they are selected, as the entry names them; never their values.
    pub asked_by: Vec<&'static str>,
}

/// Records the disclosure; what comes of it is read by [`exported_patients`].
pub async fn export_patients(
    env: &Patients,
    permit: &Permit<PatientsExport>,
    ask: &ExportPatients,
    sight: &Sight,
    reply: Reply<()>,
) -> Result<Committed<()>, SelectPatientsError> {
    check_selection(&ask.selection, permit.scope().reach(), sight)?;
    unit_of_work(async || {
        let tenant: TenantId = permit.scope().tenant();
        let tx = env.db.begin(permit.scope()).await?;
        let facts = Facts::new().open("format", ask.format).open("selected_by", &ask.asked_by);
        let change = Change::created(tenant, 0, facts);
        let journal = permit.journal(tenant, env.clock.now()).changed(change);
        Ok(commit(tx, journal, (), reply).await?)
    })
    .await
}

/// The next records of an export behind one of them, in the order of registration, as they may leave the system; fewer than
/// [`EXPORTED_AT_ONCE`] are the last.
pub async fn exported_patients(
    env: &Patients,
    permit: &Permit<PatientsExport>,
    selection: &PatientSelection,
    after: Option<PatientId>,
) -> Result<Vec<Patient>, StoreError> {
    let view = env.db.view(permit.scope()).await?;
    let records = view.patient_records(selection, after, EXPORTED_AT_ONCE).await?;
    let reach = permit.scope().reach();
    Ok(records.into_iter().map(|patient| patient.seen_from(reach).leaving()).collect())
}
