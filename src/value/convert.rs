//! Conversion between types: the language's rules, the same for arguments, variables and functions.
//!
//! Whether a type converts to another is decided by the types alone ([`convertible`]); then only
//! texts can still stand in the way ("a number is required"). Finding the one type for several is
//! in [`unify`]'s own file, what is said of a mismatch in `mismatch.rs`.

use std::sync::Arc;

pub use super::unify::unify;

use super::mismatch::mismatch;
use super::{Bounds, Fields, Kind, Number, Path, Type, Value};

/// Why a value cannot become a type.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvertError {
    /// The part that stands in the way.
    pub path: Path,
    /// What is wrong with it, as Terraform says it: `a number is required`.
    pub message: String,
}

impl ConvertError {
    /// Says what is wrong, and with which part.
    pub fn told(&self) -> String {
        if self.path == Path::root() {
            return self.message.clone();
        }
        let path = self.path.to_string();
        let path = if path.starts_with('[') { path } else { format!(".{path}") };
        format!("{path}: {}", self.message)
    }

    fn new(path: &Path, message: impl Into<String>) -> ConvertError {
        ConvertError { path: path.clone(), message: message.into() }
    }
}

/// Converts a value to a type by the language's rules; marks and unknowns stay.
///
/// # Errors
/// The first part that has no such form.
pub fn convert(value: &Value, ty: &Type) -> Result<Value, ConvertError> {
    convert_at(value, ty, &Path::root())
}

/// Says whether values of a type can convert to another; a text may still not be a number.
pub fn convertible(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (_, Type::Any) | (Type::Any, _) => true,
        (Type::Number | Type::Bool, Type::String) | (Type::String, Type::Number | Type::Bool) => {
            true
        }
        (Type::List(from) | Type::Set(from), Type::List(to) | Type::Set(to))
        | (Type::Map(from), Type::Map(to)) => convertible(from, to),
        (Type::Tuple(from), Type::Tuple(to)) => {
            from.len() == to.len() && from.iter().zip(to).all(|(from, to)| convertible(from, to))
        }
        (Type::Tuple(from), Type::List(to) | Type::Set(to)) => {
            // Parts of which some are of an open type have none in common yet.
            let alike = |open: &Type| *open != Type::Any || from.iter().all(|ty| *ty == Type::Any);
            match &**to {
                Type::Any => from.is_empty() || unify(from).is_some_and(|of| alike(&of)),
                to => from.iter().all(|from| convertible(from, to)),
            }
        }
        (Type::Object(from), Type::Map(to)) => match &**to {
            Type::Any => {
                let from: Vec<Type> = from.values().cloned().collect();
                from.is_empty() || unify(&from).is_some()
            }
            to => from.values().all(|from| convertible(from, to)),
        },
        (Type::Object(from), Type::Object(to)) => {
            to.iter().all(|(name, to)| from.get(name).is_some_and(|from| convertible(from, to)))
        }
        (Type::Map(from), Type::Object(to)) => to.values().all(|to| convertible(from, to)),
        (from, to) => from == to,
    }
}

fn convert_at(value: &Value, ty: &Type, path: &Path) -> Result<Value, ConvertError> {
    if *ty == Type::Any {
        return Ok(value.clone());
    }
    let from = value.ty();
    if from == *ty {
        return Ok(value.clone());
    }
    if !convertible(&from, ty) {
        return Err(ConvertError::new(path, mismatch(&from, ty)));
    }
    let converted = match value.kind() {
        Kind::Unknown(_, bounds) => unknown_as(&from, bounds, ty),
        Kind::Null(_) => Value::null(fill_any(ty, &from)),
        Kind::Bool(truth) => Value::string(if *truth { "true" } else { "false" }),
        Kind::Number(number) => Value::string(number.to_string()),
        Kind::String(text) => {
            text_as(text, ty).map_err(|message| ConvertError::new(path, message))?
        }
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts_as(parts, &from, ty, path)?
        }
        Kind::Map(_, fields) | Kind::Object(fields) => fields_as(fields, &from, ty, path)?,
    };
    Ok(converted.marked(value.marks()))
}

fn text_as(text: &str, ty: &Type) -> Result<Value, String> {
    match (ty, text) {
        (Type::Number, text) => {
            Number::parse(text).map(Value::number).ok_or_else(|| "a number is required".into())
        }
        (_, "true" | "1") => Ok(Value::bool(true)),
        (_, "false" | "0") => Ok(Value::bool(false)),
        (_, text) => Err(match text.to_lowercase().as_str() {
            lower @ ("true" | "false") => {
                format!("a bool is required; to convert from string, use lowercase \"{lower}\"")
            }
            _ => "a bool is required".into(),
        }),
    }
}

