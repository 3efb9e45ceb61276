//! Whether two snapshots say the same, as far as a state file tells: then nothing need be written.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::write::written_type;
use super::{KeptOutput, Object, Snapshot, Tracked};

impl Snapshot {
    /// Says whether another one says the same, whoever wrote it and how often it was written. Marks inside of values are not
    /// kept, so they make no difference.
    pub fn says_same(&self, other: &Snapshot) -> bool {
        let nothing = serde_json::Value::Null;
        let checks = |snapshot: &Snapshot| snapshot.checks.clone().unwrap_or(nothing.clone());
        all(&self.objects, &other.objects, tracked)
            && all(&self.outputs, &other.outputs, output)
            && checks(self) == checks(other)
            && self.other == other.other
    }
}

/// Says whether two maps have the same keys, and under each what is the same.
fn all<K: Ord, V>(one: &BTreeMap<K, V>, other: &BTreeMap<K, V>, same: fn(&V, &V) -> bool) -> bool {
    let mut pairs = one.iter().zip(other);
    one.len() == other.len() && pairs.all(|((a, one), (b, other))| a == b && same(one, other))
}

fn tracked(one: &Tracked, other: &Tracked) -> bool {
    let current = match (&one.current, &other.current) {
        (Some(one), Some(other)) => object(one, other),
        (one, other) => one.is_none() && other.is_none(),
    };
    current && all(&one.deposed, &other.deposed, object)
}

fn object(one: &Object, other: &Object) -> bool {
    let shared = Arc::ptr_eq(&one.attributes, &other.attributes);
    let needs = |object: &Object| object.needs.iter().cloned().collect::<BTreeSet<_>>();
    (shared || one.attributes == other.attributes)
        && (one.needs == other.needs || needs(one) == needs(other))
        && one.sensitive == other.sensitive
        && one.schema_version == other.schema_version
        && one.provider == other.provider
        && one.tainted == other.tainted
        && one.create_before_destroy == other.create_before_destroy
        && one.private == other.private
        && one.identity == other.identity
        && one.other == other.other
}

fn output(one: &KeptOutput, other: &KeptOutput) -> bool {
    one.sensitive == other.sensitive
        && one.value.without_marks() == other.value.without_marks()
        && written_type(&one.value, &one.ty) == written_type(&other.value, &other.ty)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn snapshot() -> Snapshot {
        file::read(include_str!("../../state/samples/kinds.tfstate")).unwrap()
    }

    #[test]
    fn who_wrote_it_and_how_often_and_in_which_order_is_no_difference() {
        let one = snapshot();
        let mut other =
            Snapshot { serial: 99, lineage: "x".into(), written_by: "y".into(), ..snapshot() };
        let objects = other.objects.values_mut().filter_map(|tracked| tracked.current.as_mut());
        objects.for_each(|object| object.needs.reverse());

        assert!(one.says_same(&other) && other.says_same(&one));
    }

    #[test]
    fn each_thing_that_is_written_is_one() {
        let changes: &[fn(&mut Snapshot)] = &[
            |it| drop(it.objects.pop_first()),
            |it| drop(it.outputs.pop_first()),
            |it| it.checks = Some(serde_json::json!([1])),
            |it| drop(it.other.file.insert("x".into(), 1.into())),
            |it| first(it).tainted ^= true,
            |it| first(it).private.push(1),
            |it| first(it).attributes = Arc::new(serde_json::json!({ "id": "other" })),
            |it| first(it).needs.push("a.b".parse().unwrap()),
            |it| it.outputs.values_mut().for_each(|it| it.sensitive ^= true),
        ];
        for (number, change) in changes.iter().enumerate() {
            let mut other = snapshot();
            change(&mut other);

            assert!(!snapshot().says_same(&other), "{number}");
        }
    }

    fn first(snapshot: &mut Snapshot) -> &mut Object {
        let mut objects = snapshot.objects.values_mut().filter_map(|it| it.current.as_mut());
        objects.next().unwrap()
    }
}
