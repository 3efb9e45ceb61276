//! `count` and `for_each`: how many instances a block has, and what each turn sees.

use std::rc::Rc;
use std::sync::Arc;

use super::evaluator::Pass;
use super::evidence::Cause;
use super::reference::anything;
use super::scope::{BlockId, Eval, Item, ModuleId, Scope, Stop, Turn, fatal, fatal_value};
use crate::addr::Key;
use crate::diag::Span;
use crate::syntax::tree::Expr;
use crate::value::convert::convert;
use crate::value::{Fields, Kind, Number, Type, Value};

/// The instances of a block or module call.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Turns {
    /// One, without a key.
    Single,
    /// So many.
    Count(u64),
    /// One for each key.
    Each(Arc<Fields>),
    /// Not known how many; the turn is what stands for each of them.
    Unknown(bool),
}

impl Turns {
    /// Gives the keys.
    pub(super) fn keys(&self) -> Vec<Option<Key>> {
        match self {
            Turns::Single => vec![None],
            Turns::Count(count) => (0..*count).map(|place| Some(Key::Number(place))).collect(),
            Turns::Each(values) => {
                values.keys().map(|key| Some(Key::String(key.clone()))).collect()
            }
            Turns::Unknown(_) => Vec::new(),
        }
    }

    /// Says whether there is an instance of this key.
    pub(super) fn has(&self, key: Option<&Key>) -> bool {
        match (self, key) {
            (Turns::Single, None) => true,
            (Turns::Count(count), Some(Key::Number(place))) => place < count,
            (Turns::Each(values), Some(Key::String(key))) => values.contains_key(key),
            (Turns::Unknown(_), _) => true,
            _ => false,
        }
    }

    /// Gives what the turn of a key sees.
    pub(super) fn turn(&self, key: Option<&Key>) -> Turn {
        match (self, key) {
            (Turns::Count(_), Some(Key::Number(place))) => {
                let place = usize::try_from(*place).unwrap_or(usize::MAX);
                Turn::Count(Value::number(Number::from(place)))
            }
            (Turns::Each(values), Some(Key::String(key))) => {
                let value = values.get(key).cloned().unwrap_or_else(anything);
                Turn::Each(Value::new(Kind::String(key.clone())), value)
            }
            (Turns::Unknown(true), _) => Turn::Count(Value::unknown_not_null(Type::Number)),
            (Turns::Unknown(false), _) => {
                Turn::Each(Value::unknown_not_null(Type::String), anything())
            }
            _ => Turn::None,
        }
    }

    /// Gives the key that an index speaks of, where there is such an instance.
    pub(super) fn key_of(&self, index: &Value) -> Option<Key> {
        let key = match self {
            Turns::Count(_) => {
                let number = convert(index, &Type::Number).ok()?;
                Key::Number(u64::try_from(number.as_i64()?).ok()?)
            }
            Turns::Each(_) => Key::String(convert(index, &Type::String).ok()?.as_str()?.into()),
            Turns::Single | Turns::Unknown(_) => return None,
        };
        self.has(Some(&key)).then_some(key)
    }
}

