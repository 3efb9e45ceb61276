//! One change of a plan as text: what becomes of the object, why, and its parts.

use std::borrow::Cow;

use super::diff::{Diff, Spot};
use super::plan::SchemaOf;
use super::style::{Ink, Style};
use crate::addr::{Address, Key, Mode, module_text};
use crate::diag::Sources;
use crate::plan::{Change, Plan, Reason, Verb};
use crate::schema::Schema;
use crate::value::Value;

/// Tells one change: what becomes of it, why, what reviewers are told `beside`, and its parts.
pub(super) fn object(
    plan: &Plan,
    (address, deposed): (&Address, Option<&str>),
    change: &Change,
    (schemas, sources): (&SchemaOf<'_>, &Sources),
    beside: &str,
    style: Style,
) -> String {
    let mut name = address.to_string();
    if let Some(key) = deposed {
        name += &format!(" (deposed object {key})");
    }
    let moved = plan.moves.get(address).filter(|_| deposed.is_none());
    let mut text = String::with_capacity(ROOM);
    // What is let go is told a column further left.
    let forgets = matches!(change.verb, Verb::Forget { .. });
    let margin = if forgets { " " } else { "  " };
    match (&change.verb, moved) {
        (Verb::Keep { .. }, Some(from)) if change.importing.is_none() => {
            text += &format!("  # {from} has moved to {}", style.paint(Ink::Bold, &name));
        }
        _ => {
            name.insert_str(0, "# ");
            name.insert_str(0, margin);
            text += &style.paint(Ink::Bold, &name);
            text.push(' ');
            text += &fate(change, style);
        }
    }
    let place =
        change.span.map(|span| sources.file_line(span)).filter(|place| !place.starts_with(':'));
    if let Some(place) = place {
        text += &style.paint(Ink::Dim, &format!(" ({place})"));
    }
    text.push('\n');
    for reason in reasons(address, moved, change, deposed.is_some()) {
        text += &format!("{margin}# ({reason})\n");
    }
    if let Some(from) = moved.filter(|_| !change.verb.is_keep()) {
        text += &format!("  # (moved from {from})\n");
    }
    if plan.generated.contains_key(address) && deposed.is_none() {
        text += "  # (config will be generated)\n";
    }
    if let Some(id) = change.importing.as_ref().filter(|_| !change.verb.is_keep()) {
        text += &format!("  # (imported from \"{id}\")\n");
        if matches!(change.verb, Verb::Replace { .. }) {
            let warning =
                style.paint(Ink::Update, "Warning: this will destroy the imported resource");
            text += &format!("  # {warning}\n");
        }
    }
    for note in &change.notes {
        text += &format!("  # ({note})\n");
    }
    // What is made or removed as a whole has no attribute that changes.
    let whole = !matches!(change.verb, Verb::Update { .. } | Verb::Replace { .. });
    if style.concise && whole {
        return text + beside;
    }
    text + beside + &body(address, change, schemas, style)
}

/// What most objects' text has room in, so that it need not grow many times.
const ROOM: usize = 1 << 9;

/// Says what becomes of an object.
fn fate(change: &Change, style: Style) -> Cow<'static, str> {
    let red = |word: &str| style.paint(Ink::BoldRed, word);
    match (&change.verb, &change.reason) {
        (Verb::Keep { .. }, _) => "will be imported".into(),
        (Verb::Read { .. }, _) => "will be read during apply".into(),
        (Verb::Create { .. }, _) => "will be created".into(),
        (Verb::Update { .. }, _) => "will be updated in-place".into(),
        (Verb::Replace { .. }, Some(Reason::Tainted)) => {
            format!("is tainted, so must be {}", red("replaced")).into()
        }
        (Verb::Replace { .. }, Some(Reason::Requested)) => {
            format!("will be {}, as requested", red("replaced")).into()
        }
        (Verb::Replace { .. }, Some(Reason::Triggered)) => {
            format!("will be {} due to changes in replace_triggered_by", red("replaced")).into()
        }
        (Verb::Replace { .. }, _) => format!("must be {}", red("replaced")).into(),
        (Verb::Delete { .. }, _) => format!("will be {}", red("destroyed")).into(),
        (Verb::Forget { .. }, _) => {
            "will no longer be managed by Terrane, but will not be destroyed".into()
        }
    }
}

