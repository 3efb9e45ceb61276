//! What differs from run to run, told the same each time.

use std::path::Path;
use std::sync::OnceLock;

use regex::Regex;

/// Patterns, and what stands for them.
const VARYING: &[(&str, &str)] = &[
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "UUID"),
    (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?UTC|Z)?", "TIME"),
    (r"Digest: [0-9a-f]{64}", "Digest: DIGEST"),
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]+", "CERTIFICATE"),
    (r"GOOG1E[A-Z0-9]+", "ACCESS_ID"),
    (r"gke-[0-9a-f]{32}-\d+", "gke-HASH"),
    (r"operation-[0-9a-z-]+", "OPERATION"),
    (r"\b\d{15,}\b", "NUMBER"),
    (r"(_deployed +=) \d{10}\b", "$1 SECONDS"),
    (r"(after|within|took|takes) (\d+h)?(\d+m)?\d+s\b", "$1 SPAN"),
    (r" \((\d+h)?(\d+m)?\d+s\)([,.])", " (SPAN)$3"),
    (r"\(\d+d\d*h?\d*m? ago\)", "(SPAN ago)"),
    (r#"-[a-z0-9]{5}""#, "-XXXXX\""),
    (r"gke-one-([a-z-]*)[0-9a-f]{8}", "gke-one-${1}HASH"),
];

/// Gives a text without what varies. Lines that only tell that something still goes on are left out.
pub(super) fn plain(text: &str, folder: &Path) -> String {
    static PATTERNS: OnceLock<Vec<(Regex, &str)>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| {
        VARYING.iter().map(|(pattern, name)| (Regex::new(pattern).unwrap(), *name)).collect()
    });
    let text = text.replace(&folder.display().to_string(), "DIR");
    // How long a machine takes to read is no part of the story.
    let goes_on =
        |line: &str| line.contains(": Still ") || line.ends_with("Still reading what there is...");
    let lines = text.lines().filter(|line| !goes_on(line));
    let mut text: String = lines.map(|line| format!("{line}\n")).collect();
    for (pattern, name) in patterns {
        text = pattern.replace_all(&text, *name).into_owned();
    }
    text
}
