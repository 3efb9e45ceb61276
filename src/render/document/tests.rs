//! The laws of texts inside of values.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::render::style::Style;

fn told(before: &str, after: &str) -> String {
    let diff = Diff { style: Style::default(), symbols: true, whole: false, replaces: &[] };
    changed(&diff, before, after, &Spot::loose(0))
}

#[test]
fn documents_are_told_by_their_structure() {
    let toml = told("[a]\nb = \"x\"\nc = 2\nd = 3\n", "[a]\nb = \"x\"\nc = 5\nd = 3\n");
    assert!(toml.starts_with("toml(") && toml.contains("~ c = 2 -> 5"), "{toml}");
    assert!(toml.contains("# (2 unchanged attributes hidden)"), "{toml}");

    let hcl = told(
        "server {\n  port = 1\n  name = \"a\"\n}\n",
        "server {\n  port = 2\n  name = \"a\"\n}\n",
    );
    assert!(hcl.starts_with("hcl(") && hcl.contains("~ port = 1 -> 2"), "{hcl}");

    let properties = told("A=1\nB=2\nC=3\n", "A=1\nB=3\nC=3\n");
    assert!(properties.contains("~ B = \"2\" -> \"3\""), "{properties}");
}

#[test]
fn a_change_of_format_alone_is_told_as_one() {
    for (before, after) in [
        ("a: 1\nb: 2\n", "b:   2\na: 1\n"),
        ("[a]\nb = 1\n", "# why\n[a]\nb   =   1\n"),
        ("A=1\nB=2\n", "B=2\nA=1\n"),
        ("server {\n  port = 1\n}\n", "server {\n\n  port  =  1\n}\n"),
    ] {
        let told = told(before, after);
        assert!(told.ends_with("# only its format changes"), "{told}");
    }
}

#[test]
fn base64_is_told_as_what_it_is_of() {
    let [before, after] = ["{\"a\": 1, \"name\": \"x\"}", "{\"a\": 2, \"name\": \"x\"}"]
        .map(|text| STANDARD.encode(text));

    let told = told(&before, &after);

    assert!(told.starts_with("base64encode(") && told.contains("~ a    = 1 -> 2"), "{told}");
}

#[test]
fn certificates_are_told_by_what_they_are_for_and_keys_not_at_all() {
    let made = || rcgen::generate_simple_self_signed(vec!["web.example".to_string()]).unwrap();
    let (old, new) = (made(), made());

    let certificate = told(&old.cert.pem(), &new.cert.pem());
    let key = told(&old.signing_key.serialize_pem(), &new.signing_key.serialize_pem());

    assert!(certificate.starts_with("pem(") && certificate.contains("~ sha256"), "{certificate}");
    assert!(
        certificate.contains("~ serial_number") || certificate.contains("~ key_id"),
        "{certificate}"
    );
    let secret = old.signing_key.serialize_pem();
    let line = secret.lines().nth(1).unwrap();
    assert!(key.contains("~ sha256") && !key.contains(line), "{key}");
}

#[test]
fn what_steers_a_terminal_is_shown_in_lines_too() {
    let told = told("a b c\nd\n", "a b c\n\u{1b}[2Jd\n");

    assert!(told.contains("␛[2Jd") && !told.contains('\u{1b}'), "{told}");
}
