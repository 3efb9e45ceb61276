//! Stories: what a person types, and all that is seen. A folder of `tests/stories` is one; `UPDATE=1` writes the answers anew.

#[path = "stories/teller/mod.rs"]
mod teller;
#[path = "support/helm.rs"]
mod helm;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn stories() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories");
    let wanted = std::env::var_os("STORY");
    let entries = fs::read_dir(folder).unwrap().flatten().map(|entry| entry.path());
    let mut found: Vec<PathBuf> = entries
        .filter(|path| path.join("story.txt").is_file())
        .filter(|path| {
            wanted.as_ref().is_none_or(|wanted| path.file_name() == Some(wanted.as_os_str()))
        })
        .collect();
    found.sort();
    // What the real helm is asked is told where there is one.
    if found.iter().any(|path| needs_helm(path)) && helm::helms().is_empty() {
        found.retain(|path| !needs_helm(path));
    }
    found
}

fn needs_helm(story: &Path) -> bool {
    fs::read_to_string(story.join("story.txt"))
        .is_ok_and(|text| text.contains("\n$ helm\n") || text.starts_with("$ helm\n"))
}

#[test]
fn every_story_is_told_as_it_is_written() {
    let (stories, next, wrong) = (stories(), AtomicUsize::new(0), Mutex::new(Vec::new()));
    assert!(!stories.is_empty(), "there is no such story");

    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(story) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    // A story that cannot go on does not keep the others from being told.
                    match std::panic::catch_unwind(|| teller::check(story)) {
                        Ok(None) => {}
                        Ok(Some(difference)) => wrong.lock().unwrap().push(difference),
                        Err(_) => wrong.lock().unwrap().push(format!("{}: ended", story.display())),
                    }
                }
            });
        }
    });

    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{}\nIf this is what should be seen: UPDATE=1", wrong.join("\n"));
}
