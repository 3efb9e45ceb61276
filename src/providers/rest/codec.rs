//! The ways in which a value and its JSON form differ beyond their type.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value as Json, json};

use super::equal::duration_seconds;

/// A way between value and JSON, as text, bool or JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Codec {
    /// Read: the text after the last slash.
    LastSegment,
    /// Read: an email's part before the `@`.
    LocalPart,
    /// Read: a text after a fixed beginning.
    Prefix(Arc<str>),
    /// Read: bytes in base 64 as hexadecimal digits.
    Base64Hex,
    /// A bool that says the contrary.
    Inverted,
    /// Read: whether the text is this.
    Equals(Arc<str>),
    /// `LIVE`, `ARCHIVED`, `ANY` as true, false, nothing.
    LiveState,
    /// `VPC_NATIVE`, `ROUTES` as true, false.
    NetworkingMode,
    /// Write: any duration as whole seconds.
    DurationSeconds,
    /// Seconds as a duration of several units (`24h0m0s`), and any duration as seconds.
    GoDuration,
    /// A document as text.
    Document,
    /// A type of Bigtable as text: a document, or the short name of an aggregate of whole numbers.
    Aggregate,
    /// One of two texts for a truth: that for true, that for false.
    Choice(Arc<str>, Arc<str>),
    /// Write: nothing for an empty text, also where what is empty is said.
    NotEmpty,
    /// Write: in capitals.
    Upper,
}

const CODECS: &[(&str, Codec)] = &[
    ("last_segment", Codec::LastSegment),
    ("local_part", Codec::LocalPart),
    ("base64_hex", Codec::Base64Hex),
    ("inverted", Codec::Inverted),
    ("live_state", Codec::LiveState),
    ("networking_mode", Codec::NetworkingMode),
    ("duration_seconds", Codec::DurationSeconds),
    ("not_empty", Codec::NotEmpty),
    ("upper", Codec::Upper),
    ("go_duration", Codec::GoDuration),
    ("json", Codec::Document),
    ("aggregate", Codec::Aggregate),
];

impl Codec {
    /// Gives the codec of a name; `equals:X` and `prefix:X` take a text.
    pub fn named(name: &str) -> Option<Codec> {
        if let Some(text) = name.strip_prefix("equals:") {
            return Some(Codec::Equals(text.into()));
        }
        if let Some(text) = name.strip_prefix("prefix:") {
            return Some(Codec::Prefix(text.into()));
        }
        if let Some((yes, no)) =
            name.strip_prefix("choice:").and_then(|texts| texts.split_once('|'))
        {
            return Some(Codec::Choice(yes.into(), no.into()));
        }
        CODECS.iter().find(|(known, _)| *known == name).map(|(_, codec)| codec.clone())
    }

    /// Brings what the service says to the form that the attribute has.
    pub fn read(&self, json: Option<&Json>) -> Option<Json> {
        let text = json.and_then(Json::as_str);
        let truth = json.and_then(Json::as_bool);
        match self {
            Codec::LastSegment => text.map(|text| last_segment(text).into()),
            Codec::LocalPart => text.map(|text| text.split('@').next().unwrap_or(text).into()),
            Codec::Prefix(prefix) => text.map(|text| format!("{prefix}{text}").into()),
            Codec::Base64Hex => Some(hex::encode(STANDARD.decode(text?).ok()?).into()),
            Codec::Inverted => Some(Json::Bool(!truth.unwrap_or(false))),
            Codec::Equals(wanted) => Some(Json::Bool(text == Some(wanted))),
            Codec::LiveState => Some(match truth {
                Some(true) => "LIVE".into(),
                Some(false) => "ARCHIVED".into(),
                None => "ANY".into(),
            }),
            Codec::NetworkingMode => {
                Some(if truth == Some(true) { "VPC_NATIVE" } else { "ROUTES" }.into())
            }
            Codec::DurationSeconds | Codec::NotEmpty | Codec::Upper => json.cloned(),
            Codec::GoDuration => text.map(|text| go_duration(text).into()),
            Codec::Document => json.map(|json| json.to_string().into()),
            Codec::Aggregate => json.map(|json| aggregate_text(json).into()),
            Codec::Choice(yes, no) => Some(if truth == Some(true) { &**yes } else { &**no }.into()),
        }
    }

