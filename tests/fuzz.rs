//! Texts changed by chance: whatever is read, nothing panics, hangs or runs out of stack.
//!
//! The seeds are the texts of the conformance cases. Each round takes one, changes some bytes of it, and gives
//! it to every reader that takes such a text. The rounds are the same each time; `TERRANE_FUZZ` says how many.

use std::collections::BTreeMap;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use terrane::cli::{self, Environment, Screen};
use terrane::config::{Memory, load, load_variables};
use terrane::diag::{FileId, Sources, from_bytes};
use terrane::plan::file;
use terrane::syntax;

/// How many rounds each reader gets.
const ROUNDS: u64 = 1200;

fn rounds() -> u64 {
    let environment = terrane::cli::Environment::of_process();
    let given = environment.variable("TERRANE_FUZZ").and_then(|rounds| rounds.parse().ok());
    given.unwrap_or(ROUNDS)
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or(0) % sides.max(1)
    }
}

/// Pieces that have a meaning for a reader.
const PIECES: &[&str] = &[
    "\"",
    "${",
    "%{",
    "}",
    "{",
    "(",
    ")",
    "[",
    "]",
    "<<E\n",
    "<<-E\n",
    "\nE\n",
    "\\",
    "~}",
    "~",
    "\u{301}",
    "\r\n",
    "\r",
    "\n",
    ".",
    "...",
    "*",
    "[*]",
    ".*",
    "::",
    "=>",
    "=",
    "==",
    "?",
    ":",
    ",",
    "#",
    "//",
    "/*",
    "*/",
    "for ",
    " in ",
    "if ",
    "%{ if ",
    "%{ endif }",
    "%{ for x in ",
    "null",
    "1e999",
    "-",
    "!",
    "0",
    "9999999999",
    "\u{feff}",
    "\0",
    "$${",
    "%%{",
    "\\u00e9",
    "\\ud800",
    "count",
    "for_each = ",
    "dynamic \"x\" {",
    "lifecycle {",
    "self",
    "each.key",
    "<<",
    "é",
    "👨‍👩‍👧",
    "\u{1a}",
    "\t",
    "optional(",
    "any",
    "\"type\":",
    "\"value\":",
    "e+",
];

