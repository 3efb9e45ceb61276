//! Types that users add: files `*.terrane.hcl` in the words of our own resource files (docs/adding-a-resource.md).

use std::collections::BTreeSet;

use crate::addr::Mode;
use crate::diag::{Diagnostic, FileId, Span, nearest};
use crate::providers::rest::read::read_all;
use crate::providers::rest::spec::Spec;

use super::{Google, settings};

/// How the names of such files end.
pub const ENDING: &str = ".terrane.hcl";

/// Reads the types that files describe, and checks that they can be used.
///
/// # Errors
/// What is wrong with them, each with its place in the file of that id.
pub fn own_types(files: &[(FileId, &str)]) -> Result<Vec<Spec>, Vec<Diagnostic>> {
    let (mut specs, mut problems): (Vec<Spec>, _) = (Vec::new(), Vec::new());
    let mut seen = BTreeSet::new();
    let builtin = Google::new();
    for (file, text) in files {
        let found = match read_all(*file, text) {
            Ok(found) => found,
            Err(wrong) => {
                problems.extend(wrong);
                continue;
            }
        };
        for (mut spec, span) in found {
            if let Some(problem) = strange(&spec, span, &builtin) {
                problems.push(problem);
            } else if seen.insert((spec.mode, spec.type_name.clone())) {
                spec.base = spec.base.map(|base| format!("{}/", base.trim_end_matches('/')));
                let other = specs
                    .iter()
                    .find(|other| other.service == spec.service && other.base != spec.base);
                if let Some(other) = other {
                    let detail = format!(
                        "The service \"{}\" has another `base` in \"{}\".",
                        spec.service, other.type_name
                    );
                    problems.push(problem(span, detail, "Give one of the services another name."));
                }
                specs.push(spec);
            } else {
                let detail = format!("\"{}\" is described twice.", spec.type_name);
                problems.push(problem(span, detail, "Leave one of the descriptions."));
            }
        }
    }
    if problems.is_empty() { Ok(specs) } else { Err(problems) }
}

fn problem(span: Span, detail: impl Into<String>, help: &str) -> Diagnostic {
    Diagnostic::error("Invalid resource file", detail.into()).at(span, "").help(help)
}

/// Says whether a token may be sent to an address: over TLS, or within the machine.
fn is_safe(base: &str) -> bool {
    let local = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let is_local = local
        .iter()
        .any(|start| base.strip_prefix(start).is_some_and(|rest| rest.starts_with([':', '/'])));
    base.starts_with("https://") || is_local
}

/// Tells why a type that reads well cannot be used.
fn strange(spec: &Spec, span: Span, builtin: &Google) -> Option<Diagnostic> {
    let name = &spec.type_name;
    if !name.starts_with("google_") {
        let detail = format!(
            "A type is found by the beginning of its name, and \"{name}\" does not begin with \"google_\"."
        );
        return Some(problem(span, detail, "Name it like \"google_SERVICE_OBJECT\"."));
    }
    if builtin.catalog().has_file(spec.mode, name) {
        let detail = format!("Terrane has \"{name}\" itself.");
        return Some(problem(span, detail, "Give it another name, or leave the description out."));
    }
    let missing = match spec.mode {
        Mode::Managed => [("read", spec.read.is_none()), ("create", spec.create.is_none())],
        Mode::Data | Mode::Ephemeral => [("read", spec.read.is_none()), ("create", false)],
    };
    if let Some((word, _)) = missing.iter().find(|(_, missing)| *missing) {
        let detail = format!("\"{name}\" has no `{word}`: how it is done cannot be guessed.");
        return Some(problem(span, detail, "docs/adding-a-resource.md lists the words of calls."));
    }
    if let Some((place, hole)) = unfilled(spec) {
        let detail = format!("\"{name}\" has no attribute \"{hole}\" for its `{place}`.");
        return Some(problem(span, detail, "What stands in braces is an attribute of the type."));
    }
    if let Some((form, hole)) = unread(spec) {
        let detail = format!(
            "The import form `{form}` of \"{name}\" does not give \"{hole}\", which `read` needs."
        );
        return Some(problem(
            span,
            detail,
            "Let the form name all that stands in braces in `read`.",
        ));
    }
    let known = settings::services().any(|service| service == spec.service);
    match &spec.base {
        Some(_) if known => {
            let detail = format!("The address of the service \"{}\" is known.", spec.service);
            Some(problem(span, detail, "Leave `base` out, or give the service another name."))
        }
        Some(base) if is_safe(base) => None,
        Some(base) => {
            let detail = format!("The `base` \"{base}\" is no address.");
            Some(problem(span, detail, "Write it like \"https://metastore.googleapis.com/v1/\"."))
        }
        None if known => None,
        None => {
            let near = nearest(&spec.service, settings::services());
            let hint = near.map_or(String::new(), |near| format!(" Did you mean \"{near}\"?"));
            let detail =
                format!("The address of the service \"{}\" is not known.{hint}", spec.service);
            Some(problem(
                span,
                detail,
                "Say it by `base`, like \"https://metastore.googleapis.com/v1/\".",
            ))
        }
    }
}

