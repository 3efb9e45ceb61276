//! Instances: what a block says of each, what the oracle answers, and references to them.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use super::access::{attribute, index};
use super::evaluator::Pass;
use super::expand::Turns;
use super::expr::is_fixed;
use super::module::key_text;
use super::reference::{Chain, Step, anything, block_text, fixed_key, undeclared_resource};
use super::scope::{BlockId, Eval, Item, ModuleId, Scope, Stop, Turn, fatal};
use super::{Answer, Asked, Ignore, Instance, InstanceLifecycle, ProviderConfig, ProviderRef};
use crate::addr::{Address, Key, Mode};
use crate::config::{BlockName, IgnoreChanges, Lifecycle, ProviderBlock};
use crate::diag::{Diagnostic, Span, nearest_within};
use crate::schema::{BlockKind, Field, Nesting, Schema};
use crate::syntax::tree::Expr;
use crate::value::{Kind, Marks, Path, Type, Value};

impl<'a> Pass<'_, 'a> {
    /// Gives the block of a name, which must be declared.
    pub(super) fn declared(
        &mut self,
        module: ModuleId,
        name: BlockName<'_>,
        span: Span,
    ) -> Eval<BlockId<'a>> {
        let of = self.evaluator.modules[module].module;
        let scoped = || {
            let data = of.checks.values().filter_map(|check| check.data.as_ref());
            data.into_iter().find(|data| data.block_name() == name)
        };
        match of.resource(name).or_else(scoped) {
            Some(resource) => Ok(BlockId { module, resource }),
            None => {
                let label = self.module_label(module);
                Err(Stop::fatal(undeclared_resource(of, &label, name, span)))
            }
        }
    }

    /// Evaluates a reference to a block or instance, and gives how many steps of the chain say which.
    pub(super) fn resource_reference(
        &mut self,
        chain: &Chain<'_>,
        name: BlockName<'_>,
        used: usize,
        scope: &mut Scope,
    ) -> Eval<(Value, usize)> {
        let block = self.declared(scope.module, name, chain.named_until(used))?;
        let address = self.block_address(block);
        let turns = self.block_turns(block)?;
        let step = chain.steps.get(used);
        match (&*turns, step) {
            (Turns::Single, _) if fixed_key(step).is_some() => {
                let text = block_text(name.0, name.1, name.2);
                let detail = format!(
                    "Because {text} does not have \"count\" or \"for_each\" set, references to it must not include an index key. \
                     Remove the bracketed index to refer to the single instance of this resource."
                );
                let place = chain.until(used + 1);
                let unexpected = fatal("Unexpected resource instance key", detail, place);
                super::scope::both(unexpected, self.known_attribute(block, chain, used + 1))
                    .map(|(never, ())| never)
            }
            (Turns::Single, _) => {
                self.need(address);
                // Of what has no value nothing more is said.
                let object = self.object(block, None)?;
                self.known_attribute(block, chain, used)?;
                Ok((self.as_far_as_known(block, object), used))
            }
            (_, Some((Step::Attribute(_), _, _))) => {
                let (argument, key) = match block.resource.count {
                    Some(_) => ("count", "count.index"),
                    None => ("for_each", "each.key"),
                };
                let text = block_text(name.0, name.1, name.2);
                let detail = format!(
                    "Because {text} has \"{argument}\" set, its attributes must be accessed on specific instances.\n\nFor example, \
                     to correlate with indices of a referring resource, use:\n    {text}[{key}]"
                );
                let missing = fatal("Missing resource instance key", detail, chain.until(used));
                super::scope::both(missing, self.known_attribute(block, chain, used))
                    .map(|(never, ())| never)
            }
            (turns, Some((Step::Index(index), _, _))) => {
                let index = self.expr(index, scope).map_err(Stop::of_part)?;
                self.known_attribute(block, chain, used + 1)?;
                let key = turns.key_of(&index);
                let key = key.filter(|key| self.counts(block, turns, key));
                if let Some(key) = key {
                    self.need(address.with_key(Some(key.clone())));
                    let object = self.object(block, Some(key))?.marked(index.marks());
                    return Ok((self.as_far_as_known(block, object), used + 1));
                }
                self.need(address);
                let value = self.block_value(block, turns)?;
                Ok((self.as_far_as_known(block, value), used))
            }
            (turns, None) => {
                self.need(address);
                let value = self.block_value(block, turns)?;
                Ok((self.as_far_as_known(block, value), used))
            }
        }
    }

    /// Gives what an expression sees of an object: as long as only the text is checked, or nothing is there, not
    /// even its type.
    fn as_far_as_known(&mut self, block: BlockId<'a>, object: Value) -> Value {
        let validating = self.evaluator.inputs.validating;
        let address = self.block_address(block);
        if !validating && self.oracle.stands(&address) {
            return object;
        }
        Value::unknown(Type::Any).marked(object.marks())
    }

    /// Checks that the attribute that a reference goes on with exists.
    fn known_attribute(&mut self, block: BlockId<'a>, chain: &Chain<'_>, place: usize) -> Eval<()> {
        let (name, span) = match chain.steps.get(place) {
            Some((Step::Attribute(name), span, _)) => (name, span),
            Some((Step::Index(key), span, _)) if is_fixed(key) => return no_index(key, *span),
            Some((Step::Index(_), _, _)) | None => return Ok(()),
        };
        let schema = self.schema(block)?;
        if let Some(field) = schema.fields.get(&name.text) {
            return known_steps(&field.ty, &chain.steps[place + 1..]);
        }
        let near = nearest_within(&name.text, schema.fields.keys().map(String::as_str));
        let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
        let detail = format!(
            "This object has no argument, nested block, or exported attribute named {:?}.{hint}",
            name.text
        );
        fatal("Unsupported attribute", detail, *span)
    }

    /// Gives the keys of the instances that the value of a block has. Where nothing is made these are those that
    /// there are, and where only some are planned, these and the others that there are.
    fn counting(&mut self, block: BlockId<'a>, turns: &Turns) -> Vec<Option<Key>> {
        let keys = turns.keys();
        let lenient = self.evaluator.inputs.lenient;
        let limited = !self.evaluator.targets.is_empty();
        // Data sources are read whatever is made.
        let read = lenient && block.resource.mode == Mode::Data;
        if matches!(turns, Turns::Single) || read || !(lenient || limited) {
            return keys;
        }
        let address = self.block_address(block);
        let prior = self.oracle.prior_keys(&address).into_iter().map(Some);
        if lenient {
            let counted = matches!(turns, Turns::Count(_));
            return prior.filter(|key| matches!(key, Some(Key::Number(_))) == counted).collect();
        }
        let prior: Vec<Option<Key>> = prior.collect();
        let is_there = |key: &Option<Key>| {
            prior.contains(key) || self.evaluator.is_planned(&address.with_key(key.clone()))
        };
        keys.into_iter().filter(is_there).collect()
    }

    /// Says whether an instance is part of its block's value.
    pub(super) fn counts(&mut self, block: BlockId<'a>, turns: &Turns, key: &Key) -> bool {
        let all = !self.evaluator.inputs.lenient && self.evaluator.targets.is_empty();
        all || self.counting(block, turns).contains(&Some(key.clone()))
    }

    /// Gives the value of a whole block with `count` or `for_each`.
    fn block_value(&mut self, block: BlockId<'a>, turns: &Turns) -> Eval {
        if matches!(turns, Turns::Unknown(_)) {
            return Ok(anything());
        }
        self.once(Item::Block(block), |pass| {
            let mut objects = Vec::new();
            for key in pass.counting(block, turns) {
                objects.push((key.clone(), pass.object(block, key)?));
            }
            Ok(match turns {
                Turns::Each(_) => {
                    Value::object(objects.into_iter().map(|(key, object)| (key_text(key), object)))
                }
                _ => Value::tuple(objects.into_iter().map(|(_, object)| object).collect()),
            })
        })
    }

    /// Gives the value that stands for an instance: what the oracle answers.
    pub(super) fn object(&mut self, block: BlockId<'a>, key: Option<Key>) -> Eval {
        self.once(Item::Object(block, key.clone()), |pass| {
            let address = pass.block_address(block).with_key(key.clone());
            let there = pass.block_turns(block)?.has(key.as_ref());
            if !there || !pass.evaluator.is_planned(&address) {
                let schema = pass.schema(block)?;
                let provider = pass.provider_of(block);
                let kept = pass.oracle.kept(&address, &provider);
                let value = kept.unwrap_or_else(|| Value::unknown(schema.ty()));
                return Ok(sealed(&value, &schema));
            }
            let (asked, trace) = pass.traced(|pass| pass.ask(block, key));
            pass.absorb(&super::scope::Needs::new(), trace.pending, true);
            asked
        })
    }

    fn ask(&mut self, block: BlockId<'a>, key: Option<Key>) -> Eval {
        let instance = self.instance(block, key.clone())?;
        let schema = self.schema(block)?;
        if self.provider_block(&instance.provider).is_none() && instance.provider.alias.is_some() {
            return Err(Stop::fatal(no_provider_block(
                &self.block_address(block),
                &instance.provider,
            )));
        }
        let provider = self.provider_config(&instance.provider)?;
        let address = self.block_address(block).with_key(key);
        let asked =
            Asked { address: &address, instance: &instance, provider: &provider, schema: &schema };
        let answer = self.oracle.object(&asked);
        let wrong = self.oracle.found_wrong();
        self.report(wrong);
        let value = match answer {
            Answer::Known(value) => sealed(&value, &schema),
            Answer::Pending => {
                self.touch_pending();
                Value::unknown_not_null(schema.ty())
            }
            Answer::Problem(mut problem) => {
                if self.is_scoped(block) {
                    problem.severity = crate::diag::Severity::Warning;
                }
                return Err(Stop::fatal(*problem));
            }
        };
        let ephemeral = block.resource.mode == Mode::Ephemeral;
        Ok(value.marked(Marks { sensitive: false, ephemeral }))
    }

    /// Says whether a block is the data source of a check.
    fn is_scoped(&self, block: BlockId<'a>) -> bool {
        let module = self.evaluator.modules[block.module].module;
        !module.checks.is_empty() && module.resource(block.resource.block_name()).is_none()
    }

    /// Gives what an instance's block says. What is wrong with it is not told where its preconditions do not hold:
    /// those are looked at before.
    pub(super) fn instance(&mut self, block: BlockId<'a>, key: Option<Key>) -> Eval<Rc<Instance>> {
        self.once(Item::Instance(block, key.clone()), |pass| {
            let made = pass.make_instance(block, key.clone());
            made.map_err(|stop| match pass.not_held(block, key.as_ref()) {
                Some(_) => Stop::reported(),
                None => stop,
            })
        })
    }

    fn make_instance(&mut self, block: BlockId<'a>, key: Option<Key>) -> Eval<Rc<Instance>> {
        let resource = block.resource;
        let turns = self.block_turns(block)?;
        let own = self.block_address(block);
        let spread = self.spread_of(block);
        // What stands in a block that is spread is the same for all of its instances.
        let turn = if spread.is_some() { Turn::None } else { turns.turn(key.as_ref()) };
        let mut scope = Scope { turn, own: Some(own), ..Scope::module(block.module) };
        let mut depends_on = (*self.module_needs(block.module)?).clone();
        let depends = self.depends_on(&resource.depends_on, &mut scope);
        let schema = match self.schema(block) {
            Ok(schema) => schema,
            Err(stop) => return super::scope::both(depends, Err(stop)).map(|(_, never)| never),
        };
        let mut places = Vec::new();
        let kept = resource.mode != Mode::Ephemeral;
        let config =
            self.body(&resource.body, &schema.fields, &Path::root(), kept, &mut places, &mut scope);
        let address = self.block_address(block).with_key(key.clone());
        let config = config.map_err(|mut stop| {
            for problem in &mut stop.problems {
                if problem.summary == super::body::EPHEMERAL {
                    problem.address = Some(address.to_string());
                }
            }
            stop
        });
        // Of what is only looked at nobody asks how it should be.
        let looked_at = self.evaluator.inputs.lenient && resource.mode == Mode::Managed;
        let config = config.or_else(|stop| match looked_at && !stop.problems.is_empty() {
            true => Ok(Value::unknown(schema.ty())),
            false => Err(stop),
        });
        let ignored = match &config {
            Ok(_) => ignorable(&resource.lifecycle, &schema)
                .and_then(|()| self.known_ignored(&resource.lifecycle, &schema)),
            Err(_) => Ok(()),
        };
        let lifecycle = self.lifecycle(&resource.lifecycle, block.module, &mut scope);
        let (conditions, trace) =
            self.traced(|pass| pass.condition_needs(&resource.lifecycle, &mut scope));
        self.absorb(&trace.needs, trace.pending, trace.asked);
        if resource.mode == Mode::Data {
            // What a data source's conditions refer to is waited for like what it depends on.
            depends_on.extend(trace.needs);
        }
        let provisioners = self.provisioners(resource, &mut scope);
        let rest = super::scope::all([ignored, conditions, provisioners]);
        let own = super::scope::both(config, lifecycle);
        let ((config, lifecycle), (depends, _)) =
            super::scope::both(own, super::scope::both(depends, rest))?;
        depends_on.extend(depends);
        let (config, origin) = super::spread::own_part(config, spread, &turns, key.as_ref());
        let address = self.block_address(block);
        let mut needs = self.trace_mut().map(|trace| trace.needs.clone()).unwrap_or_default();
        needs.remove(&address);
        needs.remove(&address.with_key(key));
        Ok(Rc::new(Instance {
            config,
            needs,
            depends_on,
            provider: self.provider_of(block),
            lifecycle,
            span: resource.span,
            open: resource.body.end,
            scoped: self.is_scoped(block),
            places,
            origin,
        }))
    }

    /// Notes what an instance's conditions refer to: it waits for that too.
    fn condition_needs(&mut self, lifecycle: &Lifecycle, scope: &mut Scope) -> Eval<()> {
        scope.this = Some(anything());
        let rules = lifecycle.preconditions.iter().chain(&lifecycle.postconditions);
        let exprs = rules.flat_map(|rule| [&rule.condition, &rule.error_message]);
        let touched: Vec<Eval<()>> = exprs.map(|expr| self.skip(expr, scope)).collect();
        scope.this = None;
        super::scope::all(touched).map(|_| ())
    }

    fn lifecycle(
        &mut self,
        config: &Lifecycle,
        module: ModuleId,
        scope: &mut Scope,
    ) -> Eval<InstanceLifecycle> {
        let prevent_destroy = match &config.prevent_destroy {
            None => false,
            Some(expr) => {
                let value = self.expr(expr, scope)?;
                value.as_bool().unwrap_or(false)
            }
        };
        let ignore = match &config.ignore_changes {
            IgnoreChanges::None => Ignore::None,
            IgnoreChanges::All => Ignore::All,
            IgnoreChanges::Paths(paths) => {
                Ignore::Paths(paths.iter().filter_map(relative).collect())
            }
        };
        // What is not planned triggers nothing.
        let triggers = config.replace_triggered_by.iter();
        let inputs = self.evaluator.inputs;
        let triggers = triggers.filter(|_| !inputs.validating && !inputs.lenient);
        let triggers: Vec<Eval<(Address, Path)>> =
            triggers.map(|entry| self.trigger(entry, module, scope)).collect();
        let replace_triggered_by = super::scope::all(triggers)?;
        Ok(InstanceLifecycle {
            config: config.clone(),
            prevent_destroy,
            ignore,
            replace_triggered_by,
        })
    }

    /// Checks that what `ignore_changes` names is part of the block.
    fn known_ignored(&self, config: &Lifecycle, schema: &Schema) -> Eval<()> {
        let IgnoreChanges::Paths(paths) = &config.ignore_changes else { return Ok(()) };
        for path in paths {
            let chain = Chain::new(path);
            let name = chain.name().0;
            if name.is_empty() || schema.fields.contains_key(name) {
                continue;
            }
            let near = nearest_within(name, schema.fields.keys().map(String::as_str));
            let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
            let detail = format!(
                "This object has no argument, nested block, or exported attribute named {name:?}.{hint}"
            );
            return fatal("Unsupported attribute", detail, path.span);
        }
        Ok(())
    }

    /// Gives the schema of a block's type. That there is none is told once.
    pub(super) fn schema(&mut self, block: BlockId<'a>) -> Eval<Arc<Schema>> {
        if let Some((_, known)) = self.evaluator.types.get(&block) {
            return known.clone().ok_or_else(|| self.untyped(block));
        }
        let provider = Arc::new(self.find_provider(block));
        let (mode, type_name) = (block.resource.mode, &block.resource.type_name.text);
        let found = self.evaluator.schemas.resource(&provider.source, mode, type_name);
        self.evaluator.types.insert(block, (provider, found.clone()));
        found.ok_or_else(|| self.untyped(block))
    }

    fn untyped(&self, block: BlockId<'a>) -> Stop {
        let source = self.evaluator.types.get(&block).map(|(provider, _)| provider.source.clone());
        Stop::fatal(self.unknown_type(&source.unwrap_or_default(), block))
    }

    /// Gives the provider block that a resource block uses.
    pub(super) fn provider_of(&mut self, block: BlockId<'a>) -> Arc<ProviderRef> {
        match self.evaluator.types.get(&block) {
            Some((provider, _)) => provider.clone(),
            None => Arc::new(self.find_provider(block)),
        }
    }

    fn unknown_type(&self, source: &str, block: BlockId<'_>) -> Diagnostic {
        let resource = block.resource;
        let (name, span) = (&resource.type_name.text, resource.type_name.span);
        let schemas = self.evaluator.schemas;
        let (summary, what) = words(resource.mode);
        if schemas.provider(source).is_none() {
            let detail = format!(
                "There is no provider {source:?} in this program, so the {what} {name:?} cannot be used."
            );
            let problem = Diagnostic::error("Unknown provider", detail).at(span, "");
            let problem = if source == "hashicorp/external" {
                problem.help(
                    "It runs a program of the configuration while the plan is made, so the plan would hang on it. Run the \
                     program before, and hand its result over as a variable.",
                )
            } else {
                problem
            };
            let known = schemas.sources();
            return if known.is_empty() {
                problem
            } else {
                problem.help(format!("It has: {}.", known.join(", ")))
            };
        }
        let other = match resource.mode {
            Mode::Managed => schemas.resource(source, Mode::Data, name).map(|_| {
                "Did you intend to use the data source {}? If so, declare this using a \"data\" block instead of a \"resource\" block."
            }),
            Mode::Data => schemas.resource(source, Mode::Managed, name).map(|_| {
                "Did you intend to use the managed resource type {}? If so, declare this using a \"resource\" block instead of a \
                 \"data\" block."
            }),
            Mode::Ephemeral => None,
        };
        let known = schemas.type_names(source, resource.mode);
        let hint = match (other, nearest_within(name, known.iter().map(String::as_str))) {
            (Some(other), _) => format!("\n\n{}", other.replace("{}", &format!("{name:?}"))),
            (None, Some(near)) => format!(" Did you mean {near:?}?"),
            (None, None) => String::new(),
        };
        let shown = match source.strip_prefix("builtin/") {
            Some(name) => format!("terraform.io/builtin/{name}"),
            None => source.to_string(),
        };
        let detail = format!("The provider {shown} does not support {what} {name:?}.{hint}");
        Diagnostic::error(summary, detail).at(span, "")
    }

    fn find_provider(&self, block: BlockId<'a>) -> ProviderRef {
        let resource = block.resource;
        let implied = || resource.type_name.text.split('_').next().unwrap_or_default().to_string();
        let (mut name, mut alias) = match &resource.provider {
            Some((name, alias)) => {
                (name.text.clone(), alias.as_ref().map(|alias| alias.text.clone()))
            }
            None => (implied(), None),
        };
        let source = self.evaluator.modules[block.module].module.provider_source(&name);
        let mut at = block.module;
        loop {
            let instance = &self.evaluator.modules[at];
            let id = (name.clone(), alias.clone());
            let Some((parent, call)) = instance.caller else { break };
            let passed = call.providers.iter().find(|passed| passed.inside == id);
            match passed {
                Some(passed) => (name, alias) = passed.here.clone(),
                // Nobody above is asked for one with an alias.
                None if alias.is_some() => break,
                None if instance.module.providers.contains_key(&id) => break,
                None => {}
            }
            at = parent;
        }
        ProviderRef {
            module: self.evaluator.modules[at].module.path.clone(),
            name: source.rsplit('/').next().unwrap_or_default().to_string(),
            source,
            alias,
        }
    }

    /// Gives a provider block's configuration; what it was made from is not taken over.
    pub(super) fn provider_config(
        &mut self,
        provider: &Arc<ProviderRef>,
    ) -> Eval<Rc<ProviderConfig>> {
        let (made, trace) = self.traced(|pass| {
            pass.owned_by_provider(provider, |pass| {
                pass.once(Item::Provider(provider.clone()), |pass| {
                    pass.make_provider(provider).map(Rc::new)
                })
            })
        });
        self.absorb(&super::scope::Needs::new(), trace.pending, trace.asked);
        made
    }

    /// Finds the block of a provider's configuration.
    pub(super) fn provider_block(&self, provider: &ProviderRef) -> Option<&'a ProviderBlock> {
        let module = self.evaluator.config.module(&provider.module)?;
        let found = module.providers.iter().find(|((name, alias), _)| {
            module.provider_source(name) == provider.source && *alias == provider.alias
        });
        found.map(|(_, block)| block)
    }
}

