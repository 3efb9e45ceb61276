//! How long an apply took, and the chain of calls that could not have been done sooner.
//!
//! The critical path is the longest chain of calls of which each waits for the one before, by the times that they took. An apply
//! that does not wait without need takes hardly longer than it.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use crate::graph::Graph;
use crate::plan::Action;

/// When a call began and when it was done.
pub type Span = (Timestamp, Timestamp);

/// How long an apply took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Makespan {
    /// From the beginning of the first call to the end of the last.
    pub took: Duration,
    /// How long the longest chain takes.
    pub critical: Duration,
    /// The calls of the chain in their order, each with the time that it took.
    pub chain: Vec<(Action, Duration)>,
}

/// Works out how long an apply took and why; nothing where nothing was done.
pub fn makespan(order: &Graph<Action>, spans: &BTreeMap<Action, Span>) -> Option<Makespan> {
    let first = spans.values().map(|(began, _)| *began).min()?;
    let last = spans.values().map(|(_, ended)| *ended).max()?;
    let took = |action: &Action| {
        spans.get(action).map_or(Duration::ZERO, |(began, ended)| between(*began, *ended))
    };
    let mut longest: BTreeMap<&Action, (Duration, Option<&Action>)> = BTreeMap::new();
    let sorted = order.sorted().ok()?;
    for action in &sorted {
        let before =
            order.needs(action).filter_map(|need| Some((longest.get(need)?.0, need))).max();
        let start = before.map_or(Duration::ZERO, |(length, _)| length);
        longest.insert(action, (start + took(action), before.map(|(_, need)| need)));
    }
    let (mut end, (critical, _)) =
        longest.iter().map(|(action, found)| (*action, *found)).max_by_key(|(_, found)| found.0)?;
    let mut chain = vec![(end.clone(), took(end))];
    while let Some(before) = longest.get(end).and_then(|(_, before)| *before) {
        chain.push((before.clone(), took(before)));
        end = before;
    }
    chain.reverse();
    Some(Makespan { took: between(first, last), critical, chain })
}

fn between(from: Timestamp, to: Timestamp) -> Duration {
    to.duration_since(from).unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Call;

    fn action(name: &str) -> Action {
        Action { address: format!("a.{name}").parse().unwrap(), deposed: None, call: Call::Create }
    }

    fn span(from: i64, to: i64) -> Span {
        (Timestamp::from_second(from).unwrap(), Timestamp::from_second(to).unwrap())
    }

    #[test]
    fn the_chain_is_the_one_that_takes_longest_whatever_ends_last() {
        let mut order = Graph::default();
        order.wait(action("app"), action("cluster"));
        order.wait(action("cluster"), action("network"));
        order.wait(action("app"), action("key"));
        let spans = BTreeMap::from([
            (action("network"), span(0, 10)),
            (action("key"), span(0, 50)),
            (action("cluster"), span(10, 110)),
            (action("app"), span(115, 120)),
        ]);

        let found = makespan(&order, &spans).unwrap();

        assert_eq!(found.took.as_secs(), 120);
        assert_eq!(found.critical.as_secs(), 115);
        let names: Vec<String> =
            found.chain.iter().map(|(action, _)| action.address.to_string()).collect();
        assert_eq!(names, ["a.network", "a.cluster", "a.app"]);
    }

    #[test]
    fn of_what_did_nothing_nothing_is_told() {
        assert_eq!(makespan(&Graph::default(), &BTreeMap::new()), None);
    }
}
