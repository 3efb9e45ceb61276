//! The lines of `plan -json` and `apply -json`: one document each, as it happens.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::diagnostic::diagnostic as problem_json;
use super::plan::sorted;
use super::state::output_value;
use super::{Reveal, key};
use crate::addr::{Address, module_text};
use crate::diag::{Diagnostic, Severity, Sources};
use crate::plan::event::{ApplyEvent, EphemeralStep, PlanEvent, ProvisionStep};
use crate::plan::{Action, Call, Change, Counts, OutputChange, Plan, PlanMode, Reason, Verb};
use crate::render::plan::summary_line;
use crate::render::progress::{
    Applied, Lasted, Long, complete_line, message, seconds, span, subject,
};
use crate::render::review;
use crate::review::finding::{Finding, Severity as Weight};
use crate::state::KeptOutput;
use crate::value::Type;
use crate::value::json::type_to_json;

/// The version of the lines' form.
const UI: &str = "1.2";

fn line(
    level: &str,
    message: &str,
    now: Timestamp,
    kind: &str,
    payload: Vec<(&str, Json)>,
) -> String {
    let mut out = Map::new();
    out.insert("@level".into(), level.into());
    out.insert("@message".into(), message.into());
    out.insert("@module".into(), "terrane.ui".into());
    out.insert("@timestamp".into(), format!("{now:.6}").into());
    let mut rest: BTreeMap<&str, Json> = payload.into_iter().collect();
    rest.insert("type", kind.into());
    out.extend(rest.into_iter().map(|(name, part)| (name.to_string(), part)));
    Json::Object(out).to_string() + "\n"
}

/// Gives the first line.
pub fn version(version: &str, now: Timestamp) -> String {
    let payload = vec![("terrane", version.into()), ("ui", UI.into())];
    line("info", &format!("Terrane {version}"), now, "version", payload)
}

/// Gives a line with a text only.
pub fn log(text: &str, now: Timestamp) -> String {
    line("info", text, now, "log", Vec::new())
}

/// Gives a line of `init`, with the code that names its kind.
pub fn init_output(text: &str, code: &str, now: Timestamp) -> String {
    line("info", text, now, "init_output", vec![("message_code", code.into())])
}

/// Gives a problem's line.
pub fn diagnostic(problem: &Diagnostic, sources: &Sources, now: Timestamp) -> String {
    let (level, word) = match problem.severity {
        Severity::Error => ("error", "Error"),
        Severity::Warning => ("warn", "Warning"),
    };
    let payload = vec![("diagnostic", problem_json(problem, sources))];
    line(level, &format!("{word}: {}", problem.summary), now, "diagnostic", payload)
}

fn address_json(address: &Address) -> Json {
    let within = address.in_module(Vec::new());
    let implied = address.type_name.split('_').next().unwrap_or_default();
    json!({
        "addr": address.to_string(),
        "module": module_text(&address.module),
        "resource": within.to_string(),
        "implied_provider": implied,
        "resource_type": address.type_name,
        "resource_name": address.name,
        "resource_key": address.key.as_ref().map_or(Json::Null, key),
    })
}

/// Gives a line for each planned change, in the order of addresses, with those of drift before.
pub fn planned(plan: &Plan, now: Timestamp) -> String {
    let mut text = String::new();
    for (address, drift) in &plan.drift {
        let action = if drift.found.is_some() { "update" } else { "delete" };
        let change = json!({ "resource": address_json(address), "action": action });
        let message = format!("{address}: Drift detected ({action})");
        text += &line("info", &message, now, "resource_drift", vec![("change", change)]);
    }
    let refreshing = plan.base.mode == PlanMode::RefreshOnly;
    for (address, _, change) in sorted(plan) {
        let action = action_word(plan, address, change);
        if action == "noop" || (refreshing && plan.drift.contains_key(address)) {
            continue;
        }
        let mut out = json!({ "resource": address_json(address) });
        if let Some(from) = plan.moves.get(address) {
            out["previous_resource"] = address_json(from);
        }
        out["action"] = action.into();
        if let Some(reason) = change.reason.as_ref() {
            out["reason"] = reason_word(reason).into();
        }
        if let Some(id) = &change.importing {
            out["importing"] = json!({ "id": id });
        }
        if let Some(text) = plan.generated.get(address) {
            out["generated_config"] = text.as_str().into();
        }
        // What a run that only refreshes finds elsewhere is drift.
        let (kind, message) = match refreshing {
            true => ("resource_drift", format!("{address}: Drift detected ({action})")),
            false => ("planned_change", format!("{address}: Plan to {action}")),
        };
        text += &line("info", &message, now, kind, vec![("change", out)]);
    }
    text
}

