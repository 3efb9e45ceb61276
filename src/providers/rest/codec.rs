//! The ways in which a value and its JSON form differ beyond their type.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

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
    /// One of two texts for a truth: that for true, that for false.
    Choice(Arc<str>, Arc<str>),
    /// Write: nothing for an empty text, also where what is empty is said.
    NotEmpty,
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
    ("go_duration", Codec::GoDuration),
    ("json", Codec::Document),
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
            Codec::DurationSeconds | Codec::NotEmpty => json.cloned(),
            Codec::GoDuration => text.map(|text| go_duration(text).into()),
            Codec::Document => json.map(|json| json.to_string().into()),
            Codec::Choice(yes, no) => Some(if truth == Some(true) { &**yes } else { &**no }.into()),
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
            Codec::Choice(yes, _) => json.as_str().map(|text| Json::Bool(text == &**yes)),
            Codec::DurationSeconds | Codec::GoDuration => {
                let seconds = json.as_str().and_then(duration_seconds);
                Some(seconds.map_or(json, |seconds| format!("{seconds}s").into()))
            }
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
