//! `terrane drift -watch`: goes on looking. Clusters tell of changes by watches, all else is read at intervals.
//!
//! Each whole check is a plan that only reads, from configuration and state as they are then. What a watch tells of is checked
//! at once, those objects alone. A check that fails tells nothing of any object: what is known stays as it was. What was alarmed is
//! kept in a file, so that a run that begins anew repeats nothing.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use clap::ArgMatches;
use futures::future::select_all;
use jiff::Timestamp;
use serde_json::Value as Json;
use tokio::sync::watch;

use super::alarm_book::{Book, Step};
use super::drift::look;
use super::watch_server::{Page, listen};
use super::webhook::{Sent, Webhook, body};
use super::workbench::{Workbench, duration, file_problem};
use super::{Exit, all, flag, many, one, option};
use crate::addr::{Address, Target};
use crate::diag::{Diagnostic, Sources};
use crate::drift::alarms::{Alarm, Alarms, Event, Scope};
use crate::drift::measures::Measures;
use crate::drift::{Class, Finding, Report};
use crate::http::Clock;
use crate::http::pace::Pace;
use crate::plan::history::Asked;
use crate::providers::touch::{Follow, Told};
use crate::render;
use crate::render::json::Reveal;

/// After what a watch told first it is waited so long for more of it.
const SETTLES: Duration = Duration::from_secs(2);
/// How soon a check that failed is tried again; each time twice as late, up to twice the interval.
const AGAIN: Duration = Duration::from_secs(30);

/// After so many checks in a row of which something is not known all is told as it is.
const UNSURE: u32 = 3;

/// The arguments.
pub(super) fn arguments(command: clap::Command) -> clap::Command {
    command
        .arg(flag("watch", "Go on looking: tell each change once, and when it went away"))
        .arg(
            option("interval", "DURATION", "With -watch: how often everything is read")
                .default_value("5m"),
        )
        .arg(option(
            "listen",
            "ADDRESS",
            "With -watch: serve /metrics and /healthz, as 127.0.0.1:9464",
        ))
        .arg(many(
            "webhook",
            "URL",
            "With -watch: send alarms there as JSON; may come several times",
        ))
        .arg(option("alarms", "FILE", "With -watch: keep what was alarmed in this file"))
        .arg(option("rounds", "N", "With -watch: end after so many whole checks"))
}

/// Says whether it is asked for.
pub(super) fn is_asked(matches: &ArgMatches) -> bool {
    matches.get_one::<bool>("watch").copied().unwrap_or(false)
}

/// What the arguments say.
struct Settings {
    interval: Duration,
    listen: Option<SocketAddr>,
    webhooks: Vec<Webhook>,
    rounds: Option<u64>,
}

/// A watch under way.
struct Watch {
    settings: Settings,
    /// Who is called back, by the file's names.
    to: BTreeSet<String>,
    book: Book,
    alarms: Alarms,
    measures: Measures,
    page: watch::Sender<Page>,
    pace: Arc<Pace>,
    /// When it began.
    began: Timestamp,
    /// How many whole checks were begun, and how many of the last ones failed.
    rounds: u64,
    failed: u32,
    /// Whether changes are followed since the last whole check only.
    fresh: bool,
    /// Why the last one failed, and who is not reached: each is told once.
    said: BTreeSet<String>,
}

/// What ends a wait.
enum Woken {
    Stopped,
    Time,
    Told(BTreeSet<Address>),
    Lost(String),
}

/// Sessions that tell of changes, each with its objects.
type Followers = Vec<(Box<dyn Follow>, Vec<Address>)>;

