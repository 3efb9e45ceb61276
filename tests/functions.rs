//! The functions' conformance cases, to the last digit: value, type and mark of each, and each message.
//!
//! Beside the cases of `conformance/functions` there are those of `conformance/more-functions.json`:
//! one expression in brackets each, with what Terraform's console gave. What is known to differ stands
//! in `conformance/differences.txt` with its reason, and must go on to differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use terrane::addr::Mode;
use terrane::config::{Memory, load};
use terrane::diag::{FileId, Sources};
use terrane::eval::{Answer, Asked, Evaluator, Inputs, Oracle, Schemas};
use terrane::schema::Schema;
use terrane::value::json::{from_json_text, to_json, to_json_text, type_from_json};
use terrane::value::{Type, Value};

/// No provider at all.
struct Nothing;

impl Schemas for Nothing {
    fn provider(&self, _: &str) -> Option<Arc<Schema>> {
        None
    }

    fn resource(&self, _: &str, _: Mode, _: &str) -> Option<Arc<Schema>> {
        None
    }

    fn type_names(&self, _: &str, _: Mode) -> Vec<String> {
        Vec::new()
    }
}

impl Oracle for Nothing {
    fn object(&mut self, _: &Asked<'_>) -> Answer {
        Answer::Pending
    }
}

fn conformance(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance").join(name)
}

fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a case file can be read");
    from_json_text(&text).expect("a case file is JSON")
}

fn text<'a>(value: &'a Value, name: &str) -> Option<&'a str> {
    value.field(name).and_then(Value::as_str)
}

fn cases(topic: &Value) -> &[Value] {
    topic.field("cases").and_then(Value::elements).unwrap_or_default()
}

/// Evaluates an expression as a local of a configuration with nothing else in it.
fn run(folder: &Path, fixtures: &BTreeMap<PathBuf, String>, expr: &str) -> Result<Value, String> {
    let mut files = fixtures.clone();
    files.insert(folder.join("main.tf"), format!("locals {{\n  v = {expr}\n}}\n"));
    let mut sources = Sources::default();
    let (config, mut problems) = load(folder, &mut sources, &Memory(files));
    let inputs = Inputs {
        workspace: "default".into(),
        cwd: folder.to_path_buf(),
        root: folder.to_path_buf(),
        home: Some("/nonexistent-home".into()),
        plan_time: Some(jiff::Timestamp::UNIX_EPOCH),
        ..Inputs::default()
    };
    let local = terrane::syntax::parse_expression(FileId::default(), "local.v", 0);
    let mut value = Err("no value".into());
    if !terrane::diag::has_errors(&problems) {
        let mut evaluator = Evaluator::new(&config, &sources, &inputs, &Nothing);
        problems.extend(evaluator.evaluate(&mut Nothing).problems);
        let local = local.expect("a reference is an expression");
        value = evaluator.expression(&local, &mut Nothing).map_err(|_| "no value".into());
    }
    match problems.iter().find(|problem| problem.is_error()) {
        Some(first) => {
            // The only other name that there is stands around the expression, and is no part of the case.
            let detail = first.detail.replace(" Did you mean \"v\"?", "");
            Err(format!("{} | {detail}", first.summary))
        }
        None => value,
    }
}

/// Writes fixtures to a folder; gives the configuration files among them.
fn write_fixtures(topic: &Value, folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut configuration = BTreeMap::new();
    for (path, content) in topic.field("fixtures").and_then(Value::fields).into_iter().flatten() {
        let at = folder.join(&**path);
        std::fs::create_dir_all(at.parent().expect("a file has a folder")).expect("a folder");
        let bytes = match (content.as_str(), text(content, "base64")) {
            (Some(content), _) => content.as_bytes().to_vec(),
            (None, encoded) => {
                use base64::Engine as _;
                let engine = base64::engine::general_purpose::STANDARD;
                engine.decode(encoded.unwrap_or_default()).expect("a fixture is in base 64")
            }
        };
        std::fs::write(&at, &bytes).expect("a fixture can be written");
        if at.extension().is_some_and(|extension| extension == "tf") {
            configuration.insert(at, String::from_utf8_lossy(&bytes).into_owned());
        }
    }
    configuration
}

