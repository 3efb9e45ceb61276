//! The words of a resource file: their arguments, taken one after the other.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::diag::{Diagnostic, Span, nearest};
use crate::syntax::tree::{Body as Tree, Expr, ExprKind};
use crate::value::{Number, Type, Value};

/// A word's argument.
#[derive(Clone, Debug)]
pub(super) enum Word {
    Bool(bool),
    Number(f64),
    Text(String),
    Name(String),
    List(Vec<Word>),
    Object(Vec<(String, Word)>),
    Call(String, Vec<Word>),
}

impl Word {
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Word::Text(text) | Word::Name(text) => Some(text.clone()),
            Word::Bool(_) | Word::Number(_) | Word::List(_) | Word::Object(_) | Word::Call(..) => {
                None
            }
        }
    }

    pub(super) fn texts(&self) -> Option<Vec<String>> {
        match self {
            Word::List(words) => words.iter().map(Word::text).collect(),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Json {
        match self {
            Word::Bool(value) => Json::Bool(*value),
            Word::Number(number) => number_json(*number),
            Word::Text(text) | Word::Name(text) => Json::String(text.clone()),
            Word::List(words) => words.iter().map(Word::json).collect(),
            Word::Object(fields) => Json::Object(
                fields.iter().map(|(name, word)| (name.clone(), word.json())).collect(),
            ),
            Word::Call(..) => Json::Null,
        }
    }

    pub(super) fn value(&self, ty: &Type) -> Option<Value> {
        match (self, ty) {
            (Word::Bool(value), Type::Bool) => Some(Value::bool(*value)),
            (Word::Number(number), Type::Number) => Number::from_f64(*number).map(Value::number),
            (Word::Text(text), Type::String) => Some(Value::string(text)),
            (Word::List(words), Type::List(element)) => {
                let parts = words.iter().map(|word| word.value(element)).collect::<Option<_>>()?;
                Some(Value::list((**element).clone(), parts))
            }
            _ => None,
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "whole numbers of resource files are small")]
fn number_json(number: f64) -> Json {
    if number.fract() == 0.0 { (number as i64).into() } else { number.into() }
}

/// The words of one body, taken one after the other; what is left over is unknown.
pub(super) struct Words<'a> {
    words: BTreeMap<String, Word>,
    asked: Vec<&'static str>,
    pub(super) span: Span,
    pub(super) problems: &'a mut Vec<Diagnostic>,
}

impl<'a> Words<'a> {
    pub(super) fn of_body(body: &Tree, span: Span, problems: &'a mut Vec<Diagnostic>) -> Words<'a> {
        let words = body
            .attributes
            .iter()
            .filter(|attribute| attribute.name.text != "attributes")
            .filter_map(|attribute| Some((attribute.name.text.clone(), word(&attribute.expr)?)))
            .collect();
        Words { words, asked: Vec::new(), span, problems }
    }

    pub(super) fn of_word(word: Word, span: Span, problems: &'a mut Vec<Diagnostic>) -> Words<'a> {
        let words = match word {
            Word::Object(fields) => fields.into_iter().collect(),
            _ => BTreeMap::new(),
        };
        Words { words, asked: Vec::new(), span, problems }
    }

    pub(super) fn take(&mut self, name: &'static str) -> Option<Word> {
        self.asked.push(name);
        self.words.remove(name)
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        let word = self.take(name)?;
        word.text().or_else(|| self.misused(name, "a text"))
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        let Some(word) = self.take(name) else { return Vec::new() };
        word.texts().or_else(|| self.misused(name, "a list of texts")).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, name: &'static str) -> bool {
        match self.take(name) {
            None => false,
            Some(Word::Bool(flag)) => flag,
            Some(_) => self.misused(name, "true or false").unwrap_or(false),
        }
    }

    pub(super) fn number(&mut self, name: &'static str) -> Option<f64> {
        match self.take(name)? {
            Word::Number(number) => Some(number),
            _ => self.misused(name, "a number"),
        }
    }

    fn misused<T>(&mut self, name: &str, wanted: &str) -> Option<T> {
        self.problem(format!("The word `{name}` is {wanted}."));
        None
    }

    pub(super) fn count(&mut self, name: &'static str) -> Option<usize> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts are small"
        )]
        self.number(name).map(|number| number as usize)
    }

    pub(super) fn choice<T: Copy>(
        &mut self,
        name: &'static str,
        choices: &[(&str, T)],
        otherwise: T,
    ) -> T {
        let Some(text) = self.text(name) else { return otherwise };
        match choices.iter().find(|(choice, _)| *choice == text) {
            Some((_, value)) => *value,
            None => {
                self.problem(format!("The word `{name}` cannot be \"{text}\"."));
                otherwise
            }
        }
    }

    pub(super) fn problem(&mut self, detail: String) {
        self.problems.push(Diagnostic::error("Invalid resource file", detail).at(self.span, ""));
    }

    pub(super) fn finish(mut self) {
        let unknown: Vec<String> = self.words.keys().cloned().collect();
        for name in unknown {
            let near = nearest(&name, self.asked.iter().copied());
            let hint = near.map_or(String::new(), |near| format!(" Did you mean `{near}`?"));
            self.problem(format!("There is no word `{name}`.{hint}"));
        }
    }
}

/// Gives an expression as a word; nothing where it is none of the language.
pub(super) fn word(expr: &Expr) -> Option<Word> {
    Some(match &expr.kind {
        ExprKind::Bool(value) => Word::Bool(*value),
        ExprKind::Number(text) => Word::Number(text.parse().ok()?),
        ExprKind::Template(_) => Word::Text(expr.literal()?),
        ExprKind::Name(name) => Word::Name(name.clone()),
        ExprKind::Tuple(parts) => Word::List(parts.iter().map(word).collect::<Option<_>>()?),
        ExprKind::Object(items) => {
            let fields = items.iter().map(|item| Some((item.key.literal()?, word(&item.value)?)));
            Word::Object(fields.collect::<Option<_>>()?)
        }
        ExprKind::Call { name, arguments, .. } => {
            Word::Call(name.text.clone(), arguments.iter().map(word).collect::<Option<_>>()?)
        }
        ExprKind::Null => Word::Name("none".into()),
        _ => return None,
    })
}
