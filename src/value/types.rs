//! Types of values.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

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
    Object(Arc<BTreeMap<String, Type>>),
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
        let fields = fields.into_iter().map(|(name, ty)| (name.into(), ty)).collect();
        Type::Object(Arc::new(fields))
    }

    /// Says whether it is a bool, number or string.
    pub fn is_primitive(&self) -> bool {
        matches!(self, Type::Bool | Type::Number | Type::String)
    }

    /// Says whether it leaves something open at any depth.
    pub fn has_any(&self) -> bool {
        match self {
            Type::Any => true,
            Type::Bool | Type::Number | Type::String => false,
            Type::List(element) | Type::Set(element) | Type::Map(element) => element.has_any(),
            Type::Tuple(parts) => parts.iter().any(Type::has_any),
            Type::Object(fields) => fields.values().any(Type::has_any),
        }
    }

    /// Gives Terraform's friendly name of a value's type: `string`, `list of string`, `object`, …
    pub fn friendly(&self) -> String {
        self.named("dynamic", "dynamic")
    }

    /// Gives Terraform's friendly name of a wanted type: as [`Type::friendly`], but `list of any single type`.
    pub fn friendly_constraint(&self) -> String {
        self.named("any type", "any single type")
    }

    fn named(&self, any: &str, any_element: &str) -> String {
        match self {
            Type::Any => any.into(),
            Type::Bool => "bool".into(),
            Type::Number => "number".into(),
            Type::String => "string".into(),
            Type::List(element) => format!("list of {}", element.named(any_element, any_element)),
            Type::Set(element) => format!("set of {}", element.named(any_element, any_element)),
            Type::Map(element) => format!("map of {}", element.named(any_element, any_element)),
            Type::Tuple(_) => "tuple".into(),
            Type::Object(_) => "object".into(),
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
