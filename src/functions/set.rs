//! Functions over sets.

use super::{Call, CallError, Function, Parameter, Spec, any, inferred, parameter};
use crate::value::convert::{convert, unify};
use crate::value::{Kind, Marks, Type, Value};

const FIRST: Parameter = parameter("first_set", Spec::Set(&Spec::Any));
const OTHERS: Parameter = parameter("other_sets", Spec::Set(&Spec::Any));
const A: Parameter = parameter("a", Spec::Set(&Spec::Any));
const B: Parameter = parameter("b", Spec::Set(&Spec::Any));

pub(super) const FUNCTIONS: &[Function] = &[
    inferred("setintersection", &[FIRST], common_type, |call| {
        whole(call, |left, right| left.into_iter().filter(|part| right.contains(part)).collect())
    })
    .variadic(OTHERS),
    inferred("setproduct", &[], product_type, product).variadic(any("sets").closed().marked()),
    inferred("setsubtract", &[A, B], common_type, |call| {
        whole(call, |left, right| left.into_iter().filter(|part| !right.contains(part)).collect())
    }),
    inferred("setunion", &[FIRST], common_type, |call| {
        let sets = converted(call)?;
        Ok(Value::set(element(call.ty), sets.into_iter().flatten().collect()))
    })
    .variadic(OTHERS),
];

fn element(ty: &Type) -> Type {
    match ty {
        Type::List(element) | Type::Set(element) => (**element).clone(),
        Type::Any
        | Type::Bool
        | Type::Number
        | Type::String
        | Type::Map(_)
        | Type::Tuple(_)
        | Type::Object(_) => Type::Any,
    }
}

/// Empty sets of an open type fit any other.
fn common_type(arguments: &[Value]) -> Result<Type, CallError> {
    let types = arguments.iter().filter_map(|set| {
        let element = element(&set.ty());
        let empty = set.elements().is_some_and(<[Value]>::is_empty);
        (!(empty && element == Type::Any)).then_some(element)
    });
    let types: Vec<Type> = types.collect();
    if types.is_empty() {
        return Ok(Type::set(Type::Any));
    }
    let common = unify(&types).map(Type::set);
    common.ok_or_else(|| CallError::new("given sets must all have compatible element types"))
}

fn converted(call: &Call<'_>) -> Result<Vec<Vec<Value>>, CallError> {
    let sets = call.arguments.iter().enumerate().map(|(place, set)| {
        let set = convert(set, call.ty).map_err(|error| CallError::at(place, error.message))?;
        Ok(set.elements().unwrap_or_default().to_vec())
    });
    sets.collect()
}

/// Folds sets that must be known at every depth.
fn whole(
    call: &Call<'_>,
    fold: fn(Vec<Value>, Vec<Value>) -> Vec<Value>,
) -> Result<Value, CallError> {
    if !call.arguments.iter().all(Value::is_whole) {
        return call.unknown();
    }
    let folded = converted(call)?.into_iter().reduce(fold);
    Ok(Value::set(element(call.ty), folded.unwrap_or_default()))
}

fn product_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.len() < 2 {
        return Err(CallError::new("at least two arguments are required"));
    }
    let mut lists = true;
    let mut types = Vec::new();
    for (place, argument) in arguments.iter().enumerate() {
        types.push(match argument.ty() {
            Type::Set(element) => {
                lists = false;
                *element
            }
            Type::List(element) => *element,
            Type::Tuple(parts) if parts.is_empty() => Type::Any,
            Type::Tuple(parts) => unify(&parts)
                .ok_or_else(|| CallError::at(place, "all elements must be of the same type"))?,
            _ => return Err(CallError::at(place, "a set or a list is required")),
        });
    }
    let tuple = Type::Tuple(types);
    Ok(if lists { Type::list(tuple) } else { Type::set(tuple) })
}

/// Gives all combinations; the last set turns fastest.
fn product(call: &Call<'_>) -> Result<Value, CallError> {
    let marks = call.arguments.iter().fold(Marks::default(), |marks, set| marks.join(set.marks()));
    let uncertain = |set: &Value| {
        matches!(set.kind(), Kind::Set(_, parts) if parts.len() > 1) && !set.is_whole()
    };
    if call.arguments.iter().any(uncertain) {
        return Ok(Value::unknown(call.ty.clone()).marked(marks));
    }
    let tuple = element(call.ty);
    let Type::Tuple(types) = &tuple else { return call.unknown() };
    let mut rows: Vec<Vec<Value>> = vec![Vec::new()];
    for (set, ty) in call.arguments.iter().zip(types) {
        let parts = set.elements().unwrap_or_default().iter().map(|part| convert(part, ty));
        let parts =
            parts.collect::<Result<Vec<_>, _>>().map_err(|error| CallError::new(error.message))?;
        rows = rows
            .iter()
            .flat_map(|row| {
                parts.iter().map(|part| [row.as_slice(), std::slice::from_ref(part)].concat())
            })
            .collect();
        if rows.len() > 1_000_000 {
            return Err(CallError::new("the product has more than a million elements"));
        }
    }
    let rows = rows.into_iter().map(Value::tuple).collect();
    let result = match call.ty {
        Type::Set(_) => Value::set(tuple, rows),
        _ => Value::list(tuple, rows),
    };
    Ok(result.marked(marks))
}
