//! The saved plan: a file that holds all that an apply needs, so that what was shown is what is done.
//!
//! It has the plan with all values (secrets in clear: it is written for its owner only), the inputs, and the
//! texts of the configuration, each with its hash. The whole is compressed JSON. Places in the plan name
//! files by their number in [`Saved::files`]; [`settle`] brings them to another run's numbers.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use super::written::{Damage, WrittenSpan, WrittenValue, read_span, write_span};
use super::written_plan::WrittenPlan;
use super::{Plan, digest};
use crate::diag::{Sources, Span};
use crate::eval::{InputValue, Inputs, RawInput};

/// What the file says of itself.
const FORMAT: &str = "terrane-plan";
/// The form's number.
const VERSION: u32 = 1;

/// A saved plan as read.
#[derive(Clone, Debug)]
pub struct Saved {
    /// The plan.
    pub plan: Plan,
    /// The files that it was made from: names and texts.
    pub files: Vec<(String, String)>,
    /// What the evaluation was given.
    pub inputs: Inputs,
}

/// Why a file is no saved plan.
#[derive(Debug, thiserror::Error)]
pub enum PlanFileError {
    /// It is another kind of file.
    #[error("it is not a saved plan of this program")]
    Foreign,
    /// Another version wrote it.
    #[error("it has form {0}, which this version does not read; make a new plan")]
    Version(u32),
    /// It is not whole.
    #[error("it is damaged: {0}")]
    Damaged(Damage),
}

#[derive(Serialize, Deserialize)]
struct Document {
    format: String,
    version: u32,
    digest: String,
    plan: WrittenPlan,
    files: Vec<WrittenFile>,
    inputs: WrittenInputs,
}

/// What is read first.
#[derive(Deserialize)]
struct Head {
    format: String,
    version: u32,
}

#[derive(Serialize, Deserialize)]
struct WrittenFile {
    name: String,
    sha256: String,
    text: String,
}

#[derive(Serialize, Deserialize)]
struct WrittenInputs {
    variables: BTreeMap<String, WrittenInput>,
    workspace: String,
    cwd: String,
    root: String,
    home: Option<String>,
    plan_time: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenInput {
    text: Option<String>,
    value: Option<WrittenValue>,
    origin: String,
    span: Option<WrittenSpan>,
}

/// Writes a plan with the files and inputs that it was made from. To be kept for its owner only.
pub fn write(plan: &Plan, sources: &Sources, inputs: &Inputs) -> Vec<u8> {
    let file = |(id, name, text): (_, &str, &str)| {
        // What was given on the command line is with the inputs.
        let text = if sources.is_seen(id) { text } else { "" };
        WrittenFile {
            name: name.to_string(),
            sha256: digest::of_text(text),
            text: text.to_string(),
        }
    };
    let document = Document {
        format: FORMAT.into(),
        version: VERSION,
        digest: digest::digest(plan),
        plan: plan.into(),
        files: sources.files().map(file).collect(),
        inputs: inputs.into(),
    };
    let json = serde_json::to_vec(&document).expect("a plan has only string keys");
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(&json).and_then(|()| encoder.finish());
    written.expect("writing to memory does not fail")
}

/// Reads a saved plan.
///
/// # Errors
/// Why it is none.
pub fn read(bytes: &[u8]) -> Result<Saved, PlanFileError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Err(PlanFileError::Foreign);
    }
    let damaged = |error: &dyn std::fmt::Display| PlanFileError::Damaged(error.to_string());
    let mut json = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut json).map_err(|error| damaged(&error))?;
    let head: Head = serde_json::from_slice(&json).map_err(|_| PlanFileError::Foreign)?;
    match (head.format.as_str(), head.version) {
        (FORMAT, VERSION) => {}
        (FORMAT, version) => return Err(PlanFileError::Version(version)),
        _ => return Err(PlanFileError::Foreign),
    }
    let document: Document = serde_json::from_slice(&json).map_err(|error| damaged(&error))?;
    let plan = Plan::try_from(document.plan).map_err(PlanFileError::Damaged)?;
    if digest::digest(&plan) != document.digest {
        return Err(PlanFileError::Damaged("its digest is not that of its content".into()));
    }
    let mut files = Vec::new();
    for file in document.files {
        if digest::of_text(&file.text) != file.sha256 {
            let damage = format!("the hash of \"{}\" is not that of its text", file.name);
            return Err(PlanFileError::Damaged(damage));
        }
        files.push((file.name, file.text));
    }
    let inputs = Inputs::try_from(document.inputs).map_err(PlanFileError::Damaged)?;
    Ok(Saved { plan, files, inputs })
}

