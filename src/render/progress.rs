//! How an apply goes: a line for each beginning and end, and on a terminal a view of all that runs.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use super::style::{Ink, Style};
use crate::graph::Graph;
use crate::plan::event::{ApplyEvent, ProvisionStep};
use crate::plan::{Action, Call};
use crate::state::KeptOutput;

/// How often a call that takes long is told of.
const EVERY: u64 = 10;

/// What runs and what waits.
pub struct Progress {
    style: Style,
    order: Graph<Action>,
    running: BTreeMap<Action, Running>,
    ended: BTreeSet<Action>,
    failed: usize,
}

struct Running {
    since: Timestamp,
    id: Option<String>,
    note: String,
    /// How many seconds had passed when it was last told of.
    told: u64,
}

impl Progress {
    /// Makes it for a plan's calls.
    pub fn new(order: &Graph<Action>, style: Style) -> Progress {
        Progress {
            style,
            order: order.clone(),
            running: BTreeMap::new(),
            ended: BTreeSet::new(),
            failed: 0,
        }
    }

    /// Takes an event in, and gives the lines that tell it.
    pub fn event(&mut self, event: &ApplyEvent, now: Timestamp) -> String {
        let action = event.action();
        match event {
            ApplyEvent::Started { id, .. } => {
                let running = Running { since: now, id: id.clone(), note: String::new(), told: 0 };
                self.running.insert(action.clone(), running);
            }
            ApplyEvent::Note { text, .. } => {
                if let Some(running) = self.running.get_mut(action) {
                    running.note.clone_from(text);
                }
            }
            ApplyEvent::Log { .. } | ApplyEvent::Ephemeral { .. } => {}
            ApplyEvent::Provision { step, kind, .. } => {
                if let Some(running) = self.running.get_mut(action) {
                    running.note = match step {
                        ProvisionStep::Started | ProvisionStep::Output(_) => kind.clone(),
                        ProvisionStep::Complete | ProvisionStep::Errored => String::new(),
                    };
                }
            }
            ApplyEvent::Finished { .. } | ApplyEvent::Ended { .. } => self.end(action),
            ApplyEvent::Failed { .. } | ApplyEvent::Skipped { .. } => {
                self.end(action);
                self.failed += 1;
            }
        }
        // What the wish to stop leaves out is listed once, at the end.
        if matches!(event, ApplyEvent::Skipped { action, because } if action.address == *because) {
            return String::new();
        }
        message(event).map(|text| self.line(action, &text)).unwrap_or_else(|| self.log(event))
    }

    fn end(&mut self, action: &Action) {
        self.running.remove(action);
        self.ended.insert(action.clone());
    }

    /// Tells that the run was asked to stop, for so many times.
    pub fn stopping(&self, times: u32) -> String {
        let names: Vec<String> = self.running.keys().map(subject).collect();
        let running = match names.as_slice() {
            [] => "Nothing is under way".to_string(),
            names => names.join(", "),
        };
        match times {
            1 if names.is_empty() => {
                "\nStopping: nothing is under way, and nothing more is begun.\n\n".to_string()
            }
            1 => format!(
                "\nStopping: what is under way is finished, nothing more is begun. Waiting for {running}.\nStop again \
                 (Ctrl-C) to leave without waiting; the state is written then too.\n\n"
            ),
            2 => format!(
                "Stopping at once, without waiting for {running}. The state is being written.\n\n"
            ),
            _ => "The state is being written.\n\n".to_string(),
        }
    }

    /// Tells of the calls that have taken ten seconds more.
    pub fn tick(&mut self, now: Timestamp) -> String {
        self.due(now).iter().map(|long| self.line(&long.action, &long.message())).collect()
    }

