//! Tells a story: does what its lines say in a folder of its own, and gives the text with what was really seen.
//!
//! `story.txt` is a transcript. A line that begins with `$ ` is something done, the lines below it are what is seen:
//!
//! | line | does |
//! |---|---|
//! | `$ terrane …` | runs the program; lines of standard error begin with `! `, the last line tells the exit code if it is not 0 |
//! | `$ quietly terrane …` | the same, but only the sum and the exit code are seen |
//! | `$ vainly terrane …` | the same, but only standard error and the exit code are seen |
//! | `$ write FILE` | writes the `> ` lines that follow into a file |
//! | `$ edit FILE "old" "new"` | replaces the one place where the old text stands |
//! | `$ remove FILE` | removes a file |
//! | `$ env NAME=TEXT` | sets a variable for the runs that follow; `$ env NAME` takes it away |
//! | `$ helm` | gives the runs that follow the machine's helm program; the story is left out where there is none |
//! | `$ answer TEXT` | what the person types when the next run asks |
//! | `$ stop at "TEXT"` | asks the next run to stop when it prints this; may stand several times |
//! | `$ stop at request METHOD PATTERN` | asks the next run to stop when the sandbox has been sent this |
//! | `$ world METHOD PATH [JSON]` | a request to the sandbox behind the program's back; a path that begins with `cluster:` goes to its cluster |
//! | `$ fault JSON` | the sandbox's next such request fails so |
//! | `$ asked METHOD PATTERN` | counts the requests that the sandbox was sent, by method and path |
//! | `$ exists` | lists what exists in the sandbox |
//! | `$ lock` and `$ unlock` | somebody else takes the state's lock, and gives it back |
//! | `$ mode FILE` | shows a file's mode |
//! | `$ keep FILE`, then `$ same FILE` | remembers a file, and says whether it is byte-identical |
//! | `$ show FILE` | shows a file |
//!
//! A line that begins with `## ` is the story's own words. What differs from run to run (ids, times, ports, paths) is told by one
//! list, in `plain.rs`.

mod doing;
mod plain;

use std::fs;
use std::path::Path;

use self::doing::Stage;

/// Tells a story; gives the difference between what is written and what was seen, where there is one.
pub(crate) fn check(folder: &Path) -> Option<String> {
    let file = folder.join("story.txt");
    let written = fs::read_to_string(&file).unwrap();
    let seen = tell(folder, &written);
    if seen == written {
        return None;
    }
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, &seen).unwrap();
        return None;
    }
    let difference = similar::TextDiff::from_lines(written.as_str(), seen.as_str());
    let difference = difference.unified_diff().context_radius(3).to_string();
    Some(format!("{}:\n{difference}", file.display()))
}

/// One thing done in a story, with the input lines and the words that stand below it.
struct Step<'a> {
    line: &'a str,
    input: Vec<&'a str>,
    words: Vec<&'a str>,
}

/// Takes a story apart: the words before the first step, and the steps.
fn steps(written: &str) -> (Vec<&str>, Vec<Step<'_>>) {
    let (mut first, mut steps): (Vec<&str>, Vec<Step<'_>>) = (Vec::new(), Vec::new());
    for line in written.lines() {
        match steps.last_mut() {
            _ if line.starts_with("$ ") => {
                steps.push(Step { line, input: Vec::new(), words: Vec::new() })
            }
            None => first.push(line),
            Some(step) if line == ">" || line.starts_with("> ") => step.input.push(line),
            Some(step) if line.starts_with("## ") => step.words.push(line),
            Some(_) => {}
        }
    }
    (first, steps)
}

fn tell(folder: &Path, written: &str) -> String {
    let (first, steps) = steps(written);
    let mut stage = Stage::new(folder);
    let mut told: String = first.iter().map(|line| format!("{line}\n")).collect();
    for step in steps {
        told += &format!("{}\n", step.line);
        told.extend(step.input.iter().map(|line| format!("{line}\n")));
        let input: Vec<&str> =
            step.input.iter().map(|line| line.strip_prefix("> ").unwrap_or("")).collect();
        let seen = stage.perform(&step.line[2..], &input);
        let seen = plain::plain(&seen, stage.folder());
        told += seen.trim_end_matches('\n');
        if !seen.trim().is_empty() {
            told.push('\n');
        }
        told.push('\n');
        if !step.words.is_empty() {
            told.extend(step.words.iter().map(|line| format!("{line}\n")));
        }
    }
    told.trim_end_matches('\n').to_string() + "\n"
}
