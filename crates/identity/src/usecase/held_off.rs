//! Whether an account must wait because of what failed before (I2).

use chrono::{DateTime, Utc};
use kernel::StoreError;

use crate::model::account::Account;
use crate::model::backoff::{AttemptKey, Patience};
use crate::ports::FailureReader;

/// In how many seconds a try for the account is accepted again; `None` when it is now.
pub(super) async fn seconds_held_off(
    store: &(impl FailureReader + ?Sized),
    account: &Account,
    now: DateTime<Utc>,
) -> Result<Option<i64>, StoreError> {
    let failures = store.failures_of(&[AttemptKey::account(&account.email)]).await?;
    Ok(failures.first().and_then(|(_, failures)| failures.seconds_left(Patience::Account, now)))
}
