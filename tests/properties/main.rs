//! Laws of evaluation, tried on expressions drawn at random: nothing panics, knowing more changes nothing that was
//! known, what is sensitive does not come out unmarked, and the order in which the world answers does not matter.
//!
//! `PROPERTIES=N` tries N expressions instead of the few of an ordinary run, `PROPERTIES_FROM` starts at a seed.

mod generator;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use terrane::addr::Mode;
use terrane::config::{Config, Memory, load};
use terrane::diag::{FileId, Sources, has_errors};
use terrane::eval::{Answer, Asked, Evaluator, Inputs, Oracle, Schemas};
use terrane::schema::{Field, Given, Schema};
use terrane::value::{Fields, Kind, Type, Value};

use generator::{Draw, INPUTS, expression};

/// One resource type, whose attributes are the inputs.
struct Types;

fn schema() -> Schema {
    let fields = INPUTS.iter().map(|name| {
        let value = known(name, 0);
        ((*name).to_string(), Field::attribute(value.ty(), Given::Service))
    });
    Schema { fields: fields.collect(), ..Schema::default() }
}

impl Schemas for Types {
    fn provider(&self, source: &str) -> Option<Arc<Schema>> {
        (source == "hashicorp/test").then(|| Arc::new(Schema::default()))
    }

    fn resource(&self, _: &str, _: Mode, type_name: &str) -> Option<Arc<Schema>> {
        (type_name == "test_thing").then(|| Arc::new(schema()))
    }

    fn type_names(&self, _: &str, _: Mode) -> Vec<String> {
        vec!["test_thing".into()]
    }
}

/// Gives one of two values for an input.
fn known(name: &str, which: usize) -> Value {
    let text = |text: &str| Value::string(text);
    let number = |number: i64| Value::number(number);
    let first = which == 0;
    match name {
        "n" => number(if first { 2 } else { 7 }),
        "s" => text(if first { "a" } else { "b,c" }),
        "b" => Value::bool(first),
        "list" if first => Value::list(Type::String, vec![text("a"), text("b")]),
        "list" => Value::list(Type::String, vec![text("c")]),
        "map" if first => Value::map(Type::Number, [("a", number(1)), ("b", number(2))]),
        "map" => Value::map(Type::Number, [("a", number(3))]),
        "set" if first => Value::set(Type::String, vec![text("a"), text("b")]),
        "set" => Value::set(Type::String, vec![text("b"), text("z")]),
        "object" if first => Value::object([("a", text("x")), ("b", number(1))]),
        "object" => Value::object([("a", text("y")), ("b", number(5))]),
        _ if first => Value::tuple(vec![number(1), text("t"), Value::bool(true)]),
        _ => Value::tuple(vec![number(4), text("u"), Value::bool(false)]),
    }
}

/// Answers with these inputs; first with "not yet", where it is told to.
struct World {
    inputs: BTreeMap<&'static str, Value>,
    late: bool,
}

impl World {
    fn of(value: impl Fn(&'static str) -> Value) -> World {
        World { inputs: INPUTS.iter().map(|name| (*name, value(name))).collect(), late: false }
    }
}

impl Oracle for World {
    fn object(&mut self, _: &Asked<'_>) -> Answer {
        if std::mem::take(&mut self.late) {
            return Answer::Pending;
        }
        Answer::Known(Value::object(self.inputs.iter().map(|(name, value)| (*name, value.clone()))))
    }
}

struct Case {
    text: String,
    config: Config,
    sources: Sources,
    inputs: Inputs,
}

impl Case {
    /// Draws a case; nothing where its text alone is refused.
    fn draw(seed: u64) -> Option<Case> {
        let mut draw = Draw::new(seed);
        let depth = 1 + draw.below(4);
        let text = expression(&mut draw, depth);
        let file = format!("resource \"test_thing\" \"x\" {{}}\nlocals {{\n  v = {text}\n}}\n");
        let mut sources = Sources::default();
        let files = Memory([(PathBuf::from("main.tf"), file)].into());
        let (config, problems) = load(Path::new(""), &mut sources, &files);
        let inputs = Inputs { plan_time: Some(jiff::Timestamp::UNIX_EPOCH), ..Inputs::default() };
        (!has_errors(&problems)).then_some(Case { text, config, sources, inputs })
    }

