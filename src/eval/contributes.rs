//! What contributes to changes: the parts of objects that changed instances and outputs are made from, however far.
//!
//! By the text alone, as Terraform does it: through locals, arguments of modules, their outputs and the blocks of objects.
//! A reference that does not name one instance speaks of the block.

use std::collections::{BTreeMap, BTreeSet};

use super::evaluator::Evaluator;
use super::order::Node;
use super::reference::{Chain, Named, Step as ChainStep, named, references};
use super::scope::{Item, ModuleId};
use super::written::from_json;
use crate::addr::{Address, Key, Mode, ModulePath, Step};
use crate::config::{Module, Resource, block_name, constant};
use crate::schema::{Field, Nesting};
use crate::syntax::tree::{Body, Expr};
use crate::value::{Path, PathStep, Value};

/// Something that is referred to, from a module's instance.
#[derive(Clone, Debug)]
enum Subject {
    /// `var.x` of the module itself.
    Variable(String),
    /// `local.x`.
    Local(String),
    /// An output of a call; all where none is named.
    Call { name: String, key: Option<Key>, output: Option<String> },
    /// `count` or `each` of a block.
    Repetition(Address),
    /// A part of an object.
    Object(Address, Path),
}

/// A subject and the module's instance that it was named in.
type Pending = (ModulePath, Subject);

impl<'a> Evaluator<'a> {
    /// Gives the parts of objects that contribute to changed instances, to outputs of the root, and to all outputs of
    /// modules' instances.
    pub fn contributing<'c>(
        &self,
        changed: impl IntoIterator<Item = &'c Address>,
        outputs: impl IntoIterator<Item = &'c String>,
        modules: &BTreeSet<ModulePath>,
    ) -> Vec<(Address, Path)> {
        let mut walk = Walk { evaluator: self, found: BTreeMap::new(), open: Vec::new() };
        for address in changed {
            let start = Subject::Object(address.clone(), Path::root());
            walk.follow(&address.module, &start);
        }
        for name in outputs {
            walk.output(&ModulePath::new(), &self.config.root, name);
        }
        // Nothing tells what a module's output was before: each is new.
        for (id, instance) in self.modules.iter().enumerate() {
            // What is removed has an instance here, too.
            if instance.steps.is_empty() || !modules.contains(&instance.steps) {
                continue;
            }
            let place = self.place(id);
            let counts = |name: &&'a String| {
                self.is_in(&Node::Output(place, name.as_str())) && !self.is_nothing(id, name)
            };
            for name in instance.module.outputs.keys().filter(counts) {
                walk.output(&instance.steps, instance.module, name);
            }
        }
        let mut seen = BTreeSet::new();
        while let Some((module, subject)) = walk.open.pop() {
            if seen.insert(format!("{module:?} {subject:?}")) {
                walk.follow(&module, &subject);
            }
        }
        walk.found.into_values().collect()
    }
}

impl<'a> Evaluator<'a> {
    /// Says whether a module's output was found to be null: that is nothing new.
    fn is_nothing(&self, module: ModuleId, name: &'a str) -> bool {
        let known = self.values.get(&Item::Output(module, name));
        known.and_then(|known| known.result.as_ref()).is_some_and(Value::is_null)
    }
}

/// What was found, and what is still to be looked at.
struct Walk<'e, 'a> {
    evaluator: &'e Evaluator<'a>,
    found: BTreeMap<String, (Address, Path)>,
    open: Vec<Pending>,
}

