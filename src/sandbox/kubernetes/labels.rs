//! The text of label selectors: `app=web,tier in (front,back),!old`.

use super::failure::Failure;
use super::select::Requirement;

/// Words and signs, as the server takes a selector apart.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Sign(&'static str),
    End,
}

impl Token {
    fn shown(&self) -> &str {
        match self {
            Token::Word(word) => word,
            Token::Sign(sign) => sign,
            Token::End => "",
        }
    }
}

const SIGNS: [&str; 9] = ["==", "!=", "=", "!", ",", "(", ")", ">", "<"];

struct Reader {
    tokens: Vec<Token>,
    at: usize,
}

/// Reads a label selector.
///
/// # Errors
/// What stands where something else was expected.
pub fn read(text: &str) -> Result<Vec<Requirement>, Failure> {
    let mut reader = Reader { tokens: tokens(text), at: 0 };
    let mut found = Vec::new();
    if *reader.peek() == Token::End {
        return Ok(found);
    }
    loop {
        match reader.peek() {
            Token::Word(_) | Token::Sign("!") => {
                let requirement = reader.requirement().map_err(|fault| {
                    Failure::bad_request(format!("unable to parse requirement: {fault}"))
                })?;
                found.push(requirement);
            }
            other => {
                let text = format!(
                    "found '{}', expected: !, identifier, or 'end of string'",
                    other.shown()
                );
                return Err(Failure::bad_request(text));
            }
        }
        match reader.next() {
            Token::End => return Ok(found),
            Token::Sign(",") if matches!(reader.peek(), Token::Word(_) | Token::Sign("!")) => {}
            Token::Sign(",") => {
                let text =
                    format!("found '{}', expected: identifier after ','", reader.peek().shown());
                return Err(Failure::bad_request(text));
            }
            other => {
                let text = format!("found '{}', expected: ',' or 'end of string'", other.shown());
                return Err(Failure::bad_request(text));
            }
        }
    }
}

fn tokens(text: &str) -> Vec<Token> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            let end = rest
                .find(|c: char| c.is_whitespace() || "=!,()<>".contains(c))
                .unwrap_or(rest.len());
            found.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    found
}

impl Reader {
    fn peek(&self) -> &Token {
        self.tokens.get(self.at).unwrap_or(&Token::End)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        if *self.peek() == Token::Sign("!") {
            self.at += 1;
            return Ok(Requirement::Absent(self.next().shown().to_owned()));
        }
        let key = self.next().shown().to_owned();
        match self.next() {
            Token::End => Ok(Requirement::Exists(key)),
            Token::Sign(",") => {
                self.at -= 1;
                Ok(Requirement::Exists(key))
            }
            Token::Sign("=" | "==") => Ok(Requirement::In(key, vec![self.value()?])),
            Token::Sign("!=") => Ok(Requirement::NotIn(key, vec![self.value()?])),
            Token::Sign(">") => Ok(Requirement::Above(key, self.number()?)),
            Token::Sign("<") => Ok(Requirement::Below(key, self.number()?)),
            Token::Word(word) if word == "in" => Ok(Requirement::In(key, self.values()?)),
            Token::Word(word) if word == "notin" => Ok(Requirement::NotIn(key, self.values()?)),
            other => {
                Err(format!("found '{}', expected: in, notin, =, ==, !=, gt, lt", other.shown()))
            }
        }
    }

    fn value(&mut self) -> Result<String, String> {
        match self.peek().clone() {
            Token::Word(word) => {
                self.at += 1;
                Ok(word)
            }
            Token::End | Token::Sign(",") => Ok(String::new()),
            other => Err(format!("found '{}', expected: identifier", other.shown())),
        }
    }

    fn number(&mut self) -> Result<i64, String> {
        let word = self.value()?;
        word.parse()
            .map_err(|_| "for 'Gt', 'Lt' operators, the value must be an integer".to_owned())
    }

    fn values(&mut self) -> Result<Vec<String>, String> {
        match self.next() {
            Token::Sign("(") => {}
            other => return Err(format!("found '{}' expected: '('", other.shown())),
        }
        let mut values = Vec::new();
        loop {
            match self.next() {
                Token::Word(word) => values.push(word),
                Token::Sign(",") => {
                    values.push(String::new());
                    continue;
                }
                Token::Sign(")") => {
                    values.push(String::new());
                    return Ok(values);
                }
                other => {
                    return Err(format!(
                        "found '{}', expected: ',', ')' or identifier",
                        other.shown()
                    ));
                }
            }
            match self.next() {
                Token::Sign(",") => {}
                Token::Sign(")") => return Ok(values),
                other => return Err(format!("found '{}', expected: ',' or ')'", other.shown())),
            }
        }
    }
}
