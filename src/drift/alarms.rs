//! What was alarmed: each change once, and once more when it went away.
//!
//! The book is kept in a file between runs. An alarm waits in it until each of those that are called back has taken it, so that none
//! is lost when a run ends in between. That it is going to be sent is noted before it is: where a run ended before the answer was
//! noted, it is sent again with the same id, and says that it may be a repeat. Of a finding that was told it keeps the hash alone,
//! and of one that has secrets when somebody last touched these.
//!
//! Invariant: what is known was told once, and what waits is in the order in which it was told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use super::{Class, Finding, Report};

/// So many alarms wait at most for who does not take them; the oldest are dropped.
const WAITING: usize = 10_000;

/// The book of alarms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alarms {
    known: BTreeMap<String, Known>,
    waiting: VecDeque<Alarm>,
    /// How many were dropped since nobody took them.
    pub dropped: u64,
}

/// A finding that was alarmed.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    print: String,
    /// When its secrets were last touched, where that is known.
    touched: Option<Timestamp>,
    since: Timestamp,
    kind: String,
    class: String,
    type_name: String,
}

/// One alarm.
#[derive(Clone, Debug, PartialEq)]
pub struct Alarm {
    /// The same whenever it is sent.
    pub id: String,
    /// What happened.
    pub event: Event,
    /// What it is about.
    pub name: String,
    /// When it was found.
    pub at: Timestamp,
    /// The finding, as it is told; nothing of one that went away.
    pub finding: Json,
    /// Who has not taken it yet.
    pub to: BTreeSet<String>,
    /// To whom it was going to be sent: they may have taken it.
    pub sent: BTreeSet<String>,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It was not there before.
    Found,
    /// It is another than it was.
    Changed,
    /// It is there no more.
    Gone,
}

/// Which objects a report speaks of: what is not in it went away only where they were looked at.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All that could be read.
    All,
    /// Those of these names that could be read.
    Only(&'a BTreeSet<String>),
}

impl Event {
    const ALL: [Event; 3] = [Event::Found, Event::Changed, Event::Gone];

    /// Gives its word in outputs.
    pub fn word(self) -> &'static str {
        match self {
            Event::Found => "found",
            Event::Changed => "changed",
            Event::Gone => "gone",
        }
    }
}

impl Alarms {
    /// Takes in a report; gives what is to be told of it. `to` are those who are called back, `told` says how a finding is told.
    pub fn take(
        &mut self,
        report: &Report,
        scope: Scope<'_>,
        now: Timestamp,
        to: &BTreeSet<String>,
        told: &dyn Fn(&Finding) -> Json,
    ) -> Vec<Alarm> {
        let mut made = Vec::new();
        let mut here: BTreeSet<String> = BTreeSet::new();
        for finding in report.findings.iter().filter(|finding| is_told(finding)) {
            let name = finding.name();
            let print = print(finding);
            here.insert(name.clone());
            let touched = touched(finding);
            let before = self.known.get_mut(&name);
            if let Some(known) = &before
                && known.print == print
                && (known.touched.is_none() || touched <= known.touched)
            {
                continue;
            }
            let event = if before.is_some() { Event::Changed } else { Event::Found };
            let known = Known {
                print,
                touched,
                since: now,
                kind: finding.kind.word().to_string(),
                class: finding.class.word().to_string(),
                type_name: finding.type_name.clone(),
            };
            made.push(alarm(event, &name, &known, now, told(finding), to));
            self.known.insert(name, known);
        }
        let unread: BTreeSet<String> =
            report.unread.iter().map(|(address, _)| address.to_string()).collect();
        let looked_at = |name: &String, known: &Known| {
            let meant = match scope {
                Scope::All => true,
                Scope::Only(names) => names.contains(name),
            };
            meant && !unread.contains(name) && !is_unlisted(report, known)
        };
        let gone = self.known.iter().filter(|(name, known)| looked_at(name, known));
        let gone: Vec<String> =
            gone.map(|(name, _)| name.clone()).filter(|name| !here.contains(name)).collect();
        for name in gone {
            let Some(known) = self.known.remove(&name) else { continue };
            let finding = json!({
                "kind": known.kind, "class": known.class, "type": known.type_name,
                "since": known.since.to_string(),
            });
            made.push(alarm(Event::Gone, &name, &known, now, finding, to));
        }
        if !to.is_empty() {
            self.waiting.extend(made.iter().cloned());
        }
        while self.waiting.len() > WAITING {
            self.waiting.pop_front();
            self.dropped += 1;
        }
        made
    }

