//! A plan as text.

use std::sync::Arc;

use super::diagnostic;
use super::diff::{Act, Diff, Spot, act};
use super::style::{Ink, Style};
use crate::addr::{Address, Key, Mode, module_text};
use crate::diag::Sources;
use crate::plan::{Change, Counts, Drift, Plan, PlanMode, Reason, Verb};
use crate::schema::Schema;
use crate::value::Value;

/// Gives the schema that an address's object is told by.
pub type SchemaOf<'a> = dyn Fn(&Address, &Change) -> Option<Arc<Schema>> + 'a;

/// Tells a plan.
pub fn plan(plan: &Plan, schemas: &SchemaOf<'_>, sources: &Sources, style: &Style) -> String {
    let style = *style;
    let mut text = drift(plan, schemas, style);
    let shown = shown(plan);
    if shown.is_empty() && !plan.outputs.values().any(|change| change.before != change.after) {
        text += &nothing(plan, style);
        return text + &warnings(plan, sources, style);
    }
    if !shown.is_empty() && plan.base.mode != PlanMode::RefreshOnly {
        text += &legend(&shown, style);
        text += "Terrane will perform the following actions:\n";
        for (address, deposed, change) in &shown {
            text += "\n";
            text += &object(plan, (address, *deposed), change, schemas, sources, style);
        }
        text += "\n";
        text += &summary(plan.counts(), style);
    }
    text += &outputs(plan, style);
    if shown.is_empty() {
        text += "\n";
        text += &style.wrap(
            "You can apply this plan to save these new output values to the Terrane state, without changing any real infrastructure.\n",
        );
    }
    text + &warnings(plan, sources, style)
}

/// A change that is told, with its address.
type Shown<'p> = (&'p Address, Option<&'p str>, &'p Change);

/// Gives the changes to tell: modules after their parents, data sources first.
fn shown(plan: &Plan) -> Vec<Shown<'_>> {
    let is_told = |address: &Address, change: &Change| {
        !change.verb.is_keep() || change.importing.is_some() || plan.moves.contains_key(address)
    };
    let mut shown: Vec<Shown<'_>> = plan
        .changes
        .iter()
        .filter(|((address, _), change)| is_told(address, change))
        .map(|((address, deposed), change)| (address, deposed.as_deref(), change))
        .collect();
    shown.sort_by_key(|(address, deposed, _)| {
        let address = *address;
        (
            &address.module,
            address.mode != Mode::Data,
            &address.type_name,
            &address.name,
            &address.key,
            *deposed,
        )
    });
    shown
}

/// Gives the summary line: `Plan: 24 to add, 0 to change, 0 to destroy.`
pub fn summary_line(counts: Counts) -> String {
    let import =
        if counts.import > 0 { format!("{} to import, ", counts.import) } else { String::new() };
    let forget =
        if counts.forget > 0 { format!(", {} to forget", counts.forget) } else { String::new() };
    let Counts { add, change, destroy, .. } = counts;
    format!("Plan: {import}{add} to add, {change} to change, {destroy} to destroy{forget}.")
}

fn summary(counts: Counts, style: Style) -> String {
    let line = summary_line(counts);
    let rest = line.strip_prefix("Plan:").unwrap_or(&line);
    format!("{}{rest}\n", style.paint(Ink::Bold, "Plan:"))
}

fn nothing(plan: &Plan, style: Style) -> String {
    let drifted = !plan.drift.is_empty();
    let (head, rest) = match plan.base.mode {
        PlanMode::RefreshOnly if drifted => {
            return style.wrap(
                "This is a refresh-only plan, so Terrane will not take any actions to undo these. If you were expecting these changes then you can apply this plan to record the updated values in the Terrane state without changing any remote objects.\n",
            );
        }
        PlanMode::RefreshOnly => (
            "Your infrastructure still matches the configuration.",
            "Terrane has checked that the real remote objects still match the result of your most recent changes, and found no differences.",
        ),
        PlanMode::Destroy => (
            "No objects need to be destroyed.",
            "Either you have not created any objects yet or the existing objects were already deleted outside of Terrane.",
        ),
        PlanMode::Normal if drifted => (
            "Your infrastructure matches the configuration.",
            "Your configuration already applies the changes detected above. If you'd like to update the Terrane state to match, create and apply a refresh-only plan.",
        ),
        PlanMode::Normal => (
            "Your infrastructure matches the configuration.",
            "Terrane has compared your real infrastructure against your configuration and found no differences, so no changes are needed.",
        ),
    };
    let head =
        format!("{} {}", style.paint(Ink::BoldGreen, "No changes."), style.paint(Ink::Bold, head));
    format!("{head}\n\n{}\n", style.wrap(rest))
}

