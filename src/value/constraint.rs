//! Type constraints of variables: types with optional attributes and their defaults.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::convert::{ConvertError, convert, convertible};
use super::mismatch::mismatch;
use super::{Fields, Kind, Path, Type, Value};

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
    /// Says whether it has optional attributes at any depth.
    fn has_optional(&self) -> bool {
        match self {
            Constraint::Any | Constraint::Primitive(_) => false,
            Constraint::List(inner) | Constraint::Set(inner) | Constraint::Map(inner) => {
                inner.has_optional()
            }
            Constraint::Tuple(parts) => parts.iter().any(Constraint::has_optional),
            Constraint::Object(members) => {
                members.values().any(|member| member.optional || member.constraint.has_optional())
            }
        }
    }

    /// Gives the type without optional attributes and defaults.
    pub fn ty(&self) -> Type {
        match self {
            Constraint::Any => Type::Any,
            Constraint::Primitive(ty) => ty.clone(),
            Constraint::List(element) => Type::list(element.ty()),
            Constraint::Set(element) => Type::set(element.ty()),
            Constraint::Map(element) => Type::map(element.ty()),
            Constraint::Tuple(parts) => Type::Tuple(parts.iter().map(Constraint::ty).collect()),
            Constraint::Object(members) => Type::object(
                members.iter().map(|(name, member)| (name.as_str(), member.constraint.ty())),
            ),
        }
    }
}

/// Makes a value fit a constraint: absent or null optional attributes get their defaults, others null,
/// attributes that are not in it fall away, the rest is converted.
///
/// # Errors
/// The first part that has no such form.
pub fn conform(value: &Value, constraint: &Constraint) -> Result<Value, ConvertError> {
    convert(&fill(value, constraint, &Path::root())?, &constraint.ty())
}

/// Puts defaults in, at every depth; what else does not fit is left for the conversion to tell.
fn fill(value: &Value, constraint: &Constraint, path: &Path) -> Result<Value, ConvertError> {
    if !constraint.has_optional() {
        return Ok(value.clone());
    }
    let each = |parts: &[Value], element: &Constraint| {
        let parts = parts.iter().enumerate();
        let filled = parts.map(|(place, part)| fill(part, element, &path.place(place)));
        filled.collect::<Result<Vec<_>, ConvertError>>()
    };
    let filled = match (value.kind(), constraint) {
        (Kind::Unknown(ty, bounds), _) => {
            Value::new(Kind::Unknown(fill_type(ty, constraint), bounds.clone()))
        }
        (Kind::Map(element, fields), Constraint::Object(members)) => {
            fits_as_members(element, fields, members, path)?;
            fill_members(fields, members, path)?
        }
        (Kind::Object(fields), Constraint::Object(members)) => fill_members(fields, members, path)?,
        (Kind::Map(_, fields) | Kind::Object(fields), Constraint::Map(element)) => {
            let fields = fields.iter();
            let filled = fields
                .map(|(name, part)| Ok((name.clone(), fill(part, element, &path.key(name))?)));
            Value::object(filled.collect::<Result<Vec<_>, ConvertError>>()?)
        }
        (
            Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts),
            Constraint::List(element) | Constraint::Set(element),
        ) => Value::tuple(each(parts, element)?),
        (Kind::Tuple(parts), Constraint::Tuple(members)) if parts.len() == members.len() => {
            let parts = parts.iter().zip(members).enumerate();
            let filled =
                parts.map(|(place, (part, member))| fill(part, member, &path.place(place)));
            Value::tuple(filled.collect::<Result<_, _>>()?)
        }
        _ => return Ok(value.clone()),
    };
    Ok(filled.marked(value.marks()))
}

/// Tells of an element of a map that the attribute of its name cannot be.
fn fits_as_members(
    element: &Type,
    fields: &Fields,
    members: &BTreeMap<String, Member>,
    path: &Path,
) -> Result<(), ConvertError> {
    for (name, member) in members {
        let to = member.constraint.ty();
        if fields.contains_key(name.as_str()) && member.optional && !convertible(element, &to) {
            let why = mismatch(element, &to);
            let message =
                format!("map element type is incompatible with attribute {name:?}: {why}");
            return Err(ConvertError { path: path.clone(), message });
        }
    }
    Ok(())
}

