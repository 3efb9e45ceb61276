//! `terrane permissions COMMAND`: what an account must be allowed, by the configuration alone; and whether it is.

use std::collections::{BTreeMap, BTreeSet};

use clap::{Arg, ArgMatches};
use serde_json::{Value as Json, json};

use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, flag, one, option, variables};
use crate::diag::{Diagnostic, Span, has_errors};
use crate::eval::{Desired, Evaluator, Inputs, ProviderRef};
use crate::plan::planner::Unread;
use crate::plan::sessions::{RegistrySchemas, Sessions};
use crate::providers::Registry;
use crate::providers::permission::{Doing, Permission, Tested};

pub(super) const COMMAND: Command = Command {
    name: "permissions",
    about: "Name the IAM permissions that a command needs for this configuration, or check that they are there",
    arguments: |command| {
        command
            .arg(
                Arg::new("for")
                    .value_name("COMMAND")
                    .help("What is to be run: plan, drift or apply")
                    .value_parser(["plan", "drift", "apply"])
                    .default_value("apply"),
            )
            .args(variables::arguments())
            .arg(flag("check", "Ask the services which of them the account lacks"))
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .help("text, or the definition of a custom role")
                    .value_parser(["text", "role"])
                    .default_value("text"),
            )
            .arg(option("project", "PROJECT", "Only what is needed in this project"))
            .arg(flag("json", "Print JSON"))
    },
    run: |workbench, matches| match permissions(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    },
};

/// How many resources a line names before it counts the rest.
const NAMED: usize = 3;

/// Where permissions are needed: in a project, or on the bucket of the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Project(String),
    State(String),
    Unknown,
}

impl Place {
    fn text(&self) -> String {
        match self {
            Place::Project(project) => format!("in the project \"{project}\""),
            Place::State(bucket) => format!("on the bucket \"{bucket}\", where the state is"),
            Place::Unknown => "in a project that is not known before an apply".to_string(),
        }
    }
}

/// Who needs a permission: an instance, with what is known of the reason.
#[derive(Clone, Debug)]
struct Need {
    address: String,
    /// The address without keys.
    block: String,
    permission: Permission,
    span: Option<Span>,
    provider: Option<ProviderRef>,
}

/// All that is needed, by place and permission.
type Needs = BTreeMap<Place, BTreeMap<String, Vec<Need>>>;

fn permissions(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let command = one(matches, "for").unwrap_or("apply").to_string();
    let doing = if command == "apply" { Doing::Change } else { Doing::Read };
    let sources = workbench.sources.clone();
    let schemas = RegistrySchemas(&registry);
    let desired = desired(workbench, &loaded, &schemas, &sources)?;
    let mut needs = needs(&desired, &registry, doing);
    if command == "drift" {
        logs(&mut needs);
    }
    state(workbench, doing, &mut needs)?;
    if let Some(project) = one(matches, "project") {
        needs.retain(|place, _| *place == Place::Project(project.to_string()));
    }
    if one(matches, "format") == Some("role") {
        return role(workbench, &command, &needs);
    }
    if !matches.get_one::<bool>("check").copied().unwrap_or(false) {
        if workbench.json() {
            workbench.screen.line(format!("{:#}", as_json(&command, &needs)));
        } else {
            workbench.screen.print(text(&command, &needs));
        }
        return Ok(0);
    }
    check(workbench, &command, &desired, &registry, &needs)
}

/// Evaluates the configuration without reading anything; where that does not say which instances there are, each block
/// stands for its own.
fn desired(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    schemas: &RegistrySchemas<'_>,
    sources: &crate::diag::Sources,
) -> Result<Desired, Exit> {
    let unchecked = Inputs { unchecked: true, ..loaded.inputs.clone() };
    let textual = Inputs { validating: true, ..unchecked.clone() };
    let mut problems = Vec::new();
    for inputs in [unchecked, textual] {
        let mut evaluator = Evaluator::new(&loaded.config, sources, &inputs, schemas);
        let evaluation = evaluator.evaluate(&mut Unread);
        if !has_errors(&evaluation.problems) && evaluation.desired.deferred.is_empty() {
            return Ok(evaluation.desired);
        }
        problems = evaluation.problems;
        if inputs.validating && !has_errors(&problems) {
            return Ok(evaluation.desired);
        }
    }
    Err(workbench.fail(&problems))
}

