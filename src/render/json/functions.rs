//! The document of `metadata functions -json`: the signature of each function, also as `core::name`.

use serde_json::{Map, Value as Json, json};

use crate::functions::about::ABOUT;
use crate::functions::{self, Function, Parameter, find_provided};
use crate::value::Type;
use crate::value::json::type_to_json;

/// Functions whose results are told in other words than their rows have: some rows infer a sharper type from the
/// arguments, others check more of them before.
const RETURNS: &[(&str, &str)] = &[
    ("chunklist", r#"["list",["list","dynamic"]]"#),
    ("contains", r#""dynamic""#),
    ("distinct", r#"["list","dynamic"]"#),
    ("index", r#""dynamic""#),
    ("matchkeys", r#"["list","dynamic"]"#),
    ("regexall", r#"["list","dynamic"]"#),
    ("setintersection", r#"["set","dynamic"]"#),
    ("setsubtract", r#"["set","dynamic"]"#),
    ("setunion", r#"["set","dynamic"]"#),
    ("tobool", r#""bool""#),
    ("tolist", r#"["list","dynamic"]"#),
    ("tomap", r#"["map","dynamic"]"#),
    ("tonumber", r#""number""#),
    ("toset", r#"["set","dynamic"]"#),
    ("tostring", r#""string""#),
];

/// Gives the document.
pub fn signatures() -> Json {
    let all: Vec<(&str, Json)> =
        ABOUT.iter().map(|(name, about)| (*name, signature(name, about))).collect();
    let core = all.iter().map(|(name, signature)| (format!("core::{name}"), signature.clone()));
    let mut signatures: Vec<(String, Json)> =
        all.iter().map(|(name, signature)| ((*name).to_string(), signature.clone())).collect();
    signatures.extend(core);
    signatures.sort_by(|left, right| left.0.cmp(&right.0));
    let signatures: Map<String, Json> = signatures.into_iter().collect();
    json!({ "format_version": "1.0", "function_signatures": signatures })
}

/// Gives the signature of a function as a problem of its call has it.
pub(super) fn called(name: &str) -> Option<Json> {
    let name = name.strip_prefix("core::").unwrap_or(name);
    let (name, function) = match name.strip_prefix("provider::").and_then(|of| of.split_once("::"))
    {
        Some((provider, name)) => (name, of_provider(provider, name)),
        None => (name, functions::find(name)),
    };
    let full = match function {
        Some(function) => {
            let mut out = Map::new();
            table(function, &mut out);
            out
        }
        None if matches!(name, "try" | "can" | "templatefile" | "templatestring") => {
            let mut out = Map::new();
            special(name, &mut out);
            out
        }
        None => return None,
    };
    // What a text from elsewhere gives is not known before it is read.
    let open = name == "templatestring";
    let ty_of = |ty: &Json| if open { json!("dynamic") } else { ty.clone() };
    let plain =
        |parameter: &Json| json!({ "name": parameter["name"], "type": ty_of(&parameter["type"]) });
    let parameters = full.get("parameters").and_then(Json::as_array).into_iter().flatten();
    let parameters: Vec<Json> = parameters.map(plain).collect();
    let mut out = Map::new();
    out.insert("name".into(), name.into());
    out.insert("params".into(), parameters.into());
    if let Some(more) = full.get("variadic_parameter") {
        out.insert("variadic_param".into(), plain(more));
    }
    out.insert("return_type".into(), full.get("return_type").map(ty_of).unwrap_or_default());
    Some(Json::Object(out))
}

/// Finds a function of the provider that mostly has a local name.
fn of_provider(provider: &str, name: &str) -> Option<&'static Function> {
    let owner = if provider == "terraform" { "builtin" } else { "hashicorp" };
    find_provided(&format!("{owner}/{provider}"), name)
}

fn signature(name: &str, about: &str) -> Json {
    let mut out = Map::new();
    out.insert("description".into(), about.into());
    match functions::find(name) {
        Some(function) => table(function, &mut out),
        None => special(name, &mut out),
    }
    Json::Object(out)
}

fn table(function: &Function, out: &mut Map<String, Json>) {
    let told = RETURNS.iter().find(|(name, _)| *name == function.name);
    let told = told.and_then(|(_, text)| serde_json::from_str(text).ok());
    out.insert("return_type".into(), told.unwrap_or_else(|| ty(&function.returned())));
    if !function.parameters.is_empty() {
        out.insert("parameters".into(), function.parameters.iter().map(parameter).collect());
    }
    if let Some(more) = &function.variadic {
        out.insert("variadic_parameter".into(), parameter(more));
    }
}

/// The functions that the evaluator does itself are in no table.
fn special(name: &str, out: &mut Map<String, Json>) {
    let plain = |name: &str, ty: &str| json!({ "name": name, "type": ty });
    let (returns, parameters): (&str, Vec<Json>) = match name {
        "can" => ("bool", vec![plain("expression", "dynamic")]),
        "templatefile" => ("dynamic", vec![plain("path", "string"), plain("vars", "dynamic")]),
        "templatestring" => ("string", vec![plain("template", "string"), plain("vars", "dynamic")]),
        _ => ("dynamic", Vec::new()),
    };
    out.insert("return_type".into(), returns.into());
    if parameters.is_empty() {
        out.insert("variadic_parameter".into(), plain("expressions", "dynamic"));
    } else {
        out.insert("parameters".into(), parameters.into());
    }
}

fn parameter(parameter: &Parameter) -> Json {
    let mut out = Map::new();
    out.insert("name".into(), parameter.name.into());
    if parameter.null {
        out.insert("is_nullable".into(), true.into());
    }
    out.insert("type".into(), ty(&parameter.ty.ty()));
    Json::Object(out)
}

fn ty(ty: &Type) -> Json {
    if *ty == Type::Any { "dynamic".into() } else { type_to_json(ty) }
}
