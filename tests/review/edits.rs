//! For each edit of the corpus the places told for a change cover the text that was edited.
//!
//! A file of `edits/` is a folder of files (`--- NAME`), arguments of the plan (`$`), and lines `> NUMBER ADDRESS PATH`: when
//! the text marked `«NUMBER:old|new»` is edited, that part of that object changes because of it.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Range;
use std::path::Path;

use serde_json::Value as Json;

use crate::run;

/// A corpus of edits of one configuration.
#[derive(Default)]
struct Corpus {
    files: BTreeMap<String, String>,
    arguments: Vec<String>,
    /// Edit, address, path.
    expected: Vec<(u32, String, String)>,
}

fn read(path: &Path) -> Corpus {
    let mut corpus = Corpus::default();
    let mut file = None;
    for line in fs::read_to_string(path).unwrap().lines() {
        if let Some(name) = line.strip_prefix("--- ") {
            file = Some(name.to_string());
        } else if let Some(arguments) = line.strip_prefix("$ ") {
            corpus.arguments = arguments.split(' ').map(str::to_string).collect();
        } else if let Some(expected) = line.strip_prefix("> ") {
            let mut words = expected.splitn(3, ' ').map(str::to_string);
            let mut next = || words.next().unwrap();
            corpus.expected.push((next().parse().unwrap(), next(), next()));
        } else if let Some(name) = &file {
            *corpus.files.entry(name.clone()).or_default() += &format!("{line}\n");
        }
    }
    corpus
}

/// Gives a text with one edit done, and the place of what was edited.
fn edited(text: &str, edit: Option<u32>) -> (String, Option<Range<usize>>) {
    let (mut out, mut place) = (String::new(), None);
    let mut rest = text;
    while let Some(start) = rest.find('«') {
        let end = rest.find('»').unwrap();
        out += &rest[..start];
        let (number, sides) = rest[start + '«'.len_utf8()..end].split_once(':').unwrap();
        let (old, new) = sides.split_once('|').unwrap();
        if Some(number.parse().unwrap()) == edit {
            place = Some(out.len()..out.len() + new.len());
            out += new;
        } else {
            out += old;
        }
        rest = &rest[end + '»'.len_utf8()..];
    }
    (out + rest, place)
}

/// Writes a path as people do.
fn path(steps: &Json) -> String {
    let mut text = String::new();
    for step in steps.as_array().unwrap() {
        match step.as_str() {
            Some(name) if text.is_empty() => text += name,
            Some(name) => text += &format!(".{name}"),
            None => text += &format!("[{step}]"),
        }
    }
    text
}

fn normal(path: &str) -> String {
    path.replace("[\"", ".").replace("\"]", "")
}

fn covers(cause: &Json, file: &str, place: &Range<usize>) -> bool {
    let byte = |side: &str| usize::try_from(cause["range"][side]["byte"].as_u64()?).ok();
    let (Some(start), Some(end)) = (byte("start"), byte("end")) else { return false };
    cause["range"]["filename"] == file && start <= place.start && place.end <= end
}

/// Copies a folder with its state and its world.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let (path, place) = (entry.path(), to.join(entry.file_name()));
        if path.is_dir() {
            copy(&path, &place);
        } else {
            fs::copy(&path, &place).unwrap();
        }
    }
}

/// Checks the edits of a corpus; gives how many there were and what was wrong.
fn check(corpus: &Corpus) -> (usize, Vec<String>) {
    let temporary = tempfile::tempdir().unwrap();
    let base = temporary.path().join("base");
    for (name, text) in &corpus.files {
        let path = base.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, edited(text, None).0).unwrap();
    }
    let sandbox = corpus.files.values().any(|text| text.contains("google_"));
    let with = |words: &[&str], folder: &Path| {
        let mut arguments: Vec<&str> = words.to_vec();
        arguments.extend(corpus.arguments.iter().map(String::as_str));
        arguments.extend(sandbox.then_some("--sandbox"));
        run(folder, &arguments)
    };
    let made = with(&["apply", "-auto-approve"], &base);
    assert_eq!(made.exit, 0, "{}{}", made.out, made.err);
    let mut edits: Vec<u32> = corpus.expected.iter().map(|(edit, ..)| *edit).collect();
    edits.dedup();
    let mut wrong = Vec::new();
    for edit in &edits {
        let folder = temporary.path().join(edit.to_string());
        copy(&base, &folder);
        let mut at = None;
        for (name, text) in &corpus.files {
            let (text, place) = edited(text, Some(*edit));
            if let Some(place) = place {
                at = Some((name.as_str(), place));
                fs::write(folder.join(name), text).unwrap();
            }
        }
        let (file, place) = at.unwrap_or_else(|| panic!("there is no edit {edit}"));
        let planned = with(&["plan", "-out=planned"], &folder);
        assert_eq!(planned.exit, 0, "{edit}: {}{}", planned.out, planned.err);
        let shown = run(&folder, &["show", "-json", "planned"]);
        let document: Json = serde_json::from_str(&shown.out).unwrap();
        let expected = corpus.expected.iter().filter(|(own, ..)| own == edit);
        for (_, address, wanted) in expected {
            let changes = document["resource_changes"].as_array().unwrap();
            let change = changes.iter().find(|change| change["address"] == address.as_str());
            let parts = change.and_then(|change| change["sources"].as_array()).cloned();
            let parts = parts.unwrap_or_default();
            let part = parts.iter().find(|part| path(&part["path"]) == normal(wanted));
            let Some(part) = part else {
                let told: Vec<String> = parts.iter().map(|part| path(&part["path"])).collect();
                wrong.push(format!("{edit}: {address} has no {wanted}, only {told:?}"));
                continue;
            };
            let causes = part["causes"].as_array().cloned().unwrap_or_default();
            // Who is told of everything is told nothing: one text was edited.
            let few = causes.len() <= 2;
            if !few || !causes.iter().any(|cause| covers(cause, file, &place)) {
                wrong.push(format!("{edit}: {address} {wanted}: {part}"));
            }
        }
    }
    (edits.len(), wrong)
}

#[test]
fn the_place_told_for_a_change_is_that_of_the_edited_text() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/review/edits");
    let (mut all, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let (count, found) = check(&read(&entry.path()));
        all += count;
        let name = entry.file_name().to_string_lossy().into_owned();
        wrong.extend(found.into_iter().map(|line| format!("{name} {line}")));
    }

    assert!(all >= 40, "{all} edits");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
