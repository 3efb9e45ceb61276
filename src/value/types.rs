//! Types of values.

use std::collections::BTreeMap;
use std::fmt;

/// A value's type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// Not decided: the type of a bare `null`, and of what can be anything.
    Any,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// Text.
    String,
    /// A sequence of one element type.
    List(Box<Type>),
    /// Distinct elements of one type, in no order of the user's.
    Set(Box<Type>),
    /// Names to elements of one type.
    Map(Box<Type>),
    /// A sequence with a type for each place.
    Tuple(Vec<Type>),
    /// Names with a type each.
    Object(BTreeMap<String, Type>),
}

impl Type {
    /// Makes a list type.
    pub fn list(element: Type) -> Type {
        Type::List(Box::new(element))
    }

    /// Makes a set type.
    pub fn set(element: Type) -> Type {
        Type::Set(Box::new(element))
    }

    /// Makes a map type.
    pub fn map(element: Type) -> Type {
        Type::Map(Box::new(element))
    }

    /// Makes an object type.
    pub fn object<N: Into<String>>(fields: impl IntoIterator<Item = (N, Type)>) -> Type {
        Type::Object(fields.into_iter().map(|(name, ty)| (name.into(), ty)).collect())
    }

    /// Says whether it is a bool, number or string.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// Gives Terraform's friendly name: `string`, `list of string`, `object`, …
    pub fn friendly(&self) -> String {
        match self {
            Type::Any => "dynamic".into(),
            Type::Bool => "bool".into(),
            Type::Number => "number".into(),
            Type::String => "string".into(),
            Type::List(element) => format!("list of {}", element.friendly_element()),
            Type::Set(element) => format!("set of {}", element.friendly_element()),
            Type::Map(element) => format!("map of {}", element.friendly_element()),
            Type::Tuple(_) => "tuple".into(),
            Type::Object(_) => "object".into(),
        }
    }

    fn friendly_element(&self) -> String {
        match self {
            Type::Any => "any single type".into(),
            Type::Bool
            | Type::Number
            | Type::String
            | Type::List(_)
            | Type::Set(_)
            | Type::Map(_)
            | Type::Tuple(_)
            | Type::Object(_) => self.friendly(),
        }
    }
}

/// As a configuration writes it: `list(string)`, `object({ a = string })`.
impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Any => out.write_str("any"),
            Type::Bool => out.write_str("bool"),
            Type::Number => out.write_str("number"),
            Type::String => out.write_str("string"),
            Type::List(element) => write!(out, "list({element})"),
            Type::Set(element) => write!(out, "set({element})"),
            Type::Map(element) => write!(out, "map({element})"),
            Type::Tuple(elements) => {
                out.write_str("tuple([")?;
                for (place, element) in elements.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(out, "{comma}{element}")?;
                }
                out.write_str("])")
            }
            Type::Object(fields) => {
                out.write_str("object({")?;
                for (place, (name, ty)) in fields.iter().enumerate() {
                    let comma = if place == 0 { "" } else { ", " };
                    write!(out, "{comma}{name} = {ty}")?;
                }
                out.write_str("})")
            }
        }
    }
}
