//! What the service keeps of an object when it changes, and when it is made anew.
//!
//! What it keeps stays known in a plan, so that nothing that depends on it is told to change: `volatile` names what moves an
//! attribute, `kept` what must be the same for a new object to have it too.

use crate::schema::Given;
use crate::value::{Kind, Value};

use super::spec::{Moves, Part, Shape, Spec};

/// A block's value before and after, and whether the configuration writes anything in it.
#[derive(Clone, Copy)]
struct Sides<'a> {
    before: &'a Value,
    after: &'a Value,
    config: Option<&'a Value>,
}

/// Gives the names after `volatile` and `kept` that are no attribute's.
pub(super) fn strangers(parts: &[Part]) -> Vec<String> {
    let mut found = Vec::new();
    named(&[parts], &mut found);
    found
}

fn named(around: &[&[Part]], found: &mut Vec<String>) {
    let parts = around.last().copied().unwrap_or_default();
    for part in parts {
        let movers = match &part.volatile {
            Some(Moves::With(names)) => names.as_slice(),
            Some(Moves::Always) | None => &[],
        };
        for name in movers.iter().chain(&part.kept) {
            let (scope, bare) = scope(around, name);
            if !scope.is_some_and(|parts| parts.iter().any(|part| part.name == bare)) {
                found.push(name.clone());
            }
        }
        if let Some(inside) = part.inside() {
            named(&[around, &[inside]].concat(), found);
        }
    }
}

/// Gives where a name is looked for, and the name itself.
fn scope<'n, T: Copy>(around: &[T], name: &'n str) -> (Option<T>, &'n str) {
    if let Some(name) = name.strip_prefix('/') {
        return (around.first().copied(), name);
    }
    let up = name.matches("../").count();
    let scope = around.len().checked_sub(up + 1).and_then(|at| around.get(at)).copied();
    (scope, name.trim_start_matches("../"))
}

/// Opens what moves with the changes of an object: what nobody wrote, and whose movers differ.
pub(super) fn unsettled(spec: &Spec, prior: &Value, config: &Value, after: Value) -> Value {
    let around = [Sides { before: prior, after: &after, config: Some(config) }];
    opened(&spec.parts, &around)
}

fn opened(parts: &[Part], around: &[Sides<'_>]) -> Value {
    let Some(here) = around.last() else { return Value::tuple(Vec::new()) };
    let mut found = here.after.clone();
    for part in parts.iter().filter(|part| part.moves_somewhere()) {
        let field = |value: &Value| value.field(&part.name).cloned();
        let (Some(before), Some(after)) = (field(here.before), field(here.after)) else { continue };
        let config = here.config.and_then(|config| config.field(&part.name));
        let is_written = config.is_some_and(|config| match config.elements() {
            Some(elements) => !elements.is_empty(),
            None => !config.is_null(),
        });
        let open = part.given == Given::Service || !is_written;
        if open && before == after && is_moved(part, parts, around) {
            let ty = part.ty();
            let value = match part.volatile {
                Some(Moves::Always) => Value::unknown_not_null(ty),
                _ => Value::unknown(ty),
            };
            found = found.with_field(&part.name, value);
        } else if let Shape::Block { .. } = &part.shape {
            found = found.with_field(&part.name, within(part, around, &before, &after, config));
        }
    }
    found
}

fn within(
    part: &Part,
    around: &[Sides<'_>],
    before: &Value,
    after: &Value,
    config: Option<&Value>,
) -> Value {
    let Shape::Block { set, keyed, parts, .. } = &part.shape else { return after.clone() };
    let former = before.elements().unwrap_or_default();
    let written = config.and_then(Value::elements).unwrap_or_default();
    if *set && (former.len() != 1 || after.elements().map(<[Value]>::len) != Some(1)) {
        return after.clone();
    }
    let mut place = 0;
    after.map_parts(&mut |element| {
        let key = |value: &Value| keyed.as_ref().and_then(|key| value.field(key)).cloned();
        let before = match key(element) {
            Some(wanted) => former.iter().find(|former| key(former).as_ref() == Some(&wanted)),
            None => former.get(place),
        };
        place += 1;
        let Some(before) = before.filter(|_| element.is_known()) else { return element.clone() };
        let inner = Sides { before, after: element, config: written.get(place - 1) };
        opened(parts, &[around, &[inner]].concat())
    })
}

fn is_moved(part: &Part, beside: &[Part], around: &[Sides<'_>]) -> bool {
    let differs = |sides: Option<Sides<'_>>, name: &str| {
        sides.is_some_and(|sides| sides.before.field(name) != sides.after.field(name))
    };
    match &part.volatile {
        None => false,
        Some(Moves::Always) => beside
            .iter()
            .filter(|part| part.write.is_some() || part.change.is_some() || part.read.is_some())
            .any(|part| differs(around.last().copied(), &part.name)),
        Some(Moves::With(names)) => names.iter().any(|name| {
            let (scope, bare) = scope(around, name);
            differs(scope, bare)
        }),
    }
}

/// Fills in what a new object has of the one that it replaces.
pub(super) fn kept(spec: &Spec, replaced: &Value, after: Value) -> Value {
    let kept = spec.parts.iter().filter(|part| !part.kept.is_empty());
    kept.fold(after, |after, part| {
        let is_same = |name: &String| {
            let wanted = after.field(name);
            wanted.is_some_and(Value::is_whole) && wanted == replaced.field(name)
        };
        let is_open = after.field(&part.name).is_some_and(|value| !value.is_known());
        match replaced.field(&part.name).filter(|value| value.is_whole() && !value.is_null()) {
            Some(value) if is_open && part.kept.iter().all(is_same) => {
                after.with_field(&part.name, value.clone())
            }
            _ => after,
        }
    })
}

/// Says whether a planned value is the one that stands in all that it tells.
pub(super) fn says_the_same(before: &Value, planned: &Value) -> bool {
    match (before.kind(), planned.kind()) {
        (_, Kind::Unknown(..)) => true,
        _ if planned.is_whole() => before == planned,
        (Kind::Object(a), Kind::Object(b)) => {
            b.iter().all(|(name, b)| a.get(name).is_some_and(|a| says_the_same(a, b)))
        }
        (Kind::List(_, a), Kind::List(_, b)) if a.len() == b.len() => {
            a.iter().zip(b.iter()).all(|(a, b)| says_the_same(a, b))
        }
        _ => false,
    }
}