/// Says that the provider block of an instance is not there.
fn no_provider_block(address: &Address, provider: &ProviderRef) -> Diagnostic {
    let full = match provider.source.strip_prefix("builtin/") {
        Some(name) => format!("terraform.io/builtin/{name}"),
        None => format!("registry.terraform.io/{}", provider.source),
    };
    let alias = provider.alias.as_deref().unwrap_or_default();
    let steps: Vec<String> = provider.module.iter().map(|name| format!("module.{name}.")).collect();
    let detail = format!(
        "To work with {address} its original provider configuration at {}provider[\"{full}\"].{alias} is required, but it \
         has been removed. This occurs when a provider configuration is removed while objects created by that provider \
         still exist in the state. Re-add the provider configuration to destroy {address}, after which you can remove the \
         provider configuration again.",
        steps.concat()
    );
    Diagnostic::error("Provider configuration not present", detail)
}

/// Checks that what `ignore_changes` names is there.
fn ignorable(lifecycle: &Lifecycle, schema: &Schema) -> Eval<()> {
    let IgnoreChanges::Paths(paths) = &lifecycle.ignore_changes else { return Ok(()) };
    for path in paths {
        let chain = Chain::new(path);
        let (name, span) = chain.name();
        match schema.fields.get(name) {
            Some(field) => known_steps(&field.ty, &chain.steps)?,
            None if name.is_empty() => {}
            None => {
                let near = nearest_within(name, schema.fields.keys().map(String::as_str));
                let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
                let detail = format!(
                    "This object has no argument, nested block, or exported attribute named {name:?}.{hint}"
                );
                return fatal("Unsupported attribute", detail, span);
            }
        }
    }
    Ok(())
}

