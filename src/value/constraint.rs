//! Type constraints of variables: types with optional attributes and their defaults.

use std::collections::BTreeMap;

use super::{Type, Value};

/// A type as a `variable` block writes it.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Constraint {
    /// `any`, or no type given.
    #[default]
    Any,
    /// A primitive.
    Primitive(Type),
    /// `list(…)`.
    List(Box<Constraint>),
    /// `set(…)`.
    Set(Box<Constraint>),
    /// `map(…)`.
    Map(Box<Constraint>),
    /// `tuple([…])`.
    Tuple(Vec<Constraint>),
    /// `object({…})`.
    Object(BTreeMap<String, Member>),
}

/// An attribute of an object constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its constraint.
    pub constraint: Constraint,
    /// `optional(…)`.
    pub optional: bool,
    /// The second argument of `optional`.
    pub default: Option<Value>,
}

impl Constraint {
    /// Gives the type without optional attributes and defaults.
    pub fn ty(&self) -> Type {
        match self {
            Constraint::Any => Type::Any,
            Constraint::Primitive(ty) => ty.clone(),
            Constraint::List(element) => Type::list(element.ty()),
            Constraint::Set(element) => Type::set(element.ty()),
            Constraint::Map(element) => Type::map(element.ty()),
            Constraint::Tuple(parts) => Type::Tuple(parts.iter().map(Constraint::ty).collect()),
            Constraint::Object(members) => {
                Type::object(members.iter().map(|(name, member)| (name.as_str(), member.constraint.ty())))
            }
        }
    }
}
