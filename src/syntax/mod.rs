//! Text to a tree with spans.
//!
//! hcl-edit parses; its tree is lowered into ours (`tree`), so that the rest of the program does not know it. What it
//! refuses is read by `parse`, which has the problems and a tree of all that is sound. Never fails. Spans always count bytes of the text that was handed in, a byte order mark included.

pub mod tree;
mod lower;
mod mend;
mod doubt;
mod template;
mod literal;
mod bare;
mod scan;
mod parse;
pub mod format;
mod json;

pub use self::bare::bare;
pub use self::format::format;
pub use self::json::{Contexts, Document, Nesting, parse_json, parse_json_values};

use crate::diag::{Diagnostic, FileId, Span, dedup};

use self::lower::Lowering;
use self::parse::Parser;
use self::tree::{Body, Expr, ExprKind, File};

/// The byte order mark that some editors put before the text.
const MARK: &str = "\u{feff}";

/// Reads a file of the native syntax.
pub fn parse(id: FileId, text: &str) -> (File, Vec<Diagnostic>) {
    parse_named(id, "", text)
}

/// Reads a file of the native syntax, whose name is used where a message speaks of a second place.
pub fn parse_named(id: FileId, name: &str, text: &str) -> (File, Vec<Diagnostic>) {
    let inner = text.strip_prefix(MARK).unwrap_or(text);
    let shift = offset_of(text.len() - inner.len());
    let mut lowering = Lowering::new(id, name, inner, shift);
    let body = lowering.file();
    let mut problems = lowering.problems;
    dedup(&mut problems);
    (File { id, body }, problems)
}

/// Reads one expression, as if it stood in parentheses. Spans are those of the text, moved by `offset`.
///
/// # Errors
/// Why it is not an expression.
pub fn parse_expression(id: FileId, text: &str, offset: u32) -> Result<Expr, Vec<Diagnostic>> {
    let wrapped = format!("({text}\n)");
    let mut lowering = Lowering::new(id, "", &wrapped, i64::from(offset) - 1);
    if let Some(Expr { kind: ExprKind::Parens(inner), .. }) = lowering.sound_expression() {
        return Ok(*inner);
    }
    let mut parser = Parser::new(id, "", text, i64::from(offset));
    let expr = parser.lone_expression();
    if parser.problems.is_empty() { Ok(expr) } else { Err(parser.problems) }
}

/// Says whether a letter may stand in a name after its first.
pub fn continues_name(letter: char) -> bool {
    scan::continues_name(letter)
}

/// Says whether a text is a name of the language.
pub fn is_name(text: &str) -> bool {
    let first = |letter: char| letter.is_alphabetic() || letter == '_';
    text.starts_with(first) && text.chars().all(|letter| first(letter) || continues_name(letter))
}

/// Says whether a text goes on: a bracket or a heredoc in it is open.
pub fn is_unfinished(text: &str) -> bool {
    use self::scan::Kind;
    let (mut brackets, mut heredocs) = (0i64, 0i64);
    for token in scan::scan(text) {
        match token.kind {
            Kind::OpenBrace
            | Kind::OpenBracket
            | Kind::OpenParen
            | Kind::Interpolation
            | Kind::Directive => brackets += 1,
            Kind::CloseBrace | Kind::CloseBracket | Kind::CloseParen | Kind::SequenceEnd => {
                brackets -= 1;
            }
            Kind::OpenHeredoc => heredocs += 1,
            Kind::CloseHeredoc => heredocs -= 1,
            _ => {}
        }
    }
    brackets > 0 || heredocs > 0
}

/// Reads a template as files of templates have it: no quotes around it, no escapes but `$${` and `%%{`.
///
/// # Errors
/// Why it is not a template.
pub fn parse_template(id: FileId, text: &str) -> Result<Expr, Vec<Diagnostic>> {
    let mut lowering = Lowering::new(id, "", text, 0);
    let parts = lowering.lone_template();
    if !lowering.problems.is_empty() {
        return Err(lowering.problems);
    }
    Ok(Expr { kind: ExprKind::Template(parts), span: Span::new(id, 0, text.len()) })
}

