//! JSON text to values with their places.
//!
//! Tokens first, then values, as the language's reference parser does: after a mistake it goes on where that
//! one does, so that the same further problems are told.

use crate::diag::{BAD_BYTE, Diagnostic, FileId, Span, nearest_within};

/// Values deeper than this are refused.
const DEPTH: usize = 200;

/// A JSON value with its place.
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Span,
}

pub(super) enum NodeKind {
    Null,
    Bool(bool),
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<Property>),
    /// Something that could not be read.
    Invalid,
}

/// A property of an object.
pub(super) struct Property {
    pub(super) name: String,
    pub(super) name_span: Span,
    pub(super) value: Node,
}

impl Property {
    /// Gives the place of name and value.
    pub(super) fn span(&self) -> Span {
        self.name_span.to(self.value.span)
    }
}

impl Node {
    /// Gives the place that messages point at: an opening brace or bracket, else all.
    pub(super) fn start(&self) -> Span {
        match self.kind {
            NodeKind::Array(_) | NodeKind::Object(_) => {
                Span { end: self.span.start + 1, ..self.span }
            }
            _ => self.span,
        }
    }
}

/// Reads a text; gives what could be read and the problems.
pub(super) fn read(id: FileId, text: &str) -> (Node, Vec<Diagnostic>) {
    let mut reader = Reader { id, text, tokens: scan(text), at: 0, problems: Vec::new() };
    let node = reader.value(0);
    if reader.problems.is_empty() && reader.peek().kind != Kind::End {
        let detail = "Extra characters appear after the JSON value.";
        reader.problem("Extraneous data after value", detail, reader.peek());
    }
    if !matches!(node.kind, NodeKind::Object(_) | NodeKind::Array(_)) {
        let detail = "The root value in a JSON-based configuration must be either a JSON object or a JSON \
                      array of objects.";
        let problem = Diagnostic::error("Root value must be object", detail);
        reader.problems.push(problem.at(node.span, ""));
    }
    (node, reader.problems)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Colon,
    Equals,
    String,
    Number,
    Keyword,
    Invalid,
    End,
}

#[derive(Clone, Copy, Debug)]
struct Token {
    kind: Kind,
    start: usize,
    end: usize,
}

/// Cuts a text into tokens. What no JSON has ends it.
fn scan(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        at += rest.len() - rest.trim_start_matches([' ', '\t', '\n', '\r']).len();
        let rest = &text[at..];
        let Some(first) = rest.chars().next() else { break };
        let run = |fits: &dyn Fn(char) -> bool| rest.find(|c| !fits(c)).unwrap_or(rest.len());
        let (kind, length) = match first {
            '{' => (Kind::OpenBrace, 1),
            '}' => (Kind::CloseBrace, 1),
            '[' => (Kind::OpenBracket, 1),
            ']' => (Kind::CloseBracket, 1),
            ',' => (Kind::Comma, 1),
            ':' => (Kind::Colon, 1),
            '=' => (Kind::Equals, 1),
            '"' => (Kind::String, string_length(rest)),
            '-' | '+' | '.' | '0'..='9' => {
                let fits = |c: char| c.is_ascii_digit() || "-+.eE".contains(c);
                (Kind::Number, run(&fits))
            }
            c if c.is_ascii_alphabetic() => {
                (Kind::Keyword, run(&|c| c.is_ascii_alphabetic() || c == '_'))
            }
            // What no JSON has is told as one byte, whatever the character is.
            _ => (Kind::Invalid, 1),
        };
        tokens.push(Token { kind, start: at, end: at + length });
        at += length;
        if kind == Kind::Invalid {
            break;
        }
    }
    tokens.push(Token { kind: Kind::End, start: at, end: at });
    tokens
}

/// Gives the length of a string: to its closing quote, or to before a control character.
fn string_length(rest: &str) -> usize {
    let mut escaping = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            '"' if !escaping => return at + 1,
            c if c < ' ' && c != BAD_BYTE => return at,
            _ => escaping = c == '\\' && !escaping,
        }
    }
    rest.len()
}

