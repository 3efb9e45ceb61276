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
        let former =
            draft.prior.and_then(|prior| first_block(prior, "cloud_storage_config")).cloned();
        let was_other = former.is_some_and(|former| first_block(&former, "avro_config").is_some());
        let Some(text) = text.filter(|_| !written) else { return };
        let planned = match given("avro_config") {
            true if given("text_config") => Some(text.absent()),
            false if was_other => Some(Value::unknown(text.ty())),
            _ => None,
        };
        if let Some(planned) = planned {
            let store = store.with_field("text_config", planned);
            let stores = Value::list(store.ty(), vec![store]);
            draft.after = draft.after.with_field("cloud_storage_config", stores);
        }
    }
}
