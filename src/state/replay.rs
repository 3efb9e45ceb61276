//! What a journal means for a state: facts that enter it, and questions that only the world can answer.
//!
//! While the state has not moved since, the objects of the journal are facts; else they are questions. An action that was
//! begun, sent a request and has no end is a question in any case.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::journal::Journal;
use super::{Begun, Entry, Object, Question, Snapshot};
use crate::addr::Address;

/// An object's place: the instance, and the deposed key where it is not the current object.
type Place = (Address, Option<String>);

impl Journal {
    /// Brings a snapshot up to what the journal says, and gives what it leaves open.
    pub fn replay(&self, snapshot: &mut Snapshot) -> Vec<Question> {
        let base = (snapshot.lineage.clone(), snapshot.serial);
        let mut open = Open::default();
        let mut strays: BTreeMap<Place, Option<&Object>> = BTreeMap::new();
        let mut runs = self.runs.iter().peekable();
        let mut follows = false;
        for (place, entry) in self.entries.iter().enumerate() {
            while let Some((_, head)) = runs.next_if(|(start, _)| *start <= place) {
                follows = head.lineage == base.0 && head.serial == base.1;
                open.begin_run(&head.run);
            }
            if let Entry::Object { address, deposed, object: None } = entry {
                open.removed(&(address.clone(), deposed.clone()));
            }
            match entry {
                Entry::Object { address, deposed, object } if follows => {
                    enter(snapshot, address, deposed.as_deref(), object.as_deref());
                }
                Entry::Object { address, deposed, object } => {
                    strays.insert((address.clone(), deposed.clone()), object.as_deref());
                }
                other => open.note(other),
            }
        }
        let mut questions = open.questions;
        questions.retain(|_, question| !question.request.is_empty());
        for (place, object) in strays {
            if kept(snapshot, &place) != object {
                questions.entry(place.clone()).or_insert_with(|| stray(place, object));
            }
        }
        questions.into_values().collect()
    }
}

/// The actions that have no end yet.
#[derive(Default)]
struct Open {
    run: String,
    questions: BTreeMap<Place, Question>,
    /// Whose a call is, by run and number.
    calls: BTreeMap<(String, u64), Place>,
}

impl Open {
    fn begin_run(&mut self, run: &str) {
        self.run = run.to_string();
    }

    fn note(&mut self, entry: &Entry) {
        match entry {
            Entry::Begin(begun) => {
                let place = (begun.address.clone(), begun.deposed.clone());
                let begun = Begun::clone(begun);
                let question = Question {
                    begun,
                    request: String::new(),
                    told: Json::Null,
                    unanswered: false,
                    succeeded: false,
                };
                self.questions.insert(place, question);
            }
            Entry::Intent { call, address, action, request, identity } => {
                let place = self.place_of(address, action);
                self.calls.insert((self.run.clone(), *call), place.clone());
                let question = self.questions.entry(place).or_insert_with(|| Question {
                    begun: begun(address.clone(), None, action, None),
                    request: String::new(),
                    told: Json::Null,
                    unanswered: false,
                    succeeded: false,
                });
                question.request.clone_from(request);
                match (&mut question.told, identity) {
                    // What one request was told with counts for those after it.
                    (Json::Object(told), Json::Object(more)) => told.extend(more.clone()),
                    (told, more) => told.clone_from(more),
                }
                question.unanswered = true;
            }
            Entry::Answer { call, outcome } => {
                let place = self.calls.get(&(self.run.clone(), *call));
                if let Some(question) = place.and_then(|place| self.questions.get_mut(place)) {
                    question.unanswered = false;
                    question.succeeded |= succeeded(outcome);
                }
            }
            Entry::End { address, deposed } => {
                self.questions.remove(&(address.clone(), deposed.clone()));
            }
            Entry::Object { .. } => {}
        }
    }

    /// Ends a removal whose object is told to be gone, though its end was cut off: nothing is left to ask for.
    fn removed(&mut self, place: &Place) {
        if self.questions.get(place).is_some_and(|question| question.begun.action == "delete") {
            self.questions.remove(place);
        }
    }

