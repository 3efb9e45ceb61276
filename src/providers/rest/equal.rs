//! The rules by which different values mean the same: a plan shows no change then.
//!
//! `prior` is what stands in the state, `wanted` what the configuration says.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value as Json;

use super::codec::aggregate_type;
use crate::value::{Kind, Value, order};

/// What a rule may look at besides the two values.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// The whole object as it stands.
    pub prior: Option<&'a Value>,
    /// The values beside the one in question, as they stand.
    pub beside: Option<&'a Value>,
}

type Rule = fn(&Value, &Value, Around<'_>) -> bool;

const RULES: &[(&str, Rule)] = &[
    ("self_link_or_name", |a, b, _| texts(a, b, self_link_or_name)),
    ("self_link", |a, b, _| texts(a, b, |a, b| below_projects(a) == below_projects(b))),
    ("self_links", |a, b, _| same_links(a, b)),
    ("compute_image_ref", |a, b, _| texts(a, b, same_notation)),
    ("kms_key_ignore_version", |a, b, _| {
        texts(a, b, |a, b| below_projects(unversioned(a)) == below_projects(unversioned(b)))
    }),
    ("project_or_number", |a, b, _| texts(a, b, same_but_for_number)),
    ("last_path_segment", |a, b, _| texts(a, b, |a, b| last(a) == last(b))),
    ("case_insensitive", |a, b, _| texts(a, b, str::eq_ignore_ascii_case)),
    ("cidr_or_size", |a, b, _| texts(a, b, |a, b| b.starts_with('/') && a.ends_with(b))),
    ("duration", |a, b, _| texts(a, b, same_duration)),
    ("duration_with_days", |a, b, _| texts(a, b, same_duration)),
    ("duration_seconds_text", |a, b, _| texts(a, b, same_duration)),
    ("case_insensitive_dash_underscore", |a, b, _| {
        texts(a, b, |a, b| a.eq_ignore_ascii_case(&b.replace('-', "_")))
    }),
    ("true_to_false_ignored", |a, b, _| a.as_bool() == Some(true) && !b.is_null()),
    ("sql_backup_tier_enhanced", |_, _, around| text_is(around.beside, "backup_tier", "ENHANCED")),
    ("sql_mysql80_minor_auto_upgrade", |a, b, _| {
        texts(a, b, |a, b| b == "MYSQL_8_0" && mysql_minor(a).is_some_and(|minor| minor >= 35))
    }),
    ("sql_maintenance_version_not_older", |a, b, _| texts(a, b, |a, b| released(a) >= released(b))),
    ("sql_dr_replica_name_project_prefix", |a, b, _| {
        let bare = |text: &str| text.rsplit(':').next().unwrap_or_default().to_string();
        texts(a, b, |a, b| bare(a) == bare(b))
    }),
    ("auto_accepts_any", |a, b, _| texts(a, b, |a, b| b == "auto" && !a.is_empty())),
    ("dns_rrdata", same_records),
    ("json_semantic", |a, b, _| {
        let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        texts(a, b, |a, b| parsed(a).is_some() && parsed(a) == parsed(b))
    }),
    ("aggregate", |a, b, _| {
        let said = |text: &str| aggregate_type(text);
        // The service adds what it keeps the sums in, and how numbers are encoded.
        let bare = |of: serde_json::Value| {
            let mut of = of;
            if let Some(parts) = of["aggregateType"].as_object_mut() {
                parts.remove("stateType");
                if let Some(number) =
                    parts.get_mut("inputType").and_then(|it| it.get_mut("int64Type"))
                {
                    *number = serde_json::json!({});
                }
            }
            of
        };
        texts(a, b, |a, b| said(a).is_some() && said(a).map(bare) == said(b).map(bare))
    }),
    ("sql_iam_user_name", |a, b, around| same_user(a, b, around)),
    ("timestamp", |a, b, _| texts(a, b, same_moment)),
    ("hour_leading_zero", |a, b, _| {
        texts(a, b, |a, b| a.trim_start_matches('0') == b.trim_start_matches('0'))
    }),
    ("ip_representation", |a, b, _| texts(a, b, same_address)),
    ("address_set", |a, b, _| same_addresses(a, b)),
    ("iam_members", |a, b, _| same_members(a, b)),
    ("iam_policy_json", |a, b, _| texts(a, b, same_policy)),
    ("iam_member_case", |a, b, _| texts(a, b, |a, b| normal_member(a) == normal_member(b))),
    ("keep_when_removed", |_, b, _| is_zero(b)),
    ("absent_equals_empty", |a, b, _| is_zero(a) && is_zero(b)),
    ("absent_equals_empty_block", |a, b, _| is_zero(a) && is_zero(b)),
    ("absent_equals_default", |a, b, _| is_zero(b) && is_disabled(a)),
    ("absent_equals_disabled", |a, b, _| is_zero(b) && is_disabled(a)),
    ("gke_autopilot_server_managed", |_, _, around| is_true(around.prior, "enable_autopilot")),
    ("gke_added_monitoring_scope", |a, b, _| {
        same_but(a, b, &["https://www.googleapis.com/auth/monitoring.write"])
    }),
    ("gke_confidential_sev", |a, b, around| {
        is_zero(b) && a.as_str() == Some("SEV") && is_true(around.beside, "enabled")
    }),
    ("gke_sandbox_labels", |a, b, _| same_without(a, b, "sandbox.gke.io/")),
    ("gke_metadata", |a, b, _| same_metadata(a, b)),
    ("gke_goog_labels", |a, b, _| same_without(a, b, "goog-gke")),
    ("gke_recurrence_daily", |a, b, _| {
        texts(a, b, |a, b| b == "FREQ=DAILY" && a == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU")
    }),
    ("gke_db_encryption_synonyms", |a, b, _| {
        let on = |text: &str| text == "ENCRYPTED" || text == "ALL_OBJECTS_ENCRYPTION_ENABLED";
        texts(a, b, |a, b| on(a) && on(b))
    }),
    ("gke_fleet_preregistered", |a, _, _| {
        a.elements()
            .and_then(<[Value]>::first)
            .is_some_and(|fleet| is_true(Some(fleet), "pre_registered"))
    }),
    ("set_semantics", |a, b, _| {
        let sorted = |value: &Value| {
            let mut parts = value.elements().map(<[Value]>::to_vec).unwrap_or_default();
            parts.sort_by(order);
            parts
        };
        sorted(a) == sorted(b)
    }),
];

/// Says whether there is a rule of this name.
pub fn is_rule(name: &str) -> bool {
    ["empty_equals:", "ignore_server_key:"].iter().any(|rule| name.starts_with(rule))
        || RULES.iter().any(|(known, _)| *known == name)
}

/// Says whether two values mean the same: equal, both without content, or by the rule.
pub fn same(rule: Option<&str>, prior: &Value, wanted: &Value, around: Around<'_>) -> bool {
    if !wanted.is_whole() {
        return false;
    }
    if prior == wanted || (is_zero(prior) && is_zero(wanted)) {
        return true;
    }
    let Some(name) = rule else { return false };
    if let Some(other) = name.strip_prefix("empty_equals:") {
        let number = other.parse().ok();
        let empty = |value: &Value| {
            is_zero(value)
                || value.as_str() == Some(other)
                || (number.is_some() && value.as_i64() == number)
        };
        return empty(prior) && empty(wanted);
    }
    if let Some(key) = name.strip_prefix("ignore_server_key:") {
        return same_without(prior, wanted, key);
    }
    RULES
        .iter()
        .find(|(known, _)| *known == name)
        .is_some_and(|(_, rule)| rule(prior, wanted, around))
}

/// Says whether a value has no content: null, false, zero, empty, or a single block of nothing else.
pub fn is_zero(value: &Value) -> bool {
    match value.kind() {
        Kind::Unknown(..) => false,
        Kind::Null(_) => true,
        Kind::Bool(truth) => !truth,
        Kind::Number(number) => number.to_f64() == 0.0,
        Kind::String(text) => text.is_empty(),
        Kind::List(_, parts) | Kind::Set(_, parts) | Kind::Tuple(parts) => {
            parts.is_empty()
                || (parts.len() == 1 && parts[0].fields().is_some() && is_zero(&parts[0]))
        }
        Kind::Map(_, fields) => fields.is_empty(),
        Kind::Object(fields) => fields.values().all(is_zero),
    }
}

/// Says whether a block says only that something is off.
fn is_disabled(value: &Value) -> bool {
    const OFF: [&str; 6] = [
        "Disabled",
        "DISABLED",
        "PROVIDER_UNSPECIFIED",
        "VERSION_POLICY_UNSPECIFIED",
        "NEARLINE",
        "EVALUATION_MODE_UNSPECIFIED",
    ];
    match value.kind() {
        Kind::String(text) => text.is_empty() || OFF.contains(&&**text),
        Kind::List(_, parts) | Kind::Set(_, parts) => parts.iter().all(is_disabled),
        Kind::Object(fields) => fields.values().all(is_disabled),
        Kind::Unknown(..)
        | Kind::Null(_)
        | Kind::Bool(_)
        | Kind::Number(_)
        | Kind::Tuple(_)
        | Kind::Map(..) => is_zero(value),
    }
}

fn texts(a: &Value, b: &Value, same: impl Fn(&str, &str) -> bool) -> bool {
    matches!((a.as_str(), b.as_str()), (Some(a), Some(b)) if same(a, b))
}

fn is_true(value: Option<&Value>, name: &str) -> bool {
    value.and_then(|value| value.field(name)).and_then(Value::as_bool) == Some(true)
}

fn text_is(value: Option<&Value>, name: &str, wanted: &str) -> bool {
    value.and_then(|value| value.field(name)).and_then(Value::as_str) == Some(wanted)
}

/// Says whether two lists hold the same records, in any order and in the forms that their type allows.
fn same_records(a: &Value, b: &Value, around: Around<'_>) -> bool {
    let kind = around.beside.and_then(|set| set.field("type")).and_then(Value::as_str);
    let normal = |text: &str| match kind.unwrap_or_default() {
        "AAAA" => text.parse::<IpAddr>().map_or(text.to_string(), |address| address.to_string()),
        "MX" | "DS" => text.to_lowercase(),
        "TXT" => text.trim_matches('"').to_lowercase(),
        _ => text.to_string(),
    };
    let sorted = |value: &Value| {
        let texts = value.elements()?.iter().map(|it| it.as_str().map(&normal));
        let mut texts = texts.collect::<Option<Vec<_>>>()?;
        texts.sort();
        Some(texts)
    };
    sorted(a).is_some() && sorted(a) == sorted(b)
}

/// Gives the minor version of `MYSQL_8_0_35`.
fn mysql_minor(version: &str) -> Option<u32> {
    version.strip_prefix("MYSQL_8_0_")?.parse().ok()
}

/// Gives the date at the end of a version of Cloud SQL, like `20240514.00_12`.
fn released(version: &str) -> &str {
    version.get(version.len().saturating_sub(14)..).unwrap_or(version)
}

/// Says whether a database's user is the one that IAM knows by a longer name, or by a domain in another case.
fn same_user(a: &Value, b: &Value, around: Around<'_>) -> bool {
    let kind = around.beside.or(around.prior).and_then(|user| user.field("type"));
    match kind.and_then(Value::as_str).unwrap_or_default() {
        "" | "BUILT_IN" => false,
        kind if kind.starts_with("CLOUD_IAM_GROUP") => {
            texts(a, b, |a, b| match b.split_once('@') {
                Some((name, domain)) => {
                    a == name || a == format!("{name}@{}", domain.to_lowercase()).as_str()
                }
                None => false,
            })
        }
        _ => texts(a, b, |a, b| b.split('@').next() == Some(a)),
    }
}

fn last(text: &str) -> &str {
    text.rsplit('/').next().unwrap_or(text)
}

/// Gives a link from `projects/` on.
pub fn below_projects(link: &str) -> &str {
    link.find("projects/").map_or(link, |at| &link[at..])
}

fn unversioned(key: &str) -> &str {
    key.split("/cryptoKeyVersions/").next().unwrap_or(key)
}

fn same_links(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.elements(), b.elements()) else { return false };
    let same = |a: &Value, b: &Value| texts(a, b, |a, b| below_projects(a) == below_projects(b));
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
}

/// Says whether two texts mean one image. The state keeps the notation where the configuration had one.
fn same_notation(prior: &str, wanted: &str) -> bool {
    same_image(prior, wanted) || (!prior.contains("projects/") && same_image(wanted, prior))
}

/// Says whether an image is the one that a name means: by its link, its own name, or the family that its name begins with.
fn same_image(image: &str, wanted: &str) -> bool {
    let name = last(image);
    let project = below_projects(image).split('/').nth(1).unwrap_or_default();
    let of_family = |family: &str| {
        let plain =
            |text: &str| text.trim_end_matches("-lts").trim_end_matches("-amd64").to_string();
        name == family
            || name.starts_with(&format!("{family}-"))
            || name.starts_with(&plain(family))
    };
    if wanted.contains("projects/") {
        let whole = below_projects(image) == below_projects(wanted);
        let parts: Vec<&str> = below_projects(wanted).split('/').collect();
        return whole
            || matches!(parts.as_slice(), [_, of, _, "images", "family", family]
                if *of == project && of_family(family));
    }
    match wanted.trim_start_matches("global/images/").split_once('/') {
        Some(("family", family)) => of_family(family),
        Some((of, named)) => of == project && (named == name || of_family(named)),
        None => wanted == name || last(wanted) == name || of_family(last(wanted)),
    }
}

/// Says whether two names are the same, of which one may have its project's number for the project's id.
fn same_but_for_number(a: &str, b: &str) -> bool {
    let parts = |text: &str| {
        let (project, rest) = text.strip_prefix("projects/")?.split_once('/')?;
        Some((project.to_string(), rest.to_string()))
    };
    let (Some((project_a, rest_a)), Some((project_b, rest_b))) = (parts(a), parts(b)) else {
        return a == b;
    };
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    rest_a == rest_b && (project_a == project_b || is_number(&project_a) != is_number(&project_b))
}

fn self_link_or_name(prior: &str, wanted: &str) -> bool {
    match (prior.contains('/'), wanted.contains('/')) {
        (true, true) => below_projects(prior) == below_projects(wanted),
        // The state keeps the name where the configuration had it: the link of the same name is no other object.
        _ => last(prior) == last(wanted),
    }
}

fn same_duration(a: &str, b: &str) -> bool {
    matches!((duration_seconds(a), duration_seconds(b)), (Some(a), Some(b)) if (a - b).abs() < 1e-9)
}

fn same_moment(a: &str, b: &str) -> bool {
    matches!((a.parse::<jiff::Timestamp>(), b.parse::<jiff::Timestamp>()), (Ok(a), Ok(b)) if a == b)
}

/// Reads a range of addresses; a bare address is a range of one.
pub fn range(text: &str) -> Option<IpNet> {
    let one = || Some(IpNet::from(text.parse::<IpAddr>().ok()?));
    text.parse::<IpNet>().ok().map(|range| range.trunc()).or_else(one)
}

fn same_address(a: &str, b: &str) -> bool {
    matches!((range(a), range(b)), (Some(a), Some(b)) if a == b)
}

/// Says whether two sets of addresses and ranges have the same in them, in any spelling.
fn same_addresses(a: &Value, b: &Value) -> bool {
    let (Some(a), Some(b)) = (a.elements(), b.elements()) else { return false };
    let all = |these: &[Value], those: &[Value]| {
        these
            .iter()
            .all(|one| those.iter().any(|other| one == other || texts(one, other, same_address)))
    };
    all(a, b) && all(b, a)
}

fn same_but(a: &Value, b: &Value, extra: &[&str]) -> bool {
    let (Some(a), Some(b)) = (a.elements(), b.elements()) else { return false };
    let added = |value: &&Value| !b.contains(value);
    b.iter().all(|value| a.contains(value))
        && a.iter()
            .filter(added)
            .all(|value| value.as_str().is_some_and(|text| extra.contains(&text)))
}

/// Says whether metadata of nodes is the same but for what the service adds where it is not written.
fn same_metadata(a: &Value, b: &Value) -> bool {
    const ADDED: &str = "disable-legacy-endpoints";
    let written = b.field(ADDED).is_some();
    written && a == b || !written && b.is_known() && same_without(a, b, ADDED)
}

fn same_without(a: &Value, b: &Value, prefix: &str) -> bool {
    let mine = |value: &Value| {
        value.fields().map(|fields| {
            fields
                .iter()
                .filter(|(name, _)| !name.starts_with(prefix))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect::<Vec<_>>()
        })
    };
    mine(a).unwrap_or_default() == mine(b).unwrap_or_default()
}

/// Gives a duration in seconds: Go's form (`1h30m`), with days, or bare `3600s`.
pub fn duration_seconds(text: &str) -> Option<f64> {
    let mut total = 0.0;
    let mut rest = text;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..end].parse().ok()?;
        let unit_end =
            rest[end..].find(|c: char| c.is_ascii_digit()).map_or(rest.len(), |at| end + at);
        let factor = match &rest[end..unit_end] {
            "ms" => 0.001,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        total += number * factor;
        rest = &rest[unit_end..];
    }
    Some(total)
}