fn needs(desired: &Desired, registry: &Registry, doing: Doing) -> Needs {
    let mut needs = Needs::new();
    for (address, instance) in &desired.instances {
        let Some(provider) = registry.provider(&instance.provider.source) else { continue };
        let Some(config) = desired.providers.get(&instance.provider) else { continue };
        let (mode, type_name) = (address.mode, address.type_name.as_str());
        let found = provider.permissions(mode, type_name, &instance.config, &config.value, doing);
        for permission in found {
            let place = permission.project.clone().map_or(Place::Unknown, Place::Project);
            let need = Need {
                address: address.to_string(),
                block: address.block().to_string(),
                permission,
                span: Some(instance.span),
                provider: Some((*instance.provider).clone()),
            };
            let name = need.permission.name.clone();
            needs.entry(place).or_default().entry(name).or_default().push(need);
        }
    }
    needs
}

/// Adds what it takes to know who changed what: the audit logs of each project.
fn logs(needs: &mut Needs) {
    for (place, names) in needs.iter_mut() {
        let Place::Project(project) = place else { continue };
        let provider = names.values().flatten().find_map(|need| need.provider.clone());
        let permission = Permission {
            name: "logging.logEntries.list".to_string(),
            project: Some(project.clone()),
            bucket: None,
            deed: "read".to_string(),
            attribute: None,
            role: Some("roles/logging.viewer".to_string()),
        };
        let address = "who changed what".to_string();
        let need = Need { block: address.clone(), address, permission, span: None, provider };
        names.entry(need.permission.name.clone()).or_default().push(need);
    }
}

/// Adds what the state needs, where it is in a bucket.
fn state(workbench: &mut Workbench<'_, '_>, doing: Doing, needs: &mut Needs) -> Result<(), Exit> {
    let place = workbench.place()?;
    let bucket = place.settings.get("bucket").and_then(Json::as_str).map(str::to_string);
    let Some(bucket) = bucket.filter(|_| place.kind == "gcs") else { return Ok(()) };
    let read = ["storage.objects.get", "storage.objects.list"];
    let written = ["storage.objects.create", "storage.objects.delete"];
    let written = written.iter().filter(|_| doing == Doing::Change);
    let of_state = needs.entry(Place::State(bucket.clone())).or_default();
    for name in read.iter().chain(written) {
        let permission = Permission {
            name: (*name).to_string(),
            project: None,
            bucket: Some(bucket.clone()),
            deed: if name.ends_with("get") { "read" } else { "update" }.to_string(),
            attribute: None,
            role: Some("roles/storage.objectAdmin".to_string()),
        };
        let address = "the state".to_string();
        of_state.insert(
            (*name).to_string(),
            vec![Need { block: address.clone(), address, permission, span: None, provider: None }],
        );
    }
    Ok(())
}

/// Names the blocks that need a permission, each once, with the attribute where one makes it needed.
fn who(needs: &[Need]) -> Vec<String> {
    let named: BTreeSet<String> = needs
        .iter()
        .map(|need| match &need.permission.attribute {
            Some(attribute) => format!("{} ({attribute})", need.block),
            None => need.block.clone(),
        })
        .collect();
    let more = named.len().saturating_sub(NAMED);
    let mut shown: Vec<String> = named.into_iter().take(NAMED).collect();
    if more > 0 {
        shown.push(format!("{more} more"));
    }
    shown
}

fn text(command: &str, needs: &Needs) -> String {
    if needs.is_empty() {
        return format!("terrane {command} needs no IAM permissions for this configuration.\n");
    }
    let mut text = String::new();
    for (place, names) in needs {
        if !text.is_empty() {
            text.push('\n');
        }
        text += &format!("terrane {command} needs {}:\n", place.text());
        let width = names.keys().map(String::len).max().unwrap_or(0);
        for (name, needs) in names {
            text += &format!("  {name:width$}  {}\n", who(needs).join(", "));
        }
    }
    text
}

fn as_json(command: &str, needs: &Needs) -> Json {
    let places = needs.iter().map(|(place, names)| {
        let permissions: Vec<Json> = names
            .iter()
            .map(|(name, needs)| {
                let resources: Vec<Json> = needs.iter().map(need_json).collect();
                let role = needs.first().and_then(|need| need.permission.role.as_ref());
                json!({ "permission": name, "role": role, "resources": resources })
            })
            .collect();
        let (project, bucket) = match place {
            Place::Project(project) => (Some(project), None),
            Place::State(bucket) => (None, Some(bucket)),
            Place::Unknown => (None, None),
        };
        json!({ "project": project, "bucket": bucket, "permissions": permissions })
    });
    json!({ "format_version": "1.0", "command": command, "needs": places.collect::<Vec<_>>() })
}

