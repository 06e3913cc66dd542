//! How often the database is asked: what has to be read in one round trip is counted, not believed.

use super::app::TestApp;

const COUNT: &str = "salus_database_duration_seconds_count{";

impl TestApp {
    /// How often this node has asked its database so far, each opening, statement and commit.
    pub fn round_trips(&self) -> u64 {
        let exposition = self.app.state.metrics().render();
        let counts = exposition.lines().filter(|line| line.starts_with(COUNT));
        counts.map(|line| line.rsplit(' ').next().unwrap().trim_end_matches(".0").parse::<u64>().unwrap()).sum()
    }
}