fn same_members(a: &Value, b: &Value) -> bool {
    let all = |value: &Value| -> Option<BTreeSet<String>> {
        let members = value.elements()?.iter();
        Some(members.filter_map(|member| member.as_str().map(normal_member)).collect())
    };
    matches!((all(a), all(b)), (Some(a), Some(b)) if a == b)
}

/// Says whether two policies give the same roles to the same members, and log the same.
pub fn same_policy(a: &str, b: &str) -> bool {
    type Roles = BTreeMap<(String, String), BTreeSet<String>>;
    let read = |text: &str| {
        let policy: Json = serde_json::from_str(text).ok()?;
        let mut roles = Roles::new();
        for binding in policy["bindings"].as_array().into_iter().flatten() {
            let condition = ["title", "description", "expression"]
                .map(|name| binding["condition"][name].as_str().unwrap_or_default().to_string());
            let role = binding["role"].as_str().unwrap_or_default().to_string();
            let members = binding["members"].as_array().into_iter().flatten();
            let members = members.filter_map(|member| member.as_str().map(normal_member));
            roles.entry((role, condition.join("\n"))).or_default().extend(members);
        }
        roles.retain(|_, members| !members.is_empty());
        Some((roles, audits(&policy)))
    };
    matches!((read(a), read(b)), (Some(a), Some(b)) if a == b)
}

