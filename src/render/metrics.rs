//! What is counted of drift, as the text that Prometheus reads.

use crate::drift::measures::Measures;

/// Tells what was counted.
pub fn metrics(measures: &Measures) -> String {
    let mut text = String::new();
    let objects = measures.objects.iter().map(|((class, kind, type_name), count)| {
        let labels = format!(
            "{{class=\"{class}\",kind=\"{kind}\",type=\"{}\"}}",
            type_name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
        );
        (labels, count.to_string())
    });
    let objects: Vec<(String, String)> = objects.collect();
    let help = "Objects that are not as recorded or written, or in no state.";
    family(&mut text, "terrane_drift_objects", "gauge", help, &objects);
    let seconds = |when: Option<jiff::Timestamp>| when.map_or(0, |when| when.as_second());
    let single: [(&str, &str, &str, String); 12] = [
        (
            "terrane_drift_looked_at",
            "gauge",
            "Objects that the last whole check looked at.",
            measures.looked_at.to_string(),
        ),
        (
            "terrane_drift_last_success_timestamp_seconds",
            "gauge",
            "When the last whole check was done.",
            seconds(measures.last_success).to_string(),
        ),
        (
            "terrane_drift_last_failure_timestamp_seconds",
            "gauge",
            "When a whole check failed last.",
            seconds(measures.last_failure).to_string(),
        ),
        (
            "terrane_drift_checks_total",
            "counter",
            "Checks that were begun.",
            measures.checks.to_string(),
        ),
        (
            "terrane_drift_errors_total",
            "counter",
            "Checks that failed.",
            measures.failures.to_string(),
        ),
        (
            "terrane_drift_calls_total",
            "counter",
            "Answers of services.",
            measures.calls.to_string(),
        ),
        (
            "terrane_drift_alarms_total",
            "counter",
            "Alarms that were told.",
            measures.alarms.to_string(),
        ),
        (
            "terrane_drift_alarms_waiting",
            "gauge",
            "Alarms that a webhook has not taken yet.",
            measures.waiting.to_string(),
        ),
        (
            "terrane_drift_alarms_dropped_total",
            "counter",
            "Alarms that no webhook took.",
            measures.dropped.to_string(),
        ),
        (
            "terrane_drift_followed",
            "gauge",
            "Clusters that tell of changes by watches.",
            measures.followed.to_string(),
        ),
        (
            "terrane_drift_told_total",
            "counter",
            "Changes that watches told of.",
            measures.told.to_string(),
        ),
        (
            "terrane_drift_up",
            "gauge",
            "Whether the last whole check was done.",
            u8::from(measures.last_failure <= measures.last_success).to_string(),
        ),
    ];
    for (name, kind, help, value) in single {
        family(&mut text, name, kind, help, &[(String::new(), value)]);
    }
    text
}

fn family(text: &mut String, name: &str, kind: &str, help: &str, samples: &[(String, String)]) {
    *text += &format!("# HELP {name} {help}\n# TYPE {name} {kind}\n");
    for (labels, value) in samples {
        *text += &format!("{name}{labels} {value}\n");
    }
}
