//! What this node measures of its database (C15).

use std::time::Instant;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper bounds of the buckets, in seconds: most statements take less than a millisecond.
const BUCKETS: [f64; 13] = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1.0, 5.0];

/// What is asked of a database, by its sort: the text of a statement is no label, there are too many.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    statement: &'static str,
}

type Durations = Family<Labels, Histogram, fn() -> Histogram>;

/// Time spent in the database, and events handed on.
#[derive(Debug)]
pub struct Meters {
    durations: Durations,
    /// The opening of a transaction, with the locks that it begins with.
    pub(crate) begin: Histogram,
    /// A statement that answers rows.
    pub(crate) query: Histogram,
    /// A statement that answers none.
    pub(crate) execute: Histogram,
    /// The commit.
    pub(crate) commit: Histogram,
    /// Events that got their place.
    pub(crate) delivered: Counter,
}

impl Meters {
    pub(crate) fn new() -> Self {
        let durations: Durations = Family::new_with_constructor(|| Histogram::new(BUCKETS));
        let of = |statement| durations.get_or_create(&Labels { statement }).clone();
        let (begin, query, execute, commit) = (of("begin"), of("query"), of("execute"), of("commit"));
        Self { durations, begin, query, execute, commit, delivered: Counter::default() }
    }

    /// Adds them to an exposition.
    pub fn register(&self, registry: &mut Registry) {
        registry.register(
            "database_duration_seconds",
            "Time from asking the database to its answer, waiting for a connection included",
            self.durations.clone(),
        );
        registry.register(
            "events_delivered",
            "Events that got their place in the order of their company, from which they are read",
            self.delivered.clone(),
        );
    }
}

/// Notes the time since it was made when it is dropped.
struct Watch<'m> {
    histogram: &'m Histogram,
    begun: Instant,
}

impl Drop for Watch<'_> {
    fn drop(&mut self) {
        self.histogram.observe(self.begun.elapsed().as_secs_f64());
    }
}

/// Awaits an answer and notes how long it took, whatever it is, and also when nobody waits for it any longer.
pub(crate) async fn timed<T>(histogram: &Histogram, answer: impl Future<Output = T>) -> T {
    let _watch = Watch { histogram, begun: Instant::now() };
    answer.await
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use prometheus_client::encoding::text;

    use super::*;

    #[tokio::test]
    async fn c15_an_answer_that_nobody_waits_for_any_longer_is_counted_too() {
        let (meters, mut registry) = (Meters::new(), Registry::default());
        meters.register(&mut registry);
        let never = timed(&meters.query, std::future::pending::<()>());
        assert!(tokio::time::timeout(Duration::from_millis(1), never).await.is_err());
        timed(&meters.query, async {}).await;
        let mut exposition = String::new();
        text::encode(&mut exposition, &registry).unwrap();
        assert!(exposition.contains("database_duration_seconds_count{statement=\"query\"} 2"), "{exposition}");
    }
}