impl<'a> Walk<'_, 'a> {
    fn module(&self, path: &[Step]) -> Option<&'a Module> {
        path.iter().try_fold(&self.evaluator.config.root, |module, step| {
            module.calls.get(&step.name).map(|call| &call.module)
        })
    }

    fn output(&mut self, path: &ModulePath, module: &'a Module, name: &str) {
        if let Some(output) = module.outputs.get(name) {
            self.expr(path, None, &output.value);
        }
    }

    /// Looks at what a subject is made from.
    fn follow(&mut self, module: &ModulePath, subject: &Subject) {
        match subject {
            Subject::Variable(name) => {
                let Some((last, outer)) = module.split_last() else { return };
                let call = self.module(outer).and_then(|outer| outer.calls.get(&last.name));
                let given = call.and_then(|call| call.inputs.attribute(name));
                if let Some(given) = given {
                    self.expr(&outer.to_vec(), None, &given.expr);
                }
            }
            Subject::Local(name) => {
                let local = self.module(module).and_then(|own| own.locals.get(name));
                if let Some(local) = local {
                    self.expr(module, None, &local.expr);
                }
            }
            Subject::Call { name, key, output } => {
                let mut inner = module.clone();
                inner.push(Step { name: name.clone(), key: key.clone() });
                let Some(callee) = self.module(&inner) else { return };
                let names: Vec<&String> = match output {
                    Some(name) => vec![name],
                    None => callee.outputs.keys().collect(),
                };
                for name in names {
                    self.output(&inner, callee, name);
                }
            }
            Subject::Repetition(address) => {
                let Some(block) = self.block(address) else { return };
                for expr in block.count.iter().chain(&block.for_each) {
                    self.expr(module, Some(address), expr);
                }
            }
            Subject::Object(address, path) => self.object(module, address, path),
        }
    }

    fn block(&self, address: &Address) -> Option<&'a Resource> {
        let (module, name) = (self.module(&address.module)?, block_name(address));
        let scoped = || {
            let mut data = module.checks.values().filter_map(|check| check.data.as_ref());
            data.find(|data| data.block_name() == name)
        };
        module.resource(name).or_else(scoped)
    }

    /// Looks at the argument that a path speaks of, or at the whole block.
    fn object(&mut self, module: &ModulePath, address: &Address, path: &Path) {
        let Some(block) = self.block(address) else { return };
        let owner = self.module(module).unwrap_or(&self.evaluator.config.root);
        let local = block.provider.as_ref().map(|(name, _)| name.text.as_str());
        let implied = address.type_name.split('_').next().unwrap_or_default();
        let source = owner.provider_source(local.unwrap_or(implied));
        let schema = self.evaluator.schemas.resource(&source, address.mode, &address.type_name);
        let Some(schema) = schema else { return };
        let only = match path.0.first() {
            Some(PathStep::Attribute(name)) => Some(name.as_str()),
            Some(PathStep::Index(key)) => key.as_str(),
            None => None,
        };
        self.body(module, address, &block.body, &schema.fields, only);
    }

    fn body(
        &mut self,
        module: &ModulePath,
        address: &Address,
        body: &Body,
        fields: &BTreeMap<String, Field>,
        only: Option<&str>,
    ) {
        let made = from_json(body, fields, self.evaluator.sources);
        let body = made.as_ref().unwrap_or(body);
        let wanted = |name: &str| only.is_none_or(|only| only == name);
        for attribute in &body.attributes {
            let name = attribute.name.text.as_str();
            if wanted(name) && fields.contains_key(name) {
                self.expr(module, Some(address), &attribute.expr);
            }
        }
        for block in body.blocks.iter().filter(|block| wanted(&block.kind.text)) {
            let field = fields.get(&block.kind.text).map(|field| &field.nesting);
            if let Some(Nesting::Block(shape)) = field {
                self.body(module, address, &block.body, &shape.fields, None);
            }
        }
    }

    /// Notes what an expression refers to; `within` is the block that it stands in.
    fn expr(&mut self, module: &ModulePath, within: Option<&Address>, expr: &Expr) {
        let mut subjects = Vec::new();
        references(expr, &mut Vec::new(), &mut |chain| {
            subjects.extend(subject(module, within, chain));
        });
        for subject in subjects {
            if let Subject::Object(address, path) = &subject
                && self.block(address).is_some()
            {
                let key = format!("{address} {path:?}");
                self.found.insert(key, (address.clone(), path.clone()));
            }
            self.open.push((module.clone(), subject));
        }
    }
}

fn subject(module: &ModulePath, within: Option<&Address>, chain: &Chain<'_>) -> Option<Subject> {
    let attribute = |place: usize| chain.attribute(place).map(|name| name.text.clone());
    match chain.name().0 {
        "var" => attribute(0).map(Subject::Variable),
        "local" => attribute(0).map(Subject::Local),
        "count" | "each" => within.map(|of| Subject::Repetition(of.block())),
        "module" => {
            let (name, key) = (attribute(0)?, key(chain, 1));
            let is_index = matches!(chain.steps.get(1), Some((ChainStep::Index(_), ..)));
            let output = match (is_index, &key) {
                (false, _) => attribute(1),
                (true, Some(_)) => attribute(2),
                (true, None) => None,
            };
            Some(Subject::Call { name, key, output })
        }
        _ => {
            let Ok(Named::Resource { mode, type_name, name, used }) = named(chain) else {
                return None;
            };
            let used = if mode == Mode::Managed { used } else { used.max(2) };
            let key = key(chain, used);
            let is_index = matches!(chain.steps.get(used), Some((ChainStep::Index(_), ..)));
            let rest = match (is_index, &key) {
                (true, None) => Path::root(),
                (is_index, _) => rest(chain, used + usize::from(is_index)),
            };
            let block = Address::root(mode, type_name, name).in_module(module.clone());
            Some(Subject::Object(block.with_key(key), rest))
        }
    }
}

/// Gives the key that a step is, where it is a fixed one.
fn key(chain: &Chain<'_>, place: usize) -> Option<Key> {
    let (ChainStep::Index(key), ..) = chain.steps.get(place)? else { return None };
    let key = constant::fold(key)?;
    match (key.as_str(), key.as_i64()) {
        (Some(text), _) => Some(Key::String(text.into())),
        (None, Some(number)) => number.try_into().ok().map(Key::Number),
        (None, None) => None,
    }
}

/// Gives the fixed steps from a place on.
fn rest(chain: &Chain<'_>, from: usize) -> Path {
    let steps = chain.steps.iter().skip(from).map_while(|(step, ..)| match step {
        ChainStep::Attribute(name) => Some(PathStep::Attribute(name.text.clone())),
        ChainStep::Index(key) => constant::fold(key).filter(Value::is_whole).map(PathStep::Index),
    });
    Path(steps.collect())
}
