//! A configuration's text as one sum.

use std::collections::BTreeSet;

use sha2::{Digest as _, Sha256};

use crate::diag::Sources;
use crate::syntax;

/// Gives the sum of all files of a configuration, in hexadecimal: without remarks and layout, in whatever files of whatever folders
/// the text stands.
pub fn text_sum(sources: &Sources) -> String {
    let files = sources.files().filter(|(id, name, _)| {
        sources.is_seen(*id) && (name.ends_with(".tf") || name.ends_with(".tf.json"))
    });
    let sums: BTreeSet<Vec<u8>> = files
        .map(|(_, name, text)| match name.ends_with(".json") {
            true => Sha256::digest(text).to_vec(),
            false => Sha256::digest(syntax::bare(text)).to_vec(),
        })
        .collect();
    let mut whole = Sha256::new();
    for sum in sums {
        whole.update(&sum);
    }
    hex::encode(whole.finalize())
}
