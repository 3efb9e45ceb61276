//! Edits by hcl-edit: a node of its tree is another, goes or comes, and comments and blanks stay with their nodes.
//!
//! A tree writes its text again. What it writes counts only where all bytes but those of the edited place are as they were: a text
//! whose form the tree does not keep (carriage returns, a text that hcl-edit refuses) is edited at its bytes (`accept.rs`).

use std::ops::Range;

use hcl_edit::expr::{Array, Expression, Object, ObjectKey, ObjectValue, ObjectValueTerminator};
use hcl_edit::structure::{Block, Body, Structure};
use hcl_edit::visit_mut::{self, VisitMut};
use hcl_edit::{Decorate, Span as _};

use super::text::Splice;

/// What is to become of a text; places are bytes of it.
#[derive(Clone, Debug)]
pub(super) enum Wish {
    /// The expression here is another.
    Value { of: Range<usize>, text: String },
    /// What begins here goes: an argument, a block, an entry of an object or an element of a list.
    Gone { from: usize },
    /// The block whose body ends here has these arguments or blocks more, each on a line of its own.
    More { body_end: usize, lines: String, is_argument: bool, indent: usize },
    /// The object here has an entry more.
    Entry { of: Range<usize>, key: String, text: String, indent: usize },
}

/// Reads a text as hcl-edit has it; nothing where its form would not be kept.
pub(super) fn parsed(text: &str) -> Option<Body> {
    if text.contains('\r') {
        return None;
    }
    hcl_edit::parser::parse_body(text).ok()
}

/// Gives the edit of a text as the tree writes it, in the place that `bytes` edits; nothing where it would write other places
/// otherwise, too.
pub(super) fn edited(whole: &Body, text: &str, wish: &Wish, bytes: &Splice) -> Option<Splice> {
    let (mut body, window) = window(whole, text, wish)?;
    let former = text.get(window.clone())?;
    if body.to_string() != former {
        return None;
    }
    let mut work = Work { wish, is_done: false, top: true };
    work.visit_body_mut(&mut body);
    let new = body.to_string();
    let head = former.get(..bytes.start.checked_sub(window.start)?)?;
    let tail = former.get(bytes.end.checked_sub(window.start)?..)?;
    let middle = new.strip_prefix(head)?.strip_suffix(tail)?;
    work.is_done.then(|| Splice { text: middle.to_string(), ..bytes.clone() })
}

/// Gives the part of a tree that an edit can touch, and its place: the argument or block of the file that it is in, and what follows.
fn window(whole: &Body, text: &str, wish: &Wish) -> Option<(Body, Range<usize>)> {
    let at = match wish {
        Wish::Value { of, .. } | Wish::Entry { of, .. } => of.start,
        Wish::Gone { from } => *from,
        Wish::More { body_end, .. } => *body_end,
    };
    let holds = |structure: &Structure| structure.span().is_some_and(|span| span.contains(&at));
    let place = whole.iter().position(holds)?;
    let first = whole.get(place)?;
    let start = first.span()?.start - prefix(first).len();
    let mut body = Body::new();
    body.push(first.clone());
    let end = match whole.get(place + 1) {
        Some(next) => {
            body.push(next.clone());
            next.span()?.end + suffix(next).len()
        }
        None => {
            body.set_prefer_omit_trailing_newline(whole.prefer_omit_trailing_newline());
            *body.decor_mut() = whole.decor().clone();
            return Some((body, start..text.len()));
        }
    };
    body.set_prefer_omit_trailing_newline(true);
    Some((body, start..end))
}

fn prefix(of: &impl Decorate) -> String {
    of.decor().prefix().map(|raw| raw.to_string()).unwrap_or_default()
}

fn suffix(of: &impl Decorate) -> String {
    of.decor().suffix().map(|raw| raw.to_string()).unwrap_or_default()
}

/// One edit on its way through a tree.
struct Work<'a> {
    wish: &'a Wish,
    is_done: bool,
    /// Whether the body that comes next is that of the file.
    top: bool,
}

