//! The value of an expression.

use super::library;
use super::parse::Node;
use super::value::Value;

/// Why an expression has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It went wrong, in the server's words.
    Wrong(String),
    /// It uses what is not known here.
    Unknown(String),
}

/// What a part comes to.
pub type Outcome = Result<Value, Fault>;

/// Names and their values, the innermost last.
pub type Scope = Vec<(String, Value)>;

/// Makes a fault.
pub fn wrong<T>(text: impl Into<String>) -> Result<T, Fault> {
    Err(Fault::Wrong(text.into()))
}

/// Works out an expression.
///
/// # Errors
/// Why it has no value.
pub fn work_out(node: &Node, scope: &mut Scope) -> Outcome {
    match node {
        Node::Literal(value) => Ok(value.clone()),
        Node::Name(name) => named(name, scope),
        Node::Field { of, name, optional } => {
            if let Some(value) = dotted(node, scope) {
                return Ok(value);
            }
            let of = work_out(of, scope)?;
            field(&of, &Value::text(name.as_str()), *optional)
        }
        Node::Has { of, name } => {
            let of = match work_out(of, scope)? {
                Value::Optional(Some(inner)) => *inner,
                Value::Optional(None) => return Ok(Value::Bool(false)),
                other => other,
            };
            Ok(Value::Bool(of.at(&Value::text(name.as_str())).is_some()))
        }
        Node::Element { of, at, optional } => {
            let (of, at) = (work_out(of, scope)?, work_out(at, scope)?);
            field(&of, &at, *optional)
        }
        Node::List(parts) => {
            let parts: Result<Vec<Value>, Fault> =
                parts.iter().map(|part| work_out(part, scope)).collect();
            Ok(Value::list(parts?))
        }
        Node::Map(rows) => {
            let mut found = Vec::new();
            for (key, value) in rows {
                found.push((work_out(key, scope)?, work_out(value, scope)?));
            }
            Ok(Value::Map(found))
        }
        Node::Each { of, name, variable, parts } => {
            let of = work_out(of, scope)?;
            each(&of, name, variable, parts, scope)
        }
        Node::Call { of: None, name, arguments } => match (name.as_str(), arguments.as_slice()) {
            ("||" | "&&", [left, right]) => either(name == "||", left, right, scope),
            ("?:", [condition, yes, no]) => match work_out(condition, scope)? {
                Value::Bool(true) => work_out(yes, scope),
                Value::Bool(false) => work_out(no, scope),
                _ => wrong("no such overload"),
            },
            _ => {
                let arguments: Result<Vec<Value>, Fault> =
                    arguments.iter().map(|one| work_out(one, scope)).collect();
                library::call(name, &arguments?)
            }
        },
        Node::Call { of: Some(of), name, arguments } => {
            let whole = match of.as_ref() {
                Node::Name(space) if library::is_space(space) => Some(format!("{space}.{name}")),
                _ => None,
            };
            let mut all = Vec::new();
            if whole.is_none() {
                all.push(work_out(of, scope)?);
            }
            for argument in arguments {
                all.push(work_out(argument, scope)?);
            }
            match whole {
                Some(whole) => library::call(&whole, &all),
                None => library::method(name, &all),
            }
        }
    }
}

fn named(name: &str, scope: &Scope) -> Outcome {
    if let Some((_, value)) = scope.iter().rev().find(|(known, _)| known == name) {
        return Ok(value.clone());
    }
    let types = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type"];
    match types.iter().find(|known| **known == name) {
        Some(name) => Ok(Value::Type(name)),
        None => Err(Fault::Unknown(format!("undeclared reference to '{name}'"))),
    }
}