/// Gives an empty body for a file of which nothing could be read.
fn empty_body(id: FileId, length: usize) -> Body {
    Body {
        attributes: Vec::new(),
        blocks: Vec::new(),
        span: Span::new(id, 0, length),
        end: Span::new(id, 0, 0),
    }
}
/// Gives the place of a piece of a text that stands shifted in its file.
fn shifted(id: FileId, shift: i64, start: usize, end: usize) -> Span {
    let place = |at: usize| {
        let moved = offset_of(at).saturating_add(shift);
        usize::try_from(moved.max(0)).unwrap_or(usize::MAX)
    };
    Span::new(id, place(start), place(end))
}

fn offset_of(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::tree::Part;
    use super::*;

    fn value(text: &str) -> Expr {
        let (file, problems) = parse(FileId(0), &format!("v = {text}\n"));
        assert_eq!(problems, [], "{text}");
        file.body.attributes.into_iter().next().unwrap().expr
    }

    fn text_of(text: &str) -> String {
        value(text).literal().unwrap()
    }

    #[test]
    fn escapes_are_decoded_everywhere_in_a_quoted_string() {
        assert_eq!(text_of(r#""a\n\t\"\\\u00e9$${x}%%{y}""#), "a\n\t\"\\é${x}%{y}");
        let ExprKind::Template(parts) = value(r#""%{ if true }a\"b\t%{ endif }""#).kind else {
            panic!()
        };
        let [Part::If { then, .. }] = &parts[..] else { panic!() };
        let [Part::Literal(text, _)] = &then[..] else { panic!() };
        assert_eq!(text, "a\"b\t");
    }

    #[test]
    fn heredocs_lose_the_smallest_indent_counted_in_characters() {
        assert_eq!(text_of("<<-E\n\ttab\n    spaces\n  E"), "tab\n   spaces\n");
        assert_eq!(text_of("<<-E\n    a\n\n   b\n  E"), " a\n\nb\n");
        assert_eq!(text_of("<<E\n  a\\n\nE"), "  a\\n\n");
        assert_eq!(text_of("<<E\nE"), "");
    }

    #[test]
    fn spans_are_those_of_the_text_and_count_a_byte_order_mark() {
        let (file, problems) = parse(FileId(3), "\u{feff}a \"l\" {\r\n  b = 1\r\n}\r\n");

        assert_eq!(problems, []);
        let block = &file.body.blocks[0];
        assert_eq!((block.header.start, block.header.end), (3, 8));
        assert_eq!((block.body.end.start, block.body.end.end), (9, 10));
        let attribute = &block.body.attributes[0];
        assert_eq!((attribute.span.start, attribute.span.end), (14, 19));
    }

    #[test]
    fn splats_keep_what_belongs_to_each_element_apart() {
        let ExprKind::Index(source, _) = value("a.*.b[0]").kind else { panic!() };
        assert!(matches!(source.kind, ExprKind::Splat { dotted: true, .. }));
        let ExprKind::Splat { each, dotted: false, .. } = value("a[*].b[0]").kind else { panic!() };
        assert!(matches!(each.kind, ExprKind::Index(..)));
    }

    #[test]
    fn keys_of_an_object_may_be_written_twice() {
        let ExprKind::Object(items) = value("{ a = 1, a = 2, (a) = 3, (a) = 4, a = 5 }").kind
        else {
            panic!()
        };

        let bare: Vec<_> = items.iter().filter(|item| item.bare).collect();
        assert_eq!(items.len(), 5);
        assert!(bare.iter().all(|item| item.key.literal().as_deref() == Some("a")));
    }

    #[test]
    fn a_lone_expression_may_run_over_lines() {
        let expr = parse_expression(FileId(0), " [\n 1,\n 2 ]", 10).unwrap();

        assert_eq!((expr.span.start, expr.span.end), (11, 21));
        assert!(parse_expression(FileId(0), "1 2", 0).is_err());
        assert!(parse_expression(FileId(0), "1) + (2", 0).is_err());
    }

    #[test]
    fn every_file_of_the_conformance_cases_that_is_right_is_read() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/functions");
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            // Numbers beyond a double are in one of the topics; it is read elsewhere.
            let Ok(topic) = serde_json::from_str::<serde_json::Value>(&text) else { continue };
            for case in topic["cases"].as_array().unwrap() {
                let text = case["expr"].as_str().unwrap();
                let (_, problems) = parse(FileId(0), &format!("locals {{\n  v = {text}\n}}\n"));
                assert!(
                    case.get("result").is_none() || problems.is_empty(),
                    "{text}: {problems:?}"
                );
            }
        }
    }

    #[test]
    fn what_only_the_parser_takes_is_refused() {
        for (text, summary) in [
            ("v = [for k, v invar.ms : v]\n", "Invalid 'for' expression"),
            ("v = { for k in x : k => k iftrue }\n", "Invalid 'for' expression"),
            ("v = x[*\n]\n", "Missing close bracket on splat index"),
            ("v = \"%{ iftrue }x%{ endif }\"\n", "Invalid template control keyword"),
        ] {
            let (_, problems) = parse(FileId(0), text);
            assert_eq!(
                problems.first().map(|problem| problem.summary.as_str()),
                Some(summary),
                "{text}"
            );
        }
        assert!(parse_expression(FileId(0), "[for v inx : v]", 0).is_err());
        let (_, problems) = parse(FileId(0), "v = [for k, v in[1] : v if(true)]\nw = x[ * ].y\n");
        assert_eq!(problems, []);
    }

    #[test]
    fn what_only_the_parser_refuses_is_read() {
        let ExprKind::Number(digits) = value("1e400").kind else { panic!() };
        assert_eq!(digits, "1e400");
        for text in [
            "v = [for\r\n x in y : x]\r\n",
            "v = (\n  !\n  a\n)\n",
            "v = [-\n  1]\n",
            "v = { for k, v in x : k =>\n  a # yes\n  ? { n = 1 } // no\n  : { n = 2 }\n}\n",
            "v = { for k, v in x : k => {\n  a = 1 # one\n  b = c ? 1 : 2\n} if\n  k\n  != 1 /* end */ }\n",
            "v = {\n  # first\n  for k in x : k => (a\n  ? <<E\nx\nE\n  : 2) }\n",
        ] {
            let (_, problems) = parse(FileId(0), text);
            assert_eq!(problems, [], "{text}");
        }
    }

    fn texts(json: &serde_json::Value, found: &mut Vec<String>) {
        match json {
            serde_json::Value::String(text) => {
                found.extend([text.clone(), format!("v = {text}\n")]);
            }
            serde_json::Value::Array(list) => list.iter().for_each(|inner| texts(inner, found)),
            serde_json::Value::Object(map) => map.values().for_each(|inner| texts(inner, found)),
            _ => {}
        }
    }

    fn corpus() -> Vec<String> {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut found = Vec::new();
        let mut folders = vec![root.join("tests/conformance"), root.join("examples")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let ending = path.extension().and_then(|ending| ending.to_str());
                match ending {
                    _ if path.is_dir() => folders.push(path),
                    Some("tf") => found.extend(std::fs::read_to_string(&path)),
                    Some("json") => {
                        let text = std::fs::read_to_string(&path).unwrap_or_default();
                        let json = serde_json::from_str(&text).unwrap_or_default();
                        texts(&json, &mut found);
                    }
                    _ => {}
                }
            }
        }
        found.sort();
        found.dedup();
        found
    }

    #[test]
    fn both_parsers_make_the_same_tree_of_what_is_sound() {
        let mut count = 0;
        for text in corpus() {
            let Some(body) = Lowering::new(FileId(0), "", &text, 0).sound_file() else { continue };
            let mut parser = Parser::new(FileId(0), "", &text, 0);
            let own = parser.file();
            assert_eq!(parser.problems, [], "{text}");
            assert_eq!(format!("{own:?}"), format!("{body:?}"), "{text}");
            count += 1;
        }
        assert!(count > 1000, "only {count} texts");
    }

    #[test]
    fn directives_that_are_too_deep_are_told_once() {
        let (open, close) = ("%{ if x }".repeat(2000), "%{ endif }".repeat(2000));
        let text = format!("a = \"{open}y{close}\"\n");

        let (_, problems) = parse(FileId(0), &text);

        let told: Vec<&str> = problems.iter().map(|problem| problem.summary.as_str()).collect();
        assert_eq!(told, ["Invalid syntax"]);
    }

    #[test]
    fn files_are_laid_out_as_terraform_does() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/format.json");
        let json: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        for case in json["cases"].as_array().unwrap() {
            let text = case["text"].as_str().unwrap();

            let found = format(FileId(0), "", text).unwrap();

            // Terraform ends what it prints with a line end.
            assert_eq!(
                found.trim_end_matches('\n'),
                case["result"].as_str().unwrap().trim_end_matches('\n')
            );
            assert_eq!(format(FileId(0), "", &found).unwrap(), found);
        }
    }
}