/// Gives what is logged, by service and kind; the order in which it is written says nothing.
fn audits(policy: &Json) -> BTreeMap<(String, String), BTreeSet<String>> {
    let mut audits: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    let text = |json: &Json, name: &str| json[name].as_str().unwrap_or_default().to_string();
    for config in policy["auditConfigs"].as_array().into_iter().flatten() {
        for log in config["auditLogConfigs"].as_array().into_iter().flatten() {
            let exempted = log["exemptedMembers"].as_array().into_iter().flatten();
            let exempted = exempted.filter_map(|member| member.as_str().map(normal_member));
            let kind = (text(config, "service"), text(log, "logType"));
            audits.entry(kind).or_default().extend(exempted);
        }
    }
    audits
}

/// Gives an IAM member in the form that is compared and sent: what is no name of one's own in lower case.
pub fn normal_member(member: &str) -> String {
    let bare = member.strip_prefix("deleted:").unwrap_or(member);
    let kept = ["principal:", "principalSet:", "principalHierarchy:"];
    if kept.iter().any(|prefix| bare.starts_with(prefix)) {
        return member.to_string();
    }
    match member.split_once(':') {
        Some((kind, name)) => format!("{kind}:{}", name.to_lowercase()),
        None => member.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOWHERE: Around<'_> = Around { prior: None, beside: None };

    fn text_same(rule: &str, prior: &str, wanted: &str) -> bool {
        same(Some(rule), &Value::string(prior), &Value::string(wanted), NOWHERE)
    }

    #[test]
    fn a_bare_name_means_the_link_that_ends_in_it() {
        assert!(text_same("self_link_or_name", "projects/p/global/networks/default", "default"));
        assert!(!text_same("self_link_or_name", "projects/p/global/networks/other", "default"));
        assert!(text_same(
            "self_link_or_name",
            "projects/p/global/networks/a",
            "https://www.googleapis.com/compute/v1/projects/p/global/networks/a"
        ));
    }

    #[test]
    fn what_a_policy_logs_is_the_same_in_any_order() {
        let log = |a: &str, b: &str| {
            format!(
                "{{\"service\":\"x\",\"auditLogConfigs\":[{{\"logType\":\"{a}\"}},{{\"logType\":\"{b}\"}}]}}"
            )
        };
        let policy = |a: &str, b: &str| format!("{{\"auditConfigs\":[{}]}}", log(a, b));
        let first = policy("DATA_READ", "DATA_WRITE");
        assert!(text_same("iam_policy_json", &first, &policy("DATA_WRITE", "DATA_READ")));
        assert!(!text_same("iam_policy_json", &first, &policy("DATA_WRITE", "ADMIN_READ")));
    }

    #[test]
    fn a_number_that_stands_for_none_is_the_same() {
        let none = Value::null(crate::value::Type::Number);
        let of = |number: i64| same(Some("empty_equals:5"), &Value::number(number), &none, NOWHERE);
        assert!(of(5) && !of(7));
    }

    #[test]
    fn addresses_and_ranges_are_the_same_in_any_spelling() {
        assert!(text_same("ip_representation", "2001:db8::/32", "2001:DB8:0::/32"));
        assert!(text_same("ip_representation", "10.0.0.1/32", "10.0.0.1"));
        assert!(!text_same("ip_representation", "10.0.0.0/8", "10.0.0.0/9"));
    }

    #[test]
    fn an_image_is_known_by_all_its_names() {
        let image = "https://www.googleapis.com/compute/v1/projects/debian-cloud/global/images/debian-12-bookworm-v20251111";
        for wanted in [
            "debian-12",
            "debian-cloud/debian-12",
            "family/debian-12",
            "debian-cloud/debian-12-bookworm-v20251111",
            "projects/debian-cloud/global/images/family/debian-12",
            "projects/debian-cloud/global/images/debian-12-bookworm-v20251111",
        ] {
            assert!(text_same("compute_image_ref", image, wanted), "{wanted}");
        }
        for wanted in ["debian-11", "other/debian-12", "debian-cloud/debian-12-bookworm-v20240101"]
        {
            assert!(!text_same("compute_image_ref", image, wanted), "{wanted}");
        }
        let image = "projects/ubuntu-os-cloud/global/images/ubuntu-2204-jammy-v20251111";
        assert!(text_same("compute_image_ref", image, "ubuntu-os-cloud/ubuntu-2204-lts"));
    }

    #[test]
    fn durations_are_compared_by_their_length() {
        assert!(text_same("duration", "3600s", "1h"));
        assert!(text_same("duration_with_days", "2592000s", "30d"));
        assert!(!text_same("duration", "3600s", "59m"));
    }

    #[test]
    fn members_differ_in_case_only_where_names_have_case() {
        assert!(text_same("iam_member_case", "user:a@b.c", "user:A@b.c"));
        assert!(!text_same("iam_member_case", "principal://x/A", "principal://x/a"));
    }
}
