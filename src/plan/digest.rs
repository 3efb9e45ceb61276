//! What a plan does, as one number: two plans with the same digest have the same effects.
//!
//! It covers what becomes of which object, with which values, by which provider and in which order. It leaves out what does not matter for
//! that: the moment, the state's serial, what stays, what a changed part was where its successor is not known (counters and times of
//! the service), remarks, places in files. So it is the same on every machine and in every run, as long as the effects are.
//!
//! It is a keyed hash, by a key that comes from the state's lineage: so the digest of a plan with a weak secret does not tell the secret
//! to who does not have the state. Where there is no state yet the key is empty.

use std::collections::HashMap;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};

use super::decide::differences;
use super::{Action, Change, OutputChange, Plan, PlanMode, Verb};
use crate::addr::Address;
use crate::config::{Config, Module, text_sum};
use crate::diag::Sources;
use crate::value::{Bounds, Kind, Number, Path, PathStep, Type, Value};

/// Gives a plan's digest, in hexadecimal.
pub fn digest(plan: &Plan) -> String {
    let mut sum = Sum::new(&plan.base.lineage);
    sum.tag(match plan.base.mode {
        PlanMode::Normal => 0,
        PlanMode::Destroy => 1,
        PlanMode::RefreshOnly => 2,
    });
    for ((address, deposed), change) in &plan.changes {
        effect(&mut sum, address, deposed.as_deref(), change);
    }
    sum.end();
    for (name, output) in plan.outputs.iter().filter(|(_, output)| !output.is_keep()) {
        of_output(&mut sum, name, output);
    }
    sum.end();
    for (to, from) in &plan.moves {
        sum.tag(1).shown(to).shown(from);
    }
    sum.end();
    order(&mut sum, plan);
    if let Some(text) = &plan.base.text {
        sum.tag(1).text(text);
        for (name, value) in &plan.variables {
            sum.tag(1).text(name);
            sum.value(value);
        }
        sum.end();
    }
    hex::encode(sum.finish())
}

/// Gives the sum of a configuration's text, where a plan does what its values do not tell: its blocks run programs, or a value is
/// worked out only in the apply. It is the same in whatever files of whatever folder the text stands.
pub fn text(plan: &Plan, config: &Config, sources: &Sources) -> Option<String> {
    let runs = |address: &Address| {
        let block = config.resource(address);
        block.is_some_and(|block| !block.provisioners.is_empty())
    };
    let open = plan.changes.iter().any(|((address, _), change)| {
        let unknown = change.config.as_ref().is_some_and(|config| !config.is_whole());
        !change.verb.is_keep() && (unknown || runs(address))
    });
    if !open && !has_programs_of_removed(&config.root) {
        return None;
    }
    Some(text_sum(sources))
}

/// Says whether what is no longer there has programs to run when it goes.
fn has_programs_of_removed(module: &Module) -> bool {
    let mut children = module.calls.values().map(|call| &call.module);
    module.removed.iter().any(|removed| !removed.provisioners.is_empty())
        || children.any(has_programs_of_removed)
}

/// Adds the calls, and by their places which waits for which.
fn order(sum: &mut Sum, plan: &Plan) {
    let places: HashMap<&Action, usize, foldhash::fast::FixedState> =
        plan.order.nodes().enumerate().map(|(place, action)| (action, place)).collect();
    for (action, needs) in plan.order.each() {
        sum.tag(1).shown(&action.address).maybe(action.deposed.as_deref());
        sum.tag(action.call as u8);
        needs.filter_map(|need| places.get(need)).for_each(|place| {
            sum.tag(1).number(*place);
        });
        sum.end();
    }
    sum.end();
}

/// Adds what a change does; nothing where that is nothing.
fn effect(sum: &mut Sum, address: &Address, deposed: Option<&str>, change: &Change) {
    let verb = match &change.verb {
        Verb::Keep { .. } if change.importing.is_none() => return,
        Verb::Keep { .. } => 1,
        Verb::Read { .. } => 2,
        Verb::Create { .. } => 3,
        Verb::Update { .. } => 4,
        Verb::Replace { create_first: false, .. } => 5,
        Verb::Replace { create_first: true, .. } => 6,
        Verb::Delete { .. } => 7,
        Verb::Forget { .. } => 8,
    };
    sum.tag(verb).shown(address).maybe(deposed).maybe(change.importing.as_deref());
    let provider = &change.provider;
    provider.module.iter().for_each(|step| {
        sum.tag(1).text(step);
    });
    sum.end().text(&provider.source).maybe(provider.alias.as_deref());
    match &change.verb {
        Verb::Create { after } | Verb::Replace { after, .. } => sum.value(after),
        Verb::Update { before, after } => changed(sum, before, after),
        Verb::Keep { .. } | Verb::Read { .. } | Verb::Delete { .. } | Verb::Forget { .. } => {}
    }
}