    /// Evaluates it; nothing where it is refused.
    fn evaluate(&self, world: &mut World) -> Option<Value> {
        let mut evaluator = Evaluator::new(&self.config, &self.sources, &self.inputs, &Types);
        if world.late {
            let first = evaluator.evaluate(world);
            assert!(
                first.pending || has_errors(&first.problems) || !self.text.contains("test_thing")
            );
        }
        let evaluation = evaluator.evaluate(world);
        if has_errors(&evaluation.problems) {
            return None;
        }
        let local = terrane::syntax::parse_expression(FileId::default(), "local.v", 0);
        evaluator.expression(&local.expect("a reference is an expression"), world).ok()
    }
}

/// Tries a law on many cases. It gives what is wrong.
#[expect(clippy::disallowed_methods, reason = "whoever runs the test says how many")]
fn law(holds: impl Fn(&Case) -> Result<(), String>) {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse().ok());
    let (count, from) =
        (number("PROPERTIES").unwrap_or(200), number("PROPERTIES_FROM").unwrap_or(1));
    let (mut tried, mut valued, mut wrong) = (0, 0, Vec::new());
    for seed in from..from + count {
        let made = catch_unwind(AssertUnwindSafe(|| {
            let case = Case::draw(seed)?;
            let value = case.evaluate(&mut World::of(|name| known(name, 0)));
            Some((holds(&case), value.is_some(), case.text))
        }));
        match made {
            Ok(None) => {}
            Ok(Some((result, has_value, text))) => {
                tried += 1;
                valued += u64::from(has_value);
                wrong.extend(result.err().map(|why| format!("seed {seed}: {text}\n  {why}")));
            }
            Err(_) => wrong.push(format!("seed {seed} panics")),
        }
    }
    // Most of what is drawn is an expression, and enough of these have a value for the laws to be tried at all.
    assert!(tried * 2 > count && valued * 5 > tried, "{valued} values, {tried} tried of {count}");
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong[..wrong.len().min(12)].join("\n")
    );
}

/// Says how a value that is known in part contradicts one of which more is known.
fn contradiction(less: &Value, more: &Value) -> Option<String> {
    let differ = || Some(format!("{less:?}\n  became {more:?}"));
    // Where a condition is not known the marks of both results count.
    if less.is_sensitive() {
        return None;
    }
    match (less.kind(), more.kind()) {
        (Kind::Unknown(..), _) if less.ty() == Type::Any => None,
        (Kind::Unknown(Type::List(_), _), Kind::Tuple(_)) => None,
        (Kind::Unknown(ty, bounds), kind) => {
            let null = more.is_null() && bounds.not_null;
            let prefix = match (&bounds.prefix, kind) {
                (Some(prefix), Kind::String(text)) => !text.starts_with(&**prefix),
                _ => false,
            };
            let length = more.elements().map(<[Value]>::len).or(more.fields().map(Fields::len));
            let length = length.is_some_and(|length| {
                length < bounds.length.0 || bounds.length.1.is_some_and(|most| length > most)
            });
            (null || prefix || length || !fits(&more.ty(), ty)).then(differ).flatten()
        }
        (Kind::Set(..), Kind::Set(..)) if !less.is_whole() => None,
        (Kind::Bool(a), Kind::String(b)) => (a.to_string() != **b).then(differ).flatten(),
        (Kind::Number(a), Kind::String(b)) => (a.to_string() != **b).then(differ).flatten(),
        (Kind::Null(_), Kind::Null(_)) => None,
        (Kind::Bool(a), Kind::Bool(b)) => (a != b).then(differ).flatten(),
        (Kind::Number(a), Kind::Number(b)) => (a != b).then(differ).flatten(),
        (Kind::String(a), Kind::String(b)) => (a != b).then(differ).flatten(),
        _ if alike(less, more) => {
            if less.parts().count() != more.parts().count() {
                return differ();
            }
            less.parts().zip(more.parts()).find_map(|(less, more)| contradiction(less, more))
        }
        _ => differ(),
    }
}

/// Says whether two values are of one shape. The type of what a `for` gives comes with what it goes over, and that of a
/// conditional with both results: a list may turn out to be a tuple, as in Terraform.
fn alike(one: &Value, other: &Value) -> bool {
    let shape = |value: &Value| match value.kind() {
        Kind::List(..) | Kind::Tuple(_) => Some('l'),
        Kind::Set(..) => Some('s'),
        Kind::Map(..) | Kind::Object(_) => Some('m'),
        _ => None,
    };
    shape(one).is_some() && shape(one) == shape(other)
}

