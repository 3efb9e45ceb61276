//! Character sets with pairs of bytes, and those that put such pairs into plain ASCII.
//!
//! Decoding is the web's but for characters of private use, which stand for nothing here. Encoding is the
//! inverse of decoding, where the web has fewer characters to write than to read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use encoding_rs::{BIG5, EUC_JP, EncoderResult, Encoding, GB18030, GBK, ISO_2022_JP, SHIFT_JIS};

type Pairs = BTreeMap<char, [u8; 2]>;

static BIG5_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(BIG5, true));
static EUC_JP_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(EUC_JP, false));
static GBK_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(GBK, false));
static SHIFT_JIS_PAIRS: LazyLock<Pairs> = LazyLock::new(|| pairs(SHIFT_JIS, false));

/// The characters of JIS X 0212, which EUC-JP has behind the byte 0x8f.
static EUC_JP_TRIPLES: LazyLock<Pairs> = LazyLock::new(|| {
    let all = (0xa1..=0xfe).flat_map(|high| (0xa1..=0xfe).map(move |low| [high, low]));
    let read = |pair: [u8; 2]| Some((one(EUC_JP, &[0x8f, pair[0], pair[1]])?, pair));
    all.filter_map(read).collect()
});

/// What GB 18030 has had pairs for only since 2022: the first character, the last, and the number of
/// the four bytes that the first has had before.
const SINCE_2022: [(char, char, u32); 3] = [
    ('\u{1e3f}', '\u{1e3f}', 7457),
    ('\u{9fb4}', '\u{9fbb}', 19057),
    ('\u{fe10}', '\u{fe19}', 39076),
];

/// Collects the pairs of a character set; of several for one character the first counts, or the last.
fn pairs(encoding: &'static Encoding, last: bool) -> Pairs {
    let mut pairs = Pairs::new();
    for high in 0x81..=0xfe {
        for low in 0x40..=0xfe {
            let pair = [high, low];
            if let Some(character) = one(encoding, &pair)
                && (last || !pairs.contains_key(&character))
            {
                pairs.insert(character, pair);
            }
        }
    }
    pairs
}

/// Gives the character that bytes stand for, if it is one.
fn one(encoding: &'static Encoding, bytes: &[u8]) -> Option<char> {
    let text = decode(encoding, bytes)?;
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}

fn since_2022(character: char) -> Option<u32> {
    let range = SINCE_2022.iter().find(|(first, last, _)| (*first..=*last).contains(&character));
    range.map(|(first, _, number)| number + (u32::from(character) - u32::from(*first)))
}

/// Gives the text of bytes; nothing if they are none.
pub(super) fn decode<'a>(encoding: &'static Encoding, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
    let chinese = encoding == GBK || encoding == GB18030;
    let defined = |character: char| match character {
        '\u{e000}'..='\u{f8ff}' => false,
        _ if chinese => since_2022(character).is_none(),
        _ => true,
    };
    // GBK has no groups of four bytes, and so fewer characters.
    let short = |c: char| encoding != GBK || bytes.len() == 2 || encode_one(GBK, c).is_some();
    text.chars().all(|character| defined(character) && short(character)).then_some(text)
}

/// Gives a text's bytes; nothing if one of its characters has none.
pub(super) fn encode(encoding: &'static Encoding, text: &str) -> Option<Vec<u8>> {
    if encoding == ISO_2022_JP {
        return encode_iso_2022_jp(text);
    }
    let parts: Option<Vec<Vec<u8>>> =
        text.chars().map(|character| encode_one(encoding, character)).collect();
    parts.map(|parts| parts.concat())
}

fn encode_one(encoding: &'static Encoding, character: char) -> Option<Vec<u8>> {
    if let Ok(byte @ 0..0x80) = u8::try_from(character) {
        return Some(vec![byte]);
    }
    if character == '€' && encoding == GBK {
        return Some(vec![0x80]);
    }
    let known = match encoding {
        _ if encoding == BIG5 => &BIG5_PAIRS,
        _ if encoding == EUC_JP => &EUC_JP_PAIRS,
        _ if encoding == GBK || encoding == GB18030 => &GBK_PAIRS,
        _ if encoding == SHIFT_JIS => &SHIFT_JIS_PAIRS,
        _ => return by_library(encoding, character),
    };
    if let Some(pair) = known.get(&character) {
        return Some(pair.to_vec());
    }
    match character {
        '｡'..='ﾟ' if encoding == SHIFT_JIS => by_library(encoding, character),
        _ if encoding == EUC_JP => {
            EUC_JP_TRIPLES.get(&character).map(|[high, low]| vec![0x8f, *high, *low])
        }
        _ if encoding == GB18030 => match since_2022(character) {
            Some(number) => Some(four_bytes(number)),
            None => by_library(encoding, character),
        },
        _ => None,
    }
}

