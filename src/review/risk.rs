//! What is dangerous about a change, by the rules of its resource type.

use super::parts::Differing;
use crate::plan::{Change, Verb};
pub use crate::schema::RiskKind;
use crate::schema::{On, RiskQuestion, RiskRule, RiskTest};
use crate::value::{Number, Type, Value};

/// A danger of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Risk {
    /// In what way.
    pub kind: RiskKind,
    /// What happens.
    pub why: String,
    /// Whether that depends on what is not known yet.
    pub perhaps: bool,
}

impl RiskKind {
    /// All kinds, the worst first.
    pub const ALL: [RiskKind; 5] = [
        RiskKind::DataLoss,
        RiskKind::Exposure,
        RiskKind::Irreversible,
        RiskKind::Downtime,
        RiskKind::Cost,
    ];

    /// Gives its name, as `-fail-on=risk:NAME` and the spec files have it.
    pub fn name(self) -> &'static str {
        match self {
            RiskKind::DataLoss => "data-loss",
            RiskKind::Exposure => "exposure",
            RiskKind::Irreversible => "irreversible",
            RiskKind::Downtime => "downtime",
            RiskKind::Cost => "cost",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<RiskKind> {
        RiskKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Says whether people must look at it before they say yes: all but what costs.
    pub fn is_high(self) -> bool {
        matches!(self, RiskKind::DataLoss | RiskKind::Exposure | RiskKind::Irreversible)
    }
}

/// How far a test holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Holds {
    No,
    Perhaps,
    Yes,
}

/// Gives the risks of a change, the worst first; each kind with one reason is told once.
pub(super) fn risks<'r>(
    rules: impl IntoIterator<Item = &'r RiskRule>,
    change: &Change,
    differing: &[Differing],
) -> Vec<Risk> {
    let on = match change.verb {
        Verb::Create { .. } => On::Create,
        Verb::Update { .. } => On::Update,
        Verb::Replace { .. } => On::Replace,
        Verb::Delete { .. } => On::Delete,
        Verb::Keep { .. } | Verb::Read { .. } | Verb::Forget { .. } => return Vec::new(),
    };
    let mut found: Vec<Risk> = Vec::new();
    for rule in rules.into_iter().filter(|rule| rule.on.contains(&on)) {
        let holds = |test: &RiskTest| holds(test, on, change, differing);
        let mut when = rule.when.iter().map(holds).min().unwrap_or(Holds::Yes);
        // What was so before is not the update's danger.
        let changes = |test: &RiskTest| differing.iter().any(|part| is_within(part, &test.path));
        if on == On::Update && !rule.when.is_empty() && !rule.when.iter().any(changes) {
            when = Holds::No;
        }
        let spared = rule.unless.iter().map(holds).max().unwrap_or(Holds::No);
        let perhaps = match (when, spared) {
            (Holds::No, _) | (_, Holds::Yes) => continue,
            (Holds::Yes, Holds::No) => false,
            _ => true,
        };
        if !found.iter().any(|risk| (risk.kind, &risk.why) == (rule.kind, &rule.why)) {
            found.push(Risk { kind: rule.kind, why: rule.why.clone(), perhaps });
        }
    }
    found.sort_by_key(|risk| (risk.perhaps, risk.kind));
    found
}