    /// Gives the calls that have taken ten seconds more.
    pub fn due(&mut self, now: Timestamp) -> Vec<Long> {
        let mut due = Vec::new();
        for (action, running) in &mut self.running {
            let elapsed = since(running.since, now);
            if elapsed.as_secs() >= running.told + EVERY {
                running.told = elapsed.as_secs() / EVERY * EVERY;
                let (action, id, note) = (action.clone(), running.id.clone(), running.note.clone());
                due.push(Long { action, id, note, elapsed });
            }
        }
        due
    }

    fn line(&self, action: &Action, text: &str) -> String {
        self.style.paint(Ink::Bold, &format!("{}: {text}", subject(action))) + "\n"
    }

    fn log(&self, event: &ApplyEvent) -> String {
        if let ApplyEvent::Provision { action, kind, step: ProvisionStep::Output(line) } = event {
            let name = self.style.paint(Ink::Bold, &format!("{} ({kind}):", subject(action)));
            return format!("{name} {}\n", plain(line));
        }
        let ApplyEvent::Log { action, lines } = event else { return String::new() };
        let name = self.style.paint(Ink::Dim, &format!("{} |", action.address));
        lines.iter().map(|line| format!("{name} {}\n", plain(line))).collect()
    }

    /// Gives the view for a terminal: what runs for how long, and what waits for what. It has at most
    /// `rows` lines, and is to be drawn over its predecessor.
    pub fn live(&self, now: Timestamp, rows: usize) -> String {
        let waiting: Vec<&Action> =
            self.order.nodes().filter(|action| self.is_waiting(action)).collect();
        let width = self.style.width.max(20);
        let mut lines = vec![(self.counts(waiting.len()), false)];
        for (action, running) in &self.running {
            let elapsed = span(since(running.since, now));
            let note = if running.note.is_empty() {
                String::new()
            } else {
                format!(" ({})", plain(&running.note))
            };
            let end = format!(" {} {elapsed}", doing(action.call));
            let room = width.saturating_sub(2 + end.chars().count());
            let line = format!("  {}{end}{note}", short(&subject(action), room));
            lines.push((line, false));
        }
        for action in waiting {
            lines.push((format!("  {}", self.waits(action, width - 2)), true));
        }
        if lines.len() > rows {
            let left = lines.len() - rows.max(2) + 1;
            lines.truncate(rows.max(2) - 1);
            lines.push((format!("  … and {left} more"), true));
        }
        let fit = |(line, dim): &(String, bool)| {
            let line = cut(line, width);
            let line = if *dim { self.style.paint(Ink::Dim, &line) } else { line };
            line + "\n"
        };
        lines.iter().map(fit).collect()
    }

    fn is_waiting(&self, action: &Action) -> bool {
        !self.ended.contains(action) && !self.running.contains_key(action)
    }

    fn counts(&self, waiting: usize) -> String {
        let failed = match self.failed {
            0 => String::new(),
            failed => format!(", {failed} failed or skipped"),
        };
        format!(
            "{} of {} done, {} running, {waiting} waiting{failed}",
            self.ended.len() - self.failed,
            self.order.len(),
            self.running.len(),
        )
    }

    /// Says what a call waits for: the calls that run first, since those are what it really waits for.
    fn waits(&self, action: &Action, width: usize) -> String {
        let open: Vec<&Action> =
            self.order.needs(action).filter(|need| !self.ended.contains(need)).collect();
        let first = open.iter().find(|need| self.running.contains_key(**need)).or(open.first());
        let Some(first) = first else { return short(&subject(action), width) };
        let more = match open.len() {
            0 | 1 => String::new(),
            number => format!(" and {} more", number - 1),
        };
        let (subject, need) = (subject(action), first.address.to_string());
        const WORD: &str = " waits for ";
        // Where there is no room for both names, each has half of it.
        let room = width.saturating_sub(WORD.len() + more.len());
        let half = room / 2;
        let left = half.max(room.saturating_sub(need.chars().count()));
        let right = half.max(room.saturating_sub(subject.chars().count()));
        format!("{}{WORD}{}{more}", short(&subject, left), short(&need, right))
    }
}