/// Brings a read plan's and its inputs' places to the numbers that the files have in `sources`.
pub fn settle(plan: &mut Plan, inputs: &mut Inputs, files: &[(String, String)], sources: &Sources) {
    let numbers: BTreeMap<&str, _> = sources.files().map(|(id, name, _)| (name, id)).collect();
    let mut move_span = |span: &mut Span| {
        let name = files.get(span.file.0 as usize).map(|(name, _)| name.as_str());
        if let Some(id) = name.and_then(|name| numbers.get(name)) {
            span.file = *id;
        }
    };
    for change in plan.changes.values_mut() {
        change.span.iter_mut().for_each(&mut move_span);
        change.places.iter_mut().for_each(|(_, span)| move_span(span));
    }
    for input in inputs.variables.values_mut() {
        input.span.iter_mut().for_each(&mut move_span);
    }
    for label in plan.warnings.iter_mut().flat_map(|warning| &mut warning.labels) {
        move_span(&mut label.span);
    }
}

impl From<&Inputs> for WrittenInputs {
    fn from(inputs: &Inputs) -> WrittenInputs {
        let text = |path: &std::path::Path| path.to_string_lossy().into_owned();
        let variable = |(name, given): (&String, &InputValue)| {
            let (text, value) = match &given.value {
                RawInput::Text(text) => (Some(text.clone()), None),
                RawInput::Value(value) => (None, Some(value.into())),
            };
            // The place of a text is in no file that is kept with the plan.
            let span = given.span.filter(|_| text.is_none()).map(write_span);
            (name.clone(), WrittenInput { text, value, origin: given.origin.clone(), span })
        };
        WrittenInputs {
            variables: inputs.variables.iter().map(variable).collect(),
            workspace: inputs.workspace.clone(),
            cwd: text(&inputs.cwd),
            root: text(&inputs.root),
            home: inputs.home.as_deref().map(text),
            plan_time: inputs.plan_time.map(|time| time.to_string()),
        }
    }
}

impl TryFrom<WrittenInputs> for Inputs {
    type Error = Damage;

    fn try_from(written: WrittenInputs) -> Result<Inputs, Damage> {
        let mut variables = BTreeMap::new();
        for (name, given) in written.variables {
            let value = match (given.text, given.value) {
                (Some(text), _) => RawInput::Text(text),
                (None, Some(value)) => RawInput::Value(value.try_into()?),
                (None, None) => return Err(format!("the variable \"{name}\" has no value")),
            };
            let span = given.span.map(read_span);
            variables.insert(name, InputValue { value, origin: given.origin, span, file: None });
        }
        let time = written.plan_time.map(|time| time.parse().map_err(|error| format!("{error}")));
        Ok(Inputs {
            variables,
            workspace: written.workspace,
            cwd: written.cwd.into(),
            root: written.root.into(),
            home: written.home.map(Into::into),
            plan_time: time.transpose()?,
            ..Inputs::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::written_plan::tests::sample;
    use super::*;
    use crate::diag::FileId;
    use crate::value::Value;

    fn sources() -> Sources {
        let mut sources = Sources::default();
        sources.add("main.tf", "a\nb\n");
        sources
    }

    fn inputs() -> Inputs {
        let given = |value| InputValue { value, origin: "x.tfvars".into(), span: None, file: None };
        let variables = [
            ("t".to_string(), given(RawInput::Text("1".into()))),
            ("v".to_string(), given(RawInput::Value(Value::string("s").sensitive()))),
        ];
        Inputs { variables: variables.into(), workspace: "default".into(), ..Inputs::default() }
    }

    #[test]
    fn a_saved_plan_reads_back_the_same() {
        let plan = sample();

        let saved = read(&write(&plan, &sources(), &inputs())).unwrap();

        assert_eq!(digest::digest(&saved.plan), digest::digest(&plan));
        assert_eq!(format!("{:?}", saved.plan), format!("{plan:?}"));
        assert_eq!(saved.files, [("main.tf".to_string(), "a\nb\n".to_string())]);
        assert_eq!(format!("{:?}", saved.inputs), format!("{:?}", inputs()));
    }

    #[test]
    fn a_plan_written_twice_is_the_same_bytes() {
        let write = || super::write(&sample(), &sources(), &inputs());

        assert_eq!(write(), write());
    }

    #[test]
    fn other_files_are_no_plans() {
        assert!(matches!(read(b"PK"), Err(PlanFileError::Foreign)));
        assert!(matches!(read(b""), Err(PlanFileError::Foreign)));
        let bytes = write(&sample(), &sources(), &inputs());
        for end in [5, bytes.len() / 2, bytes.len() - 9] {
            assert!(read(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn places_follow_their_files() {
        let saved = read(&write(&sample(), &sources(), &inputs())).unwrap();
        let mut other = Sources::default();
        other.add("first.tf", "");
        let main = other.add("main.tf", "a\nb\n");
        let mut plan = saved.plan;

        settle(&mut plan, &mut inputs(), &saved.files, &other);

        let files: Vec<FileId> =
            plan.changes.values().filter_map(|change| change.span).map(|span| span.file).collect();
        assert_eq!(files, [main]);
    }
}
