//! Runs that end while they write: the journal, the state, its backup; and disks that are full.
//!
//! `TERRANE_FAULT_WRITE` lets the program kill itself in the middle of a write. What the disk has then is also made by hand: a
//! journal that ends at any byte.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use terrane::backends::Backend;
use terrane::backends::local::LocalBackend;
use terrane::state::{Entry, journal};

use crate::stack::Stack;
use crate::stage::{self, APPLY, DESTROY, Inventory, Stage, text};

const FAULT: &str = "TERRANE_FAULT_WRITE";

/// Runs with a fault; says whether it was killed.
fn dies(stage: &Stage, fault: &str, arguments: &[&str]) -> bool {
    stage.run_with(FAULT, fault, arguments).status.code().is_none()
}

/// Moments of a write: before a byte, after one, in the middle of a line, and when all is written.
const MOMENTS: [&str; 6] = ["0", "1", "130", "synced", "420", "2000"];

#[test]
fn a_run_that_is_killed_in_the_middle_of_a_line_of_its_journal_is_taken_up_by_the_next() {
    let (stack, each) = match crate::kills() {
        None => (Stack::few(), 1),
        Some(_) => (Stack::example(), 2),
    };
    let whole = stage::undisturbed(&stack);
    // How much is told in one write depends on what comes at once: how many there are is seen when a run comes to its end.
    let killed = crate::until_none(|trial| {
        let (number, turn) = ((trial - 1) / each + 1, (trial - 1) % each);
        let stage = Stage::open(&stack);
        let moment = format!("journal {number} {} kill", MOMENTS[(number + turn) % 6]);
        let killed = dies(&stage, &moment, &APPLY);
        stage.settled(&whole.inventory).map_err(|why| format!("{moment}: {why}"))?;
        Ok(killed)
    });
    assert!(killed >= 8, "{killed} were killed");
}

#[test]
fn a_run_that_is_killed_while_it_writes_the_state_is_taken_up_by_the_next() {
    let stack = Stack::few();
    let whole = stage::undisturbed(&stack);
    let moments = ["state 1 0", "state 1 700", "state 1 synced", "state 1 renamed", "record 1 40"];
    crate::each(&moments, |moment| {
        let stage = Stage::open(&stack);
        assert!(dies(&stage, &format!("{moment} kill"), &APPLY), "{moment}");
        stage.settled(&whole.inventory)
    });
}

#[test]
fn a_destroy_that_is_killed_while_it_writes_is_taken_up_by_the_next() {
    let stack = Stack::few();
    let made = Stage::open(&stack);
    assert!(made.run(&APPLY).status.success());
    let gone = made.copied();
    assert!(gone.run(&DESTROY).status.success());
    let nothing = gone.inventory();
    let moments = [
        "journal 1 130",
        "journal 2 0",
        "journal 3 90",
        "journal 4 synced",
        "journal 5 1",
        "backup 1 0",
        "backup 1 500",
        "backup 1 synced",
        "backup 1 renamed",
        "state 1 0",
        "state 1 60",
        "state 1 synced",
        "state 1 renamed",
    ];
    let killed = AtomicUsize::new(0);
    crate::each(&moments, |moment| {
        let stage = made.copied();
        let dies = dies(&stage, &format!("{moment} kill"), &DESTROY);
        // How much is told to the journal in one write depends on what comes at once: there may be fewer.
        assert!(dies || moment.starts_with("journal"), "{moment}");
        killed.fetch_add(usize::from(dies), Ordering::Relaxed);
        let again = stage.run(&DESTROY);
        if !again.status.success() {
            return Err(format!("the run after it failed:\n{}", text(&again)));
        }
        stage.is_as(&nothing)
    });
    let killed = killed.into_inner();
    assert!(killed >= 10, "{killed} of {}", moments.len());
}

