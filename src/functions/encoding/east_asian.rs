//! Character sets with pairs of bytes, as the web has them, and HZ, which puts pairs into plain ASCII.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, Encoding, GBK};

/// Gives a text's bytes; nothing if one of its characters has none.
pub(super) fn encode(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    let mut encoder = encoding.new_encoder();
    let room = encoder.max_buffer_length_from_utf8_without_replacement(text.len())?;
    let mut bytes = Vec::with_capacity(room);
    let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
    (result == EncoderResult::InputEmpty).then_some(bytes)
}

/// Gives the text of bytes; nothing if they are none.
pub(super) fn decode<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    encoding.decode_without_bom_handling_and_without_replacement(bytes)
}

/// The pairs stand between `~{` and `~}`, without their high bits; a tilde is two of them.
pub(super) fn encode_hz(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut pairs = false;
    for character in text.chars() {
        if character.is_ascii() {
            if pairs {
                bytes.extend(b"~}");
                pairs = false;
            }
            if character == '~' {
                bytes.push(b'~');
            }
            bytes.extend(u8::try_from(character));
            continue;
        }
        let mut buffer = [0; 4];
        let (pair, _, failed) = GBK.encode(character.encode_utf8(&mut buffer));
        let [high @ 0xa1..=0xf7, low @ 0xa1..=0xfe] = *pair else { return None };
        if failed {
            return None;
        }
        if !pairs {
            bytes.extend(b"~{");
            pairs = true;
        }
        bytes.extend([high & 0x7f, low & 0x7f]);
    }
    if pairs {
        bytes.extend(b"~}");
    }
    Some(bytes)
}

/// Reads what [`encode_hz`] writes; `~` before the end of a line takes that end away.
pub(super) fn decode_hz(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut pairs = false;
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return Some(text),
            [b'~', b'{', rest @ ..] => {
                pairs = true;
                rest
            }
            [b'~', b'}', rest @ ..] => {
                pairs = false;
                rest
            }
            [b'~', b'~', rest @ ..] => {
                text.push('~');
                rest
            }
            [b'~', b'\n', rest @ ..] => rest,
            [b'~', ..] => return None,
            [byte, rest @ ..] if !pairs && byte.is_ascii() => {
                text.push(char::from(*byte));
                rest
            }
            [high @ 0x21..=0x77, low @ 0x21..=0x7e, rest @ ..] if pairs => {
                let pair = [high | 0x80, low | 0x80];
                text.push_str(&GBK.decode_without_bom_handling_and_without_replacement(&pair)?);
                rest
            }
            _ => return None,
        };
    }
}