    /// Gives the place of the open action that a call belongs to.
    fn place_of(&self, address: &Address, action: &str) -> Place {
        let of_address = self
            .questions
            .range((address.clone(), None)..)
            .take_while(|((other, _), _)| other == address);
        let mut fitting = of_address.filter(|(_, question)| question.begun.action == action);
        fitting.next().map_or_else(|| (address.clone(), None), |(place, _)| place.clone())
    }
}

/// Says whether an answer's outcome tells of a call that did something.
fn succeeded(outcome: &str) -> bool {
    const WORDS: [&str; 4] = ["ok", "made", "created", "applied"];
    outcome.starts_with('2') || WORDS.contains(&outcome)
}

fn begun(
    address: Address,
    deposed: Option<String>,
    action: &str,
    planned: Option<Object>,
) -> Begun {
    let (action, since) = (action.to_string(), Timestamp::UNIX_EPOCH);
    Begun { address, deposed, action, since, planned, programs: false }
}

/// Makes the question about an object that the state has otherwise.
fn stray((address, deposed): Place, object: Option<&Object>) -> Question {
    let action = if object.is_some() { "create" } else { "delete" };
    let begun = begun(address, deposed, action, object.cloned());
    Question {
        begun,
        request: EARLIER.to_string(),
        told: Json::Null,
        unanswered: false,
        succeeded: false,
    }
}

/// What stands for the request of an object that a run of another state made.
const EARLIER: &str = "a call of an earlier run";

fn kept<'a>(snapshot: &'a Snapshot, (address, deposed): &Place) -> Option<&'a Object> {
    let tracked = snapshot.objects.get(address)?;
    match deposed {
        None => tracked.current.as_ref(),
        Some(key) => tracked.deposed.get(key),
    }
}

/// Enters an object, or its absence, in a snapshot.
pub fn enter(
    snapshot: &mut Snapshot,
    address: &Address,
    deposed: Option<&str>,
    object: Option<&Object>,
) {
    let Some(key) = deposed else { return snapshot.set_current(address, object.cloned()) };
    let tracked = snapshot.objects.entry(address.clone()).or_default();
    match object {
        Some(object) => drop(tracked.deposed.insert(key.to_string(), object.clone())),
        None => drop(tracked.deposed.remove(key)),
    }
    if tracked.current.is_none() && tracked.deposed.is_empty() {
        snapshot.objects.remove(address);
    }
}

#[cfg(test)]
mod tests {
    use super::super::journal::{Header, entry, header, parse};
    use super::*;

    fn snapshot() -> Snapshot {
        super::super::file::read(include_str!("../../state/samples/members.tfstate")).unwrap()
    }

    fn at() -> Address {
        "terraform_data.new".parse().unwrap()
    }

    fn object() -> Object {
        snapshot().current(&"terraform_data.b[0]".parse().unwrap()).unwrap().clone()
    }

    fn begins() -> Entry {
        Entry::Begin(Box::new(begun(at(), None, "create", Some(object()))))
    }

    fn intent(call: u64) -> Entry {
        let (action, request) = ("create".into(), format!("POST {call}"));
        Entry::Intent { call, address: at(), action, request, identity: serde_json::json!({}) }
    }

    fn answer(call: u64, outcome: &str) -> Entry {
        Entry::Answer { call, outcome: outcome.into() }
    }

    fn made() -> Entry {
        Entry::Object { address: at(), deposed: None, object: Some(Box::new(object())) }
    }

    fn end() -> Entry {
        Entry::End { address: at(), deposed: None }
    }

    fn text(serial: u64, run: &str, entries: &[Entry]) -> String {
        let lineage = snapshot().lineage;
        let head = header(&Header { lineage, serial, run: run.into() });
        head + &entries.iter().map(entry).collect::<String>()
    }

    /// Gives the state and, of each question, action, last request and whether it has no answer.
    fn replayed(text: &str) -> (Snapshot, Vec<(String, String, bool)>) {
        let mut state = snapshot();
        let open = parse(text).unwrap().replay(&mut state);
        let told =
            |question: Question| (question.begun.action, question.request, question.unanswered);
        (state, open.into_iter().map(told).collect())
    }

    fn open(request: &str, unanswered: bool) -> (String, String, bool) {
        ("create".into(), request.into(), unanswered)
    }

