//! Subscriptions of Pub/Sub: files of a bucket have one form, the one that is written last.

use crate::providers::rest::hook::Hook;
use crate::providers::rest::plan::Draft;
use crate::providers::rest::spec::Part;
use crate::providers::rest::template::first_block;
use crate::value::Value;

/// `google_pubsub_subscription`.
pub struct Subscription;

impl Hook for Subscription {
    /// Text is the form that the service gives; it does not stay beside another one.
    fn plan(&self, draft: &mut Draft<'_>) {
        let Some(store) = first_block(&draft.after, "cloud_storage_config") else { return };
        let given = |name: &str| first_block(store, name).is_some();
        let config = first_block(draft.config, "cloud_storage_config");
        let written = config.and_then(|config| first_block(config, "text_config")).is_some();
        let parts = draft.spec.part("cloud_storage_config").and_then(Part::inside);
        let text = parts.into_iter().flatten().find(|part| part.name == "text_config");
        if let Some(text) = text
            && given("avro_config")
            && given("text_config")
            && !written
        {
            let store = store.with_field("text_config", text.absent());
            let stores = Value::list(store.ty(), vec![store]);
            draft.after = draft.after.with_field("cloud_storage_config", stores);
        }
    }
}
