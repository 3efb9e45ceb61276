//! The provider's own bytes of an object: which fields the configuration wrote.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

/// What is remembered of an object between runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Memory {
    /// The dotted names of what the configuration wrote when it was last applied; nothing where that is not known.
    pub written: Option<BTreeSet<String>>,
    /// It was taken in by an import: what the configuration does not write stays as it is.
    pub imported: bool,
    /// Which object of its name it is, where the attributes do not say.
    pub uid: Option<String>,
    /// It was not ready when the wait for it ended: it is waited for again.
    pub unready: bool,
}

impl Memory {
    /// Reads the bytes; of others' bytes nothing is known.
    pub(super) fn read(bytes: &[u8]) -> Memory {
        let Ok(json) = serde_json::from_slice::<Json>(bytes) else { return Memory::default() };
        let written = json.get("written").and_then(Json::as_array);
        Memory {
            written: written
                .map(|names| names.iter().filter_map(Json::as_str).map(str::to_string).collect()),
            imported: json.get("imported").and_then(Json::as_bool).unwrap_or(false),
            uid: json.get("uid").and_then(Json::as_str).map(str::to_string),
            unready: json.get("unready").and_then(Json::as_bool).unwrap_or(false),
        }
    }

    /// Gives the bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut json = json!({});
        if let Some(written) = &self.written {
            json["written"] = written.iter().cloned().collect();
        }
        if self.imported {
            json["imported"] = true.into();
        }
        if self.unready {
            json["unready"] = true.into();
        }
        if let Some(uid) = &self.uid {
            json["uid"] = uid.as_str().into();
        }
        json.to_string().into_bytes()
    }

    /// Says whether what is there and not written is to be left alone.
    pub(super) fn leaves_alone(&self, path: &str, computed: bool) -> bool {
        match &self.written {
            Some(written) => self.imported && !written.contains(path),
            None => self.imported || computed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_survives_its_bytes() {
        let memory = Memory {
            written: Some(["spec.replicas".to_string()].into()),
            imported: true,
            uid: Some("u".into()),
            unready: true,
        };

        assert_eq!(Memory::read(&memory.bytes()), memory);
        assert_eq!(Memory::read(b"\xff"), Memory::default());
    }
}
