//! Operators, and `condition ? a : b`.

use super::evaluator::Pass;
use super::scope::{Eval, Scope, Stop, finish, note, settle, stop};
use crate::diag::Span;
use crate::syntax::tree::{BinaryOp, Expr, UnaryOp};
use crate::value::convert::{convert, unify};
use crate::value::equal::{equals, same};
use crate::value::{Bounds, Kind, Number, Type, Value};

impl Pass<'_, '_> {
    /// Evaluates `-a`, `!a`.
    pub(super) fn unary(
        &mut self,
        op: UnaryOp,
        operand: &Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Eval {
        let ty = match op {
            UnaryOp::Negate => Type::Number,
            UnaryOp::Not => Type::Bool,
        };
        let instead = |stop: Stop| stop.with(Value::unknown(ty.clone()));
        let (value, mut stopped) = settle(self.expr(operand, scope));
        let (value, wrong) = settle(suit(&value, &ty, "unary operand", operand.span));
        note(&mut stopped, wrong);
        if let Some(stop) = stopped {
            return Err(instead(stop));
        }
        not_null(&[&value], span).map_err(instead)?;
        let kind = match (op, value.kind()) {
            (UnaryOp::Not, Kind::Bool(truth)) => Kind::Bool(!truth),
            (UnaryOp::Negate, Kind::Number(number)) => Kind::Number(number.neg()),
            (_, Kind::Unknown(_, bounds)) => {
                let (low, high) = &bounds.number;
                let turned = (high.as_ref().map(Number::neg), low.as_ref().map(Number::neg));
                Kind::unknown(ty, Bounds { number: turned, ..Bounds::not_null() })
            }
            _ => Kind::unknown(ty, Bounds::not_null()),
        };
        // What is not known has no marks here until it is.
        let marked = value.is_known().then_some(&value);
        Ok(Value::derived(marked, kind))
    }

    /// Evaluates `a + b` and the like.
    pub(super) fn binary(
        &mut self,
        op: BinaryOp,
        left: &Expr,
        right: &Expr,
        span: Span,
        scope: &mut Scope,
    ) -> Eval {
        let (a, mut stopped) = settle(self.expr(left, scope));
        let (b, wrong) = settle(self.expr(right, scope));
        note(&mut stopped, wrong);
        let result = result_of(op);
        let instead = |stop: Stop| stop.with(Value::unknown(result.clone()));
        match op {
            BinaryOp::Equal | BinaryOp::NotEqual if stopped.is_some() => {
                return stopped.map_or(Ok(a), |stop| Err(instead(stop)));
            }
            BinaryOp::Equal => return Ok(equals(&a, &b)),
            BinaryOp::NotEqual => {
                let kind = match same(&a, &b) {
                    Some(truth) => Kind::Bool(!truth),
                    None => Kind::unknown(Type::Bool, Bounds::not_null()),
                };
                return Ok(Value::derived([&a, &b], kind));
            }
            _ => {}
        }
        let wanted = match op {
            BinaryOp::And | BinaryOp::Or => Type::Bool,
            _ => Type::Number,
        };
        let (a, wrong) = settle(suit(&a, &wanted, "left operand", left.span));
        note(&mut stopped, wrong);
        let (b, wrong) = settle(suit(&b, &wanted, "right operand", right.span));
        note(&mut stopped, wrong);
        if let Some(stop) = stopped {
            return Err(instead(stop));
        }
        not_null(&[&a, &b], span).map_err(instead)?;
        let kind = match (a.kind(), b.kind()) {
            (Kind::Bool(x), Kind::Bool(y)) => {
                Kind::Bool(if op == BinaryOp::And { *x && *y } else { *x || *y })
            }
            (Kind::Number(x), Kind::Number(y)) => arithmetic(op, x, y, span).map_err(instead)?,
            _ => undecided(op, &a, &b),
        };
        let logical = matches!(op, BinaryOp::And | BinaryOp::Or);
        if logical && !(a.is_known() && b.is_known()) {
            return Ok(Value::derived(None::<&Value>, kind));
        }
        Ok(Value::derived([&a, &b], kind))
    }

    /// Evaluates `condition ? then : otherwise`.
    pub(super) fn conditional(
        &mut self,
        condition: &Expr,
        then: &Expr,
        otherwise: &Expr,
        scope: &mut Scope,
    ) -> Eval {
        let decided = self.expr(condition, scope);
        let yes = self.expr(then, scope);
        let no = self.expr(otherwise, scope);
        choose(decided, condition.span, yes, no, [then.span, otherwise.span])
    }
}

/// Gives the type of an operator's result.
fn result_of(op: BinaryOp) -> Type {
    match op {
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply => Type::Number,
        BinaryOp::Divide | BinaryOp::Remainder => Type::Number,
        BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::And | BinaryOp::Or => Type::Bool,
        BinaryOp::Less | BinaryOp::LessOrEqual => Type::Bool,
        BinaryOp::Greater | BinaryOp::GreaterOrEqual => Type::Bool,
    }
}

/// Chooses one of two results by a condition; the one that is not taken may have failed, unless fatally.
///
/// `places` are those of the two results.
pub(super) fn choose(decided: Eval, place: Span, yes: Eval, no: Eval, places: [Span; 2]) -> Eval {
    let ((decided, wrong), (yes, no_yes), (no, no_no)) = (settle(decided), settle(yes), settle(no));
    let fatal = |stop: &Option<Stop>| stop.as_ref().is_some_and(|stop| stop.fatal);
    if fatal(&wrong) || fatal(&no_yes) || fatal(&no_no) {
        let mut stopped = wrong;
        note(&mut stopped, no_yes);
        note(&mut stopped, no_no);
        return finish(Value::unknown(Type::Any), stopped);
    }
    // The condition is not looked at where the results do not fit.
    let Some(ty) = result_type(&yes, &no) else {
        let why = mismatch(&yes.ty(), &no.ty());
        let detail =
            format!("The true and false result expressions must have consistent types. {why}");
        let both = Span::to(places[0], places[1]);
        return stop("Inconsistent conditional result types", detail, both);
    };
    let instead = |stop: Stop| stop.with(Value::unknown(ty.clone()));
    if decided.is_null() {
        let detail = "The condition value is null. Conditions must either be true or false.";
        let null = stop::<Value>("Null condition", detail, place).err();
        let mut stopped = wrong;
        note(&mut stopped, null);
        return finish(Value::unknown(ty), stopped);
    }
    // That a secret was not chosen says something of it: the result is marked as both are.
    let marks = [decided.marks(), yes.marks(), no.marks()];
    let marked = |value: Value| marks.into_iter().fold(value, Value::marked);
    if !decided.is_known() {
        // Nothing is wrong with what may not be taken.
        return finish(marked(either(&yes, &no, &ty)), wrong);
    }
    let decided = convert(&decided, &Type::Bool).or_else(|_| {
        stop("Incorrect condition type", "The condition expression must be of type bool.", place)
    });
    let decided = match decided {
        Ok(decided) => decided,
        Err(misfit) => {
            let mut stopped = wrong;
            note(&mut stopped, Some(misfit));
            return finish(Value::unknown(ty), stopped);
        }
    };
    let truth = decided.as_bool().unwrap_or_default();
    let (value, mut stopped) = if truth { (yes, no_yes) } else { (no, no_no) };
    let mut before = wrong;
    note(&mut before, stopped);
    stopped = before;
    let (value, misfit) = settle(convert(&value, &ty).or_else(|error| {
        let word = if truth { "true" } else { "false" };
        let detail = format!("The {word} result value has the wrong type: {}.", error.message);
        let place = places[usize::from(!truth)];
        stop("Inconsistent conditional result types", detail, place).map_err(instead)
    }));
    note(&mut stopped, misfit);
    finish(marked(value), stopped)
}

/// Gives the type that both results convert to.
fn result_type(yes: &Value, no: &Value) -> Option<Type> {
    let open_null = |value: &Value| matches!(value.kind(), Kind::Null(Type::Any));
    match (yes.ty(), no.ty()) {
        (_, ty) if open_null(yes) => Some(ty),
        (ty, _) if open_null(no) => Some(ty),
        (Type::Any, _) | (_, Type::Any) => Some(Type::Any),
        (a, b) if a == b => Some(a),
        (a, b) => unify(&[a, b]),
    }
}

/// Gives what is known where the condition is not: what holds for both.
fn either(yes: &Value, no: &Value, ty: &Type) -> Value {
    if yes.is_null() && no.is_null() {
        return Value::derived([yes, no], Kind::Null(ty.clone()));
    }
    let (a, b) = (bounds(yes), bounds(no));
    let same = yes.ty() == no.ty();
    let narrower = |low: bool| -> Option<Number> {
        let pick =
            |bounds: &Bounds| if low { bounds.number.0.clone() } else { bounds.number.1.clone() };
        let (x, y) = (pick(&a)?, pick(&b)?);
        Some(if (x < y) == low { x } else { y })
    };
    let not_null = a.not_null && b.not_null;
    let joined = if same {
        let most = a.length.1.and_then(|x| b.length.1.map(|y| x.max(y)));
        let length = (a.length.0.min(b.length.0), most);
        let number = (narrower(true), narrower(false));
        Bounds { not_null, length, number, prefix: None }
    } else {
        Bounds { not_null, ..Bounds::default() }
    };
    Value::derived([yes, no], Kind::unknown(ty.clone(), joined))
}

/// Gives what is known of a value, as bounds.
pub(super) fn bounds(value: &Value) -> Bounds {
    let length = |length: usize| Bounds { length: (length, Some(length)), ..Bounds::not_null() };
    match value.kind() {
        Kind::Unknown(_, bounds) => Bounds::clone(bounds),
        Kind::Null(_) => Bounds::default(),
        Kind::Number(number) => {
            Bounds { number: (Some(number.clone()), Some(number.clone())), ..Bounds::not_null() }
        }
        Kind::String(text) => Bounds { prefix: Some(text.clone()), ..Bounds::not_null() },
        Kind::List(_, parts) => length(parts.len()),
        Kind::Set(_, parts) if value.is_whole() => length(parts.len()),
        Kind::Map(_, fields) => length(fields.len()),
        Kind::Set(..) | Kind::Bool(_) | Kind::Tuple(_) | Kind::Object(_) => Bounds::not_null(),
    }
}

/// Says why two results have no common type.
fn mismatch(yes: &Type, no: &Type) -> String {
    match (yes, no) {
        (Type::Object(a), Type::Object(b)) => {
            for (name, ty) in a.iter() {
                match b.get(name) {
                    None => {
                        return format!(
                            "The 'true' value includes object attribute {name:?}, which is absent in the 'false' value."
                        );
                    }
                    Some(other) if ty != other => {
                        let why = mismatch(ty, other);
                        return format!("Type mismatch for object attribute {name:?}: {why}");
                    }
                    Some(_) => {}
                }
            }
            if let Some(name) = b.keys().find(|name| !a.contains_key(*name)) {
                return format!(
                    "The 'false' value includes object attribute {name:?}, which is absent in the 'true' value."
                );
            }
        }
        (Type::Tuple(a), Type::Tuple(b)) if a.len() != b.len() => {
            return format!(
                "The 'true' tuple has length {}, but the 'false' tuple has length {}.",
                a.len(),
                b.len()
            );
        }
        (Type::Tuple(a), Type::Tuple(b)) => {
            let wrong = a.iter().zip(b).enumerate().find(|(_, (a, b))| a != b);
            if let Some((place, (a, b))) = wrong {
                return format!("Type mismatch for tuple element {place}: {}", mismatch(a, b));
            }
        }
        _ => {}
    }
    let structural = |ty: &Type| matches!(ty, Type::Object(_) | Type::Tuple(_));
    match (yes, no) {
        (Type::List(a), Type::List(b)) if structural(a) && structural(b) => {
            return format!("Mismatched list element types: {}", mismatch(a, b));
        }
        (Type::Set(a), Type::Set(b)) if structural(a) && structural(b) => {
            return format!("Mismatched set element types: {}", mismatch(a, b));
        }
        (Type::Map(a), Type::Map(b)) if structural(a) && structural(b) => {
            return format!("Mismatched map element types: {}", mismatch(a, b));
        }
        _ => {}
    }
    let (a, b) = (yes.friendly(), no.friendly());
    if a == b {
        return "At least one deeply-nested attribute or element is not compatible across both the 'true' and the \
                'false' value."
            .into();
    }
    format!("The 'true' value is {a}, but the 'false' value is {b}.")
}

fn suit(value: &Value, ty: &Type, side: &str, span: Span) -> Eval {
    convert(value, ty).or_else(|error| {
        let detail = format!("Unsuitable value for {side}: {}.", error.message);
        stop("Invalid operand", detail, span)
    })
}

fn not_null(values: &[&Value], span: Span) -> Eval<()> {
    if values.iter().any(|value| value.is_null()) {
        return stop(
            "Operation failed",
            "Error during operation: argument must not be null.",
            span,
        );
    }
    Ok(())
}

fn arithmetic(op: BinaryOp, x: &Number, y: &Number, span: Span) -> Eval<Kind> {
    let number = match op {
        BinaryOp::Less => return Ok(Kind::Bool(x < y)),
        BinaryOp::LessOrEqual => return Ok(Kind::Bool(x <= y)),
        BinaryOp::Greater => return Ok(Kind::Bool(x > y)),
        BinaryOp::GreaterOrEqual => return Ok(Kind::Bool(x >= y)),
        BinaryOp::Add => x.add(y),
        BinaryOp::Subtract => x.sub(y),
        BinaryOp::Multiply => x.mul(y),
        BinaryOp::Divide => x.div(y),
        BinaryOp::Remainder => x.rem(y),
        BinaryOp::And | BinaryOp::Or | BinaryOp::Equal | BinaryOp::NotEqual => None,
    };
    match number {
        Some(number) => Ok(Kind::Number(number)),
        None => {
            let why = match op {
                BinaryOp::Divide | BinaryOp::Remainder => {
                    "can't divide zero by zero or infinity by infinity"
                }
                BinaryOp::Multiply => "can't multiply zero by infinity",
                _ => "can't compute sum of opposing infinities",
            };
            stop("Operation failed", format!("Error during operation: {why}."), span)
        }
    }
}

/// Gives what is known of a result with an unknown operand.
fn undecided(op: BinaryOp, a: &Value, b: &Value) -> Kind {
    let ((a_low, a_high), (b_low, b_high)) = (bounds(a).number, bounds(b).number);
    let below =
        |x: &Option<Number>, y: &Option<Number>| matches!((x, y), (Some(x), Some(y)) if x < y);
    let not_above =
        |x: &Option<Number>, y: &Option<Number>| matches!((x, y), (Some(x), Some(y)) if x <= y);
    let (yes, no) = match op {
        BinaryOp::Less => (below(&a_high, &b_low), not_above(&b_high, &a_low)),
        BinaryOp::LessOrEqual => (not_above(&a_high, &b_low), below(&b_high, &a_low)),
        BinaryOp::Greater => (below(&b_high, &a_low), not_above(&a_high, &b_low)),
        BinaryOp::GreaterOrEqual => (not_above(&b_high, &a_low), below(&a_high, &b_low)),
        BinaryOp::And | BinaryOp::Or => return Kind::unknown(Type::Bool, Bounds::not_null()),
        BinaryOp::Add
        | BinaryOp::Subtract
        | BinaryOp::Multiply
        | BinaryOp::Divide
        | BinaryOp::Remainder
        | BinaryOp::Equal
        | BinaryOp::NotEqual => return Kind::unknown(Type::Number, Bounds::not_null()),
    };
    match (yes, no) {
        (true, _) => Kind::Bool(true),
        (_, true) => Kind::Bool(false),
        _ => Kind::unknown(Type::Bool, Bounds::not_null()),
    }
}
