//! The words of `risk` blocks: which changes of a resource type are dangerous.
//!
//! ```text
//! risk "exposure" {
//!   on     = [create, update, replace]
//!   when   = { "members.*" = ["allUsers"], "enabled" = changes }
//!   unless = { "condition.title" = { not = ["", none] } }
//!   why    = "everybody can read the objects"
//! }
//! ```
//!
//! All of `when` must hold, and nothing of `unless`; of what is updated one of the parts that `when` names must change. A list
//! asks for one of its values; `changes`, `falls`, `rises` and `there` (neither null nor empty) ask what they say.

use crate::diag::Diagnostic;
use crate::schema::{On, RiskKind, RiskQuestion, RiskRule, RiskTest};
use crate::syntax::tree::Body as Tree;
use crate::value::{Number, Type, Value};

use super::words::{Word, Words};

const KINDS: &[(&str, RiskKind)] = &[
    ("data-loss", RiskKind::DataLoss),
    ("exposure", RiskKind::Exposure),
    ("irreversible", RiskKind::Irreversible),
    ("downtime", RiskKind::Downtime),
    ("cost", RiskKind::Cost),
];
const DONE: &[(&str, On)] = &[
    ("create", On::Create),
    ("update", On::Update),
    ("replace", On::Replace),
    ("delete", On::Delete),
];

/// Reads the `risk` blocks of a resource's block.
pub fn read(body: &Tree, problems: &mut Vec<Diagnostic>) -> Vec<RiskRule> {
    body.blocks("risk")
        .filter_map(|block| {
            let label = block.labels.first().map(|label| label.text.as_str()).unwrap_or_default();
            let mut words = Words::of_body(&block.body, block.header, problems);
            let kind = KINDS.iter().find(|(name, _)| *name == label).map(|(_, kind)| *kind);
            if kind.is_none() {
                words.problem(format!("There is no risk \"{label}\"."));
            }
            let asked = words.texts("on");
            let find = |text: &String| DONE.iter().find(|(name, _)| name == text);
            let on: Vec<On> = asked.iter().filter_map(find).map(|(_, on)| *on).collect();
            if on.is_empty() || on.len() != asked.len() {
                words.problem("The word `on` has create, update, replace and delete.".into());
            }
            let when = tests(&mut words, "when");
            let unless = tests(&mut words, "unless");
            let why = words.text("why").unwrap_or_default();
            if why.is_empty() || why.ends_with('.') {
                words.problem("The word `why` is a sentence without a full stop.".into());
            }
            words.finish();
            Some(RiskRule { kind: kind?, on, when, unless, why })
        })
        .collect()
}

fn tests(words: &mut Words<'_>, name: &'static str) -> Vec<RiskTest> {
    let Some(word) = words.take(name) else { return Vec::new() };
    let Word::Object(fields) = word else {
        words.problem(format!("The word `{name}` has paths with what is asked of them."));
        return Vec::new();
    };
    let mut tests = Vec::new();
    for (path, word) in fields {
        match question(&word) {
            Some(test) => {
                let path = path.split('.').map(str::to_string).collect();
                tests.push(RiskTest { path, test });
            }
            None => words.problem(format!("What is asked of `{path}` is not in the words.")),
        }
    }
    tests
}

fn question(word: &Word) -> Option<RiskQuestion> {
    match word {
        Word::Name(name) if name == "changes" => Some(RiskQuestion::Changes),
        Word::Name(name) if name == "falls" => Some(RiskQuestion::Falls),
        Word::Name(name) if name == "there" => Some(RiskQuestion::There),
        Word::Name(name) if name == "rises" => Some(RiskQuestion::Rises),
        Word::List(_) => Some(RiskQuestion::Is(values(word)?)),
        Word::Object(fields) => match &fields[..] {
            [(name, list)] if name == "not" => Some(RiskQuestion::Not(values(list)?)),
            [(name, list)] if name == "has" => Some(RiskQuestion::Has(list.texts()?)),
            _ => None,
        },
        _ => None,
    }
}

fn values(word: &Word) -> Option<Vec<Value>> {
    let Word::List(words) = word else { return None };
    let value = |word: &Word| match word {
        Word::Bool(value) => Some(Value::bool(*value)),
        Word::Number(number) => Number::from_f64(*number).map(Value::number),
        Word::Text(text) => Some(Value::string(text)),
        Word::Name(name) if name == "none" => Some(Value::null(Type::Any)),
        _ => None,
    };
    words.iter().map(value).collect()
}
