//! A configuration as JSON: what stands in it, its expressions in outline.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::{Reveal, SECRET, mode, value};
use crate::addr::{Address, Mode};
use crate::config::{Config, Module, ModuleCall, Output, Resource, Variable, version};
use crate::diag::Sources;
use crate::eval::{constant_of, from_json, outline, reference_text};
use crate::providers::Registry;
use crate::schema::{BlockKind, Nesting, Schema};
use crate::state::provider;
use crate::syntax::tree::{Block, Body, Expr};
use crate::value::constraint::conform;
use crate::value::{Value, json as values};

/// Gives the `configuration` member of a plan's document: as it was before blocks were generated.
pub fn configuration(
    config: &Config,
    registry: &Registry,
    sources: &Sources,
    generated: &BTreeMap<Address, String>,
    reveal: Reveal,
) -> Json {
    let writer = Writer { config, registry, sources, generated, reveal };
    let mut providers = Map::new();
    writer.providers(&config.root, &mut providers);
    let mut out = Map::new();
    if !providers.is_empty() {
        out.insert("provider_config".into(), Json::Object(providers));
    }
    out.insert("root_module".into(), Json::Object(writer.module(&config.root)));
    Json::Object(out)
}

/// A provider's configuration: its module, the provider's name there, and its alias.
type Configured = (Vec<String>, String, Option<String>);

struct Writer<'a> {
    config: &'a Config,
    registry: &'a Registry,
    sources: &'a Sources,
    /// The blocks that were written for this plan.
    generated: &'a BTreeMap<Address, String>,
    reveal: Reveal,
}

