//! `fmt`: its options as cases, and its layout beside that of terraform, where it is there.

mod messy;
#[path = "../support/program.rs"]
mod program;

use std::fs;
use std::path::Path;
use std::process::Command;

use program::{Ran, program};
use terrane::cli::Environment;

fn run(folder: &Path, arguments: &[&str], input: Option<&str>) -> Ran {
    let environment = Environment {
        cwd: folder.to_owned(),
        input: input.map(String::from),
        ..Environment::default()
    };
    program(&environment, ["fmt"].into_iter().chain(arguments.iter().copied()), 80)
}

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Runs terraform in a folder; nothing, said loudly, where it is not there.
#[expect(clippy::print_stderr, reason = "a test that compares nothing says so")]
fn terraform(folder: &Path, arguments: &[&str]) -> Option<std::process::Output> {
    let done = Command::new("terraform")
        .args(arguments)
        .current_dir(folder)
        .env("TF_CLI_CONFIG_FILE", "/dev/null")
        .output();
    if done.is_err() {
        eprintln!("NOT COMPARED: terraform is not on this machine");
    }
    done.ok()
}

/// The files of the cases.
const FILES: &[(&str, &str)] = &[
    ("good.tf", "a = 1\n"),
    ("x.tf", "a=1\nfoo {\nb   = 2\n}\n"),
    ("v.tfvars", "a=  1\n"),
    ("t.tftest.hcl", "a=  1\n"),
    ("j.tf.json", "{ }"),
    ("sub/y.tf", "a   = 1"),
    (".hidden/h.tf", "a=1\n"),
    ("x.tf~", "a=1\n"),
];

const DIFF: &str = "x.tf
--- old/x.tf
+++ new/x.tf
@@ -1,4 +1,4 @@
-a=1
+a = 1
 foo {
-b   = 2
+  b = 2
 }
";

const DIFF_WITHOUT_END: &str = "sub/y.tf
--- old/sub/y.tf
+++ new/sub/y.tf
@@ -1 +1 @@
-a   = 1
\\ No newline at end of file
+a = 1
\\ No newline at end of file
";

/// Arguments, exit code, standard output.
const CASES: &[(&[&str], u8, &str)] = &[
    (&[], 0, "t.tftest.hcl\nv.tfvars\nx.tf\n"),
    (&["-check"], 3, "t.tftest.hcl\nv.tfvars\nx.tf\n"),
    (&["-recursive"], 0, "sub/y.tf\nt.tftest.hcl\nv.tfvars\nx.tf\n"),
    (&["-check", "good.tf"], 0, ""),
    (&["-check", "-list=false"], 3, ""),
    (&["-check", "-list=false", "-diff"], 3, ""),
    (&["-diff", "-write=false", "x.tf"], 0, DIFF),
    (&["-diff", "./sub/"], 0, DIFF_WITHOUT_END),
    (&["-write=false", "-list=false", "x.tf"], 0, "a = 1\nfoo {\n  b = 2\n}\n"),
    (&["-write=false", "-list=false", "sub"], 0, "a = 1\n"),
];

#[test]
fn the_options_do_what_they_do_with_terraform() {
    for (arguments, exit, out) in CASES {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), FILES);

        let ran = run(folder.path(), arguments, None);

        assert_eq!((ran.exit, ran.out.as_str()), (*exit, *out), "{arguments:?}: {}", ran.err);
        let ours = texts(folder.path());
        write(folder.path(), FILES);
        let line = [&["fmt", "-no-color"], *arguments].concat();
        let Some(theirs) = terraform(folder.path(), &line) else { continue };
        assert_eq!(String::from_utf8_lossy(&theirs.stdout), *out, "{arguments:?}");
        assert_eq!(theirs.status.code(), Some(i32::from(*exit)), "{arguments:?}");
        assert_eq!(texts(folder.path()), ours, "{arguments:?}");
    }
}

fn texts(folder: &Path) -> Vec<String> {
    FILES.iter().map(|(name, _)| fs::read_to_string(folder.join(name)).unwrap()).collect()
}

