//! `terrane graph`: who waits for whom, as DOT or Mermaid.

use clap::{Arg, ArgMatches};

use super::planning::{self, options, planned};
use super::workbench::Workbench;
use super::{Command, Exit, flag, one, option};
use crate::addr::Address;
use crate::diag::has_errors;
use crate::eval::Evaluator;
use crate::graph::Graph;
use crate::plan::sessions::RegistrySchemas;
use crate::plan::{Action, Plan};
use crate::render;
use crate::render::graph::Box;

pub(super) const COMMAND: Command = Command {
    name: "graph",
    about: "Draw who waits for whom, for Graphviz or Mermaid",
    arguments: |command| {
        planning::arguments(command)
            .arg(
                Arg::new("type")
                    .long("type")
                    .value_name("TYPE")
                    .help("The resources of the configuration, or the calls of a plan")
                    .value_parser(["resources", "plan", "plan-destroy", "apply"])
                    .default_value("resources"),
            )
            .arg(option("plan", "FILE", "Draw the calls of a saved plan"))
            .arg(
                flag("draw-cycles", "Accepted for Terraform's sake: a cycle is an error")
                    .hide(true),
            )
            .arg(
                Arg::new("format")
                    .long("format")
                    .value_name("FORMAT")
                    .help("The language of the drawing")
                    .value_parser(["dot", "mermaid"])
                    .default_value("dot"),
            )
    },
    run,
};

/// What ends a drawing without a box.
const EMPTY: &str = "
  /* This configuration does not contain any resources.       */
  /* For a more detailed graph, try: terrane graph -type=plan */
}
";

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match graph(workbench, matches) {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn graph(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let drawn = match one(matches, "type") {
        _ if matches.contains_id("plan") => {
            let name = one(matches, "plan").unwrap_or_default();
            drawing(&workbench.saved_plan(name)?.plan)
        }
        Some("resources") | None => resources(workbench, matches)?,
        Some(kind) => calls(workbench, matches, kind == "plan-destroy")?,
    };
    let text = match one(matches, "format") {
        Some("mermaid") => render::graph::mermaid(&drawn),
        _ if drawn.is_empty() => render::graph::dot(&drawn).replacen("\n}\n", EMPTY, 1),
        _ => render::graph::dot(&drawn),
    };
    workbench.screen.print(text);
    Ok(())
}

/// Gives the blocks of the configuration and of the state, and what each needs by its text.
fn resources(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Graph<Box>, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let sources = workbench.sources.clone();
    let schemas = RegistrySchemas(&registry);
    let evaluator = Evaluator::new(&loaded.config, &sources, &loaded.inputs, &schemas);
    if has_errors(evaluator.cycles()) {
        return Err(workbench.fail(evaluator.cycles()));
    }
    let mut drawn = Graph::default();
    for block in evaluator.blocks() {
        drawn.add(boxed(&block));
        for need in evaluator.reach(&block) {
            drawn.wait(boxed(&block), boxed(&need));
        }
    }
    for address in prior.objects.keys() {
        drawn.add(boxed(address));
    }
    Ok(drawn)
}

/// Gives the box of an instance's block, which is one for all instances of its module.
fn boxed(address: &Address) -> Box {
    let module: Vec<String> =
        address.module.iter().map(|step| format!("module.{}", step.name)).collect();
    let name = address.without_keys().in_module(Vec::new()).to_string();
    Box { module: module.join("."), name }
}

/// Gives the calls of a plan in their order.
fn calls(
    workbench: &mut Workbench<'_, '_>,
    matches: &ArgMatches,
    destroy: bool,
) -> Result<Graph<Box>, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let options = options(workbench, matches, destroy)?;
    let backend = workbench.backend(matches)?;
    let prior = workbench.snapshot(backend.as_ref())?;
    let plan = planned(workbench, &loaded, &registry, &prior, &options)?;
    Ok(drawing(&plan))
}

/// Gives the calls of a plan, each with those that it waits for.
fn drawing(plan: &Plan) -> Graph<Box> {
    let named = |action: &Action| Box {
        module: String::new(),
        name: format!("{} ({})", action.address, format!("{:?}", action.call).to_lowercase()),
    };
    let mut drawn = Graph::default();
    for action in plan.order.nodes() {
        drawn.add(named(action));
        for need in plan.order.needs(action) {
            drawn.wait(named(action), named(need));
        }
    }
    drawn
}
