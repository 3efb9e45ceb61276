//! What is live and not as it is recorded and written: findings, as data for `render` and for who watches.
//!
//! ```text
//! Report { findings, ignored, looked_at, notes }
//!   Finding { kind, address | type_name + id, place, attributes, class, touches, remedies }
//!     Attribute { path, recorded, configured, live, class, place, touch }
//!     Touch { who, agent, how, when, told_by, parts }        (providers/touch.rs)
//!     Remedy::{ Revert { command } | Accept(Acceptance) | Ignore { rule } }
//! ```
//!
//! The way of the data: `gather` makes findings of a plan (state against live, and configuration against live), `classify` says
//! whose doing each part is by the books of `providers/habits` and by the touches that sessions tell, `ignored` takes away what
//! `.terraneignore` names, `remedy` says what can be done, and `accept` edits the texts. It asks nothing of the world and has no
//! clock: who asks the sessions is `cli`.

pub mod classify;
pub mod gather;
pub mod remedy;
pub mod accept;
pub mod removal;
pub mod text;
pub mod tree;
pub mod ignore;
pub mod unmanaged;
pub mod alarms;
pub mod measures;
pub mod stacks;

use std::sync::Arc;

use crate::addr::Address;
use crate::diag::Span;
use crate::eval::ProviderRef;
use crate::providers::touch::Touch;
use crate::value::{Path, Value};

/// All that was found.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What is not as it is recorded or written, in the order of the addresses; what has none comes last.
    pub findings: Vec<Finding>,
    /// What rules of `.terraneignore` took away, each with the rule's place and its reason.
    pub ignored: Vec<Ignored>,
    /// How many objects were looked at.
    pub looked_at: usize,
    /// What could not be read, each with why.
    pub unread: Vec<(Address, String)>,
    /// Somebody who would know who did what did not answer.
    pub is_unsure: bool,
    /// Which types or kinds could not be listed for what is in no state.
    pub unlisted: Vec<String>,
    /// What should be known of the report itself, each once: whom nobody could ask who did it.
    pub notes: Vec<String>,
}

/// A finding that a rule took away.
#[derive(Clone, Debug)]
pub struct Ignored {
    /// The finding, with the parts that the rule names only.
    pub finding: Finding,
    /// The rule's place.
    pub rule: Span,
    /// Why, in the rule's words; may be empty.
    pub reason: String,
}

/// One object that is not as it is recorded or written.
#[derive(Clone, Debug)]
pub struct Finding {
    /// In what way.
    pub kind: Kind,
    /// The instance; nothing for what nobody manages.
    pub address: Option<Address>,
    /// The resource type.
    pub type_name: String,
    /// What the service knows it by, as it is imported; empty where that is not known.
    pub id: String,
    /// Its provider's block; nothing for what nobody manages.
    pub provider: Option<Arc<ProviderRef>>,
    /// Its block's header.
    pub place: Option<Span>,
    /// The parts that differ; none of what is missing or unmanaged.
    pub attributes: Vec<Attribute>,
    /// Whose doing it is: the gravest of its parts.
    pub class: Class,
    /// Who has touched it since it was last recorded, the last first.
    pub touches: Vec<Touch>,
    /// What can be done about it, the most usual first.
    pub remedies: Vec<Remedy>,
}

/// In what way an object is not as recorded or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Parts of it differ.
    Changed,
    /// It is gone.
    Missing,
    /// Another of its name stands in its place: it has another uid, or was made at another time.
    Replaced,
    /// It is as recorded, and written otherwise: an edit that was not applied, or a change that the state has taken.
    Unapplied,
    /// It exists and is in no state.
    Unmanaged,
}

/// Whose doing a difference is. The order is that of the weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The service does this by itself.
    Service,
    /// Nothing tells.
    Unknown,
    /// Somebody did it: a person, or a program of one.
    Person,
}

/// One part that differs, as deep as it can be told apart.
#[derive(Clone, Debug)]
pub struct Attribute {
    /// Which part.
    pub path: Path,
    /// As the state has it; nothing where it is not there.
    pub recorded: Option<Value>,
    /// As it is written; nothing where the configuration does not say it. May be unknown.
    pub configured: Option<Value>,
    /// As it is; nothing where it is not there.
    pub live: Option<Value>,
    /// Whose doing it is.
    pub class: Class,
    /// The place of the expression that it is written by.
    pub place: Option<Span>,
    /// Which of the finding's touches made it so, where that is known.
    pub touch: Option<usize>,
}

