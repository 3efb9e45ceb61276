//! Dependents go with their owners, before them, or are left alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value as Json;

use super::hand::{self, MANAGER};
use crate::sandbox::ClusterName;
use crate::sandbox::kubernetes::admit;
use crate::sandbox::kubernetes::delete::dependents;
use crate::sandbox::kubernetes::store::{Store, is_deleting, items, text, uid};

/// Takes the next step of every deletion that concerns dependents.
pub fn run(store: &mut Store, _: &ClusterName) {
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
