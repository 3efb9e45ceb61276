//! Text of an expression to its tree.

use super::value::Value;

/// How deep expressions may lie in each other.
const DEEPEST: usize = 100;

/// How many words and signs an expression may have: each may be one step down its tree.
const LONGEST: usize = 1500;

/// A part of an expression.
#[derive(Clone, Debug)]
pub enum Node {
    /// A value that is written down.
    Literal(Value),
    /// A name.
    Name(String),
    /// A field; with `optional`, one that may be absent.
    Field { of: Box<Node>, name: String, optional: bool },
    /// Whether there is a field.
    Has { of: Box<Node>, name: String },
    /// An element.
    Element { of: Box<Node>, at: Box<Node>, optional: bool },
    /// A function or an operator, of a thing or of arguments alone.
    Call { of: Option<Box<Node>>, name: String, arguments: Vec<Node> },
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Vec<(Node, Node)>),
    /// What is worked out of each element: `all`, `map` and their like.
    Each { of: Box<Node>, name: String, variable: String, parts: Vec<Node> },
}

/// Reads an expression.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Node, String> {
    let tokens = tokens(text)?;
    if tokens.len() > LONGEST {
        return Err("expression is too long".to_owned());
    }
    let mut reader = Reader { tokens, at: 0, depth: 0 };
    let node = reader.choice()?;
    match reader.tokens.get(reader.at) {
        None => Ok(node),
        Some(token) => Err(format!("Syntax error: extraneous input '{}'", token.text())),
    }
}

#[derive(Clone, Debug)]
enum Token {
    Sign(&'static str),
    Word(String),
    Literal(Value),
}

impl Token {
    fn text(&self) -> String {
        match self {
            Token::Sign(sign) => (*sign).to_owned(),
            Token::Word(word) => word.clone(),
            Token::Literal(value) => format!("{value:?}"),
        }
    }
}

const SIGNS: [&str; 28] = [
    "||", "&&", "==", "!=", "<=", ">=", "[?", ".?", "?", ":", "<", ">", "+", "-", "*", "/", "%",
    "!", "(", ")", "[", "]", "{", "}", ".", ",", "=", ";",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        if let Some(comment) = rest.strip_prefix("//") {
            rest = comment.split_once('\n').map_or("", |(_, rest)| rest);
            continue;
        }
        let Some(first) = rest.chars().next() else { return Ok(found) };
        let digit_after_dot =
            first == '.' && rest[1..].chars().next().is_some_and(|c| c.is_ascii_digit());
        if let Some((value, length)) = quoted(rest)? {
            found.push(Token::Literal(value));
            rest = &rest[length..];
        } else if first.is_ascii_digit() || digit_after_dot {
            let (value, length) = number(rest)?;
            found.push(Token::Literal(value));
            rest = &rest[length..];
        } else if first.is_alphabetic() || first == '_' {
            let length =
                rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            found.push(match &rest[..length] {
                "true" => Token::Literal(Value::Bool(true)),
                "false" => Token::Literal(Value::Bool(false)),
                "null" => Token::Literal(Value::Null),
                word => Token::Word(word.to_owned()),
            });
            rest = &rest[length..];
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            found.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else {
            return Err(format!("Syntax error: token recognition error at: '{first}'"));
        }
    }
}

fn number(text: &str) -> Result<(Value, usize), String> {
    let wrong = |_| "Syntax error: invalid number".to_owned();
    if let Some(rest) = text.strip_prefix("0x") {
        let length = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        let value = i64::from_str_radix(&rest[..length], 16).map_err(wrong)?;
        return Ok((Value::Int(value), length + 2));
    }
    let mut length = 0;
    let mut is_double = false;
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(length) {
        let after = bytes.get(length + 1).copied().unwrap_or(b' ');
        match byte {
            b'0'..=b'9' => {}
            b'.' if after.is_ascii_digit() && !is_double => is_double = true,
            b'e' | b'E' if after.is_ascii_digit() || b"+-".contains(&after) => {
                is_double = true;
                length += 1;
            }
            _ => break,
        }
        length += 1;
    }
    let digits = text.get(..length).unwrap_or(text);
    if is_double {
        let value = digits.parse().map_err(|_| "Syntax error: invalid number".to_owned())?;
        return Ok((Value::Double(value), length));
    }
    if matches!(bytes.get(length), Some(b'u' | b'U')) {
        return Ok((Value::Uint(digits.parse().map_err(wrong)?), length + 1));
    }
    Ok((Value::Int(digits.parse().map_err(wrong)?), length))
}

/// Reads a text in quotes; gives also how long it is.
fn quoted(text: &str) -> Result<Option<(Value, usize)>, String> {
    let marks = text.find(|c: char| !"rRbB".contains(c)).unwrap_or(text.len());
    let (prefix, rest) = text.split_at(marks);
    let quote = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quote| rest.starts_with(quote));
    let Some(quote) = quote.filter(|_| prefix.len() <= 2) else { return Ok(None) };
    let raw = prefix.contains(['r', 'R']);
    let body = &rest[quote.len()..];
    let mut content = String::new();
    let mut at = 0;
    loop {
        let Some(left) = body.get(at..).filter(|left| !left.is_empty()) else {
            return Err("Syntax error: unterminated string".to_owned());
        };
        if left.starts_with(quote) {
            break;
        }
        let mut letters = left.chars();
        let Some(letter) = letters.next() else { break };
        at += letter.len_utf8();
        if letter == '\\' && !raw {
            let (letter, length) = escaped(letters.as_str())?;
            content.push(letter);
            at += length;
        } else {
            content.push(letter);
        }
    }
    let length = marks + quote.len() + at + quote.len();
    let value = match prefix.contains(['b', 'B']) {
        true => Value::Bytes(content.into_bytes()),
        false => Value::Text(content),
    };
    Ok(Some((value, length)))
}

