//! Problems are data: what a person wrote, or what the world answered to it.
//!
//! Only `render` makes text of a [`Diagnostic`], only `cli` prints it.

mod source;

use std::collections::HashSet;

pub use self::source::{BAD_BYTE, Place, Sources, from_bytes};

/// A loaded file, by its number in [`Sources`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FileId(pub u32);

/// A range of bytes in a loaded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// Makes a span; offsets past 4 GiB are cut.
    pub fn new(file: FileId, start: usize, end: usize) -> Span {
        let cut = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Span { file, start: cut(start), end: cut(end) }
    }

    /// Gives the span from the start of this one to the end of another.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start, end: other.end.max(self.end) }
    }
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The run cannot give what was asked.
    Error,
    /// It can, but somebody should know.
    Warning,
}

/// A place that a problem speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    /// The smallest piece of text that is meant.
    pub span: Span,
    /// What is there; empty for the main place.
    pub text: String,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The kind of problem in a few words, the same for every case of it; no full stop.
    pub summary: String,
    /// What is wrong here, in full sentences. May be empty.
    pub detail: String,
    /// The places; the first is the main one.
    pub labels: Vec<Label>,
    /// What of the text is shown, where that is more than the main place.
    pub around: Option<Span>,
    /// What to do, one sentence each.
    pub help: Vec<String>,
    /// The block that the main place is in, like `resource "a" "b"`.
    pub context: Option<String>,
    /// The address of the instance that it concerns.
    pub address: Option<String>,
    /// Values that took part: a reference as written, and what it is ("is a string", `is "x"`,
    /// "is a number, known only after apply"). Never a secret.
    pub values: Vec<(String, String)>,
    /// The function that refused its arguments: its name, and those of its parameters where they are told.
    pub call: Option<(String, Option<Vec<String>>)>,
    /// Whether the values were looked for; so that of nested expressions only the innermost is asked.
    pub explained: bool,
    /// What it comes from, where that can bring about several: [`fold`] tells those with one root once.
    pub root: Option<String>,
    /// Further instances that it concerns.
    pub also: Vec<String>,
    /// Whose it is, where that is not told: the same words of two are two problems.
    pub owner: Option<String>,
}

impl Diagnostic {
    /// Makes an error.
    pub fn error(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            labels: Vec::new(),
            around: None,
            help: Vec::new(),
            context: None,
            address: None,
            values: Vec::new(),
            call: None,
            explained: false,
            root: None,
            also: Vec::new(),
            owner: None,
        }
    }

    /// Makes a warning.
    pub fn warning(summary: impl Into<String>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(summary, detail) }
    }

    /// Adds a place; the first one added is the main one.
    #[must_use]
    pub fn at(mut self, span: Span, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { span, text: text.into() });
        self
    }

    /// Shows more of the text than the main place.
    #[must_use]
    pub fn around(mut self, span: Span) -> Diagnostic {
        self.around = Some(span);
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help.push(help.into());
        self
    }

    /// Adds a sentence to the detail.
    #[must_use]
    pub fn detail_more(mut self, more: impl AsRef<str>) -> Diagnostic {
        if !self.detail.is_empty() {
            self.detail.push(' ');
        }
        self.detail.push_str(more.as_ref());
        self
    }

    /// Names the block that the main place is in.
    #[must_use]
    pub fn in_block(mut self, context: impl Into<String>) -> Diagnostic {
        self.context.get_or_insert(context.into());
        self
    }

    /// Names the instance that it concerns.
    #[must_use]
    pub fn about(mut self, address: impl ToString) -> Diagnostic {
        self.address.get_or_insert(address.to_string());
        self
    }

    /// Says whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Gives the main place.
    pub fn span(&self) -> Option<Span> {
        self.labels.first().map(|label| label.span)
    }
}

/// Says whether any of the problems is an error.
pub fn has_errors(problems: &[Diagnostic]) -> bool {
    problems.iter().any(Diagnostic::is_error)
}

/// Leaves of equal problems only the first.
pub fn dedup(problems: &mut Vec<Diagnostic>) {
    let mut seen: HashSet<Diagnostic> = HashSet::with_capacity(problems.len());
    problems.retain(|problem| seen.insert(problem.clone()));
}

/// Folds problems that come from one root into the first of them, which then names all instances.
pub fn fold(problems: &[Diagnostic]) -> Vec<Diagnostic> {
    let mut folded: Vec<Diagnostic> = Vec::new();
    for problem in problems {
        if problem.root.is_none() {
            folded.push(problem.clone());
            continue;
        }
        let same = |first: &&mut Diagnostic| {
            (&first.root, first.severity, &first.summary)
                == (&problem.root, problem.severity, &problem.summary)
        };
        match folded.iter_mut().find(same) {
            Some(first) => {
                let known = |address: &&String| {
                    first.address.as_ref() == Some(address) || first.also.contains(address)
                };
                let new = problem.address.as_ref().filter(|address| !known(address));
                first.also.extend(new.cloned());
            }
            None => folded.push(problem.clone()),
        }
    }
    folded
}