struct Reader<'a> {
    id: FileId,
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    problems: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn peek(&self) -> Token {
        self.tokens[self.at.min(self.tokens.len() - 1)]
    }

    fn read(&mut self) -> Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn span(&self, token: Token) -> Span {
        Span::new(self.id, token.start, token.end)
    }

    fn problem(&mut self, summary: &str, detail: impl Into<String>, at: Token) {
        let span = self.span(at);
        self.problems.push(Diagnostic::error(summary, detail).at(span, ""));
    }

    /// Skips to after what closes the level.
    fn recover(&mut self, mut token: Token, open: Kind, close: Kind) {
        let mut level = 1;
        loop {
            match token.kind {
                kind if kind == open => level += 1,
                kind if kind == close => {
                    level -= 1;
                    if level <= 1 {
                        return;
                    }
                }
                Kind::End => return,
                _ => {}
            }
            token = self.read();
        }
    }

    fn value(&mut self, depth: usize) -> Node {
        let token = self.peek();
        let starts =
            "A JSON value must start with a brace, a bracket, a number, a string, or a keyword.";
        let read = match token.kind {
            _ if depth > DEPTH => {
                let detail = "JSON values nested deeper than 200 levels are not read.";
                self.problem("Too many levels", detail, token);
                self.at = self.tokens.len();
                None
            }
            Kind::OpenBrace => self.object(depth),
            Kind::OpenBracket => self.array(depth),
            Kind::Number => self.number(),
            Kind::String => self.string(),
            Kind::Keyword => self.keyword(),
            Kind::CloseBrace => {
                self.problem("Missing JSON value", starts, token);
                None
            }
            Kind::CloseBracket => {
                self.problem("Missing array element value", starts, token);
                None
            }
            Kind::End => {
                self.problem("Missing value", "The JSON data ends prematurely.", token);
                None
            }
            Kind::Comma | Kind::Colon | Kind::Equals | Kind::Invalid => {
                self.problem("Invalid start of value", starts, token);
                None
            }
        };
        match read {
            Some((kind, end)) => Node { kind, span: Span::new(self.id, token.start, end) },
            None => Node { kind: NodeKind::Invalid, span: self.span(token) },
        }
    }

    fn keyword(&mut self) -> Option<(NodeKind, usize)> {
        let token = self.read();
        let word = &self.text[token.start..token.end];
        let kind = match word {
            "null" => NodeKind::Null,
            "true" => NodeKind::Bool(true),
            "false" => NodeKind::Bool(false),
            _ => {
                let detail = match word {
                    "undefined" | "NaN" | "Infinity" => {
                        format!("The JavaScript identifier \"{word}\" cannot be used in JSON.")
                    }
                    _ => {
                        let near = nearest_within(word, ["false", "true", "null"]);
                        let hint = near.map(|near| format!(" Did you mean \"{near}\"?"));
                        let hint = hint.unwrap_or_default();
                        format!("\"{word}\" is not a valid JSON keyword.{hint}")
                    }
                };
                self.problem("Invalid JSON keyword", detail, token);
                return None;
            }
        };
        Some((kind, token.end))
    }

    fn number(&mut self) -> Option<(NodeKind, usize)> {
        let token = self.read();
        let text = &self.text[token.start..token.end];
        if !is_number(text) {
            let detail = "There is a syntax error in the given JSON number.";
            self.problem("Invalid JSON number", detail, token);
            return None;
        }
        Some((NodeKind::Number(text.to_string()), token.end))
    }

    fn string(&mut self) -> Option<(NodeKind, usize)> {
        let token = self.read();
        match unquoted(&self.text[token.start..token.end]) {
            Ok(text) => Some((NodeKind::String(text), token.end)),
            Err(offset) => {
                let at = token.start + offset;
                let detail = "There is a syntax error in the given JSON string.";
                let span = Span::new(self.id, at, at);
                let problem = Diagnostic::error("Invalid JSON string", detail).at(span, "");
                self.problems.push(problem.around(self.span(token)));
                None
            }
        }
    }

    fn array(&mut self, depth: usize) -> Option<(NodeKind, usize)> {
        let open = self.read();
        let mut elements = Vec::new();
        while self.peek().kind != Kind::CloseBracket {
            elements.push(self.value(depth + 1));
            let (summary, detail) = match self.peek().kind {
                Kind::CloseBracket => break,
                Kind::Comma => {
                    let comma = self.read();
                    if self.peek().kind == Kind::CloseBracket {
                        let detail = "JSON does not permit a trailing comma after the final value in an array.";
                        self.problem("Trailing comma in array", detail, comma);
                        return None;
                    }
                    continue;
                }
                Kind::End => {
                    let detail = "No closing bracket was found for this JSON array.";
                    self.problem("Unclosed object", detail, open);
                    return None;
                }
                Kind::Colon => (
                    "Invalid array value",
                    "A colon is not used to introduce values in a JSON array.",
                ),
                Kind::CloseBrace => (
                    "Mismatched brackets",
                    "A JSON array must be closed with a bracket, not a brace.",
                ),
                _ => (
                    "Missing attribute seperator comma",
                    "A comma must appear between each value in an array.",
                ),
            };
            let token = self.read();
            self.recover(token, Kind::OpenBracket, Kind::CloseBracket);
            self.problem(summary, detail, self.peek());
            return None;
        }
        let close = self.read();
        Some((NodeKind::Array(elements), close.end))
    }

    fn object(&mut self, depth: usize) -> Option<(NodeKind, usize)> {
        let open = self.read();
        let mut properties = Vec::new();
        while self.peek().kind != Kind::CloseBrace {
            let Node { kind: NodeKind::String(name), span: name_span } = self.name(depth)? else {
                return None;
            };
            self.colon()?;
            let value = self.value(depth + 1);
            properties.push(Property { name, name_span, value });
            match self.peek().kind {
                Kind::CloseBrace => break,
                Kind::Comma => {
                    let comma = self.read();
                    if self.peek().kind == Kind::CloseBrace {
                        let detail = "JSON does not permit a trailing comma after the final property in an \
                                      object.";
                        self.problem("Trailing comma in object", detail, comma);
                        return None;
                    }
                }
                Kind::End => {
                    let detail = "No closing brace was found for this JSON object.";
                    self.problem("Unclosed object", detail, open);
                    return None;
                }
                Kind::CloseBracket => {
                    self.read();
                    let detail = "A JSON object must be closed with a brace, not a bracket.";
                    self.problem("Mismatched braces", detail, self.peek());
                    return None;
                }
                _ => {
                    let token = self.read();
                    self.recover(token, Kind::OpenBrace, Kind::CloseBrace);
                    let detail =
                        "A comma must appear between each property definition in an object.";
                    self.problem("Missing attribute seperator comma", detail, self.peek());
                    return None;
                }
            }
        }
        let close = self.read();
        Some((NodeKind::Object(properties), close.end))
    }

    fn name(&mut self, depth: usize) -> Option<Node> {
        let name = self.value(depth + 1);
        if matches!(name.kind, NodeKind::String(_)) {
            return Some(name);
        }
        let detail = "A JSON object property name must be a string";
        let problem = Diagnostic::error("Invalid object property name", detail);
        self.problems.push(problem.at(name.start(), ""));
        None
    }

    fn colon(&mut self) -> Option<()> {
        let colon = self.read();
        if colon.kind == Kind::Colon {
            return Some(());
        }
        self.recover(colon, Kind::OpenBrace, Kind::CloseBrace);
        let (summary, detail) = match colon.kind {
            Kind::CloseBrace | Kind::Comma => (
                "Missing object value",
                "A JSON object attribute must have a value, introduced by a colon.",
            ),
            Kind::Equals => (
                "Missing property value colon",
                "JSON uses a colon as its name/value delimiter, not an equals sign.",
            ),
            _ => (
                "Missing property value colon",
                "A colon must appear between an object property's name and its value.",
            ),
        };
        self.problem(summary, detail, colon);
        None
    }
}