/// Gives an event's text after the object's name; nothing for a log or a note.
pub(super) fn message(event: &ApplyEvent) -> Option<String> {
    let call = event.action().call;
    let bracket =
        |id: &Option<String>| id.as_ref().map(|id| format!(" [id={id}]")).unwrap_or_default();
    match event {
        ApplyEvent::Started { id, .. } => Some(format!("{}...{}", beginning(call), bracket(id))),
        ApplyEvent::Finished { id, elapsed, .. } => {
            let id = if call == Call::Delete { String::new() } else { bracket(id) };
            Some(format!("{} complete after {}{id}", ending(call), span(*elapsed)))
        }
        ApplyEvent::Failed { elapsed, .. } => {
            let word = if call == Call::Update { "Modifications" } else { ending(call) };
            Some(format!("{word} errored after {}", span(*elapsed)))
        }
        ApplyEvent::Skipped { action, because } if action.address == *because => {
            Some(format!("not {}, since the run was stopped", done(call)))
        }
        ApplyEvent::Skipped { because, .. } => {
            Some(format!("not {}, since {because} failed", done(call)))
        }
        ApplyEvent::Provision { kind, step: ProvisionStep::Started, .. } => {
            Some(format!("Provisioning with '{kind}'..."))
        }
        ApplyEvent::Ended { .. }
        | ApplyEvent::Provision { .. }
        | ApplyEvent::Ephemeral { .. }
        | ApplyEvent::Note { .. }
        | ApplyEvent::Log { .. } => None,
    }
}

/// A call that takes long.
#[derive(Clone, Debug, PartialEq)]
pub struct Long {
    /// Which.
    pub action: Action,
    /// The object's id, where it has one.
    pub id: Option<String>,
    /// What it waits for; empty where nothing was said.
    pub note: String,
    /// How long already.
    pub elapsed: Duration,
}

impl Long {
    /// Gives its text after the object's name.
    pub(super) fn message(&self) -> String {
        let id = self.id.as_ref().map(|id| format!("id={id}, ")).unwrap_or_default();
        let note =
            if self.note.is_empty() { String::new() } else { format!(" {}", plain(&self.note)) };
        format!("Still {}... [{id}{} elapsed]{note}", doing(self.action.call), span(self.elapsed))
    }
}

pub(super) fn subject(action: &Action) -> String {
    match &action.deposed {
        Some(key) => format!("{} (deposed object {key})", action.address),
        None => action.address.to_string(),
    }
}

/// Shortens a name in its middle: what it is of and what it is called tell most.
fn short(name: &str, width: usize) -> String {
    let length = name.chars().count();
    if length <= width || width < 3 {
        return name.to_string();
    }
    let end = width * 3 / 5;
    let start: String = name.chars().take(width - 1 - end).collect();
    let end: String = name.chars().skip(length - end).collect();
    format!("{start}…{end}")
}

/// Cuts a line to a width, and shows that it is cut.
fn cut(line: &str, width: usize) -> String {
    if line.chars().count() <= width {
        return line.to_string();
    }
    let mut kept: String = line.chars().take(width.saturating_sub(1)).collect();
    kept.push('…');
    kept
}

fn beginning(call: Call) -> &'static str {
    match call {
        Call::Read => "Reading",
        Call::Create => "Creating",
        Call::Update => "Modifying",
        Call::Delete => "Destroying",
        Call::Forget => "Forgetting",
    }
}

fn doing(call: Call) -> &'static str {
    match call {
        Call::Read => "reading",
        Call::Create => "creating",
        Call::Update => "modifying",
        Call::Delete => "destroying",
        Call::Forget => "forgetting",
    }
}

fn done(call: Call) -> &'static str {
    match call {
        Call::Read => "read",
        Call::Create => "created",
        Call::Update => "modified",
        Call::Delete => "destroyed",
        Call::Forget => "forgotten",
    }
}

