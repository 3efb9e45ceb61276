//! The state file: format 4 of Terraform, so that both programs can work on one file.
//!
//! Members have Terraform's names, order, indentation and escapes. What is not known here is kept
//! and written back. Older formats are read as what they say in this one; newer ones are refused, since
//! writing one would lose what it says.

use serde::Deserialize;

use super::Snapshot;
use crate::diag::Diagnostic;

/// The version text that is written where the snapshot names none: readers ask only that it is not
/// newer than they are by a major number.
pub const COMPATIBLE: &str = "1.11.4";

/// Why a state file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// It is not JSON.
    #[error("line {line}, column {column}: {reason}")]
    NotJson {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// It is of a format that is not read.
    #[error("the state has format version {version}; this program reads and writes version 4")]
    Version {
        /// The format's number.
        version: u64,
    },
    /// It says no format that there could be.
    #[error("the state names no format: {0}")]
    NoVersion(&'static str),
    /// It is in the bytes that Terraform wrote before 0.6.
    #[error("the state is in a binary format")]
    Binary,
    /// It is encrypted.
    #[error("the state is encrypted")]
    Encrypted,
    /// A part is not as the format has it.
    #[error("{place}: {reason}")]
    Form {
        /// The part, like `resources[0].instances[1].deposed`.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl StateError {
    /// Gives the diagnostic for people; `origin` names the file or place.
    pub fn to_diagnostic(&self, origin: &str) -> Diagnostic {
        match self {
            StateError::NotJson { line, column, reason } => Diagnostic::error(
                "Broken state file",
                format!(
                    "The state in {origin} is not valid JSON: {reason}, at line {line}, column {column}."
                ),
            )
            .help(
                "If the file was cut short, the state before the last change may stand in the file beside it \
                 whose name ends in .backup.",
            )
            .help("Nothing was changed. Mend the file, or put a backup in its place."),
            StateError::Version { version } => Diagnostic::error(
                "State written by a newer version",
                format!("The state in {origin} has format version {version}; this program reads versions 1 to 4."),
            )
            .help("Use the program that wrote it, or a newer version of this one."),
            StateError::NoVersion(why) => Diagnostic::error(
                "Unsupported state file format",
                format!("The state in {origin} cannot be read: {why}."),
            )
            .help("Nothing was changed. Is it a state file? If it was, put a backup in its place."),
            StateError::Binary => Diagnostic::error(
                "Unsupported state file format",
                format!("The state in {origin} is in the binary format that Terraform wrote before 0.6."),
            )
            .help("Nothing was changed. Run \"terraform show\" once with Terraform 0.6.16: it rewrites the state in a format that is read here."),
            StateError::Encrypted => Diagnostic::error(
                "Encrypted state",
                format!("The state in {origin} is encrypted, and this program has no key for it."),
            )
            .help("Write it unencrypted with the program that encrypted it (its method \"unencrypted\"), then run this again."),
            StateError::Form { place, reason } => Diagnostic::error(
                "Broken state file",
                format!("The state in {origin} is not as format version 4 has it: at \"{place}\", {reason}."),
            )
            .help("Nothing was changed. Mend the file, or put a backup in its place."),
        }
    }
}

/// Reads a state file's text.
///
/// # Errors
/// What is wrong with it, and where.
pub fn read(text: &str) -> Result<Snapshot, StateError> {
    super::read::read(text)
}

/// Writes a state file's text.
pub fn write(snapshot: &Snapshot) -> String {
    super::write::write(snapshot)
}

/// Which version of a state a text is.
#[derive(Debug, Deserialize, PartialEq, Eq)]
pub struct Version {
    /// The state's own id.
    #[serde(default)]
    pub lineage: String,
    /// How often it was written.
    #[serde(default)]
    pub serial: u64,
}

/// Gives which version of a state a text is, sealed or not; nothing where it is no state.
pub fn version(text: &str) -> Option<Version> {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // A list could stand for the members too.
    text.starts_with('{').then(|| serde_json::from_str(text).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLES: [(&str, &str); 2] = [
        ("all kinds", include_str!("../../state/samples/kinds.tfstate")),
        ("of a newer minor version", include_str!("../../state/samples/members.tfstate")),
    ];

    #[test]
    fn a_file_that_is_read_and_written_is_the_same_text() {
        for (name, text) in SAMPLES {
            let snapshot = read(text).unwrap();

            assert_eq!(write(&snapshot), text, "{name}");
        }
    }

    #[test]
    fn members_that_are_not_known_survive() {
        let snapshot = read(SAMPLES[1].1).unwrap();

        let text = write(&snapshot);

        for member in
            ["\"x_file\"", "\"x_output\"", "\"x_block\"", "\"x_instance\"", "\"identity\""]
        {
            assert!(text.contains(member), "{member}");
        }
    }

    #[test]
    fn members_in_another_order_say_the_same() {
        // The format comes last, and what instances share comes after them.
        let text = r#"{"resources": [{"instances": [{"attributes": {"id": "1"}, "x": 1}], "y": 2, "provider": "p",
            "name": "b", "type": "a", "mode": "managed"}], "serial": 3, "version": 4}"#;
        let usual = r#"{"version": 4, "serial": 3, "resources": [{"mode": "managed", "type": "a", "name": "b",
            "provider": "p", "instances": [{"attributes": {"id": "1"}, "x": 1}], "y": 2}]}"#;

        assert_eq!(read(text).unwrap(), read(usual).unwrap());
        assert_eq!(read(usual).unwrap().objects.len(), 1);
        assert_eq!(version(text), Some(Version { lineage: String::new(), serial: 3 }));
        assert_eq!(version("[]"), None);
    }

    #[test]
    fn what_is_cut_off_or_goes_on_after_its_end_is_no_state() {
        let text = write(&read(SAMPLES[0].1).unwrap());

        for broken in [&text[..text.len() / 2], &text[..text.len() - 3], &format!("{text}x")] {
            assert!(matches!(read(broken), Err(StateError::NotJson { .. })), "{broken}");
        }
    }

    #[test]
    fn a_format_that_is_none_or_newer_is_refused_with_what_to_do() {
        for (version, why) in [
            ("5", "format version 5"),
            ("0", "never was"),
            ("-1", "positive whole number"),
            ("4.5", "positive whole number"),
            ("\"4\"", "positive whole number"),
            ("null", "no \"version\""),
        ] {
            let error = read(&format!("{{\"version\": {version}}}")).unwrap_err();

            let told = error.to_diagnostic("x");
            assert!(told.detail.contains(why), "{version}: {told:?}");
            assert!(!told.help.is_empty());
        }
        assert_eq!(read("tfstate\u{1}…").unwrap_err(), StateError::Binary);
        assert!(matches!(read("[]").unwrap_err(), StateError::NoVersion(_)));
    }

    #[test]
    fn older_formats_are_read_as_terraform_reads_them() {
        const OLD: [(&str, &str, &str); 3] = [
            (
                "3",
                include_str!("../../state/samples/format-3.tfstate"),
                include_str!("../../state/samples/format-3.upgraded.tfstate"),
            ),
            (
                "2",
                include_str!("../../state/samples/format-2.tfstate"),
                include_str!("../../state/samples/format-2.upgraded.tfstate"),
            ),
            (
                "1",
                include_str!("../../state/samples/format-1.tfstate"),
                include_str!("../../state/samples/format-1.upgraded.tfstate"),
            ),
        ];
        for (version, old, new) in OLD {
            assert_eq!(write(&read(old).unwrap()), new, "{version}");
            assert_eq!(write(&read(new).unwrap()), new, "{version}");
        }
    }

    #[test]
    fn a_broken_part_of_an_older_format_is_told_with_its_place() {
        for (module, place) in [
            (r#"{"path": ["x"]}"#, "modules[0].path"),
            (r#"{"path": ["root"], "resources": []}"#, "modules[0].resources"),
            (r#"{"path": ["root"], "resources": {"a": {}}}"#, "modules[0].resources[\"a\"]"),
            (
                r#"{"path": ["root"], "resources": {"a.b": {"primary": {"meta": {"schema_version": "x"}}}}}"#,
                "modules[0].resources[\"a.b\"].meta.schema_version",
            ),
        ] {
            let error = read(&format!("{{\"version\": 3, \"modules\": [{module}]}}")).unwrap_err();

            assert!(error.to_string().starts_with(place), "{error}");
        }
    }

    #[test]
    fn broken_text_is_told_with_its_line() {
        let error = read("{\n  \"version\": 4,\n  \"serial\": ]\n}").unwrap_err();

        assert!(matches!(error, StateError::NotJson { line: 3, column: 13, .. }), "{error:?}");
    }

    #[test]
    fn a_part_of_a_wrong_form_is_told_with_its_place() {
        let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b",
            "provider": "p", "instances": [{"index_key": true}]}]}"#;

        let error = read(text).unwrap_err();

        assert!(error.to_string().starts_with("resources[0].instances[0].index_key"), "{error}");
    }

    #[test]
    fn an_encrypted_state_is_refused_as_such() {
        let error = read(r#"{"serial": 1, "encrypted_data": "x"}"#).unwrap_err();

        assert_eq!(error, StateError::Encrypted);
    }

    #[test]
    fn a_resource_with_two_current_instances_of_one_key_is_refused() {
        let text = r#"{"version": 4, "resources": [{"mode": "managed", "type": "a", "name": "b",
            "provider": "p", "instances": [{}, {}]}]}"#;

        assert!(read(text).is_err());
    }
}
