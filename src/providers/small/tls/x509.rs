//! Certificates and requests for them: written and read.

use std::net::IpAddr;

use jiff::Timestamp;

use super::der::{self, BITS, BYTES, Element, SEQUENCE, SET, element, integer, oid, sequence};
use super::key::{Key, key_id};

/// The parts of a name in the order that they are written, by argument.
const NAMES: [(&str, u64); 9] = [
    ("country", 6),
    ("organization", 10),
    ("organizational_unit", 11),
    ("locality", 7),
    ("province", 8),
    ("street_address", 9),
    ("postal_code", 17),
    ("common_name", 3),
    ("serial_number", 5),
];
const EMAIL: &[u64] = &[1, 2, 840, 113_549, 1, 9, 1];
const EXTENSION_REQUEST: &[u64] = &[1, 2, 840, 113_549, 1, 9, 14];

const SUBJECT_KEY_ID: &[u64] = &[2, 5, 29, 14];
const KEY_USAGE: &[u64] = &[2, 5, 29, 15];
const SUBJECT_ALTERNATIVES: &[u64] = &[2, 5, 29, 17];
const BASIC_CONSTRAINTS: &[u64] = &[2, 5, 29, 19];
const AUTHORITY_KEY_ID: &[u64] = &[2, 5, 29, 35];
const EXTENDED_KEY_USAGE: &[u64] = &[2, 5, 29, 37];

/// Uses of a key, with the bit that says it.
pub(super) const KEY_USES: [(&str, u16); 9] = [
    ("digital_signature", 0),
    ("content_commitment", 1),
    ("key_encipherment", 2),
    ("data_encipherment", 3),
    ("key_agreement", 4),
    ("cert_signing", 5),
    ("crl_signing", 6),
    ("encipher_only", 7),
    ("decipher_only", 8),
];

/// Further uses, with what names each.
pub(super) const EXTENDED_USES: [(&str, &[u64]); 14] = [
    ("any_extended", &[2, 5, 29, 37, 0]),
    ("server_auth", &[1, 3, 6, 1, 5, 5, 7, 3, 1]),
    ("client_auth", &[1, 3, 6, 1, 5, 5, 7, 3, 2]),
    ("code_signing", &[1, 3, 6, 1, 5, 5, 7, 3, 3]),
    ("email_protection", &[1, 3, 6, 1, 5, 5, 7, 3, 4]),
    ("ipsec_end_system", &[1, 3, 6, 1, 5, 5, 7, 3, 5]),
    ("ipsec_tunnel", &[1, 3, 6, 1, 5, 5, 7, 3, 6]),
    ("ipsec_user", &[1, 3, 6, 1, 5, 5, 7, 3, 7]),
    ("timestamping", &[1, 3, 6, 1, 5, 5, 7, 3, 8]),
    ("ocsp_signing", &[1, 3, 6, 1, 5, 5, 7, 3, 9]),
    ("microsoft_server_gated_crypto", &[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
    ("netscape_server_gated_crypto", &[2, 16, 840, 1, 113_730, 4, 1]),
    ("microsoft_commercial_code_signing", &[1, 3, 6, 1, 4, 1, 311, 2, 1, 22]),
    ("microsoft_kernel_code_signing", &[1, 3, 6, 1, 4, 1, 311, 61, 1, 1]),
];

/// Other names that a certificate is for.
#[derive(Clone, Debug, Default)]
pub(super) struct Alternatives {
    pub(super) names: Vec<String>,
    pub(super) addresses: Vec<IpAddr>,
    pub(super) uris: Vec<String>,
}

/// What a certificate is to say.
pub(super) struct Template<'a> {
    /// The number, as bytes.
    pub(super) serial: [u8; 16],
    /// Who it is for, as a name in DER.
    pub(super) subject: Vec<u8>,
    pub(super) alternatives: Alternatives,
    /// The public key that it is for.
    pub(super) public: Vec<u8>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) uses: Vec<&'a str>,
    pub(super) is_authority: bool,
    /// How many authorities may follow, where that is limited.
    pub(super) path_length: Option<u8>,
    /// Whether it names its own key.
    pub(super) names_key: bool,
    /// Who signs: the name, and the identifier of the key where it is to be named.
    pub(super) issuer: Vec<u8>,
    pub(super) issuer_key: Option<Vec<u8>>,
}

