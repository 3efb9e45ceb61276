//! The one type that several types convert to.

use std::collections::BTreeMap;

use super::Type;
use super::convert::convertible;

/// Gives the one type that all of these convert to.
///
/// Objects with the same names stay objects and tuples of one length tuples, part by part; others
/// become maps and lists. Otherwise one of the given types is chosen: text before other primitives,
/// lists before tuples and sets.
pub fn unify(types: &[Type]) -> Option<Type> {
    let first = types.first()?;
    if types.iter().all(|ty| ty == first) {
        return Some(first.clone());
    }
    let count = |is: fn(&Type) -> bool| types.iter().filter(|ty| is(ty)).count();
    let open = count(|ty| matches!(ty, Type::Any));
    let maps = count(|ty| matches!(ty, Type::Map(_)));
    let lists = count(|ty| matches!(ty, Type::List(_)));
    let sets = count(|ty| matches!(ty, Type::Set(_)));
    let objects = count(|ty| matches!(ty, Type::Object(_)));
    let tuples = count(|ty| matches!(ty, Type::Tuple(_)));
    let all = types.len();
    if maps + lists + sets + objects + tuples > 0 {
        let alone = |kind: usize| kind > 0 && kind + open == all;
        if alone(maps) || alone(lists) || alone(sets) {
            return if open > 0 { Some(Type::Any) } else { unify_collections(types) };
        }
        if alone(objects) {
            return if open > 0 { Some(Type::Any) } else { unify_objects(types) };
        }
        if alone(tuples) {
            return if open > 0 { Some(Type::Any) } else { unify_tuples(types) };
        }
        if maps > 0 && maps + objects + open == all {
            let as_maps = replaced(types, |ty| matches!(ty, Type::Object(_)), objects_as_map);
            if let Some(map @ Type::Map(_)) = as_maps {
                return Some(map);
            }
        }
        if lists > 0 && lists + tuples + open == all {
            let as_lists = replaced(types, |ty| matches!(ty, Type::Tuple(_)), tuples_as_list);
            if let Some(list @ Type::List(_)) = as_lists {
                return Some(list);
            }
        }
        if objects > 0 && tuples > 0 {
            return None;
        }
    }
    let preferred = by_preference(types);
    preferred
        .into_iter()
        .find(|to| types.iter().all(|from| from == *to || convertible(from, to)))
        .cloned()
}

/// Unifies with all types of one kind replaced by what they have in common.
fn replaced(
    types: &[Type],
    is: fn(&Type) -> bool,
    common: fn(&[Type]) -> Option<Type>,
) -> Option<Type> {
    let found: Vec<Type> = types.iter().filter(|ty| is(ty)).cloned().collect();
    let common = common(&found)?;
    let types: Vec<Type> =
        types.iter().map(|ty| if is(ty) { common.clone() } else { ty.clone() }).collect();
    if types.iter().any(is) { None } else { unify(&types) }
}

fn unify_collections(types: &[Type]) -> Option<Type> {
    let elements: Vec<Type> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::List(element) | Type::Set(element) | Type::Map(element) => {
                Some((**element).clone())
            }
            _ => None,
        })
        .collect();
    let element = unify(&elements)?;
    Some(match types.first()? {
        Type::Map(_) => Type::map(element),
        Type::Set(_) => Type::set(element),
        _ => Type::list(element),
    })
}

fn unify_objects(types: &[Type]) -> Option<Type> {
    let all: Vec<&BTreeMap<String, Type>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(fields) => Some(&**fields),
            _ => None,
        })
        .collect();
    let first = all.first()?;
    if all.iter().any(|fields| !fields.keys().eq(first.keys())) {
        return objects_as_map(types);
    }
    let fields = first.keys().map(|name| {
        let across: Vec<Type> = all.iter().filter_map(|fields| fields.get(name).cloned()).collect();
        unify(&across).map(|ty| (name.clone(), ty))
    });
    let object = Type::object(fields.collect::<Option<Vec<_>>>()?);
    fitting(types, object).or_else(|| objects_as_map(types))
}

fn objects_as_map(types: &[Type]) -> Option<Type> {
    let parts: Vec<Type> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Object(fields) => Some(fields.values().cloned()),
            _ => None,
        })
        .flatten()
        .collect();
    fitting(types, Type::map(unify(&parts)?))
}

fn unify_tuples(types: &[Type]) -> Option<Type> {
    let all: Vec<&Vec<Type>> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(parts) => Some(parts),
            _ => None,
        })
        .collect();
    let length = all.first()?.len();
    if all.iter().any(|parts| parts.len() != length) {
        return tuples_as_list(types);
    }
    let parts = (0..length).map(|place| {
        let across: Vec<Type> = all.iter().filter_map(|parts| parts.get(place).cloned()).collect();
        unify(&across)
    });
    let tuple = Type::Tuple(parts.collect::<Option<_>>()?);
    fitting(types, tuple).or_else(|| tuples_as_list(types))
}

fn tuples_as_list(types: &[Type]) -> Option<Type> {
    let parts: Vec<Type> = types
        .iter()
        .filter_map(|ty| match ty {
            Type::Tuple(parts) => Some(parts.clone()),
            _ => None,
        })
        .flatten()
        .collect();
    fitting(types, Type::list(unify(&parts)?))
}

/// Gives a type if all of these convert to it.
fn fitting(types: &[Type], to: Type) -> Option<Type> {
    types.iter().all(|from| convertible(from, &to)).then_some(to)
}

/// Gives the types with those first that others would rather become; else in their order.
fn by_preference(types: &[Type]) -> Vec<&Type> {
    let mut rest: Vec<&Type> = types.iter().collect();
    let mut sorted = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let best = rest.iter().position(|ty| !rest.iter().any(|other| preferred(other, ty)));
        sorted.push(rest.remove(best.unwrap_or(0)));
    }
    sorted
}

/// Says whether one type is rather chosen than another.
fn preferred(left: &Type, right: &Type) -> bool {
    match (left, right) {
        (Type::Any, _) => false,
        (_, Type::Any) => true,
        (Type::String, Type::Bool | Type::Number)
        | (Type::List(_), Type::Set(_) | Type::Tuple(_))
        | (Type::Tuple(_), Type::Set(_))
        | (Type::Map(_), Type::Object(_)) => true,
        (Type::List(left), Type::List(right))
        | (Type::Set(left), Type::Set(right))
        | (Type::Map(left), Type::Map(right)) => preferred(left, right),
        _ => false,
    }
}