/// Runs until many requests wait for an answer that never comes, and nothing is told to the journal any more; then kills.
fn stopped(stack: &Stack, after: u64) -> Stage {
    let stage = Stage::open(stack);
    stage.fault(&json!({ "path": "", "held": true, "after": after, "times": u64::MAX }));
    let journal = stage.folder().join("terraform.tfstate.journal");
    let held = || stage.world.faults.lock().unwrap().held();
    let seen = std::cell::Cell::new((0, 0, 0));
    stage.kill_when(&APPLY, || {
        let length = fs::metadata(&journal).map_or(0, |found| found.len());
        let (before, length_before, times) = seen.get();
        let same = held() > 0 && (before, length_before) == (held(), length);
        seen.set((held(), length, if same { times + 1 } else { 0 }));
        times >= 100
    });
    stage.calm();
    stage
}

/// Gives the first byte of a journal from which on it may have ended: after the intent of the last call that was done.
fn first_end(text: &str) -> usize {
    let entries = journal::parse(text).unwrap().entries;
    let mut asked = BTreeMap::new();
    let mut from = 0;
    let mut at = text.find('\n').unwrap() + 1;
    let mut lines = text[at..].split_inclusive('\n');
    for entry in &entries {
        at += lines.next().unwrap().len();
        match entry {
            Entry::Intent { call, .. } => drop(asked.insert(*call, at)),
            Entry::Answer { call, .. } => from = from.max(asked[call]),
            _ => {}
        }
    }
    from
}

#[test]
fn a_journal_may_end_at_any_byte() {
    let stack = Stack::few();
    let whole = stage::undisturbed(&stack);
    let stopped = stopped(&stack, whole.requests / 2);
    let journal = stopped.folder().join("terraform.tfstate.journal");
    let text = fs::read_to_string(&journal).unwrap();
    let from = first_end(&text);
    assert!(from + 500 < text.len(), "{from} of {}\n{text}", text.len());

    every_end_is_read_as_the_lines_before_it(&text);

    let trials = if crate::kills().is_some() { 100 } else { 6 };
    let ends: Vec<usize> =
        (0..trials).map(|trial| from + trial * (text.len() - from) / trials).collect();
    crate::each(&ends, |end| {
        let stage = stopped.copied();
        let journal = stage.folder().join("terraform.tfstate.journal");
        fs::write(&journal, &text.as_bytes()[..*end]).unwrap();
        // So does a state that was being written.
        let state = stage.folder().join("terraform.tfstate");
        fs::write(stage.folder().join(".terraform.tfstate.terrane-x"), "{\"vers").unwrap();
        fs::write(state, "").unwrap();
        stage.settled(&whole.inventory)
    });
}

fn every_end_is_read_as_the_lines_before_it(text: &str) {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("terraform.tfstate");
    let backend = LocalBackend::at(&state, folder.path());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let loaded = |end: usize| {
        fs::write(folder.path().join("terraform.tfstate.journal"), &text.as_bytes()[..end])
            .unwrap();
        runtime.block_on(backend.load()).unwrap_or_else(|error| panic!("{end}: {error}"))
    };
    let last = text.len().saturating_sub(6000);
    let mut line = loaded(text[..last].rfind('\n').map_or(0, |newline| newline + 1));
    for end in last..=text.len() {
        if text[..end].ends_with('\n') {
            line = loaded(end);
        } else {
            assert_eq!(loaded(end), line, "{end}");
        }
    }
}

#[test]
fn a_recovery_that_is_killed_is_taken_up_by_the_next() {
    let stack = Stack::few();
    let whole = stage::undisturbed(&stack);
    let stopped = stopped(&stack, whole.requests / 2);
    let moments =
        ["journal 1 60", "journal 1 synced", "state 1 300", "state 1 synced", "state 1 renamed"];
    crate::each(&moments, |moment| {
        let stage = stopped.copied();
        assert!(dies(&stage, &format!("{moment} kill"), &APPLY), "{moment}");
        stage.settled(&whole.inventory)
    });
}

