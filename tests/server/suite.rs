//! Cases as data: sequences of requests, and what was answered.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::normal;

/// Cases about one thing, a file.
pub(crate) struct Area {
    /// The file's name.
    pub(crate) name: String,
    /// What `$WORD` stands for in paths, and the objects that steps begin with.
    words: BTreeMap<String, String>,
    objects: Json,
    /// What is sent before each case, and not compared.
    before: Vec<Json>,
    /// The cases.
    pub(crate) cases: Vec<Case>,
}

/// One sequence of requests, in a namespace of its own.
pub(crate) struct Case {
    /// Its name, and that of the namespace.
    pub(crate) name: String,
    /// Whether `metadata.managedFields` are compared.
    managers: bool,
    steps: Vec<Json>,
}

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) media: &'static str,
    pub(crate) accept: String,
    pub(crate) body: Option<String>,
}

/// What came back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) warnings: Vec<String>,
    pub(crate) body: Json,
}

/// Who answers.
pub(crate) trait Sender {
    /// Sends a request.
    fn send(&mut self, sent: &Sent) -> Answer;
    /// Lets some time pass.
    fn pause(&mut self);
}

const MEDIA: &[(&str, &str)] = &[
    ("apply", "application/apply-patch+yaml"),
    ("merge", "application/merge-patch+json"),
    ("json", "application/json-patch+json"),
    ("strategic", "application/strategic-merge-patch+json"),
    ("yaml", "application/yaml"),
    ("text", "text/plain"),
    ("", "application/json"),
];

