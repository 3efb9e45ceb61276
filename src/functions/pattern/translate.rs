//! Patterns of the language's dialect (RE2 as Go has it) in the words of the `regex` crate.
//!
//! `\d`, `\w`, `\s` and `\b` mean ASCII there, and `[`, `&` and `~` stand for themselves in a class.

use super::PatternError;

/// Translates a pattern.
pub(super) fn translate(pattern: &str) -> Result<String, PatternError> {
    let mut translator = Translator { pattern, at: 0, out: String::new(), groups: Vec::new() };
    translator.run()?;
    Ok(translator.out)
}

fn error(code: &str, piece: &str) -> PatternError {
    PatternError { code: code.into(), piece: piece.into() }
}

struct Translator<'a> {
    pattern: &'a str,
    at: usize,
    out: String,
    groups: Vec<usize>,
}

impl<'a> Translator<'a> {
    fn rest(&self) -> &'a str {
        &self.pattern[self.at..]
    }

    fn take(&mut self) -> Option<char> {
        let character = self.rest().chars().next()?;
        self.at += character.len_utf8();
        Some(character)
    }

    fn run(&mut self) -> Result<(), PatternError> {
        // Where the last repetition began, and whether something stands that can be repeated.
        let mut repeated: Option<usize> = None;
        let mut repeatable = false;
        while !self.rest().is_empty() {
            let start = self.at;
            let character = self.take().unwrap_or_default();
            match character {
                '\\' => {
                    self.escape(start, false)?;
                    (repeated, repeatable) = (None, true);
                }
                '[' => {
                    self.class(start)?;
                    (repeated, repeatable) = (None, true);
                }
                '(' => {
                    self.open(start)?;
                    (repeated, repeatable) = (None, false);
                }
                ')' => {
                    if self.groups.pop().is_none() {
                        return Err(error("unexpected )", self.pattern));
                    }
                    self.out.push(')');
                    (repeated, repeatable) = (None, true);
                }
                '*' | '+' | '?' => {
                    self.repeat(start, character, repeated, repeatable)?;
                    repeated = Some(start);
                }
                '{' if self.counts(start) => {
                    self.count(start, repeated, repeatable)?;
                    repeated = Some(start);
                }
                '{' | '}' | ']' => {
                    self.out.push('\\');
                    self.out.push(character);
                    (repeated, repeatable) = (None, true);
                }
                '|' => {
                    self.out.push('|');
                    (repeated, repeatable) = (None, false);
                }
                other => {
                    self.out.push(other);
                    (repeated, repeatable) = (None, true);
                }
            }
        }
        if self.groups.is_empty() { Ok(()) } else { Err(error("missing closing )", self.pattern)) }
    }

    fn repeat(
        &mut self,
        start: usize,
        sign: char,
        repeated: Option<usize>,
        repeatable: bool,
    ) -> Result<(), PatternError> {
        if self.rest().starts_with('?') {
            self.at += 1;
        }
        let piece = &self.pattern[start..self.at];
        if !repeatable {
            return Err(error("missing argument to repetition operator", &sign.to_string()));
        }
        if let Some(before) = repeated {
            return Err(error(
                "invalid nested repetition operator",
                &self.pattern[before..self.at],
            ));
        }
        self.out.push_str(piece);
        Ok(())
    }

    /// Says whether a brace begins a count rather than standing for itself.
    fn counts(&self, start: usize) -> bool {
        let Some(end) = self.pattern[start..].find('}') else { return false };
        let inside = &self.pattern[start + 1..start + end];
        let (least, most) = inside.split_once(',').unwrap_or((inside, ""));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        !least.is_empty() && digits(least) && digits(most)
    }

    fn count(
        &mut self,
        start: usize,
        repeated: Option<usize>,
        repeatable: bool,
    ) -> Result<(), PatternError> {
        let end = self.rest().find('}').map_or(self.pattern.len(), |end| self.at + end + 1);
        let piece = &self.pattern[start..end];
        let inside = &self.pattern[start + 1..end - 1];
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        let number = |text: &str| text.parse().unwrap_or(u32::MAX);
        let most = if most.is_empty() { number(least) } else { number(most) };
        if number(least) > 1000 || most > 1000 || number(least) > most {
            return Err(error("invalid repeat count", piece));
        }
        if !repeatable {
            return Err(error("missing argument to repetition operator", piece));
        }
        if let Some(before) = repeated {
            return Err(error("invalid nested repetition operator", &self.pattern[before..end]));
        }
        self.out.push_str(piece);
        self.at = end;
        if self.rest().starts_with('?') {
            self.out.push('?');
            self.at += 1;
        }
        Ok(())
    }

    fn open(&mut self, start: usize) -> Result<(), PatternError> {
        let rest = self.rest();
        if !rest.starts_with('?') {
            self.groups.push(start);
            self.out.push('(');
            return Ok(());
        }
        if rest.starts_with("?P<") || rest.starts_with("?<") {
            let Some(end) = rest.find('>') else {
                return Err(error("invalid named capture", &self.pattern[start..]));
            };
            let name = &rest[rest.find('<').unwrap_or(0) + 1..end];
            let lookbehind = name.starts_with(['=', '!']);
            if lookbehind {
                let piece = &self.pattern[start..start + 4];
                return Err(error("invalid or unsupported Perl syntax", piece));
            }
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_') {
                return Err(error("invalid named capture", &self.pattern[start..=start + end + 1]));
            }
            self.out.push_str(&format!("(?P<{name}>"));
            self.at += end + 1;
            self.groups.push(start);
            return Ok(());
        }
        let flags = rest[1..].find(|c: char| !matches!(c, 'i' | 'm' | 's' | 'U' | '-'));
        let end = flags.map_or(rest.len(), |flags| flags + 1);
        match rest[end..].chars().next() {
            Some(')') if end > 1 => self.out.push_str(&self.pattern[start..=start + end + 1]),
            Some(':') => {
                self.out.push_str(&self.pattern[start..=start + end + 1]);
                self.groups.push(start);
            }
            Some(other) => {
                let piece = &self.pattern[start..start + 1 + end + other.len_utf8()];
                return Err(error("invalid or unsupported Perl syntax", piece));
            }
            None => return Err(error("missing argument to repetition operator", "?")),
        }
        self.at += end + 1;
        Ok(())
    }

    /// Translates what follows a backslash.
    fn escape(&mut self, start: usize, in_class: bool) -> Result<(), PatternError> {
        let Some(character) = self.take() else {
            return Err(error("trailing backslash at end of expression", ""));
        };
        let class = match character {
            'd' => Some(("0-9", false)),
            'D' => Some(("0-9", true)),
            'w' => Some(("0-9A-Za-z_", false)),
            'W' => Some(("0-9A-Za-z_", true)),
            's' => Some(("\\t\\n\\f\\r ", false)),
            'S' => Some(("\\t\\n\\f\\r ", true)),
            _ => None,
        };
        match (class, character) {
            (Some((class, negated)), _) => {
                let sign = if negated { "^" } else { "" };
                self.out.push_str(&match (in_class, negated) {
                    (true, false) => class.to_string(),
                    _ => format!("[{sign}{class}]"),
                });
            }
            (None, 'b' | 'B') if !in_class => self.out.push_str(&format!("(?-u:\\{character})")),
            (None, 'A' | 'z') if !in_class => self.out.push_str(&format!("\\{character}")),
            (None, 'Q') if !in_class => {
                let end = self.rest().find("\\E").unwrap_or(self.rest().len());
                self.out.push_str(&regex::escape(&self.rest()[..end]));
                self.at = (self.at + end + 2).min(self.pattern.len());
            }
            (None, '0'..='7') => {
                let digits = self
                    .rest()
                    .bytes()
                    .take(2)
                    .take_while(|byte| (b'0'..=b'7').contains(byte))
                    .count();
                if character != '0' && digits == 0 {
                    return Err(error("invalid escape sequence", &self.pattern[start..self.at]));
                }
                self.at += digits;
                let code = u32::from_str_radix(&self.pattern[start + 1..self.at], 8).unwrap_or(0);
                self.out.push_str(&format!("\\x{{{code:x}}}"));
            }
            (None, 'a' | 'f' | 't' | 'n' | 'r' | 'v' | 'x' | 'p' | 'P') => {
                // The name or number in braces belongs to it.
                let braces = self.rest().starts_with('{') && matches!(character, 'x' | 'p' | 'P');
                let end = if braces { self.rest().find('}').map_or(0, |end| end + 1) } else { 0 };
                self.at += end;
                self.out.push_str(&self.pattern[start..self.at]);
            }
            (None, other) if other.is_ascii() && !other.is_ascii_alphanumeric() => {
                if matches!(other, '<' | '>') {
                    self.out.push(other);
                } else {
                    self.out.push_str(&regex::escape(&other.to_string()));
                }
            }
            _ => return Err(error("invalid escape sequence", &self.pattern[start..self.at])),
        }
        Ok(())
    }

    fn class(&mut self, start: usize) -> Result<(), PatternError> {
        self.out.push('[');
        if self.rest().starts_with('^') {
            self.at += 1;
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let at = self.at;
            let rest = self.rest();
            let Some(character) = self.take() else {
                return Err(error("missing closing ]", &self.pattern[start..]));
            };
            match character {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                '[' if rest.starts_with("[:") && rest.contains(":]") => {
                    let end = rest.find(":]").unwrap_or(0) + 2;
                    self.out.push_str(&rest[..end]);
                    self.at = at + end;
                }
                '\\' => self.escape(at, true)?,
                '[' | ']' | '&' | '~' => {
                    self.out.push('\\');
                    self.out.push(character);
                }
                other => {
                    self.range(at, other)?;
                    self.out.push(other);
                }
            }
            first = false;
        }
    }

    /// Checks that a range of plain characters goes upwards.
    fn range(&self, at: usize, from: char) -> Result<(), PatternError> {
        let mut rest = self.rest().chars();
        match (rest.next(), rest.next()) {
            (Some('-'), Some('\\'))
                if matches!(rest.next(), Some('d' | 'w' | 's' | 'D' | 'W' | 'S')) =>
            {
                Err(error("invalid escape sequence", &self.rest()[1..3]))
            }
            (Some('-'), Some(to)) if !matches!(to, ']' | '\\' | '[') && to < from => {
                let end = self.at + 1 + to.len_utf8();
                Err(error("invalid character class range", &self.pattern[at..end]))
            }
            _ => Ok(()),
        }
    }
}