/// Goes on looking until it is asked to stop.
pub(super) fn watch(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let settings = settings(workbench, matches)?;
    let (book, alarms) = kept(workbench, matches)?;
    let (page, seen) = watch::channel(Page::default());
    let to: BTreeSet<String> = settings.webhooks.iter().map(|of| of.id.clone()).collect();
    let mut watch = Watch {
        settings,
        to,
        book,
        alarms,
        measures: Measures::default(),
        page,
        pace: Arc::default(),
        began: workbench.clock.now(),
        rounds: 0,
        failed: 0,
        fresh: false,
        said: BTreeSet::new(),
    };
    watch.alarms.only_for(&watch.to);
    watch.publish();
    if let Some(address) = watch.settings.listen {
        let clock = workbench.clock.clone();
        let listening = workbench.runtime.block_on(listen(address, clock, seen));
        let address = listening.map_err(|error| {
            let detail = format!("Nobody can listen on {address}: {error}.");
            workbench.fail(&[Diagnostic::error("Invalid -listen option", detail)])
        })?;
        workbench.screen.error(format!("Listening on http://{address}/metrics\n"));
    }
    workbench.pace = Some(watch.pace.clone());
    let mut followers = Followers::new();
    loop {
        let good = watch.round(workbench, matches, &mut followers)?;
        let over = watch.settings.rounds.is_some_and(|rounds| watch.rounds >= rounds);
        if over && !good {
            return Ok(1);
        }
        if over || workbench.environment.stop.is_asked() {
            return Ok(if watch.alarms.standing() > 0 { 2 } else { 0 });
        }
        if !watch.wait(workbench, matches, &mut followers)? {
            return Ok(if watch.alarms.standing() > 0 { 2 } else { 0 });
        }
    }
}