/// A disk that is full from a moment on: what the run says, and what brings it back.
#[derive(Debug)]
struct Full {
    fault: &'static str,
    /// What is told.
    tells: &'static [&'static str],
    /// The command that is told brings the state back.
    pushes: bool,
}

const NOT_SAVED: &str = "State could not be saved";

const FULL: &[Full] = &[
    Full { fault: "record 1 0 full", tells: &["lock.info", "No space left"], pushes: false },
    Full { fault: "any 1 0 readonly", tells: &["lock.info", "Read-only"], pushes: false },
    Full {
        fault: "journal 1 0 full",
        tells: &["journal", "No space left", "was not made"],
        pushes: false,
    },
    Full { fault: "journal 3 70 full once", tells: &["journal", "No space left"], pushes: false },
    Full {
        fault: "journal 4 70 full",
        tells: &["journal", "No space left", "was not made"],
        pushes: false,
    },
    Full { fault: "state 1 0 full", tells: &[NOT_SAVED, "from its journal"], pushes: true },
    Full { fault: "state 1 500 full", tells: &[NOT_SAVED, "from its journal"], pushes: true },
    Full {
        fault: "state 1 synced readonly",
        tells: &[NOT_SAVED, "Read-only", "from its journal"],
        pushes: true,
    },
    Full { fault: "any 4 70 full", tells: &[NOT_SAVED, "Neither could it be kept"], pushes: false },
    Full {
        fault: "any 9 0 readonly",
        tells: &[NOT_SAVED, "Neither could it be kept"],
        pushes: false,
    },
];

#[test]
fn a_full_disk_loses_nothing_and_what_is_told_brings_the_state_back() {
    let stack = Stack::few();
    let whole = stage::undisturbed(&stack).inventory;
    let trials: Vec<(&Full, bool)> = FULL
        .iter()
        .flat_map(|full| [Some((full, false)), full.pushes.then_some((full, true))])
        .flatten()
        .collect();
    crate::each(&trials, |(full, push)| {
        let stage = Stage::open(&stack);
        is_full(&stage, full, *push).and_then(|()| stage.settled(&whole))
    });
}

fn is_full(stage: &Stage, full: &Full, push: bool) -> Result<(), String> {
    let told = plain(&text(&stage.run_with(FAULT, full.fault, &APPLY)));
    for words in full.tells {
        if !told.contains(words) {
            return Err(format!("\"{words}\" is not told:\n{told}"));
        }
    }
    let kept = stage.folder().join("errored.tfstate");
    if kept.exists() != full.pushes || told.contains("terrane state push") != full.pushes {
        return Err(format!("it is kept: {}\n{told}", kept.exists()));
    }
    if push {
        let before = stage.inventory();
        let pushed = stage.run(&["state", "push", "errored.tfstate"]);
        if !pushed.status.success() {
            return Err(format!("the command does not work:\n{}", text(&pushed)));
        }
        stage.is_as(&before)?;
    }
    Ok(())
}

/// Takes the frame off what was told.
pub(super) fn plain(told: &str) -> String {
    told.replace('│', " ").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_plan_tells_what_a_killed_run_left_and_changes_nothing() {
    let stack = Stack::few();
    let whole = stage::undisturbed(&stack);
    let stopped = stopped(&stack, whole.requests / 2);
    let files = |stage: &Stage| -> BTreeMap<String, Vec<u8>> {
        let all = fs::read_dir(stage.folder()).unwrap().flatten().filter(|it| it.path().is_file());
        all.map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap()))
            .collect()
    };
    let (before, there): (_, Inventory) = (files(&stopped), stopped.inventory());

    let planned = stopped.run(&["plan", "-no-color"]);

    assert!(planned.status.success(), "{}", text(&planned));
    assert_eq!(files(&stopped), before);
    assert_eq!(stopped.inventory(), there);
    let json: Json = serde_json::from_slice(&stopped.run(&["show", "-json"]).stdout).unwrap();
    assert!(!json["values"].is_null(), "{json}");
}