/// Spells a type as the console does, on one line.
fn spell(ty: &Type) -> String {
    let inner = |ty: &Type| match ty {
        Type::Tuple(_) | Type::Object(_) => format!(" {}, ", spell(ty)),
        _ => spell(ty),
    };
    let listed = |parts: Vec<String>| parts.join(", ");
    match ty {
        Type::Any => "dynamic".into(),
        Type::Bool => "bool".into(),
        Type::Number => "number".into(),
        Type::String => "string".into(),
        Type::List(element) => format!("list({})", inner(element)),
        Type::Set(element) => format!("set({})", inner(element)),
        Type::Map(element) => format!("map({})", inner(element)),
        Type::Tuple(parts) if parts.is_empty() => "tuple([])".into(),
        Type::Tuple(parts) => format!("tuple([ {}, ])", listed(parts.iter().map(spell).collect())),
        Type::Object(fields) if fields.is_empty() => "object({})".into(),
        Type::Object(fields) => {
            let fields = fields.iter().map(|(name, ty)| format!("{name}: {}", spell(ty)));
            format!("object({{ {}, }})", listed(fields.collect()))
        }
    }
}

/// Collapses blanks, as a message in the console's box has lost where its lines ended.
fn collapsed(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says how a case differs.
fn difference(case: &Value, got: &Result<Value, String>) -> Option<String> {
    let whole_type = |value: &Value, want: &Value| {
        // What is null at its root was captured without its type.
        let ty = case.field("ctype").and_then(|ty| type_from_json(&to_json(ty)));
        let shown = spell(&value.ty());
        let wanted = if want.is_null() {
            shown.clone()
        } else {
            ty.map(|ty| spell(&ty)).unwrap_or_default()
        };
        (shown, wanted)
    };
    let (got, want) = match (got, case.field("result"), text(case, "error")) {
        (Ok(value), Some(result), _) => {
            let (shown, wanted) = whole_type(value, result);
            let secret = case.field("sensitive").is_some();
            // The cases were captured through a reader that loses the sign of zero.
            let zero = |text: String| if text == "-0" { "0".into() } else { text };
            (
                format!("{} : {shown} {}", zero(to_json_text(value)), value.all_marks().sensitive),
                format!("{} : {wanted} {secret}", zero(to_json_text(result))),
            )
        }
        (Err(problem), _, Some(summary)) => {
            let detail = text(case, "detail").unwrap_or_default();
            if detail.contains("<stack trace>") {
                return None;
            }
            (collapsed(problem), collapsed(&format!("{summary} | {detail}")))
        }
        (Ok(value), None, None) if text(case, "text").is_some() => {
            let wanted = format!(
                "{} : {}",
                text(case, "text").unwrap_or_default(),
                text(case, "type").unwrap_or_default()
            );
            (
                collapsed(&format!("{} : {}", to_json_text(value), spell(&value.ty()))),
                collapsed(&wanted),
            )
        }
        (Ok(value), None, None) if case.field("not_json").is_some() => {
            (to_json_text(value).contains("Inf").to_string(), "true".into())
        }
        (Ok(_) | Err(_), _, _) => (
            match got {
                Ok(value) => to_json_text(value),
                Err(problem) => problem.clone(),
            },
            text(case, "error").unwrap_or("a value").to_string(),
        ),
    };
    (got != want).then(|| format!("  - {want}\n  + {got}\n"))
}

/// The expressions that are known to differ.
fn known() -> BTreeSet<String> {
    let text = std::fs::read_to_string(conformance("differences.txt")).expect("the list is there");
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(Into::into).collect()
}

#[test]
fn functions_give_the_same_to_the_last_digit() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(conformance("functions"))
        .expect("the cases are part of the project")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    paths.sort();
    paths.push(conformance("more-functions.json"));
    let known = known();
    let (mut report, mut differing, mut same) = (String::new(), BTreeSet::new(), 0);
    for path in paths {
        let topic = read(&path);
        let folder = tempfile::tempdir().expect("a folder can be made");
        let fixtures = write_fixtures(&topic, folder.path());
        // What depends on resources is in the language's own test.
        let with_resources = fixtures.values().any(|text| text.contains("terraform_data"));
        for case in cases(&topic) {
            if with_resources || case.field("after_unknown").is_some() {
                continue;
            }
            let expr = text(case, "expr").expect("a case has an expression");
            let more = text(case, "text").is_some();
            let got = run(
                folder.path(),
                &fixtures,
                &if more { format!("[{expr}]") } else { expr.into() },
            );
            match difference(case, &got) {
                None => same += 1,
                Some(found) => {
                    let expr = expr.replace('\n', "\\n");
                    if !known.contains(&expr) {
                        report.push_str(&format!("{expr}\n{found}"));
                    }
                    differing.insert(expr);
                }
            }
        }
    }
    for expr in known.difference(&differing) {
        report.push_str(&format!("{expr}\n  is listed as differing, but is the same\n"));
    }
    assert!(report.is_empty(), "{same} cases are the same, but:\n{report}");
}
