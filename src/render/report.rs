//! What the renderings for reviewers share: the changes in their order, what is told of each, how they are grouped, and
//! where their places are.

use std::collections::BTreeMap;

use super::change::{object, reasons};
use super::gutter::{self, Line};
use super::plan::{self, SchemaOf};
use super::review;
use super::style::Style;
use crate::addr::{Address, module_text};
use crate::diag::{Sources, Span};
use crate::plan::{Change, Plan, Verb};
use crate::review::finding::Finding;
use crate::review::risk::Risk;
use crate::review::{Certainty, Item, Review};

/// What a rendering is made from.
pub struct Report<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// What reviewers want to know of it.
    pub review: &'a Review,
    /// The schemas of changes.
    pub schemas: &'a SchemaOf<'a>,
    /// The texts.
    pub sources: &'a Sources,
    /// What policies say.
    pub findings: &'a [Finding],
    /// Where the texts are.
    pub places: &'a Places,
    /// How changes are grouped.
    pub group: Option<Grouping>,
}

/// Where the texts are for who does not have the folder.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The folder of the run, from the repository's root; empty where it is the root.
    pub folder: String,
    /// The address of the repository's texts at this commit.
    pub link: Option<String>,
}

impl Places {
    /// Gives a file from the repository's root.
    pub fn file(&self, name: &str) -> String {
        let joined = format!("{}/{name}", self.folder);
        let mut steps: Vec<&str> = Vec::new();
        for step in joined.split('/') {
            match step {
                "" | "." => {}
                ".." if steps.last().is_some_and(|last| *last != "..") => {
                    steps.pop();
                }
                step => steps.push(step),
            }
        }
        steps.join("/")
    }

    /// Gives the address of a line.
    pub fn link(&self, name: &str, line: usize) -> Option<String> {
        let base = self.link.as_ref()?;
        Some(format!("{base}/{}#L{line}", encoded(&self.file(name))))
    }
}

/// Writes a path as part of an address.
pub(super) fn encoded(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// How changes are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By the module that they are in.
    Module,
    /// By their resource type.
    Type,
    /// By their worst danger.
    Risk,
}

impl Grouping {
    /// The names that `-group-by` takes.
    pub const NAMES: [&'static str; 3] = ["module", "type", "risk"];

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Grouping> {
        match name {
            "module" => Some(Grouping::Module),
            "type" => Some(Grouping::Type),
            "risk" => Some(Grouping::Risk),
            _ => None,
        }
    }

    /// Names a change's group, with what the groups are ordered by.
    pub(super) fn of(self, address: &Address, item: Option<&Item>) -> (usize, String) {
        match self {
            Grouping::Module if address.module.is_empty() => (0, "The root module".into()),
            Grouping::Module => (address.module.len(), module_text(&address.module)),
            Grouping::Type => (0, address.type_name.clone()),
            Grouping::Risk => match item.and_then(|item| item.risks.first()) {
                Some(risk) => (risk.kind as usize, risk.kind.name().to_string()),
                None => (usize::MAX, "no known danger".to_string()),
            },
        }
    }
}

/// What becomes of an object, in a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Deed {
    Delete,
    Replace,
    Forget,
    Update,
    Create,
    Import,
    Read,
    Move,
}

impl Deed {
    pub(super) fn of(change: &Change) -> Deed {
        match change.verb {
            Verb::Keep { .. } if change.importing.is_some() => Deed::Import,
            Verb::Keep { .. } => Deed::Move,
            Verb::Read { .. } => Deed::Read,
            Verb::Create { .. } => Deed::Create,
            Verb::Update { .. } => Deed::Update,
            Verb::Replace { .. } => Deed::Replace,
            Verb::Delete { .. } => Deed::Delete,
            Verb::Forget { .. } => Deed::Forget,
        }
    }

    pub(super) fn word(self) -> &'static str {
        match self {
            Deed::Delete => "destroy",
            Deed::Replace => "replace",
            Deed::Forget => "forget",
            Deed::Update => "update",
            Deed::Create => "create",
            Deed::Import => "import",
            Deed::Read => "read",
            Deed::Move => "move",
        }
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Deed::Delete => "-",
            Deed::Replace => "-/+",
            Deed::Forget => ".",
            Deed::Update => "~",
            Deed::Create => "+",
            Deed::Import => "=",
            Deed::Read => "<=",
            Deed::Move => ">",
        }
    }
}

/// One change.
pub(super) struct Row<'a> {
    pub(super) address: &'a Address,
    pub(super) deposed: Option<&'a str>,
    pub(super) change: &'a Change,
    pub(super) item: Option<&'a Item>,
    pub(super) deed: Deed,
}

