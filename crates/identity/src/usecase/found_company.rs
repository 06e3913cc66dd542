//! A further company for somebody who has an account (I1).

use events::identity::CompanyFounded;
use kernel::ids::AccountId;
use kernel::{Actor, Committed, FromStore, Kind, Permit, Refusal, Reply, StoreError, commit, unit_of_work};
use thiserror::Error;

use super::founding::{Founding, NewCompany};
use crate::Identity;
use crate::model::membership::CompanyOfAccount;
use crate::permission;

/// Why no company was founded.
#[derive(Debug, Error)]
pub enum FoundCompanyError {
    /// There is no account.
    #[error("no account")]
    NoAccount,
    /// The store's answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for FoundCompanyError {
    fn kind(&self) -> Kind {
        match self {
            Self::NoAccount => Kind::Unauthenticated,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoAccount => "unauthenticated",
            Self::Store(error) => error.code(),
        }
    }
}

impl FromStore for FoundCompanyError {
    fn store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::NoAccount => None,
        }
    }
}

/// Makes a company with its first clinic, and the caller's account its admin. Only the new company's journal says so: what
/// somebody does elsewhere is no business of the company that one happens to be signed in to.
pub async fn found_company(
    env: &Identity,
    permit: &Permit<permission::FoundCompany>,
    ask: NewCompany,
    reply: Reply<CompanyOfAccount>,
) -> Result<Committed<CompanyOfAccount>, FoundCompanyError> {
    let Actor::Member { account, .. } = permit.actor() else { return Err(FoundCompanyError::NoAccount) };
    unit_of_work(async || found(env, permit, account, &ask, reply).await).await
}

async fn found(
    env: &Identity,
    permit: &Permit<permission::FoundCompany>,
    id: AccountId,
    ask: &NewCompany,
    reply: Reply<CompanyOfAccount>,
) -> Result<Committed<CompanyOfAccount>, FoundCompanyError> {
    let now = env.clock.now();
    let tx = env.db.begin_across_tenants("found a further company").await?;
    let account = tx.account_by_id(id).await?.ok_or(FoundCompanyError::NoAccount)?;
    let founding = Founding::of(env, ask.clone(), (id, account.name), now);
    founding.save(tx.as_ref()).await?;
    let (company, admin) = (&founding.company, &founding.admin);
    let origin = permit.origin().clone();
    let acting = Permit::<permission::FoundCompany>::system(company.id, "found a further company", origin);
    let founded = CompanyFounded { company_id: company.id, membership_id: admin.id, account_id: id };
    let journal = founding.told(acting.journal(company.id, now)).with(&founded);
    let value = CompanyOfAccount::of(company, admin);
    Ok(commit(tx, journal, value, reply).await?)
}