    /// Gives the first alarm that somebody has not taken yet.
    pub fn first_for(&self, who: &str) -> Option<&Alarm> {
        self.waiting.iter().find(|alarm| alarm.to.contains(who))
    }

    /// Notes that an alarm is going to be sent to somebody.
    pub fn sending(&mut self, id: &str, who: &str) {
        for alarm in self.waiting.iter_mut().filter(|alarm| alarm.id == id) {
            alarm.sent.insert(who.to_string());
        }
    }

    /// Notes that somebody has refused an alarm for good.
    pub fn refused(&mut self, id: &str, who: &str) {
        self.dropped += 1;
        self.taken(id, who);
    }

    /// Notes that somebody has taken an alarm.
    pub fn taken(&mut self, id: &str, who: &str) {
        for alarm in self.waiting.iter_mut().filter(|alarm| alarm.id == id) {
            alarm.to.remove(who);
        }
        self.waiting.retain(|alarm| !alarm.to.is_empty());
    }

    /// Forgets who is called back no more.
    pub fn only_for(&mut self, to: &BTreeSet<String>) {
        for alarm in &mut self.waiting {
            alarm.to.retain(|who| to.contains(who));
        }
        self.waiting.retain(|alarm| !alarm.to.is_empty());
    }

    /// Says how many wait.
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Says how many findings stand.
    pub fn standing(&self) -> usize {
        self.known.len()
    }