fn fill_members(
    fields: &Fields,
    members: &BTreeMap<String, Member>,
    path: &Path,
) -> Result<Value, ConvertError> {
    let mut filled = fields.clone();
    for (name, member) in members {
        let given = fields.get(name.as_str());
        let value = match (given, &member.default) {
            (None, None) if !member.optional => continue,
            (None, None) => Value::null(member.constraint.ty()),
            (Some(given), Some(default)) if given.is_null() => {
                default.clone().marked(given.marks())
            }
            (None, Some(default)) => default.clone(),
            (Some(given), _) => given.clone(),
        };
        let value = fill(&value, &member.constraint, &path.attribute(name))?;
        filled.insert(name.as_str().into(), value);
    }
    Ok(Value::new(Kind::Object(Arc::new(filled))))
}

/// Adds the optional attributes that an unknown's type does not have.
fn fill_type(ty: &Type, constraint: &Constraint) -> Type {
    match (ty, constraint) {
        (Type::Object(fields), Constraint::Object(members)) => {
            let mut fields = BTreeMap::clone(fields);
            for (name, member) in members {
                match fields.get_mut(name) {
                    Some(field) => *field = fill_type(field, &member.constraint),
                    None if member.optional => {
                        fields.insert(name.clone(), member.constraint.ty());
                    }
                    None => {}
                }
            }
            Type::Object(Arc::new(fields))
        }
        (Type::Map(element), Constraint::Object(members)) => fill_map(element, members),
        (Type::List(element), Constraint::List(inner) | Constraint::Set(inner)) => {
            Type::list(fill_type(element, inner))
        }
        (Type::Set(element), Constraint::List(inner) | Constraint::Set(inner)) => {
            Type::set(fill_type(element, inner))
        }
        (Type::Map(element), Constraint::Map(inner)) => Type::map(fill_type(element, inner)),
        (Type::Tuple(parts), Constraint::List(inner) | Constraint::Set(inner)) => {
            Type::Tuple(parts.iter().map(|part| fill_type(part, inner)).collect())
        }
        (Type::Object(fields), Constraint::Map(inner)) => {
            Type::object(fields.iter().map(|(name, part)| (name.as_str(), fill_type(part, inner))))
        }
        (ty, _) => ty.clone(),
    }
}

/// Gives the type of a map that is to be an object: what its elements cannot become may yet be left out of it,
/// where it is optional.
fn fill_map(element: &Type, members: &BTreeMap<String, Member>) -> Type {
    let mut fields = BTreeMap::new();
    for (name, member) in members {
        let (from, to) = (fill_type(element, &member.constraint), member.constraint.ty());
        let ty = match convertible(&from, &to) {
            true => from,
            false if member.optional => to,
            false => return Type::map(element.clone()),
        };
        fields.insert(name.clone(), ty);
    }
    Type::object(fields)
}

#[cfg(test)]
mod tests {
    use super::super::{Type, Value};
    use super::{Constraint, Member, conform};

    fn member(ty: Type, optional: bool, default: Option<Value>) -> Member {
        Member { constraint: Constraint::Primitive(ty), optional, default }
    }

    #[test]
    fn absent_and_null_attributes_get_their_defaults() {
        let constraint = Constraint::Object(
            [
                ("a".to_string(), member(Type::String, false, None)),
                ("b".to_string(), member(Type::String, true, Some(Value::number(5i64)))),
                ("c".to_string(), member(Type::String, true, None)),
            ]
            .into(),
        );
        let given = Value::object([
            ("a", Value::string("x")),
            ("b", Value::null(Type::Any)),
            ("z", Value::bool(true)),
        ]);

        let fits = conform(&given, &constraint);

        let wanted = Value::object([
            ("a", Value::string("x")),
            ("b", Value::string("5")),
            ("c", Value::null(Type::String)),
        ]);
        assert_eq!(fits, Ok(wanted));
    }

    #[test]
    fn a_required_attribute_must_be_given() {
        let constraint =
            Constraint::Object([("a".into(), member(Type::String, false, None))].into());

        let failed =
            conform(&Value::object::<&str>([]), &constraint).map_err(|error| error.message);

        assert_eq!(failed, Err("attribute \"a\" is required".into()));
    }
}