/// Adds the parts that change: as they will be, and, where that is known, as they are.
fn changed(sum: &mut Sum, before: &Value, after: &Value) {
    for path in differences(before, after) {
        let after = after.at(&path);
        let known = after.is_none_or(Value::is_whole);
        let before = before.at(&path).filter(|_| known);
        sum.tag(1).path(&path);
        sum.optional(before);
        sum.optional(after);
    }
    sum.end();
}

fn of_output(sum: &mut Sum, name: &str, output: &OutputChange) {
    let known = output.after.as_ref().is_none_or(Value::is_whole);
    sum.tag(1 + u8::from(output.sensitive)).text(name);
    sum.optional(output.before.as_ref().filter(|_| known));
    sum.optional(output.after.as_ref());
}

/// The hash, with what it has not taken in yet. What is added can be told apart from any other: a text follows its length, and
/// whatever there may be several or none of follows a tag that is not zero, up to one that is.
struct Sum {
    hash: Hmac<Sha256>,
    waiting: Vec<u8>,
}

/// So much is taken in at once.
const PORTION: usize = 1 << 14;

impl Sum {
    fn new(lineage: &str) -> Sum {
        let hash = <Hmac<Sha256> as KeyInit>::new_from_slice(lineage.as_bytes());
        let mut sum = Sum { hash: hash.expect("a key may have any length"), waiting: Vec::new() };
        sum.waiting.extend(b"terrane plan digest 2\n");
        sum
    }

    fn finish(mut self) -> Vec<u8> {
        self.hash.update(&self.waiting);
        self.hash.finalize().into_bytes().to_vec()
    }

    fn tag(&mut self, tag: u8) -> &mut Sum {
        if self.waiting.len() >= PORTION {
            self.hash.update(&self.waiting);
            self.waiting.clear();
        }
        self.waiting.push(tag);
        self
    }

    fn end(&mut self) -> &mut Sum {
        self.tag(0)
    }

    fn number(&mut self, number: usize) -> &mut Sum {
        self.waiting.extend((number as u64).to_le_bytes());
        self
    }

    fn text(&mut self, text: &str) -> &mut Sum {
        self.number(text.len());
        self.waiting.extend(text.as_bytes());
        self
    }

    /// Adds the text of what can be shown.
    fn shown(&mut self, shown: &impl std::fmt::Display) -> &mut Sum {
        use std::io::Write as _;
        let start = self.waiting.len();
        self.number(0);
        let text = start + 8;
        write!(self.waiting, "{shown}").expect("memory can be written to");
        let length = (self.waiting.len() - text) as u64;
        self.waiting[start..text].copy_from_slice(&length.to_le_bytes());
        self
    }

    fn maybe(&mut self, text: Option<&str>) -> &mut Sum {
        match text {
            None => self.tag(0),
            Some(text) => self.tag(1).text(text),
        }
    }

    fn optional(&mut self, value: Option<&Value>) {
        match value {
            None => {
                self.tag(0);
            }
            Some(value) => {
                self.tag(1);
                self.value(value);
            }
        }
    }

    fn path(&mut self, path: &Path) {
        for step in &path.0 {
            match step {
                PathStep::Attribute(name) => {
                    self.tag(1).text(name);
                }
                PathStep::Index(index) => {
                    self.tag(2);
                    self.value(index);
                }
            }
        }
        self.end();
    }

