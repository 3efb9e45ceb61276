//! Dependents go with their owners, before them, or are left alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::attention::since;
use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit;
use crate::sandbox::kubernetes::delete::dependents;
use crate::sandbox::kubernetes::resources;
use crate::sandbox::kubernetes::store::{
    Change, Key, Store, is_deleting, items, namespace, text, uid,
};

/// Takes the next step of every deletion that concerns dependents.
pub fn run(store: &mut Store, _: &ClusterName) {
    if since(store, store.swept).is_some_and(|news| !news.into_iter().any(|it| stirs(store, it))) {
        store.swept = store.revision;
        return;
    }
    let begun = store.revision;
    sweep(store);
    // What was done here is looked at again.
    store.swept = begun;
}

/// Says whether a change may leave something without an owner, or an owner without dependents.
fn stirs(store: &Store, change: &Change) -> bool {
    let owners = |object: &Json| object["metadata"]["ownerReferences"].clone();
    let object = &change.after;
    if change.removed || is_deleting(object) {
        return true;
    }
    let before = change.before.as_ref().map(|before| owners(before)).unwrap_or_default();
    let now = owners(object);
    now.is_array()
        && now != before
        && !items(object, "/metadata/ownerReferences").iter().all(|owner| {
            let kind = resources::by_kind(text(owner, "/apiVersion"), text(owner, "/kind"));
            let place = kind.map(|kind| Key::new(kind, namespace(object), text(owner, "/name")));
            let there = place.and_then(|key| store.get(&key));
            there.is_some_and(|there| uid(there) == text(owner, "/uid"))
        })
}

fn sweep(store: &mut Store) {
    let living: BTreeSet<String> =
        store.objects.values().map(|object| uid(object).to_owned()).collect();
    let orphans: Vec<Arc<Json>> = store
        .objects
        .values()
        .filter(|object| {
            let owners = items(object, "/metadata/ownerReferences");
            !owners.is_empty() && owners.iter().all(|owner| !living.contains(text(owner, "/uid")))
        })
        .filter(|object| !is_deleting(object))
        .cloned()
        .collect();
    for object in orphans {
        hand::delete(store, &object);
    }
    let going: Vec<Arc<Json>> =
        store.objects.values().filter(|object| is_deleting(object)).cloned().collect();
    for object in going {
        let finalizers = items(&object, "/metadata/finalizers");
        let children: Vec<Json> =
            dependents(store, uid(&object)).map(|(_, child)| child.clone()).collect();
        if finalizers.iter().any(|one| one == "orphan") {
            for child in &children {
                let id = uid(&object).to_owned();
                hand::change(store, MANAGER, child, |child| disown(child, &id));
            }
            hand::drop_finalizer(store, MANAGER, &object, "orphan");
        } else if finalizers.iter().any(|one| one == "foregroundDeletion") {
            for child in children.iter().filter(|child| !is_deleting(child)) {
                hand::delete(store, child);
            }
            if dependents(store, uid(&object)).next().is_none() {
                hand::drop_finalizer(store, MANAGER, &object, "foregroundDeletion");
            }
        }
    }
}

fn disown(child: &mut Json, owner: &str) {
    let Some(owners) = child["metadata"]["ownerReferences"].as_array_mut() else { return };
    owners.retain(|one| one["uid"] != owner);
    if owners.is_empty() {
        admit::remove(&mut child["metadata"], "ownerReferences");
    }
}
