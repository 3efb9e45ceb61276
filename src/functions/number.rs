//! Functions over numbers.

use super::{Call, CallError, Function, Parameter, Spec, any, function, inferred, integer, number};
use crate::value::convert::convert;
use crate::value::quote::quote;
use crate::value::{Number, Type, Value};

const NUMBERS: Parameter = number("numbers");
/// How many numbers `range` gives at most.
const LONGEST_RANGE: usize = 1024;

pub(super) const FUNCTIONS: &[Function] = &[
    function("abs", &[number("num")], Spec::Number, |call| Ok(Value::number(first(call).abs()))),
    function("ceil", &[number("num")], Spec::Number, |call| Ok(Value::number(first(call).ceil()))),
    function("floor", &[number("num")], Spec::Number, |call| {
        Ok(Value::number(first(call).floor()))
    }),
    function("log", &[number("num"), number("base")], Spec::Number, |call| {
        real(first(call).log(&nth(call, 1)))
    }),
    function("max", &[], Spec::Number, |call| extreme(call, |new, best| new > best))
        .variadic(NUMBERS),
    function("min", &[], Spec::Number, |call| extreme(call, |new, best| new < best))
        .variadic(NUMBERS),
    inferred("parseint", &[any("number").closed(), number("base")], parse_int_type, parse_int),
    function("pow", &[number("num"), number("power")], Spec::Number, |call| {
        real(first(call).pow(&nth(call, 1)))
    }),
    function("range", &[], Spec::List(&Spec::Number), range).variadic(number("params")),
    function("signum", &[number("num")], Spec::Number, |call| {
        Ok(Value::number(call.integer(0)?.signum()))
    }),
    inferred("sum", &[any("list").closed()], |_| Ok(Type::Number), sum),
];

fn nth(call: &Call<'_>, place: usize) -> Number {
    call.arguments[place].as_number().cloned().unwrap_or_else(|| Number::from(0i64))
}

fn first(call: &Call<'_>) -> Number {
    nth(call, 0)
}

fn real(result: Option<Number>) -> Result<Value, CallError> {
    result.map(Value::number).ok_or_else(|| CallError::new("the result is not a real number"))
}

fn extreme(call: &Call<'_>, better: fn(&Number, &Number) -> bool) -> Result<Value, CallError> {
    let numbers = call.arguments.iter().filter_map(Value::as_number);
    let best = numbers.reduce(|best, new| if better(new, best) { new } else { best });
    best.cloned().map(Value::number).ok_or_else(|| CallError::new("must pass at least one number"))
}

fn parse_int_type(arguments: &[Value]) -> Result<Type, CallError> {
    match arguments[0].ty() {
        Type::String => Ok(Type::Number),
        other => Err(CallError::at(
            0,
            format!("first argument must be a string, not {}", other.friendly()),
        )),
    }
}

fn parse_int(call: &Call<'_>) -> Result<Value, CallError> {
    let base = integer(&call.arguments[1]).map_err(|message| CallError::at(1, message))?;
    let base = u32::try_from(base).ok().filter(|base| (2..=62).contains(base));
    let Some(base) = base else {
        return Err(CallError::at(1, "base must be a whole number between 2 and 62 inclusive"));
    };
    let text = call.text(0);
    let parsed = Number::parse_radix(text, base).map(Value::number);
    parsed.ok_or_else(|| {
        CallError::at(
            0,
            format!("cannot parse {text} as a base {base} integer", text = quote(text)),
        )
    })
}

fn range(call: &Call<'_>) -> Result<Value, CallError> {
    let (zero, one) = (Number::from(0i64), Number::from(1i64));
    let toward = |start: &Number, end: &Number| if end < start { one.neg() } else { one.clone() };
    let (start, end, step) = match call.arguments.len() {
        1 => (zero.clone(), nth(call, 0), toward(&zero, &nth(call, 0))),
        2 => (nth(call, 0), nth(call, 1), toward(&nth(call, 0), &nth(call, 1))),
        3 => (nth(call, 0), nth(call, 1), nth(call, 2)),
        _ => return Err(CallError::new("must have one, two, or three arguments")),
    };
    if step > zero && end < start {
        return Err(CallError::at(1, "end must be greater than start when step is positive"));
    }
    if step < zero && end > start {
        return Err(CallError::at(1, "end must be less than start when step is negative"));
    }
    let mut numbers = Vec::new();
    let mut next = start;
    while if step < zero { next > end } else { next < end } {
        if numbers.len() >= LONGEST_RANGE {
            return Err(CallError::new(
                "more than 1024 values were generated; either decrease the difference between start and end or use a smaller step",
            ));
        }
        numbers.push(Value::number(next.clone()));
        let Some(sum) = next.add(&step) else { break };
        next = sum;
    }
    Ok(Value::list(Type::Number, numbers))
}

fn sum(call: &Call<'_>) -> Result<Value, CallError> {
    let list = &call.arguments[0];
    let (Some(_), true) = (list.elements().or(list.fields().map(|_| &[][..])), list.is_known())
    else {
        return Err(CallError::at(0, "cannot sum noniterable"));
    };
    if list.parts().next().is_none() {
        return Err(CallError::at(0, "cannot sum an empty list"));
    }
    let Some(parts) = list.elements() else {
        let ty = list.ty().friendly();
        return Err(CallError::at(
            0,
            format!("argument must be list, set, or tuple. Received {ty}"),
        ));
    };
    if !list.is_whole() {
        return call.unknown();
    }
    let wrong = || CallError::at(0, "argument must be list, set, or tuple of number values");
    let mut total: Option<Number> = None;
    for part in parts {
        let part = convert(part, &Type::Number).map_err(|_| wrong())?;
        let number = part.as_number().ok_or_else(wrong)?;
        total = match total {
            None => Some(number.clone()),
            Some(total) => Some(
                total
                    .add(number)
                    .ok_or_else(|| CallError::new("can't compute sum of opposing infinities"))?,
            ),
        };
    }
    real(total)
}