/// What can be done about a finding.
#[derive(Clone, Debug, PartialEq)]
pub enum Remedy {
    /// The world is set back to what is written.
    Revert {
        /// What is run.
        command: String,
    },
    /// What is live is written.
    Accept(Acceptance),
    /// It is told no more.
    Ignore {
        /// The line for `.terraneignore`.
        rule: String,
    },
}

/// How what is live can be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Acceptance {
    /// By these edits.
    Edits(Vec<Edit>),
    /// Nothing need be edited: the state takes it in with this command.
    Recorded {
        /// What is run.
        command: String,
    },
    /// Not by an edit.
    Impossible {
        /// Why, and what to do instead: full sentences.
        why: String,
    },
}

/// One edit of a text of the configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct Edit {
    /// The file, as people name it.
    pub file: String,
    /// The line where it begins; the first is 1.
    pub line: usize,
    /// The lines that go.
    pub before: Vec<String>,
    /// The lines that stand there instead.
    pub after: Vec<String>,
}

/// Takes the parts of a finding that a rule names out of it; the finding is gone where none is left.
fn split_off(
    mut finding: Finding,
    named: impl Fn(&Attribute) -> bool,
    (rule, reason): (Span, String),
    report: &mut Report,
) {
    let (gone, left): (Vec<_>, Vec<_>) = finding.attributes.drain(..).partition(|of| named(of));
    if !gone.is_empty() || left.is_empty() {
        let finding = Finding { attributes: gone, ..finding.clone() };
        report.ignored.push(Ignored { finding, rule, reason });
    }
    if !left.is_empty() {
        finding.attributes = left;
        finding.class = gather::gravest(&finding);
        report.findings.push(finding);
    }
}

impl Finding {
    /// Says what tells this finding from others and from itself when it changes further: whoever watches remembers it. It has no
    /// values of secrets.
    pub fn key(&self) -> String {
        let mut key = format!("{} {}", self.kind.word(), self.name());
        for attribute in &self.attributes {
            let live = attribute.live.as_ref().map(|live| match attribute.is_sensitive() {
                true => "(sensitive)".to_string(),
                false => crate::value::json::to_json(&live.without_marks()).to_string(),
            });
            key += &format!(" {}={}", attribute.path, live.unwrap_or_default());
        }
        key
    }

    /// Names it: by its address, or by its type and id.
    pub fn name(&self) -> String {
        match &self.address {
            Some(address) => address.to_string(),
            None => format!("{} {}", self.type_name, self.id),
        }
    }

    /// Says whether nothing is left to decide: what is live is what is written, and the state takes it with the next apply.
    pub fn is_settled(&self) -> bool {
        let all = !self.attributes.is_empty() && self.attributes.iter().all(Attribute::is_settled);
        self.kind == Kind::Changed && all
    }

    /// Gives who made a part so.
    pub fn touch(&self, attribute: &Attribute) -> Option<&Touch> {
        self.touches.get(attribute.touch?)
    }
}

impl Attribute {
    /// Says whether it must not be shown.
    pub fn is_sensitive(&self) -> bool {
        let sides = [&self.recorded, &self.configured, &self.live];
        sides.into_iter().flatten().any(Value::is_sensitive)
    }

    /// Says whether what is live is what is written.
    pub fn is_settled(&self) -> bool {
        let plain = |side: &Option<Value>| side.as_ref().map(Value::without_marks);
        self.configured.is_some() && plain(&self.configured) == plain(&self.live)
    }
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 5] =
        [Kind::Changed, Kind::Missing, Kind::Replaced, Kind::Unapplied, Kind::Unmanaged];

    /// Gives its word in outputs and rules.
    pub fn word(self) -> &'static str {
        match self {
            Kind::Changed => "changed",
            Kind::Missing => "missing",
            Kind::Replaced => "replaced",
            Kind::Unapplied => "unapplied",
            Kind::Unmanaged => "unmanaged",
        }
    }
}

impl Class {
    /// All of them.
    pub const ALL: [Class; 3] = [Class::Person, Class::Unknown, Class::Service];

    /// Gives its word in outputs and rules.
    pub fn word(self) -> &'static str {
        match self {
            Class::Service => "service",
            Class::Unknown => "unknown",
            Class::Person => "person",
        }
    }
}

impl Report {
    /// Counts the findings of a kind.
    pub fn count(&self, kind: Kind) -> usize {
        self.findings.iter().filter(|finding| finding.kind == kind).count()
    }

    /// Says whether something is left to decide: then the command ends with 2.
    pub fn has_drift(&self) -> bool {
        self.findings.iter().any(|finding| !finding.is_settled())
    }
}