/// Gives a placeholder that no attribute fills, and the word that it stands in.
fn unfilled(spec: &Spec) -> Option<(&'static str, String)> {
    let calls = [
        ("read", spec.read.as_ref()),
        ("create", spec.create.as_ref()),
        ("update", spec.update.call.as_ref()),
        ("delete", spec.delete.as_ref()),
    ];
    let paths = calls.into_iter().filter_map(|(word, call)| Some((word, &call?.path)));
    let imports = spec.import.iter().map(|form| ("import", form));
    let mut all = std::iter::once(("id", &spec.id)).chain(paths).chain(imports);
    all.find_map(|(word, template)| {
        let block = |hole: &str| hole.split('.').next().unwrap_or(hole).to_string();
        let hole = template.holes().find(|hole| spec.part(&block(hole)).is_none() && *hole != "id");
        Some((word, hole?.to_string()))
    })
}

/// Gives an import form by which an object could not be read, and what is missing. A hook may know more.
fn unread(spec: &Spec) -> Option<(String, String)> {
    let read = spec.read.as_ref().filter(|_| spec.hook.is_none())?;
    spec.import.iter().find_map(|form| {
        let given: BTreeSet<&str> = form.holes().collect();
        let filled = |hole: &str| spec.part(hole).is_some_and(|part| part.fill.is_some());
        let set = |hole: &str| spec.import_sets.iter().any(|(name, _)| name == hole);
        let missing = read
            .path
            .holes()
            .find(|hole| !given.contains(hole) && !filled(hole) && !set(hole) && *hole != "id")?;
        Some((form.to_string(), missing.to_string()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
resource "google_own" {
  service = "metastore"
  base    = "https://metastore.googleapis.com/v1"
  id      = "{name}"
  create  = { post = "projects/{project}/things" }
  read    = { get = "{name}" }
  attributes = {
    name    = { type = string, computed = true, api = "name" }
    project = { type = string, optional = true, computed = true, replaces = true, fill = project }
  }
}
"#;

    fn told(texts: &[&str]) -> Vec<String> {
        let files: Vec<(FileId, &str)> =
            texts.iter().map(|text| (FileId::default(), *text)).collect();
        let problems = own_types(&files).err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.detail).collect()
    }

    #[test]
    fn a_type_with_an_address_of_its_own_is_taken() {
        let specs = own_types(&[(FileId::default(), GOOD)]).unwrap();

        assert_eq!(specs[0].base.as_deref(), Some("https://metastore.googleapis.com/v1/"));
        assert_eq!((specs[0].mode, specs[0].type_name.as_str()), (Mode::Managed, "google_own"));
    }

    #[test]
    fn what_cannot_be_used_is_told_of() {
        let with = |from: &str, to: &str| {
            assert!(GOOD.contains(from));
            told(&[&GOOD.replace(from, to)]).join("\n")
        };
        assert!(told(&[GOOD, GOOD])[0].ends_with("is described twice."));
        assert!(with("google_own", "own").contains("does not begin with"));
        assert!(with("google_own", "google_storage_bucket").starts_with("Terrane has"));
        assert!(
            with("  create  = { post = \"projects/{project}/things\" }\n", "")
                .contains("has no `create`")
        );
        assert!(with("https://metastore.googleapis.com/v1", "metastore").contains("is no address"));
        assert!(with("https://metastore", "http://metastore").contains("is no address"));
        assert!(with("\"metastore\"", "\"storage\"").contains("is known"));
        assert!(
            told(&[GOOD, &GOOD.replace("google_own", "google_other").replace("/v1", "/v2")])[0]
                .contains("has another `base`")
        );
        assert!(
            with("  base    = \"https://metastore.googleapis.com/v1\"\n", "")
                .contains("is not known")
        );
        assert!(with("get = \"{name}\"", "get = \"{nam}\"").contains("no attribute \"nam\""));
        assert!(
            with("  create ", "  import = [\"{project}\"]\n  create ")
                .contains("does not give \"name\"")
        );
        assert!(with("optional = true,", "required = true,").contains("is required, so neither"));
        assert!(with("fill = project", "default = 5").contains("is not of its type"));
        assert!(with("fill = project", "one_of = \"A\"").contains("is a list of texts"));
        assert!(
            with("  create ", "  timeouts = { create = \"20q\" }\n  create ")
                .contains("is no duration")
        );
        assert!(with("resource", "module").contains("only blocks"));
        assert!(with("  id ", "  hook = \"bucket\"\n  id ").contains("There is no hook"));
        assert!(!told(&["resource \"google_a\" {"]).is_empty());
    }
}