impl VisitMut for Work<'_> {
    fn visit_body_mut(&mut self, body: &mut Body) {
        let top = std::mem::take(&mut self.top);
        if let Wish::Gone { from } = self.wish {
            let begins = |of: &Structure| of.span().is_some_and(|span| span.start == *from);
            let found = body.iter().position(begins);
            if let Some(place) = found {
                without_structure(body, place, top);
                self.is_done = true;
                return;
            }
        }
        visit_mut::visit_body_mut(self, body);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        if let Wish::More { body_end, lines, is_argument, indent } = self.wish
            && block.span().is_some_and(|span| span.end == body_end + 1)
        {
            self.is_done = with_more(&mut block.body, lines, *is_argument, *indent).is_some();
            return;
        }
        visit_mut::visit_block_mut(self, block);
    }

    fn visit_expr_mut(&mut self, expr: &mut Expression) {
        if self.is_done {
            return;
        }
        let span = expr.span();
        match (self.wish, &mut *expr) {
            (Wish::Value { of, text }, expr) if span.as_ref() == Some(of) => {
                if let Some(mut other) = expression(text) {
                    *other.decor_mut() = expr.decor().clone();
                    *expr = other;
                    self.is_done = true;
                }
            }
            (Wish::Entry { of, key, text, indent }, Expression::Object(object))
                if span.as_ref() == Some(of) =>
            {
                self.is_done = with_entry(object, key, text, *indent).is_some();
            }
            (Wish::Gone { from }, Expression::Object(object)) if has_key(object, *from) => {
                without_entry(object, *from);
                self.is_done = true;
            }
            (Wish::Gone { from }, Expression::Array(array)) if has_element(array, *from) => {
                without_element(array, *from);
                self.is_done = true;
            }
            (_, expr) => visit_mut::visit_expr_mut(self, expr),
        }
    }
}

fn begins(of: &impl hcl_edit::Span, from: usize) -> bool {
    of.span().is_some_and(|span| span.start == from)
}

fn has_key(object: &Object, from: usize) -> bool {
    object.iter().any(|(key, _)| begins(key, from))
}

fn has_element(array: &Array, from: usize) -> bool {
    array.iter().any(|element| begins(element, from))
}

/// Reads an expression, a heredoc as well.
fn expression(text: &str) -> Option<Expression> {
    let body = hcl_edit::parser::parse_body(&format!("a = {text}\n")).ok()?;
    let mut expr = body.into_iter().next()?.into_attribute().ok()?.value;
    expr.decor_mut().clear();
    Some(expr)
}

/// Takes an argument or block out of a body; comments above it stay, but for those of a block of the file.
fn without_structure(body: &mut Body, place: usize, top: bool) {
    let gone = body.remove(place);
    let mut kept = prefix(&gone);
    kept.truncate(kept.rfind('\n').map_or(0, |at| at + 1));
    let mut after = match body.get(place) {
        Some(next) => prefix(next),
        None => suffix(body),
    };
    if top && gone.is_block() {
        while let Some(line) = kept.lines().last().map(str::trim)
            && (line.starts_with('#') || line.starts_with("//"))
        {
            kept.truncate(kept.trim_end_matches('\n').rfind('\n').map_or(0, |at| at + 1));
        }
        // An empty line stands between two blocks, not two.
        if let Some((first, rest)) = after.split_once('\n')
            && first.trim().is_empty()
        {
            after = rest.to_string();
        } else if kept.lines().last().is_some_and(|line| line.trim().is_empty()) {
            kept.truncate(kept.trim_end_matches('\n').len());
        }
    }
    let before = kept + &after;
    match body.get_mut(place) {
        Some(next) => next.decor_mut().set_prefix(before),
        None => body.decor_mut().set_suffix(before),
    }
}

/// Puts lines into a body: arguments after its last one, blocks at its end.
fn with_more(body: &mut Body, lines: &str, is_argument: bool, indent: usize) -> Option<()> {
    let more = hcl_edit::parser::parse_body(lines).ok()?;
    if body.prefer_oneline() {
        body.set_prefer_oneline(false);
        if let Some(first) = body.get_mut(0) {
            first.decor_mut().set_prefix(" ".repeat(indent));
            first.decor_mut().set_suffix("");
        }
        body.decor_mut().set_suffix(" ".repeat(indent.saturating_sub(2)));
    }
    let arguments = body.iter().enumerate().filter(|(_, of)| of.is_attribute());
    let last = arguments.last().map_or(0, |(place, _)| place + 1);
    let place = if is_argument { last } else { body.len() };
    for (at, structure) in more.into_iter().enumerate() {
        body.try_insert(place + at, structure).ok()?;
    }
    Some(())
}

