//! Values as the API server's language writes them: in some refusals it prints its own structs.

use serde_json::Value as Json;

/// Writes a map of texts.
pub fn map(value: &Json) -> String {
    let Some(rows) = value.as_object() else { return "map[string]string(nil)".to_owned() };
    let mut rows: Vec<String> =
        rows.iter().map(|(name, value)| format!("{name:?}:{value}")).collect();
    rows.sort();
    format!("map[string]string{{{}}}", rows.join(", "))
}

/// Writes a list of texts.
pub fn list(value: &Json) -> String {
    let Some(items) = value.as_array() else { return "[]string(nil)".to_owned() };
    let items: Vec<String> = items.iter().map(Json::to_string).collect();
    format!("[]string{{{}}}", items.join(", "))
}

/// Writes a label selector.
pub fn selector(value: &Json) -> String {
    if value.is_null() {
        return "\"null\"".to_owned();
    }
    let kind = "[]v1.LabelSelectorRequirement";
    let rows = match value["matchExpressions"].as_array() {
        None => format!("{kind}(nil)"),
        Some(rows) => {
            let rows = rows.iter().map(|row| {
                format!(
                    "v1.LabelSelectorRequirement{{Key:{}, Operator:{}, Values:{}}}",
                    row["key"],
                    row["operator"],
                    list(&row["values"])
                )
            });
            format!("{kind}{{{}}}", rows.collect::<Vec<_>>().join(", "))
        }
    };
    format!(
        "v1.LabelSelector{{MatchLabels:{}, MatchExpressions:{rows}}}",
        map(&value["matchLabels"])
    )
}

/// Writes the reference of a binding to its role.
pub fn role(value: &Json) -> String {
    format!(
        "rbac.RoleRef{{APIGroup:{}, Kind:{}, Name:{}}}",
        value["apiGroup"], value["kind"], value["name"]
    )
}

/// Writes a quantity, an amount in billionths and whether its units are binary.
pub fn quantity((nano, binary): (i128, bool)) -> String {
    let unit = 1_000_000_000_i128;
    let (mut value, mut scale) = if binary { (nano / unit, 0) } else { (nano, -9) };
    while !binary && value != 0 && value % 1000 == 0 {
        value /= 1000;
        scale += 3;
    }
    let form = if binary { "BinarySI" } else { "DecimalSI" };
    format!(
        "resource.Quantity{{i:resource.int64Amount{{value:{value}, scale:{scale}}}, \
         d:resource.infDecAmount{{Dec:(*inf.Dec)(nil)}}, s:{:?}, Format:{form:?}}}",
        super::quantity::show((nano, binary))
    )
}