/// Tells what the symbols of this plan mean.
fn legend(shown: &[Shown<'_>], style: Style) -> String {
    let has = |is: fn(&Verb) -> bool| shown.iter().any(|(_, _, change)| is(&change.verb));
    let create = style.paint(Ink::Create, "+");
    let delete = style.paint(Ink::Delete, "-");
    let rows = [
        (has(|verb| matches!(verb, Verb::Create { .. })), format!("  {create} create")),
        (
            has(|verb| matches!(verb, Verb::Update { .. })),
            format!("  {} update in-place", style.paint(Ink::Update, "~")),
        ),
        (has(|verb| matches!(verb, Verb::Delete { .. })), format!("  {delete} destroy")),
        (
            has(|verb| matches!(verb, Verb::Replace { create_first: false, .. })),
            format!("{delete}/{create} destroy and then create replacement"),
        ),
        (
            has(|verb| matches!(verb, Verb::Replace { create_first: true, .. })),
            format!("{create}/{delete} create replacement and then destroy"),
        ),
        (
            has(|verb| matches!(verb, Verb::Read { .. })),
            format!(" {} read (data resources)", style.paint(Ink::Read, "<=")),
        ),
        (
            has(|verb| matches!(verb, Verb::Forget { .. })),
            format!("  {} forget (no longer managed, not destroyed)", style.paint(Ink::Read, ".")),
        ),
    ];
    let rows: String =
        rows.iter().filter(|(is, _)| *is).map(|(_, row)| format!("{row}\n")).collect();
    if rows.is_empty() {
        return String::new();
    }
    format!("Resource actions are indicated with the following symbols:\n{rows}\n")
}

/// Tells one change: what becomes of it, why, and its parts.
fn object(
    plan: &Plan,
    (address, deposed): (&Address, Option<&str>),
    change: &Change,
    schemas: &SchemaOf<'_>,
    sources: &Sources,
    style: Style,
) -> String {
    let name = match deposed {
        Some(key) => format!("{address} (deposed object {key})"),
        None => address.to_string(),
    };
    let place =
        change.span.map(|span| sources.file_line(span)).filter(|place| !place.starts_with(':'));
    let place =
        place.map(|place| style.paint(Ink::Dim, &format!(" ({place})"))).unwrap_or_default();
    let moved = plan.moves.get(address).filter(|_| deposed.is_none());
    let headline = match (&change.verb, moved) {
        (Verb::Keep { .. }, Some(from)) if change.importing.is_none() => {
            format!("  # {from} has moved to {}", style.paint(Ink::Bold, &name))
        }
        _ => format!("{} {}", style.paint(Ink::Bold, &format!("  # {name}")), fate(change, style)),
    };
    let mut text = format!("{headline}{place}\n");
    for reason in reasons(address, change, deposed.is_some()) {
        text += &format!("  # ({reason})\n");
    }
    if let Some(from) = moved.filter(|_| !change.verb.is_keep()) {
        text += &format!("  # (moved from {from})\n");
    }
    if let Some(id) = change.importing.as_ref().filter(|_| !change.verb.is_keep()) {
        text += &format!("  # (imported from \"{id}\")\n");
    }
    for note in &change.notes {
        text += &format!("  # ({note})\n");
    }
    text + &body(address, change, schemas, style)
}

/// Says what becomes of an object.
fn fate(change: &Change, style: Style) -> String {
    let red = |word: &str| style.paint(Ink::BoldRed, word);
    match (&change.verb, &change.reason) {
        (Verb::Keep { .. }, _) => "will be imported".to_string(),
        (Verb::Read { .. }, _) => "will be read during apply".to_string(),
        (Verb::Create { .. }, _) => "will be created".to_string(),
        (Verb::Update { .. }, _) => "will be updated in-place".to_string(),
        (Verb::Replace { .. }, Some(Reason::Tainted)) => {
            format!("is tainted, so must be {}", red("replaced"))
        }
        (Verb::Replace { .. }, Some(Reason::Requested)) => {
            format!("will be {}, as requested", red("replaced"))
        }
        (Verb::Replace { .. }, Some(Reason::Triggered)) => {
            format!("will be {} due to changes in replace_triggered_by", red("replaced"))
        }
        (Verb::Replace { .. }, _) => format!("must be {}", red("replaced")),
        (Verb::Delete { .. }, _) => format!("will be {}", red("destroyed")),
        (Verb::Forget { .. }, _) => {
            "will no longer be managed by Terrane, but will not be destroyed".to_string()
        }
    }
}

/// Says why, where it is not plain.
fn reasons(address: &Address, change: &Change, deposed: bool) -> Vec<String> {
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
        Reason::ClusterReplaced(cluster) => {
            format!("because {cluster} is replaced, and it goes down with it")
        }
        Reason::NoBlock => format!("because {} is not in configuration", address.block()),
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
            format!("because {address} was moved to a place that is not in configuration")
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
        Verb::Forget { .. } => format!("  {}", paint(Ink::Read, ".")),
    };
    let whole = change.importing.is_some() && change.verb.is_keep();
    let diff = Diff { style, symbols: true, whole, replaces: &change.replaces };
    let schema = schemas(address, change);
    block(&diff, &symbol, address, schema.as_deref(), (before, after))
}

