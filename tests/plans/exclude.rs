//! `-exclude`, which Terraform does not have.

use crate::case::Case;

#[test]
fn what_is_excluded_is_left_out_with_all_that_needs_it() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let write = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).expect("a file can be written");
    };
    write("case.json", r#"{"command": "plan", "args": [], "env": {}}"#);
    write("expected.json", "{}");
    write(
        "main.tf",
        "resource \"terraform_data\" \"a\" { count = 2 }\n\
         resource \"terraform_data\" \"b\" { for_each = toset([terraform_data.a[0].id]) }\n\
         resource \"terraform_data\" \"c\" { input = terraform_data.b }\n\
         resource \"terraform_data\" \"d\" {}\n\
         output \"c\" { value = terraform_data.c.id }\n",
    );

    let ran = Case::read(folder.path()).run(&["plan", "-json", "-exclude=terraform_data.b"], false);

    let lines = ran.lines();
    let planned: Vec<&str> = lines
        .iter()
        .filter(|line| line["type"] == "planned_change")
        .filter_map(|line| line["change"]["resource"]["addr"].as_str())
        .collect();
    assert_eq!(planned, ["terraform_data.a[0]", "terraform_data.a[1]", "terraform_data.d"]);
    assert_eq!(ran.exit, 0, "{}{}", ran.out, ran.err);
}
