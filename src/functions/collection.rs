//! Functions over lists and tuples.

use super::{
    Call, CallError, Function, Parameter, Spec, any, function, inferred, integer, number, parameter,
};
use crate::value::convert::{convert, unify};
use crate::value::equal::same;
use crate::value::{Bounds, Kind, Marks, Number, Type, Value, order};

mod flatten;
mod length;

const BOOLS: Parameter = parameter("list", Spec::List(&Spec::Bool));
const STRINGS: Parameter = parameter("list", Spec::List(&Spec::String));
const LIST: Parameter = parameter("list", Spec::List(&Spec::Any));

pub(super) const FUNCTIONS: &[Function] = &[
    function("alltrue", &[BOOLS], Spec::Bool, all_true),
    function("anytrue", &[BOOLS], Spec::Bool, any_true),
    inferred(
        "chunklist",
        &[LIST.marked(), number("size").marked()],
        |arguments| Ok(Type::list(arguments[0].ty())),
        chunk_list,
    ),
    inferred("coalesce", &[], coalesce_type, coalesce).variadic(any("vals").null().unknown()),
    inferred("coalescelist", &[], coalesce_list_type, coalesce_list)
        .variadic(any("vals").null().unknown()),
    function("compact", &[STRINGS], Spec::List(&Spec::String), compact),
    inferred("concat", &[], concat_type, concat).variadic(any("seqs").closed().marked()),
    function("contains", &[any("list").closed(), any("value").closed()], Spec::Bool, contains),
    inferred("distinct", &[LIST], |arguments| Ok(arguments[0].ty()), distinct),
    inferred("element", &[any("list").closed().marked(), number("index")], element_type, element)
        .maybe_null(),
    inferred("flatten", &[any("list").unknown().marked()], |_| Ok(Type::Any), flatten::flatten),
    function("index", &[any("list").closed(), any("value").closed()], Spec::Number, index),
    function("length", &[any("value").unknown().marked()], Spec::Number, length::length),
    inferred(
        "matchkeys",
        &[
            parameter("values", Spec::List(&Spec::Any)),
            parameter("keys", Spec::List(&Spec::Any)),
            parameter("searchset", Spec::List(&Spec::Any)),
        ],
        match_keys_type,
        match_keys,
    ),
    inferred("one", &[any("list").closed()], one_type, one).maybe_null(),
    inferred("reverse", &[any("list").closed().marked()], reverse_type, reverse),
    inferred(
        "slice",
        &[any("list").closed().marked(), number("start_index"), number("end_index")],
        slice_type,
        slice,
    ),
    function("sort", &[STRINGS.unknown()], Spec::List(&Spec::String), sort),
];

/// The element type of a list, set or map.
fn element_of(ty: &Type) -> Type {
    match ty {
        Type::List(element) | Type::Set(element) | Type::Map(element) => (**element).clone(),
        Type::Any | Type::Bool | Type::Number | Type::String | Type::Tuple(_) | Type::Object(_) => {
            Type::Any
        }
    }
}

fn elements(value: &Value) -> &[Value] {
    value.elements().unwrap_or_default()
}

/// A null counts as false.
fn all_true(call: &Call<'_>) -> Result<Value, CallError> {
    for element in elements(&call.arguments[0]) {
        if !element.is_known() {
            return call.unknown();
        }
        if element.as_bool() != Some(true) {
            return Ok(Value::bool(false));
        }
    }
    Ok(Value::bool(true))
}

fn any_true(call: &Call<'_>) -> Result<Value, CallError> {
    let elements = elements(&call.arguments[0]);
    if elements.iter().any(|element| element.as_bool() == Some(true)) {
        Ok(Value::bool(true))
    } else if elements.iter().all(Value::is_known) {
        Ok(Value::bool(false))
    } else {
        call.unknown()
    }
}

/// A size of zero means one chunk.
fn chunk_list(call: &Call<'_>) -> Result<Value, CallError> {
    let (list, size) = (&call.arguments[0], &call.arguments[1]);
    let marks = list.marks().join(size.marks());
    let size =
        integer(size).map_err(|message| CallError::new(format!("invalid size: {message}")))?;
    let Ok(size) = usize::try_from(size) else {
        return Err(CallError::new("the size argument must be positive"));
    };
    let parts = elements(list);
    let element = element_of(&list.ty());
    let size = if size == 0 { parts.len().max(1) } else { size };
    let chunks = parts.chunks(size).map(|chunk| Value::list(element.clone(), chunk.to_vec()));
    Ok(Value::list(list.ty(), chunks.collect()).marked(marks))
}

