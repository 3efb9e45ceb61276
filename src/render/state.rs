//! A state as text: `show`, `state show`, `state list`.

use std::collections::{BTreeMap, BTreeSet};

use super::diff::{Act, Diff, Spot};
use super::object::{SchemaOf, value_of};
use super::style::{Ink, Style};
use crate::addr::{Address, Mode, Step};
use crate::schema::Schema;
use crate::state::{KeptOutput, Object, Snapshot};
use crate::value::{Kind, Type, Value};

/// Tells a whole state.
pub fn show(snapshot: &Snapshot, schemas: &SchemaOf<'_>, style: &Style) -> String {
    if snapshot.is_empty() && snapshot.lineage.is_empty() {
        return "No state.\n".to_string();
    }
    if snapshot.is_empty() {
        return "The state file is empty. No resources are represented.\n".to_string();
    }
    let mut text = String::new();
    let mut modules: BTreeSet<&[Step]> = BTreeSet::new();
    for address in sorted(snapshot) {
        let Some(tracked) = snapshot.objects.get(address) else { continue };
        let current = tracked.current.iter().map(|object| (None, object));
        let deposed = tracked.deposed.iter().map(|(key, object)| (Some(key.as_str()), object));
        for (key, object) in current.chain(deposed) {
            text += space_before(&address.module, &modules);
            modules.insert(&address.module);
            let schema = schemas(address, object);
            text += &one(address, key, object, schema.as_deref(), style);
        }
    }
    if !snapshot.outputs.is_empty() {
        text += &format!("\n\nOutputs:\n\n{}", outputs(&snapshot.outputs, style));
    }
    text
}

/// Gives what stands before an object: nothing below modules that have no objects themselves, as Terraform does it.
fn space_before(module: &[Step], told: &BTreeSet<&[Step]>) -> &'static str {
    let above = (0..module.len()).any(|length| told.contains(&module[..length]));
    match (told.contains(module), above) {
        (true, _) => "\n",
        (false, true) => "\n\n",
        (false, false) => "",
    }
}

/// Gives all addresses as `state list` prints them, a line each.
pub fn list(snapshot: &Snapshot) -> String {
    sorted(snapshot).map(|address| format!("{address}\n")).collect()
}

fn sorted(snapshot: &Snapshot) -> impl Iterator<Item = &Address> {
    let mut addresses: Vec<&Address> = snapshot.objects.keys().collect();
    addresses.sort_by_key(|address| {
        let address = *address;
        (
            &address.module,
            address.mode != Mode::Data,
            &address.type_name,
            &address.name,
            &address.key,
        )
    });
    addresses.into_iter()
}

/// Tells one object as a block.
pub fn one(
    address: &Address,
    deposed: Option<&str>,
    object: &Object,
    schema: Option<&Schema>,
    style: &Style,
) -> String {
    let style = *style;
    let word = if address.mode == Mode::Data { "data" } else { "resource" };
    let remark = match (object.tainted, deposed) {
        (_, Some(key)) => format!(" (deposed object {key})"),
        (true, None) => " (tainted)".to_string(),
        (false, None) => String::new(),
    };
    let value = value_of(object, schema);
    let diff = Diff { style, symbols: false, whole: true, replaces: &[] };
    let fields = schema.map(|schema| &schema.fields);
    let body = diff.body(fields, Some(&value), Some(&value), &Spot::new(1));
    let head = style.paint(Ink::Bold, &format!("# {address}:{remark}"));
    let block = format!("{word} \"{}\" \"{}\"", address.type_name, address.name);
    if body.is_empty() {
        return format!("{head}\n{block} {{}}\n");
    }
    format!("{head}\n{block} {{\n{body}}}\n")
}

fn outputs(outputs: &BTreeMap<String, KeptOutput>, style: &Style) -> String {
    let diff = Diff { style: *style, symbols: false, whole: true, replaces: &[] };
    let mut text = String::new();
    for (name, output) in outputs {
        let value = if output.sensitive {
            "(sensitive value)".to_string()
        } else {
            diff.one(&as_told(&output.value), Act::Keep, 0)
        };
        text += &format!("{name} = {value}\n");
    }
    text
}

/// Leaves out of objects what is null, an output having its type beside it; empty texts are told as null.
fn as_told(value: &Value) -> Value {
    match value.kind() {
        Kind::Object(fields) => {
            let there = fields.iter().filter(|(_, part)| !part.is_null());
            let told = there.map(|(name, part)| (name.clone(), as_told(part)));
            Value::object(told).with_marks(value.marks())
        }
        Kind::String(text) if text.is_empty() => Value::null(Type::String),
        _ => value.map_parts(&mut as_told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::file::read;

    fn snapshot() -> Snapshot {
        read(include_str!("../../state/samples/kinds.tfstate")).unwrap()
    }

    #[test]
    fn an_object_is_told_as_a_block_without_its_secrets() {
        let snapshot = snapshot();
        let address = "terraform_data.a".parse().unwrap();
        let object = snapshot.current(&address).unwrap();

        let text = one(&address, None, object, None, &Style::default());

        let expected = "# terraform_data.a:
resource \"terraform_data\" \"a\" {
    id     = \"1cea72d6-10e7-0bbf-07b0-9c37fa3db6c9\"
    input  = {
        x = 1
        y = (sensitive value)
    }
    output = {
        x = 1
        y = \"s<&>x\"
    }
}
";
        assert_eq!(text, expected);
    }

    #[test]
    fn a_state_is_told_with_its_outputs() {
        let text = show(&snapshot(), &|_, _| None, &Style::default());

        let expected = "Outputs:

e = {}
l = []
ml = <<-EOT
    a
    b
EOT
o = [
    1.5,
    \"x\",
    null,
]
t = (sensitive value)
";
        assert!(text.ends_with(expected), "{text}");
        assert_eq!(text.matches("resource \"terraform_data\"").count(), 5);
    }

    #[test]
    fn an_empty_state_says_so() {
        let told = |snapshot: &Snapshot| show(snapshot, &|_, _| None, &Style::default());
        let empty = Snapshot { lineage: "x".to_string(), ..Snapshot::default() };

        assert_eq!(told(&Snapshot::default()), "No state.\n");
        assert_eq!(told(&empty), "The state file is empty. No resources are represented.\n");
    }
}