/// Puts an entry into an object, after its last one.
fn with_entry(object: &mut Object, key: &str, text: &str, indent: usize) -> Option<()> {
    let pad = " ".repeat(indent);
    let mut value = expression(text)?;
    value.decor_mut().set_prefix(" ");
    let mut name = match hcl_edit::Ident::try_new(key) {
        Ok(ident) => ObjectKey::from(ident),
        Err(_) => ObjectKey::from(expression(key)?),
    };
    let trailing = object.trailing().to_string();
    let decor = object.decor().clone();
    let mut items: Vec<(ObjectKey, ObjectValue)> = std::mem::take(object).into_iter().collect();
    let last = items.last_mut().map(|(key, value)| (prefix(key), value));
    let lines =
        trailing.contains('\n') || last.as_ref().is_some_and(|(before, _)| before.contains('\n'));
    let (mut left, mut ends) = (trailing.clone(), ObjectValueTerminator::Newline);
    let mut before = pad;
    match last {
        Some((_, last)) if lines && last.terminator() == ObjectValueTerminator::Newline => {}
        None | Some(_) if lines => {
            let (line, rest) = trailing.split_once('\n')?;
            before = format!("{line}\n{before}");
            left = rest.to_string();
        }
        Some((_, last)) => {
            before = " ".into();
            ends = last.terminator();
            if ends == ObjectValueTerminator::None {
                last.set_terminator(ObjectValueTerminator::Comma);
                let after = suffix(last.expr());
                last.expr_mut().decor_mut().set_suffix("");
                value.decor_mut().set_suffix(after);
            }
        }
        None => {
            before = " ".into();
            ends = ObjectValueTerminator::None;
            value.decor_mut().set_suffix(" ");
            left = String::new();
        }
    }
    *name.decor_mut() = hcl_edit::Decor::new(before, " ");
    let mut value = ObjectValue::new(value);
    value.set_terminator(ends);
    items.push((name, value));
    put_back(object, items, left);
    *object.decor_mut() = decor;
    Some(())
}

fn put_back(object: &mut Object, items: Vec<(ObjectKey, ObjectValue)>, trailing: String) {
    *object = items.into_iter().collect();
    object.set_trailing(trailing);
}

/// Gives what a place had before it, up to the last line end, and what another has after its first: the line between them is gone.
fn joined(gone: &str, next: &str) -> String {
    match (gone.rfind('\n'), next.find('\n')) {
        (Some(line), Some(end)) => format!("{}{}", &gone[..=line], &next[end + 1..]),
        (Some(line), None) => format!("{}{next}", &gone[..=line]),
        (None, _) => gone.to_string(),
    }
}

/// Takes an entry out of an object.
fn without_entry(object: &mut Object, from: usize) {
    let decor = object.decor().clone();
    let mut trailing = object.trailing().to_string();
    let mut items: Vec<(ObjectKey, ObjectValue)> = std::mem::take(object).into_iter().collect();
    let Some(place) = items.iter().position(|(key, _)| begins(key, from)) else { return };
    let (key, value) = items.remove(place);
    let (before, ends) = (prefix(&key), value.terminator());
    let join = |next: &str| match ends {
        // The line's end went with the entry.
        ObjectValueTerminator::Newline => {
            format!("{}{next}", &before[..before.rfind('\n').map_or(0, |at| at + 1)])
        }
        _ => joined(&before, next),
    };
    if let Some((next, _)) = items.get_mut(place) {
        let joined = join(&prefix(next));
        next.decor_mut().set_prefix(joined);
    } else if ends == ObjectValueTerminator::None {
        trailing = suffix(value.expr());
        if let Some((_, last)) = items.last_mut() {
            last.set_terminator(ObjectValueTerminator::None);
        }
    } else {
        trailing = join(&trailing);
    }
    put_back(object, items, trailing);
    *object.decor_mut() = decor;
}