fn parts_as(parts: &[Value], from: &Type, ty: &Type, path: &Path) -> Result<Value, ConvertError> {
    let place_of = |place: usize, part: &Value| match from {
        Type::Set(_) => path.element(part.clone()),
        _ => path.place(place),
    };
    if let Type::Tuple(types) = ty {
        let parts = parts.iter().zip(types).enumerate();
        let parts = parts.map(|(place, (part, ty))| convert_at(part, ty, &place_of(place, part)));
        return Ok(Value::tuple(parts.collect::<Result<_, _>>()?));
    }
    let (Type::List(element) | Type::Set(element)) = ty else {
        return Err(ConvertError::new(path, mismatch(from, ty)));
    };
    let wanted = wanted_element(element, parts.iter());
    let converted = parts.iter().enumerate();
    let converted =
        converted.map(|(place, part)| convert_at(part, &wanted, &place_of(place, part)));
    let converted: Vec<Value> = converted.collect::<Result<_, _>>()?;
    let (element, converted) = settle(&wanted, from, converted, path)?;
    let whole = converted.len() < 2 || converted.iter().all(Value::is_whole);
    Ok(match (ty, from) {
        (Type::Set(_), _) => Value::set(element, converted),
        // How many elements there are is not known before all are.
        (_, Type::Set(_)) if !whole => {
            let length = (1, Some(converted.len()));
            let bounds = Bounds { length, ..Bounds::not_null() };
            Value::derived(&converted, Kind::unknown(Type::list(element), bounds))
        }
        _ => Value::list(element, converted),
    })
}

fn fields_as(fields: &Fields, from: &Type, ty: &Type, path: &Path) -> Result<Value, ConvertError> {
    let at = |name: &str| match ty {
        Type::Map(_) => path.key(name),
        _ => path.attribute(name),
    };
    if let Type::Object(types) = ty {
        let mut converted = Fields::new();
        for (name, ty) in types.iter() {
            let Some(field) = fields.get(name.as_str()) else {
                let message = format!("map has no element for required attribute {name:?}");
                return Err(ConvertError::new(path, message));
            };
            converted.insert(name.as_str().into(), convert_at(field, ty, &at(name))?);
        }
        return Ok(Value::new(Kind::Object(Arc::new(converted))));
    }
    let Type::Map(element) = ty else {
        return Err(ConvertError::new(path, mismatch(from, ty)));
    };
    let wanted = wanted_element(element, fields.values());
    let converted = fields.iter().map(|(name, field)| convert_at(field, &wanted, &at(name)));
    let converted: Vec<Value> = converted.collect::<Result<_, _>>()?;
    if wanted == Type::Any && !converted.is_empty() {
        let mut types = converted.iter().map(Value::ty).filter(|ty| *ty != Type::Any);
        let element = types.next().unwrap_or(Type::Any);
        if types.any(|ty| ty != element) {
            let message = "attribute types must all match for conversion to map";
            return Err(ConvertError::new(path, message));
        }
        let converted = converted.iter().map(|part| convert_at(part, &element, path));
        let converted: Vec<Value> = converted.collect::<Result<_, _>>()?;
        return Ok(Value::map(element, fields.keys().cloned().zip(converted)));
    }
    let (element, converted) = settle(&wanted, from, converted, path)?;
    Ok(Value::map(element, fields.keys().cloned().zip(converted)))
}

/// Gives the element type to convert to; where any will do, the one that all parts have in common.
fn wanted_element<'a>(element: &Type, parts: impl Iterator<Item = &'a Value>) -> Type {
    if *element == Type::Any {
        unify(&parts.map(Value::ty).collect::<Vec<_>>()).unwrap_or(Type::Any)
    } else {
        element.clone()
    }
}

/// Gives converted parts one type, where the wanted one left a choice.
fn settle(
    wanted: &Type,
    from: &Type,
    parts: Vec<Value>,
    path: &Path,
) -> Result<(Type, Vec<Value>), ConvertError> {
    if !wanted.has_any() {
        return Ok((wanted.clone(), parts));
    }
    let types: Vec<Type> = parts.iter().map(Value::ty).collect();
    if types.is_empty() {
        let element = match from {
            Type::List(element) | Type::Set(element) | Type::Map(element) => {
                fill_any(wanted, element)
            }
            _ => wanted.clone(),
        };
        return Ok((element, parts));
    }
    let element = unify(&types).ok_or_else(|| {
        ConvertError::new(path, "element types must all match for conversion to collection")
    })?;
    let parts =
        parts.iter().map(|part| convert_at(part, &element, path)).collect::<Result<_, _>>()?;
    Ok((element, parts))
}