fn ending(call: Call) -> &'static str {
    match call {
        Call::Read => "Read",
        Call::Create => "Creation",
        Call::Update => "Modifications",
        Call::Delete => "Destruction",
        Call::Forget => "Removal from the state",
    }
}

fn since(start: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(start)).unwrap_or_default()
}

/// Tells a time span in whole seconds: `0s`, `5m10s`, `1h0m5s`.
pub fn span(elapsed: Duration) -> String {
    let seconds = seconds(elapsed);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{}s", seconds / 60, seconds % 60),
        _ => format!("{}h{}m{}s", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }
}

/// Gives a time span in whole seconds, to the nearest.
pub(super) fn seconds(elapsed: Duration) -> u64 {
    elapsed.as_secs() + u64::from(elapsed.subsec_millis() >= 500)
}

/// Takes out of foreign text what would steer the terminal.
fn plain(text: &str) -> String {
    text.chars().filter(|character| *character == '\t' || !character.is_control()).collect()
}

/// What an apply did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Objects made.
    pub added: usize,
    /// Objects changed in place.
    pub changed: usize,
    /// Objects removed.
    pub destroyed: usize,
    /// Objects taken in.
    pub imported: usize,
}

/// Gives the last line: `Apply complete! Resources: 24 added, 0 changed, 0 destroyed.`
pub fn complete_line(applied: Applied, destroy: bool) -> String {
    let Applied { added, changed, destroyed, imported } = applied;
    if destroy {
        return format!("Destroy complete! Resources: {destroyed} destroyed.");
    }
    let import = if imported > 0 { format!("{imported} imported, ") } else { String::new() };
    format!(
        "Apply complete! Resources: {import}{added} added, {changed} changed, {destroyed} destroyed."
    )
}

/// How long an apply lasted, and the chain of calls that it could not have done without.
pub struct Lasted<'a> {
    /// The whole.
    pub took: Duration,
    /// The chain's time.
    pub critical: Duration,
    /// The chain, each call with its time.
    pub chain: &'a [(Action, Duration)],
}

impl Lasted<'_> {
    /// Says it in one line: the calls of the chain that took a second or more.
    pub fn line(&self) -> String {
        let long = self.chain.iter().filter(|(_, took)| took.as_secs() > 0);
        let chain: Vec<String> =
            long.map(|(action, took)| format!("{} ({})", action.address, span(*took))).collect();
        format!(
            "It took {}; what waits for each other takes {}: {}.",
            span(self.took),
            span(self.critical),
            chain.join(", ")
        )
    }
}