fn need_json(need: &Need) -> Json {
    json!({
        "address": need.address, "action": need.permission.deed, "attribute": need.permission.attribute,
        "bucket": need.permission.bucket,
    })
}

/// Prints the definition of a custom role with what is needed in one project.
fn role(workbench: &mut Workbench<'_, '_>, command: &str, needs: &Needs) -> Result<Exit, Exit> {
    let projects: Vec<&String> = needs
        .keys()
        .filter_map(|place| match place {
            Place::Project(project) => Some(project),
            Place::State(_) | Place::Unknown => None,
        })
        .collect();
    let [project] = projects.as_slice() else {
        let named: Vec<&str> = projects.iter().map(|project| project.as_str()).collect();
        let detail = format!(
            "A role is of one project, and permissions are needed in {}: {}.",
            projects.len(),
            if named.is_empty() { "none that is known".to_string() } else { named.join(", ") }
        );
        let problem = Diagnostic::error("Not one project", detail);
        return Err(workbench.fail(&[problem.help("Name one with -project.")]));
    };
    let project = (*project).clone();
    let names = &needs[&Place::Project(project.clone())];
    let mut text = format!(
        "# gcloud iam roles create terrane_{command} --project={project} --file=FILE\ntitle: Terrane {command}\ndescription: \
         What terrane {command} needs for its configuration\nstage: GA\nincludedPermissions:\n"
    );
    for name in names.keys() {
        text += &format!("- {name}\n");
    }
    workbench.screen.print(text);
    Ok(0)
}

/// Asks which permissions the account has, and tells what is missing.
fn check(
    workbench: &mut Workbench<'_, '_>,
    command: &str,
    desired: &Desired,
    registry: &Registry,
    needs: &Needs,
) -> Result<Exit, Exit> {
    let mut sessions = Sessions::new(registry, workbench.world());
    let mut missing = Needs::new();
    let (mut asked, mut problems) = (0, Vec::new());
    let mut unasked: Vec<String> =
        needs.keys().filter(|place| !matches!(place, Place::Project(_))).map(Place::text).collect();
    for (place, reference, names) in by_provider(needs) {
        let Place::Project(project) = place else { continue };
        let config = reference.as_ref().and_then(|reference| desired.providers.get(reference));
        let session = match (&reference, config) {
            (Some(reference), Some(config)) => sessions.session(reference, config),
            _ => Ok(None),
        };
        let session = match session {
            Ok(Some(session)) => session,
            Ok(None) => {
                let whose = reference
                    .map_or_else(String::new, |of| format!(" by the provider {}", of.name));
                unasked.push(format!(
                    "{}{whose}, whose settings are known only after the apply",
                    place.text()
                ));
                problems.push(nobody_asked(place));
                continue;
            }
            Err(problem) => {
                problems.push(problem);
                continue;
            }
        };
        let lacked =
            lacking(project, &names, |tested| workbench.runtime.block_on(session.granted(&tested)));
        match lacked {
            Ok(Some(lacked)) => {
                asked += names.len();
                let all = missing.entry(place.clone()).or_default();
                for (name, needs) in lacked {
                    all.entry(name).or_default().extend(needs);
                }
            }
            Ok(None) => {
                unasked.push(format!("{}, which cannot be asked", place.text()));
                problems.push(nobody_asked(place));
            }
            Err(error) => problems.push(
                Diagnostic::error(error.summary.clone(), error.detail.clone())
                    .help("Without an answer nothing is known of the permissions."),
            ),
        }
    }
    missing.retain(|_, names| !names.is_empty());
    if workbench.json() {
        let mut told = as_json(command, needs);
        told["missing"] = as_json(command, &missing)["needs"].clone();
        told["not_asked"] = unasked.into();
        workbench.screen.line(format!("{told:#}"));
    } else {
        problems.extend(lacks(command, &missing));
        if problems.is_empty() {
            workbench.screen.line(format!(
                "The account has the {asked} permissions that terrane {command} needs."
            ));
        }
        for place in unasked {
            workbench.screen.line(format!("Not asked: what is needed {place}."));
        }
    }
    let failed = has_errors(&problems) || !missing.is_empty();
    if !problems.is_empty() {
        workbench.tell(&problems);
    }
    Ok(Exit::from(failed))
}