/// Says whether a text is a number as JSON has it.
fn is_number(text: &str) -> bool {
    let rest = text.strip_prefix('-').unwrap_or(text);
    let digits =
        |text: &str| text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let whole = digits(rest);
    if whole == 0 || (whole > 1 && rest.starts_with('0')) {
        return false;
    }
    let mut rest = &rest[whole..];
    if let Some(fraction) = rest.strip_prefix('.') {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(['e', 'E']) {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let length = digits(exponent);
        return length > 0 && length == exponent.len();
    }
    rest.is_empty()
}

/// Gives the text of a string with its quotes, or how many bytes were read when it was found to be none.
fn unquoted(source: &str) -> Result<String, usize> {
    let mut text = String::new();
    let mut at = 1;
    while let Some(c) = source[at..].chars().next() {
        let length = c.len_utf8();
        match c {
            '"' => return Ok(text),
            '\\' => {
                let (character, length) = escaped(&source[at..]).map_err(|read| at + read)?;
                text.push(character);
                at += length;
                continue;
            }
            BAD_BYTE => text.push(char::REPLACEMENT_CHARACTER),
            other => text.push(other),
        }
        at += length;
    }
    Err(source.len())
}

/// Reads an escape: the character and the length, or how many bytes were read when it was found to be none.
fn escaped(rest: &str) -> Result<(char, usize), usize> {
    let simple = match rest[1..].chars().next() {
        None => return Err(rest.len()),
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some(same @ ('"' | '\\' | '/')) => same,
        Some('u') => {
            let code = code(rest, 2)?;
            if (0xd800..0xdc00).contains(&code)
                && rest[6..].starts_with("\\u")
                && let Ok(low) = self::code(rest, 8)
                && (0xdc00..0xe000).contains(&low)
            {
                let joined = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
                return Ok((char::from_u32(joined).unwrap_or(char::REPLACEMENT_CHARACTER), 12));
            }
            return Ok((char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), 6));
        }
        Some(other) => return Err(1 + other.len_utf8()),
    };
    Ok((simple, 2))
}

/// Reads four hexadecimal digits, or says how many bytes were read when one was none.
fn code(rest: &str, from: usize) -> Result<u32, usize> {
    let mut code = 0;
    for place in from..from + 4 {
        let digit = rest.as_bytes().get(place).map(|byte| char::from(*byte));
        match digit.and_then(|digit| digit.to_digit(16)) {
            Some(digit) => code = code * 16 + digit,
            None => return Err((place + 1).min(rest.len())),
        }
    }
    Ok(code)
}
