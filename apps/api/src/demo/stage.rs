//! The use cases as the demo calls them: on a clock of its own, so that four weeks pass in a second.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use identity::Identity;
use identity::usecase::signing_keys;
use kernel::ids::TenantId;
use kernel::{ManualClock, Origin, Permission, Permit};
use patients::Patients;
use scheduling::Scheduling;

use super::error::{At, DemoError};
use super::one_hash::OneHash;
use crate::wiring::App;

/// The bundles of all contexts.
pub(super) struct Stage {
    pub(super) clock: Arc<ManualClock>,
    pub(super) identity: Identity,
    pub(super) patients: Patients,
    pub(super) scheduling: Scheduling,
}

impl Stage {
    /// The application's own database, seen at another time.
    pub(super) async fn of(app: &App, now: DateTime<Utc>) -> Result<Self, DemoError> {
        let clock = Arc::new(ManualClock::new(now));
        let real = &app.identity;
        let identity = Identity {
            db: real.db.clone(),
            clock: clock.clone(),
            ids: real.ids.clone(),
            random: real.random.clone(),
            passwords: Arc::new(OneHash::by(real.passwords.clone())),
            openid: real.openid.clone(),
            return_origins: real.return_origins.clone(),
            keyring: real.keyring.clone(),
            issuer: real.issuer.clone(),
            keys: identity::model::live_keys::LiveKeys::default(),
            callers: identity::model::callers::Callers::default(),
            seen: identity::model::seen::Seen::default(),
        };
        signing_keys::read_again(&identity).await.at("read the signing keys")?;
        let patients = Patients { clock: clock.clone(), ..Patients::clone(&app.patients) };
        let scheduling = Scheduling { clock: clock.clone(), ..Scheduling::clone(&app.scheduling) };
        Ok(Self { clock, identity, patients, scheduling })
    }
}

/// What the demo may do in its company: everything, as Salus itself.
pub(super) fn permit<P: Permission>(tenant: TenantId) -> Permit<P> {
    Permit::system(tenant, "demo", Origin::default())
}
