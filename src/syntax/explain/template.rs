//! Templates: interpolations and directives.

use crate::diag::nearest_within;

use super::super::literal::Quoting;
use super::super::scan::{Kind, Token};
use super::Explain;

/// A directive in the order of the text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    If,
    Else,
    EndIf,
    For,
    EndFor,
}

impl Word {
    fn name(self) -> &'static str {
        match self {
            Word::If => "if",
            Word::Else => "else",
            Word::EndIf => "endif",
            Word::For => "for",
            Word::EndFor => "endfor",
        }
    }
}

const WORDS: &[Word] = &[Word::If, Word::For, Word::Else, Word::EndIf, Word::EndFor];

impl Explain<'_, '_> {
    /// Goes through a template up to what closes it; the opening has been read.
    pub(super) fn template(&mut self, end: Kind) {
        self.newlines.push(true);
        let first = self.peek();
        let mut words: Vec<(Word, usize, usize)> = Vec::new();
        let close = loop {
            let next = self.read();
            if next.kind == end {
                break next;
            }
            match next.kind {
                Kind::QuotedText => {
                    self.lowering.literal(next.start, next.end, Quoting::Quoted);
                }
                Kind::Text => {}
                Kind::Interpolation => self.interpolation(end, first),
                Kind::Directive => words.extend(self.directive(next, first)),
                _ => {
                    if !self.recovery {
                        let detail = "No closing marker was found for the string.";
                        self.problem_from(
                            "Unterminated template string",
                            detail,
                            first.start,
                            next,
                        );
                    }
                    break self.recover(end);
                }
            }
        };
        self.newlines.pop();
        self.balance(&words, close);
    }

    fn interpolation(&mut self, end: Kind, first: Token) {
        const UNCLOSED: &str = "Unclosed template interpolation sequence";
        const EXTRA: &str = "Extra characters after interpolation expression";
        self.newlines.push(false);
        self.expression();
        let close = self.peek();
        if close.kind == Kind::SequenceEnd {
            self.read();
        } else {
            let quote = matches!(close.kind, Kind::CloseQuote | Kind::OpenQuote);
            if self.recovery {
            } else if close.kind == Kind::End {
                let detail = "There is no closing brace for this interpolation sequence before the end of \
                              the file. This might be caused by incorrect nesting inside the given \
                              expression.";
                self.problem(UNCLOSED, detail, first);
            } else if close.kind == Kind::Colon {
                let detail = "Template interpolation doesn't expect a colon at this location. Did you intend \
                              this to be a literal sequence to be processed as part of another language? If \
                              so, you can escape it by starting with \"$${\" instead of just \"${\".";
                self.problem_from(EXTRA, detail, first.start, close);
            } else if quote && end == Kind::CloseQuote {
                let detail = "There is no closing brace for this interpolation sequence before the end of \
                              the quoted template. This might be caused by incorrect nesting inside the \
                              given expression.";
                self.problem(UNCLOSED, detail, first);
            } else {
                let detail = "Expected a closing brace to end the interpolation expression, but found extra \
                              characters.\n\nThis can happen when you include interpolation syntax for \
                              another language, such as shell scripting, but forget to escape the \
                              interpolation start token. If this is an embedded sequence for another \
                              language, escape it by starting with \"$${\" instead of just \"${\".";
                self.problem_from(EXTRA, detail, first.start, close);
            }
            self.recover(Kind::SequenceEnd);
        }
        self.newlines.pop();
    }

    /// Goes through a directive; gives its word with the place that messages name.
    fn directive(&mut self, open: Token, first: Token) -> Option<(Word, usize, usize)> {
        self.newlines.push(false);
        let found = self.directive_inner(open, first);
        self.newlines.pop();
        found
    }