fn settings(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Settings, Exit> {
    let mut wrong = |name: &str, text: &str, why: &str| {
        let detail = format!("\"{text}\": {why}.");
        workbench.fail(&[Diagnostic::error(format!("Invalid -{name} option"), detail)])
    };
    let text = one(matches, "interval").unwrap_or("5m");
    let interval =
        duration(text).map_err(|_| wrong("interval", text, "it is not a duration such as 5m"))?;
    if interval < Duration::from_secs(10) {
        return Err(wrong("interval", text, "10s is the shortest"));
    }
    let listen =
        match one(matches, "listen") {
            None => None,
            Some(text) => Some(text.parse().map_err(|_| {
                wrong("listen", text, "it is not an address such as 127.0.0.1:9464")
            })?),
        };
    let mut webhooks = Vec::new();
    for url in all(matches, "webhook") {
        webhooks.push(Webhook::new(&url).map_err(|why| wrong("webhook", "…", &why))?);
    }
    let rounds = match one(matches, "rounds") {
        None => None,
        Some(text) => {
            Some(text.parse().map_err(|_| wrong("rounds", text, "it is not a whole number"))?)
        }
    };
    Ok(Settings { interval, listen, webhooks, rounds })
}

/// Reads what was alarmed before.
fn kept(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(Book, Alarms), Exit> {
    let path = one(matches, "alarms").map(|name| workbench.folder.join(name));
    Book::open(path.clone()).map_err(|why| {
        let path = path.unwrap_or_default();
        let problem = file_problem("Failed to read what was alarmed", &path, &why);
        let help = "Remove the file to begin anew: what stands is alarmed again then.";
        workbench.fail(&[problem.help(help)])
    })
}

impl Watch {
    /// Does a whole check; says whether it was done.
    fn round(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        matches: &ArgMatches,
        followers: &mut Followers,
    ) -> Result<bool, Exit> {
        self.rounds += 1;
        let Some((report, asked)) = self.check(workbench, matches, None)? else {
            self.failed += 1;
            self.measures.last_failure = Some(workbench.clock.now());
            self.publish();
            return Ok(false);
        };
        let whole = report.unread.is_empty() && !report.is_unsure;
        let now = workbench.clock.now();
        self.measures.take(&report);
        let whole_for_long = self.failed >= UNSURE;
        self.tell(workbench, report, (Scope::All, whole_for_long))?;
        self.failed = if whole { 0 } else { self.failed + 1 };
        match whole {
            true => self.measures.last_success = Some(now),
            false => self.measures.last_failure = Some(now),
        }
        if followers.is_empty() {
            *followers = workbench.runtime.block_on(follow(&asked));
            // What changed between the check and the watches is found by another check soon.
            self.fresh = !followers.is_empty();
        } else {
            self.fresh = false;
        }
        self.measures.followed = followers.len();
        self.publish();
        Ok(whole)
    }

    /// Makes a plan that only reads, and its report; nothing where it could not be made.
    fn check(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        matches: &ArgMatches,
        alone: Option<Vec<Target>>,
    ) -> Result<Option<(Report, Asked)>, Exit> {
        self.measures.checks += 1;
        // The texts of the last check are not kept.
        workbench.sources = Sources::default();
        workbench.held = Some(Vec::new());
        let looked = look(workbench, matches, alone);
        let held = workbench.held.take().unwrap_or_default();
        self.measures.calls = self.pace.answers();
        match looked {
            Ok(looked) => {
                let report = &looked.report;
                match report.unread.is_empty() && !report.is_unsure {
                    true => self.said.clear(),
                    false => self.measures.failures += 1,
                }
                for (address, why) in &report.unread {
                    self.say(workbench, &format!("Not read: {address}: {why}"));
                }
                Ok(Some((looked.report, looked.plan.past.asked)))
            }
            Err(_) if workbench.environment.stop.is_asked() => Ok(None),
            Err(_) => {
                self.measures.failures += 1;
                for problem in held.iter().filter(|problem| problem.is_error()) {
                    let why = format!("{}: {}", problem.summary, problem.detail);
                    self.say(workbench, &format!("The check failed: {why}"));
                }
                Ok(None)
            }
        }
    }

    /// Says something to the log, once until a check is done again.
    fn say(&mut self, workbench: &mut Workbench<'_, '_>, text: &str) {
        if self.said.insert(text.to_string()) {
            let now = workbench.clock.now();
            workbench.screen.error(format!("{now:.0} {text}\n"));
        }
    }

    /// Tells what is new of a report, and keeps that it was told.
    fn tell(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        mut report: Report,
        (scope, is_late): (Scope<'_>, bool),
    ) -> Result<(), Exit> {
        if report.is_unsure && !is_late {
            self.put_off(&mut report);
        }
        let now = workbench.clock.now();
        let sources = &workbench.sources;
        let told = |finding: &Finding| render::json::drift::finding(finding, sources, Reveal::No);
        let made = self.alarms.take(&report, scope, now, &self.to, &told);
        self.measures.alarms += made.len() as u64;
        for alarm in &made {
            let line = match workbench.json() {
                true => body(alarm).to_string(),
                false => line(alarm),
            };
            workbench.screen.line(line);
        }
        if !made.is_empty() {
            self.keep(workbench)?;
        }
        self.call_back(workbench)
    }

    /// Leaves out what nothing tells of while who would know does not answer: it may be a service's own doing.
    fn put_off(&self, report: &mut Report) {
        let (unknown, known): (Vec<Finding>, Vec<Finding>) = std::mem::take(&mut report.findings)
            .into_iter()
            .partition(|finding| finding.class == Class::Unknown && finding.address.is_some());
        report.findings = known;
        let why = "nobody tells who changed it";
        let put_off = unknown.into_iter().filter_map(|finding| finding.address);
        report.unread.extend(put_off.map(|address| (address, why.to_string())));
    }

    /// Sends what waits, until somebody does not answer.
    fn call_back(&mut self, workbench: &mut Workbench<'_, '_>) -> Result<(), Exit> {
        let mut sent_any = false;
        for number in 0..self.settings.webhooks.len() {
            let webhook = &self.settings.webhooks[number];
            let (id, name) = (webhook.id.clone(), webhook.name());
            while let Some(alarm) = self.alarms.first_for(&id).cloned() {
                self.note(workbench, Step::Sending, &alarm.id, &id)?;
                let clock = workbench.clock.clone();
                let webhook = &self.settings.webhooks[number];
                let sent = workbench.runtime.block_on(webhook.send(&alarm, clock.as_ref()));
                let step = match sent {
                    Sent::Taken => Step::Taken,
                    Sent::Refused(why) => {
                        self.say(
                            workbench,
                            &format!("The webhook at {name} refuses alarms: {why}"),
                        );
                        Step::Refused
                    }
                    Sent::Later(why) => {
                        self.say(
                            workbench,
                            &format!("The webhook at {name} does not take alarms now: {why}"),
                        );
                        break;
                    }
                };
                self.note(workbench, step, &alarm.id, &id)?;
                sent_any = true;
            }
        }
        if sent_any {
            self.keep(workbench)?;
        }
        (self.measures.waiting, self.measures.dropped) =
            (self.alarms.waiting(), self.alarms.dropped);
        Ok(())
    }

    fn keep(&mut self, workbench: &mut Workbench<'_, '_>) -> Result<(), Exit> {
        let kept = self.book.keep(&self.alarms);
        kept.map_err(|error| self.not_kept(workbench, &error))
    }

    /// Notes what becomes of an alarm, durably and then here.
    fn note(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        step: Step,
        id: &str,
        who: &str,
    ) -> Result<(), Exit> {
        let noted = self.book.note(step, id, who);
        noted.map_err(|error| self.not_kept(workbench, &error))?;
        step.take(&mut self.alarms, id, who);
        Ok(())
    }

    fn not_kept(&self, workbench: &mut Workbench<'_, '_>, error: &std::io::Error) -> Exit {
        let path = self.book.path().unwrap_or(Path::new(""));
        workbench.fail(&[file_problem("Failed to write what was alarmed", path, error)])
    }

    /// Waits for the time of the next whole check, and checks meanwhile what watches tell of; says whether to go on.
    fn wait(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        matches: &ArgMatches,
        followers: &mut Followers,
    ) -> Result<bool, Exit> {
        let until = workbench.clock.now() + self.pause(workbench);
        loop {
            let woken = {
                let (stop, clock) = (&workbench.environment.stop, workbench.clock.clone());
                let waiting = async {
                    tokio::select! {
                        biased;
                        () = stop.asked(1) => Woken::Stopped,
                        woken = told(followers, clock.as_ref()) => woken,
                        () = slept(clock.as_ref(), until) => Woken::Time,
                    }
                };
                workbench.runtime.block_on(waiting)
            };
            match woken {
                Woken::Stopped => return Ok(false),
                Woken::Time => return Ok(true),
                Woken::Lost(why) => {
                    self.say(workbench, &format!("Changes are not told at once: {why}"));
                    followers.clear();
                    self.measures.followed = 0;
                }
                Woken::Told(addresses) => self.look_at(workbench, matches, addresses)?,
            }
            self.publish();
        }
    }

    /// Checks some objects alone.
    fn look_at(
        &mut self,
        workbench: &mut Workbench<'_, '_>,
        matches: &ArgMatches,
        addresses: BTreeSet<Address>,
    ) -> Result<(), Exit> {
        self.measures.told += addresses.len() as u64;
        let names: BTreeSet<String> = addresses.iter().map(Address::to_string).collect();
        let alone = addresses.into_iter().map(Target::Resource).collect();
        // What fails now is looked at with everything else.
        let Some((mut report, _)) = self.check(workbench, matches, Some(alone))? else {
            return Ok(());
        };
        report.findings.retain(|finding| names.contains(&finding.name()));
        let is_late = self.failed >= UNSURE;
        self.tell(workbench, report, (Scope::Only(&names), is_late))
    }

    /// Gives how long to wait for the next whole check: the interval, a little more or less so that many do not come at once.
    fn pause(&self, workbench: &Workbench<'_, '_>) -> Duration {
        let interval = self.settings.interval;
        if self.failed > 0 {
            let again = AGAIN.saturating_mul(2u32.saturating_pow(self.failed - 1));
            return again.min(interval * 2);
        }
        if self.fresh {
            return AGAIN.min(interval);
        }
        let host = workbench.environment.variable("HOSTNAME").unwrap_or_default();
        let of = format!("{host} {} {}", workbench.folder.display(), self.rounds);
        let drawn =
            of.bytes().fold(7u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        interval.mul_f64(0.95 + f64::from(drawn % 1000) / 10_000.0)
    }

    /// Gives out what was counted.
    fn publish(&self) {
        // After three intervals without a check something is wrong.
        let last = self.measures.last_success.unwrap_or(self.began);
        let good_until = last.checked_add(self.settings.interval * 3).unwrap_or(Timestamp::MAX);
        let metrics = render::metrics::metrics(&self.measures);
        self.page.send_replace(Page { metrics, good_until });
    }
}

/// Begins to follow the objects of all sessions that tell of changes.
async fn follow(asked: &Asked) -> Followers {
    let mut followers = Followers::new();
    for (session, objects) in &asked.0 {
        let touched: Vec<_> = objects.iter().map(|(_, touched)| touched.clone()).collect();
        if let Some(follow) = session.clone().follow(&touched).await {
            let addresses = objects.iter().map(|(address, _)| address.clone()).collect();
            followers.push((follow, addresses));
        }
    }
    followers
}

/// Waits until something is told, and a little longer for what comes with it.
async fn told(followers: &mut Followers, clock: &dyn Clock) -> Woken {
    let mut found = BTreeSet::new();
    match next(followers).await {
        Woken::Told(addresses) => found.extend(addresses),
        other => return other,
    }
    loop {
        tokio::select! {
            biased;
            woken = next(followers) => match woken {
                Woken::Told(addresses) => found.extend(addresses),
                // It is lost again the next time, after what was told.
                _ => return Woken::Told(found),
            },
            () = clock.sleep(SETTLES) => return Woken::Told(found),
        }
    }
}

/// Gives what is told next; waits for ever where nobody tells.
async fn next(followers: &mut Followers) -> Woken {
    if followers.is_empty() {
        return std::future::pending().await;
    }
    let (told, place) = {
        let each = followers.iter_mut().map(|(follow, _)| follow.next());
        let (told, place, _) = select_all(each).await;
        (told, place)
    };
    match told {
        Told::Changed(places) => {
            let addresses = &followers[place].1;
            Woken::Told(places.iter().filter_map(|at| addresses.get(*at)).cloned().collect())
        }
        Told::Lost(error) => {
            Woken::Lost(error.detail.lines().next().unwrap_or(&error.summary).to_string())
        }
    }
}

async fn slept(clock: &dyn Clock, until: Timestamp) {
    let left = until.duration_since(clock.now());
    if left.is_positive() {
        clock.sleep(left.unsigned_abs()).await;
    }
}

/// Tells an alarm in a line.
fn line(alarm: &Alarm) -> String {
    let finding = &alarm.finding;
    let word = |name: &str| finding[name].as_str().unwrap_or_default();
    let mut line = format!("{:.0} {} {}", alarm.at, alarm.event.word(), alarm.name);
    if alarm.event == Event::Gone {
        return line + &format!(" (was {}, since {})", word("kind"), word("since"));
    }
    line += &format!(" ({}, {})", word("kind"), word("class"));
    let parts = finding["attributes"].as_array().into_iter().flatten();
    let parts: Vec<&str> = parts.filter_map(|part| part["name"].as_str()).collect();
    if !parts.is_empty() {
        line += &format!(": {}", parts.join(", "));
    }
    let touched = &finding["touches"][0];
    if let Some(who) = touched["who"].as_str() {
        let when = match &touched["when"] {
            Json::String(when) => format!(", {when}"),
            _ => String::new(),
        };
        line += &format!("; by {who}{when}");
    }
    line
}
