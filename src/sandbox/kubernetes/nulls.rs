//! Nulls and what they leave behind: the API server's objects have none.

use serde_json::Value as Json;

/// Takes out fields that are null, at every depth.
pub fn drop(value: &mut Json) {
    match value {
        Json::Object(object) => {
            object.retain(|_, below| !below.is_null());
            object.values_mut().for_each(drop);
        }
        Json::Array(items) => items.iter_mut().for_each(drop),
        _ => {}
    }
}
