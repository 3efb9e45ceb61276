//! The laws of a plan's page.

use serde_json::{Value as Json, json};

use super::*;
use crate::diag::Sources;
use crate::plan::Verb;
use crate::render::plan::tests::{change, plan_of, value};
use crate::render::report::Places;
use crate::review::Review;

#[test]
fn nothing_in_the_data_ends_its_element_or_is_run() {
    let evil = "</script><script>alert(1)</script><!-- \u{2028} ";
    let after = value(json!({ "text": evil, "secret": "!hidden" }));
    let address = "a.b[\"<img src=x onerror=alert(1)>\"]";
    let plan = plan_of(vec![(address, change(Verb::Create { after }))]);
    let (sources, places) = (Sources::default(), Places::default());
    let report = Report {
        plan: &plan,
        review: &Review::default(),
        schemas: &|_, _| None,
        sources: &sources,
        findings: &[],
        places: &places,
        group: None,
    };

    let page = page(&report);

    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    assert!(!page.contains("hidden\""), "the secret is told");
    assert!(!page.contains("http://") || page.matches("http://").count() == 1);
    let start = page.find("application/json\">").unwrap() + "application/json\">".len();
    let data: Json =
        serde_json::from_str(page[start..].split("</script>").next().unwrap()).unwrap();
    assert_eq!(data["rows"][0]["n"], address);
    let lines = data["rows"][0]["d"].to_string();
    assert!(lines.contains("</script><script>alert(1)"), "{lines}");
}