    /// Adds a value without its marks: they are the schema's and the configuration's, and change no effect.
    fn value(&mut self, value: &Value) {
        match value.kind() {
            Kind::Unknown(ty, bounds) => {
                self.tag(1).ty(ty);
                self.bounds(bounds);
            }
            Kind::Null(ty) => {
                self.tag(2).ty(ty);
            }
            Kind::Bool(value) => {
                self.tag(3).tag(u8::from(*value));
            }
            Kind::Number(number) => self.tag(4).decimal(number),
            Kind::String(text) => {
                self.tag(5).text(text);
            }
            Kind::List(ty, parts) => self.tag(6).ty(ty).values(parts.iter()),
            Kind::Set(ty, parts) => self.tag(7).ty(ty).values(parts.iter()),
            Kind::Tuple(parts) => self.tag(8).values(parts.iter()),
            Kind::Map(ty, fields) => self.tag(9).ty(ty).fields(fields),
            Kind::Object(fields) => self.tag(10).fields(fields),
        }
    }

    fn values<'v>(&mut self, values: impl ExactSizeIterator<Item = &'v Value>) {
        self.number(values.len());
        values.for_each(|value| self.value(value));
    }

    fn fields(&mut self, fields: &crate::value::Fields) {
        self.number(fields.len());
        for (name, value) in fields {
            self.text(name);
            self.value(value);
        }
    }

    fn decimal(&mut self, number: &Number) {
        match (number.is_infinite(), number.is_negative()) {
            (true, negative) => self.text(if negative { "-inf" } else { "inf" }),
            (false, _) => self.shown(number),
        };
    }

    fn bounds(&mut self, bounds: &Bounds) {
        self.tag(u8::from(bounds.not_null)).maybe(bounds.prefix.as_deref());
        let (least, most) = bounds.length;
        self.number(least).number(most.unwrap_or(usize::MAX));
        for number in [&bounds.number.0, &bounds.number.1] {
            match number {
                None => {
                    self.tag(0);
                }
                Some(number) => self.tag(1).decimal(number),
            }
        }
    }

    fn ty(&mut self, ty: &Type) -> &mut Sum {
        match ty {
            Type::Any => self.tag(1),
            Type::Bool => self.tag(2),
            Type::Number => self.tag(3),
            Type::String => self.tag(4),
            Type::List(element) => self.tag(5).ty(element),
            Type::Set(element) => self.tag(6).ty(element),
            Type::Map(element) => self.tag(7).ty(element),
            Type::Tuple(parts) => {
                self.tag(8).number(parts.len());
                for part in parts {
                    self.ty(part);
                }
                self
            }
            Type::Object(fields) => {
                self.tag(9).number(fields.len());
                for (name, ty) in fields.iter() {
                    self.text(name).ty(ty);
                }
                self
            }
        }
    }
}

/// Gives the hash of a text, in hexadecimal.
pub fn of_text(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::super::written_plan::tests::sample;
    use super::*;
    use crate::value::Type;

    #[test]
    fn what_is_done_makes_the_digest_and_nothing_else() {
        let plan = sample();
        let mut later = plan.clone();
        later.base.made = Some(jiff::Timestamp::UNIX_EPOCH);
        later.base.serial += 1;
        later.changes.values_mut().for_each(|change| change.span = None);
        let mut other = plan.clone();
        other.outputs.values_mut().for_each(|output| output.after = Some(Value::bool(true)));
        let mut fewer = plan.clone();
        fewer.changes.pop_first();
        let mut elsewhere = plan.clone();
        elsewhere.base.lineage = "another".into();

        assert_eq!(digest(&plan), digest(&later));
        for changed in [&other, &fewer, &elsewhere] {
            assert_ne!(digest(&plan), digest(changed));
        }
    }

    fn updated(before: [(&'static str, Value); 2], after: [(&'static str, Value); 2]) -> String {
        let mut plan = sample();
        let change = plan.changes.values_mut().next().unwrap();
        change.verb = Verb::Update { before: Value::object(before), after: Value::object(after) };
        digest(&plan)
    }

    #[test]
    fn counters_of_the_service_do_not_count_and_what_changes_does() {
        let of = |etag: &str, before: &str, after: &str| {
            updated(
                [("etag", Value::string(etag)), ("size", Value::string(before))],
                [("etag", Value::unknown(Type::String)), ("size", Value::string(after))],
            )
        };

        assert_eq!(of("1", "small", "big"), of("2", "small", "big"));
        assert_ne!(of("1", "small", "big"), of("1", "small", "huge"));
        assert_ne!(of("1", "small", "big"), of("1", "tiny", "big"));
    }
}
