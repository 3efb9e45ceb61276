//! `terrane output [NAME]`.

use clap::{Arg, ArgMatches};

use super::workbench::Workbench;
use super::{Command, Exit, flag, one, option};
use crate::diag::{Diagnostic, nearest};
use crate::render;
use crate::render::json::Reveal;
use crate::value::json::to_json_text;
use crate::value::{Kind, Type, Value};

pub(super) const COMMAND: Command = Command {
    name: "output",
    about: "Show the root module's outputs from the state",
    arguments: |command| {
        command
            .arg(Arg::new("name").value_name("NAME").help("One output"))
            .arg(flag("json", "Print JSON"))
            .arg(flag("raw", "Print one output's text as it is"))
            .arg(option("state", "FILE", "The state file"))
    },
    run,
};

fn run(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Exit {
    match output(workbench, matches) {
        Ok(()) => 0,
        Err(exit) => exit,
    }
}

fn output(workbench: &mut Workbench<'_, '_>, matches: &ArgMatches) -> Result<(), Exit> {
    let raw = matches.get_one::<bool>("raw").copied().unwrap_or(false);
    if raw && workbench.json() {
        let detail = "The -raw and -json options are mutually-exclusive.";
        return Err(refused(workbench, &misused("Invalid output format", detail)));
    }
    let backend = workbench.backend(matches)?;
    let snapshot = workbench.snapshot(backend.as_ref())?;
    let name = one(matches, "name");
    if snapshot.outputs.is_empty() && !workbench.json() && (name.is_some() || !raw) {
        workbench.tell(&[no_outputs()]);
        return Ok(());
    }
    let Some(name) = name else {
        if raw {
            let detail =
                "You must give the name of a single output value when using the -raw option.";
            return Err(refused(workbench, &misused("Output name required", detail)));
        }
        let text = if workbench.json() {
            format!("{:#}\n", render::json::state::outputs(&snapshot.outputs, Reveal::Yes))
        } else {
            render::literal::outputs(&snapshot.outputs)
        };
        workbench.screen.print(text);
        return Ok(());
    };
    let Some(kept) = snapshot.outputs.get(name) else {
        let problem = not_found(name, snapshot.outputs.keys().map(String::as_str));
        return Err(refused(workbench, &problem));
    };
    if raw {
        let text = raw_text(name, &kept.value).map_err(|problem| workbench.fail(&[*problem]))?;
        workbench.screen.print(text);
    } else if workbench.json() {
        workbench.screen.line(to_json_text(&kept.value));
    } else {
        // Who names an output wants to see it, sensitive or not.
        workbench.screen.line(render::literal::literal(&kept.value.without_marks()));
    }
    Ok(())
}

fn misused(summary: &str, detail: &str) -> Diagnostic {
    let more = "For more help on using this command, run:\n  terrane output -help";
    Diagnostic::error(summary, format!("{detail}\n\n{more}"))
}

/// Tells a problem as text: what is printed in JSON here is a value, and a problem is none.
fn refused(workbench: &mut Workbench<'_, '_>, problem: &Diagnostic) -> Exit {
    let text = render::diagnostic::one(problem, &workbench.sources, &workbench.style());
    workbench.refuse(&text)
}

fn raw_text(name: &str, value: &Value) -> Result<String, Box<Diagnostic>> {
    match value.kind() {
        Kind::String(text) => Ok(text.to_string()),
        Kind::Bool(value) => Ok(value.to_string()),
        Kind::Number(number) => Ok(number.to_string()),
        Kind::Null(Type::Any | Type::Bool | Type::Number | Type::String) => {
            let detail = format!(
                "The value for output value \"{name}\" is null, so -raw mode cannot print it."
            );
            Err(Box::new(Diagnostic::error("Unsupported value for raw output", detail)))
        }
        _ => {
            let detail = format!(
                "The -raw option only supports strings, numbers, and boolean values, but output value \"{name}\" is {}.\n\nUse the \
                 -json option for machine-readable representations of output values that have complex types.",
                value.ty().friendly()
            );
            Err(Box::new(Diagnostic::error("Unsupported value for raw output", detail)))
        }
    }
}

fn no_outputs() -> Diagnostic {
    let detail = "The state file either has no outputs defined, or all the defined outputs are empty. Please define an \
                  output in your configuration with the `output` keyword and run `terrane refresh` for it to become \
                  available. If you are using interpolation, please verify the interpolated value is not empty. You can \
                  use the `terrane console` command to assist.";
    Diagnostic::warning("No outputs found", detail)
}

fn not_found<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Diagnostic {
    let detail = "The output variable requested could not be found in the state file. If you recently added this to your \
                  configuration, be sure to run `terrane apply`, since the state won't be updated with new output \
                  variables until that command is run.";
    let problem = Diagnostic::error(format!("Output \"{name}\" not found"), detail);
    match nearest(name, known) {
        Some(near) => problem.help(format!("Did you mean \"{near}\"?")),
        None => problem,
    }
}