/// Says why, where it is not plain.
pub(super) fn reasons(
    address: &Address,
    moved: Option<&Address>,
    change: &Change,
    deposed: bool,
) -> Vec<String> {
    if deposed {
        return vec!["left over from a partially-failed replacement of this instance".into()];
    }
    if matches!(change.verb, Verb::Forget { .. }) {
        return vec!["destroy = false is set in the configuration".into()];
    }
    let Some(reason) = &change.reason else { return Vec::new() };
    let key = address.key.as_ref().map(Key::to_string).unwrap_or_default();
    let text = match reason {
        Reason::CannotUpdate | Reason::Tainted | Reason::Requested | Reason::Triggered => {
            return Vec::new();
        }
        Reason::ParentReplaced(parent) if matches!(change.verb, Verb::Replace { .. }) => format!(
            "because {parent} is replaced; it is removed before, so that nothing is in the way or left behind outside"
        ),
        Reason::ParentReplaced(parent) => {
            format!("because {parent} is replaced, and it goes down with it")
        }
        Reason::NoBlock => {
            let block = Address::root(address.mode, &address.type_name, &address.name);
            format!("because {block} is not in configuration")
        }
        Reason::NoModule => {
            format!("because {} is not in configuration", module_text(&address.module))
        }
        Reason::CountIndex => format!("because index {key} is out of range for count"),
        Reason::EachKey => format!("because key {key} is not in for_each map"),
        Reason::WrongRepetition => match &address.key {
            None => "because resource uses count or for_each".into(),
            Some(Key::Number(_)) => "because resource does not use count".into(),
            Some(Key::String(_)) => "because resource does not use for_each".into(),
        },
        Reason::NoMoveTarget => {
            let from = moved.unwrap_or(address);
            format!("because {from} was moved to {address}, which is not in configuration")
        }
        Reason::ConfigUnknown => "config refers to values not yet known".into(),
        Reason::DependencyPending => {
            "depends on a resource or a module with changes pending".into()
        }
        Reason::CheckNested => "config will be reloaded to verify a check block".into(),
    };
    vec![text]
}

fn body(address: &Address, change: &Change, schemas: &SchemaOf<'_>, style: Style) -> String {
    let (before, after) = match &change.verb {
        Verb::Forget { before } => (Some(before), Some(before)),
        verb => (verb.before(), verb.after()),
    };
    let paint = |ink, text| style.paint(ink, text);
    let symbol = match &change.verb {
        Verb::Keep { .. } => "   ".to_string(),
        Verb::Read { .. } => format!(" {}", paint(Ink::Read, "<=")),
        Verb::Create { .. } => format!("  {}", paint(Ink::Create, "+")),
        Verb::Update { .. } => format!("  {}", paint(Ink::Update, "~")),
        Verb::Replace { create_first: false, .. } => {
            format!("{}/{}", paint(Ink::Delete, "-"), paint(Ink::Create, "+"))
        }
        Verb::Replace { create_first: true, .. } => {
            format!("{}/{}", paint(Ink::Create, "+"), paint(Ink::Delete, "-"))
        }
        Verb::Delete { .. } => format!("  {}", paint(Ink::Delete, "-")),
        Verb::Forget { .. } => format!(" {}", paint(Ink::Read, ".")),
    };
    let whole = change.importing.is_some() && change.verb.is_keep();
    let diff = Diff { style, symbols: true, whole, replaces: &change.replaces };
    let schema = schemas(address, change);
    block(&diff, &symbol, address, schema.as_deref(), (before, after))
}

/// Tells an object as a block of configuration, sealed as its schema says.
pub(super) fn block(
    diff: &Diff<'_>,
    symbol: &str,
    address: &Address,
    schema: Option<&Schema>,
    (before, after): (Option<&Value>, Option<&Value>),
) -> String {
    let word = if address.mode == Mode::Data { "data" } else { "resource" };
    let fields = schema.map(|schema| &schema.fields);
    let sealed = |side: Option<&Value>| side.zip(schema).map(|(side, of)| of.sealed(side));
    let (sealed_before, sealed_after) = (sealed(before), sealed(after));
    let (before, after) = (sealed_before.as_ref().or(before), sealed_after.as_ref().or(after));
    let body = diff.body(fields, before, after, &Spot::new(1));
    let mut text = String::with_capacity(body.len() + ROOM / 4);
    for part in [symbol, " ", word, " \"", &address.type_name, "\" \"", &address.name, "\" {"] {
        text.push_str(part);
    }
    if body.is_empty() {
        return text + "}\n";
    }
    text.push('\n');
    text.push_str(&body);
    text.push_str("    }\n");
    text
}