/// Writes a name from the values of its parts, by argument.
pub(super) fn name(values: impl Fn(&str) -> Vec<String>) -> Vec<u8> {
    let mut parts = Vec::new();
    for (argument, number) in NAMES {
        let pairs: Vec<Vec<u8>> = values(argument)
            .iter()
            .filter(|value| !value.is_empty() || argument == "street_address")
            .map(|value| sequence(&[oid(&[2, 5, 4, number]), text(value)]))
            .collect();
        if !pairs.is_empty() {
            parts.push(set(pairs));
        }
    }
    for address in values("email_address") {
        let value = element(0x16, address.as_bytes());
        parts.push(set(vec![sequence(&[oid(EMAIL), value])]));
    }
    sequence(&parts)
}

fn set(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    element(SET, &parts.concat())
}

/// Writes a text as a printable string where it can be one, else in UTF-8.
fn text(value: &str) -> Vec<u8> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if value.bytes().all(plain) { 0x13 } else { 0x0c };
    element(tag, value.as_bytes())
}

/// Writes a moment: two digits of the year until 2049.
fn moment(at: Timestamp) -> Vec<u8> {
    let shown = jiff::tz::Offset::UTC.to_datetime(at);
    let (tag, form) = if (1950..2050).contains(&shown.year()) {
        (0x17, "%y%m%d%H%M%SZ")
    } else {
        (0x18, "%Y%m%d%H%M%SZ")
    };
    element(tag, shown.strftime(form).to_string().as_bytes())
}

fn extension(name: &[u64], critical: bool, value: &[u8]) -> Vec<u8> {
    let mut parts = vec![oid(name)];
    if critical {
        parts.push(vec![1, 1, 0xff]);
    }
    parts.push(element(BYTES, value));
    sequence(&parts)
}

impl Alternatives {
    fn is_empty(&self) -> bool {
        self.names.is_empty() && self.addresses.is_empty() && self.uris.is_empty()
    }

    fn write(&self) -> Vec<u8> {
        let names = self.names.iter().map(|name| element(0x82, name.as_bytes()));
        let addresses = self.addresses.iter().map(|address| match address {
            IpAddr::V4(address) => element(0x87, &address.octets()),
            IpAddr::V6(address) => element(0x87, &address.octets()),
        });
        let uris = self.uris.iter().map(|uri| element(0x86, uri.as_bytes()));
        sequence(&names.chain(addresses).chain(uris).collect::<Vec<_>>())
    }

    fn read(value: &[u8]) -> Option<Alternatives> {
        let mut found = Alternatives::default();
        for part in der::one(value)?.0.inside()? {
            let text = || String::from_utf8_lossy(part.content).into_owned();
            match part.tag {
                0x82 => found.names.push(text()),
                0x86 => found.uris.push(text()),
                0x87 => {
                    let four = <[u8; 4]>::try_from(part.content).map(IpAddr::from);
                    let address =
                        four.or_else(|_| <[u8; 16]>::try_from(part.content).map(IpAddr::from));
                    found.addresses.extend(address.ok());
                }
                _ => {}
            }
        }
        Some(found)
    }
}

fn extensions(template: &Template<'_>) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    let mut bits = 0_u16;
    for (name, bit) in KEY_USES {
        bits |= u16::from(template.uses.contains(&name)) << (15 - bit);
    }
    if bits != 0 {
        let bytes = bits.to_be_bytes();
        let bytes = if bytes[1] == 0 { &bytes[..1] } else { &bytes[..] };
        let unused = (bits.trailing_zeros() % 8) as u8;
        let value = element(BITS, &[&[unused], bytes].concat());
        all.push(extension(KEY_USAGE, true, &value));
    }
    let further = template.uses.iter().filter_map(|name| {
        EXTENDED_USES.iter().find(|(known, _)| known == name).map(|(_, number)| oid(number))
    });
    let further: Vec<Vec<u8>> = further.collect();
    if !further.is_empty() {
        all.push(extension(EXTENDED_KEY_USAGE, false, &sequence(&further)));
    }
    let mut constraints = Vec::new();
    if template.is_authority {
        constraints.push(vec![1, 1, 0xff]);
        constraints.extend(template.path_length.map(|length| integer(&[length])));
    }
    all.push(extension(BASIC_CONSTRAINTS, true, &sequence(&constraints)));
    if let Some(id) = key_id(&template.public).filter(|_| template.names_key) {
        all.push(extension(SUBJECT_KEY_ID, false, &element(BYTES, &id)));
    }
    if let Some(id) = &template.issuer_key {
        all.push(extension(AUTHORITY_KEY_ID, false, &sequence(&[element(0x80, id)])));
    }
    if !template.alternatives.is_empty() {
        let only = template.subject == sequence(&[]);
        all.push(extension(SUBJECT_ALTERNATIVES, only, &template.alternatives.write()));
    }
    all
}

