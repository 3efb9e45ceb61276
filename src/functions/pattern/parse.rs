//! Patterns of the language's dialect (RE2 as Go has it) in the words of the `regex` crate.
//!
//! The pattern is taken apart here as Go does it, so that each mistake is found where Go finds it and
//! named with the same piece of text. What is written for the crate has no flags in it but around
//! single characters and classes, no names, and each character that could mean something escaped.

use super::class::{Class, NOTHING, named_class, perl_class, unicode_class};

/// No count is greater, nor any product of counts of repetitions in one another.
const MOST: u64 = 1000;
/// How deep groups and repetitions may nest.
const DEPTH: usize = 1000;

/// A pattern that does not compile: what is wrong, and with which piece.
#[derive(Debug)]
pub(super) struct PatternError {
    pub(super) code: &'static str,
    pub(super) piece: String,
}

fn error(code: &'static str, piece: &str) -> PatternError {
    PatternError { code, piece: piece.into() }
}

/// A pattern in the words of the `regex` crate, and the name of each group.
pub(super) struct Parsed {
    pub(super) text: String,
    pub(super) names: Vec<Option<String>>,
}

/// Takes a pattern apart.
pub(super) fn parse(pattern: &str) -> Result<Parsed, PatternError> {
    let flags = Flags::default();
    let mut parser = Parser {
        pattern,
        rest: pattern,
        flags,
        frames: vec![Frame::new(flags, None)],
        names: Vec::new(),
    };
    let mut repeated = None;
    while !parser.rest.is_empty() {
        repeated = parser.step(repeated)?;
    }
    match (parser.frames.pop(), parser.frames.is_empty()) {
        (Some(frame), true) => Ok(Parsed { text: frame.close().text, names: parser.names }),
        _ => Err(error("missing closing )", pattern)),
    }
}

#[derive(Clone, Copy, Default)]
struct Flags {
    /// `i`: large and small letters are the same.
    fold: bool,
    /// `m`: `^` and `$` are those of lines.
    lines: bool,
    /// `s`: a point is a line's end too.
    dot_all: bool,
    /// `U`: repetitions take little.
    lazy: bool,
}

/// A part of a pattern.
struct Piece {
    text: String,
    /// How deep it nests.
    depth: usize,
    /// The greatest product of counts of repetitions in one another.
    repeats: u64,
    /// Whether it may be repeated as it stands.
    whole: bool,
}

impl Piece {
    fn atom(text: impl Into<String>) -> Piece {
        Piece { text: text.into(), depth: 1, repeats: 1, whole: true }
    }
}

/// A group that is open.
struct Frame {
    /// The flags where it began, which are those after it.
    flags: Flags,
    /// What is written before it; nothing for the pattern itself.
    opening: Option<&'static str>,
    branches: Vec<Vec<Piece>>,
}

impl Frame {
    fn new(flags: Flags, opening: Option<&'static str>) -> Frame {
        Frame { flags, opening, branches: vec![Vec::new()] }
    }

    fn branch(&mut self) -> &mut Vec<Piece> {
        self.branches.last_mut().expect("a group has a branch")
    }

    fn close(self) -> Piece {
        let pieces = || self.branches.iter().flatten();
        let depth = 1 + pieces().map(|piece| piece.depth).max().unwrap_or(0);
        let repeats = pieces().map(|piece| piece.repeats).max().unwrap_or(1);
        let branches = self.branches.iter();
        let branches = branches.map(|branch| branch.iter().map(|piece| &*piece.text).collect());
        let inside = branches.collect::<Vec<String>>().join("|");
        let text = match self.opening {
            Some(opening) => format!("{opening}{inside})"),
            None => inside,
        };
        Piece { text, depth, repeats, whole: true }
    }
}

struct Parser<'a> {
    pattern: &'a str,
    rest: &'a str,
    flags: Flags,
    frames: Vec<Frame>,
    names: Vec<Option<String>>,
}

/// The text before a rest of it.
fn before<'a>(text: &'a str, rest: &str) -> &'a str {
    &text[..text.len() - rest.len()]
}