/// Changes a text.
fn changed(seed: &[u8], other: &[u8], dice: &mut Dice) -> Vec<u8> {
    let mut bytes = seed.to_vec();
    for _ in 0..=dice.roll(5) {
        let at = dice.roll(bytes.len() + 1);
        let end = (at + 1 + dice.roll(12)).min(bytes.len());
        match dice.roll(8) {
            0 => drop(bytes.drain(at.min(end)..end)),
            1 => bytes.truncate(at),
            2 => {
                let copy = bytes[at.min(end)..end].to_vec();
                let place = dice.roll(bytes.len() + 1);
                bytes.splice(place..place, copy);
            }
            3 => {
                let from = dice.roll(other.len() + 1);
                let to = (from + dice.roll(60)).min(other.len());
                bytes.splice(at..at, other[from.min(to)..to].iter().copied());
            }
            4 if at < bytes.len() => bytes[at] = u8::try_from(dice.roll(256)).unwrap_or(0),
            _ => {
                let piece = PIECES[dice.roll(PIECES.len())];
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
    bytes
}

/// Gives all texts of the cases with one of these endings.
fn seeds(endings: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let mut found: Vec<Vec<u8>> = Vec::new();
    for name in ["syntax.json", "configuration.json", "json.json"] {
        let text = fs::read_to_string(root.join("diagnostics").join(name)).expect("the cases");
        let json: Json = serde_json::from_str(&text).expect("the cases are JSON");
        for case in json["cases"].as_array().into_iter().flatten() {
            let files = case["files"].as_object().into_iter().flatten();
            let fitting = files.filter(|(name, _)| endings.iter().any(|end| name.ends_with(end)));
            let texts = fitting.filter_map(|(_, text)| text.as_str());
            found.extend(texts.map(|text| text.as_bytes().to_vec()));
        }
    }
    let mut folders: Vec<PathBuf> = fs::read_dir(root.join("plans"))
        .expect("the cases")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    folders.sort();
    for folder in folders {
        let mut files: Vec<PathBuf> =
            fs::read_dir(folder).expect("a case").flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files {
            let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if endings.iter().any(|end| name.ends_with(end)) {
                found.extend(fs::read(file));
            }
        }
    }
    found
}

/// Gives changed texts to a reader; panics with the first that makes it panic.
fn withstand(endings: &[&str], read: impl Fn(&[u8])) {
    let seeds = seeds(endings);
    assert!(!seeds.is_empty(), "there are seeds");
    for round in 1..=rounds() {
        let mut dice = Dice(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let (seed, other) = (dice.roll(seeds.len()), dice.roll(seeds.len()));
        let bytes = changed(&seeds[seed], &seeds[other], &mut dice);
        let survived = catch_unwind(AssertUnwindSafe(|| read(&bytes)));
        assert!(survived.is_ok(), "round {round} panics on {:?}", String::from_utf8_lossy(&bytes));
    }
}

fn loaded(name: &str, bytes: &[u8]) {
    let text = from_bytes(bytes.to_vec());
    let folder = Path::new("/w");
    let mut sources = Sources::default();
    let files = BTreeMap::from([(folder.join(name), text)]);
    let (_, problems) = load(folder, &mut sources, &Memory(files));
    for problem in &problems {
        let json = terrane::render::json::diagnostic::diagnostic(problem, &sources);
        assert!(json.is_object());
        let style = terrane::render::Style::default();
        assert!(!terrane::render::diagnostic::one(problem, &sources, &style).is_empty());
    }
}

#[test]
fn the_native_syntax_is_read_whatever_it_is() {
    withstand(&[".tf"], |bytes| {
        loaded("main.tf", bytes);
        let text = from_bytes(bytes.to_vec());
        let _ = syntax::parse_expression(FileId(0), &text, 0);
        let _ = syntax::parse_template(FileId(0), &text);
    });
}

#[test]
fn files_are_laid_out_whatever_they_are() {
    withstand(&[".tf"], |bytes| {
        let text = from_bytes(bytes.to_vec());
        if let Ok(once) = syntax::format(FileId(0), "main.tf", &text) {
            let twice = syntax::format(FileId(0), "main.tf", &once);
            assert!(twice.is_ok(), "what is laid out can be read");
        }
    });
}

#[test]
fn json_is_read_whatever_it_is() {
    withstand(&[".tf.json"], |bytes| loaded("main.tf.json", bytes));
}

#[test]
fn files_of_values_are_read_whatever_they_are() {
    withstand(&[".tfvars", ".tf"], |bytes| {
        let path = Path::new("/w/x.tfvars");
        let text = from_bytes(bytes.to_vec());
        let files = BTreeMap::from([(path.to_path_buf(), text)]);
        drop(load_variables(path, "x.tfvars", &mut Sources::default(), &Memory(files)));
    });
    withstand(&[".tfvars.json", ".tf.json"], |bytes| {
        let path = Path::new("/w/x.tfvars.json");
        let text = from_bytes(bytes.to_vec());
        let files = BTreeMap::from([(path.to_path_buf(), text)]);
        drop(load_variables(path, "x.tfvars.json", &mut Sources::default(), &Memory(files)));
    });
}

/// Runs a command in a folder.
fn run(folder: &Path, arguments: &[&str]) -> String {
    let environment = Environment { cwd: folder.to_path_buf(), ..Environment::default() };
    let arguments: Vec<String> =
        std::iter::once("terrane").chain(arguments.iter().copied()).map(String::from).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut screen = Screen {
        out: &mut out,
        err: &mut err,
        ask: &mut || None,
        colour: false,
        live: false,
        width: 80,
    };
    cli::run(&arguments, &environment, &mut screen);
    String::from_utf8_lossy(&out).into_owned()
}

#[test]
fn configurations_are_checked_and_planned_whatever_they_are() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    withstand(&[".tf"], |bytes| {
        fs::write(folder.path().join("main.tf"), bytes).expect("a file can be written");
        run(folder.path(), &["validate", "-json"]);
    });
}

#[test]
fn states_are_read_whatever_they_are() {
    withstand(&[".tfstate"], |bytes| {
        let text = String::from_utf8_lossy(bytes);
        drop(terrane::state::file::read(&text));
        drop(terrane::state::journal::parse(&text));
    });
}

#[test]
fn saved_plans_are_read_whatever_they_are() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let config = "variable \"v\" { default = [1] }\nresource \"terraform_data\" \"a\" {\n  input = var.v\n}\n\
                  output \"o\" {\n  value = terraform_data.a.id\n}\n";
    fs::write(folder.path().join("main.tf"), config).expect("a file can be written");
    run(folder.path(), &["plan", "-out=p"]);
    let plan = fs::read(folder.path().join("p")).expect("the plan was saved");
    let mut inside = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&plan[..]), &mut inside)
        .expect("a saved plan is packed");
    for round in 1..=rounds() {
        let mut dice = Dice(round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let packed = dice.roll(4) == 0;
        let bytes = changed(if packed { &plan } else { &inside }, &inside, &mut dice);
        let bytes = if packed {
            bytes
        } else {
            let level = flate2::Compression::fast();
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            std::io::Write::write_all(&mut encoder, &bytes).expect("memory can be written");
            encoder.finish().expect("memory can be written")
        };
        let survived = catch_unwind(|| drop(file::read(&bytes)));
        assert!(survived.is_ok(), "round {round} panics");
    }
}

#[test]
fn depth_ends_in_a_message() {
    let around = |open: &str, close: &str, inner: &str, count: usize| {
        format!("{}{inner}{}", open.repeat(count), close.repeat(count))
    };
    for count in [70, 300, 20_000] {
        let texts = [
            format!("locals {{\n  a = {}\n}}\n", around("[", "]", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("(", ")", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("{a=", "}", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("\"${", "}\"", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("-", "", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("!", "", "true", count)),
            format!("locals {{\n  a = {}\n}}\n", around("f(", ")", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("true ? 1 : ", "", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("1 + ", "", "1", count)),
            format!("locals {{\n  a = {}\n}}\n", around("[for x in ", " : x]", "[]", count)),
            format!("locals {{\n  a = {}\n}}\n", around("x[", "]", "0", count)),
            format!("locals {{\n  a = x{}\n}}\n", ".b".repeat(count)),
            format!("locals {{\n  a = x{}\n}}\n", "[0]".repeat(count)),
            format!("locals {{\n  a = x{}\n}}\n", ".*.b".repeat(count)),
            format!("locals {{\n  a = x{}\n}}\n", "[*].b".repeat(count)),
            format!("locals {{\n  a = \"{}\"\n}}\n", around("%{ if x }", "%{ endif }", "y", count)),
            around("a {\n", "}\n", "", count),
            around("a {\n", "", "", count),
            format!("locals {{\n  a = {}\n}}\n", "[".repeat(count)),
            format!("locals {{\n  a = {}\n}}\n", "(".repeat(count)),
            format!("locals {{\n  a = {}\n}}\n", "{".repeat(count)),
            format!("locals {{\n  a = {}\n}}\n", "\"${".repeat(count)),
            format!("variable \"a\" {{\n  type = {}\n}}\n", around("list(", ")", "any", count)),
        ];
        for text in texts {
            loaded("main.tf", text.as_bytes());
            drop(syntax::format(FileId(0), "main.tf", &text));
        }
        for (open, close, inner) in [("[", "]", "1"), ("{\"a\":", "}", "1"), ("[", "", "")] {
            let text = format!("{{\"locals\": {{\"a\": {}}}}}", around(open, close, inner, count));
            loaded("main.tf.json", text.as_bytes());
            drop(terrane::state::file::read(&text));
        }
    }
}