/// Tells of warnings with the same summary once, and of how many there are, where they have a place. Those of checks
/// are told each.
pub fn gathered(problems: &[Diagnostic]) -> Vec<Diagnostic> {
    struct Entry {
        problem: Diagnostic,
        alone: bool,
        more: usize,
    }
    let mut told: Vec<Entry> = Vec::new();
    for problem in problems {
        let of_check = problem.summary.starts_with("Check block assertion")
            || problem.context.as_ref().is_some_and(|context| context.starts_with("check "));
        let alone = problem.is_error() || of_check || problem.span().is_none();
        let same =
            |first: &&mut Entry| !alone && !first.alone && first.problem.summary == problem.summary;
        match told.iter_mut().find(same) {
            Some(first) => first.more += 1,
            None => told.push(Entry { problem: problem.clone(), alone, more: 0 }),
        }
    }
    let told = told.into_iter().map(|Entry { problem: mut first, more, .. }| {
        let number = match more {
            0 => return first,
            1 => "one more similar warning".to_string(),
            more => format!("{more} more similar warnings"),
        };
        let space = if first.detail.is_empty() { "" } else { "\n\n" };
        first.detail += &format!("{space}(and {number} elsewhere)");
        first
    });
    told.collect()
}

/// Gives the known name nearest to a mistyped one, if one is near.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= 2.max(name.len() / 4) && *distance < name.len())
        .min()
        .map(|(_, candidate)| candidate)
}

/// Gives the first known name that is at most two letters away from a mistyped one.
pub fn nearest_within<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    known.into_iter().find(|candidate| distance(name, candidate) < 3)
}

/// Gives the known name that is the same words written otherwise: `schedulingGates` for `scheduling_gate`.
pub fn spelled_otherwise<'a>(
    name: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let letters = |name: &str| {
        let letters: String =
            name.chars().filter(|letter| *letter != '_').flat_map(char::to_lowercase).collect();
        match letters.strip_suffix("ies") {
            Some(stem) => format!("{stem}y"),
            None => letters.trim_end_matches('s').to_string(),
        }
    };
    let wanted = letters(name);
    known.into_iter().find(|candidate| letters(candidate) == wanted)
}

/// Levenshtein's distance in characters.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, a) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in right.iter().enumerate() {
            let next =
                (diagonal + usize::from(a != *b)).min(row[column] + 1).min(row[column + 1] + 1);
            diagonal = row[column + 1];
            row[column + 1] = next;
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_of_one_root_are_told_once_with_all_that_they_concern() {
        let about = |address: &str, root: Option<&str>| {
            let root = root.map(String::from);
            Diagnostic { root, ..Diagnostic::error("No answer", "").about(address) }
        };

        let folded = fold(&[
            about("a.a", Some("down")),
            about("a.b", None),
            about("a.c", Some("down")),
            about("a.c", Some("down")),
            about("a.d", None),
        ]);

        assert_eq!(folded.len(), 3);
        assert_eq!(folded[0].also, ["a.c"]);
    }

    #[test]
    fn warnings_of_one_kind_are_told_once_but_for_those_of_checks_and_without_a_place() {
        let span = Span { file: FileId(0), start: 0, end: 1 };
        let warning = |summary: &str| Diagnostic::warning(summary, "It is so.").at(span, "");
        let error = || Diagnostic::error("Odd", "It is so.").at(span, "");
        let checked = || warning("Check block assertion failed");
        let nowhere = || Diagnostic::warning("Odd", "It is so.");

        let told = gathered(&[warning("Odd"), error(), warning("Odd"), checked(), nowhere()]);
        let more =
            gathered(&[warning("Odd"), warning("Odd"), warning("Odd"), checked(), checked()]);

        let details: Vec<&str> = told.iter().map(|problem| problem.detail.as_str()).collect();
        let once = "It is so.\n\n(and one more similar warning elsewhere)";
        assert_eq!(details, [once, "It is so.", "It is so.", "It is so."]);
        assert_eq!(more.len(), 3);
        assert_eq!(more[0].detail, "It is so.\n\n(and 2 more similar warnings elsewhere)");

        let of_check = || {
            let mut problem = warning("Odd");
            problem.context = Some("check \"c\"".into());
            problem
        };
        let beside = gathered(&[of_check(), warning("Odd"), warning("Odd")]);
        let details: Vec<&str> = beside.iter().map(|problem| problem.detail.as_str()).collect();
        assert_eq!(details, ["It is so.", once]);
    }
}
