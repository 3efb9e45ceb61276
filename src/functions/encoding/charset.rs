//! `textencodebase64` and `textdecodebase64`: text in other character sets, by their names at the IANA.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::Encoding;

use super::super::{Call, CallError};
use super::decode_base64;
use super::east_asian;
use crate::value::Value;
use crate::value::quote::quote;

/// How text becomes bytes.
enum Charset {
    Utf8,
    Utf16 {
        little: bool,
    },
    /// With a mark of the byte order at its begin; big-endian where there is none.
    Utf16Marked,
    /// A byte for a character: those that it has from a byte on, nothing where a byte is free.
    Bytes(Vec<Option<char>>),
    /// Bytes and pairs of bytes.
    Many(&'static Encoding),
    Hz,
}

/// The names by which those are known that have no table, in small letters but for the first, which
/// is the one that messages use.
const NAMES: &[(fn() -> Charset, &str)] = &[
    (|| Charset::Utf8, "UTF-8 csutf8"),
    (|| Charset::Utf16Marked, "UTF-16 csutf16"),
    (|| Charset::Utf16 { little: true }, "UTF-16LE csutf16le"),
    (|| Charset::Utf16 { little: false }, "UTF-16BE csutf16be"),
    (
        || Charset::Bytes(vec![None; 128]),
        "US-ASCII ansi_x3.4-1968 ansi_x3.4-1986 cp367 csascii ibm367 iso-ir-6 iso646-us iso_646.irv:1991 us",
    ),
    (|| Charset::Many(encoding_rs::BIG5), "Big5 csbig5"),
    (|| Charset::Many(encoding_rs::EUC_KR), "EUC-KR cseuckr"),
    (
        || Charset::Many(encoding_rs::EUC_JP),
        "Extended_UNIX_Code_Packed_Format_for_Japanese cseucpkdfmtjapanese euc-jp",
    ),
    (|| Charset::Many(encoding_rs::GB18030), "GB18030 csgb18030"),
    (|| Charset::Many(encoding_rs::GBK), "GBK cp936 csgbk ms936 windows-936"),
    (|| Charset::Hz, "HZ-GB-2312"),
    (|| Charset::Many(encoding_rs::ISO_2022_JP), "ISO-2022-JP csiso2022jp"),
    (|| Charset::Many(encoding_rs::SHIFT_JIS), "Shift_JIS csshiftjis ms_kanji"),
];

/// Those with a byte for a character: a line each with the names and what the bytes stand for, all
/// of them or those from 0x80 on: code points and ranges of them, or after `-` how many bytes are free.
const TABLES: &str = include_str!("charsets.txt");

fn find(name: &str) -> Result<(Charset, &'static str), CallError> {
    let wanted = name.trim();
    let has = |names: &str| names.split(' ').any(|known| known.eq_ignore_ascii_case(wanted));
    let first = |names: &'static str| names.split(' ').next().unwrap_or_default();
    if let Some((charset, names)) = NAMES.iter().find(|(_, names)| has(names)) {
        return Ok((charset(), first(names)));
    }
    let mut tables = TABLES.lines().filter_map(|line| line.split_once(" | "));
    match tables.find(|(names, _)| has(names)) {
        Some((names, table)) => Ok((Charset::Bytes(read_table(table)), first(names))),
        None => Err(CallError::at(
            1,
            format!(
                "{} is not a supported IANA encoding name or alias in this Terraform version",
                quote(name)
            ),
        )),
    }
}

fn read_table(words: &str) -> Vec<Option<char>> {
    let code = |digits: &str| u32::from_str_radix(digits, 16).unwrap_or_default();
    let mut characters = Vec::with_capacity(256);
    for word in words.split(' ') {
        match word.split_once('-') {
            Some(("", free)) => {
                characters.extend(std::iter::repeat_n(None, free.parse().unwrap_or_default()));
            }
            Some((first, last)) => {
                characters.extend((code(first)..=code(last)).map(char::from_u32));
            }
            None => characters.push(char::from_u32(code(word))),
        }
    }
    characters
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
        Charset::Bytes(table) => text.chars().map(|character| byte_of(&table, character)).collect(),
        Charset::Many(encoding) => east_asian::encode(encoding, text),
        Charset::Hz => east_asian::encode_hz(text),
    };
    bytes.map(|bytes| Value::string(STANDARD.encode(bytes))).ok_or_else(|| {
        let message =
            format!("the given string contains characters that cannot be represented in {name}");
        CallError::at(0, message)
    })
}

fn byte_of(table: &[Option<char>], character: char) -> Option<u8> {
    let first = 256 - table.len();
    match u8::try_from(character) {
        Ok(byte) if usize::from(byte) < first => Some(byte),
        _ => {
            let place = table.iter().position(|known| *known == Some(character))?;
            u8::try_from(first + place).ok()
        }
    }
}

/// Gives the text of bytes in a character set.
pub(super) fn decode(call: &Call<'_>) -> Result<Value, CallError> {
    let (charset, name) = find(call.text(1))?;
    let bytes = decode_base64(call.text(0)).map_err(|offset| {
        let message = format!("the given value is has an invalid base64 symbol at offset {offset}");
        CallError::at(0, message)
    })?;
    let text: Option<Cow<'_, str>> = match charset {
        Charset::Utf8 => Some(String::from_utf8_lossy(&bytes)),
        Charset::Utf16 { little } => from_utf16(&bytes, little).map(Cow::Owned),
        Charset::Utf16Marked => match bytes.as_slice() {
            [0xff, 0xfe, rest @ ..] => from_utf16(rest, true),
            [0xfe, 0xff, rest @ ..] | rest => from_utf16(rest, false),
        }
        .map(Cow::Owned),
        Charset::Bytes(table) => bytes.iter().map(|byte| character_of(&table, *byte)).collect(),
        Charset::Many(encoding) => east_asian::decode(encoding, &bytes),
        Charset::Hz => east_asian::decode_hz(&bytes).map(Cow::Owned),
    };
    // What stands for a mistake is one, also where the bytes say so.
    let text = text.filter(|text| !text.contains(char::REPLACEMENT_CHARACTER));
    text.map(Value::string).ok_or_else(|| {
        let message = format!("the given string contains symbols that are not defined for {name}");
        CallError::at(0, message)
    })
}

fn character_of(table: &[Option<char>], byte: u8) -> Option<char> {
    match usize::from(byte).checked_sub(256 - table.len()) {
        Some(place) => table[place],
        None => Some(char::from(byte)),
    }
}

fn from_utf16(bytes: &[u8], little: bool) -> Option<String> {
    let units = bytes.chunks(2).map(|pair| match pair {
        [low, high] if little => u16::from_le_bytes([*low, *high]),
        [high, low] => u16::from_be_bytes([*high, *low]),
        // Half of one: no text has it alone.
        _ => 0xd800,
    });
    char::decode_utf16(units).collect::<Result<_, _>>().ok()
}
