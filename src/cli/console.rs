//! `terrane console`: expressions, answered from the configuration and the state.

use clap::ArgMatches;

use super::workbench::Workbench;
use super::{Command, Exit, flag_on, option, variables};
use crate::diag::FileId;
use crate::eval::{Answer, Asked, Evaluator, Oracle};
use crate::plan::objects::decode;
use crate::plan::sessions::RegistrySchemas;
use crate::providers::Registry;
use crate::render;
use crate::state::Snapshot;
use crate::syntax::parse_expression;
use crate::value::Value;

pub(super) const COMMAND: Command = Command {
    name: "console",
    about: "Evaluate expressions, one a line",
    arguments: |command| {
        command
            .args(variables::arguments())
            .arg(flag_on("input", "Ask for what is missing"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match console(workbench, matches) {
        Ok(exit) | Err(exit) => exit,
    }
}

/// Answers with what the state has.
struct Kept<'a> {
    registry: &'a Registry,
    snapshot: &'a Snapshot,
}

impl Oracle for Kept<'_> {
    fn object(&mut self, asked: &Asked<'_>) -> Answer {
        let unknown = Value::unknown(asked.schema.ty());
        let object = self.snapshot.current(asked.address);
        let provider = self.registry.provider(&asked.instance.provider.source);
        let value = object.zip(provider).and_then(|(object, provider)| {
            decode(provider.as_ref(), asked.address.mode, &asked.address.type_name, object).ok()
        });
        Answer::Known(value.unwrap_or(unknown))
    }
}

fn console(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<Exit, Exit> {
    let loaded = workbench.load(matches)?;
    let registry = workbench.registry().map_err(|problems| workbench.fail(&problems))?;
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    let mut exit = 0;
    loop {
        if workbench.screen.live && workbench.environment.interactive {
            workbench.screen.print("> ");
        }
        let Some(line) = (workbench.screen.ask)() else { return Ok(exit) };
        let text = line.trim();
        match text {
            "" => continue,
            "exit" | "quit" => return Ok(exit),
            _ => {}
        }
        let file: FileId = workbench.sources.add("<console-input>", text);
        let sources = workbench.sources.clone();
        let schemas = RegistrySchemas(&registry);
        let mut evaluator = Evaluator::new(&loaded.config, &sources, &loaded.inputs, &schemas);
        let mut oracle = Kept { registry: &registry, snapshot: &snapshot };
        let value = parse_expression(file, text, 0)
            .and_then(|expr| evaluator.expression(&expr, &mut oracle));
        match value {
            Ok(value) => workbench.screen.line(render::literal::literal(&value)),
            Err(problems) => exit = workbench.fail(&problems),
        }
    }
}