#[test]
fn standard_input_is_laid_out_to_standard_output() {
    let folder = tempfile::tempdir().unwrap();
    let stdin = |arguments: &[&str], input| {
        let ran = run(folder.path(), arguments, Some(input));
        (ran.exit, ran.out)
    };

    assert_eq!(stdin(&["-"], "a=1\n"), (0, "a = 1\n".into()));
    assert_eq!(stdin(&["-write=true", "-"], "a=1"), (0, "a = 1\n".into()));
    assert_eq!(stdin(&["-check", "-"], "a=1\n"), (3, String::new()));
    assert_eq!(stdin(&["-check", "-diff", "-"], "a=1\n"), (3, String::new()));
    assert_eq!(stdin(&["-check", "-"], "a = 1\n"), (0, String::new()));
}

#[test]
fn what_cannot_be_read_is_told_with_its_block() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("bad.tf", "resource \"a\" \"b\" {\n  x = ...\n}\n")]);

    let ran = run(folder.path(), &[], None);

    assert!(ran.err.contains("on bad.tf line 2, in resource \"a\" \"b\":"), "{}", ran.err);
}

#[test]
fn what_cannot_be_read_is_told_and_the_other_files_are_laid_out() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &[("bad.tf", "a = {\n"), ("ok.tf", "a=1\n"), ("z.txt", "")]);

    let bad = run(folder.path(), &[], None);
    let text = run(folder.path(), &["z.txt"], None);
    let nothing = run(folder.path(), &["nope"], None);

    assert_eq!((bad.exit, bad.out.as_str()), (2, "ok.tf\n"));
    assert!(bad.err.contains("on bad.tf line"), "{}", bad.err);
    assert_eq!(fs::read_to_string(folder.path().join("ok.tf")).unwrap(), "a = 1\n");
    assert_eq!(text.exit, 2);
    assert!(text.err.contains("Only .tf, .tfvars, and .tftest.hcl files"), "{}", text.err);
    assert_eq!(nothing.exit, 2);
    assert!(nothing.err.contains("No file or directory at nope"), "{}", nothing.err);
}

/// Gives the configurations of the corpus, as they are and messed up.
fn corpus() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance/plans");
    let mut texts = Vec::new();
    let mut open = vec![folder];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|ending| ending == "tf") {
                texts.extend(fs::read_to_string(&path));
            }
        }
    }
    texts.sort();
    let messed = texts.iter().flat_map(|text| {
        let flush: String = text.lines().map(|line| format!("{}\n", line.trim_start())).collect();
        [flush, text.replace(" = ", "="), text.replace(" = ", "\t=   "), text.replace(", ", ",\t ")]
    });
    let messed: Vec<String> = messed.collect();
    texts.extend(messed);
    texts
}

#[test]
fn messy_files_are_laid_out_as_terraform_lays_them_out() {
    let mut texts = corpus();
    texts.extend((0..1500).map(messy::file));
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    for (number, text) in texts.iter().enumerate() {
        for folder in [&ours, &theirs] {
            fs::write(folder.path().join(format!("{number:04}.tf")), text).unwrap();
        }
    }
    if terraform(theirs.path(), &["fmt", "-list=false"]).is_none() {
        return;
    }

    run(ours.path(), &["-list=false"], None);

    let (mut differ, mut same) = (Vec::new(), 0);
    for (number, text) in texts.iter().enumerate() {
        let name = format!("{number:04}.tf");
        let read = |folder: &Path| fs::read_to_string(folder.join(&name)).unwrap();
        let (ours, theirs) = (read(ours.path()), read(theirs.path()));
        if ours == theirs {
            same += usize::from(ours != *text);
        } else {
            differ.push((text, theirs, ours));
        }
    }
    if let Some((text, theirs, ours)) = differ.iter().min_by_key(|(text, ..)| text.len()) {
        panic!(
            "{} differ, {same} do not:\n{text}\n--- terraform\n{theirs}\n--- ours\n{ours}",
            differ.len()
        );
    }
    assert!(same > 1000, "{same}");
}
