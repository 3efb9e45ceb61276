//! The bytes that an object is to have: a text of the configuration, or a file, which is never in memory as a whole.

use std::fs::File;
use std::io::{Read, Result, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use crate::http::Bytes;
use crate::value::Value;

/// How many bytes are read at once to make a sum of them.
const STEP: usize = 1024 * 1024;
/// How many of the first bytes say of which type the contents are.
const HEAD: usize = 512;

/// Where the bytes come from.
pub(super) enum Contents {
    /// They stand in the configuration.
    Text(Bytes),
    /// They are a file's.
    File(PathBuf),
}

/// What is known of bytes that were all looked at.
pub(super) struct Seen {
    /// How many there are.
    pub length: u64,
    /// Their MD5 sum, in base 64.
    pub sum: String,
    /// The first of them.
    pub head: Vec<u8>,
}

/// Bytes that are being looked at, step by step.
pub(super) struct Looking {
    from: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    hash: Md5,
    length: u64,
    head: Vec<u8>,
}

impl Contents {
    /// Gives where an object's bytes come from; nothing where that is not known.
    pub(super) fn of(value: &Value, root: &Path) -> Option<Contents> {
        let given = |name: &str| value.field(name).filter(|field| !field.is_null());
        match (given("content"), given("source")) {
            (Some(content), _) => {
                Some(Contents::Text(Bytes::copy_from_slice(content.as_str()?.as_bytes())))
            }
            (None, Some(source)) => Some(Contents::File(root.join(source.as_str()?))),
            (None, None) => None,
        }
    }

    /// Begins to look at all bytes.
    pub(super) fn look(&self) -> Result<Looking> {
        let from: Box<dyn Read + Send> = match self {
            Contents::Text(bytes) => Box::new(std::io::Cursor::new(bytes.clone())),
            Contents::File(path) => Box::new(File::open(path)?),
        };
        let (buffer, head) = (vec![0; STEP], Vec::new());
        Ok(Looking { from, buffer, hash: Md5::new(), length: 0, head })
    }

    /// Looks at all bytes at once.
    pub(super) fn seen(&self) -> Result<Seen> {
        let mut looking = self.look()?;
        while looking.step()? {}
        Ok(looking.seen())
    }

    /// Gives some of the bytes.
    pub(super) fn piece(&self, first: u64, length: usize) -> Result<Bytes> {
        let path = match self {
            Contents::Text(bytes) => {
                let first = usize::try_from(first).unwrap_or(usize::MAX).min(bytes.len());
                return Ok(bytes.slice(first..bytes.len().min(first + length)));
            }
            Contents::File(path) => path,
        };
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(first))?;
        let mut piece = vec![0; length];
        file.read_exact(&mut piece)?;
        Ok(Bytes::from(piece))
    }
}

impl Looking {
    /// Looks at the next bytes; says whether there may be more.
    pub(super) fn step(&mut self) -> Result<bool> {
        let count = self.from.read(&mut self.buffer)?;
        let found = &self.buffer[..count];
        self.hash.update(found);
        self.length += count as u64;
        let missing = HEAD.saturating_sub(self.head.len()).min(count);
        self.head.extend_from_slice(&found[..missing]);
        Ok(count > 0)
    }

    /// Gives what is known at the end.
    pub(super) fn seen(self) -> Seen {
        let sum = STANDARD.encode(self.hash.finalize());
        Seen { length: self.length, sum, head: self.head }
    }
}

/// How contents begin of which this says the type.
const BEGINNINGS: &[(&[u8], &str)] = &[
    (b"<!DOCTYPE HTML", "text/html; charset=utf-8"),
    (b"<!doctype html", "text/html; charset=utf-8"),
    (b"<!DOCTYPE html", "text/html; charset=utf-8"),
    (b"<html", "text/html; charset=utf-8"),
    (b"<?xml", "text/xml; charset=utf-8"),
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"\x1f\x8b\x08", "application/x-gzip"),
    (b"PK\x03\x04", "application/zip"),
];

/// Says by their first bytes of which type contents are whose type nobody has said.
pub(super) fn sniffed(head: &[u8]) -> &'static str {
    let known = BEGINNINGS.iter().find(|(beginning, _)| head.starts_with(beginning));
    // A letter may be cut off at the end.
    let is_text = || match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none() && head.len() == HEAD,
    };
    match known {
        Some((_, kind)) => kind,
        None if head.contains(&0) || !is_text() => "application/octet-stream",
        None => "text/plain; charset=utf-8",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_type_of_contents_is_seen_by_their_beginning() {
        let cut = ["a".repeat(HEAD - 1).as_bytes(), b"\xc3"].concat();
        for (bytes, kind) in [
            (&b"body {}"[..], "text/plain; charset=utf-8"),
            (&b"<!DOCTYPE html><p>"[..], "text/html; charset=utf-8"),
            (&b"\x89PNG\r\n\x1a\n\0"[..], "image/png"),
            (&b"\xff\0"[..], "application/octet-stream"),
            (&b"a\xc3"[..], "application/octet-stream"),
            (&cut, "text/plain; charset=utf-8"),
        ] {
            assert_eq!(sniffed(bytes), kind);
        }
    }

    #[test]
    fn a_file_is_seen_as_the_text_that_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let text = "twelve bytes".repeat(200_000);
        let file = folder.path().join("a");
        std::fs::write(&file, &text).unwrap();
        let (text, file) = (Contents::Text(Bytes::from(text)), Contents::File(file));

        let (one, other) = (text.seen().unwrap(), file.seen().unwrap());

        assert_eq!((one.length, &one.sum, &one.head), (other.length, &other.sum, &other.head));
        assert_eq!((one.length, one.head.len()), (2_400_000, HEAD));
        assert_eq!(text.piece(1_200_003, 40).unwrap(), file.piece(1_200_003, 40).unwrap());
        assert!(file.piece(2_399_990, 40).is_err());
    }
}