/// Signs what was written; gives the whole.
fn signed(content: Vec<u8>, key: &Key) -> Result<Vec<u8>, String> {
    let signature = key.sign(&content)?;
    Ok(sequence(&[content, key.signature_algorithm(), der::bits(&signature)]))
}

/// Makes a certificate.
///
/// # Errors
/// That the key cannot sign.
pub(super) fn certificate(template: &Template<'_>, key: &Key) -> Result<Vec<u8>, String> {
    let content = sequence(&[
        element(0xa0, &integer(&[2])),
        integer(&template.serial),
        key.signature_algorithm(),
        template.issuer.clone(),
        sequence(&[moment(template.from), moment(template.until)]),
        template.subject.clone(),
        template.public.clone(),
        element(0xa3, &sequence(&extensions(template))),
    ]);
    signed(content, key)
}

/// Makes a request for a certificate.
///
/// # Errors
/// That the key cannot sign.
pub(super) fn request(
    subject: &[u8],
    alternatives: &Alternatives,
    key: &Key,
) -> Result<Vec<u8>, String> {
    let mut attributes = Vec::new();
    if !alternatives.is_empty() {
        let only = subject == sequence(&[]);
        let wanted = extension(SUBJECT_ALTERNATIVES, only, &alternatives.write());
        let wanted = element(SET, &sequence(&[wanted]));
        attributes = sequence(&[oid(EXTENSION_REQUEST), wanted]);
    }
    let content =
        sequence(&[integer(&[]), subject.to_vec(), key.public(), element(0xa0, &attributes)]);
    signed(content, key)
}

/// What a request asks for.
pub(super) struct Request {
    pub(super) subject: Vec<u8>,
    pub(super) public: Vec<u8>,
    pub(super) alternatives: Alternatives,
}

/// Reads a request.
pub(super) fn read_request(bytes: &[u8]) -> Option<Request> {
    let content = der::one(bytes)?.0.inside()?.first()?.inside()?;
    let attributes = content.get(3).filter(|part| part.tag == 0xa0);
    let attributes = attributes.map_or(Some(Vec::new()), Element::inside)?;
    let wanted = attributes.iter().filter_map(|attribute| {
        let parts = attribute.inside()?;
        let fits = parts.first()?.whole == oid(EXTENSION_REQUEST);
        if fits { parts.get(1)?.inside()?.first()?.inside() } else { None }
    });
    let alternatives = wanted.flatten().find_map(|part| value_of(&part, SUBJECT_ALTERNATIVES));
    Some(Request {
        subject: content.get(1)?.of(SEQUENCE).and(Some(content.get(1)?.whole.to_vec()))?,
        public: content.get(2)?.whole.to_vec(),
        alternatives: alternatives.and_then(Alternatives::read).unwrap_or_default(),
    })
}

/// Gives the value of an extension, where it is this one.
fn value_of<'a>(part: &Element<'a>, name: &[u64]) -> Option<&'a [u8]> {
    let parts = part.inside()?;
    let fits = parts.first()?.whole == oid(name);
    if fits { parts.last()?.of(BYTES) } else { None }
}