fn holds(test: &RiskTest, on: On, change: &Change, differing: &[Differing]) -> Holds {
    let side = match on {
        On::Delete => change.verb.before(),
        On::Create | On::Update | On::Replace => change.verb.after(),
    };
    let mut values = Vec::new();
    if let Some(side) = side {
        at(side, &test.path, &mut values);
    }
    // What nobody has given the service fills in by itself.
    let nothing = Value::null(Type::Any);
    if on != On::Delete && !is_given(change, &test.path) {
        values.iter_mut().filter(|value| !value.is_known()).for_each(|value| *value = &nothing);
    }
    let changed = || {
        let parts = differing.iter().filter(|part| is_within(part, &test.path));
        parts.filter(|part| !super::is_of_the_service(change, part)).collect::<Vec<_>>()
    };
    let any = |is: &dyn Fn(&Value) -> bool| {
        let one = |value: &&Value| match (value.is_known(), is(value)) {
            (true, true) => Holds::Yes,
            (true, false) => Holds::No,
            (false, _) => Holds::Perhaps,
        };
        values.iter().map(one).max().unwrap_or(Holds::No)
    };
    match &test.test {
        RiskQuestion::Is(wanted) => any(&|value| wanted.iter().any(|one| is_same(one, value))),
        RiskQuestion::Not(wanted) => {
            match any(&|value| wanted.iter().any(|one| is_same(one, value))) {
                Holds::Yes => Holds::No,
                Holds::No => Holds::Yes,
                Holds::Perhaps => Holds::Perhaps,
            }
        }
        RiskQuestion::Has(texts) => any(&|value| {
            let has = |text: &str| texts.iter().any(|wanted| text.contains(wanted.as_str()));
            value.as_str().is_some_and(has)
        }),
        RiskQuestion::There => any(&is_there),
        RiskQuestion::Changes | RiskQuestion::Rises if on == On::Create => any(&is_there),
        RiskQuestion::Changes => {
            let parts = changed();
            let sure = |part: &&&Differing| part.after.as_ref().is_none_or(Value::is_whole);
            match (parts.is_empty(), parts.iter().any(|part| sure(&part))) {
                (true, _) => Holds::No,
                (false, true) => Holds::Yes,
                (false, false) => Holds::Perhaps,
            }
        }
        RiskQuestion::Falls => {
            changed().into_iter().map(|part| moves(part, false)).max().unwrap_or(Holds::No)
        }
        RiskQuestion::Rises => {
            changed().into_iter().map(|part| moves(part, true)).max().unwrap_or(Holds::No)
        }
    }
}

/// Says whether the configuration gives something for a path; of a change without one it is not known.
fn is_given(change: &Change, path: &[String]) -> bool {
    let Some(config) = &change.config else { return true };
    let mut given = Vec::new();
    at(config, path, &mut given);
    given.iter().any(|value| !value.is_null())
}

fn is_same(wanted: &Value, value: &Value) -> bool {
    wanted.is_null() && value.is_null() || *wanted == value.without_marks()
}

fn is_there(value: &Value) -> bool {
    let empty = value.elements().is_some_and(<[Value]>::is_empty)
        || value.fields().is_some_and(crate::value::Fields::is_empty);
    !value.is_null() && !empty
}

/// Gives a number; some types write it as text.
fn number(value: &Value) -> Option<Number> {
    let text = || value.as_str().and_then(Number::parse);
    value.as_number().cloned().or_else(text)
}

/// Says whether a number rises or falls; what goes away, or is no longer true, falls.
fn moves(part: &Differing, up: bool) -> Holds {
    match (&part.before, &part.after) {
        (Some(_), None) => {
            if up {
                Holds::No
            } else {
                Holds::Yes
            }
        }
        (Some(_), Some(after)) if !after.is_known() => Holds::Perhaps,
        (Some(before), Some(after)) => {
            let numbers = number(before).zip(number(after));
            let truths = before.as_bool().zip(after.as_bool());
            let moves = match (numbers, truths) {
                (Some((before, after)), _) => {
                    if up {
                        after > before
                    } else {
                        after < before
                    }
                }
                (None, Some((before, after))) => before != after && after == up,
                (None, None) => false,
            };
            if moves { Holds::Yes } else { Holds::No }
        }
        (None, Some(_)) => {
            if up {
                Holds::Yes
            } else {
                Holds::No
            }
        }
        (None, None) => Holds::No,
    }
}

