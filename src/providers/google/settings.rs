//! What a provider block says, and what the environment says where it does not.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::auth::google::{External, Wish};
use crate::providers::World;
use crate::providers::rest::equal::duration_seconds;
use crate::providers::rest::plan::Defaults;
use crate::providers::rest::template::text_at;
use crate::schema::{BlockKind, Field, Given, Schema};
use crate::value::{Type, Value};

/// The project that a sandbox has where none is configured.
const SANDBOX_PROJECT: &str = "polls-demo";

/// A service: its name in resource files, the argument for another address, the usual address.
const SERVICES: &[(&str, &str, &str)] = &[
    ("appengine", "app_engine", "https://appengine.googleapis.com/v1/"),
    ("artifactregistry", "artifact_registry", "https://artifactregistry.googleapis.com/v1/"),
    ("bigtableadmin", "bigtable", "https://bigtableadmin.googleapis.com/v2/"),
    ("cloudbilling", "cloud_billing", "https://cloudbilling.googleapis.com/v1/"),
    ("cloudresourcemanager", "resource_manager", "https://cloudresourcemanager.googleapis.com/v1/"),
    ("compute", "compute", "https://compute.googleapis.com/compute/v1/"),
    ("container", "container", "https://container.googleapis.com/v1/"),
    ("dns", "dns", "https://dns.googleapis.com/dns/v1/"),
    ("firestore", "firestore", "https://firestore.googleapis.com/v1/"),
    ("iam", "iam_beta", "https://iam.googleapis.com/v1/"),
    ("iamcredentials", "iam_credentials", "https://iamcredentials.googleapis.com/v1/"),
    ("logging", "logging", "https://logging.googleapis.com/v2/"),
    ("pubsub", "pubsub", "https://pubsub.googleapis.com/v1/"),
    ("redis", "redis", "https://redis.googleapis.com/v1/"),
    ("secretmanager", "secret_manager", "https://secretmanager.googleapis.com/v1/"),
    ("cloudkms", "kms", "https://cloudkms.googleapis.com/v1/"),
    ("serviceusage", "service_usage", "https://serviceusage.googleapis.com/v1/"),
    ("sqladmin", "sql", "https://sqladmin.googleapis.com/sql/v1beta4/"),
    ("storage", "storage", "https://storage.googleapis.com/storage/v1/"),
];

/// The names of the endpoints that a provider block may have, also of services that no resource here calls.
const ENDPOINTS: &str = include_str!("endpoints.txt");

/// Each argument of text and the variables of the environment that stand for it.
const TEXTS: &[(&str, &[&str])] = &[
    ("credentials", &["GOOGLE_CREDENTIALS", "GOOGLE_CLOUD_KEYFILE_JSON", "GCLOUD_KEYFILE_JSON"]),
    ("access_token", &["GOOGLE_OAUTH_ACCESS_TOKEN"]),
    ("impersonate_service_account", &["GOOGLE_IMPERSONATE_SERVICE_ACCOUNT"]),
    (
        "project",
        &["GOOGLE_PROJECT", "GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT", "CLOUDSDK_CORE_PROJECT"],
    ),
    ("billing_project", &["GOOGLE_BILLING_PROJECT"]),
    ("region", &["GOOGLE_REGION", "GCLOUD_REGION", "CLOUDSDK_COMPUTE_REGION"]),
    ("zone", &["GOOGLE_ZONE", "GCLOUD_ZONE", "CLOUDSDK_COMPUTE_ZONE"]),
    ("request_timeout", &[]),
    ("poll_interval", &[]),
    ("request_reason", &["CLOUDSDK_CORE_REQUEST_REASON"]),
    ("terraform_attribution_label_addition_strategy", &[]),
    ("deletion_policy", &[]),
    ("universe_domain", &[]),
];