/// A certificate as read.
pub(super) struct Certificate {
    pub(super) whole: Vec<u8>,
    pub(super) version: i64,
    /// The bytes of the number, the first bit being its sign.
    pub(super) serial: Vec<u8>,
    /// The numbers that name the algorithm of the signature, and its parameters.
    pub(super) signature: String,
    pub(super) parameters: Vec<u8>,
    pub(super) issuer: Vec<u8>,
    pub(super) subject: Vec<u8>,
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) public: Vec<u8>,
    /// What else it is for: names, addresses.
    pub(super) names: Vec<String>,
    /// The numbers that name the algorithm of the key.
    pub(super) key_algorithm: String,
    pub(super) key_id: Option<Vec<u8>>,
    /// Whether it is an authority, and how many may follow; nothing where it says neither.
    pub(super) constraints: Option<(bool, Option<i64>)>,
}

/// Reads a certificate.
pub(super) fn read_certificate(bytes: &[u8]) -> Option<Certificate> {
    let whole = der::one(bytes)?.0;
    let content = whole.inside()?.first()?.inside()?;
    let (version, rest) = match content.split_first()? {
        (first, rest) if first.tag == 0xa0 => {
            (i64::from(*der::one(first.content)?.0.content.last()?) + 1, rest)
        }
        _ => (1, content.as_slice()),
    };
    let [serial, algorithm, issuer, validity, subject, public, further @ ..] = rest else {
        return None;
    };
    let algorithm = algorithm.inside()?;
    let validity = validity.inside()?;
    let extensions = further.iter().find(|part| part.tag == 0xa3);
    let extensions = match extensions {
        Some(part) => der::one(part.content)?.0.inside()?,
        None => Vec::new(),
    };
    let value = |name| extensions.iter().find_map(|part| value_of(part, name));
    let key_id = value(SUBJECT_KEY_ID).and_then(|value| Some(der::one(value)?.0.content.to_vec()));
    Some(Certificate {
        whole: whole.whole.to_vec(),
        version,
        serial: serial.of(der::INTEGER)?.to_vec(),
        signature: der::dotted(algorithm.first()?.content),
        parameters: algorithm.get(1).map(|part| part.whole.to_vec()).unwrap_or_default(),
        issuer: issuer.whole.to_vec(),
        subject: subject.whole.to_vec(),
        from: read_moment(validity.first()?)?,
        until: read_moment(validity.get(1)?)?,
        public: public.whole.to_vec(),
        key_algorithm: der::dotted(public.inside()?.first()?.inside()?.first()?.content),
        key_id,
        names: value(SUBJECT_ALTERNATIVES).and_then(read_names).unwrap_or_default(),
        constraints: value(BASIC_CONSTRAINTS).and_then(read_constraints),
    })
}

fn read_names(value: &[u8]) -> Option<Vec<String>> {
    let name = |part: &Element<'_>| match (part.tag, part.content.len()) {
        (0x87, 4) => <[u8; 4]>::try_from(part.content).map(|ip| IpAddr::from(ip).to_string()).ok(),
        (0x87, 16) => {
            <[u8; 16]>::try_from(part.content).map(|ip| IpAddr::from(ip).to_string()).ok()
        }
        (0x81 | 0x82 | 0x86, _) => Some(String::from_utf8_lossy(part.content).into_owned()),
        _ => None,
    };
    Some(der::one(value)?.0.inside()?.iter().filter_map(name).collect())
}

fn read_constraints(value: &[u8]) -> Option<(bool, Option<i64>)> {
    let parts = der::one(value)?.0.inside()?;
    let authority = parts.iter().any(|part| part.of(1).is_some_and(|yes| yes != [0]));
    let length = parts
        .iter()
        .find_map(|part| part.of(der::INTEGER))
        .map(|bytes| bytes.iter().take(7).fold(0, |sum, byte| sum << 8 | i64::from(*byte)));
    Some((authority, length))
}

fn read_moment(part: &Element<'_>) -> Option<Timestamp> {
    let text = std::str::from_utf8(part.content).ok()?;
    let year: i16 = match part.tag {
        0x17 => {
            let short: i16 = text.get(..2)?.parse().ok()?;
            if short < 50 { 2000 + short } else { 1900 + short }
        }
        _ => text.get(..4)?.parse().ok()?,
    };
    let rest = text.strip_suffix('Z')?.get(if part.tag == 0x17 { 2 } else { 4 }..)?;
    let two =
        |place: usize| rest.get(place..place + 2).map_or(Some(0), |two| two.parse::<i8>().ok());
    let date = jiff::civil::Date::new(year, two(0)?, two(2)?).ok()?;
    let time = jiff::civil::Time::new(two(4)?, two(6)?, two(8)?, 0).ok()?;
    jiff::tz::Offset::UTC.to_timestamp(date.to_datetime(time)).ok()
}

