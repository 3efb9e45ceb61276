//! `terrane plan-diff A B`: what differs between two saved plans.

use clap::{Arg, ArgMatches};

use super::telling;
use super::workbench::Workbench;
use super::{Command, Exit, flag, one};
use crate::addr::Address;
use crate::plan::Change;
use crate::render::plan_diff::{self, Comparison};

pub(super) const COMMAND: Command = Command {
    name: "plan-diff",
    about: "Show what differs between two saved plans",
    arguments: |command| {
        let plan = |name: &'static str, help| Arg::new(name).value_name(name).help(help);
        command
            .arg(plan("A", "A saved plan").required(true))
            .arg(plan("B", "Another one").required(true))
            .arg(flag("json", "Print JSON"))
            .arg(flag("concise", "Show headings and changed attributes only"))
    },
    run: |workbench, matches| match compare(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    },
};

fn compare(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let [a, b] = ["A", "B"].map(|name| one(matches, name).unwrap_or_default().to_string());
    let a = workbench.saved_plan(&a)?.plan;
    let b = workbench.saved_plan(&b)?.plan;
    let schemas =
        |address: &Address, change: &Change| telling::of_change(&registry, address, change);
    let comparison = Comparison::of(&a, &b, &schemas);
    let text = if workbench.json() {
        format!("{:#}\n", plan_diff::json(&comparison))
    } else {
        plan_diff::text(&comparison, &workbench.style())
    };
    workbench.screen.print(text);
    Ok(if comparison.is_same() { 0 } else { 2 })
}