fn coalesce_type(arguments: &[Value]) -> Result<Type, CallError> {
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    unify(&types).ok_or_else(|| CallError::new("all arguments must have the same type"))
}

/// Gives the first that is neither null nor an empty text.
fn coalesce(call: &Call<'_>) -> Result<Value, CallError> {
    for argument in call.arguments {
        let value = convert(argument, call.ty).map_err(|error| CallError::new(error.message))?;
        if !value.is_known() {
            return call.unknown();
        }
        if !value.is_null() && value.as_str() != Some("") {
            return Ok(value);
        }
    }
    Err(CallError::new("no non-null, non-empty-string arguments"))
}

fn coalesce_list_type(arguments: &[Value]) -> Result<Type, CallError> {
    let Some(first) = arguments.first().map(Value::ty) else {
        return Err(CallError::new("at least one argument is required"));
    };
    for argument in arguments {
        match argument.ty() {
            _ if !argument.is_known() => return Ok(Type::Any),
            Type::List(_) | Type::Tuple(_) => {}
            _ => return Err(CallError::new("coalescelist arguments must be lists or tuples")),
        }
    }
    Ok(if arguments.iter().all(|argument| argument.ty() == first) { first } else { Type::Any })
}

fn coalesce_list(call: &Call<'_>) -> Result<Value, CallError> {
    for argument in call.arguments {
        if !argument.is_known() {
            return call.unknown();
        }
        if !elements(argument).is_empty() {
            return Ok(argument.clone());
        }
    }
    Err(CallError::new("no non-null arguments"))
}

fn compact(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    if !list.is_whole() {
        return call.unknown();
    }
    let kept =
        elements(list).iter().filter(|part| part.as_str().is_some_and(|text| !text.is_empty()));
    Ok(Value::list(Type::String, kept.cloned().collect()))
}

/// Lists give a list; with a tuple among them they give a tuple.
fn concat_type(arguments: &[Value]) -> Result<Type, CallError> {
    if arguments.is_empty() {
        return Err(CallError::new("at least one argument is required"));
    }
    let mut lists = Vec::new();
    let mut parts = Some(Vec::new());
    for (place, argument) in arguments.iter().enumerate() {
        match argument.ty() {
            Type::Tuple(types) => {
                if let Some(parts) = &mut parts {
                    parts.extend(types);
                }
            }
            ty @ Type::List(_) => {
                match (&mut parts, argument.elements()) {
                    (Some(parts), Some(elements)) => {
                        parts.extend(elements.iter().map(|_| element_of(&ty)));
                    }
                    _ => parts = None,
                }
                lists.push(element_of(&ty));
            }
            other => {
                let message =
                    format!("all arguments must be lists or tuples; got {}", other.friendly());
                return Err(CallError::at(place, message));
            }
        }
    }
    let concrete: Vec<Type> = lists.iter().filter(|ty| **ty != Type::Any).cloned().collect();
    let all_lists = lists.len() == arguments.len();
    if all_lists && let Some(element) = unify(if concrete.is_empty() { &lists } else { &concrete })
    {
        return Ok(Type::list(element));
    }
    Ok(parts.map_or(Type::Any, Type::Tuple))
}

fn concat(call: &Call<'_>) -> Result<Value, CallError> {
    let marks =
        call.arguments.iter().fold(Marks::default(), |marks, list| marks.join(list.marks()));
    let parts = call.arguments.iter().flat_map(|list| elements(list).iter());
    let Type::List(element) = call.ty else {
        return Ok(Value::tuple(parts.cloned().collect()).marked(marks));
    };
    let parts = parts.map(|part| convert(part, element));
    let parts = parts.collect::<Result<_, _>>().map_err(|error| CallError::new(error.message))?;
    Ok(Value::list((**element).clone(), parts).marked(marks))
}

