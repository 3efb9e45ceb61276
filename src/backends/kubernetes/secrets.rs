//! A state as Secrets: packed, cut into pieces as Terraform reads them, and put together again.
//!
//! The first piece has the plain name, the others end in `-part-N`; Terraform takes all with the label `tfstate=true`, in the order of their
//! numbers. Several Secrets cannot be changed at once. So a state that needs more than one is written so:
//!
//! 1. Its pieces but the first are staged: as Secrets that do not bear `tfstate=true`, which nobody reads.
//! 2. The first piece is replaced, under the version that was read. Its mark names the write, the number of pieces, and the sum of
//!    the whole. From here on the new state is the one that counts: who finds that the pieces do not give that sum takes
//!    the staged ones.
//! 3. The other pieces are written, those that are too many are removed, then what was staged.
//!
//! A run that is killed between two of these leaves the former state (before 2) or the new one (after); who takes the lock next
//! ends what is open. Terraform knows no mark: between 2 and 3, while the lock is held, it finds pieces that do not unpack, and says so. A mark
//! whose sum does not fit any pieces is of a state that Terraform has overwritten since.

use std::collections::BTreeMap;
use std::io::{Read, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use super::api::name;

/// What a Secret may hold.
pub(super) const LIMIT: usize = 1_048_576;

/// The annotation with the mark of a write.
const MARK: &str = "terrane/write";

/// The annotation that says which piece a staged one is.
const PIECE: &str = "terrane/piece";

/// Which write a state is of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) write: String,
    pub(super) pieces: usize,
    pub(super) sum: String,
}

impl Mark {
    /// Marks a packed state whose pieces have so many bytes.
    pub(super) fn new(write: String, packed: &[u8], limit: usize) -> Mark {
        Mark { write, pieces: packed.len().div_ceil(limit).max(1), sum: sum(packed) }
    }

    /// Sets it on a Secret.
    pub(super) fn set(&self, secret: &mut Json) {
        let text = json!({"write": self.write, "pieces": self.pieces, "sum": self.sum}).to_string();
        secret["metadata"]["annotations"][MARK] = text.into();
    }

    /// Reads that of a Secret.
    pub(super) fn of(secret: &Json) -> Option<Mark> {
        let text = secret["metadata"]["annotations"][MARK].as_str()?;
        let json: Json = serde_json::from_str(text).ok()?;
        Some(Mark {
            write: json["write"].as_str()?.to_string(),
            pieces: usize::try_from(json["pieces"].as_u64()?).ok()?,
            sum: json["sum"].as_str()?.to_string(),
        })
    }
}

/// The Secrets of a state, by the number of the piece.
#[derive(Debug, Default)]
pub(super) struct Pieces(pub(super) BTreeMap<usize, Json>);

impl Pieces {
    /// Sorts Secrets by number; `main` is the first one's name. Others are left out.
    pub(super) fn sorted(main: &str, secrets: Vec<Json>) -> Pieces {
        let mut found = BTreeMap::new();
        for secret in secrets {
            let number = match name(&secret).strip_prefix(main) {
                Some("") => Some(0),
                Some(rest) => rest
                    .strip_prefix("-part-")
                    .and_then(|number| number.parse().ok())
                    .filter(|number| *number > 0),
                None => None,
            };
            if let Some(number) = number {
                found.insert(number, secret);
            }
        }
        Pieces(found)
    }

    /// Gives the first piece.
    pub(super) fn first(&self) -> Option<&Json> {
        self.0.get(&0)
    }

    /// Gives the packed state; `staged` are pieces that were not put in their place yet.
    ///
    /// # Errors
    /// The first piece is missing, or one is not what it should be.
    pub(super) fn packed(&self, staged: &[Json]) -> Result<Option<Vec<u8>>, String> {
        let Some(first) = self.first() else {
            return match self.0.values().next() {
                Some(part) => Err(format!(
                    "the Secret \"{}\" is there without the first piece of the state",
                    name(part)
                )),
                None => Ok(None),
            };
        };
        if let Some(mark) = Mark::of(first) {
            let own: Option<Vec<&Json>> = (1..mark.pieces).map(|at| self.0.get(&at)).collect();
            let whole = |rest: Option<Vec<&Json>>| {
                let secrets = std::iter::once(first).chain(rest?);
                let bytes = joined(secrets).ok()?;
                (sum(&bytes) == mark.sum).then_some(bytes)
            };
            if let Some(bytes) = whole(own).or_else(|| whole(ordered(&mark, staged))) {
                return Ok(Some(bytes));
            }
        }
        joined(self.0.values()).map(Some)
    }
}