impl<'a> Row<'a> {
    /// Names the object.
    pub(super) fn name(&self) -> String {
        match self.deposed {
            Some(key) => format!("{} (deposed object {key})", self.address),
            None => self.address.to_string(),
        }
    }

    /// Gives its dangers, the worst first.
    pub(super) fn risks(&self) -> &'a [Risk] {
        self.item.map_or(&[], |item| &item.risks)
    }

    /// Says whether a reviewer must see it whatever else is left out: something may be lost or open.
    pub(super) fn is_severe(&self) -> bool {
        matches!(self.deed, Deed::Delete | Deed::Replace)
            || self.risks().iter().any(|risk| risk.kind.is_high())
    }

    /// Says what it depends on; nothing where it is certain.
    pub(super) fn condition(&self) -> Option<String> {
        self.item.and_then(|item| review::condition(&item.certainty))
    }

    /// Gives a word for how sure it is.
    pub(super) fn certainty(&self) -> &'static str {
        match self.item.map(|item| &item.certainty) {
            None | Some(Certainty::Certain) => "certain",
            Some(Certainty::Conditional(_) | Certainty::WithParent(_)) => "conditional",
            Some(Certainty::PerhapsReplaced(_)) => "replacement-conditional",
        }
    }
}

impl Report<'_> {
    /// Gives the changes in the order of a plan's text, those of a group together.
    pub(super) fn rows(&self) -> Vec<Row<'_>> {
        let shown = plan::shown(self.plan).into_iter();
        let mut rows: Vec<Row<'_>> = shown
            .map(|(address, deposed, change)| Row {
                address,
                deposed,
                change,
                item: self.review.item(address, deposed),
                deed: Deed::of(change),
            })
            .collect();
        if let Some(group) = self.group {
            rows.sort_by_cached_key(|row| group.of(row.address, row.item));
        }
        rows
    }

    /// Gives `file:line` of a change's block.
    pub(super) fn place(&self, row: &Row<'_>) -> Option<String> {
        review::place(row.change.span, None, self.sources)
    }

    /// Gives the address of a text, where the texts have one.
    pub(super) fn link(&self, span: Option<Span>) -> Option<String> {
        let span = span.filter(|span| self.sources.is_seen(span.file))?;
        let name = self.sources.name(span.file);
        if name.is_empty() {
            return None;
        }
        self.places.link(name, self.sources.start(span).line)
    }

    /// Says why a change is made: its reason, and what was edited.
    pub(super) fn why(&self, row: &Row<'_>) -> Vec<String> {
        let moved = self.plan.moves.get(row.address).filter(|_| row.deposed.is_none());
        let mut why = reasons(row.address, moved, row.change, row.deposed.is_some());
        why.extend(moved.map(|from| format!("moved from {from}")));
        if let Some(item) = row.item {
            why.extend(review::causes(item, self.sources));
        }
        if let Some(id) = &row.change.importing {
            why.push(format!("imported from \"{id}\""));
        }
        why
    }

    /// Gives the text of a change: its heading and its parts, in the symbols' columns.
    pub(super) fn details(&self, row: &Row<'_>) -> Vec<Line> {
        let style = Style { color: true, width: 100, ..Style::default() };
        let which = (row.address, row.deposed);
        let texts = (self.schemas, self.sources);
        gutter::lines(&object(self.plan, which, row.change, texts, "", style))
    }

    /// Counts the changes that may not happen as planned.
    pub(super) fn conditional(&self) -> usize {
        self.review.items.iter().filter(|item| !item.certainty.is_certain()).count()
    }

    /// Gives what policies say, the worst first.
    pub(super) fn findings(&self) -> Vec<&Finding> {
        let mut findings: Vec<&Finding> = self.findings.iter().collect();
        findings.sort_by_key(|finding| finding.severity);
        findings
    }

    /// Gives the place of the block of an address.
    pub(super) fn span_of(&self, address: &str) -> Option<Span> {
        self.review.item(&address.parse().ok()?, None).and_then(|item| item.place)
    }

    /// Counts the changes of each kind.
    pub(super) fn deeds(&self, rows: &[Row<'_>]) -> BTreeMap<Deed, usize> {
        let mut deeds = BTreeMap::new();
        for row in rows {
            *deeds.entry(row.deed).or_default() += 1;
        }
        deeds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_from_the_root_of_the_repository() {
        let places =
            Places { folder: "infra/prod".into(), link: Some("https://x/blob/abc".into()) };

        assert_eq!(places.file("../modules/a b.tf"), "infra/modules/a b.tf");
        let link = places.link("../modules/a b.tf", 3);
        assert_eq!(link.unwrap(), "https://x/blob/abc/infra/modules/a%20b.tf#L3");
    }
}