/// Puts what is known of a type in the places where another leaves it open.
fn fill_any(open: &Type, known: &Type) -> Type {
    match (open, known) {
        (Type::Any, known) => known.clone(),
        (Type::List(open), Type::List(known) | Type::Set(known)) => {
            Type::list(fill_any(open, known))
        }
        (Type::Set(open), Type::List(known) | Type::Set(known)) => Type::set(fill_any(open, known)),
        (Type::Map(open), Type::Map(known)) => Type::map(fill_any(open, known)),
        (Type::List(open), Type::Tuple(known)) if **open == Type::Any => {
            Type::list(unify(known).unwrap_or(Type::Any))
        }
        (Type::Set(open), Type::Tuple(known)) if **open == Type::Any => {
            Type::set(unify(known).unwrap_or(Type::Any))
        }
        (Type::Map(open), Type::Object(known)) if **open == Type::Any => {
            let known: Vec<Type> = known.values().cloned().collect();
            Type::map(unify(&known).unwrap_or(Type::Any))
        }
        (Type::Tuple(open), Type::Tuple(known)) if open.len() == known.len() => {
            Type::Tuple(open.iter().zip(known).map(|(open, known)| fill_any(open, known)).collect())
        }
        (Type::Object(open), Type::Object(known)) => {
            Type::object(open.iter().map(|(name, open)| {
                (
                    name.as_str(),
                    known.get(name).map_or_else(|| open.clone(), |known| fill_any(open, known)),
                )
            }))
        }
        (open, _) => open.clone(),
    }
}

/// Converts an unknown: its type, and as much of what is known of it as still holds.
fn unknown_as(from: &Type, bounds: &Bounds, ty: &Type) -> Value {
    let to = fill_any(ty, from);
    let mut kept = Bounds { not_null: bounds.not_null && *from != Type::Any, ..Bounds::default() };
    let least = |count: usize| match to {
        Type::Set(_) => count.min(1),
        _ => count,
    };
    match (from, &to) {
        (Type::Tuple(parts), Type::List(_) | Type::Set(_)) => {
            kept.length = (least(parts.len()), Some(parts.len()));
        }
        (Type::Object(fields), Type::Map(_)) => kept.length = (fields.len(), Some(fields.len())),
        (
            Type::List(_) | Type::Set(_) | Type::Map(_),
            Type::List(_) | Type::Set(_) | Type::Map(_),
        ) => {
            kept.length = (least(bounds.length.0), bounds.length.1);
        }
        _ => {}
    }
    Value::new(Kind::unknown(to, kept))
}

#[cfg(test)]
mod tests {
    use super::super::{Type, Value};
    use super::{convert, unify};

    fn texts(parts: &[&str]) -> Vec<Value> {
        parts.iter().map(Value::string).collect()
    }

    #[test]
    fn numbers_and_bools_become_text_and_back() {
        assert_eq!(convert(&Value::number(5i64), &Type::String), Ok(Value::string("5")));
        assert_eq!(convert(&Value::string("1e3"), &Type::Number), Ok(Value::number(1000i64)));
        assert_eq!(convert(&Value::string("1"), &Type::Bool), Ok(Value::bool(true)));

        let failed = convert(&Value::string("x"), &Type::Number).map_err(|error| error.message);
        assert_eq!(failed, Err("a number is required".into()));
    }

    #[test]
    fn a_tuple_becomes_a_list_of_what_its_parts_have_in_common() {
        let tuple = Value::tuple(vec![Value::number(1i64), Value::string("a")]);

        let list = convert(&tuple, &Type::list(Type::Any));

        assert_eq!(list, Ok(Value::list(Type::String, texts(&["1", "a"]))));
    }

    #[test]
    fn marks_of_set_elements_move_to_the_set() {
        let tuple = Value::tuple(vec![Value::string("a").sensitive(), Value::string("a")]);

        let set = convert(&tuple, &Type::set(Type::String)).expect("a set");

        assert!(set.is_sensitive());
        assert_eq!(set.elements().map(<[Value]>::len), Some(1));
    }

    #[test]
    fn a_missing_attribute_is_named() {
        let object = Value::object([("a", Value::number(1i64))]);
        let ty = Type::object([("a", Type::String), ("b", Type::String), ("c", Type::String)]);

        let failed = convert(&object, &ty).map_err(|error| error.message);

        assert_eq!(failed, Err("attributes \"b\" and \"c\" are required".into()));
    }

    #[test]
    fn nested_errors_name_their_place() {
        let object = Value::object([("a", Value::tuple(vec![]))]);

        let failed =
            convert(&object, &Type::object([("a", Type::String)])).map_err(|error| error.message);

        assert_eq!(failed, Err("attribute \"a\": string required".into()));
    }

    #[test]
    fn objects_of_other_names_unify_to_a_map() {
        let a = Type::object([("a", Type::Number)]);
        let b = Type::object([("b", Type::String)]);

        assert_eq!(unify(&[a.clone(), b]), Some(Type::map(Type::String)));
        assert_eq!(unify(&[a.clone(), Type::object::<&str>([])]), Some(Type::map(Type::Number)));
        assert_eq!(unify(&[a, Type::Tuple(vec![])]), None);
    }

    #[test]
    fn tuples_of_other_lengths_unify_to_a_list() {
        let one = Type::Tuple(vec![Type::Number]);
        let two = Type::Tuple(vec![Type::Number, Type::String]);

        assert_eq!(unify(&[one.clone(), Type::Tuple(vec![])]), Some(Type::list(Type::Number)));
        assert_eq!(unify(&[one, two]), Some(Type::list(Type::String)));
        assert_eq!(unify(&[Type::Number, Type::Bool]), None);
    }
}