/// Tells an object as a block of configuration.
fn block(
    diff: &Diff<'_>,
    symbol: &str,
    address: &Address,
    schema: Option<&Schema>,
    (before, after): (Option<&Value>, Option<&Value>),
) -> String {
    let word = if address.mode == Mode::Data { "data" } else { "resource" };
    let fields = schema.map(|schema| &schema.fields);
    let body = diff.body(fields, before, after, &Spot::new(1));
    let head = format!("{symbol} {word} \"{}\" \"{}\" {{", address.type_name, address.name);
    if body.is_empty() {
        return format!("{head}}}\n");
    }
    format!("{head}\n{body}    }}\n")
}

/// Tells what the world has changed.
fn drift(plan: &Plan, schemas: &SchemaOf<'_>, style: Style) -> String {
    if plan.drift.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "{}{}\n\n",
        style.paint(Ink::Read, "Note: "),
        style.paint(Ink::Bold, "Objects have changed outside of Terrane")
    );
    text += &style.wrap("Terrane detected the following changes made outside of Terrane since the last \"terrane apply\":\n");
    for (address, drift) in &plan.drift {
        text += "\n";
        text += &drifted(plan, address, drift, schemas, style);
    }
    text += "\n";
    if plan.base.mode != PlanMode::RefreshOnly && !plan.is_empty() {
        text += &style.wrap("Unless you have made equivalent changes to your configuration, the following plan may include actions to undo or respond to these changes.\n");
        text += "\n";
        text += &style.rule();
        text += "\n";
    }
    text
}

fn drifted(
    plan: &Plan,
    address: &Address,
    drift: &Drift,
    schemas: &SchemaOf<'_>,
    style: Style,
) -> String {
    let (word, act) = match &drift.found {
        Some(_) => ("has changed", Act::Update),
        None => ("has been deleted", Act::Delete),
    };
    let head = style.paint(Ink::Bold, &format!("  # {address}"));
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let change = plan.changes.get(&(address.clone(), None));
    let schema = change.and_then(|change| schemas(address, change));
    let sides = (Some(&drift.saved), drift.found.as_ref());
    let lead = diff.lead(0, act);
    format!("{head} {word}\n{}", block(&diff, lead.trim_end(), address, schema.as_deref(), sides))
}

