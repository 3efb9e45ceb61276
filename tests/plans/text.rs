//! Makes what two programs tell as text comparable: the name, the widths, and what only one of them says, on purpose.

use std::sync::LazyLock;

use regex::Regex;

static PLACE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r" \([^\s()]*\.tf:\d+\)").expect("it is right"));

/// What only the program counts, at the end of a plan.
static FORGOTTEN: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r", \d+ to forget\.$").expect("it is right"));

/// What begins lines that only one of the programs has, or that come as things happen.
const OWN: &[&str] = &[
    "Digest: ",
    "────",
    "  . forget (no longer managed",
    "  # because ",
    "  # perhaps: ",
    "  # danger: ",
];

/// What only the program counts of changes that may not happen.
static UNSURE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d+ changes? (is|are) not certain").expect("it is right"));

/// What ends them.
const HAPPENING: &[&str] = &[": Reading...", ": Refreshing state...", ": Preparing import..."];

/// What only Terraform says before the symbols.
const USED: &str =
    "T used the selected providers to generate the following execution plan. Resource actions are";

/// Leaves of a plan or a state what both programs should tell alike, a paragraph a line. Problems are compared elsewhere.
pub(crate) fn plain(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.trim_end();
        if line.starts_with("Warning: ")
            || line.starts_with("Error: ")
            || line.starts_with("Note: You didn't")
        {
            break;
        }
        let happens = HAPPENING.iter().any(|word| line.contains(word))
            || line.contains(": Read complete after")
            || OWN.iter().any(|word| line.starts_with(word));
        if happens || (line.is_empty() && lines.last().is_none_or(String::is_empty)) {
            continue;
        }
        let name = |line: &str| {
            let line = line.replace("Terraform", "T").replace("Terrane", "T");
            line.replace("terraform", "t").replace("terrane", "t")
        };
        let line = PLACE.replace(&name(line), "").into_owned();
        let line = FORGOTTEN.replace(&line, ".").into_owned();
        let word = |c: char| c.is_alphanumeric() || c == '"';
        let goes_on = line.starts_with(word) && !line.contains(" = ");
        match lines.last_mut() {
            Some(last) if goes_on && last.starts_with(char::is_alphanumeric) => {
                *last += " ";
                *last += &line;
            }
            _ => lines.push(line),
        }
    }
    lines.retain(|line| !UNSURE.is_match(line));
    lines.dedup_by(|line, before| line.is_empty() && before.is_empty());
    lines.join("\n").trim_end().replace(USED, "Resource actions are")
}
