//! Characters that no text of the language may have.

use std::collections::HashMap;

use super::super::literal::multi_line_string;
use super::super::scan::Kind;
use super::Parser;

impl Parser<'_> {
    /// Names the characters that no text of the language may have.
    pub(super) fn invalid_tokens(&mut self) {
        let mut told: HashMap<Kind, usize> = HashMap::new();
        for place in 0..self.tokens.len() {
            let token = self.tokens[place];
            let (summary, detail) = match token.kind {
                Kind::BitwiseAnd | Kind::BitwiseOr | Kind::BitwiseNot | Kind::BitwiseXor => {
                    ("Unsupported operator", bitwise(token.kind).to_string())
                }
                Kind::Apostrophe => (
                    "Invalid character",
                    "Single quotes are not valid. Use double quotes (\") to enclose strings.".to_string(),
                ),
                Kind::Backtick => (
                    "Invalid character",
                    "The \"`\" character is not valid. To create a multi-line string, use the \"heredoc\" \
                     syntax, like \"<<EOT\"."
                        .to_string(),
                ),
                Kind::Semicolon => (
                    "Invalid character",
                    "The \";\" character is not valid. Use newlines to separate arguments and blocks, and \
                     commas to separate items in collection values."
                        .to_string(),
                ),
                Kind::QuotedNewline => {
                    let span = self.span_of(token);
                    self.problems.push(multi_line_string().at(span, ""));
                    continue;
                }
                Kind::BadText => (
                    "Invalid character encoding",
                    "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in your \
                     editor."
                        .to_string(),
                ),
                Kind::Invalid => ("Invalid character", invalid(self.word(token))),
                _ => continue,
            };
            let family = if is_bitwise(token.kind) { Kind::BitwiseAnd } else { token.kind };
            let count = told.entry(family).or_default();
            let before = *count;
            *count += 1;
            let again = match family {
                Kind::Invalid => false,
                Kind::BitwiseAnd => before >= 4,
                // The second of a pair closes what the first has opened.
                Kind::Apostrophe | Kind::Backtick => before % 2 == 1 || before > 2,
                _ => before > 0,
            };
            if again {
                continue;
            }
            self.problem(summary, detail, token);
        }
    }
}

fn is_bitwise(kind: Kind) -> bool {
    matches!(kind, Kind::BitwiseAnd | Kind::BitwiseOr | Kind::BitwiseNot | Kind::BitwiseXor)
}

fn bitwise(kind: Kind) -> &'static str {
    match kind {
        Kind::BitwiseAnd => {
            "Bitwise operators are not supported. Did you mean boolean AND (\"&&\")?"
        }
        Kind::BitwiseOr => "Bitwise operators are not supported. Did you mean boolean OR (\"||\")?",
        Kind::BitwiseNot => {
            "Bitwise operators are not supported. Did you mean boolean NOT (\"!\")?"
        }
        _ => "Bitwise operators are not supported.",
    }
}

fn invalid(text: &str) -> String {
    let text = if matches!(text, "\u{201c}" | "\u{201d}") {
        "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced when sharing \
         code via documents or discussion forums. It might help to replace the character with a \"straight \
         quote\"."
    } else {
        "This character is not used within the language."
    };
    text.to_string()
}