/// Says whether a type is, as far as the other says, of it.
fn fits(ty: &Type, of: &Type) -> bool {
    match (ty, of) {
        (_, Type::Any) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => fits(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| fits(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.len() == b.len()
                && a.iter().zip(b.iter()).all(|((name, a), (other, b))| name == other && fits(a, b))
        }
        _ => ty == of,
    }
}

/// Says what two values, made from different secrets, show of the difference.
fn leak(one: &Value, other: &Value) -> Option<String> {
    if one.is_sensitive() && other.is_sensitive() {
        return None;
    }
    let differ = || Some(format!("{one:?}\n  or {other:?}"));
    let same_kind = std::mem::discriminant(one.kind()) == std::mem::discriminant(other.kind())
        || alike(one, other);
    if one.is_sensitive() != other.is_sensitive() || !same_kind {
        return differ();
    }
    let names =
        |value: &Value| value.fields().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    match (one.kind(), other.kind()) {
        (Kind::Bool(a), Kind::Bool(b)) => (a != b).then(differ).flatten(),
        (Kind::Number(a), Kind::Number(b)) => (a != b).then(differ).flatten(),
        (Kind::String(a), Kind::String(b)) => (a != b).then(differ).flatten(),
        _ if one.parts().count() != other.parts().count() || names(one) != names(other) => differ(),
        _ => one.parts().zip(other.parts()).find_map(|(one, other)| leak(one, other)),
    }
}

#[test]
fn no_expression_panics() {
    law(|case| {
        case.evaluate(&mut World::of(|name| known(name, 0)));
        case.evaluate(&mut World::of(|name| Value::null(known(name, 0).ty())));
        Ok(())
    });
}

#[test]
fn knowing_more_changes_nothing_that_was_known() {
    law(|case| {
        let unknown = |name: &'static str| Value::unknown_not_null(known(name, 0).ty());
        let full = case.evaluate(&mut World::of(|name| known(name, 0)));
        // Whether something fails may well be known later only.
        if ["try(", "can("].iter().any(|word| case.text.contains(word)) {
            return Ok(());
        }
        for hidden in INPUTS.iter().chain([&"all"]) {
            let hides = |name: &str| *hidden == "all" || name == *hidden;
            let some = |name| if hides(name) { unknown(name) } else { known(name, 0) };
            let Some(less) = case.evaluate(&mut World::of(some)) else { continue };
            // What is not known yet may turn out to be wrong, also where the result needs none of it.
            let Some(more) = &full else { continue };
            if let Some(why) = contradiction(&less, more) {
                return Err(format!("without {hidden}: {why}"));
            }
        }
        Ok(())
    });
}

#[test]
fn sensitive_inputs_show_in_nothing_that_is_not_marked() {
    law(|case| {
        // What says openly whether something is marked or fails tells by design.
        if ["issensitive", "try(", "can("].iter().any(|word| case.text.contains(word)) {
            return Ok(());
        }
        for secret in INPUTS {
            let world = |which| {
                World::of(move |name| {
                    if name == *secret { known(name, which).sensitive() } else { known(name, 0) }
                })
            };
            let (Some(one), Some(other)) =
                (case.evaluate(&mut world(0)), case.evaluate(&mut world(1)))
            else {
                continue;
            };
            if let Some(why) = leak(&one, &other) {
                return Err(format!("{secret} shows: {why}"));
            }
        }
        Ok(())
    });
}

#[test]
fn a_mark_changes_no_result() {
    law(|case| {
        if case.text.contains("issensitive") {
            return Ok(());
        }
        let plain = case.evaluate(&mut World::of(|name| known(name, 0)));
        let marked = case.evaluate(&mut World::of(|name| known(name, 0).sensitive()));
        match (plain, marked) {
            (Some(plain), Some(marked)) if plain.without_marks() != marked.without_marks() => {
                Err(format!("{plain:?}\n  but marked {marked:?}"))
            }
            _ => Ok(()),
        }
    });
}

#[test]
fn when_the_world_answers_does_not_matter() {
    law(|case| {
        let now = case.evaluate(&mut World::of(|name| known(name, 0)));
        let later = case.evaluate(&mut World { late: true, ..World::of(|name| known(name, 0)) });
        if now == later { Ok(()) } else { Err(format!("{now:?}\n  or {later:?}")) }
    });
}