/// Writes a name as text, the last part first: `CN=a,O=b`.
pub(super) fn shown(name: &[u8]) -> String {
    let parts = der::one(name).and_then(|(whole, _)| whole.inside()).unwrap_or_default();
    let known = [
        (3, "CN"),
        (5, "SERIALNUMBER"),
        (6, "C"),
        (7, "L"),
        (8, "ST"),
        (9, "STREET"),
        (10, "O"),
        (11, "OU"),
        (17, "POSTALCODE"),
    ];
    // What has no name of its own comes last; the others by kind, as they are written above.
    let order: Vec<&[u8]> = parts
        .iter()
        .flat_map(|set| set.inside().unwrap_or_default())
        .map(|pair| pair.whole)
        .collect();
    let mut named: Vec<(usize, String)> = Vec::new();
    let mut other = Vec::new();
    for pair in order {
        let Some(pair) = der::one(pair).and_then(|(pair, _)| pair.inside()) else { continue };
        let [kind, value, ..] = pair.as_slice() else { continue };
        let text = escaped(&String::from_utf8_lossy(value.content));
        let label = known.iter().find(|(number, _)| oid(&[2, 5, 4, *number]) == kind.whole);
        match label {
            Some((number, label)) => {
                let place = NAMES.iter().position(|(_, known)| known == number).unwrap_or(0);
                match named.iter_mut().find(|(known, _)| *known == place) {
                    Some((_, several)) => several.push_str(&format!("+{label}={text}")),
                    None => named.push((place, format!("{label}={text}"))),
                }
            }
            None => {
                other.push(format!("{}=#{}", der::dotted(kind.content), hex::encode(value.whole)))
            }
        }
    }
    named.sort_by_key(|(place, _)| std::cmp::Reverse(*place));
    let named = named.into_iter().map(|(_, text)| text);
    named.chain(other.into_iter().rev()).collect::<Vec<_>>().join(",")
}

/// Writes a value with what is special in names escaped.
fn escaped(value: &str) -> String {
    let last = value.chars().count().saturating_sub(1);
    let mut out = String::new();
    for (place, letter) in value.chars().enumerate() {
        let special = ",+\"\\<>;".contains(letter)
            || (letter == ' ' && (place == 0 || place == last))
            || (letter == '#' && place == 0);
        if special {
            out.push('\\');
        }
        out.push(letter);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Vec<u8> {
        let key = Key::of_seed([7; 32]).unwrap();
        let subject =
            name(|part| if part == "common_name" { vec!["a, b".into()] } else { Vec::new() });
        let template = Template {
            serial: [9; 16],
            subject: subject.clone(),
            alternatives: Alternatives { names: vec!["a".into()], ..Alternatives::default() },
            public: key.public(),
            from: Timestamp::UNIX_EPOCH,
            until: "2060-01-02T03:04:05Z".parse().unwrap(),
            uses: vec!["cert_signing", "server_auth"],
            is_authority: true,
            path_length: Some(0),
            names_key: true,
            issuer: subject,
            issuer_key: Some(vec![1]),
        };
        certificate(&template, &key).unwrap()
    }

    #[test]
    fn what_was_made_is_read() {
        let read = read_certificate(&made()).unwrap();

        assert_eq!(shown(&read.subject), "CN=a\\, b");
        assert_eq!(read.constraints, Some((true, Some(0))));
        assert_eq!(read.until.to_string(), "2060-01-02T03:04:05Z");
        assert_eq!(read.key_id.as_deref(), key_id(&read.public).as_ref().map(|id| &id[..]));
    }

    #[test]
    fn no_bytes_make_the_readers_panic() {
        let whole = made();
        for place in 0..whole.len() {
            read_certificate(&whole[..place]);
            read_request(&whole[..place]);
            for change in [0x00, 0x01, 0x80, 0xff] {
                let mut broken = whole.clone();
                broken[place] ^= change;
                if let Some(read) = read_certificate(&broken) {
                    shown(&read.subject);
                }
                read_request(&broken);
            }
        }
    }
}