/// Says that an object's attributes are not had by index.
fn no_index(key: &Expr, span: Span) -> Eval<()> {
    let name = key.literal().filter(|name| crate::syntax::is_name(name));
    let detail = match name {
        Some(name) => format!(
            "Only attribute access is allowed here. Did you mean to access attribute {name:?} using the dot operator?"
        ),
        None => "Only attribute access is allowed here, using the dot operator.".to_string(),
    };
    fatal("Invalid index operation", detail, span)
}

/// Checks the steps after an attribute by its type alone, as far as keys are fixed.
fn known_steps(ty: &Type, steps: &[(Step<'_>, Span, Span)]) -> Eval<()> {
    let mut value = Value::unknown_not_null(ty.clone());
    for step in steps {
        let next = match (step, fixed_key(Some(step))) {
            ((Step::Attribute(name), span, _), _) => attribute(&value, &name.text, *span),
            ((Step::Index(_), span, _), Some(key)) => index(&value, &key, *span),
            // What comes after a computed key is looked at with the value.
            ((Step::Index(_), _, _), None) => return Ok(()),
        };
        value = next.map_err(|stop| Stop { fatal: true, ..stop.plain() })?;
    }
    Ok(())
}

fn words(mode: Mode) -> (&'static str, &'static str) {
    match mode {
        Mode::Managed => ("Invalid resource type", "resource type"),
        Mode::Data => ("Invalid data source", "data source"),
        Mode::Ephemeral => ("Invalid ephemeral resource", "ephemeral resource"),
    }
}

/// Reads an entry of `ignore_changes` as a path.
fn relative(expr: &Expr) -> Option<Path> {
    let chain = Chain::new(expr);
    let first = match chain.root.literal() {
        Some(text) => text,
        None => chain.name().0.to_string(),
    };
    if first.is_empty() {
        return None;
    }
    let root = Path::root().attribute(first);
    Some(chain.steps.iter().enumerate().fold(root, |path, (place, (step, _, _))| match step {
        Step::Attribute(name) => path.attribute(&name.text),
        Step::Index(_) => match fixed_key(chain.steps.get(place)) {
            Some(key) => {
                match (key.as_str(), key.as_i64().and_then(|place| usize::try_from(place).ok())) {
                    (Some(text), _) => path.key(text),
                    (None, Some(place)) => path.place(place),
                    (None, None) => path,
                }
            }
            None => path,
        },
    }))
}

/// Marks the sensitive parts of an object by its type's schema.
pub fn sealed(value: &Value, schema: &Schema) -> Value {
    let marked = marked_by(value, &schema.fields);
    schema.seal.map_or_else(|| marked.clone(), |seal| (seal.0)(&marked))
}

fn marked_by(value: &Value, fields: &BTreeMap<String, Field>) -> Value {
    let Kind::Object(parts) = value.kind() else { return value.clone() };
    if !fields.values().any(Field::has_secret) {
        return value.clone();
    }
    let marked = parts.iter().map(|(name, part)| {
        let part = match fields.get(&**name) {
            Some(field) if field.sensitive => part.clone().sensitive(),
            Some(field) => match &field.nesting {
                Nesting::Block(block) if field.has_secret() => match block.kind {
                    BlockKind::Single => marked_by(part, &block.fields),
                    BlockKind::List | BlockKind::Set | BlockKind::Map => {
                        part.map_parts(&mut |element| marked_by(element, &block.fields))
                    }
                },
                Nesting::Block(_) | Nesting::Attribute => part.clone(),
            },
            None => part.clone(),
        };
        (name.clone(), part)
    });
    Value::object(marked).marked(value.marks())
}
