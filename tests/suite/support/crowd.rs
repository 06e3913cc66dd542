//! Many callers at one time.

use tokio::task::JoinSet;

use super::answer::Answer;

/// Sends all requests side by side and waits for all answers.
pub async fn at_once<F>(asks: impl IntoIterator<Item = F>) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    asks.into_iter().collect::<JoinSet<_>>().join_all().await
}
