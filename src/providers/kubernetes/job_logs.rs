//! The logs of a Job's pods, followed while the Job is waited for: shown as they come, their last lines kept for
//! when the pods are gone.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value as Json;
use url::form_urlencoded::byte_serialize;

use super::super::Desk;
use super::client::Cluster;
use super::evidence::{self, LINES};

/// How many containers are followed at once.
const AT_ONCE: usize = 10;

/// How many lines of a container are shown at once.
const MOST: usize = 200;

/// What has been read of the logs so far.
#[derive(Default)]
pub(super) struct Follower {
    heads: BTreeMap<(String, String), Head>,
    /// The container that wrote last.
    speaker: Option<(String, String)>,
}

/// How far a container's log was read.
#[derive(Default)]
struct Head {
    /// The moment of the last line, and how many lines of that moment were read.
    at: Option<(Timestamp, usize)>,
    last: VecDeque<String>,
    /// It writes no more.
    over: bool,
}

impl Follower {
    /// Shows what the pods that a selector names have written since the last look.
    pub(super) async fn look(
        &mut self,
        cluster: &Cluster,
        namespace: &str,
        selector: &str,
        desk: &dyn Desk,
    ) {
        let mut read = 0;
        for pod in evidence::pods(cluster, namespace, selector).await {
            let Some(name) = pod["metadata"]["name"].as_str() else { continue };
            for (container, ended) in started(&pod) {
                let key = (name.to_owned(), container.to_owned());
                if read == AT_ONCE || self.heads.get(&key).is_some_and(|head| head.over) {
                    continue;
                }
                read += 1;
                self.read(cluster, namespace, key, ended, desk).await;
            }
        }
    }

    async fn read(
        &mut self,
        cluster: &Cluster,
        namespace: &str,
        key: (String, String),
        ended: bool,
        desk: &dyn Desk,
    ) {
        let head = self.heads.entry(key.clone()).or_default();
        let part = match head.at {
            Some((since, _)) => {
                let since: String = byte_serialize(since.to_string().as_bytes()).collect();
                format!("sinceTime={since}")
            }
            None => format!("tailLines={MOST}"),
        };
        let (pod, container) = &key;
        let path = format!(
            "/api/v1/namespaces/{namespace}/pods/{pod}/log?container={container}&timestamps=true&{part}"
        );
        let Ok(text) = cluster.text(&path).await else { return };
        head.over = ended;
        let fresh = head.take(&text);
        if fresh.is_empty() {
            return;
        }
        let others = self.speaker.as_ref().is_some_and(|before| *before != key);
        let title = others.then(|| format!("--- pod \"{pod}\", container \"{container}\":"));
        let lines: Vec<String> = title.into_iter().chain(fresh).collect();
        self.speaker = Some(key);
        desk.log(&lines);
    }

    /// Gives the last lines that were read of each container, those of the last pod at the end.
    pub(super) fn last(&self) -> Vec<String> {
        let spoke = self.heads.iter().filter(|(_, head)| !head.last.is_empty());
        let told = spoke.map(|((pod, container), head)| {
            let lines = head.last.iter().map(|line| format!("    {line}")).collect::<Vec<_>>();
            let title = format!("Pod \"{pod}\", container \"{container}\", wrote at last:");
            format!("{title}\n{}", lines.join("\n"))
        });
        told.collect()
    }
}

impl Head {
    /// Gives the lines of a text that were not read yet, without their moments.
    fn take(&mut self, text: &str) -> Vec<String> {
        let mut fresh = Vec::new();
        let known = self.at;
        let mut seen = 0;
        for line in text.lines() {
            let (moment, words) = line.split_once(' ').unwrap_or((line, ""));
            let Ok(moment) = moment.parse::<Timestamp>() else { continue };
            if let Some((at, count)) = known {
                seen += usize::from(moment == at);
                if moment < at || (moment == at && seen <= count) {
                    continue;
                }
            }
            let same = self.at.filter(|(at, _)| *at == moment).map_or(0, |(_, count)| count);
            self.at = Some((moment, same + 1));
            fresh.push(words.to_owned());
        }
        self.last.extend(fresh.iter().cloned());
        let surplus = self.last.len().saturating_sub(LINES);
        self.last.drain(..surplus);
        fresh
    }
}

/// Gives the containers of a pod that have run, and whether they have ended for good.
fn started(pod: &Json) -> Vec<(&str, bool)> {
    let finished = ["Succeeded", "Failed"].iter().any(|phase| pod["status"]["phase"] == *phase);
    let ran = |status: &&Json| {
        let state = &status["state"];
        let before = status["lastState"]["terminated"].is_object();
        state["running"].is_object() || state["terminated"].is_object() || before
    };
    evidence::statuses(pod)
        .into_iter()
        .filter(ran)
        .filter_map(|status| Some((status["name"].as_str()?, finished)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_taken_once_though_several_are_of_one_moment() {
        let mut head = Head::default();
        let (one, two) = ("2026-01-01T00:00:01.000000000Z", "2026-01-01T00:00:02.000000000Z");

        let first = head.take(&format!("{one} a\n{two} b\n"));
        let second = head.take(&format!("{two} b\n{two} c\n"));
        let third = head.take(&format!("{two} b\n{two} c\n"));

        assert_eq!(first, ["a", "b"]);
        assert_eq!(second, ["c"]);
        assert!(third.is_empty());
    }

    #[test]
    fn of_a_long_log_the_last_lines_are_kept() {
        let mut head = Head::default();
        let text: String =
            (0..50).map(|n| format!("2026-01-01T00:00:{n:02}Z line {n}\n")).collect();

        head.take(&text);

        assert_eq!(head.last.len(), LINES);
        assert_eq!(head.last.back().map(String::as_str), Some("line 49"));
    }
}
