//! `textencodebase64` and `textdecodebase64`: text in other character sets.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::super::{Call, CallError};
use super::LENIENT;
use crate::value::Value;

#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Utf16 {
        little: bool,
    },
    /// With a mark of the byte order at its begin; big-endian where there is none.
    Utf16Marked,
    Ascii,
    Latin1,
    Windows1252,
}

/// The names by which each is known, in small letters; the first is the one that messages use.
const NAMES: &[(Charset, &[&str])] = &[
    (Charset::Utf8, &["UTF-8", "csutf8"]),
    (Charset::Utf16Marked, &["UTF-16", "csutf16"]),
    (Charset::Ascii, &["US-ASCII", "ascii", "iso646-us", "us", "ibm367", "cp367", "csascii"]),
    (Charset::Utf16 { little: true }, &["UTF-16LE", "csutf16le"]),
    (Charset::Utf16 { little: false }, &["UTF-16BE", "csutf16be"]),
    (
        Charset::Latin1,
        &[
            "ISO_8859-1:1987",
            "iso-ir-100",
            "iso_8859-1",
            "iso-8859-1",
            "latin1",
            "l1",
            "ibm819",
            "cp819",
            "csisolatin1",
        ],
    ),
    (Charset::Windows1252, &["windows-1252", "cswindows1252", "cp1252"]),
];

/// The characters of Windows-1252 from 0x80 to 0x9f; the places it leaves free are U+FFFD.
const WINDOWS: [char; 32] = [
    '€', '\u{fffd}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{fffd}', 'Ž',
    '\u{fffd}', '\u{fffd}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{fffd}',
    'ž', 'Ÿ',
];

fn find(name: &str) -> Result<(Charset, &'static str), CallError> {
    let found =
        NAMES.iter().find(|(_, names)| names.iter().any(|known| known.eq_ignore_ascii_case(name)));
    found.map(|(charset, names)| (*charset, names[0])).ok_or_else(|| {
        let message = format!(
            "{name:?} is not a supported IANA encoding name or alias in this Terraform version"
        );
        CallError::at(1, message)
    })
}

/// Gives a text's bytes in a character set, in base 64.
pub(super) fn encode(call: &Call<'_>) -> Result<Value, CallError> {
    let text = call.text(0);
    let (charset, name) = find(call.text(1))?;
    let bytes: Option<Vec<u8>> = match charset {
        Charset::Utf8 => Some(text.as_bytes().to_vec()),
        Charset::Utf16 { little } => Some(
            text.encode_utf16()
                .flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() })
                .collect(),
        ),
        Charset::Utf16Marked => Some(
            std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect(),
        ),
        Charset::Ascii => text.is_ascii().then(|| text.as_bytes().to_vec()),
        Charset::Latin1 => text.chars().map(|character| u8::try_from(character).ok()).collect(),
        Charset::Windows1252 => text.chars().map(to_windows).collect(),
    };
    bytes.map(|bytes| Value::string(STANDARD.encode(bytes))).ok_or_else(|| {
        let message =
            format!("the given string contains characters that cannot be represented in {name}");
        CallError::at(0, message)
    })
}

fn to_windows(character: char) -> Option<u8> {
    if let Some(place) =
        WINDOWS.iter().position(|known| *known == character && *known != '\u{fffd}')
    {
        return u8::try_from(place + 0x80).ok();
    }
    u8::try_from(character).ok().filter(|byte| !(0x80..=0x9f).contains(byte))
}

/// Gives the text of bytes in a character set.
pub(super) fn decode(call: &Call<'_>) -> Result<Value, CallError> {
    let source = call.text(0);
    let (charset, name) = find(call.text(1))?;
    let bytes = LENIENT.decode(source.replace(['\r', '\n'], "")).map_err(|error| {
        let message = match error {
            base64::DecodeError::InvalidByte(offset, _) => {
                format!("the given value is has an invalid base64 symbol at offset {offset}")
            }
            // The last group of four is not whole.
            _ => {
                let offset = source.len() / 4 * 4;
                format!("the given value is has an invalid base64 symbol at offset {offset}")
            }
        };
        CallError::at(0, message)
    })?;
    let undefined = || {
        let message = format!("the given string contains symbols that are not defined for {name}");
        CallError::at(0, message)
    };
    let text: String = match charset {
        Charset::Utf8 => String::from_utf8(bytes).map_err(|_| undefined())?,
        Charset::Ascii if bytes.is_ascii() => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Charset::Ascii => return Err(undefined()),
        Charset::Utf16 { little } => from_utf16(&bytes, little),
        Charset::Utf16Marked => match bytes.as_slice() {
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, true),
            [0xfe, 0xff, rest @ ..] | rest => from_utf16(rest, false),
        },
        Charset::Latin1 => bytes.iter().map(|byte| char::from(*byte)).collect(),
        Charset::Windows1252 => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => WINDOWS[usize::from(byte - 0x80)],
                other => char::from(*other),
            })
            .collect(),
    };
    Ok(Value::string(text))
}

fn from_utf16(bytes: &[u8], little: bool) -> String {
    let units = bytes.chunks(2).map(|pair| match pair {
        [low, high] if little => u16::from_le_bytes([*low, *high]),
        [high, low] => u16::from_be_bytes([*high, *low]),
        _ => 0xfffd,
    });
    char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}