fn outputs(plan: &Plan, style: Style) -> String {
    let changed = || plan.outputs.iter().filter(|(_, change)| change.before != change.after);
    if changed().next().is_none() {
        return String::new();
    }
    let mut text = format!("\n{}\n", style.paint(Ink::Bold, "Changes to Outputs:"));
    let diff = Diff { style, symbols: true, whole: false, replaces: &[] };
    let width = changed().map(|(name, _)| name.len()).max().unwrap_or_default();
    for (name, change) in changed() {
        let seal = |value: &Option<Value>| {
            let value = value.clone();
            value.map(|value| if change.sensitive { value.sensitive() } else { value })
        };
        let (before, after) = (seal(&change.before), seal(&change.after));
        let act = match (&before, &after) {
            (None, Some(_)) => Act::Create,
            (Some(_), None) => Act::Delete,
            (before, after) => act(before.as_ref(), after.as_ref()),
        };
        let value = diff.value(before.as_ref(), after.as_ref(), &Spot::new(0));
        text += &format!("{}{name:width$} = {value}\n", diff.lead(0, act));
    }
    text
}

fn warnings(plan: &Plan, sources: &Sources, style: Style) -> String {
    let tell = |problem| format!("\n{}", diagnostic::one(problem, sources, &style));
    plan.warnings.iter().map(tell).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::eval::ProviderRef;
    use crate::plan::OutputChange;
    use crate::schema::{BlockKind, Field, Given};
    use crate::value::json::from_json;
    use crate::value::{Path, Type};

    pub(crate) fn change(verb: Verb) -> Change {
        Change {
            verb,
            reason: None,
            provider: ProviderRef {
                module: Vec::new(),
                name: "x".into(),
                source: "hashicorp/x".into(),
                alias: None,
            },
            config: None,
            needs: Default::default(),
            span: None,
            places: Vec::new(),
            replaces: Vec::new(),
            private: Vec::new(),
            importing: None,
            notes: Vec::new(),
            create_before_destroy: false,
        }
    }

    /// A value from JSON, where the text `?` is unknown and `!x` a secret.
    pub(crate) fn value(json: Json) -> Value {
        fn marked(value: &Value) -> Value {
            match value.as_str() {
                Some("?") => Value::unknown(Type::String),
                Some(text) if text.starts_with('!') => Value::string(&text[1..]).sensitive(),
                _ => value.map_parts(&mut |part| marked(part)),
            }
        }
        marked(&from_json(&json))
    }

    pub(crate) fn plan_of(changes: Vec<(&str, Change)>) -> Plan {
        let changes = changes.into_iter();
        let changes = changes.map(|(address, change)| ((address.parse().unwrap(), None), change));
        Plan { changes: changes.collect(), ..Plan::default() }
    }

    fn told(plan: &Plan) -> String {
        told_by(plan, &|_, _| None)
    }

    fn told_by(plan: &Plan, schemas: &SchemaOf<'_>) -> String {
        super::plan(plan, schemas, &Sources::default(), &Style::default())
    }

    /// The text of one change without header and summary.
    fn body(address: &str, change: Change) -> String {
        let text = told(&plan_of(vec![(address, change)]));
        let start = text.find("  # ").unwrap();
        text[start..text.find("\nPlan:").unwrap()].to_string()
    }

    fn update(before: Json, after: Json) -> Change {
        change(Verb::Update { before: value(before), after: value(after) })
    }

    #[test]
    fn a_created_object_shows_what_is_known_and_says_what_is_not() {
        let after = json!({ "id": "?", "input": { "x": 1, "y": "!s" }, "none": null, "tags": [1, "a"],
            "text": "hello\nworld\n", "empty": {}, "list": [] });
        let text = told(&plan_of(vec![("a.b[0]", change(Verb::Create { after: value(after) }))]));

        let expected = r#"Resource actions are indicated with the following symbols:
  + create

Terrane will perform the following actions:

  # a.b[0] will be created
  + resource "a" "b" {
      + empty = {}
      + id    = (known after apply)
      + input = {
          + x = 1
          + y = (sensitive value)
        }
      + list  = []
      + tags  = [
          + 1,
          + "a",
        ]
      + text  = <<-EOT
            hello
            world
        EOT
    }

Plan: 1 to add, 0 to change, 0 to destroy.
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn an_update_hides_and_counts_what_is_unchanged() {
        let text = body(
            "a.b",
            update(
                json!({ "id": "i", "same": 1, "input": { "x": 1, "y": "!s" }, "out": { "x": 1 },
                    "text": "hello\nworld\n", "gone": "g", "list": [1.5, "x", null, 7, 8, 9] }),
                json!({ "id": "i", "same": 1, "input": { "x": 2, "y": "!s", "z": [1, { "q": 3 }] },
                    "out": "?", "text": "hello\nworld2\n", "gone": null,
                    "list": [1.5, "y", null, 7, 8, 9] }),
            ),
        );

        let expected = r#"  # a.b will be updated in-place
  ~ resource "a" "b" {
      - gone  = "g" -> null
        id    = "i"
      ~ input = {
          ~ x = 1 -> 2
          + z = [
              + 1,
              + {
                  + q = 3
                },
            ]
            # (1 unchanged attribute hidden)
        }
      ~ list  = [
            1.5,
          - "x",
          + "y",
            null,
            # (3 unchanged elements hidden)
        ]
      ~ out   = {
          - x = 1
        } -> (known after apply)
      ~ text  = <<-EOT
            hello
          - world
          + world2
        EOT
        # (1 unchanged attribute hidden)
    }
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_replacement_says_which_parts_force_it() {
        let before = value(json!({ "id": "i", "location": "EU", "labels": { "a": "b" } }));
        let after = value(json!({ "id": "?", "location": "US", "labels": { "a": "c" } }));
        let mut changed = change(Verb::Replace { before, after, create_first: false });
        changed.replaces =
            vec![Path::root().attribute("location"), Path::root().attribute("labels")];

        let text = body("a.b", changed);

        let expected = r#"  # a.b must be replaced
-/+ resource "a" "b" {
      ~ id       = "i" -> (known after apply)
      ~ labels   = { # forces replacement
          ~ a = "b" -> "c"
        }
      ~ location = "EU" -> "US" # forces replacement
    }
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn a_removed_object_shows_all_that_goes_and_why() {
        let before = value(json!({ "id": "i", "input": { "x": 1, "y": "!s" }, "key": "!k" }));
        let mut changed = change(Verb::Delete { before });
        changed.reason = Some(Reason::CountIndex);

        let text = body("a.b[1]", changed);

        let expected = r#"  # a.b[1] will be destroyed
  # (because index [1] is out of range for count)
  - resource "a" "b" {
      - id    = "i" -> null
      - input = {
          - x = 1
          - y = (sensitive value)
        } -> null
      - key   = (sensitive value) -> null
    }
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn json_and_yaml_texts_are_compared_by_what_they_say() {
        let text = body(
            "a.b",
            update(
                json!({ "policy": "{\"a\": 1, \"b\": [true]}", "values": "x: 1\ny:\n  - a\n" }),
                json!({ "policy": "{\"b\":[true],\"a\":2}", "values": "x: 1\ny:\n- a\n- b\n" }),
            ),
        );

        let expected = r#"  # a.b will be updated in-place
  ~ resource "a" "b" {
      ~ policy = jsonencode(
          ~ {
              ~ a = 1 -> 2
                # (1 unchanged attribute hidden)
            }
        )
      ~ values = yamlencode(
          ~ {
              ~ y = [
                    "a",
                  + "b",
                ]
                # (1 unchanged attribute hidden)
            }
        )
    }
"#;
        assert_eq!(text, expected);
    }

    #[test]
    fn blocks_stand_apart_and_sensitive_fields_are_sealed_by_the_schema() {
        let text_field = || Field::attribute(Type::String, Given::Optional);
        let inner: BTreeMap<String, Field> = [
            ("machine".to_string(), text_field()),
            ("token".to_string(), text_field().sensitive()),
        ]
        .into();
        let schema = Arc::new(Schema {
            fields: [
                ("name".to_string(), text_field()),
                ("node".to_string(), Field::block(BlockKind::List, 0, None, inner.clone())),
                ("other".to_string(), Field::block(BlockKind::List, 0, None, inner.clone())),
                ("timeouts".to_string(), Field::block(BlockKind::Single, 0, Some(1), inner)),
            ]
            .into(),
            ..Schema::default()
        });
        let mut changed = update(
            json!({ "name": "n", "node": [{ "machine": "a", "token": "t" }], "other": [{ "machine": "a" }],
                "timeouts": null }),
            json!({ "name": "n", "node": [{ "machine": "b", "token": "u" }, { "machine": "c", "token": null }],
                "other": [{ "machine": "a" }], "timeouts": {} }),
        );
        changed.replaces = vec![Path::root().attribute("node").place(0).attribute("machine")];

        let text = told_by(&plan_of(vec![("a.b", changed)]), &|_, _| Some(Arc::clone(&schema)));

        let expected = r#"  ~ resource "a" "b" {
        name = "n"

      ~ node {
          ~ machine = "a" -> "b" # forces replacement
          ~ token   = (sensitive value)
        }

      + node {
          + machine = "c"
        }

      + timeouts {}

        # (1 unchanged block hidden)
    }
"#;
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn outputs_are_told_with_their_changes() {
        let output = |before: Option<Json>, after: Option<Json>, sensitive| OutputChange {
            before: before.map(value),
            after: after.map(value),
            sensitive,
        };
        let plan = Plan {
            outputs: [
                ("e".to_string(), output(Some(json!({})), None, false)),
                ("ml".to_string(), output(None, Some(json!("a\nb\n")), false)),
                ("same".to_string(), output(Some(json!(1)), Some(json!(1)), false)),
                ("t".to_string(), output(Some(json!("x")), Some(json!("y")), true)),
            ]
            .into(),
            ..Plan::default()
        };

        let expected = r#"
Changes to Outputs:
  - e  = {} -> null
  + ml = <<-EOT
        a
        b
    EOT
  ~ t  = (sensitive value)

You can apply this plan to save these new output values to the Terrane state,
without changing any real infrastructure.
"#;
        assert_eq!(told(&plan), expected);
    }

    #[test]
    fn a_plan_without_changes_says_so() {
        let keep = change(Verb::Keep { before: value(json!({ "id": "i" })) });

        let text = told(&plan_of(vec![("a.b", keep)]));

        assert!(
            text.starts_with("No changes. Your infrastructure matches the configuration.\n"),
            "{text}"
        );
    }

    #[test]
    fn drift_stands_before_the_changes() {
        let mut plan = plan_of(vec![("a.b", update(json!({ "x": 1 }), json!({ "x": 2 })))]);
        let saved = value(json!({ "x": 2, "y": 1 }));
        let provider = change(Verb::Keep { before: saved.clone() }).provider;
        let found = Some(value(json!({ "x": 1, "y": 1 })));
        let drift = Drift { saved, found, paths: Vec::new(), provider };
        plan.drift.insert("a.b".parse().unwrap(), drift);

        let text = told(&plan);

        assert!(
            text.contains("  # a.b has changed\n  ~ resource \"a\" \"b\" {\n      ~ x = 2 -> 1\n"),
            "{text}"
        );
    }

    #[test]
    fn no_secret_is_told_whatever_becomes_of_it() {
        let secret =
            || value(json!({ "k": "!hunter2", "m": { "n": "!hunter2" }, "j": ["!hunter2"] }));
        let other = || value(json!({ "k": "!hunter3", "m": { "n": "hunter-free" }, "j": [] }));
        for verb in [
            Verb::Create { after: secret() },
            Verb::Delete { before: secret() },
            Verb::Update { before: secret(), after: other() },
            Verb::Update { before: other(), after: secret() },
            Verb::Replace { before: secret(), after: other(), create_first: true },
        ] {
            let text = told(&plan_of(vec![("a.b", change(verb))]));

            assert!(!text.contains("hunter2") && !text.contains("hunter3"), "{text}");
        }
    }
}