impl<'a> Pass<'_, 'a> {
    /// Gives the instances of a module call.
    pub(super) fn call_turns(&mut self, module: ModuleId, name: &'a str) -> Eval<Rc<Turns>> {
        let Some(call) = self.evaluator.modules[module].module.calls.get(name) else {
            return Err(Stop::reported());
        };
        self.once(Item::Call(module, name), |pass| {
            let mut scope = Scope::module(module);
            pass.turns(call.count.as_ref(), call.for_each.as_ref(), &mut scope).map(Rc::new)
        })
    }

    /// Gives the instances of a resource block.
    pub(super) fn block_turns(&mut self, block: BlockId<'a>) -> Eval<Rc<Turns>> {
        let resource = block.resource;
        let spread = self.spread_of(block);
        if resource.count.is_none() && resource.for_each.is_none() && spread.is_none() {
            return Ok(self.evaluator.single.clone());
        }
        self.once(Item::Turns(block), |pass| {
            if let Some((schema, spread)) = spread {
                return pass.spread_turns(block, &schema, spread);
            }
            let own = pass.block_address(block);
            let mut scope = Scope { own: Some(own), ..Scope::module(block.module) };
            let turns = pass.turns(resource.count.as_ref(), resource.for_each.as_ref(), &mut scope);
            if matches!(&turns, Err(stop) if stop.problems.iter().any(|problem| problem.detail.contains("until apply")))
            {
                let address = pass.block_address(block);
                pass.evaluator.deferred.insert(address);
            }
            match turns {
                // A check of the text alone leaves it to the plan to tell of a block that counts itself.
                Err(stop) if pass.evaluator.inputs.validating && refers_to_itself(&stop) => {
                    Ok(Rc::new(Turns::Unknown(resource.count.is_some())))
                }
                turns => turns.map(Rc::new),
            }
        })
    }

    pub(super) fn turns(
        &mut self,
        count: Option<&Expr>,
        each: Option<&Expr>,
        scope: &mut Scope,
    ) -> Eval<Turns> {
        let turns = match (count, each) {
            (Some(count), _) => self.counted(count, scope)?,
            (None, Some(each)) => self.keyed(each, scope)?,
            (None, None) => return Ok(Turns::Single),
        };
        if self.evaluator.inputs.validating {
            return Ok(Turns::Unknown(count.is_some()));
        }
        Ok(turns)
    }

    /// Gives the answer to an unknown: an error, unless it is merely not read yet.
    fn undecided(&mut self, counted: bool, detail: &str, span: Span) -> Eval<Turns> {
        let pending = self.trace_mut().is_some_and(|trace| trace.pending);
        if pending || self.evaluator.inputs.validating {
            return Ok(Turns::Unknown(counted));
        }
        let summary = if counted { "Invalid count argument" } else { "Invalid for_each argument" };
        let result = fatal_value(summary, detail, span);
        if counted { result.map_err(Stop::plain) } else { result }
    }

    fn counted(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<Turns> {
        let summary = "Invalid count argument";
        let value = self.expr(expr, scope)?;
        let number = convert(&value, &Type::Number).or_else(|error| {
            let detail = format!("Invalid expression value: {}.", error.message);
            fatal("Incorrect value type", detail, expr.span)
        })?;
        if number.marks().ephemeral {
            return fatal(
                summary,
                "The given \"count\" is derived from an ephemeral value, which means that Terraform cannot persist it \
                 between plan/apply rounds. Use only non-ephemeral values to specify the number of resource instances.",
                expr.span,
            );
        }
        match number.kind() {
            Kind::Null(_) => fatal(
                summary,
                "The given \"count\" argument value is null. An integer is required.",
                expr.span,
            ),
            Kind::Number(count) => {
                let why = match (count.to_i64(), count.is_integer()) {
                    (Some(count), _) if count >= 0 => {
                        return Ok(Turns::Count(u64::try_from(count).unwrap_or(0)));
                    }
                    (Some(_), true) => "must be greater than or equal to zero",
                    _ => {
                        "value must be a whole number, between -9223372036854775808 and 9223372036854775807"
                    }
                };
                fatal(summary, format!("The given \"count\" argument value is unsuitable: {why}."), expr.span)
            }
            _ => self.undecided(
                true,
                "The \"count\" value depends on resource attributes that cannot be determined until apply, so Terraform \
                 cannot predict how many instances will be created. To work around this, use the -target argument to \
                 first apply only the resources that the count depends on.",
                expr.span,
            ),
        }
    }

    fn keyed(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<Turns> {
        let result = self.keys_of(expr, scope);
        let says = |words: &str| {
            let stop = result.as_ref().err();
            stop.is_some_and(|stop| {
                stop.problems.iter().any(|problem| problem.detail.contains(words))
            })
        };
        let secret = says("Sensitive values") || says("ephemeral value");
        let cause = match (secret, says("until apply")) {
            (true, _) => Cause::Sensitive,
            (_, true) => Cause::Unknown,
            _ => Cause::Other,
        };
        self.explained_by(result, expr, cause, scope)
    }

    fn keys_of(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<Turns> {
        let summary = "Invalid for_each argument";
        let value = self.expr(expr, scope)?;
        let span = expr.span;
        if value.marks().sensitive {
            return fatal_value(
                summary,
                "Sensitive values, or values derived from sensitive values, cannot be used as for_each arguments. If used, \
                 the sensitive value could be exposed as a resource instance key.",
                span,
            );
        }
        if value.marks().ephemeral {
            return fatal_value(
                summary,
                "The given \"for_each\" value is derived from an ephemeral value, which means that Terraform cannot persist \
                 it between plan/apply rounds. Use only non-ephemeral values to specify a resource's instance keys.",
                span,
            );
        }
        match (value.ty(), value.kind()) {
            (_, Kind::Null(_)) => fatal_value(
                summary,
                "The given \"for_each\" argument value is unsuitable: the given \"for_each\" argument value is null. A map, or set \
                 of strings is allowed.",
                span,
            ),
            (Type::Map(_) | Type::Object(_), Kind::Map(_, fields) | Kind::Object(fields)) => {
                Ok(Turns::Each(fields.clone()))
            }
            (Type::Set(element), kind) => self.turns_of_set(&value, &element, kind, span),
            (Type::Any | Type::Map(_) | Type::Object(_), _) => {
                let detail = format!(
                    "The \"for_each\" map includes keys {UNKNOWN} define the map keys statically in your \
                     configuration and place apply-time results only in the map values.{TARGET}"
                );
                self.undecided(false, &detail, span)
            }
            (ty, _) => {
                let detail = format!(
                    "The given \"for_each\" argument value is unsuitable: the \"for_each\" argument must be a map, or set of \
                     strings, and you have provided a value of type {}.",
                    ty.friendly()
                );
                fatal_value(summary, detail, span)
            }
        }
    }

    fn turns_of_set(
        &mut self,
        value: &Value,
        element: &Type,
        kind: &Kind,
        span: Span,
    ) -> Eval<Turns> {
        let empty = matches!(kind, Kind::Set(_, parts) if parts.is_empty());
        let unsuitable = |why: String| {
            let detail = format!("The given \"for_each\" argument value is unsuitable: {why}.");
            fatal_value("Invalid for_each set argument", detail, span)
        };
        if !matches!(element, Type::String | Type::Any) && !empty {
            return unsuitable(format!(
                "\"for_each\" supports maps and sets of strings, but you have provided a set containing type {}",
                element.friendly()
            ));
        }
        if !value.is_whole() {
            let detail = format!(
                "The \"for_each\" set includes values {UNKNOWN} use a map value where the keys are defined \
                 statically in your configuration and where only the values contain apply-time results.{TARGET}"
            );
            return self.undecided(false, &detail, span);
        }
        let mut each = Fields::new();
        for part in value.elements().unwrap_or_default() {
            match part.kind() {
                Kind::String(key) => each.insert(key.clone(), part.clone()),
                _ => return unsuitable("\"for_each\" sets must not contain null values".into()),
            };
        }
        Ok(Turns::Each(Arc::new(each)))
    }
}

fn refers_to_itself(stop: &Stop) -> bool {
    stop.problems.iter().any(|problem| problem.summary == "Self-referential block")
}

const UNKNOWN: &str = "derived from resource attributes that cannot be determined until apply, and so Terraform cannot \
                       determine the full set of keys that will identify the instances of this resource.\n\nWhen working \
                       with unknown values in for_each, it's better to";

const TARGET: &str = "\n\nAlternatively, you could use the -target planning option to first apply only the resources that the \
                      for_each value depends on, and then apply a second time to fully converge.";