/// Gives the schema of the provider block.
pub fn schema() -> Schema {
    let optional = |ty: Type| Field::attribute(ty, Given::Optional);
    let mut fields: BTreeMap<String, Field> =
        TEXTS.iter().map(|(name, _)| ((*name).to_string(), optional(Type::String))).collect();
    for name in ["credentials", "access_token"] {
        if let Some(field) = fields.get_mut(name) {
            field.sensitive = true;
        }
    }
    let endpoints = SERVICES.iter().map(|(_, name, _)| *name).chain(ENDPOINTS.lines());
    fields
        .extend(endpoints.map(|name| (format!("{name}_custom_endpoint"), optional(Type::String))));
    for name in ["impersonate_service_account_delegates", "scopes"] {
        fields.insert(name.into(), optional(Type::list(Type::String)));
    }
    for name in [
        "user_project_override",
        "add_terraform_attribution_label",
        "prefer_global_endpoints",
        "prefer_regional_endpoints",
    ] {
        fields.insert(name.into(), optional(Type::Bool));
    }
    fields.insert("default_labels".into(), optional(Type::map(Type::String)));
    let block = |names: &[(&str, Type)]| {
        let inside =
            names.iter().map(|(name, ty)| ((*name).to_string(), optional(ty.clone()))).collect();
        Field::block(BlockKind::List, 0, Some(1), inside)
    };
    fields.insert(
        "batching".into(),
        block(&[("send_after", Type::String), ("enable_batching", Type::Bool)]),
    );
    let external = ["audience", "service_account_email", "identity_token"].iter().map(|name| {
        let mut field = Field::attribute(Type::String, Given::Required);
        field.sensitive = *name == "identity_token";
        ((*name).to_string(), field)
    });
    let external = Field::block(BlockKind::List, 0, Some(1), external.collect());
    fields.insert("external_credentials".into(), external);
    Schema { version: 0, fields, ..Schema::default() }
}

/// Fills in a provider block from the environment, and from the sandbox.
pub fn complete(config: &Value, world: &World) -> Value {
    let mut config = config.clone();
    let empty = |config: &Value, name: &str| config.field(name).is_none_or(Value::is_null);
    let authenticated = !empty(&config, "credentials")
        || !empty(&config, "access_token")
        || external(&config).is_some();
    for (name, variables) in TEXTS {
        let credential = *name == "credentials" || *name == "access_token";
        if !empty(&config, name) || (credential && authenticated) {
            continue;
        }
        let found = variables
            .iter()
            .find_map(|name| world.environment.get(*name).filter(|text| !text.is_empty()));
        if let Some(text) = found {
            let value = Value::string(text);
            config = config.with_field(name, if credential { value.sensitive() } else { value });
        }
    }
    let override_ = world.environment.get("USER_PROJECT_OVERRIDE").map(String::as_str);
    if let Some(text) = override_.filter(|_| empty(&config, "user_project_override")) {
        let truth = text.eq_ignore_ascii_case("true") || text == "1";
        config = config.with_field("user_project_override", Value::bool(truth));
    }
    if world.sandbox.is_some() && empty(&config, "project") {
        config = config.with_field("project", Value::string(SANDBOX_PROJECT));
    }
    config
}

/// Gives what a provider block gives to its resources.
pub fn defaults(config: &Value) -> Defaults {
    let text = |name: &str| config.field(name).cloned().unwrap_or(Value::null(Type::String));
    let (project, zone) = (text("project"), last(&text("zone")));
    let region = match (text("region").is_null(), zone.as_str()) {
        (true, Some(zone)) => Value::string(super::hooks::cluster::region_of(zone)),
        _ => last(&text("region")),
    };
    let first = |values: [&Value; 2]| values.into_iter().find(|value| !value.is_null()).cloned();
    let location = first([&zone, &region]).unwrap_or(Value::null(Type::String));
    let cluster = first([&last(&text("region")), &zone]).unwrap_or(Value::null(Type::String));
    let labels = config.field("default_labels").and_then(Value::fields);
    let attributed =
        config.field("add_terraform_attribution_label").and_then(Value::as_bool) != Some(false);
    let proactive = text_at(config, "terraform_attribution_label_addition_strategy").as_deref()
        == Some("PROACTIVE");
    Defaults {
        fills: vec![
            ("project", project),
            ("region", region),
            ("zone", zone),
            ("location", location),
            ("gke_location", cluster),
        ],
        labels: labels
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.to_string(), value.clone()))
            .collect(),
        attribution: attributed.then(|| ("goog-terraform-provisioned".to_string(), proactive)),
        deletion_policy: text_at(config, "deletion_policy"),
        root: PathBuf::new(),
    }
}

/// A region or zone may be given as a link.
fn last(value: &Value) -> Value {
    value.as_str().map_or_else(
        || value.clone(),
        |text| Value::string(text.rsplit('/').next().unwrap_or(text)),
    )
}

/// Gives the base address of each service.
pub fn bases(config: &Value, world: &World) -> BTreeMap<String, String> {
    SERVICES
        .iter()
        .map(|(service, argument, usual)| {
            let variable = format!("GOOGLE_{}_CUSTOM_ENDPOINT", argument.to_uppercase());
            let given = text_at(config, &format!("{argument}_custom_endpoint")).or_else(|| {
                world.environment.get(&variable).filter(|text| !text.is_empty()).cloned()
            });
            let base = match given {
                Some(given) => format!("{}/", given.trim_end_matches('/')),
                None => in_world(service, usual, config, world),
            };
            ((*service).to_string(), base)
        })
        .collect()
}