/// Says that nothing is known of a place's permissions.
fn nobody_asked(place: &Place) -> Diagnostic {
    let detail = format!("Nobody could be asked what the account may do {}.", place.text());
    Diagnostic::error("Permissions not known", detail)
        .help("Run `terrane permissions` with -check once the provider's settings are known.")
}

/// Gives what each account needs in each place: the needs of one provider's block together.
fn by_provider(needs: &Needs) -> Vec<(&Place, Option<ProviderRef>, BTreeMap<String, Vec<Need>>)> {
    let mut all: BTreeMap<(&Place, Option<ProviderRef>), BTreeMap<String, Vec<Need>>> =
        BTreeMap::new();
    for (place, names) in needs {
        for (name, needs) in names {
            for need in needs {
                let of = all.entry((place, need.provider.clone())).or_default();
                of.entry(name.clone()).or_default().push(need.clone());
            }
        }
    }
    all.into_iter().map(|((place, reference), names)| (place, reference, names)).collect()
}

/// Gives the needs of a project that are not granted there, nor on the buckets that they are about; nothing where it cannot
/// be asked.
fn lacking<E>(
    project: &str,
    names: &BTreeMap<String, Vec<Need>>,
    mut granted: impl FnMut(Tested) -> Result<Option<Vec<String>>, E>,
) -> Result<Option<BTreeMap<String, Vec<Need>>>, E> {
    let mut ask = |bucket: Option<&String>, names: Vec<String>| {
        let tested = Tested { project: project.to_string(), bucket: bucket.cloned(), names };
        granted(tested)
    };
    let Some(found) = ask(None, names.keys().cloned().collect())? else {
        return Ok(None);
    };
    let mut lacked: BTreeMap<String, Vec<Need>> = names.clone();
    lacked.retain(|name, _| !found.contains(name));
    let needs = lacked.values().flatten();
    let buckets: BTreeSet<String> =
        needs.filter_map(|need| need.permission.bucket.clone()).collect();
    for bucket in buckets {
        let of_bucket = |need: &Need| need.permission.bucket.as_ref() == Some(&bucket);
        let names: Vec<String> = lacked
            .iter()
            .filter(|(_, needs)| needs.iter().any(of_bucket))
            .map(|(name, _)| name.clone())
            .collect();
        let found = ask(Some(&bucket), names)?.unwrap_or_default();
        for (name, needs) in &mut lacked {
            needs.retain(|need| !(found.contains(name) && of_bucket(need)));
        }
        lacked.retain(|_, needs| !needs.is_empty());
    }
    Ok(Some(lacked))
}

/// Tells what is missing: one problem for each role that would bring it.
fn lacks(command: &str, missing: &Needs) -> Vec<Diagnostic> {
    let mut problems = Vec::new();
    for (place, names) in missing {
        let Place::Project(project) = place else { continue };
        let mut by_role: BTreeMap<Option<String>, Vec<(&String, &Vec<Need>)>> = BTreeMap::new();
        for (name, needs) in names {
            let role = needs.first().and_then(|need| need.permission.role.clone());
            by_role.entry(role).or_default().push((name, needs));
        }
        for (role, lacked) in by_role {
            let lines: Vec<String> = lacked
                .iter()
                .map(|(name, needs)| format!("  {name}: {}", who(needs).join(", ")))
                .collect();
            let detail = format!(
                "In the project \"{project}\" the account lacks what terrane {command} needs:\n{}",
                lines.join("\n")
            );
            let help = match role {
                Some(role) => format!(
                    "Give the account {role}, or a role of your own (`terrane permissions {command} -format=role`): gcloud projects \
                     add-iam-policy-binding {project} --member=ACCOUNT --role={role}"
                ),
                None => {
                    format!("`terrane permissions {command} -format=role` writes a role with it.")
                }
            };
            let span = lacked.iter().flat_map(|(_, needs)| needs.iter()).find_map(|need| need.span);
            let problem = Diagnostic::error("Permission missing", detail).help(help);
            problems.push(match span {
                Some(span) => problem.at(span, ""),
                None => problem,
            });
        }
    }
    problems
}