    /// Gives the file's text.
    pub fn to_text(&self) -> String {
        let known: Map<String, Json> = self
            .known
            .iter()
            .map(|(name, known)| {
                let mut json = json!({
                    "print": known.print, "since": known.since.to_string(), "kind": known.kind,
                    "class": known.class, "type": known.type_name,
                });
                if let Some(touched) = known.touched {
                    json["touched"] = touched.to_string().into();
                }
                (name.clone(), json)
            })
            .collect();
        let waiting: Vec<Json> = self
            .waiting
            .iter()
            .map(|alarm| {
                json!({
                    "id": alarm.id, "event": alarm.event.word(), "name": alarm.name,
                    "at": alarm.at.to_string(), "finding": alarm.finding, "to": alarm.to, "sent": alarm.sent,
                })
            })
            .collect();
        let json = json!({
            "format_version": "1.0", "known": known, "waiting": waiting, "dropped": self.dropped,
        });
        format!("{json:#}\n")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Alarms, String> {
        let json: Json = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if json["format_version"] != "1.0" {
            return Err("its format_version is not \"1.0\"".to_string());
        }
        let mut alarms = Alarms::default();
        for (name, known) in json["known"].as_object().into_iter().flatten() {
            let known =
                known_of(known).ok_or_else(|| format!("what it has of {name} is no finding"))?;
            alarms.known.insert(name.clone(), known);
        }
        for waiting in json["waiting"].as_array().into_iter().flatten() {
            let alarm = waiting_of(waiting).ok_or("what waits in it is no alarm")?;
            alarms.waiting.push_back(alarm);
        }
        alarms.dropped = json["dropped"].as_u64().unwrap_or(0);
        Ok(alarms)
    }
}

/// Says whether a finding is alarmed: not what services do by themselves, nor what is settled.
pub fn is_told(finding: &Finding) -> bool {
    finding.class != Class::Service && !finding.is_settled()
}

/// Says when the secrets of a finding were last touched: their values are in no print.
fn touched(finding: &Finding) -> Option<Timestamp> {
    let secret = finding.attributes.iter().filter(|attribute| attribute.is_sensitive());
    secret.filter_map(|attribute| finding.touch(attribute)?.when).max()
}

/// Says whether a finding that was told is of what could not be listed.
fn is_unlisted(report: &Report, known: &Known) -> bool {
    let squashed = known.type_name.replace('_', "");
    let of_it = |what: &String| {
        let what = what.split(' ').next().unwrap_or_default();
        known.type_name == what || squashed.contains(&what.to_lowercase())
    };
    known.kind == "unmanaged" && report.unlisted.iter().any(of_it)
}

/// Says in short what a finding is: another print is another change. What a service does beside it is no part of it.
fn print(finding: &Finding) -> String {
    let mut of = finding.clone();
    of.attributes.retain(|attribute| attribute.class != Class::Service);
    hash(&[&of.key()])
}

fn hash(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(&hash.finalize()[..16])
}

fn alarm(
    event: Event,
    name: &str,
    known: &Known,
    now: Timestamp,
    finding: Json,
    to: &BTreeSet<String>,
) -> Alarm {
    let id = hash(&[event.word(), name, &known.print, &known.since.to_string()]);
    let (name, to) = (name.to_string(), to.clone());
    Alarm { id, event, name, at: now, finding, to, sent: BTreeSet::new() }
}

fn known_of(json: &Json) -> Option<Known> {
    let text = |name: &str| json[name].as_str().map(String::from);
    Some(Known {
        print: text("print")?,
        touched: json["touched"].as_str().and_then(|text| text.parse().ok()),
        since: json["since"].as_str()?.parse().ok()?,
        kind: text("kind")?,
        class: text("class")?,
        type_name: text("type")?,
    })
}

fn waiting_of(json: &Json) -> Option<Alarm> {
    let text = |name: &str| json[name].as_str().map(String::from);
    let word = json["event"].as_str()?;
    let names = |json: &Json| -> BTreeSet<String> {
        json.as_array().into_iter().flatten().filter_map(Json::as_str).map(String::from).collect()
    };
    Some(Alarm {
        id: text("id")?,
        event: Event::ALL.into_iter().find(|event| event.word() == word)?,
        name: text("name")?,
        at: json["at"].as_str()?.parse().ok()?,
        finding: json["finding"].clone(),
        to: names(&json["to"]),
        sent: names(&json["sent"]),
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Attribute, Kind};
    use super::*;
    use crate::providers::touch::{ToldBy, Touch};
    use crate::value::{Path, Value};

    fn report(live: Option<&str>, class: Class) -> Report {
        let findings = live.map(|live| {
            let attribute = Attribute {
                path: Path::root().attribute("a"),
                recorded: None,
                configured: None,
                live: Some(Value::string(live)),
                class,
                place: None,
                touch: None,
            };
            Finding {
                kind: Kind::Changed,
                address: None,
                type_name: "t".into(),
                id: "i".into(),
                provider: None,
                place: None,
                attributes: vec![attribute],
                class,
                touches: Vec::new(),
                remedies: Vec::new(),
            }
        });
        Report { findings: findings.into_iter().collect(), ..Report::default() }
    }

    fn words(alarms: &mut Alarms, report: &Report, scope: Scope<'_>) -> Vec<&'static str> {
        let to = BTreeSet::from(["w".to_string()]);
        let made = alarms.take(report, scope, Timestamp::UNIX_EPOCH, &to, &|_| Json::Null);
        made.iter().map(|alarm| alarm.event.word()).collect()
    }

    #[test]
    fn each_change_is_alarmed_once_and_once_when_it_went_away() {
        let mut alarms = Alarms::default();
        let (none, elsewhere) = (report(None, Class::Person), BTreeSet::new());
        let (one, two) = (report(Some("1"), Class::Person), report(Some("2"), Class::Unknown));

        assert_eq!(words(&mut alarms, &one, Scope::All), ["found"]);
        assert!(words(&mut alarms, &one, Scope::All).is_empty());
        assert_eq!(words(&mut alarms, &two, Scope::All), ["changed"]);
        assert!(words(&mut alarms, &none, Scope::Only(&elsewhere)).is_empty());
        assert_eq!(words(&mut alarms, &none, Scope::All), ["gone"]);
        assert!(words(&mut alarms, &none, Scope::All).is_empty());
    }

    #[test]
    fn another_value_of_a_secret_is_alarmed_by_the_time_of_its_touch() {
        let mut alarms = Alarms::default();
        let at = |second: Option<i64>| {
            let mut report = report(Some("1"), Class::Person);
            let finding = &mut report.findings[0];
            finding.attributes[0].live = Some(Value::string("1").sensitive());
            finding.attributes[0].touch = second.map(|_| 0);
            finding.touches.extend(second.map(|second| Touch {
                who: "ana".into(),
                agent: None,
                how: "Update".into(),
                when: Timestamp::from_second(second).ok(),
                told_by: ToldBy::ManagedFields,
                parts: Vec::new(),
                is_service: false,
                is_ours: false,
            }));
            report
        };

        assert_eq!(words(&mut alarms, &at(Some(1)), Scope::All), ["found"]);
        assert!(words(&mut alarms, &at(Some(1)), Scope::All).is_empty());
        assert_eq!(words(&mut alarms, &at(Some(2)), Scope::All), ["changed"]);
        assert!(words(&mut alarms, &at(None), Scope::All).is_empty(), "nobody knows");
    }

    #[test]
    fn what_could_not_be_read_or_listed_is_not_gone() {
        let mut alarms = Alarms::default();
        let mut found = report(Some("1"), Class::Person);
        found.findings[0].address = Some("a.b".parse().unwrap());
        words(&mut alarms, &found, Scope::All);
        let mut stray = report(Some("1"), Class::Person);
        (stray.findings[0].kind, stray.unread) =
            (Kind::Unmanaged, vec![("a.b".parse().unwrap(), "why".into())]);
        assert_eq!(words(&mut alarms, &stray, Scope::All), ["found"]);

        let mut none = report(None, Class::Person);
        none.unread = vec![("a.b".parse().unwrap(), "why".into())];
        none.unlisted = vec!["t".into()];
        assert!(words(&mut alarms, &none, Scope::All).is_empty());
        none.unread.clear();
        assert_eq!(words(&mut alarms, &none, Scope::All), ["gone"]);
        none.unlisted.clear();
        assert_eq!(words(&mut alarms, &none, Scope::All), ["gone"]);
    }

    #[test]
    fn what_services_do_by_themselves_is_not_alarmed() {
        let mut alarms = Alarms::default();

        assert!(words(&mut alarms, &report(Some("1"), Class::Service), Scope::All).is_empty());
    }

    #[test]
    fn the_file_has_all_and_an_alarm_waits_until_it_is_taken() {
        let mut alarms = Alarms::default();
        words(&mut alarms, &report(Some("1"), Class::Person), Scope::All);

        let mut read = Alarms::parse(&alarms.to_text()).unwrap();
        assert_eq!(read, alarms);
        assert!(words(&mut read, &report(Some("1"), Class::Person), Scope::All).is_empty());
        let id = read.first_for("w").unwrap().id.clone();
        read.sending(&id, "w");
        read = Alarms::parse(&read.to_text()).unwrap();
        assert!(read.first_for("w").unwrap().sent.contains("w"), "it may have been taken");
        read.taken(&id, "w");
        assert_eq!(read.first_for("w"), None);
        assert!(Alarms::parse("{}").is_err());
        assert!(!alarms.to_text().contains("\"1\""), "values are not kept");
    }
}