fn action_word(plan: &Plan, address: &Address, change: &Change) -> &'static str {
    match change.verb {
        Verb::Keep { .. } if plan.moves.contains_key(address) => "move",
        Verb::Keep { .. } if change.importing.is_some() => "import",
        Verb::Keep { .. } => "noop",
        Verb::Read { .. } => "read",
        Verb::Create { .. } => "create",
        Verb::Update { .. } => "update",
        Verb::Replace { .. } => "replace",
        Verb::Delete { .. } => "delete",
        Verb::Forget { .. } => "remove",
    }
}

fn reason_word(reason: &Reason) -> &'static str {
    match reason {
        Reason::CannotUpdate => "cannot_update",
        Reason::Tainted => "tainted",
        Reason::Requested => "requested",
        Reason::Triggered => "replace_triggered_by",
        Reason::ParentReplaced(_) => "parent_replaced",
        Reason::NoBlock => "delete_because_no_resource_config",
        Reason::NoModule => "delete_because_no_module",
        Reason::CountIndex => "delete_because_count_index",
        Reason::EachKey => "delete_because_each_key",
        Reason::WrongRepetition => "delete_because_wrong_repetition",
        Reason::NoMoveTarget => "delete_because_no_move_target",
        Reason::ConfigUnknown => "read_because_config_unknown",
        Reason::DependencyPending => "read_because_dependency_pending",
        Reason::CheckNested => "read_because_check_nested",
    }
}

