//! `terrane console`: expressions, answered from the configuration and the state, or from a plan.

mod completion;
mod prompt;
mod type_of;

use clap::ArgMatches;

use super::planning::planned;
use super::workbench::{Loaded, Workbench};
use super::{Command, Exit, flag, flag_on, option, variables};
use crate::addr::Address;
use crate::diag::{Diagnostic, FileId, has_errors};
use crate::eval::{Answer, Asked, Evaluator, Oracle};
use crate::plan::Plan;
use crate::plan::objects::decode;
use crate::plan::planner::Options;
use crate::plan::sessions::RegistrySchemas;
use crate::providers::Registry;
use crate::render;
use crate::state::Snapshot;
use crate::syntax::tree::Expr;
use crate::syntax::{is_unfinished, parse_expression};
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "console",
    about: "Evaluate expressions: at a prompt, or from standard input",
    arguments: |command| {
        command
            .args(variables::arguments())
            .arg(flag_on("input", "Ask for what is missing"))
            .arg(flag("plan", "Make a plan first, and answer with what it would give"))
            .arg(flag_on("lock", "Lock the state"))
            .arg(option("lock-timeout", "DURATION", "How long to wait for a lock"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

const HELP: &str =
    "The console evaluates expressions of the language. Objects of the state, variables,
local values and functions have the names that they have in a configuration. For example:
\"google_storage_bucket.logs.url\" gives the address of a bucket that exists, and
\"type(var.region)\" gives a type. The tab key completes names.

To exit the console, type \"exit\" and hit <enter>, or use Control-C or
Control-D.";

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match console(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Answers with what the state has, or with what a plan would make of it.
struct Kept<'a> {
    registry: &'a Registry,
    snapshot: &'a Snapshot,
    plan: Option<&'a Plan>,
}

impl Oracle for Kept<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let unknown = Value::unknown(asked.schema.ty());
        let planned = self.plan.and_then(|plan| {
            let change = plan.changes.get(&(asked.address.clone(), None));
            change.and_then(|change| change.verb.after()).or(plan.data.get(asked.address))
        });
        if let Some(planned) = planned {
            return Answer::Known(planned.clone());
        }
        let object = self.snapshot.current(asked.address);
        let provider = self.registry.provider(&asked.instance.provider.source);
        let value = object.zip(provider).and_then(|(object, provider)| {
            decode(provider.as_ref(), asked.address.mode, &asked.address.type_name, object).ok()
        });
        Answer::Known(value.unwrap_or(unknown))
    }

    fn stands(&self, block: &Address) -> bool {
        let planned = |plan: &Plan| {
            let mut changes = plan.changes.range((block.clone(), None)..);
            let changed = changes.next().is_some_and(|((address, _), _)| block.covers(address));
            changed || block.within(&plan.data).next().is_some()
        };
        block.within(&self.snapshot.objects).next().is_some() || self.plan.is_some_and(planned)
    }
}

/// What an entered text came to.
enum Handled {
    /// Text to print; empty for nothing.
    Said(String),
    /// The end is wanted.
    Exit,
    /// It is wrong.
    Wrong(Vec<Diagnostic>),
}

/// All that expressions are answered from.
struct Session<'a> {
    loaded: &'a Loaded,
    registry: &'a Registry,
    snapshot: &'a Snapshot,
    plan: Option<&'a Plan>,
}

impl Session<'_> {
    fn handle(&self, workbench: &mut Workbench<'_, '_>, entered: &str) -> Handled {
        let text = entered.trim();
        match text {
            "" => return Handled::Said(String::new()),
            "exit" | "quit" => return Handled::Exit,
            "help" => return Handled::Said(HELP.to_string()),
            _ => {}
        }
        let file: FileId = workbench.sources.add("<console-input>", text);
        let sources = workbench.sources.clone();
        let schemas = RegistrySchemas(self.registry);
        let (config, inputs) = (&self.loaded.config, &self.loaded.inputs);
        let mut evaluator = Evaluator::new(config, &sources, inputs, &schemas);
        let mut oracle = Kept { registry: self.registry, snapshot: self.snapshot, plan: self.plan };
        let answer = parse_expression(file, text, 0).and_then(|expr| {
            let mut value = |expr: &Expr| evaluator.expression(expr, &mut oracle);
            match type_of::asked(&expr)? {
                type_of::Asked::Value => Ok(render::literal::literal(&value(&expr)?)),
                type_of::Asked::Type(inner) => Ok(render::literal::type_text(&value(inner)?.ty())),
                type_of::Asked::TypeOfType => Ok("type".to_string()),
            }
        });
        match answer {
            Ok(text) => Handled::Said(text),
            Err(problems) => Handled::Wrong(problems),
        }
    }
}

fn console(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    let plan = if matches.get_one::<bool>("plan").copied().unwrap_or(false) {
        let options = Options { refresh: true, ..Options::default() };
        Some(planned(workbench, &loaded, &registry, &snapshot, &options)?)
    } else {
        None
    };
    let session =
        Session { loaded: &loaded, registry: &registry, snapshot: &snapshot, plan: plan.as_ref() };
    if workbench.screen.live && workbench.environment.interactive {
        let words = completion::words(&loaded.config, &registry);
        return Ok(prompt::prompt(workbench, &session, words));
    }
    Ok(piped(workbench, &session))
}

/// Answers what comes by standard input: the last answer is printed, and the first mistake ends it.
fn piped(workbench: &mut Workbench<'_, '_>, session: &Session<'_>) -> Exit {
    let mut last = String::new();
    let mut entered = String::new();
    loop {
        let line = (workbench.screen.ask)();
        let ended = line.is_none();
        if let Some(line) = line {
            entered += &line;
            entered.push('\n');
            if is_unfinished(&entered) {
                continue;
            }
        } else if entered.is_empty() {
            break;
        }
        match session.handle(workbench, &entered) {
            Handled::Said(text) => last = text,
            Handled::Exit => return 0,
            Handled::Wrong(problems) => {
                workbench.tell(&problems);
                // An unfinished text at the end of the input may be wrong in a way that has no error of its own.
                return Exit::from(has_errors(&problems) || ended);
            }
        }
        entered.clear();
        if ended {
            break;
        }
    }
    workbench.screen.line(last);
    0
}