/// Gives what a name with dots in it stands for: a type.
fn dotted(node: &Node, scope: &Scope) -> Option<Value> {
    let mut parts = Vec::new();
    let mut at = node;
    loop {
        match at {
            Node::Field { of, name, .. } => {
                parts.push(name.as_str());
                at = of;
            }
            Node::Name(name) if scope.iter().all(|(known, _)| known != name) => {
                parts.push(name);
                break;
            }
            _ => return None,
        }
    }
    parts.reverse();
    let types = ["google.protobuf.Timestamp", "google.protobuf.Duration"];
    types.into_iter().find(|name| *name == parts.join(".")).map(Value::Type)
}

fn field(of: &Value, key: &Value, optional: bool) -> Outcome {
    if let Value::Optional(inner) = of {
        let found = inner.as_ref().and_then(|inner| inner.at(key)).cloned();
        return Ok(Value::Optional(found.map(Box::new)));
    }
    match (of.at(key), optional) {
        (found, true) => Ok(Value::Optional(found.cloned().map(Box::new))),
        (Some(value), false) => Ok(value.clone()),
        (None, false) => match (of, key) {
            (Value::List { .. }, Value::Int(at)) => wrong(format!("index out of bounds: {at}")),
            (Value::Map(_), Value::Text(name)) => wrong(format!("no such key: {name}")),
            _ => wrong("no such key"),
        },
    }
}

/// What one side settles the other cannot spoil.
fn either(any: bool, left: &Node, right: &Node, scope: &mut Scope) -> Outcome {
    let first = work_out(left, scope);
    if matches!(first, Ok(Value::Bool(value)) if value == any) {
        return first;
    }
    let second = work_out(right, scope);
    if matches!(second, Ok(Value::Bool(value)) if value == any) {
        return second;
    }
    match (first?, second?) {
        (Value::Bool(_), Value::Bool(_)) => Ok(Value::Bool(!any)),
        _ => wrong("no such overload"),
    }
}

fn each(of: &Value, name: &str, variable: &str, parts: &[Node], scope: &mut Scope) -> Outcome {
    let elements: Vec<Value> = match of {
        Value::List { parts, .. } => parts.clone(),
        Value::Map(rows) => rows.iter().map(|(key, _)| key.clone()).collect(),
        Value::Optional(inner) => inner.iter().map(|inner| (**inner).clone()).collect(),
        _ => return wrong("no such overload"),
    };
    let mut ask = |node: &Node, element: &Value| {
        scope.push((variable.to_owned(), element.clone()));
        let outcome = work_out(node, scope);
        scope.pop();
        outcome
    };
    let (first, second) = (parts.first(), parts.get(1));
    let Some(first) = first else { return wrong("no such overload") };
    let mut found = Vec::new();
    let mut fault = None;
    let mut count = 0_usize;
    for element in &elements {
        match (name, ask(first, element)) {
            ("all", Ok(Value::Bool(false))) => return Ok(Value::Bool(false)),
            ("exists", Ok(Value::Bool(true))) => return Ok(Value::Bool(true)),
            ("all" | "exists", Ok(Value::Bool(_))) => {}
            ("exists_one" | "existsOne", Ok(Value::Bool(is))) => count += usize::from(is),
            ("filter", Ok(Value::Bool(is))) if is => found.push(element.clone()),
            ("filter", Ok(Value::Bool(_))) => {}
            ("map", Ok(Value::Bool(is))) if second.is_some() => {
                if let Some(second) = second.filter(|_| is) {
                    found.push(ask(second, element)?);
                }
            }
            ("map" | "optMap", Ok(value)) => found.push(value),
            ("all" | "exists", Err(one)) => fault = Some(one),
            (_, Err(one)) => return Err(one),
            _ => return wrong("no such overload"),
        }
    }
    if let Some(fault) = fault {
        return Err(fault);
    }
    Ok(match name {
        "all" => Value::Bool(true),
        "exists" => Value::Bool(false),
        "exists_one" | "existsOne" => Value::Bool(count == 1),
        "optMap" => Value::Optional(found.pop().map(Box::new)),
        _ => Value::list(found),
    })
}