fn escaped(text: &str) -> Result<(char, usize), String> {
    let wrong = || "Syntax error: invalid escape".to_owned();
    let first = text.chars().next().ok_or_else(wrong)?;
    let coded = |from: usize, length: usize, base: u32| {
        let digits = text.get(from..from + length)?;
        let letter = u32::from_str_radix(digits, base).ok().and_then(char::from_u32)?;
        Some((letter, from + length))
    };
    let found = match first {
        'n' => Some(('\n', 1)),
        't' => Some(('\t', 1)),
        'r' => Some(('\r', 1)),
        'a' => Some(('\u{7}', 1)),
        'b' => Some(('\u{8}', 1)),
        'f' => Some(('\u{c}', 1)),
        'v' => Some(('\u{b}', 1)),
        'x' | 'X' => coded(1, 2, 16),
        'u' => coded(1, 4, 16),
        'U' => coded(1, 8, 16),
        '0'..='7' => coded(0, 3, 8),
        '\\' | '\'' | '"' | '`' | '?' => Some((first, 1)),
        _ => None,
    };
    found.ok_or_else(wrong)
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

/// Operators of two sides, the loosest first.
const LEVELS: [&[&str]; 5] =
    [&["||"], &["&&"], &["==", "!=", "<=", ">=", "<", ">", "in"], &["+", "-"], &["*", "/", "%"]];

impl Reader {
    fn is(&self, sign: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Sign(here)) if *here == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let is = self.is(sign);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &str) -> Result<(), String> {
        match self.take(sign) {
            true => Ok(()),
            false => Err(format!("Syntax error: mismatched input, expecting '{sign}'")),
        }
    }

    fn word(&mut self) -> Result<String, String> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) => {
                self.at += 1;
                Ok(word.clone())
            }
            _ => Err("Syntax error: an identifier is missing".to_owned()),
        }
    }

    fn choice(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err("expression recursion limit exceeded".to_owned());
        }
        let condition = self.binary(0)?;
        let node = if self.take("?") {
            let yes = self.binary(0)?;
            self.expect(":")?;
            let no = self.choice()?;
            call("?:", vec![condition, yes, no])
        } else {
            condition
        };
        self.depth -= 1;
        Ok(node)
    }

    fn binary(&mut self, level: usize) -> Result<Node, String> {
        let Some(signs) = LEVELS.get(level) else { return self.unary() };
        let mut left = self.binary(level + 1)?;
        loop {
            let found = match self.tokens.get(self.at) {
                Some(Token::Sign(sign)) => signs.iter().find(|known| *known == sign),
                Some(Token::Word(word)) if word == "in" => signs.iter().find(|sign| **sign == "in"),
                _ => None,
            };
            let Some(sign) = found else { return Ok(left) };
            self.at += 1;
            let right = self.binary(level + 1)?;
            left = call(sign, vec![left, right]);
        }
    }

    fn unary(&mut self) -> Result<Node, String> {
        if self.is("!") || self.is("-") {
            self.depth += 1;
            if self.depth > DEEPEST {
                return Err("expression recursion limit exceeded".to_owned());
            }
            let name = if self.take("!") { "!" } else { "-" };
            self.at += usize::from(name == "-");
            let inner = self.unary()?;
            self.depth -= 1;
            return Ok(call(name, vec![inner]));
        }
        self.member()
    }

    fn member(&mut self) -> Result<Node, String> {
        let mut node = self.primary()?;
        loop {
            let optional = self.is(".?") || self.is("[?");
            if self.take(".") || self.take(".?") {
                let name = self.word()?;
                node = match self.take("(") {
                    true => {
                        let arguments = self.list(")")?;
                        of_macro(Some(node), name, arguments)?
                    }
                    false => Node::Field { of: Box::new(node), name, optional },
                };
            } else if self.take("[") || self.take("[?") {
                let at = Box::new(self.choice()?);
                self.expect("]")?;
                node = Node::Element { of: Box::new(node), at, optional };
            } else {
                return Ok(node);
            }
        }
    }

    fn primary(&mut self) -> Result<Node, String> {
        self.take(".");
        if self.take("(") {
            let node = self.choice()?;
            self.expect(")")?;
            return Ok(node);
        }
        if self.take("[") {
            return Ok(Node::List(self.list("]")?));
        }
        if self.take("{") {
            let mut rows = Vec::new();
            while !self.take("}") {
                let key = self.choice()?;
                self.expect(":")?;
                rows.push((key, self.choice()?));
                if !self.take(",") && !self.is("}") {
                    return Err("Syntax error: mismatched input, expecting '}'".to_owned());
                }
            }
            return Ok(Node::Map(rows));
        }
        match self.tokens.get(self.at).cloned() {
            Some(Token::Literal(value)) => {
                self.at += 1;
                Ok(Node::Literal(value))
            }
            Some(Token::Word(name)) => {
                self.at += 1;
                if self.take("(") {
                    let arguments = self.list(")")?;
                    return of_macro(None, name, arguments);
                }
                Ok(Node::Name(name))
            }
            Some(token) => Err(format!("Syntax error: extraneous input '{}'", token.text())),
            None => Err("Syntax error: mismatched input '<EOF>'".to_owned()),
        }
    }

    fn list(&mut self, end: &str) -> Result<Vec<Node>, String> {
        let mut found = Vec::new();
        while !self.take(end) {
            found.push(self.choice()?);
            if !self.take(",") && !self.is(end) {
                return Err(format!("Syntax error: mismatched input, expecting '{end}'"));
            }
        }
        Ok(found)
    }
}