/// Takes an element out of a list.
fn without_element(array: &mut Array, from: usize) {
    let Some(place) = array.iter().position(|of| begins(of, from)) else { return };
    let gone = array.remove(place);
    let before = prefix(&gone);
    if let Some(next) = array.get_mut(place) {
        let joined = joined(&before, &prefix(next));
        next.decor_mut().set_prefix(joined);
        return;
    }
    let trailing = match before.contains('\n') {
        true => joined(&before, array.trailing()),
        false => suffix(&gone),
    };
    array.set_trailing(trailing);
    let lines = before.contains('\n') && !array.is_empty();
    array.set_trailing_comma(lines);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diag::FileId;

    /// Edits a text by the tree; the place that may be another is that between `head` and `tail`.
    fn edit(text: &str, wish: &Wish, (head, tail): (&str, &str)) -> Option<String> {
        let start = text.find(head).unwrap() + head.len();
        let end = start + text[start..].find(tail).unwrap();
        let bytes = Splice { file: FileId::default(), start, end, text: "?".into() };
        let splice = edited(&parsed(text)?, text, wish, &bytes)?;
        super::super::text::changed(text, &[splice])
    }

    const TEXT: &str = "# head\n\n# one\nblock \"a\" \"b\" {\n  # first\n  x   = 1 # one\n  y   = { k = \"v\", l = 2 } # two\n  # what is below\n  z = [\n    \"a\", # first\n    \"b\",\n  ]\n  sub { q = 1 }\n\n  # last\n}\n\n# two\nother {\n}\n";

    fn at(what: &str) -> usize {
        TEXT.find(what).unwrap()
    }

    fn of(what: &str) -> Range<usize> {
        at(what)..at(what) + what.len()
    }

    #[test]
    fn an_expression_is_another_and_all_else_is_as_it_was() {
        let wish = |what: &str, text: &str| Wish::Value { of: of(what), text: text.into() };

        let one =
            edit(TEXT, &wish("1 # one".trim_end_matches(" # one"), "2"), ("x   = ", " # one"));
        assert_eq!(one.unwrap(), TEXT.replace("x   = 1", "x   = 2"));
        let deep = edit(TEXT, &wish("\"v\"", "<<-E\n    a\n  E"), ("k = ", ", l"));
        assert!(deep.is_none_or(|text| text.contains("k = <<-E")), "a heredoc needs its line");
        let text = edit(TEXT, &wish("\"v\"", "\"$${w}\""), ("k = ", ", l")).unwrap();
        assert_eq!(text, TEXT.replace("\"v\"", "\"$${w}\""));
        assert_eq!(edit(TEXT, &wish("\"v\"", "3"), ("x   = ", " # one")), None, "another place");
    }

    #[test]
    fn what_goes_leaves_the_comments_of_others() {
        let gone = |what: &str| Wish::Gone { from: at(what) };

        let x = edit(TEXT, &gone("x   ="), ("# first\n", "  y  ")).unwrap();
        assert_eq!(x, TEXT.replace("  x   = 1 # one\n", ""));
        let k = edit(TEXT, &gone("k = "), ("{ ", "l = 2")).unwrap();
        assert_eq!(k, TEXT.replace("k = \"v\", ", ""));
        let l = edit(TEXT, &gone("l = 2"), ("\"v\"", " } # two")).unwrap();
        assert_eq!(l, TEXT.replace(", l = 2", ""));
        let a = edit(TEXT, &gone("\"a\", # first"), ("z = [\n", "    \"b\"")).unwrap();
        assert_eq!(a, TEXT.replace("    \"a\", # first\n", ""));
        let b = edit(TEXT, &gone("\"b\",\n"), ("\"a\", # first\n", "  ]")).unwrap();
        assert_eq!(b, TEXT.replace("    \"b\",\n", ""));
        let sub = edit(TEXT, &gone("sub {"), ("  ]\n", "\n  # last")).unwrap();
        assert_eq!(sub, TEXT.replace("  sub { q = 1 }\n", ""));
        let block = edit(TEXT, &gone("block \"a\""), ("# head\n\n", "# two\nother")).unwrap();
        assert_eq!(block, "# head\n\n# two\nother {\n}\n");
        let b = edit("a = [\"x\", \"y\"] # c\n", &Wish::Gone { from: 10 }, ("\"x\"", "]")).unwrap();
        assert_eq!(b, "a = [\"x\"] # c\n");
        let b = edit("a = [\"x\", \"y\"] # c\n", &Wish::Gone { from: 5 }, ("[", "\"y\"")).unwrap();
        assert_eq!(b, "a = [\"y\"] # c\n");
        let lines = "a = {\n  k = 1 # one\n\n  # two\n  l = 2 # two\n  # end\n}\n";
        let from = |what: &str| Wish::Gone { from: lines.find(what).unwrap() };
        let k = edit(lines, &from("k = 1"), ("a = {\n", "\n  # two")).unwrap();
        assert_eq!(k, lines.replace("  k = 1 # one\n", ""));
        let l = edit(lines, &from("l = 2"), ("# two\n", "  # end")).unwrap();
        assert_eq!(l, lines.replace("  l = 2 # two\n", ""));
    }

    #[test]
    fn what_comes_stands_after_what_is_there() {
        let more = |what: &str, lines: &str, is_argument| {
            let lines = lines.to_string();
            Wish::More { body_end: at(what), lines, is_argument, indent: 2 }
        };
        let end = at("}\n\n# two");
        let argument =
            Wish::More { body_end: end, lines: "  n = 1\n".into(), is_argument: true, indent: 2 };
        let n = edit(TEXT, &argument, ("  ]\n", "  sub {")).unwrap();
        assert_eq!(n, TEXT.replace("  sub", "  n = 1\n  sub"));
        let block = Wish::More {
            body_end: end,
            lines: "  n {\n    a = 1\n  }\n".into(),
            is_argument: false,
            indent: 2,
        };
        let n = edit(TEXT, &block, ("q = 1 }\n", "\n  # last")).unwrap();
        assert_eq!(n, TEXT.replace("q = 1 }\n", "q = 1 }\n  n {\n    a = 1\n  }\n"));
        let one = edit(
            "b { q = 1 }\n",
            &Wish::More { body_end: 10, lines: "  n = 2\n".into(), is_argument: true, indent: 2 },
            ("b {", "}\n"),
        );
        assert_eq!(one.unwrap(), "b {\n  q = 1\n  n = 2\n}\n");
        let none = edit(
            "b {}\n",
            &Wish::More { body_end: 3, lines: "  n = 2\n".into(), is_argument: true, indent: 2 },
            ("b {", "}\n"),
        );
        assert_eq!(none.unwrap(), "b {\n  n = 2\n}\n");
        assert_eq!(
            edit(TEXT, &more("}\n\n# two", "  x = 2\n", true), ("  ]\n", "  sub {")),
            None,
            "twice"
        );
    }

    #[test]
    fn an_entry_comes_as_the_others_stand() {
        let entry = |text: &str, tail: &str, wanted: &str| {
            let end = text.rfind('}').unwrap() + 1;
            let wish = Wish::Entry { of: 4..end, key: "n".into(), text: "\"x\"".into(), indent: 2 };
            let (head, tail) =
                text.split_once(tail).map(|(head, _)| (head, &text[head.len()..])).unwrap();
            assert_eq!(edit(text, &wish, (head, tail)).as_deref(), Some(wanted));
        };

        entry("a = { k = 1 }\n", " }\n", "a = { k = 1, n = \"x\" }\n");
        entry("a = { k = 1, l = 2, } # c\n", ", } # c", "a = { k = 1, l = 2, n = \"x\", } # c\n");
        entry(
            "a = {\n  k = 1 # one\n  # end\n}\n",
            "  # end",
            "a = {\n  k = 1 # one\n  n = \"x\"\n  # end\n}\n",
        );
        entry("a = {\n  k = 1, # one\n}\n", "}\n", "a = {\n  k = 1, # one\n  n = \"x\"\n}\n");
        entry("a = {\n}\n", "}\n", "a = {\n  n = \"x\"\n}\n");
        let whole = Wish::Entry { of: 4..6, key: "\"n.m\"".into(), text: "1".into(), indent: 2 };
        assert_eq!(edit("a = {}\n", &whole, ("a = ", "\n")).unwrap(), "a = { \"n.m\" = 1 }\n");
    }

    #[test]
    fn a_text_that_the_tree_does_not_keep_is_not_edited_by_it() {
        assert!(
            parsed("a = 1\r\n").is_none()
                && parsed("a = {").is_none()
                && parsed("\u{feff}a = 1\n").is_none()
        );
        let odd = "a = \"\\u00e9\"\nb = 1\n";
        let wish = Wish::Value { of: 17..18, text: "2".into() };
        assert!(
            edit(odd, &wish, ("b = ", "\n")).is_none_or(|text| text.starts_with("a = \"\\u00e9\""))
        );
    }
}