/// Tells the end of an apply: what it did, and the outputs.
pub fn complete(
    applied: Applied,
    destroy: bool,
    lasted: Option<&Lasted<'_>>,
    outputs: &BTreeMap<String, KeptOutput>,
    style: &Style,
) -> String {
    let mut text = format!("\n{}\n", style.paint(Ink::BoldGreen, &complete_line(applied, destroy)));
    if let Some(lasted) = lasted {
        text += &format!("{}\n", lasted.line());
    }
    if !outputs.is_empty() && !destroy {
        text += &format!("\n{}\n\n", style.paint(Ink::BoldGreen, "Outputs:"));
        text += &super::literal::outputs(outputs);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action(address: &str, call: Call) -> Action {
        Action { address: address.parse().unwrap(), deposed: None, call }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn progress() -> Progress {
        let mut order = Graph::default();
        order.wait(action("a.app", Call::Create), action("a.cluster", Call::Create));
        order.wait(action("a.app", Call::Create), action("a.key", Call::Create));
        order.add(action("a.old", Call::Delete));
        Progress::new(&order, Style::default())
    }

    #[test]
    fn each_beginning_and_end_is_a_line() {
        let mut progress = progress();
        let cluster = action("a.cluster", Call::Create);
        let old = action("a.old", Call::Delete);

        let text: String = [
            ApplyEvent::Started { action: cluster.clone(), id: None },
            ApplyEvent::Started { action: old.clone(), id: Some("o".into()) },
            ApplyEvent::Finished { action: old, id: None, elapsed: Duration::ZERO },
            ApplyEvent::Log { action: cluster.clone(), lines: vec!["one\u{1b}[2J".into()] },
            ApplyEvent::Finished {
                action: cluster,
                id: Some("c".into()),
                elapsed: Duration::from_secs(310),
            },
            ApplyEvent::Failed {
                action: action("a.key", Call::Create),
                elapsed: Duration::from_secs(1),
            },
            ApplyEvent::Skipped {
                action: action("a.app", Call::Create),
                because: "a.key".parse().unwrap(),
            },
        ]
        .iter()
        .map(|event| progress.event(event, at(0)))
        .collect();

        let expected = "a.cluster: Creating...
a.old: Destroying... [id=o]
a.old: Destruction complete after 0s
a.cluster | one[2J
a.cluster: Creation complete after 5m10s [id=c]
a.key: Creation errored after 1s
a.app: not created, since a.key failed
";
        assert_eq!(text, expected);
    }

    #[test]
    fn what_takes_long_is_told_every_ten_seconds() {
        let mut progress = progress();
        let cluster = action("a.cluster", Call::Create);
        progress.event(&ApplyEvent::Started { action: cluster.clone(), id: None }, at(0));
        progress.event(&ApplyEvent::Note { action: cluster, text: "waiting for it".into() }, at(1));

        let told: Vec<String> =
            [5, 10, 15, 20].iter().map(|second| progress.tick(at(*second))).collect();

        assert_eq!(told[1], "a.cluster: Still creating... [10s elapsed] waiting for it\n");
        assert_eq!([told[0].as_str(), told[2].as_str()], ["", ""]);
        assert!(told[3].contains("[20s elapsed]"));
    }

    #[test]
    fn what_ends_without_a_word_runs_no_more() {
        let mut progress = progress();
        let key = action("a.key", Call::Create);
        progress.event(&ApplyEvent::Started { action: key.clone(), id: None }, at(0));

        let text = progress.event(&ApplyEvent::Ended { action: key }, at(1));

        assert_eq!((text.as_str(), progress.tick(at(20)).as_str()), ("", ""));
        assert!(progress.live(at(20), 10).starts_with("1 of 4 done, 0 running, 3 waiting\n"));
        assert!(progress.stopping(1).contains("nothing is under way"));
    }

    #[test]
    fn the_view_shows_what_runs_and_what_waits_for_what() {
        let mut progress = progress();
        progress
            .event(&ApplyEvent::Started { action: action("a.key", Call::Create), id: None }, at(0));

        let view = progress.live(at(61), 10);

        let expected = "0 of 4 done, 1 running, 3 waiting
  a.key creating 1m1s
  a.app waits for a.key and 1 more
  a.cluster
  a.old
";
        assert_eq!(view, expected);
        assert_eq!(progress.live(at(61), 3).lines().count(), 3);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_where_it_is_seen_and_stays_painted() {
        let mut order = Graph::default();
        order.wait(action("a.application", Call::Create), action("a.key", Call::Create));
        order.wait(
            action("a.key", Call::Create),
            action("a.a_cluster_with_a_long_name", Call::Create),
        );
        let progress = Progress::new(&order, Style { color: true, width: 32, ..Style::default() });

        let view = progress.live(at(0), 10);

        let line = "\u{1b}[90m  a.key waits for a.a_c…ong_name\u{1b}[0m\n";
        assert!(view.contains(line), "{view:?}");
    }

    #[test]
    fn the_end_tells_what_was_done() {
        let applied = Applied { added: 24, ..Applied::default() };

        assert_eq!(
            complete_line(applied, false),
            "Apply complete! Resources: 24 added, 0 changed, 0 destroyed."
        );
        assert_eq!(complete_line(applied, true), "Destroy complete! Resources: 0 destroyed.");
    }
}
