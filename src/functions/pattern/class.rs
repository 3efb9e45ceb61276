//! Classes of characters: ranges, and the named ones of Perl, POSIX and Unicode.

use super::parse::PatternError;

/// The characters that are in one of some ranges and classes, or in none of them.
#[derive(Default)]
pub(super) struct Class {
    /// Each in the words of the `regex` crate.
    parts: String,
    /// Whether it is what is not in it.
    pub(super) negated: bool,
}

impl Class {
    /// Takes in a range. What is no character (the halves of UTF-16) is left out: no text has it.
    pub(super) fn range(&mut self, low: u32, high: u32) {
        for (low, high) in [(low, high.min(0xd7ff)), (low.max(0xe000), high)] {
            if low <= high {
                self.parts.push_str(&format!("\\x{{{low:x}}}-\\x{{{high:x}}}"));
            }
        }
    }

    fn part(&mut self, part: &str, negated: bool) {
        match negated {
            false => self.parts.push_str(part),
            true => self.parts.push_str(&format!("[^{part}]")),
        }
    }

    /// Gives it in the words of the `regex` crate.
    pub(super) fn text(&self, fold: bool) -> String {
        let sign = if self.negated { "^" } else { "" };
        let parts = if self.parts.is_empty() { NOTHING } else { &self.parts };
        if fold { format!("(?i:[{sign}{parts}])") } else { format!("[{sign}{parts}]") }
    }
}

/// A class without a character.
pub(super) const NOTHING: &str = "a&&b";

/// Takes `\d` and the like, if the text begins with it; gives the rest.
pub(super) fn perl_class<'a>(text: &'a str, class: &mut Class) -> Option<&'a str> {
    let letter = text.strip_prefix('\\')?.chars().next()?;
    let part = match letter.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\f\\r ",
        _ => return None,
    };
    class.part(part, letter.is_ascii_uppercase());
    Some(&text[2..])
}

const POSIX: &[(&str, &str)] = &[
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", "\\x00-\\x7f"),
    ("blank", "\\t "),
    ("cntrl", "\\x00-\\x1f\\x7f"),
    ("digit", "0-9"),
    ("graph", "!-\\x7e"),
    ("lower", "a-z"),
    ("print", " -\\x7e"),
    ("punct", "!-/:-@\\x5b-`{-\\x7e"),
    ("space", "\\t-\\r "),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// Takes `[:alpha:]` and the like, if the text begins with it; gives the rest.
pub(super) fn named_class<'a>(
    text: &'a str,
    class: &mut Class,
) -> Result<Option<&'a str>, PatternError> {
    let Some((name, rest)) = text.strip_prefix("[:").and_then(|text| text.split_once(":]")) else {
        return Ok(None);
    };
    let plain = name.strip_prefix('^').unwrap_or(name);
    match POSIX.iter().find(|(known, _)| *known == plain) {
        Some((_, part)) => class.part(part, name != plain),
        None => return Err(wrong_range(&text[..text.len() - rest.len()])),
    }
    Ok(Some(rest))
}

fn wrong_range(piece: &str) -> PatternError {
    PatternError { code: "invalid character class range", piece: piece.into() }
}

/// Takes `\pL`, `\p{Greek}` and the like, if the text begins with it; gives the rest.
pub(super) fn unicode_class<'a>(
    text: &'a str,
    class: &mut Class,
) -> Result<Option<&'a str>, PatternError> {
    let mut negated = text.starts_with("\\P");
    if !negated && !text.starts_with("\\p") {
        return Ok(None);
    }
    let after = &text[2..];
    let (name, end) = match after.chars().next() {
        Some('{') => match after.find('}') {
            Some(end) => (&after[1..end], 2 + end + 1),
            None => return Err(wrong_range(text)),
        },
        Some(letter) => (&after[..letter.len_utf8()], 2 + letter.len_utf8()),
        None => ("", 2),
    };
    let plain = name.strip_prefix('^').unwrap_or(name);
    negated ^= name != plain;
    let part = unicode_part(plain).ok_or_else(|| wrong_range(&text[..end]))?;
    class.part(&part, negated);
    Ok(Some(&text[end..]))
}

fn unicode_part(name: &str) -> Option<String> {
    match name {
        "Any" => Some("\\x{0}-\\x{10ffff}".into()),
        // The crate counts what has no character yet among the others too.
        "C" => Some("\\p{Cc}\\p{Cf}\\p{Co}".into()),
        "Cs" => Some(format!("[{NOTHING}]")),
        name if CATEGORIES.split(' ').any(|known| known == name) => Some(format!("\\p{{{name}}}")),
        name if SCRIPTS.split(' ').any(|known| known == name) => {
            Some(format!("\\p{{Script={name}}}"))
        }
        _ => None,
    }
}

const CATEGORIES: &str = "Cc Cf Co L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs";

/// The scripts of Unicode 15.
const SCRIPTS: &str = "\
Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali \
Bhaiksuki Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian \
Chakma Cham Cherokee Chorasmian Common Coptic Cuneiform Cypriot Cypro_Minoan Cyrillic Deseret \
Devanagari Dives_Akuru Dogra Duployan Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian \
Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi Gurmukhi Han Hangul Hanifi_Rohingya \
Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited Inscriptional_Pahlavi \
Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kawi Kayah_Li Kharoshthi \
Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian \
Lydian Mahajani Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin \
Meetei_Mayek Mende_Kikakui Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani \
Myanmar Nabataean Nag_Mundari Nandinagari New_Tai_Lue Newa Nko Nushu Nyiakeng_Puachue_Hmong \
Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic Old_Persian Old_Sogdian \
Old_South_Arabian Old_Turkic Old_Uyghur Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau \
Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham \
SignWriting Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa \
Tai_Le Tai_Tham Tai_Viet Takri Tamil Tangsa Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta \
Toto Ugaritic Vai Vithkuqi Wancho Warang_Citi Yezidi Yi Zanabazar_Square";
