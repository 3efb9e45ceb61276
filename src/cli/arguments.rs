//! Terraform's way of writing arguments, made clap's: one dash for long flags, `TF_CLI_ARGS`.

use super::environment::Environment;

/// Gives the arguments as clap takes them, with what the environment adds.
pub(super) fn normal(
    arguments: &[String],
    environment: &Environment,
    commands: &[&str],
) -> Vec<String> {
    let mut normal: Vec<String> = Vec::new();
    let mut rest = arguments.iter();
    normal.extend(rest.next().cloned());
    let mut command = None;
    for argument in rest {
        // As with Terraform, that is another name of the command.
        let version = matches!(argument.as_str(), "-v" | "-version" | "--version");
        if version && command.is_none() {
            normal.push("version".to_string());
            command = Some("version".to_string());
            continue;
        }
        normal.push(dashed(argument));
        if command.is_none() && commands.contains(&argument.as_str()) {
            command = Some(argument.clone());
            normal.extend(added(environment, "TF_CLI_ARGS"));
            let own = argument.replace('-', "_");
            normal.extend(added(environment, &format!("TF_CLI_ARGS_{own}")));
        }
    }
    normal
}

fn added(environment: &Environment, name: &str) -> Vec<String> {
    let text = environment.variable(name).unwrap_or("");
    words(text).iter().map(|word| dashed(word)).collect()
}

/// Gives a long flag its second dash. A lone dash, a short flag and a negative number stay.
fn dashed(argument: &str) -> String {
    let name = argument.strip_prefix('-').unwrap_or("");
    let long = name.len() > 1 && name.starts_with(|c: char| c.is_ascii_alphabetic());
    if long { format!("-{argument}") } else { argument.to_string() }
}

/// Splits text as a shell does: blanks, single and double quotes, backslashes.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match (quote, character) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None | Some('"'), '\\') => word.get_or_insert_default().extend(characters.next()),
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_dash_is_as_good_as_two() {
        let environment = Environment::default();
        let arguments =
            ["terrane", "-chdir=x", "plan", "-var", "a=-1", "-out=p", "-"].map(String::from);

        let normal = normal(&arguments, &environment, &["plan"]);

        assert_eq!(normal, ["terrane", "--chdir=x", "plan", "--var", "a=-1", "--out=p", "-"]);
    }

    #[test]
    fn the_environment_adds_arguments_after_the_command() {
        let mut environment = Environment::default();
        environment.variables.insert("TF_CLI_ARGS_plan".into(), "-var 'a=b c' -lock=false".into());
        let arguments = ["terrane", "plan", "x"].map(String::from);

        let normal = normal(&arguments, &environment, &["plan"]);

        assert_eq!(normal, ["terrane", "plan", "--var", "a=b c", "--lock=false", "x"]);
    }
}