impl Writer<'_> {
    /// Gathers the provider blocks, and the providers that are used without one.
    fn providers(&self, module: &Module, providers: &mut Map<String, Json>) {
        let prefix = prefix(&module.path);
        for ((name, alias), block) in &module.providers {
            let source = module.provider_source(name);
            let mut one = self.provider(module, name, block.version.clone());
            let mut key = format!("{prefix}{name}");
            if let Some(alias) = alias {
                one["alias"] = alias.as_str().into();
                key = format!("{key}.{alias}");
            }
            if !module.path.is_empty() {
                one["module_address"] = address(&module.path).into();
            }
            if let Some(provider) = self.registry.provider(&source) {
                let said = self.expressions(&block.body, &provider.schema());
                if !said.is_empty() {
                    one["expressions"] = Json::Object(said);
                }
            }
            providers.insert(key, one);
        }
        for name in self.words(module) {
            let own = (module.path.clone(), name.clone(), None);
            if self.source(own.clone()) == own && !has_block(module, &name, None) {
                let mut one = self.provider(module, &name, None);
                if !module.path.is_empty() {
                    one["module_address"] = address(&module.path).into();
                }
                providers.insert(format!("{prefix}{name}"), one);
            }
        }
        for call in module.calls.values() {
            self.providers(&call.module, providers);
        }
    }

    /// Names the providers that a module has a word for: in its settings, or by a block of theirs or of an object.
    fn words(&self, module: &Module) -> BTreeSet<String> {
        let kind = |name: &str| {
            let source = module.provider_source(name);
            source.rsplit('/').next().unwrap_or_default().to_string()
        };
        let used = blocks(module).map(|resource| kind(local_name(resource)));
        let configured = module.providers.keys().map(|(name, _)| kind(name));
        used.chain(configured).chain(module.settings.required_providers.keys().cloned()).collect()
    }

    /// Finds the configuration that counts for one in a module: through what calls pass on, or else the outermost of
    /// those around it, from it on without a gap, that have a word for the provider.
    fn source(&self, (path, name, alias): Configured) -> Configured {
        let (mut path, mut name, mut alias) = (path, name, alias);
        while let (Some(module), Some((last, outer))) =
            (self.config.module(&path), path.split_last())
            && !has_block(module, &name, alias.as_deref())
            && let Some(around) = self.config.module(outer)
        {
            let id = (name.clone(), alias.clone());
            let call = around.calls.get(last);
            let passed =
                call.and_then(|call| call.providers.iter().find(|passed| passed.inside == id));
            let same = module.provider_source(&name) == around.provider_source(&name);
            match passed {
                Some(passed) => (name, alias) = passed.here.clone(),
                None if alias.is_none() && same && self.has_word(around, &name) => {}
                None => break,
            }
            path = outer.to_vec();
        }
        (path, name, alias)
    }

    /// Says whether a module has a configuration of a provider, even if only one that is passed on to it.
    fn has_word(&self, module: &Module, name: &str) -> bool {
        let id = (name.to_string(), None);
        let passed = || {
            let (last, outer) = module.path.split_last()?;
            let call = self.config.module(outer)?.calls.get(last)?;
            call.providers.iter().find(|passed| passed.inside == id)
        };
        has_block(module, name, None) || self.words(module).contains(name) || passed().is_some()
    }

    /// Describes a provider; `own` is the constraint that its block has by itself.
    fn provider(&self, module: &Module, name: &str, own: Option<String>) -> Json {
        let full = provider::full(&module.provider_source(name));
        let mut one = json!({ "name": name, "full_name": full });
        let required = module.settings.required_providers.get(name);
        let required = required.map(|required| required.version.clone());
        let constraints: Vec<String> =
            required.into_iter().chain(own).filter(|text| !text.is_empty()).collect();
        if !constraints.is_empty() {
            one["version_constraint"] = version::normal(&constraints.join(", ")).into();
        }
        one
    }

    /// Finds the configuration of a provider that a resource uses.
    fn used(&self, module: &Module, resource: &Resource) -> Configured {
        let alias = resource.provider.as_ref().and_then(|(_, alias)| alias.as_ref());
        let alias = alias.map(|alias| alias.text.clone());
        self.source((module.path.clone(), local_name(resource).to_string(), alias))
    }

    fn module(&self, module: &Module) -> Map<String, Json> {
        let mut out = Map::new();
        let mut add = |name: &str, members: Map<String, Json>| {
            if !members.is_empty() {
                out.insert(name.into(), Json::Object(members));
            }
        };
        let outputs = module.outputs.iter().map(|(name, of)| (name.clone(), self.output(of)));
        add("outputs", outputs.collect());
        let calls = module.calls.iter().map(|(name, call)| (name.clone(), self.call(call)));
        add("module_calls", calls.collect());
        let variables = module.variables.iter();
        let variables = variables.map(|(name, of)| (name.clone(), self.variable(of)));
        add("variables", variables.collect());
        let resources: Vec<Json> =
            self.written(module).map(|resource| self.resource(module, resource)).collect();
        if !resources.is_empty() {
            out.insert("resources".into(), resources.into());
        }
        out
    }

    /// Gives a module's blocks without those that were generated.
    fn written<'m>(&self, module: &'m Module) -> impl Iterator<Item = &'m Resource> {
        blocks(module).filter(|of| {
            let address = Address::root(of.mode, &of.type_name.text, &of.name.text);
            !module.path.is_empty() || !self.generated.contains_key(&address)
        })
    }

    fn variable(&self, variable: &Variable) -> Json {
        let mut out = Map::new();
        if let Some(default) = variable.default.as_ref().and_then(constant_of) {
            let default = conform(&default, &variable.constraint).unwrap_or(default);
            let hidden = variable.sensitive && self.reveal == Reveal::No;
            let told = if hidden { SECRET.into() } else { value(&default, Reveal::Yes) };
            out.insert("default".into(), told);
        }
        described(&mut out, variable.sensitive, &variable.description);
        Json::Object(out)
    }

    fn call(&self, call: &ModuleCall) -> Json {
        let mut out = Map::new();
        out.insert("source".into(), call.source.text.as_str().into());
        let inputs = call.inputs.attributes.iter();
        let inputs: Map<String, Json> = inputs
            .filter_map(|attribute| {
                let name = &attribute.name.text;
                let variable = call.module.variables.get(name)?;
                Some((name.clone(), self.hidden(&attribute.expr, variable.sensitive)))
            })
            .collect();
        if !inputs.is_empty() {
            out.insert("expressions".into(), Json::Object(inputs));
        }
        self.repetition(&mut out, call.count.as_ref(), call.for_each.as_ref());
        out.insert("module".into(), Json::Object(self.module(&call.module)));
        if let Some(version) = call.version.as_ref().filter(|version| !version.text.is_empty()) {
            out.insert("version_constraint".into(), version.text.as_str().into());
        }
        depends_on(&mut out, &call.depends_on);
        Json::Object(out)
    }

    fn resource(&self, module: &Module, resource: &Resource) -> Json {
        let (type_name, name) = (&resource.type_name.text, &resource.name.text);
        let kind = match resource.mode {
            Mode::Managed => "",
            Mode::Data => "data.",
            Mode::Ephemeral => "ephemeral.",
        };
        let (path, provider, alias) = self.used(module, resource);
        let alias = alias.map(|alias| format!(".{alias}")).unwrap_or_default();
        let mut out = Map::new();
        out.insert("address".into(), format!("{kind}{type_name}.{name}").into());
        out.insert("mode".into(), mode(resource.mode).into());
        out.insert("type".into(), type_name.as_str().into());
        out.insert("name".into(), name.as_str().into());
        let key = format!("{}{provider}{alias}", prefix(&path));
        out.insert("provider_config_key".into(), key.into());
        let run: Vec<Json> =
            resource.provisioners.iter().map(|block| self.provisioner(block)).collect();
        if !run.is_empty() {
            out.insert("provisioners".into(), run.into());
        }
        let source = self.config.module(&path).unwrap_or(module).provider_source(&provider);
        let schema = self.registry.provider(&source);
        let schema = schema.and_then(|provider| provider.resource(resource.mode, type_name));
        let schema = schema.as_deref().cloned().unwrap_or_else(Schema::default);
        let said = self.expressions(&resource.body, &schema);
        if !said.is_empty() {
            out.insert("expressions".into(), Json::Object(said));
        }
        out.insert("schema_version".into(), schema.version.into());
        self.repetition(&mut out, resource.count.as_ref(), resource.for_each.as_ref());
        depends_on(&mut out, &resource.depends_on);
        Json::Object(out)
    }

    fn output(&self, output: &Output) -> Json {
        let mut out = Map::new();
        out.insert("expression".into(), self.hidden(&output.value, output.sensitive));
        depends_on(&mut out, &output.depends_on);
        described(&mut out, output.sensitive, &output.description);
        Json::Object(out)
    }

    fn repetition(
        &self,
        out: &mut Map<String, Json>,
        count: Option<&Expr>,
        for_each: Option<&Expr>,
    ) {
        let all = [("count_expression", count), ("for_each_expression", for_each)];
        for (name, expr) in all {
            let said = expr.map(|expr| self.told(expr)).filter(|said| *said != json!({}));
            out.extend(said.map(|said| (name.to_string(), said)));
        }
    }

    fn provisioner(&self, block: &Block) -> Json {
        let of_all = ["when", "on_failure"];
        let attributes = block.body.attributes.iter();
        let own = attributes.filter(|attribute| !of_all.contains(&attribute.name.text.as_str()));
        let said: Map<String, Json> = own
            .map(|attribute| (attribute.name.text.clone(), self.told(&attribute.expr)))
            .collect();
        let mut out =
            json!({ "type": block.labels.first().map_or("", |label| label.text.as_str()) });
        if !said.is_empty() {
            out["expressions"] = Json::Object(said);
        }
        out
    }

    /// Gives an expression in outline.
    fn told(&self, expr: &Expr) -> Json {
        let outline = outline(expr);
        let mut out = Map::new();
        let constant = match self.sources.name(expr.span.file).ends_with(".json") {
            // As in Terraform, the texts of the JSON form are not read as templates here.
            true => serde_json::from_str(self.sources.slice(expr.span)).ok(),
            false => outline.constant.as_ref().map(|constant| value(constant, Reveal::Yes)),
        };
        out.extend(constant.map(|constant| ("constant_value".to_string(), constant)));
        if !outline.references.is_empty() {
            out.insert("references".into(), outline.references.into());
        }
        Json::Object(out)
    }

    /// Gives an argument in outline; a secret that is written out in it is not told.
    fn sealed(&self, name: &str, expr: &Expr, schema: &Schema) -> Json {
        let mut told = self.told(expr);
        if let Some(constant) = told.get("constant_value") {
            let whole = Value::object([(name, values::from_json(constant))]);
            let sealed = schema.sealed(&whole);
            if let Some(part) = sealed.field(name).filter(|part| part.all_marks().any()) {
                told["constant_value"] = value(part, self.reveal);
            }
        }
        told
    }

    /// Gives an expression in outline, without its constant where that is a secret.
    fn hidden(&self, expr: &Expr, secret: bool) -> Json {
        let mut told = self.told(expr);
        if secret && self.reveal == Reveal::No && told.get("constant_value").is_some() {
            told["constant_value"] = SECRET.into();
        }
        told
    }

    /// Gives what the arguments and blocks of a body say, in outline.
    fn expressions(&self, body: &Body, schema: &Schema) -> Map<String, Json> {
        let fields = &schema.fields;
        let made = from_json(body, fields, self.sources);
        let body = made.as_ref().unwrap_or(body);
        let mut out = Map::new();
        for attribute in &body.attributes {
            if fields.contains_key(&attribute.name.text) {
                let name = &attribute.name.text;
                out.insert(name.clone(), self.sealed(name, &attribute.expr, schema));
            }
        }
        for block in &body.blocks {
            let Some(Nesting::Block(shape)) =
                fields.get(&block.kind.text).map(|field| &field.nesting)
            else {
                continue;
            };
            let inside = Schema { fields: shape.fields.clone(), ..Schema::default() };
            let said = Json::Object(self.expressions(&block.body, &inside));
            let name = block.kind.text.clone();
            match shape.kind {
                BlockKind::Single => drop(out.insert(name, said)),
                BlockKind::List | BlockKind::Set => {
                    let all = out.entry(name).or_insert_with(|| json!([]));
                    if let Some(all) = all.as_array_mut() {
                        all.push(said);
                    }
                }
                BlockKind::Map => {
                    let all = out.entry(name).or_insert_with(|| json!({}));
                    let label = block.labels.first().map_or("", |label| label.text.as_str());
                    all[label] = said;
                }
            }
        }
        out
    }
}