/// The services of which attributes are known that only the version that is still tried out has: the two versions.
const TRIED_OUT: [(&str, &str, &str); 2] =
    [("container", "/v1/", "/v1beta1/"), ("serviceusage", "/v1/", "/v1beta1/")];

/// Leads to the versions of services that are still tried out; an address that somebody gave with another version stays.
pub fn tried_out(bases: &mut BTreeMap<String, String>) {
    for (service, stable, beta) in TRIED_OUT {
        if let Some(base) = bases.get_mut(service)
            && let Some(root) = base.strip_suffix(stable)
        {
            *base = format!("{root}{beta}");
        }
    }
}

/// Gives the address at which a service is reached that nobody has given another one: in the sandbox, or in the universe.
pub fn in_world(service: &str, usual: &str, config: &Value, world: &World) -> String {
    if let Some(sandbox) = &world.sandbox {
        let path = usual.splitn(4, '/').nth(3).unwrap_or_default();
        return format!("{}/{service}/{path}", sandbox.trim_end_matches('/'));
    }
    match text_at(config, "universe_domain") {
        Some(universe) => usual.replace("googleapis.com", &universe),
        None => usual.to_string(),
    }
}

/// Gives the names of the services whose addresses are known.
pub fn services() -> impl Iterator<Item = &'static str> {
    SERVICES.iter().map(|(service, _, _)| *service)
}

/// Gives the block `external_credentials`, where it is written.
fn external(config: &Value) -> Option<&Value> {
    config.field("external_credentials")?.elements()?.first()
}

/// Gives the ways of logging in that a provider block has: more than one is a contradiction.
pub fn logins(config: &Value) -> Vec<&'static str> {
    let written = |name: &str| config.field(name).is_some_and(|value| !value.is_null());
    let mut found: Vec<&'static str> =
        ["access_token", "credentials"].into_iter().filter(|name| written(name)).collect();
    if external(config).is_some() {
        found.push("external_credentials");
    }
    found
}

/// Gives the address of the service that gives tokens of service accounts, with a slash at the end.
fn iam_credentials(config: &Value, world: &World) -> String {
    let given = text_at(config, "iam_credentials_custom_endpoint").or_else(|| {
        let variable = world.environment.get("GOOGLE_IAM_CREDENTIALS_CUSTOM_ENDPOINT");
        variable.filter(|text| !text.is_empty()).cloned()
    });
    match given {
        Some(given) => format!("{}/", given.trim_end_matches('/')),
        None => format!("https://iamcredentials.{}/v1/", universe(config)),
    }
}

fn universe(config: &Value) -> String {
    text_at(config, "universe_domain").unwrap_or_else(|| "googleapis.com".into())
}

fn federation(config: &Value, world: &World) -> Option<External> {
    let block = external(config)?;
    let text = |name: &str| text_at(block, name).unwrap_or_default();
    let (base, account) = (iam_credentials(config, world), text("service_account_email"));
    Some(External {
        audience: text("audience"),
        identity_token: text("identity_token"),
        token_url: format!("https://sts.{}/v1/token", universe(config)),
        impersonation_url: format!(
            "{base}projects/-/serviceAccounts/{account}:generateAccessToken"
        ),
    })
}

/// Gives the credentials that are wished for.
pub fn wish(config: &Value, world: &World) -> Wish {
    let texts = |name: &str| {
        let list = config.field(name).and_then(Value::elements).unwrap_or_default();
        list.iter().filter_map(Value::as_str).map(str::to_string).collect::<Vec<_>>()
    };
    let mut scopes = texts("scopes");
    if scopes.is_empty() {
        scopes = ["cloud-platform", "userinfo.email"]
            .iter()
            .map(|scope| format!("https://www.googleapis.com/auth/{scope}"))
            .collect();
    }
    Wish {
        access_token: text_at(config, "access_token"),
        credentials: text_at(config, "credentials"),
        external: federation(config, world),
        iam_credentials: Some(iam_credentials(config, world)),
        impersonate: text_at(config, "impersonate_service_account"),
        delegates: texts("impersonate_service_account_delegates"),
        scopes,
        environment: world.environment.clone(),
        home: world.home.clone(),
        root: world.root.clone(),
        sandbox: world.sandbox.clone(),
    }
}

/// Gives a setting that is a duration.
pub fn duration(config: &Value, name: &str, usual: u64) -> Duration {
    let seconds = text_at(config, name)
        .and_then(|text| duration_seconds(&text))
        .filter(|seconds| *seconds > 0.0);
    seconds.map_or(Duration::from_secs(usual), Duration::from_secs_f64)
}
