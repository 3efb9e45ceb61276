//! `terrane import ADDRESS ID`: an object that exists becomes one that is managed.

use clap::{Arg, ArgMatches};

use super::planning::{Told, planned_as};
use super::taint::instance;
use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, discover, flag_on, one, option, state_arguments, variables};
use crate::addr::{Address, Mode, Target, module_text};
use crate::diag::Diagnostic;
use crate::plan::objects::encode;
use crate::plan::planner::Options;
use crate::plan::{Change, Verb};
use crate::providers::Registry;
use crate::state::{Object, Snapshot};

pub(super) const COMMAND: Command = Command {
    name: "import",
    about: "Take an object that exists into the state; an `import` block does so in a plan",
    arguments: |command| {
        command
            .arg(Arg::new("address").required_unless_present("discover").value_name("ADDR"))
            .arg(
                Arg::new("id")
                    .required_unless_present("discover")
                    .value_name("ID")
                    .allow_hyphen_values(true)
                    .help("What the object is found by; the resource type says of what form"),
            )
            .args(discover::arguments())
            .args(variables::arguments())
            .args(state_arguments())
            .arg(
                option("config", "DIR", "Accepted for Terraform's sake; -chdir names a folder")
                    .hide(true),
            )
            .arg(option("parallelism", "N", "Accepted for Terraform's sake").hide(true))
            .arg(flag_on("input", "Ask for what is missing"))
    },
    run: |workbench, matches| match import(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    },
};

fn import(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    if discover::is_asked(matches) {
        return discover::discover(workbench, matches);
    }
    let text = one(matches, "address").unwrap_or_default();
    let address = instance(text).map_err(|problem| workbench.fail(&[problem]))?;
    let id = one(matches, "id").unwrap_or_default().to_string();
    if address.mode != Mode::Managed {
        let summary = "A managed resource address is required. Importing into a data resource is not allowed.";
        return Err(workbench.fail(&[Diagnostic::error(summary, "")]));
    }
    let loaded = workbench.load(matches)?;
    has_block(workbench, &loaded, &address)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let (mut lock, mut snapshot) = workbench.locked(backend.as_ref(), "import", matches)?;
    let taken = taken(workbench, &loaded, &registry, &snapshot, &address, &id);
    let saved = match taken {
        Ok(object) => {
            snapshot.set_current(&address, Some(object));
            let saved = workbench.runtime.block_on(lock.save(&snapshot));
            saved.map(|_| ()).map_err(|error| workbench.fail(&[error.to_diagnostic()]))
        }
        Err(exit) => Err(exit),
    };
    let unlocked = workbench.unlock(lock);
    saved?;
    workbench.screen.print(
        "\nImport successful!\n\nThe resources that were imported are shown above. These resources are now in\nyour \
         Terrane state and will henceforth be managed by Terrane.\n\n",
    );
    Ok(unlocked)
}

/// Looks whether the configuration has a block for the object.
fn has_block(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    address: &Address,
) -> Result<(), Exit> {
    let path: Vec<String> = address.module.iter().map(|step| step.name.clone()).collect();
    if loaded.config.module(&path).is_none() {
        let detail = format!(
            "{} is not defined in the configuration. Please add configuration for this module before importing into it.",
            module_text(&address.module)
        );
        return Err(workbench.fail(&[Diagnostic::error("Import to non-existent module", detail)]));
    }
    if loaded.config.resource(address).is_some() {
        return Ok(());
    }
    let module = match module_text(&address.module) {
        text if text.is_empty() => "the root module".to_string(),
        text => text,
    };
    let (type_name, name) = (&address.type_name, &address.name);
    Err(workbench.refuse(&format!(
        "Error: resource address \"{address}\" does not exist in the configuration.\n\nBefore importing this resource, \
         please create its configuration in {module}. For example:\n\nresource \"{type_name}\" \"{name}\" {{\n  # (resource \
         arguments)\n}}\n"
    )))
}

/// Reads the object, as a plan with an `import` block would.
fn taken(
    workbench: &mut Workbench<'_, '_>,
    loaded: &Loaded,
    registry: &Registry,
    snapshot: &Snapshot,
    address: &Address,
    id: &str,
) -> Result<Object, Exit> {
    if snapshot.current(address).is_some() {
        prepared(workbench, address, id);
        let detail = format!(
            "Terrane is already managing a remote object for {address}. To import to this address you must first remove the \
             existing object from the state."
        );
        let problem = Diagnostic::error("Resource already managed by Terrane", detail);
        return Err(workbench.fail(&[problem]));
    }
    let options = Options {
        refresh: true,
        targets: vec![Target::Resource(address.clone())],
        imports: vec![(address.clone(), id.to_string())],
        ..Options::default()
    };
    // That only one object is looked at is what was asked for.
    let without = &["Resource targeting is in effect"];
    let told = Told { without, checked_again: false, partly: false, reads: false };
    let plan = planned_as(workbench, loaded, registry, snapshot, &options, &told)?;
    workbench.tell(&plan.warnings);
    let Some(change) = plan.changes.get(&(address.clone(), None)) else {
        let detail = format!(
            "The configuration for the given import {address} does not exist. All target instances must have an associated \
             configuration to be imported."
        );
        let problem = Diagnostic::error("Configuration for import target does not exist", detail);
        return Err(workbench.fail(&[problem]));
    };
    let object = found(registry, address, change);
    prepared(workbench, address, id);
    match object {
        Some(object) => {
            workbench.screen.line(format!("{address}: Refreshing state... [id={id}]"));
            Ok(object)
        }
        None => Err(workbench.fail(&[nothing(address)])),
    }
}

fn prepared(workbench: &mut Workbench<'_, '_>, address: &Address, id: &str) {
    workbench.screen.print(format!(
        "{address}: Importing from ID \"{id}\"...\n{address}: Import prepared!\n  Prepared {} for import\n",
        address.type_name
    ));
}

fn found(registry: &Registry, address: &Address, change: &Change) -> Option<Object> {
    if matches!(change.verb, Verb::Create { .. }) {
        return None;
    }
    let provider = registry.provider(&change.provider.source)?;
    let schema = provider.resource(address.mode, &address.type_name)?;
    let needs = change.needs.iter().map(Address::block).collect::<std::collections::BTreeSet<_>>();
    let needs = needs.into_iter().collect();
    Some(encode(&schema, change.verb.before()?, &change.private, &change.provider, needs))
}

pub(super) fn nothing(address: &Address) -> Diagnostic {
    let detail = format!(
        "While attempting to import an existing object to \"{address}\", the provider detected that no object exists with the \
         given id. Only pre-existing objects can be imported; check that the id is correct and that it is associated with the \
         provider's configured region or endpoint, or use \"terrane apply\" to create a new remote object for this resource."
    );
    Diagnostic::error("Cannot import non-existent remote object", detail)
}