    #[test]
    fn objects_enter_the_state_that_they_follow() {
        let entries = [begins(), intent(1), answer(1, "200"), made(), end()];

        let (state, open) = replayed(&text(snapshot().serial, "r", &entries));

        assert_eq!(state.current(&at()), Some(&object()));
        assert_eq!(open, []);
    }

    #[test]
    fn an_action_without_an_end_stays_a_question_with_its_last_request() {
        let serial = snapshot().serial;

        let (_, lost) = replayed(&text(serial, "r", &[begins(), intent(1)]));
        let several = [begins(), intent(1), answer(1, "ok"), made(), intent(2), answer(2, "ok")];
        let (state, half) = replayed(&text(serial, "r", &several));

        assert_eq!(lost, [open("POST 1", true)]);
        assert_eq!(half, [open("POST 2", false)]);
        assert_eq!(state.current(&at()), Some(&object()));
    }

    #[test]
    fn a_removal_that_was_told_is_no_question_though_its_end_was_cut_off() {
        let serial = snapshot().serial;
        let begins = Entry::Begin(Box::new(begun(at(), None, "delete", None)));
        let asks = Entry::Intent {
            call: 1,
            address: at(),
            action: "delete".into(),
            request: "DELETE 1".into(),
            identity: serde_json::json!({}),
        };
        let gone = Entry::Object { address: at(), deposed: None, object: None };
        let first = text(serial, "q", &[made()]);

        let asked = first.clone() + &text(serial, "r", &[begins.clone(), asks.clone()]);
        let told = first + &text(serial, "r", &[begins, asks, answer(1, "200"), gone]);

        assert_eq!(replayed(&asked).1, [("delete".into(), "DELETE 1".into(), true)]);
        let (state, open) = replayed(&told);
        assert_eq!((state.current(&at()), open), (None, vec![]));
    }

    #[test]
    fn an_action_that_sent_nothing_is_no_question() {
        assert_eq!(replayed(&text(snapshot().serial, "r", &[begins()])).1, []);
    }

    #[test]
    fn an_end_counts_behind_another_first_line_and_calls_of_two_runs_are_told_apart() {
        let serial = snapshot().serial;
        let first = text(serial, "r", &[begins(), intent(1)]);

        let ended = replayed(&(first.clone() + &text(serial, "r", &[answer(1, "403"), end()])));
        let other = replayed(&(first + &text(serial, "s", &[answer(1, "200")])));

        assert_eq!(ended.1, []);
        assert_eq!(other.1, [open("POST 1", true)]);
    }

    #[test]
    fn objects_of_a_state_that_has_moved_are_questions_unless_it_has_them() {
        let entries = [begins(), intent(1), answer(1, "200"), made(), end()];
        let journal = parse(&text(snapshot().serial - 1, "r", &entries)).unwrap();

        let mut state = snapshot();
        let questions = journal.replay(&mut state);
        assert_eq!(questions.len(), 1);
        assert_eq!(questions[0].begun.planned, Some(object()));
        assert_eq!(state.current(&at()), None);

        state.set_current(&at(), Some(object()));
        assert_eq!(journal.replay(&mut state), []);
    }

    #[test]
    fn a_delete_of_a_former_object_and_the_making_of_the_present_are_two_questions() {
        let former = begun(at(), Some("12345678".into()), "delete", None);
        let delete = Entry::Intent {
            call: 2,
            address: at(),
            action: "delete".into(),
            request: "DELETE 2".into(),
            identity: serde_json::json!({}),
        };
        let entries = [begins(), intent(1), Entry::Begin(Box::new(former)), delete, end()];

        let (_, open) = replayed(&text(snapshot().serial, "r", &entries));

        assert_eq!(open, [("delete".into(), "DELETE 2".into(), true)]);
    }

    #[test]
    fn the_sample_is_a_journal() {
        let (state, open) = replayed(include_str!("../../state/samples/run.journal"));

        assert!(state.current(&"terraform_data.c".parse().unwrap()).is_some());
        let delete = ("delete".into(), "DELETE https://example.com/objects/b".into(), true);
        assert_eq!(open, [delete]);
    }
}