fn summary(
    message: &str,
    counts: [usize; 4],
    operation: &str,
    more: Vec<(&'static str, Json)>,
    now: Timestamp,
) -> String {
    let [add, change, import, remove] = counts;
    let changes = json!({
        "add": add, "change": change, "import": import, "remove": remove, "operation": operation,
    });
    let mut members = vec![("changes", changes)];
    members.extend(more);
    line("info", message, now, "change_summary", members)
}

/// Gives the line of a plan's numbers.
pub fn plan_summary(counts: Counts, now: Timestamp) -> String {
    let numbers = [counts.add, counts.change, counts.import, counts.destroy];
    // Who reads the line expects no other numbers in it.
    summary(&summary_line(Counts { forget: 0, ..counts }), numbers, "plan", Vec::new(), now)
}

/// Tells what a policy says of a plan.
pub fn policy_result(finding: &Finding, now: Timestamp) -> String {
    let level = match finding.severity {
        Weight::Deny => "error",
        Weight::Warn => "warn",
    };
    let result = review::finding(finding);
    let message = format!("Policy {}: {}", finding.policy, finding.message);
    line(level, &message, now, "policy_result", vec![("policy_result", result)])
}

/// Gives the line of a plan's digest.
pub fn plan_digest(digest: &str, now: Timestamp) -> String {
    let message = format!("Plan digest: {digest}");
    line("info", &message, now, "plan_digest", vec![("digest", digest.into())])
}

/// Gives the line of an apply's numbers.
pub fn apply_summary(
    applied: Applied,
    destroy: bool,
    lasted: Option<&Lasted<'_>>,
    now: Timestamp,
) -> String {
    let numbers = [applied.added, applied.changed, applied.imported, applied.destroyed];
    let operation = if destroy { "destroy" } else { "apply" };
    let mut more = Vec::new();
    if let Some(lasted) = lasted {
        let chain = lasted.chain.iter().map(|(action, took)| {
            json!({ "addr": action.address.to_string(), "seconds": took.as_secs_f64() })
        });
        let (took, critical) = (lasted.took.as_secs_f64(), lasted.critical.as_secs_f64());
        let chain: Vec<Json> = chain.collect();
        let lasted =
            json!({ "seconds": took, "critical_seconds": critical, "critical_path": chain });
        more.push(("lasted", lasted));
    }
    summary(&complete_line(applied, destroy), numbers, operation, more, now)
}

fn outputs(outputs: Map<String, Json>, now: Timestamp) -> String {
    let message = format!("Outputs: {}", outputs.len());
    line("info", &message, now, "outputs", vec![("outputs", Json::Object(outputs))])
}

/// Gives the line of what becomes of outputs; nothing where there are none.
pub fn planned_outputs(plan: &Plan, now: Timestamp) -> String {
    if plan.outputs.is_empty() {
        return String::new();
    }
    let one = |(name, change): (&String, &OutputChange)| {
        let action = match (&change.before, &change.after) {
            _ if change.is_keep() => "noop",
            (None, Some(_)) => "create",
            (Some(_), None) => "delete",
            _ => "update",
        };
        let sensitive = change.sensitive || change.was_sensitive;
        (name.clone(), json!({ "sensitive": sensitive, "action": action }))
    };
    outputs(plan.outputs.iter().map(one).collect(), now)
}

/// Gives the line of outputs after an apply; secrets have no value there.
pub fn applied_outputs(kept: &BTreeMap<String, KeptOutput>, now: Timestamp) -> String {
    let one = |(name, output): (&String, &KeptOutput)| {
        let ty = if output.ty == Type::Any { output.value.ty() } else { output.ty.clone() };
        let mut out = json!({ "sensitive": output.sensitive, "type": type_to_json(&ty) });
        if !output.sensitive {
            out["value"] = output_value(output, Reveal::No);
        }
        (name.clone(), out)
    };
    outputs(kept.iter().map(one).collect(), now)
}

/// Gives the line of what happens while a plan is made.
pub fn planning(event: &PlanEvent, now: Timestamp) -> String {
    let (address, id, text, kind) = match event {
        PlanEvent::Refreshing { address, id } => {
            (address, id, "Refreshing state...", "refresh_start")
        }
        PlanEvent::Refreshed { address, id } => {
            (address, id, "Refresh complete", "refresh_complete")
        }
        PlanEvent::Reading(address) => {
            let hook = json!({ "resource": address_json(address), "action": "read" });
            let text = format!("{address}: Refreshing...");
            return line("info", &text, now, "apply_start", vec![("hook", hook)]);
        }
        PlanEvent::Read { address, elapsed } => {
            let seconds = seconds(*elapsed);
            let hook = json!({
                "resource": address_json(address), "action": "read", "elapsed_seconds": seconds,
            });
            let text = format!("{address}: Refresh complete after {}", span(*elapsed));
            return line("info", &text, now, "apply_complete", vec![("hook", hook)]);
        }
        PlanEvent::Ephemeral { address, step } => return ephemeral(address, *step, now),
    };
    let mut hook = json!({ "resource": address_json(address) });
    let bracket = identify(&mut hook, id.as_deref());
    line("info", &format!("{address}: {text}{bracket}"), now, kind, vec![("hook", hook)])
}

/// Gives the line of what becomes of an ephemeral resource.
fn ephemeral(address: &Address, step: EphemeralStep, now: Timestamp) -> String {
    let (action, text, elapsed) = match step {
        EphemeralStep::Opening => ("open", "Opening...", None),
        EphemeralStep::Opened(elapsed) => ("open", "Opening complete", Some(elapsed)),
        EphemeralStep::Closing => ("close", "Closing...", None),
        EphemeralStep::Closed(elapsed) => ("close", "Closing complete", Some(elapsed)),
    };
    let mut hook = json!({ "resource": address_json(address), "action": action });
    let mut text = format!("{address}: {text}");
    let kind = match elapsed {
        None => "ephemeral_op_start",
        Some(elapsed) => {
            hook["elapsed_seconds"] = seconds(elapsed).into();
            text += &format!(" after {}", span(elapsed));
            "ephemeral_op_complete"
        }
    };
    line("info", &text, now, kind, vec![("hook", hook)])
}

fn identify(hook: &mut Json, id: Option<&str>) -> String {
    let Some(id) = id else { return String::new() };
    hook["id_key"] = "id".into();
    hook["id_value"] = id.into();
    format!(" [id={id}]")
}

fn hook(action: &Action) -> Json {
    let word = match action.call {
        Call::Read => "read",
        Call::Create => "create",
        Call::Update => "update",
        Call::Delete => "delete",
        Call::Forget => "remove",
    };
    json!({ "resource": address_json(&action.address), "action": word })
}

/// Gives an event's line.
pub fn event(event: &ApplyEvent, now: Timestamp) -> String {
    let action = event.action();
    let mut hook = hook(action);
    let (kind, level) = match event {
        ApplyEvent::Started { id, .. } => {
            identify(&mut hook, id.as_deref());
            ("apply_start", "info")
        }
        ApplyEvent::Finished { id, elapsed, .. } => {
            if action.call != Call::Delete {
                identify(&mut hook, id.as_deref());
            }
            hook["elapsed_seconds"] = seconds(*elapsed).into();
            ("apply_complete", "info")
        }
        ApplyEvent::Ended { .. } => return String::new(),
        ApplyEvent::Failed { elapsed, .. } => {
            hook["elapsed_seconds"] = seconds(*elapsed).into();
            ("apply_errored", "info")
        }
        ApplyEvent::Skipped { because, .. } => {
            hook["because"] = because.to_string().into();
            ("apply_skipped", "warn")
        }
        ApplyEvent::Ephemeral { step, .. } => return ephemeral(&action.address, *step, now),
        ApplyEvent::Provision { kind, step, .. } => return provision(action, kind, step, now),
        ApplyEvent::Note { text, .. } => {
            let text = format!("{}: {text}", subject(action));
            return line("info", &text, now, "log", Vec::new());
        }
        ApplyEvent::Log { lines, .. } => {
            let tell = |text: &String| {
                let mut hook = hook.clone();
                hook["output"] = text.as_str().into();
                let message = format!("{} | {text}", subject(action));
                line("info", &message, now, "apply_log", vec![("hook", hook)])
            };
            return lines.iter().map(tell).collect();
        }
    };
    let mut text = message(event).unwrap_or_default();
    if action.call == Call::Read {
        // To a machine a data source is refreshed, in a plan and in an apply.
        text = text.replacen("Reading", "Refreshing", 1).replacen("Read ", "Refresh ", 1);
    }
    line(level, &format!("{}: {text}", subject(action)), now, kind, vec![("hook", hook)])
}

/// Gives the line of what a provisioner does.
fn provision(action: &Action, provisioner: &str, step: &ProvisionStep, now: Timestamp) -> String {
    let mut hook = json!({ "resource": address_json(&action.address), "provisioner": provisioner });
    let (kind, text) = match step {
        ProvisionStep::Started => {
            ("provision_start", format!("Provisioning with '{provisioner}'..."))
        }
        ProvisionStep::Output(line) => {
            hook["output"] = line.as_str().into();
            ("provision_progress", format!("({provisioner}): {line}"))
        }
        ProvisionStep::Complete => {
            ("provision_complete", format!("({provisioner}) Provisioning complete"))
        }
        ProvisionStep::Errored => {
            ("provision_errored", format!("({provisioner}) Provisioning errored"))
        }
    };
    line("info", &format!("{}: {text}", subject(action)), now, kind, vec![("hook", hook)])
}

/// Gives the line of a call that takes long.
pub fn still(long: &Long, now: Timestamp) -> String {
    let mut hook = hook(&long.action);
    hook["elapsed_seconds"] = seconds(long.elapsed).into();
    let message = format!("{}: {}", subject(&long.action), long.message());
    line("info", &message, now, "apply_progress", vec![("hook", hook)])
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::render::plan::tests::{change, plan_of, value};

    fn now() -> Timestamp {
        "2026-01-02T03:04:05.678901Z".parse().unwrap()
    }

    #[test]
    fn a_line_has_the_frame_first_and_the_rest_in_order() {
        let text = version("0.1.0", now());

        let expected = "{\"@level\":\"info\",\"@message\":\"Terrane 0.1.0\",\"@module\":\"terrane.ui\",\
            \"@timestamp\":\"2026-01-02T03:04:05.678901Z\",\"terrane\":\"0.1.0\",\"type\":\"version\",\"ui\":\"1.2\"}\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn planned_changes_come_in_the_order_of_addresses_and_only_where_there_is_one() {
        let side = || value(json!({ "id": "i" }));
        let plan = plan_of(vec![
            ("module.m.a.b[0]", change(Verb::Create { after: side() })),
            ("a.z", change(Verb::Delete { before: side() })),
            ("a.b", change(Verb::Keep { before: side() })),
        ]);

        let text = planned(&plan, now());

        let lines: Vec<Json> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let messages: Vec<&str> =
            lines.iter().filter_map(|line| line["@message"].as_str()).collect();
        assert_eq!(messages, ["a.z: Plan to delete", "module.m.a.b[0]: Plan to create"]);
        let resource = &lines[1]["change"]["resource"];
        assert_eq!(
            (&resource["module"], &resource["resource"]),
            (&json!("module.m"), &json!("a.b[0]"))
        );
        assert_eq!(
            (&resource["implied_provider"], &resource["resource_key"]),
            (&json!("a"), &json!(0))
        );
    }

    #[test]
    fn an_end_without_a_word_is_no_line() {
        let action =
            Action { address: "data.a.b".parse().unwrap(), deposed: None, call: Call::Read };

        assert_eq!(event(&ApplyEvent::Ended { action }, now()), "");
    }

    #[test]
    fn an_end_tells_id_and_time() {
        let action = Action { address: "a.b".parse().unwrap(), deposed: None, call: Call::Create };
        let finished =
            ApplyEvent::Finished { action, id: Some("i".into()), elapsed: Duration::from_secs(7) };

        let line: Json = serde_json::from_str(&event(&finished, now())).unwrap();

        assert_eq!(line["@message"], "a.b: Creation complete after 7s [id=i]");
        assert_eq!(line["type"], "apply_complete");
        assert_eq!(
            (&line["hook"]["id_value"], &line["hook"]["elapsed_seconds"]),
            (&json!("i"), &json!(7))
        );
    }

    #[test]
    fn a_secret_output_has_no_value() {
        let output = KeptOutput {
            value: crate::value::Value::string("s"),
            ty: Type::String,
            sensitive: true,
        };

        let text = applied_outputs(&[("o".to_string(), output)].into(), now());

        assert!(text.contains("{\"o\":{\"sensitive\":true,\"type\":\"string\"}}"), "{text}");
    }
}
