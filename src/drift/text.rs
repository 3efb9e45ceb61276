//! Values as texts of the configuration, and changes of texts that leave all else as it stands.

use std::collections::BTreeMap;

use hcl_edit::expr::Expression;

use super::Edit;
use crate::diag::{FileId, Sources};
use crate::schema::{Field, Given, Nesting};
use crate::syntax::is_name;
use crate::value::{Kind, Value};

/// A change of one place of a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Splice {
    /// The file.
    pub file: FileId,
    /// The bytes that go.
    pub start: usize,
    /// Where they end.
    pub end: usize,
    /// What stands there instead.
    pub text: String,
}

/// What a line may have before a list or map is written on several.
const LINE: usize = 90;

/// Writes a value as an expression; `indent` is that of the line it begins in. Nothing of a secret or what is not known.
pub(super) fn written(value: &Value, indent: usize) -> Option<String> {
    if !value.is_known() || value.is_sensitive() {
        return None;
    }
    let parts = match value.shown()? {
        Kind::Unknown(..) => return None,
        Kind::Null(_) => return Some("null".into()),
        Kind::Bool(value) => return Some(value.to_string()),
        Kind::Number(number) => return Some(number.to_string()),
        Kind::String(text) => return Some(Expression::from(&**text).to_string()),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            let parts = parts.iter().map(|part| written(part, indent + 2));
            (parts.collect::<Option<Vec<String>>>()?, '[', ']')
        }
        Kind::Map(_, fields) | Kind::Object(fields) => {
            let part = |(name, part): (&std::sync::Arc<str>, &Value)| {
                Some(format!("{} = {}", key(name), written(part, indent + 2)?))
            };
            (fields.iter().map(part).collect::<Option<Vec<String>>>()?, '{', '}')
        }
    };
    let (parts, open, close) = parts;
    if parts.is_empty() {
        return Some(format!("{open}{close}"));
    }
    let short = parts.join(", ");
    if open == '[' && short.len() + indent < LINE && !short.contains('\n') {
        return Some(format!("[{short}]"));
    }
    let (inner, outer) = (" ".repeat(indent + 2), " ".repeat(indent));
    let comma = if open == '[' { "," } else { "" };
    let lines: String = parts.iter().map(|part| format!("{inner}{part}{comma}\n")).collect();
    Some(format!("{open}\n{lines}{outer}{close}"))
}

/// Says whether a text is a number as it would be written.
pub(super) fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, rest) = text.split_once('.').unwrap_or((text, "0"));
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    digits(whole) && digits(rest) && (whole == "0" || !whole.starts_with('0'))
}

/// Writes a text as the heredoc that stood there did; nothing where it was none, or where the text cannot stand in one.
pub(super) fn heredoc(former: &str, text: &str) -> Option<String> {
    let (open, body) = former.strip_prefix("<<")?.split_once('\n')?;
    let (flush, marker) = match open.trim_end().strip_prefix('-') {
        Some(marker) => (true, marker.trim()),
        None => (false, open.trim()),
    };
    let lines = text.strip_suffix('\n')?;
    let odd = |c: char| c.is_control() && c != '\n' && c != '\t';
    let indent = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
    let least = |text: &str| text.lines().filter(|of| !of.trim().is_empty()).map(indent).min();
    let ends = lines.lines().any(|line| line.trim() == marker);
    // What is indented alike would lose that.
    if ends || lines.contains(odd) || flush && least(lines).is_some_and(|least| least > 0) {
        return None;
    }
    let (inside, close) = body.rsplit_once('\n').unwrap_or(("", body));
    let outer = &close[..indent(close)];
    let inner = match (flush, inside.lines().find(|line| Some(indent(line)) == least(inside))) {
        (false, _) => String::new(),
        (true, Some(line)) => line[..indent(line)].to_string(),
        (true, None) => format!("{outer}  "),
    };
    let line = |line: &str| match line {
        "" => "\n".to_string(),
        line => format!("{inner}{}\n", line.replace("${", "$${").replace("%{", "%%{")),
    };
    let lines: String = lines.split('\n').map(line).collect();
    Some(format!("<<{}\n{lines}{outer}{marker}", open.trim_end()))
}

/// Gives a text with the line ends of another.
pub(super) fn ended_as(other: &str, text: &str) -> String {
    match other.contains("\r\n") {
        true => text.replace("\r\n", "\n").replace('\n', "\r\n"),
        false => text.to_string(),
    }
}

/// Writes the key of an object.
pub(super) fn key(name: &str) -> String {
    if is_name(name) { name.to_string() } else { Expression::from(name).to_string() }
}