    fn directive_inner(&mut self, open: Token, first: Token) -> Option<(Word, usize, usize)> {
        let keyword = self.peek();
        if keyword.kind != Kind::Ident {
            let detail = "A template directive keyword (\"if\", \"for\", etc) is expected at the beginning \
                          of a %{ sequence.";
            self.directive_problem("Invalid template directive", detail, keyword);
            return None;
        }
        self.read();
        let text = self.text(keyword);
        let Some(word) = WORDS.iter().copied().find(|word| word.name() == text) else {
            let near = nearest_within(text, WORDS.iter().map(|word| word.name()));
            let near = near.map(|near| format!(" Did you mean \"{near}\"?")).unwrap_or_default();
            let detail = format!("\"{text}\" is not a valid template control keyword.{near}");
            self.directive_problem("Invalid template control keyword", &detail, keyword);
            return None;
        };
        match word {
            Word::If => self.expression(),
            Word::For => {
                if !self.for_names() {
                    return None;
                }
                self.expression();
            }
            Word::Else | Word::EndIf | Word::EndFor => {}
        }
        let close = self.peek();
        let found = Some((word, open.start, close.end));
        if close.kind == Kind::SequenceEnd {
            self.read();
        } else {
            if !self.recovery {
                let detail =
                    "Expected a closing brace to end the sequence, but found extra characters.";
                let summary = format!("Extra characters in {text} marker");
                self.problem_from(&summary, detail, first.start, close);
            }
            self.recover(Kind::SequenceEnd);
        }
        found
    }

    fn directive_problem(&mut self, summary: &str, detail: &str, at: Token) {
        if !self.recovery {
            self.problem(summary, detail, at);
        }
        self.recover(Kind::SequenceEnd);
    }

    fn for_names(&mut self) -> bool {
        const SUMMARY: &str = "Invalid 'for' directive";
        if self.peek().kind != Kind::Ident {
            let detail = "For directive requires variable name after 'for'.";
            self.directive_problem(SUMMARY, detail, self.peek());
            return false;
        }
        self.read();
        if self.peek().kind == Kind::Comma {
            self.read();
            if self.peek().kind != Kind::Ident {
                let detail = "For directive requires value variable name after comma.";
                self.directive_problem(SUMMARY, detail, self.peek());
                return false;
            }
            self.read();
        }
        if !self.is_word(self.peek(), "in") {
            let detail = "For directive requires 'in' keyword after names.";
            self.directive_problem(SUMMARY, detail, self.peek());
            return false;
        }
        self.read();
        true
    }

    /// Checks that each directive is closed by its own. As the language's parser does, an outer directive
    /// goes on after a mistake in it, which leads to further ones.
    fn balance(&mut self, words: &[(Word, usize, usize)], close: Token) {
        const UNBALANCED: &str = "The control directives within this template are unbalanced.";
        let mut open: Vec<(Word, usize, usize, bool)> = Vec::new();
        for (word, start, end) in words.iter().copied() {
            let Some((outer, from, to, in_else)) = open.last_mut() else {
                match word {
                    Word::If | Word::For => open.push((word, start, end, false)),
                    _ => self.unbalanced(word, start, end, UNBALANCED.to_string()),
                }
                continue;
            };
            match (word, *outer) {
                (Word::If | Word::For, _) => open.push((word, start, end, false)),
                (Word::Else, Word::If) if !*in_else => *in_else = true,
                (Word::EndIf, Word::If) | (Word::EndFor, Word::For) => drop(open.pop()),
                (_, outer) => {
                    let (from, to) = (*from, *to);
                    let detail = self.wrong_end(word, outer, from, to);
                    self.unbalanced(word, start, end, detail);
                    open.pop();
                }
            }
        }
        while let Some((word, start, end, _)) = open.pop() {
            let place = self.place(start, end);
            let name = word.name();
            let detail = format!(
                "The {name} directive at {place} is missing its corresponding end{name} directive."
            );
            self.problem("Unexpected end of template", detail, close);
        }
    }

    /// Says what a directive that does not fit stands in.
    fn wrong_end(&self, word: Word, outer: Word, from: usize, to: usize) -> String {
        let place = self.place(from, to);
        match (word, outer) {
            (Word::Else, Word::If) => {
                format!("Already in the else clause for the if started at {place}.")
            }
            (Word::Else, _) => "An else clause is not expected for a for directive.".to_string(),
            (_, Word::If) => {
                format!("Expecting an endif directive for the if started at {place}.")
            }
            _ => format!(
                "Expecting an endfor directive corresponding to the for directive at {place}."
            ),
        }
    }

    fn unbalanced(&mut self, word: Word, start: usize, end: usize, detail: String) {
        let summary = format!("Unexpected {} directive", word.name());
        self.problem_at(&summary, detail, start, end);
    }
}
