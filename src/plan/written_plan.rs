//! A plan as a saved plan has it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::written::{
    Damage, WrittenPath, WrittenProvider, WrittenSpan, WrittenValue, read_address, read_path,
    read_span, values, write_path, write_span,
};
use super::{Action, Base, Call, Change, Drift, OutputChange, Plan, PlanMode, Reason, Verb};
use crate::diag::{Diagnostic, Label, Severity};
use crate::eval::{CheckResult, CheckStatus};
use crate::graph::Graph;
use crate::state::{Snapshot, file};
use crate::value::Value;

/// A plan.
#[derive(Serialize, Deserialize)]
pub(super) struct WrittenPlan {
    lineage: String,
    serial: u64,
    mode: WrittenMode,
    made: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    prior: String,
    data: BTreeMap<String, WrittenValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unread: Vec<String>,
    changes: Vec<WrittenChange>,
    outputs: BTreeMap<String, WrittenOutput>,
    drift: BTreeMap<String, WrittenDrift>,
    moves: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    relevant: Vec<(String, WrittenPath)>,
    order: Vec<(WrittenAction, Vec<WrittenAction>)>,
    checks: Vec<WrittenCheck>,
    warnings: Vec<WrittenWarning>,
    variables: BTreeMap<String, WrittenValue>,
    targets: Vec<String>,
    #[serde(default)]
    excluded: Vec<String>,
    #[serde(default)]
    renewed: bool,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    generated: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    sinking: BTreeMap<String, Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    cleared: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    met: Vec<serde_json::Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    open: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenMode {
    Normal,
    Destroy,
    RefreshOnly,
}

#[derive(Serialize, Deserialize)]
struct WrittenChange {
    address: String,
    deposed: Option<String>,
    verb: WrittenVerb,
    reason: Option<WrittenReason>,
    provider: WrittenProvider,
    config: Option<WrittenValue>,
    needs: Vec<String>,
    span: Option<WrittenSpan>,
    places: Vec<(WrittenPath, WrittenSpan)>,
    replaces: Vec<WrittenPath>,
    private: Vec<u8>,
    importing: Option<String>,
    notes: Vec<String>,
    create_before_destroy: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenVerb {
    Keep { before: WrittenValue },
    Read { after: WrittenValue },
    Create { after: WrittenValue },
    Update { before: WrittenValue, after: WrittenValue },
    Replace { before: WrittenValue, after: WrittenValue, create_first: bool },
    Delete { before: WrittenValue },
    Forget { before: WrittenValue },
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenReason {
    CannotUpdate,
    Tainted,
    Requested,
    Triggered,
    ParentReplaced(String),
    NoBlock,
    NoModule,
    CountIndex,
    EachKey,
    WrongRepetition,
    NoMoveTarget,
    ConfigUnknown,
    DependencyPending,
    CheckNested,
}

#[derive(Serialize, Deserialize)]
struct WrittenOutput {
    before: Option<WrittenValue>,
    after: Option<WrittenValue>,
    sensitive: bool,
    was_sensitive: bool,
}

#[derive(Serialize, Deserialize)]
struct WrittenDrift {
    saved: WrittenValue,
    found: Option<WrittenValue>,
    paths: Vec<WrittenPath>,
    provider: WrittenProvider,
}

#[derive(Serialize, Deserialize)]
struct WrittenAction {
    address: String,
    deposed: Option<String>,
    call: WrittenCall,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenCall {
    Read,
    Create,
    Update,
    Delete,
    Forget,
}

#[derive(Serialize, Deserialize)]
struct WrittenCheck {
    kind: String,
    config_address: String,
    address: String,
    status: WrittenStatus,
    failures: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WrittenStatus {
    Pass,
    Fail,
    Error,
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct WrittenWarning {
    error: bool,
    summary: String,
    detail: String,
    labels: Vec<(WrittenSpan, String)>,
    help: Vec<String>,
    context: Option<String>,
    address: Option<String>,
    values: Vec<(String, String)>,
}

impl From<&Plan> for WrittenPlan {
    fn from(plan: &Plan) -> WrittenPlan {
        let changes = plan.changes.iter();
        let order = plan.order.nodes().map(|node| {
            (WrittenAction::from(node), plan.order.needs(node).map(WrittenAction::from).collect())
        });
        WrittenPlan {
            lineage: plan.base.lineage.clone(),
            serial: plan.base.serial,
            mode: match plan.base.mode {
                PlanMode::Normal => WrittenMode::Normal,
                PlanMode::Destroy => WrittenMode::Destroy,
                PlanMode::RefreshOnly => WrittenMode::RefreshOnly,
            },
            made: plan.base.made.map(|made| made.to_string()),
            text: plan.base.text.clone(),
            prior: file::write(&plan.prior),
            data: plan.data.iter().map(|(at, value)| (at.to_string(), value.into())).collect(),
            unread: plan.unread.iter().map(ToString::to_string).collect(),
            changes: changes
                .map(|((at, deposed), change)| {
                    WrittenChange::new(at.to_string(), deposed.clone(), change)
                })
                .collect(),
            outputs: plan
                .outputs
                .iter()
                .map(|(name, output)| (name.clone(), output.into()))
                .collect(),
            drift: plan.drift.iter().map(|(at, drift)| (at.to_string(), drift.into())).collect(),
            moves: plan.moves.iter().map(|(to, from)| (to.to_string(), from.to_string())).collect(),
            relevant: (plan.relevant.iter())
                .map(|(address, part)| (address.to_string(), write_path(part)))
                .collect(),
            order: order.collect(),
            checks: plan.checks.iter().map(WrittenCheck::from).collect(),
            warnings: plan.warnings.iter().map(WrittenWarning::from).collect(),
            variables: plan
                .variables
                .iter()
                .map(|(name, value)| (name.clone(), value.into()))
                .collect(),
            targets: plan.targets.iter().map(ToString::to_string).collect(),
            excluded: plan.excluded.iter().map(ToString::to_string).collect(),
            renewed: plan.renewed,
            generated: (plan.generated.iter())
                .map(|(at, text)| (at.to_string(), text.clone()))
                .collect(),
            sinking: (plan.sinking.iter())
                .map(|(at, wholes)| {
                    (at.to_string(), wholes.iter().map(ToString::to_string).collect())
                })
                .collect(),
            cleared: plan.cleared.iter().map(ToString::to_string).collect(),
            met: plan.met.clone(),
            open: plan.open.iter().map(ToString::to_string).collect(),
        }
    }
}

impl TryFrom<WrittenPlan> for Plan {
    type Error = Damage;

    fn try_from(written: WrittenPlan) -> Result<Plan, Damage> {
        let made = written.made.map(|made| made.parse().map_err(|error| format!("{error}")));
        let base = Base {
            lineage: written.lineage,
            serial: written.serial,
            mode: match written.mode {
                WrittenMode::Normal => PlanMode::Normal,
                WrittenMode::Destroy => PlanMode::Destroy,
                WrittenMode::RefreshOnly => PlanMode::RefreshOnly,
            },
            made: made.transpose()?,
            text: written.text,
        };
        let prior: Snapshot = file::read(&written.prior).map_err(|error| error.to_string())?;
        let mut plan =
            Plan { base, prior, variables: values(written.variables)?, ..Plan::default() };
        // The file's form names a writer where the snapshot had none.
        if plan.prior.serial == 0 && plan.prior.lineage.is_empty() {
            plan.prior.written_by = String::new();
        }
        for (at, value) in written.data {
            plan.data.insert(read_address(&at)?, value.try_into()?);
        }
        for at in written.unread {
            plan.unread.insert(read_address(&at)?);
        }
        for change in written.changes {
            let key = (read_address(&change.address)?, change.deposed.clone());
            plan.changes.insert(key, change.try_into()?);
        }
        for (name, output) in written.outputs {
            plan.outputs.insert(name, output.try_into()?);
        }
        for (at, drift) in written.drift {
            plan.drift.insert(read_address(&at)?, drift.try_into()?);
        }
        for (address, part) in written.relevant {
            plan.relevant.push((read_address(&address)?, read_path(part)?));
        }
        for (to, from) in written.moves {
            plan.moves.insert(read_address(&to)?, read_address(&from)?);
        }
        plan.renewed = written.renewed;
        for (at, text) in written.generated {
            plan.generated.insert(read_address(&at)?, text);
        }
        for (at, wholes) in written.sinking {
            let wholes = wholes.iter().map(|whole| read_address(whole));
            plan.sinking.insert(read_address(&at)?, wholes.collect::<Result<_, Damage>>()?);
        }
        for at in written.cleared {
            plan.cleared.insert(read_address(&at)?);
        }
        plan.met = written.met;
        for at in written.open {
            plan.open.insert(read_address(&at)?);
        }
        plan.order = read_order(written.order)?;
        plan.checks =
            written.checks.into_iter().map(CheckResult::try_from).collect::<Result<_, _>>()?;
        plan.warnings = written.warnings.into_iter().map(Diagnostic::from).collect();
        let target = |text: String| text.parse().map_err(|error| format!("{error}"));
        plan.targets = written.targets.into_iter().map(target).collect::<Result<_, Damage>>()?;
        plan.excluded = written.excluded.into_iter().map(target).collect::<Result<_, Damage>>()?;
        Ok(plan)
    }
}

fn read_order(written: Vec<(WrittenAction, Vec<WrittenAction>)>) -> Result<Graph<Action>, Damage> {
    let mut order = Graph::default();
    for (node, needs) in written {
        let node = Action::try_from(node)?;
        order.add(node.clone());
        for need in needs {
            order.wait(node.clone(), need.try_into()?);
        }
    }
    Ok(order)
}

impl WrittenChange {
    fn new(address: String, deposed: Option<String>, change: &Change) -> WrittenChange {
        WrittenChange {
            address,
            deposed,
            verb: (&change.verb).into(),
            reason: change.reason.as_ref().map(WrittenReason::from),
            provider: (&*change.provider).into(),
            config: change.config.as_ref().map(WrittenValue::from),
            needs: change.needs.iter().map(ToString::to_string).collect(),
            span: change.span.map(write_span),
            places: change
                .places
                .iter()
                .map(|(path, span)| (write_path(path), write_span(*span)))
                .collect(),
            replaces: change.replaces.iter().map(write_path).collect(),
            private: change.private.clone(),
            importing: change.importing.clone(),
            notes: change.notes.clone(),
            create_before_destroy: change.create_before_destroy,
        }
    }
}

impl TryFrom<WrittenChange> for Change {
    type Error = Damage;

    fn try_from(written: WrittenChange) -> Result<Change, Damage> {
        let place = |(path, span)| Ok((read_path(path)?, read_span(span)));
        Ok(Change {
            verb: written.verb.try_into()?,
            reason: written.reason.map(Reason::try_from).transpose()?,
            provider: Arc::new(written.provider.into()),
            config: written.config.map(Value::try_from).transpose()?,
            needs: written.needs.iter().map(|need| read_address(need)).collect::<Result<_, _>>()?,
            span: written.span.map(read_span),
            places: written.places.into_iter().map(place).collect::<Result<_, Damage>>()?,
            replaces: written.replaces.into_iter().map(read_path).collect::<Result<_, _>>()?,
            private: written.private,
            importing: written.importing,
            notes: written.notes,
            create_before_destroy: written.create_before_destroy,
        })
    }
}

impl From<&Verb> for WrittenVerb {
    fn from(verb: &Verb) -> WrittenVerb {
        match verb {
            Verb::Keep { before } => WrittenVerb::Keep { before: before.into() },
            Verb::Read { after } => WrittenVerb::Read { after: after.into() },
            Verb::Create { after } => WrittenVerb::Create { after: after.into() },
            Verb::Update { before, after } => {
                WrittenVerb::Update { before: before.into(), after: after.into() }
            }
            Verb::Replace { before, after, create_first } => WrittenVerb::Replace {
                before: before.into(),
                after: after.into(),
                create_first: *create_first,
            },
            Verb::Delete { before } => WrittenVerb::Delete { before: before.into() },
            Verb::Forget { before } => WrittenVerb::Forget { before: before.into() },
        }
    }
}

impl TryFrom<WrittenVerb> for Verb {
    type Error = Damage;

    fn try_from(written: WrittenVerb) -> Result<Verb, Damage> {
        Ok(match written {
            WrittenVerb::Keep { before } => Verb::Keep { before: before.try_into()? },
            WrittenVerb::Read { after } => Verb::Read { after: after.try_into()? },
            WrittenVerb::Create { after } => Verb::Create { after: after.try_into()? },
            WrittenVerb::Update { before, after } => {
                Verb::Update { before: before.try_into()?, after: after.try_into()? }
            }
            WrittenVerb::Replace { before, after, create_first } => {
                Verb::Replace { before: before.try_into()?, after: after.try_into()?, create_first }
            }
            WrittenVerb::Delete { before } => Verb::Delete { before: before.try_into()? },
            WrittenVerb::Forget { before } => Verb::Forget { before: before.try_into()? },
        })
    }
}

impl From<&Reason> for WrittenReason {
    fn from(reason: &Reason) -> WrittenReason {
        match reason {
            Reason::CannotUpdate => WrittenReason::CannotUpdate,
            Reason::Tainted => WrittenReason::Tainted,
            Reason::Requested => WrittenReason::Requested,
            Reason::Triggered => WrittenReason::Triggered,
            Reason::ParentReplaced(cluster) => WrittenReason::ParentReplaced(cluster.to_string()),
            Reason::NoBlock => WrittenReason::NoBlock,
            Reason::NoModule => WrittenReason::NoModule,
            Reason::CountIndex => WrittenReason::CountIndex,
            Reason::EachKey => WrittenReason::EachKey,
            Reason::WrongRepetition => WrittenReason::WrongRepetition,
            Reason::NoMoveTarget => WrittenReason::NoMoveTarget,
            Reason::ConfigUnknown => WrittenReason::ConfigUnknown,
            Reason::DependencyPending => WrittenReason::DependencyPending,
            Reason::CheckNested => WrittenReason::CheckNested,
        }
    }
}

impl TryFrom<WrittenReason> for Reason {
    type Error = Damage;

    fn try_from(written: WrittenReason) -> Result<Reason, Damage> {
        Ok(match written {
            WrittenReason::CannotUpdate => Reason::CannotUpdate,
            WrittenReason::Tainted => Reason::Tainted,
            WrittenReason::Requested => Reason::Requested,
            WrittenReason::Triggered => Reason::Triggered,
            WrittenReason::ParentReplaced(cluster) => {
                Reason::ParentReplaced(read_address(&cluster)?)
            }
            WrittenReason::NoBlock => Reason::NoBlock,
            WrittenReason::NoModule => Reason::NoModule,
            WrittenReason::CountIndex => Reason::CountIndex,
            WrittenReason::EachKey => Reason::EachKey,
            WrittenReason::WrongRepetition => Reason::WrongRepetition,
            WrittenReason::NoMoveTarget => Reason::NoMoveTarget,
            WrittenReason::ConfigUnknown => Reason::ConfigUnknown,
            WrittenReason::DependencyPending => Reason::DependencyPending,
            WrittenReason::CheckNested => Reason::CheckNested,
        })
    }
}

impl From<&OutputChange> for WrittenOutput {
    fn from(output: &OutputChange) -> WrittenOutput {
        WrittenOutput {
            before: output.before.as_ref().map(WrittenValue::from),
            after: output.after.as_ref().map(WrittenValue::from),
            sensitive: output.sensitive,
            was_sensitive: output.was_sensitive,
        }
    }
}

impl TryFrom<WrittenOutput> for OutputChange {
    type Error = Damage;

    fn try_from(written: WrittenOutput) -> Result<OutputChange, Damage> {
        Ok(OutputChange {
            before: written.before.map(Value::try_from).transpose()?,
            after: written.after.map(Value::try_from).transpose()?,
            sensitive: written.sensitive,
            was_sensitive: written.was_sensitive,
        })
    }
}

impl From<&Drift> for WrittenDrift {
    fn from(drift: &Drift) -> WrittenDrift {
        WrittenDrift {
            saved: (&drift.saved).into(),
            found: drift.found.as_ref().map(WrittenValue::from),
            paths: drift.paths.iter().map(write_path).collect(),
            provider: (&*drift.provider).into(),
        }
    }
}

impl TryFrom<WrittenDrift> for Drift {
    type Error = Damage;

    fn try_from(written: WrittenDrift) -> Result<Drift, Damage> {
        Ok(Drift {
            saved: written.saved.try_into()?,
            found: written.found.map(Value::try_from).transpose()?,
            paths: written.paths.into_iter().map(read_path).collect::<Result<_, _>>()?,
            provider: Arc::new(written.provider.into()),
        })
    }
}

impl From<&Action> for WrittenAction {
    fn from(action: &Action) -> WrittenAction {
        let call = match action.call {
            Call::Read => WrittenCall::Read,
            Call::Create => WrittenCall::Create,
            Call::Update => WrittenCall::Update,
            Call::Delete => WrittenCall::Delete,
            Call::Forget => WrittenCall::Forget,
        };
        WrittenAction { address: action.address.to_string(), deposed: action.deposed.clone(), call }
    }
}

impl TryFrom<WrittenAction> for Action {
    type Error = Damage;

    fn try_from(written: WrittenAction) -> Result<Action, Damage> {
        let call = match written.call {
            WrittenCall::Read => Call::Read,
            WrittenCall::Create => Call::Create,
            WrittenCall::Update => Call::Update,
            WrittenCall::Delete => Call::Delete,
            WrittenCall::Forget => Call::Forget,
        };
        Ok(Action { address: read_address(&written.address)?, deposed: written.deposed, call })
    }
}

/// The kinds of what is checked.
const KINDS: [&str; 4] = ["resource", "output_value", "check", "var"];

impl From<&CheckResult> for WrittenCheck {
    fn from(check: &CheckResult) -> WrittenCheck {
        WrittenCheck {
            kind: check.kind.into(),
            config_address: check.config_address.clone(),
            address: check.address.clone(),
            status: match check.status {
                CheckStatus::Pass => WrittenStatus::Pass,
                CheckStatus::Fail => WrittenStatus::Fail,
                CheckStatus::Error => WrittenStatus::Error,
                CheckStatus::Unknown => WrittenStatus::Unknown,
            },
            failures: check.failures.clone(),
        }
    }
}

impl TryFrom<WrittenCheck> for CheckResult {
    type Error = Damage;

    fn try_from(written: WrittenCheck) -> Result<CheckResult, Damage> {
        let kind = KINDS.into_iter().find(|kind| *kind == written.kind);
        Ok(CheckResult {
            kind: kind.ok_or_else(|| format!("\"{}\" cannot be checked", written.kind))?,
            config_address: written.config_address,
            address: written.address,
            status: match written.status {
                WrittenStatus::Pass => CheckStatus::Pass,
                WrittenStatus::Fail => CheckStatus::Fail,
                WrittenStatus::Error => CheckStatus::Error,
                WrittenStatus::Unknown => CheckStatus::Unknown,
            },
            failures: written.failures,
        })
    }
}

impl From<&Diagnostic> for WrittenWarning {
    fn from(problem: &Diagnostic) -> WrittenWarning {
        let label = |label: &Label| (write_span(label.span), label.text.clone());
        WrittenWarning {
            error: problem.is_error(),
            summary: problem.summary.clone(),
            detail: problem.detail.clone(),
            labels: problem.labels.iter().map(label).collect(),
            help: problem.help.clone(),
            context: problem.context.clone(),
            address: problem.address.clone(),
            values: problem.values.clone(),
        }
    }
}

impl From<WrittenWarning> for Diagnostic {
    fn from(written: WrittenWarning) -> Diagnostic {
        let label = |(span, text)| Label { span: read_span(span), text };
        Diagnostic {
            severity: if written.error { Severity::Error } else { Severity::Warning },
            summary: written.summary,
            detail: written.detail,
            labels: written.labels.into_iter().map(label).collect(),
            around: None,
            help: written.help,
            context: written.context,
            address: written.address,
            values: written.values,
            call: None,
            explained: false,
            root: None,
            also: Vec::new(),
            owner: None,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::diag::{FileId, Span};
    use crate::eval::ProviderRef;
    use crate::value::{Path, Type};

    /// A plan with one of each.
    pub(crate) fn sample() -> Plan {
        let value = |text: &str| {
            Value::object([
                ("a", Value::string(text).sensitive()),
                ("u", Value::unknown(Type::String)),
            ])
        };
        let provider = Arc::new(ProviderRef {
            module: vec!["m".into()],
            name: "x".into(),
            source: "h/x".into(),
            alias: Some("y".into()),
        });
        let change = |verb, reason| Change {
            verb,
            reason,
            provider: provider.clone(),
            config: Some(value("c")),
            needs: ["a.b".parse().unwrap()].into(),
            span: None,
            places: vec![(Path::root().attribute("a").place(0), Span::new(FileId(0), 1, 2))],
            replaces: vec![Path::root().attribute("a")],
            private: vec![1, 2],
            importing: Some("i".into()),
            notes: vec!["n".into()],
            create_before_destroy: true,
        };
        let mut plan = Plan::default();
        let replace = Verb::Replace { before: value("1"), after: value("2"), create_first: true };
        let cluster = Reason::ParentReplaced("c.c".parse().unwrap());
        let mut first = change(replace, Some(cluster));
        first.span = Some(Span::new(FileId(0), 0, 1));
        plan.changes.insert(("module.m[0].a.b[\"k\"]".parse().unwrap(), None), first);
        let delete = change(Verb::Delete { before: value("3") }, Some(Reason::NoBlock));
        plan.changes.insert(("a.b".parse().unwrap(), Some("0a1b2c3d".into())), delete);
        let output = OutputChange {
            before: None,
            after: Some(value("o")),
            sensitive: true,
            was_sensitive: false,
        };
        plan.outputs.insert("o".into(), output);
        let paths = vec![Path::root().key("x")];
        let drift = Drift { saved: value("s"), found: None, paths, provider: provider.clone() };
        plan.drift.insert("a.d".parse().unwrap(), drift);
        plan.moves.insert("a.new".parse().unwrap(), "a.old".parse().unwrap());
        let action = |at: &str, call| Action { address: at.parse().unwrap(), deposed: None, call };
        plan.order.wait(action("a.b", Call::Create), action("a.c", Call::Read));
        plan.checks.push(CheckResult {
            kind: "check",
            config_address: "check.c".into(),
            address: "check.c".into(),
            status: CheckStatus::Unknown,
            failures: vec!["f".into()],
        });
        plan.warnings
            .push(Diagnostic::warning("W", "d").at(Span::new(FileId(0), 0, 1), "l").help("h"));
        plan.variables.insert("v".into(), value("v"));
        plan.targets.push("module.m".parse().unwrap());
        plan.open.insert("a.b".parse().unwrap());
        plan.data.insert("data.a.b".parse().unwrap(), value("d"));
        plan.unread.insert("data.a.b".parse().unwrap());
        plan.prior = file::read(include_str!("../../state/samples/members.tfstate")).unwrap();
        plan
    }

    #[test]
    fn a_plan_reads_back_what_it_writes() {
        let plan = sample();

        let text = serde_json::to_string(&WrittenPlan::from(&plan)).unwrap();
        let back = Plan::try_from(serde_json::from_str::<WrittenPlan>(&text).unwrap()).unwrap();

        assert_eq!(format!("{back:?}"), format!("{plan:?}"));
        assert_eq!(serde_json::to_string(&WrittenPlan::from(&back)).unwrap(), text);
    }
}