/// Looks for a value; a part that is not known yet may turn out to be it.
fn contains(call: &Call<'_>) -> Result<Value, CallError> {
    let (list, value) = (&call.arguments[0], &call.arguments[1]);
    let Some(parts) = list.elements() else {
        return Err(CallError::new("argument must be list, tuple, or set"));
    };
    let mut undecided = false;
    for part in parts {
        match same(value, part) {
            Some(true) => return Ok(Value::bool(true)),
            Some(false) => {}
            None => undecided = true,
        }
    }
    if undecided { call.unknown() } else { Ok(Value::bool(false)) }
}

fn distinct(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    if !list.is_whole() {
        return call.unknown();
    }
    let parts = elements(list);
    let mut places: Vec<usize> = (0..parts.len()).collect();
    // Equal ones stand together, the first of them first.
    places.sort_by(|left, right| order(&parts[*left], &parts[*right]));
    let mut kept: Vec<usize> = Vec::new();
    for place in places {
        let part = &parts[place];
        let mut alike = kept.iter().rev().take_while(|other| order(&parts[**other], part).is_eq());
        if !alike.any(|other| parts[*other] == *part) {
            kept.push(place);
        }
    }
    kept.sort_unstable();
    let kept = kept.into_iter().map(|place| parts[place].clone()).collect();
    Ok(Value::list(element_of(call.ty), kept))
}

/// Gives the place of an element: beyond the end it starts again.
fn element_place(value: &Value, length: usize) -> Result<usize, CallError> {
    let place =
        integer(value).map_err(|message| CallError::new(format!("invalid index: {message}")))?;
    if length == 0 {
        return Err(CallError::new("cannot use element function with an empty list"));
    }
    let place = usize::try_from(place);
    place
        .map(|place| place % length)
        .map_err(|_| CallError::new("cannot use element function with a negative index"))
}

fn element_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::List(element) => Ok(*element),
        Type::Tuple(_) if !arguments[1].is_known() => Ok(Type::Any),
        Type::Tuple(types) => {
            let place = element_place(&arguments[1], types.len())?;
            Ok(types[place].clone())
        }
        other => Err(CallError::new(format!("cannot read elements from {}", other.friendly()))),
    }
}

fn element(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    let parts = elements(list);
    let place = element_place(&call.arguments[1], parts.len())?;
    Ok(parts[place].clone().marked(list.marks()))
}

fn index(call: &Call<'_>) -> Result<Value, CallError> {
    let (list, value) = (&call.arguments[0], &call.arguments[1]);
    let (Kind::List(_, parts) | Kind::Tuple(parts)) = list.kind() else {
        return Err(CallError::new("argument must be a list or tuple"));
    };
    if parts.is_empty() {
        return Err(CallError::new("cannot search an empty list"));
    }
    for (place, part) in parts.iter().enumerate() {
        match same(part, value) {
            Some(true) => return Ok(Value::number(Number::from(place))),
            Some(false) => {}
            None => return call.unknown(),
        }
    }
    Err(CallError::new("item not found"))
}

fn match_keys_type(arguments: &[Value]) -> Result<Type, CallError> {
    match unify(&[arguments[1].ty(), arguments[2].ty()]) {
        Some(_) => Ok(arguments[0].ty()),
        None => Err(CallError::new("keys and searchset must be of the same type")),
    }
}

fn match_keys(call: &Call<'_>) -> Result<Value, CallError> {
    let [values, keys, searched] = call.arguments else { return call.unknown() };
    let common = unify(&[keys.ty(), searched.ty()]).unwrap_or(Type::Any);
    let as_common =
        |list: &Value| convert(list, &common).map_err(|error| CallError::new(error.message));
    let (keys, searched) = (as_common(keys)?, as_common(searched)?);
    if elements(values).len() != elements(&keys).len() {
        return Err(CallError::new("length of keys and values should be equal"));
    }
    if !keys.is_whole() || !searched.is_whole() {
        return call.unknown();
    }
    let found = elements(values).iter().zip(elements(&keys));
    let found = found.filter(|(_, key)| elements(&searched).contains(key));
    Ok(Value::list(element_of(call.ty), found.map(|(value, _)| value.clone()).collect()))
}

const ONE: &str = "must be a list, set, or tuple value with either zero or one elements";

fn one_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::List(element) | Type::Set(element) => Ok(*element),
        Type::Tuple(types) if types.len() < 2 => Ok(types.first().cloned().unwrap_or(Type::Any)),
        _ => Err(CallError::at(0, ONE)),
    }
}

