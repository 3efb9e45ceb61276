//! The resource types against the facts: none is missing, nor an attribute, and each is of the same sort.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value as Json;
use terrane::addr::Mode;
use terrane::providers::kubernetes::kubernetes;
use terrane::schema::{Field, Given, Nesting};
use terrane::value::Type;

/// What parts from the facts: the type, what is compared, and whose side says it; how often.
type Differences = BTreeMap<(String, &'static str, &'static str), usize>;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/facts/kubernetes").join(name);
    std::fs::read_to_string(path).expect("the facts are there")
}

struct Held<'a> {
    facts: &'a Json,
    wrong: Vec<String>,
    differences: Differences,
}

impl Held<'_> {
    fn fields(&mut self, path: &str, facts: &Json, fields: &BTreeMap<String, Field>) {
        for (name, fact) in facts.as_object().expect("attributes by name") {
            let path = format!("{path}.{name}");
            match fields.get(name) {
                Some(field) => self.field(&path, fact, field),
                None => self.wrong.push(format!("{path}: is missing")),
            }
        }
        for (name, field) in fields.iter().filter(|(name, _)| facts.get(name.as_str()).is_none()) {
            if !field.beyond {
                self.wrong.push(format!("{path}.{name}: is no fact"));
            }
        }
    }

    fn field(&mut self, path: &str, fact: &Json, field: &Field) {
        let flags = fact["f"].as_str().unwrap_or_default();
        let has = |flag: char| flags.contains(flag);
        let given = match (has('R'), has('O'), has('C')) {
            (true, ..) => Given::Required,
            (_, true, true) => Given::OptionalOrService,
            (_, true, false) => Given::Optional,
            (_, false, _) => Given::Service,
        };
        if field.given != given {
            self.wrong.push(format!("{path}: {:?}, not {given:?}", field.given));
        }
        if field.write_only != has('W') {
            self.wrong.push(format!("{path}: write-only"));
        }
        for (what, ours, theirs) in
            [("force-new", field.replaces, has('F')), ("sensitive", field.sensitive, has('S'))]
        {
            if ours != theirs {
                let kind = path.split('.').next().unwrap_or_default().to_string();
                let side = if ours { "ours" } else { "facts" };
                *self.differences.entry((kind, what, side)).or_default() += 1;
            }
        }
        if sort(&field.ty) != fact["t"].as_str().unwrap_or_default().replace("float", "int") {
            self.wrong.push(format!("{path}: {:?}, not {}", field.ty, fact["t"]));
        }
        let inside = match fact["block"].as_str() {
            Some(name) => &self.facts["blocks"][name.trim_start_matches('$')],
            None => &fact["block"],
        };
        match &field.nesting {
            Nesting::Block(block) => self.fields(path, &inside.clone(), &block.fields),
            // What only the server gives is one value, however deep.
            Nesting::Attribute if !inside.is_null() && given != Given::Service => {
                self.wrong.push(format!("{path}: is no block"));
            }
            Nesting::Attribute => {}
        }
    }
}

fn sort(ty: &Type) -> &'static str {
    match ty {
        Type::Bool => "bool",
        Type::Number => "int",
        Type::List(_) => "list",
        Type::Set(_) => "set",
        Type::Map(_) => "map",
        _ => "string",
    }
}

#[test]
fn no_type_and_no_attribute_is_missing() {
    let facts: Json = serde_json::from_str(&file("schema.json")).expect("the facts are JSON");
    let provider = kubernetes();
    let mut held = Held { facts: &facts, wrong: Vec::new(), differences: BTreeMap::new() };
    let aliases = facts["aliases"].as_object().expect("names").keys().map(String::as_str);
    let types = facts["resources"].as_object().expect("types by name");

    let names: BTreeSet<&str> = types.keys().map(String::as_str).chain(aliases).collect();
    let here = provider.type_names(Mode::Managed);
    let missing: Vec<&&str> =
        names.iter().filter(|name| !here.iter().any(|one| one == *name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(names.len(), 79);

    for (name, fact) in types {
        let schema = provider.resource(Mode::Managed, name).expect("it is there");
        assert_eq!(Some(schema.version), fact["schema_version"].as_u64(), "{name}");
        let mut fields = schema.fields.clone();
        fields.remove("id");
        assert_eq!(fields.remove("timeouts").is_some(), fact["timeouts"].is_object(), "{name}");
        held.fields(name, &fact["attributes"], &fields);
    }

    assert!(held.wrong.is_empty(), "{}", held.wrong.join("\n"));
    let lines = file("differences.txt");
    let told: BTreeMap<_, usize> = lines
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let words: Vec<&str> = line.splitn(5, ' ').collect();
            let [kind, what, side, count, _] = words[..] else { panic!("no difference: {line}") };
            ((kind.to_string(), what, side), count.parse().expect("a number"))
        })
        .collect();
    assert_eq!(held.differences, told);
}

#[test]
fn a_data_source_gives_what_the_object_alone_says() {
    let facts: Json = serde_json::from_str(&file("schema.json")).expect("the facts are JSON");
    let provider = kubernetes();

    let mut missing = Vec::new();
    for (name, fact) in facts["resources"].as_object().expect("types by name") {
        let Some(data) = provider.resource(Mode::Data, name) else { continue };
        for (attribute, fact) in fact["attributes"].as_object().expect("attributes by name") {
            if fact["f"] == "C" && !data.fields.contains_key(attribute) {
                missing.push(format!("{name}.{attribute}"));
            }
        }
    }

    assert!(missing.is_empty(), "{missing:?}");
}