fn call(name: &str, arguments: Vec<Node>) -> Node {
    Node::Call { of: None, name: name.to_owned(), arguments }
}

/// Makes a call, or what a macro stands for.
fn of_macro(of: Option<Node>, name: String, mut arguments: Vec<Node>) -> Result<Node, String> {
    let several = ["all", "exists", "exists_one", "existsOne", "map", "filter", "optMap"];
    match (of, name.as_str()) {
        (None, "has") => match arguments.pop() {
            Some(Node::Field { of, name, .. }) if arguments.is_empty() => {
                Ok(Node::Has { of, name })
            }
            _ => Err("invalid argument to has() macro".to_owned()),
        },
        (Some(of), word) if several.contains(&word) && arguments.len() > 1 => {
            let Node::Name(variable) = arguments.remove(0) else {
                return Err("argument must be a simple name".to_owned());
            };
            Ok(Node::Each { of: Box::new(of), name, variable, parts: arguments })
        }
        (of, _) => Ok(Node::Call { of: of.map(Box::new), name, arguments }),
    }
}

/// Says whether an expression names something.
pub fn names(node: &Node, wanted: &str) -> bool {
    let any = |nodes: &[Node]| nodes.iter().any(|node| names(node, wanted));
    match node {
        Node::Literal(_) => false,
        Node::Name(name) => name == wanted,
        Node::Field { of, .. } | Node::Has { of, .. } => names(of, wanted),
        Node::Element { of, at, .. } => names(of, wanted) || names(at, wanted),
        Node::Call { of, arguments, .. } => {
            of.as_ref().is_some_and(|of| names(of, wanted)) || any(arguments)
        }
        Node::List(parts) => any(parts),
        Node::Map(rows) => rows.iter().any(|(a, b)| names(a, wanted) || names(b, wanted)),
        Node::Each { of, parts, .. } => names(of, wanted) || any(parts),
    }
}
