//! A configuration as JSON: what stands in it, without its expressions.

use serde_json::{Map, Value as Json, json};

use super::mode;
use crate::addr::Mode;
use crate::config::{Config, Module};
use crate::state::provider;

/// Gives the `configuration` member of a plan's document.
pub fn configuration(config: &Config) -> Json {
    let mut providers = Map::new();
    gather_providers(&config.root, &mut providers);
    let mut out = Map::new();
    if !providers.is_empty() {
        out.insert("provider_config".into(), Json::Object(providers));
    }
    out.insert("root_module".into(), Json::Object(module(&config.root)));
    Json::Object(out)
}

fn gather_providers(module: &Module, providers: &mut Map<String, Json>) {
    let prefix = match module.path.join(".") {
        path if path.is_empty() => String::new(),
        path => format!("module.{path}:"),
    };
    for (name, alias) in module.providers.keys() {
        let full = provider::full(&module.provider_source(name));
        let mut one = json!({ "name": name, "full_name": full });
        let mut key = format!("{prefix}{name}");
        if let Some(alias) = alias {
            one["alias"] = alias.as_str().into();
            key = format!("{key}.{alias}");
        }
        let required = module.settings.required_providers.get(name);
        if let Some(required) = required.filter(|required| !required.version.is_empty()) {
            one["version_constraint"] = required.version.as_str().into();
        }
        providers.insert(key, one);
    }
    for call in module.calls.values() {
        gather_providers(&call.module, providers);
    }
}

fn module(module: &Module) -> Map<String, Json> {
    let mut out = Map::new();
    let mut add = |name: &str, members: Map<String, Json>| {
        if !members.is_empty() {
            out.insert(name.into(), Json::Object(members));
        }
    };
    let described = |sensitive: bool, description: &str| {
        let mut one = Map::new();
        if sensitive {
            one.insert("sensitive".into(), true.into());
        }
        if !description.is_empty() {
            one.insert("description".into(), description.into());
        }
        one
    };
    let outputs = module.outputs.iter().map(|(name, output)| {
        (name.clone(), Json::Object(described(output.sensitive, &output.description)))
    });
    add("outputs", outputs.collect());
    let calls = module.calls.iter().map(|(name, call)| {
        let inside = Json::Object(self::module(&call.module));
        (name.clone(), json!({ "source": call.source.text, "module": inside }))
    });
    add("module_calls", calls.collect());
    let variables = module.variables.iter().map(|(name, variable)| {
        (name.clone(), Json::Object(described(variable.sensitive, &variable.description)))
    });
    add("variables", variables.collect());
    let resources: Vec<Json> = module
        .resources
        .iter()
        .map(|((kind, type_name, name), resource)| {
            let data = if *kind == Mode::Data { "data." } else { "" };
            let local = resource.provider.as_ref().map(|(name, alias)| match alias {
                Some(alias) => format!("{}.{}", name.text, alias.text),
                None => name.text.clone(),
            });
            let implied = || type_name.split('_').next().unwrap_or_default().to_string();
            json!({
                "address": format!("{data}{type_name}.{name}"),
                "mode": mode(*kind),
                "type": type_name,
                "name": name,
                "provider_config_key": local.unwrap_or_else(implied),
            })
        })
        .collect();
    if !resources.is_empty() {
        out.insert("resources".into(), resources.into());
    }
    out
}