/// Writes a block of what the service does not say by itself.
pub(super) fn block(
    name: &str,
    fields: &BTreeMap<String, Field>,
    value: &Value,
    indent: usize,
) -> Option<String> {
    let outer = " ".repeat(indent);
    let mut text = format!("{outer}{name} {{\n");
    for (inner, field) in fields {
        let Some(part) = value.field(inner).filter(|part| !part.is_null()) else { continue };
        let usual = field.default.as_ref().is_some_and(|usual| usual == &part.without_marks());
        if field.given == Given::Service || usual {
            continue;
        }
        match &field.nesting {
            Nesting::Attribute => {
                let empty = part.elements().is_some_and(<[Value]>::is_empty);
                let none = part.as_str() == Some("") || empty;
                if field.given != Given::Required && none {
                    continue;
                }
                text += &format!("{outer}  {inner} = {}\n", written(part, indent + 2)?);
            }
            Nesting::Block(within) => {
                let parts: Vec<&Value> = match part.elements() {
                    Some(parts) => parts.iter().collect(),
                    None => vec![part],
                };
                for part in parts {
                    text += &block(inner, &within.fields, part, indent + 2)?;
                }
            }
        }
    }
    Some(text + &outer + "}\n")
}

/// Makes a text with its changes; nothing where two of them speak of the same place.
pub fn changed(text: &str, splices: &[Splice]) -> Option<String> {
    let mut splices: Vec<&Splice> = splices.iter().collect();
    splices.sort();
    splices.dedup();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for splice in splices {
        if splice.start < at {
            return None;
        }
        out += text.get(at..splice.start)?;
        out += &splice.text;
        at = splice.end;
    }
    out += text.get(at..)?;
    Some(out)
}

/// Tells changes as people read them, in the order of their places.
pub fn edits(sources: &Sources, splices: &[Splice]) -> Vec<Edit> {
    let mut splices: Vec<&Splice> = splices.iter().collect();
    splices.sort();
    splices.dedup();
    splices.iter().map(|splice| edit(sources, splice)).collect()
}

fn edit(sources: &Sources, splice: &Splice) -> Edit {
    let text = sources.text(splice.file);
    let start = text[..splice.start].rfind('\n').map_or(0, |at| at + 1);
    let end = match text[..splice.end].ends_with('\n') && splice.end > splice.start {
        true => splice.end,
        false => text[splice.end..].find('\n').map_or(text.len(), |at| splice.end + at),
    };
    let new = format!("{}{}{}", &text[start..splice.start], splice.text, &text[splice.end..end]);
    let lines = |text: &str| text.lines().map(str::to_string).collect::<Vec<String>>();
    let (mut before, mut after) = (lines(&text[start..end]), lines(&new));
    let mut line = text[..start].matches('\n').count() + 1;
    while !before.is_empty() && before.first() == after.first() {
        before.remove(0);
        after.remove(0);
        line += 1;
    }
    while !before.is_empty() && before.last() == after.last() {
        before.pop();
        after.pop();
    }
    Edit { file: sources.name(splice.file).to_string(), line, before, after }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::value::json::from_json;

    #[test]
    fn values_are_written_so_that_they_are_read_again() {
        let told = |json: serde_json::Value| written(&from_json(&json), 2).unwrap();

        assert_eq!(told(json!("a\"b ${c}\n")), r#""a\"b $${c}\n""#);
        assert_eq!(told(json!([1, true, null])), "[1, true, null]");
        assert_eq!(told(json!({ "a": 1, "b.c": [] })), "{\n    a = 1\n    \"b.c\" = []\n  }");
        assert_eq!(written(&Value::string("s").sensitive(), 0), None);
    }

    #[test]
    fn a_heredoc_stays_one_with_its_indent() {
        let former = "<<-EOT\n    a\n      b\n  EOT";

        assert_eq!(
            heredoc(former, "x\n\n  ${y}\n").unwrap(),
            "<<-EOT\n    x\n\n      $${y}\n  EOT"
        );
        assert_eq!(heredoc("<<E\na\nE", "x\n  y\n").unwrap(), "<<E\nx\n  y\nE");
        for (former, text) in [(former, " x\n"), (former, "x"), ("\"a\"", "x\n"), (former, "EOT\n")]
        {
            assert_eq!(heredoc(former, text), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_is_a_number_where_it_would_be_written_so() {
        for (text, is) in [
            ("80", true),
            ("-1.5", true),
            ("0", true),
            ("07", false),
            ("1e3", false),
            ("5.", false),
            ("+5", false),
        ] {
            assert_eq!(is_number(text), is, "{text}");
        }
    }

    #[test]
    fn changes_of_one_place_are_refused() {
        let splice = |start, end, text: &str| Splice {
            file: FileId::default(),
            start,
            end,
            text: text.into(),
        };

        assert_eq!(changed("abc", &[splice(1, 2, "x"), splice(0, 0, "y")]), Some("yaxc".into()));
        assert_eq!(changed("abc", &[splice(1, 2, "x"), splice(1, 3, "y")]), None);
    }
}