fn by_library(encoding: &'static Encoding, character: char) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(16);
    let mut buffer = [0; 4];
    let text = character.encode_utf8(&mut buffer);
    let mut encoder = encoding.new_encoder();
    let (result, _) = encoder.encode_from_utf8_to_vec_without_replacement(text, &mut bytes, true);
    (result == EncoderResult::InputEmpty).then_some(bytes)
}

fn four_bytes(number: u32) -> Vec<u8> {
    let digit =
        |count: u32, of: u32, from: u8| from + u8::try_from(number / count % of).unwrap_or(0);
    vec![digit(12600, 126, 0x81), digit(1260, 10, 0x30), digit(10, 126, 0x81), digit(1, 10, 0x30)]
}

/// Characters are written in sets, each begun by an escape; at the end it is ASCII again.
fn encode_iso_2022_jp(text: &str) -> Option<Vec<u8>> {
    const ASCII: &[u8] = b"\x1b(B";
    let mut bytes = Vec::new();
    let mut set = ASCII;
    for character in text.chars() {
        let (wanted, written): (&[u8], Vec<u8>) = match character {
            '\0'..='\u{7f}' => (ASCII, encode_one(ISO_2022_JP, character)?),
            '｡'..='ﾟ' => (b"\x1b(I", vec![u8::try_from(u32::from(character) - 0xff40).ok()?]),
            _ => match EUC_JP_PAIRS.get(&character) {
                Some([high @ 0xa1..=0xff, low @ 0xa1..=0xff]) => {
                    (b"\x1b$B", vec![high & 0x7f, low & 0x7f])
                }
                _ => return None,
            },
        };
        if set != wanted {
            bytes.extend(wanted);
            set = wanted;
        }
        bytes.extend(written);
    }
    if set != ASCII {
        bytes.extend(ASCII);
    }
    Some(bytes)
}

/// The pairs stand between `~{` and `~}`, without their high bits; a tilde is two of them.
pub(super) fn encode_hz(text: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut in_pairs = false;
    for character in text.chars() {
        let pair = match u8::try_from(character) {
            Ok(byte @ 0..0x80) => Err(byte),
            _ => match GBK_PAIRS.get(&character) {
                Some([high @ 0xa1..=0xff, low @ 0xa1..=0xff]) => Ok([high & 0x7f, low & 0x7f]),
                _ => return None,
            },
        };
        if in_pairs != pair.is_ok() {
            bytes.extend(if pair.is_ok() { b"~{" } else { b"~}" });
            in_pairs = pair.is_ok();
        }
        match pair {
            Ok(pair) => bytes.extend(pair),
            Err(b'~') => bytes.extend(b"~~"),
            Err(byte) => bytes.push(byte),
        }
    }
    Some(bytes)
}

/// Reads what [`encode_hz`] writes; `~` before the end of a line takes that end away.
pub(super) fn decode_hz(bytes: &[u8]) -> Option<String> {
    let mut text = String::new();
    let mut in_pairs = false;
    let mut rest = bytes;
    loop {
        rest = match rest {
            [] => return Some(text),
            [b'~', b'{', rest @ ..] => {
                in_pairs = true;
                rest
            }
            [b'~', b'}', rest @ ..] => {
                in_pairs = false;
                rest
            }
            [b'~', b'~', rest @ ..] => {
                text.push('~');
                rest
            }
            [b'~', b'\n', rest @ ..] => rest,
            [b'~', ..] => return None,
            [byte, rest @ ..] if !in_pairs && byte.is_ascii() => {
                text.push(char::from(*byte));
                rest
            }
            [high @ 0x21..=0x77, low @ 0x21..=0x7e, rest @ ..] if in_pairs => {
                text.push(one(GBK, &[high | 0x80, low | 0x80])?);
                rest
            }
            _ => return None,
        };
    }
}