/// Gives a module's resources, with the data sources of its checks.
/// Gives the name that a block has for its provider.
fn local_name(resource: &Resource) -> &str {
    match &resource.provider {
        Some((name, _)) => &name.text,
        None => resource.type_name.text.split('_').next().unwrap_or_default(),
    }
}

fn has_block(module: &Module, name: &str, alias: Option<&str>) -> bool {
    module.providers.contains_key(&(name.to_string(), alias.map(String::from)))
}

fn blocks(module: &Module) -> impl Iterator<Item = &Resource> {
    let scoped = module.checks.values().filter_map(|check| check.data.as_ref());
    module.resources.values().map(Box::as_ref).chain(scoped)
}

/// Gives what stands before the key of a module's provider.
fn prefix(path: &[String]) -> String {
    if path.is_empty() { String::new() } else { format!("{}:", address(path)) }
}

fn address(path: &[String]) -> String {
    let steps: Vec<String> = path.iter().map(|name| format!("module.{name}")).collect();
    steps.join(".")
}

fn described(out: &mut Map<String, Json>, sensitive: bool, description: &str) {
    if sensitive {
        out.insert("sensitive".into(), true.into());
    }
    if !description.is_empty() {
        out.insert("description".into(), description.into());
    }
}

fn depends_on(out: &mut Map<String, Json>, entries: &[Expr]) {
    if !entries.is_empty() {
        out.insert("depends_on".into(), entries.iter().map(reference_text).collect());
    }
}