/// Gives the staged pieces of a write, in order; nothing where one is missing.
pub(super) fn ordered<'a>(mark: &Mark, staged: &'a [Json]) -> Option<Vec<&'a Json>> {
    let find = |at: usize| {
        staged.iter().find(|secret| {
            secret["metadata"]["annotations"][PIECE] == json!(format!("{}/{at}", mark.write))
        })
    };
    (1..mark.pieces).map(find).collect()
}

/// Notes which piece of which write a staged Secret is.
pub(super) fn note(secret: &mut Json, mark: &Mark, at: usize) {
    secret["metadata"]["annotations"][PIECE] = format!("{}/{at}", mark.write).into();
}

fn joined<'a>(secrets: impl Iterator<Item = &'a Json>) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    for secret in secrets {
        bytes.extend(content(secret, "tfstate")?);
    }
    Ok(bytes)
}

/// Gives the bytes that a Secret has under a key.
pub(super) fn content(secret: &Json, key: &str) -> Result<Vec<u8>, String> {
    let text = secret["data"][key].as_str().unwrap_or_default();
    STANDARD.decode(text).map_err(|_| format!("the Secret \"{}\" is not readable", name(secret)))
}

/// Puts bytes into a Secret, as its only content.
pub(super) fn put(secret: &mut Json, key: &str, bytes: &[u8]) {
    secret["data"] = json!({ key: STANDARD.encode(bytes) });
}

/// Packs bytes.
pub(super) fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("a vector takes all");
    encoder.finish().expect("a vector takes all")
}

/// Unpacks bytes.
///
/// # Errors
/// They are not what was packed.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut unpacked = Vec::new();
    match MultiGzDecoder::new(bytes).read_to_end(&mut unpacked) {
        Ok(_) => Ok(unpacked),
        Err(error) => Err(format!("the Secrets' content does not unpack: {error}")),
    }
}

/// Names bytes.
pub(super) fn sum(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(name: &str, bytes: &[u8]) -> Json {
        let mut secret = json!({"metadata": {"name": name, "annotations": {}}});
        put(&mut secret, "tfstate", bytes);
        secret
    }

    #[test]
    fn pieces_are_in_the_order_of_their_numbers_and_strangers_are_left_out() {
        let names = ["s-part-10", "s-part-2", "s", "s-part-x", "other", "s-part-1"];
        let secrets = names.map(|name| secret(name, name.as_bytes())).to_vec();

        let pieces = Pieces::sorted("s", secrets);

        assert_eq!(pieces.packed(&[]).unwrap().unwrap(), b"ss-part-1s-part-2s-part-10");
        let parts = Pieces::sorted("s", vec![secret("s-part-1", b"")]);
        assert!(parts.packed(&[]).is_err());
        assert_eq!(Pieces::sorted("s", Vec::new()).packed(&[]), Ok(None));
    }

    #[test]
    fn the_marked_state_is_found_whatever_pieces_are_in_their_place() {
        let mark = Mark { write: "w".into(), pieces: 2, sum: sum(b"new-first new-second") };
        let mut first = secret("s", b"new-first ");
        mark.set(&mut first);
        let mut staged = secret("s.staged", b"new-second");
        note(&mut staged, &mark, 1);
        let with = |others: Vec<Json>| {
            let secrets = std::iter::once(first.clone()).chain(others).collect();
            Pieces::sorted("s", secrets).packed(&[staged.clone()]).unwrap().unwrap()
        };

        let new = b"new-first new-second".to_vec();
        assert_eq!(with(vec![]), new);
        assert_eq!(with(vec![secret("s-part-1", b"old"), secret("s-part-2", b"old")]), new);
        assert_eq!(with(vec![secret("s-part-1", b"new-second"), secret("s-part-2", b"old")]), new);
    }

    #[test]
    fn a_mark_of_a_state_that_was_overwritten_does_not_count() {
        let mark = Mark::new("w".into(), b"ours", 9);
        let mut first = secret("s", b"theirs");
        mark.set(&mut first);

        let pieces = Pieces::sorted("s", vec![first, secret("s-part-1", b" too")]);

        assert_eq!(pieces.packed(&[]).unwrap().unwrap(), b"theirs too");
    }

    #[test]
    fn what_is_packed_unpacks_and_a_mixture_does_not() {
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = pack(&bytes);

        assert_eq!(unpack(&packed).unwrap(), bytes);
        assert!(unpack(&packed[..packed.len() - 1]).is_err());
        assert!(unpack(&[packed.as_slice(), b"old"].concat()).is_err());
    }
}