fn one(call: &Call<'_>) -> Result<Value, CallError> {
    match elements(&call.arguments[0]) {
        [] => Ok(Value::null(call.ty.clone())),
        [one] => Ok(one.clone()),
        many => {
            let undecided = matches!(call.arguments[0].kind(), Kind::Set(..));
            if undecided && many.iter().any(|part| !part.is_whole()) {
                call.unknown()
            } else {
                Err(CallError::at(0, ONE))
            }
        }
    }
}

fn reverse_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        ty @ Type::List(_) => Ok(ty),
        Type::Set(element) => Ok(Type::List(element)),
        Type::Tuple(types) => Ok(Type::Tuple(types.into_iter().rev().collect())),
        other => {
            let message =
                format!("can only reverse list or tuple values, not {}", other.friendly());
            Err(CallError::at(0, message))
        }
    }
}

fn reverse(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    let parts = elements(list).iter().rev().cloned().collect();
    let reversed = match call.ty {
        Type::List(element) => Value::list((**element).clone(), parts),
        _ => Value::tuple(parts),
    };
    Ok(reversed.marked(list.marks()))
}

/// Gives the checked bounds of a slice, where they are known.
fn slice_bounds(
    arguments: &[Value],
    length: Option<usize>,
) -> Result<Option<(usize, usize)>, CallError> {
    let bound = |place: usize, name: &str| -> Result<Option<usize>, CallError> {
        if !arguments[place].is_known() {
            return Ok(None);
        }
        let at = integer(&arguments[place])
            .map_err(|message| CallError::at(place, format!("invalid {name} index: {message}")))?;
        let Ok(at) = usize::try_from(at) else {
            return Err(CallError::at(place, format!("{name} index must not be less than zero")));
        };
        if length.is_some_and(|length| at > length) {
            let message = format!("{name} index must not be greater than the length of the list");
            return Err(CallError::at(place, message));
        }
        Ok(Some(at))
    };
    let (Some(start), Some(end)) = (bound(1, "start")?, bound(2, "end")?) else { return Ok(None) };
    if start > end {
        return Err(CallError::at(1, "start index must not be greater than end index"));
    }
    Ok(Some((start, end)))
}

fn slice_type(arguments: &[Value]) -> Result<Type, CallError> {
    let length = match arguments[0].ty() {
        Type::Tuple(types) => Some(types.len()),
        _ => arguments[0].elements().map(<[Value]>::len),
    };
    match arguments[0].ty() {
        Type::Set(_) => Err(CallError::at(
            0,
            "cannot slice a set, because its elements do not have indices; explicitly convert to a list if the ordering of the result is not important",
        )),
        ty @ Type::List(_) => slice_bounds(arguments, length).map(|_| ty),
        Type::Tuple(types) => Ok(match slice_bounds(arguments, length)? {
            Some((start, end)) => Type::Tuple(types[start..end].to_vec()),
            None => Type::Any,
        }),
        _ => Err(CallError::at(0, "must be a list or tuple value")),
    }
}

fn slice(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    let parts = elements(list);
    let Some((start, end)) = slice_bounds(call.arguments, Some(parts.len()))? else {
        return call.unknown();
    };
    let parts = parts[start..end].to_vec();
    let sliced = match call.ty {
        Type::List(element) => Value::list((**element).clone(), parts),
        _ => Value::tuple(parts),
    };
    Ok(sliced.marked(list.marks()))
}

fn sort(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    let parts = elements(list);
    if !list.is_whole() {
        let length = match list.kind() {
            Kind::Unknown(_, bounds) => bounds.length,
            _ => (parts.len(), Some(parts.len())),
        };
        let bounds = Bounds { not_null: true, length, ..Bounds::default() };
        return Ok(Value::new(Kind::unknown(call.ty.clone(), bounds)));
    }
    let mut texts = Vec::with_capacity(parts.len());
    for (place, part) in parts.iter().enumerate() {
        let Some(text) = part.as_str() else {
            let message =
                format!("given list element {place} is null; a null string cannot be sorted");
            return Err(CallError::new(message));
        };
        texts.push(text);
    }
    texts.sort_unstable();
    Ok(Value::list(Type::String, texts.into_iter().map(Value::string).collect()))
}