const ACCEPT: &[(&str, &str)] = &[
    ("table", "application/json;as=Table;v=v1;g=meta.k8s.io"),
    ("metadata", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"),
    ("metadata-list", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"),
    ("discovery", "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"),
    ("", "application/json"),
];

/// Reads all areas of a folder.
pub(crate) fn areas(folder: &Path) -> Vec<Area> {
    let mut found: Vec<Area> = fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "yaml"))
        .map(|entry| area(&entry.path()))
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Reads an area.
pub(crate) fn area(path: &Path) -> Area {
    let name = path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = fs::read_to_string(path).unwrap();
    let file: Json = serde_saphyr::from_str(&text).unwrap_or_else(|f| panic!("{name}: {f}"));
    let word = |value: &Json| value.as_str().unwrap_or_default().to_owned();
    let words = file["words"].as_object().into_iter().flatten();
    let case = |(called, case): (&String, &Json)| Case {
        name: called.clone(),
        managers: file["managers"] == true || case["managers"] == true,
        steps: case.as_array().or_else(|| case["steps"].as_array()).cloned().unwrap_or_default(),
    };
    Area {
        name,
        words: words.map(|(name, value)| (name.clone(), word(value))).collect(),
        objects: file["objects"].clone(),
        before: file["before"].as_array().cloned().unwrap_or_default(),
        cases: file["cases"].as_object().into_iter().flatten().map(case).collect(),
    }
}

/// Gives the namespace of a case.
pub(crate) fn space(area: &Area, case: &Case) -> String {
    format!("{}-{}", area.name, case.name)
}

/// Sends a case's requests; gives the answers with what varies replaced and what is not compared left out.
pub(crate) fn run(area: &Area, case: &Case, sender: &mut dyn Sender) -> Vec<Answer> {
    let mut words = area.words.clone();
    words.insert("NS".into(), space(area, case));
    let mut answers = Vec::new();
    for step in &area.before {
        let sent = sent(area, step, &words);
        answered(step, &sent, sender);
    }
    for step in &case.steps {
        let sent = sent(area, step, &words);
        let answer = answered(step, &sent, sender);
        for (name, pointer) in step["save"].as_object().into_iter().flatten() {
            let value = answer.body.pointer(pointer.as_str().unwrap_or_default());
            let text = match value {
                Some(Json::String(text)) => text.clone(),
                Some(other) => other.to_string(),
                None => String::new(),
            };
            words.insert(name.clone(), text);
        }
        answers.push(compared(step, case, answer));
    }
    answers
}

/// Sends a request, again and again where the step waits for a status.
fn answered(step: &Json, sent: &Sent, sender: &mut dyn Sender) -> Answer {
    let mut answer = sender.send(sent);
    let Some(wanted) = step["until"].as_u64() else { return answer };
    for _ in 0..150 {
        if u64::from(answer.status) == wanted {
            break;
        }
        sender.pause();
        answer = sender.send(sent);
    }
    answer
}

fn compared(step: &Json, case: &Case, mut answer: Answer) -> Answer {
    if let Some(kept) = step["keep"].as_array() {
        let mut rest = Map::new();
        for pointer in kept.iter().filter_map(Json::as_str) {
            if let Some(value) = normal::at(&answer.body, pointer) {
                rest.insert(pointer.to_owned(), value.clone());
            }
        }
        answer.body = Json::Object(rest);
    }
    if step["keep"] == "nothing" {
        answer.body = Json::Null;
    }
    normal::body(&mut answer.body, case.managers || step["managers"] == true);
    answer.warnings = answer.warnings.iter().map(|text| normal::text(text)).collect();
    answer
}

fn sent(area: &Area, step: &Json, words: &BTreeMap<String, String>) -> Sent {
    let line = filled(step["do"].as_str().unwrap_or_default(), words);
    let (method, path) = line.split_once(' ').unwrap_or(("GET", &line));
    let word = |name: &str| step[name].as_str().unwrap_or_default();
    let media = MEDIA.iter().find(|(short, _)| *short == word("as"));
    let accept = word("accept");
    let known = ACCEPT.iter().find(|(short, _)| *short == accept);
    let body = match (step.get("text"), step.get("base"), step.get("body")) {
        (Some(text), ..) => text.as_str().map(str::to_owned),
        (None, None, None) => None,
        (None, base, change) => {
            let mut object = base.map_or(json!({}), |name| {
                let found = area.objects.get(name.as_str().unwrap_or_default());
                found.cloned().unwrap_or_else(|| panic!("{name} is no object of {}", area.name))
            });
            match change {
                Some(change) if base.is_none() => object = change.clone(),
                Some(change) => merged(&mut object, change),
                None => {}
            }
            Some(object.to_string())
        }
    };
    Sent {
        method: method.to_owned(),
        path: path.to_owned(),
        media: media.unwrap_or_else(|| panic!("{step}")).1,
        accept: known.map_or(accept, |(_, long)| long).to_owned(),
        body: body.map(|text| filled(&text, words)),
    }
}

/// Lays a change over an object: nulls take away.
fn merged(target: &mut Json, change: &Json) {
    let Json::Object(change) = change else {
        *target = change.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (name, value) in change {
        match value {
            Json::Null => {
                target.as_object_mut().unwrap().shift_remove(name);
            }
            value => merged(&mut target[name], value),
        }
    }
}

/// Replaces `$WORD`, again and again, longest first.
fn filled(text: &str, words: &BTreeMap<String, String>) -> String {
    let mut text = text.to_owned();
    let mut names: Vec<&String> = words.keys().collect();
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    for _ in 0..2 {
        for name in &names {
            text = text.replace(&format!("${name}"), &words[*name]);
        }
    }
    text
}

/// Reads the recordings of an area.
pub(crate) fn recorded(folder: &Path, area: &str) -> BTreeMap<String, Vec<Answer>> {
    let Ok(text) = fs::read_to_string(folder.join(format!("{area}.json"))) else {
        return BTreeMap::new();
    };
    let file: BTreeMap<String, Vec<Json>> = serde_json::from_str(&text).unwrap();
    let answer = |row: &Json| {
        let mut body = row["body"].clone();
        normal::body(&mut body, true);
        Answer {
            status: u16::try_from(row["status"].as_u64().unwrap()).unwrap(),
            warnings: serde_json::from_value(row["warnings"].clone()).unwrap_or_default(),
            body,
        }
    };
    file.iter().map(|(name, rows)| (name.clone(), rows.iter().map(answer).collect())).collect()
}

/// Writes the recordings of an area, a line for each answer.
pub(crate) fn keep(folder: &Path, area: &str, recorded: &BTreeMap<String, Vec<Answer>>) {
    let mut text = String::from("{");
    for (at, (name, answers)) in recorded.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&format!("{}: [", json!(name)));
        for (at, answer) in answers.iter().enumerate() {
            text.push_str(if at == 0 { "\n  " } else { ",\n  " });
            let mut row = json!({"status": answer.status});
            if !answer.warnings.is_empty() {
                row["warnings"] = json!(answer.warnings);
            }
            if !answer.body.is_null() {
                row["body"] = answer.body.clone();
            }
            text.push_str(&row.to_string());
        }
        text.push(']');
    }
    text.push_str("\n}\n");
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(format!("{area}.json")), text).unwrap();
}