/// Takes a character; at the end of the text there is none.
fn take(rest: &mut &str) -> Option<char> {
    let character = rest.chars().next()?;
    *rest = &rest[character.len_utf8()..];
    Some(character)
}

impl<'a> Parser<'a> {
    fn push(&mut self, piece: Piece) {
        self.frames.last_mut().expect("the pattern itself is a frame").branch().push(piece);
    }

    /// Takes the next part; what it gives and is given is where a repetition began, if it was one.
    fn step(&mut self, repeated: Option<&'a str>) -> Result<Option<&'a str>, PatternError> {
        let start = self.rest;
        let Some(character) = take(&mut self.rest) else { return Ok(None) };
        match character {
            '(' if self.rest.starts_with('?') => self.open_with_flags(start)?,
            '(' => self.open(Some("("), Some(None)),
            '|' => self.frames.last_mut().expect("a frame is open").branches.push(Vec::new()),
            ')' => self.close()?,
            '^' => self.push(Piece::atom(if self.flags.lines { "(?m:^)" } else { "\\A" })),
            '$' => self.push(Piece::atom(if self.flags.lines { "(?m:$)" } else { "\\z" })),
            '.' => self.push(Piece::atom(if self.flags.dot_all { "(?s:.)" } else { "." })),
            '[' => self.class(start)?,
            '*' | '+' | '?' => {
                self.repeat(start, &character.to_string(), None, repeated)?;
                return Ok(Some(start));
            }
            '{' => match count(self.rest) {
                Some((least, most, rest)) => {
                    self.rest = rest;
                    self.repeat_counted(start, least, most, repeated)?;
                    return Ok(Some(start));
                }
                None => self.literal('{'.into()),
            },
            '\\' => self.backslash(start)?,
            other => self.literal(other.into()),
        }
        Ok(None)
    }

    fn open(&mut self, opening: Option<&'static str>, name: Option<Option<String>>) {
        self.names.extend(name);
        self.frames.push(Frame::new(self.flags, opening));
    }

    fn close(&mut self) -> Result<(), PatternError> {
        if self.frames.len() < 2 {
            return Err(error("unexpected )", self.pattern));
        }
        let frame = self.frames.pop().expect("two frames are open");
        self.flags = frame.flags;
        let piece = frame.close();
        self.check_depth(piece.depth)?;
        self.push(piece);
        Ok(())
    }

    fn check_depth(&self, depth: usize) -> Result<(), PatternError> {
        if depth > DEPTH {
            return Err(error("expression nests too deeply", self.pattern));
        }
        Ok(())
    }

    fn literal(&mut self, code: u32) {
        let mut class = Class::default();
        class.range(code, code);
        let text = match char::from_u32(code) {
            Some(character) if self.flags.fold => {
                format!("(?i:{})", regex::escape(&character.to_string()))
            }
            Some(character) => regex::escape(&character.to_string()),
            None => class.text(false),
        };
        self.push(Piece::atom(text));
    }

    fn repeat(
        &mut self,
        start: &'a str,
        sign: &str,
        counts: Option<(i64, i64)>,
        repeated: Option<&'a str>,
    ) -> Result<(), PatternError> {
        let mut lazy = self.flags.lazy;
        if let Some(rest) = self.rest.strip_prefix('?') {
            self.rest = rest;
            lazy = !lazy;
        }
        if let Some(repeated) = repeated {
            return Err(error("invalid nested repetition operator", before(repeated, self.rest)));
        }
        let piece = before(start, self.rest);
        let branch = self.frames.last_mut().expect("a frame is open").branch();
        let Some(inner) = branch.pop() else {
            return Err(error("missing argument to repetition operator", piece));
        };
        let text = if inner.whole { inner.text } else { format!("(?:{})", inner.text) };
        let lazy = if lazy { "?" } else { "" };
        let never = matches!(counts, Some((0, 0)));
        // The crate forgets the groups of what is never taken.
        let text = if never { format!("(?:[{NOTHING}]{text})") } else { text };
        let sign = if never { "?" } else { sign };
        let mut outer = Piece {
            text: format!("{text}{sign}{lazy}"),
            depth: inner.depth + 1,
            repeats: inner.repeats,
            whole: false,
        };
        if let Some((least, most)) = counts {
            let times = if most < 0 { least } else { most };
            outer.repeats = match u64::try_from(times) {
                Ok(0) | Err(_) => {
                    if most == 0 {
                        1
                    } else {
                        inner.repeats
                    }
                }
                Ok(times) => times * inner.repeats,
            };
            if (least >= 2 || most >= 2) && outer.repeats > MOST {
                return Err(error("invalid repeat count", piece));
            }
        }
        self.check_depth(outer.depth)?;
        self.push(outer);
        Ok(())
    }

    fn repeat_counted(
        &mut self,
        start: &'a str,
        least: i64,
        most: i64,
        repeated: Option<&'a str>,
    ) -> Result<(), PatternError> {
        let limit = MOST.cast_signed();
        if least < 0 || least > limit || most > limit || (most >= 0 && least > most) {
            return Err(error("invalid repeat count", before(start, self.rest)));
        }
        let sign = match most {
            _ if most == least => format!("{{{least}}}"),
            ..0 => format!("{{{least},}}"),
            _ => format!("{{{least},{most}}}"),
        };
        self.repeat(start, &sign, Some((least, most)), repeated)
    }

    /// Takes what follows `(?`: a name, or flags for a group or for all that follows.
    fn open_with_flags(&mut self, start: &'a str) -> Result<(), PatternError> {
        let long = start.len() > 4 && start.starts_with("(?P<");
        if long || start.len() > 3 && start.starts_with("(?<") {
            let Some(end) = start.find('>') else {
                return Err(error("invalid named capture", start));
            };
            let name = &start[if long { 4 } else { 3 }..end];
            let valid = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(valid) {
                return Err(error("invalid named capture", &start[..=end]));
            }
            self.rest = &start[end + 1..];
            self.open(Some("("), Some(Some(name.to_string())));
            return Ok(());
        }
        let mut flags = self.flags;
        let (mut on, mut seen) = (true, false);
        let mut rest = &start[2..];
        while let Some(character) = take(&mut rest) {
            match character {
                'i' => flags.fold = on,
                'm' => flags.lines = on,
                's' => flags.dot_all = on,
                'U' => flags.lazy = on,
                '-' if on => (on, seen) = (false, false),
                ':' | ')' if on || seen => {
                    self.rest = rest;
                    if character == ':' {
                        self.open(Some("(?:"), None);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            }
            seen |= character != '-';
        }
        Err(error("invalid or unsupported Perl syntax", before(start, rest)))
    }

    /// Takes what begins with a backslash outside of a class.
    fn backslash(&mut self, start: &'a str) -> Result<(), PatternError> {
        let place = match self.rest.chars().next() {
            Some('A') => Some("\\A"),
            Some('z') => Some("\\z"),
            Some('b') => Some("(?-u:\\b)"),
            Some('B') => Some("(?-u:\\B)"),
            Some('C') => return Err(error("invalid escape sequence", &start[..2])),
            Some('Q') => {
                let quoted = &start[2..];
                let (quoted, rest) = quoted.split_once("\\E").unwrap_or((quoted, ""));
                quoted.chars().for_each(|character| self.literal(character.into()));
                self.rest = rest;
                return Ok(());
            }
            _ => None,
        };
        if let Some(place) = place {
            self.rest = &start[2..];
            self.push(Piece::atom(place));
            return Ok(());
        }
        let mut class = Class::default();
        if let Some(rest) =
            unicode_class(start, &mut class)?.or_else(|| perl_class(start, &mut class))
        {
            self.rest = rest;
            self.push(Piece::atom(class.text(self.flags.fold)));
            return Ok(());
        }
        let code = escape(start, &mut self.rest)?;
        self.literal(code);
        Ok(())
    }

    fn class(&mut self, start: &'a str) -> Result<(), PatternError> {
        let mut class = Class::default();
        let mut rest = &start[1..];
        if let Some(after) = rest.strip_prefix('^') {
            class.negated = true;
            rest = after;
        }
        let mut first = true;
        while first || !rest.starts_with(']') {
            first = false;
            let found = match named_class(rest, &mut class)? {
                Some(after) => Some(after),
                None => match unicode_class(rest, &mut class)? {
                    Some(after) => Some(after),
                    None => perl_class(rest, &mut class),
                },
            };
            if let Some(after) = found {
                rest = after;
                continue;
            }
            let range = rest;
            let low = class_character(start, &mut rest)?;
            let mut high = low;
            if let Some(after) = rest.strip_prefix('-')
                && !after.is_empty()
                && !after.starts_with(']')
            {
                rest = after;
                high = class_character(start, &mut rest)?;
                if high < low {
                    return Err(error("invalid character class range", before(range, rest)));
                }
            }
            class.range(low, high);
        }
        self.rest = &rest[1..];
        self.push(Piece::atom(class.text(self.flags.fold)));
        Ok(())
    }
}

fn class_character(class: &str, rest: &mut &str) -> Result<u32, PatternError> {
    if rest.starts_with('\\') {
        return escape(rest, rest);
    }
    take(rest).map(u32::from).ok_or_else(|| error("missing closing ]", class))
}

/// Takes what follows a brace as a count; nothing where the brace stands for itself. A number that is
/// far too large is less than zero, as is an open end.
fn count(text: &str) -> Option<(i64, i64, &str)> {
    let (least, rest) = number(text)?;
    let (least, most, rest) = match rest.strip_prefix(',') {
        None => (least, least, rest),
        Some(rest) if rest.starts_with('}') => (least, -1, rest),
        Some(rest) => {
            let (most, rest) = number(rest)?;
            (if most < 0 { -1 } else { least }, most, rest)
        }
    };
    Some((least, most, rest.strip_prefix('}')?))
}

fn number(text: &str) -> Option<(i64, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    Some((digits.parse().ok().filter(|number: &i64| *number < 1_000_000_000).unwrap_or(-1), rest))
}

/// Takes an escape for one character; the rest of the text after it is given back in `rest`.
fn escape<'a>(start: &'a str, rest: &mut &'a str) -> Result<u32, PatternError> {
    let mut after = &start[1..];
    let Some(character) = take(&mut after) else {
        return Err(error("trailing backslash at end of expression", ""));
    };
    let code = match character {
        '0'..='7' => octal(character, &mut after),
        'x' => hexadecimal(&mut after),
        'a' => Some(7),
        'f' => Some(12),
        'n' => Some(10),
        'r' => Some(13),
        't' => Some(9),
        'v' => Some(11),
        other if other.is_ascii() && !other.is_ascii_alphanumeric() => Some(other.into()),
        _ => None,
    };
    let code = code.ok_or_else(|| error("invalid escape sequence", before(start, after)));
    *rest = after;
    code
}

/// A single digit but zero would be a reference to a group, which there is not.
fn octal(first: char, rest: &mut &str) -> Option<u32> {
    let more = rest.bytes().take(2).take_while(|byte| (b'0'..=b'7').contains(byte)).count();
    if first != '0' && more == 0 {
        return None;
    }
    let (digits, after) = rest.split_at(more);
    *rest = after;
    u32::from_str_radix(&format!("{first}{digits}"), 8).ok()
}

fn hexadecimal(rest: &mut &str) -> Option<u32> {
    let first = take(rest)?;
    if first != '{' {
        let second = take(rest);
        return Some(first.to_digit(16)? * 16 + second?.to_digit(16)?);
    }
    let mut code: Option<u32> = None;
    loop {
        match take(rest)? {
            '}' => return code,
            digit => {
                let next = code.unwrap_or(0) * 16 + digit.to_digit(16)?;
                code = Some(next).filter(|code| *code <= u32::from(char::MAX));
                code?;
            }
        }
    }
}
