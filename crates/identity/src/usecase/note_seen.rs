//! Writing when sessions were seen and API keys used last: now and then, all at once.

use kernel::StoreError;

use crate::Identity;
use crate::model::seen::UsedKey;

/// Writes what this process has seen since the last time. A later sign of life is no change that anybody made, so it is the
/// one write of a session, or key, without an entry in the journal.
pub async fn note_seen(env: &Identity) -> Result<(), StoreError> {
    let (seen, used) = (env.seen.take(), env.seen.take_keys());
    if seen.is_empty() && used.is_empty() {
        return Ok(());
    }
    let written = async {
        let tx = env.db.begin_across_tenants("sessions seen").await?;
        tx.sessions_seen(&seen).await?;
        for UsedKey { tenant, key, at } in &used {
            tx.api_key_used(*tenant, *key, *at).await?;
        }
        tx.finish().await
    };
    let written = written.await;
    if written.is_err() {
        env.seen.put_back(seen, used);
    }
    written
}
