//! How the jobs of this process went, for the metrics (C15).

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use rest::metrics::Metrics;

/// How one try of a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered,
    Retried,
    Dead,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    kind: &'static str,
    outcome: &'static str,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Retried => "retried",
            Self::Dead => "dead",
        }
    }
}

impl Labels {
    fn of(kind: &'static str, outcome: Outcome) -> Self {
        Self { kind, outcome: outcome.as_str() }
    }
}

/// Counts tries by the kind of job and how they ended; clones count together.
#[derive(Debug, Clone, Default)]
pub struct Tally(Family<Labels, Counter>);

impl Tally {
    /// A tally that the exposition shows.
    pub fn registered(metrics: &Metrics) -> Self {
        let tally = Self::default();
        metrics.extend(|registry| {
            registry.register("job_tries", "Tries of jobs, by kind and how they ended", tally.0.clone());
        });
        tally
    }

    pub(super) fn count(&self, kind: &'static str, outcome: Outcome) {
        self.0.get_or_create(&Labels::of(kind, outcome)).inc();
    }

    #[cfg(test)]
    pub(super) fn of(&self, kind: &'static str, outcome: Outcome) -> u64 {
        self.0.get_or_create(&Labels::of(kind, outcome)).get()
    }
}
