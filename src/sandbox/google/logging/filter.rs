//! The language of log filters, as far as questions about audit logs need it: comparisons of fields, `AND`, `OR`, `NOT`, parentheses,
//! lists of values, and `log_id`.

use serde_json::Value as Json;

/// A filter.
#[derive(Debug)]
pub(super) enum Filter {
    /// Everything fits.
    All,
    And(Vec<Filter>),
    Or(Vec<Filter>),
    Not(Box<Filter>),
    /// A field, how it is compared, and with what.
    Compare(Vec<String>, String, String),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(String),
}

impl Filter {
    /// Reads one.
    pub(super) fn parse(text: &str) -> Result<Filter, String> {
        let tokens = tokens(text)?;
        if tokens.is_empty() {
            return Ok(Filter::All);
        }
        let mut reader = Reader { tokens: &tokens, at: 0 };
        let filter = reader.any()?;
        match reader.peek() {
            None => Ok(filter),
            Some(token) => Err(format!("unexpected {token:?}")),
        }
    }

    /// Says whether an entry fits.
    pub(super) fn fits(&self, entry: &Json) -> bool {
        match self {
            Filter::All => true,
            Filter::And(parts) => parts.iter().all(|part| part.fits(entry)),
            Filter::Or(parts) => parts.iter().any(|part| part.fits(entry)),
            Filter::Not(part) => !part.fits(entry),
            Filter::Compare(field, how, with) => {
                let found = field.iter().try_fold(entry, |entry, name| entry.get(name));
                match found {
                    Some(found) => compare(&text_of(found), how, with),
                    None => how == "!=",
                }
            }
        }
    }
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_string)
}

fn compare(found: &str, how: &str, with: &str) -> bool {
    let times = || {
        let found: jiff::Timestamp = found.parse().ok()?;
        let with: jiff::Timestamp = with.parse().ok()?;
        Some(found.cmp(&with))
    };
    let order = || times().unwrap_or_else(|| found.cmp(with));
    match how {
        "=" => found.eq_ignore_ascii_case(with),
        "!=" => !found.eq_ignore_ascii_case(with),
        ":" => found.to_lowercase().contains(&with.to_lowercase()),
        ">=" => order().is_ge(),
        "<=" => order().is_le(),
        ">" => order().is_gt(),
        _ => order().is_lt(),
    }
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            let mut escaped = false;
            let end = rest[1..].find(|c| {
                let ends = c == '"' && !escaped;
                escaped = c == '\\' && !escaped;
                ends
            });
            let end = end.ok_or("a text without an end")?;
            let inside = &rest[1..=end];
            found.push(Token::Text(inside.replace("\\\"", "\"").replace("\\\\", "\\")));
            end + 2
        } else if let Some(sign) = ["!=", ">=", "<=", "=", ":", ">", "<", "(", ")", "-"]
            .into_iter()
            .find(|sign| rest.starts_with(sign))
        {
            found.push(Token::Sign(sign.to_string()));
            sign.len()
        } else {
            let end = rest.find(|c: char| c.is_whitespace() || "=:<>!()\"".contains(c));
            let end = end.unwrap_or(rest.len());
            if end == 0 {
                return Err(format!("unexpected {first:?}"));
            }
            found.push(Token::Word(rest[..end].to_string()));
            end
        };
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn takes(&mut self, wanted: &str) -> bool {
        let is = match self.peek() {
            Some(Token::Word(word) | Token::Sign(word)) => word == wanted,
            _ => false,
        };
        self.at += usize::from(is);
        is
    }

    /// `OR` binds closer than `AND`, as in Google's language.
    fn any(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.either()?];
        loop {
            let said = self.takes("AND");
            let goes_on = match self.peek() {
                None => false,
                Some(Token::Sign(sign)) => sign == "(" || sign == "-",
                Some(_) => true,
            };
            match (said, goes_on) {
                (false, false) => break,
                (true, false) => return Err("nothing after AND".into()),
                _ => parts.push(self.either()?),
            }
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::And(parts) })
    }

    fn either(&mut self) -> Result<Filter, String> {
        let mut parts = vec![self.one()?];
        while self.takes("OR") {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Filter::Or(parts) })
    }

    fn one(&mut self) -> Result<Filter, String> {
        if self.takes("NOT") || self.takes("-") {
            return Ok(Filter::Not(Box::new(self.one()?)));
        }
        if self.takes("(") {
            let inner = self.any()?;
            return if self.takes(")") {
                Ok(inner)
            } else {
                Err("a parenthesis without an end".into())
            };
        }
        let Some(Token::Word(field)) = self.next() else {
            return Err("a field is missing".into());
        };
        if field == "log_id" {
            let inner = (self.takes("("), self.next(), self.takes(")"));
            let (true, Some(Token::Text(id)), true) = inner else {
                return Err("log_id has one text".into());
            };
            let ending = format!("/logs/{}", id.replace('/', "%2F"));
            return Ok(Filter::Compare(vec!["logName".into()], ":".into(), ending));
        }
        let Some(Token::Sign(how)) = self.next().filter(
            |token| matches!(token, Token::Sign(sign) if !["(", ")", "-"].contains(&sign.as_str())),
        ) else {
            return Err(format!("{field} is compared with nothing"));
        };
        let field: Vec<String> = field.split('.').map(str::to_string).collect();
        if !self.takes("(") {
            return Ok(Filter::Compare(field, how, self.value()?));
        }
        let mut parts = vec![Filter::Compare(field.clone(), how.clone(), self.value()?)];
        while self.takes("OR") {
            parts.push(Filter::Compare(field.clone(), how.clone(), self.value()?));
        }
        if self.takes(")") {
            Ok(Filter::Or(parts))
        } else {
            Err("a parenthesis without an end".into())
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.next() {
            Some(Token::Word(text) | Token::Text(text)) => Ok(text),
            _ => Err("a value is missing".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn filters_are_understood_as_their_language_says() {
        let entry = json!({
            "logName": "projects/p/logs/cloudaudit.googleapis.com%2Factivity", "timestamp": "2026-01-01T10:00:00Z",
            "protoPayload": { "resourceName": "projects/_/buckets/b", "methodName": "storage.buckets.update" },
        });
        for (text, fits) in [
            ("", true),
            ("log_id(\"cloudaudit.googleapis.com/activity\")", true),
            ("log_id(\"cloudaudit.googleapis.com/data_access\")", false),
            ("timestamp>=\"2026-01-01T10:00:00Z\" timestamp<\"2026-01-01T10:00:00.5Z\"", true),
            ("protoPayload.resourceName=(\"x\" OR \"projects/_/buckets/b\")", true),
            ("protoPayload.methodName:buckets AND NOT protoPayload.methodName:update", false),
            (
                "protoPayload.methodName:x OR protoPayload.methodName:update AND timestamp>\"2027-01-01T00:00:00Z\"",
                false,
            ),
            ("(protoPayload.methodName:\"storage\") -protoPayload.resourceName:\"zz\"", true),
        ] {
            assert_eq!(Filter::parse(text).unwrap().fits(&entry), fits, "{text}");
        }
        for wrong in ["a", "a=", "(a=1", "a=\"x", "log_id(1)", "a=1 AND"] {
            assert!(Filter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