/// Gives the parts of a value that a path names. What is unknown on the way stands for all of its parts.
fn at<'v>(value: &'v Value, path: &[String], found: &mut Vec<&'v Value>) {
    let Some((first, rest)) = path.split_first() else { return found.push(value) };
    if !value.is_known() {
        found.push(value);
        return;
    }
    match first.as_str() {
        "*" => {
            value.elements().into_iter().flatten().for_each(|part| at(part, rest, found));
            let fields = value.fields().into_iter();
            fields.flat_map(crate::value::Fields::values).for_each(|part| at(part, rest, found));
        }
        name => {
            if let Some(part) = value.field(name) {
                at(part, rest, found);
            } else if let Some(elements) = value.elements() {
                // A block is written as a list of one: its fields are named without the place.
                elements.iter().for_each(|part| at(part, path, found));
            }
        }
    }
}

fn is_within(part: &Differing, path: &[String]) -> bool {
    use crate::value::PathStep;
    let mut names = part.path.0.iter().filter_map(|step| match step {
        PathStep::Attribute(name) => Some(name.clone()),
        PathStep::Index(index) => index.as_str().map(str::to_string),
    });
    path.iter().filter(|name| *name != "*").all(|wanted| match names.next() {
        Some(name) => name == *wanted,
        // The whole that it is in comes or goes.
        None => true,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::super::parts::differing;
    use super::*;
    use crate::render::plan::tests::{change, value};

    fn rule(on: On, path: &str, test: RiskQuestion) -> RiskRule {
        let path = path.split('.').map(str::to_string).collect();
        let when = vec![RiskTest { path, test }];
        let why = "it is dangerous".to_string();
        RiskRule { kind: RiskKind::Exposure, on: vec![on], when, unless: Vec::new(), why }
    }

    fn told(rule: &RiskRule, verb: Verb) -> Vec<bool> {
        let change = change(verb);
        let parts = differing(&change.verb, None);
        risks(std::slice::from_ref(rule), &change, &parts).iter().map(|risk| risk.perhaps).collect()
    }

    #[test]
    fn a_value_makes_a_risk_and_an_unknown_one_perhaps() {
        let public = Value::string("allUsers");
        let rule = rule(On::Create, "bindings.members.*", RiskQuestion::Is(vec![public]));
        let with = |member: &str| {
            let after = value(json!({ "bindings": [{ "members": ["a", member] }] }));
            Verb::Create { after }
        };

        assert_eq!(told(&rule, with("b")), Vec::<bool>::new());
        assert_eq!(told(&rule, with("allUsers")), [false]);
        assert_eq!(told(&rule, with("?")), [true]);
    }

    #[test]
    fn what_the_service_fills_in_by_itself_is_no_risk() {
        let public = Value::string("allUsers");
        let rule = rule(On::Create, "member", RiskQuestion::Is(vec![public]));
        let told = |config: Json| {
            let after = value(json!({ "member": "?" }));
            let change = Change { config: Some(value(config)), ..change(Verb::Create { after }) };
            risks(std::slice::from_ref(&rule), &change, &[]).len()
        };

        assert_eq!(told(json!({ "member": null })), 0);
        assert_eq!(told(json!({ "member": "?" })), 1);
    }

    #[test]
    fn what_falls_or_changes_is_told_where_it_does() {
        let update = |before: i64, after: i64| Verb::Update {
            before: value(json!({ "size": before, "x": 1 })),
            after: value(json!({ "size": after, "x": 2 })),
        };
        let falls = rule(On::Update, "size", RiskQuestion::Falls);
        let changes = rule(On::Update, "size", RiskQuestion::Changes);

        assert_eq!(told(&falls, update(3, 2)), [false]);
        assert_eq!(told(&falls, update(2, 3)), Vec::<bool>::new());
        assert_eq!(told(&changes, update(2, 3)), [false]);
        assert_eq!(told(&changes, update(2, 2)), Vec::<bool>::new());
    }
}