    /// Says what a text must be that could not be brought to the service's form.
    pub fn refused(&self, text: &str) -> Option<String> {
        match self {
            Codec::Document if serde_json::from_str::<Json>(text).is_err() => {
                Some("a JSON document".to_string())
            }
            Codec::Aggregate if aggregate_type(text).is_none() => {
                let names: Vec<String> =
                    AGGREGATES.iter().map(|(name, _)| format!("{name:?}")).collect();
                Some(format!("one of {} or a type as a JSON object", names.join(", ")))
            }
            _ => None,
        }
    }

    /// Brings an attribute's value to the form that the service takes; nothing where none is sent.
    pub fn write(&self, json: Json) -> Option<Json> {
        match self {
            Codec::Inverted => json.as_bool().map(|truth| Json::Bool(!truth)),
            Codec::LiveState => match json.as_str() {
                Some("LIVE") => Some(true.into()),
                Some("ARCHIVED") => Some(false.into()),
                _ => None,
            },
            Codec::NetworkingMode => json.as_str().map(|mode| Json::Bool(mode == "VPC_NATIVE")),
            Codec::Document => serde_json::from_str(json.as_str()?).ok(),
            Codec::Aggregate => aggregate_type(json.as_str()?),
            Codec::Choice(yes, _) => json.as_str().map(|text| Json::Bool(text == &**yes)),
            Codec::DurationSeconds | Codec::GoDuration => {
                let seconds = json.as_str().and_then(duration_seconds);
                Some(seconds.map_or(json, |seconds| format!("{seconds}s").into()))
            }
            Codec::Upper => json.as_str().map(|text| text.to_uppercase().into()),
            Codec::NotEmpty => (json.as_str() != Some("")).then_some(json),
            Codec::Prefix(prefix) => {
                let text = json.as_str()?;
                Some(text.strip_prefix(&**prefix).unwrap_or(text).into())
            }
            Codec::LastSegment | Codec::LocalPart | Codec::Base64Hex | Codec::Equals(_) => {
                Some(json)
            }
        }
    }
}

/// The short names of aggregates of whole numbers, as `google_bigtable_table` takes them, with the members that they stand for.
const AGGREGATES: [(&str, &str); 4] =
    [("intsum", "sum"), ("intmin", "min"), ("intmax", "max"), ("inthll", "hllppUniqueCount")];

/// Gives the type that a text says: a document, or a short name; nothing where it is neither.
pub fn aggregate_type(text: &str) -> Option<Json> {
    let short = AGGREGATES.iter().find(|(name, _)| *name == text);
    match short {
        Some((_, member)) => Some(json!({
            "aggregateType": {
                "inputType": { "int64Type": { "encoding": { "bigEndianBytes": {} } } },
                (*member): {},
            }
        })),
        None => serde_json::from_str(text).ok().filter(Json::is_object),
    }
}

/// Gives a type's short name where it has one, else the document.
fn aggregate_text(json: &Json) -> String {
    let of = &json["aggregateType"];
    let whole = of["inputType"]["int64Type"].is_object();
    let short = AGGREGATES.iter().find(|(_, member)| whole && of[*member].is_object());
    short.map_or_else(|| json.to_string(), |(name, _)| (*name).to_string())
}

/// Gives a duration in hours, minutes and seconds.
fn go_duration(text: &str) -> String {
    let Some(seconds) = duration_seconds(text) else { return text.to_string() };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "durations of services are not negative and small"
    )]
    let whole = seconds as u64;
    match (whole / 3600, whole / 60 % 60, whole % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// Gives the text after the last slash.
pub fn last_segment(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aggregates_have_short_names() {
        let codec = Codec::Aggregate;
        for name in ["intsum", "intmin", "intmax", "inthll"] {
            let sent = codec.write(name.into()).unwrap();
            assert_eq!(codec.read(Some(&sent)), Some(name.into()), "{sent}");
            assert_eq!(codec.refused(name), None);
        }
        let other = json!({ "stringType": { "encoding": { "utf8Bytes": {} } } });
        assert_eq!(codec.write(other.to_string().into()), Some(other.clone()));
        assert_eq!(codec.read(Some(&other)), Some(other.to_string().into()));
        assert!(codec.refused("intsumm").unwrap().contains("\"intsum\""));
        assert_eq!(Codec::Document.refused("{").as_deref(), Some("a JSON document"));
    }
}
