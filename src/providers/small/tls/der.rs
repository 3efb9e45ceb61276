//! The little of DER and PEM that keys and certificates need.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

pub(super) const INTEGER: u8 = 0x02;
pub(super) const BITS: u8 = 0x03;
pub(super) const BYTES: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Writes an element.
pub(super) fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.extend(u8::try_from(length));
    } else {
        let bytes = length.to_be_bytes();
        let bytes: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
        out.extend(u8::try_from(bytes.len()).map(|count| 0x80 | count));
        out.extend(bytes);
    }
    out.extend(content);
    out
}

/// Writes elements one after the other as a sequence.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    element(SEQUENCE, &parts.concat())
}

/// Writes a number that is not negative, given by its bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    element(INTEGER, &signed(bytes))
}

/// Gives the shortest bytes of a number that is not negative, with a leading zero where the first bit is set.
pub(super) fn signed(bytes: &[u8]) -> Vec<u8> {
    let mut bytes: Vec<u8> = bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        bytes.insert(0, 0);
    }
    bytes
}

/// Writes whole bytes as a string of bits.
pub(super) fn bits(bytes: &[u8]) -> Vec<u8> {
    element(BITS, &[&[0], bytes].concat())
}

/// Writes an object identifier.
pub(super) fn oid(numbers: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let first = numbers.iter().take(2).fold(0, |sum, number| sum * 40 + number);
    for number in std::iter::once(first).chain(numbers.iter().skip(2).copied()) {
        let mut groups = vec![(number & 0x7f) as u8];
        let mut rest = number >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    element(OID, &content)
}

/// One element as read: tag, content, and the whole with its head.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
    pub(super) whole: &'a [u8],
}

impl<'a> Element<'a> {
    /// Reads the elements inside.
    pub(super) fn inside(&self) -> Option<Vec<Element<'a>>> {
        elements(self.content)
    }

    /// Gives the content where the tag is so.
    pub(super) fn of(&self, tag: u8) -> Option<&'a [u8]> {
        (self.tag == tag).then_some(self.content)
    }

    /// Gives the bytes of a string of whole bytes as bits.
    pub(super) fn bits(&self) -> Option<&'a [u8]> {
        self.of(BITS)?.split_first().map(|(_, bytes)| bytes)
    }
}

/// Reads elements to the end.
pub(super) fn elements(mut bytes: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let (element, rest) = one(bytes)?;
        found.push(element);
        bytes = rest;
    }
    Some(found)
}

/// Reads one element; gives the rest too.
pub(super) fn one(bytes: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&length, rest) = rest.split_first()?;
    let (length, rest) = if length < 0x80 {
        (usize::from(length), rest)
    } else {
        let (number, rest) = rest.split_at_checked(usize::from(length & 0x7f))?;
        let wide = number.len() > 4 || number.is_empty();
        let length = number.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
        (if wide { None } else { Some(length) }?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    let whole = bytes.get(..bytes.len() - rest.len())?;
    Some((Element { tag, content, whole }, rest))
}

/// Reads the numbers of an object identifier's content, as `1.2.840`.
pub(super) fn dotted(content: &[u8]) -> String {
    let mut numbers: Vec<u64> = Vec::new();
    let mut number = 0_u64;
    for byte in content {
        number = number << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.extend([first, number - first * 40]);
            } else {
                numbers.push(number);
            }
            number = 0;
        }
    }
    numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(".")
}

/// Writes PEM, in lines of 64 characters.
pub(super) fn pem(label: &str, bytes: &[u8]) -> String {
    let text = STANDARD.encode(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// Reads the first block of PEM in a text: its label and bytes.
pub(super) fn unpem(text: &str) -> Option<(String, Vec<u8>)> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (label, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    // Headers, as of encrypted keys, are not base 64 and make the block unreadable.
    let bytes = STANDARD.decode(body.split_whitespace().collect::<String>()).ok()?;
    Some((label.to_string(), bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let long = vec![7; 300];
        let whole =
            sequence(&[integer(&[0, 0x80]), element(BYTES, &long), oid(&[1, 2, 840, 113_549])]);
        let (read, rest) = one(&whole).unwrap();
        let parts = read.inside().unwrap();

        assert!(rest.is_empty());
        assert_eq!(parts[0].content, [0, 0x80]);
        assert_eq!(parts[1].of(BYTES), Some(long.as_slice()));
        assert_eq!(dotted(parts[2].content), "1.2.840.113549");
        assert_eq!(unpem(&pem("X", &whole)), Some(("X".into(), whole)));
    }

    #[test]
    fn what_ends_early_is_refused() {
        for bytes in [
            &[0x30][..],
            &[0x30, 5, 1],
            &[0x30, 0x85, 1, 1, 1, 1, 1],
            &[0x30, 0x80],
            &[0x30, 0x82, 1],
        ] {
            assert!(one(bytes).is_none(), "{bytes:?}");
        }
    }
}
