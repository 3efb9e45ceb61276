//! Modules: their instances, their locals and outputs, and what `module.x` gives.

use std::rc::Rc;
use std::sync::Arc;

use super::CheckStatus;
use super::evaluator::Pass;
use super::expand::Turns;
use super::reference::{Chain, Step, anything, fixed_key, single};
use super::scope::{BlockId, Eval, Item, ModuleId, Needs, Scope, Stop, Turn, fatal};
use crate::addr::{Address, BlockName, Key, Step as AddressStep};
use crate::config::{Module, ModuleCall, names};
use crate::diag::{Diagnostic, Span, nearest_within};
use crate::syntax::tree::{Expr, ExprKind};
use crate::value::{Type, Value};

/// A module's instance.
#[derive(Debug)]
pub(super) struct ModuleInstance<'a> {
    /// The way to it.
    pub steps: Vec<AddressStep>,
    /// The module.
    pub module: &'a Module,
    /// Who calls it; nothing for the root.
    pub caller: Option<(ModuleId, &'a ModuleCall)>,
    /// The key of this instance.
    pub key: Option<Key>,
}

/// The addresses of a `depends_on`.
#[derive(Clone, Debug, Default)]
pub(super) struct DependsOn(pub Rc<Needs>);

impl<'a> Pass<'_, 'a> {
    /// Gives the instance of a called module.
    pub(super) fn child(
        &mut self,
        parent: ModuleId,
        call: &'a ModuleCall,
        key: Option<Key>,
    ) -> ModuleId {
        let name = call.name.text.as_str();
        let id = (parent, name, key.clone());
        if let Some(known) = self.evaluator.children.get(&id) {
            return *known;
        }
        let mut steps = self.evaluator.modules[parent].steps.clone();
        steps.push(AddressStep { name: name.to_string(), key: key.clone() });
        let number = self.evaluator.modules.len();
        let caller = Some((parent, call));
        self.evaluator.modules.push(ModuleInstance { steps, module: &call.module, caller, key });
        self.evaluator.children.insert(id, number);
        number
    }

    /// Gives all instances of a called module: in validation one that stands for all.
    pub(super) fn children(
        &mut self,
        parent: ModuleId,
        call: &'a ModuleCall,
    ) -> Eval<Vec<ModuleId>> {
        let turns = self.call_turns(parent, &call.name.text)?;
        let mut keys = turns.keys();
        if matches!(*turns, Turns::Unknown(_)) {
            keys.push(None);
        }
        Ok(keys.into_iter().map(|key| self.child(parent, call, key)).collect())
    }

    /// Gives what a module's call sees for one of its instances.
    pub(super) fn call_turn(&mut self, module: ModuleId) -> Eval<Turn> {
        let Some((parent, call)) = self.evaluator.modules[module].caller else {
            return Ok(Turn::None);
        };
        let key = self.evaluator.modules[module].key.clone();
        Ok(self.call_turns(parent, &call.name.text)?.turn(key.as_ref()))
    }

    /// Takes over what the calls of a module were made from: their `count` and `for_each`, and their `depends_on`.
    /// Gives the latter.
    pub(super) fn module_needs(&mut self, module: ModuleId) -> Eval<Rc<Needs>> {
        let Some((parent, call)) = self.evaluator.modules[module].caller else {
            return Ok(self.evaluator.nothing.clone());
        };
        self.call_turns(parent, &call.name.text)?;
        let depends = self.once(Item::Module(module, "depends_on"), |pass| {
            let above = pass.module_needs(parent)?;
            let mut depends = (*above).clone();
            let mut scope = Scope::module(parent);
            depends.extend(pass.depends_on(&call.depends_on, &mut scope)?);
            Ok(DependsOn(Rc::new(depends)))
        })?;
        self.absorb(&depends.0, false, false);
        Ok(depends.0)
    }

    /// Gives what a `depends_on` leads to, and takes it over.
    pub(super) fn depends_on(&mut self, entries: &[Expr], scope: &mut Scope) -> Eval<Needs> {
        let mut found = Needs::new();
        let mut results = Vec::new();
        for entry in entries {
            let whole = whole_object(entry);
            // What is no whole object is told of each entry; after that nothing is looked up.
            if whole.is_err() || results.iter().any(Result::is_err) {
                results.push(whole);
                continue;
            }
            let (result, trace) = self.traced(|pass| pass.depends_on_one(entry, scope));
            results.push(result);
            self.absorb(&trace.needs, trace.pending, trace.asked);
            found.extend(trace.needs);
        }
        super::scope::all(results).map(|_| found)
    }

    fn depends_on_one(&mut self, entry: &Expr, scope: &mut Scope) -> Eval<()> {
        let chain = Chain::new(entry);
        let module = self.evaluator.modules[scope.module].module;
        let whole_module = chain.name().0 == "module" && chain.attribute(1).is_none();
        let call = chain.attribute(0).and_then(|name| module.calls.get(&name.text));
        match (whole_module, call) {
            (true, Some(call)) => self.need_all(scope.module, call),
            _ => self.skip(entry, scope),
        }
    }

    /// Notes all blocks in all instances of a module.
    fn need_all(&mut self, parent: ModuleId, call: &'a ModuleCall) -> Eval<()> {
        for child in self.children(parent, call)? {
            let module = self.evaluator.modules[child].module;
            for resource in module.resources.values() {
                let address = self.block_address(BlockId { module: child, resource });
                self.need(address);
            }
            for inner in module.calls.values() {
                self.need_all(child, inner)?;
            }
        }
        Ok(())
    }

    /// Gives a local's value.
    pub(super) fn local_named(&mut self, module: ModuleId, name: &str, span: Span) -> Eval {
        let locals = &self.evaluator.modules[module].module.locals;
        let Some((name, attribute)) = locals.get_key_value(name) else {
            let near = nearest_within(name, locals.keys().map(String::as_str));
            let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
            let detail =
                format!("A local value with the name {name:?} has not been declared.{hint}");
            return fatal("Reference to undeclared local value", detail, span);
        };
        let item = Item::Local(module, name);
        if self.evaluator.running.last() == Some(&item) {
            let detail = format!(
                "Local value local.{name} cannot use its own result as part of its expression."
            );
            return fatal("Self-referencing local value", detail, span);
        }
        self.once(item, |pass| pass.expr(&attribute.expr, &mut Scope::module(module)))
    }

    /// Gives the value of a module's output.
    pub(super) fn output(&mut self, module: ModuleId, name: &'a str) -> Eval {
        let Some(output) = self.evaluator.modules[module].module.outputs.get(name) else {
            return Err(Stop::reported());
        };
        self.once(Item::Output(module, name), |pass| {
            pass.module_needs(module)?;
            if let Some(result) = pass.output_preconditions(module, output) {
                let status = result.status;
                pass.evaluator.validations.insert(result.address.clone(), result);
                let inputs = pass.evaluator.inputs;
                let told = inputs.lenient && !inputs.applying && status == CheckStatus::Fail;
                if !told && matches!(status, CheckStatus::Fail | CheckStatus::Error) {
                    return Err(Stop::reported());
                }
            }
            let mut scope = Scope::module(module);
            let value = pass.expr(&output.value, &mut scope);
            pass.depends_on(&output.depends_on, &mut scope)?;
            let mut value = value?;
            let is_root = module == 0;
            if is_root && output.ephemeral {
                let detail = "Ephemeral outputs are not allowed in context of a root module";
                let problem = Diagnostic::error("Ephemeral output not allowed", detail);
                return Err(Stop::problem(problem.at(output.span, "")));
            }
            if output.sensitive && is_root {
                value = value.sensitive();
            }
            let marks = value.all_marks();
            if is_root && marks.sensitive && !output.sensitive {
                return Err(Stop::problem(Diagnostic::error(SENSITIVE, SENSITIVE_DETAIL).at(output.span, "")));
            }
            if marks.ephemeral && !output.ephemeral {
                let detail = "This output value is not declared as returning an ephemeral value, so it cannot be set to a \
                              result derived from an ephemeral value.";
                let problem = Diagnostic::error("Ephemeral value not allowed", detail);
                return Err(Stop::problem(problem.at(output.value.span, "")));
            }
            if output.ephemeral && !is_root {
                value = value.marked(crate::value::Marks { sensitive: false, ephemeral: true });
            }
            Ok(value)
        })
    }

    /// Evaluates `module.x`, `module.x[key]`, `module.x.output` and `module.x[key].output`.
    pub(super) fn module_reference(
        &mut self,
        chain: &Chain<'_>,
        scope: &mut Scope,
    ) -> Eval<(Value, usize)> {
        let name = single(chain)?;
        let module = self.evaluator.modules[scope.module].module;
        let Some(call) = module.calls.get(&name.text) else {
            let near = nearest_within(&name.text, module.calls.keys().map(String::as_str));
            let hint = near.map(|near| format!(" Did you mean {near:?}?")).unwrap_or_default();
            let detail = format!(
                "No module call named {:?} is declared in {}.{hint}",
                name.text,
                self.module_label(scope.module)
            );
            let keyed = 1 + usize::from(fixed_key(chain.steps.get(1)).is_some());
            let used = keyed + usize::from(chain.attribute(keyed).is_some());
            return fatal("Reference to undeclared module", detail, chain.until(used));
        };
        let turns = self.call_turns(scope.module, &call.name.text)?;
        let (key, used) = match (&*turns, chain.steps.get(1)) {
            (Turns::Single, _) => (None, 1),
            (Turns::Count(_) | Turns::Each(_), Some((Step::Index(index), _, _))) => {
                let index = self.expr(index, scope).map_err(Stop::of_part)?;
                match turns.key_of(&index) {
                    Some(key) if !index.marks().any() => (Some(key), 2),
                    _ => return Ok((self.module_value(scope.module, call)?, 1)),
                }
            }
            _ => return Ok((self.module_value(scope.module, call)?, 1)),
        };
        let child = self.child(scope.module, call, key);
        let output =
            chain.attribute(used).and_then(|name| call.module.outputs.get_key_value(&name.text));
        match output {
            Some((name, _)) => {
                let value = self.output(child, name)?;
                // A checked module says nothing of its outputs.
                let checked = self.evaluator.inputs.validating;
                Ok((if checked { Value::unknown(Type::Any) } else { value }, used + 1))
            }
            None => Ok((self.module_object(child)?, used)),
        }
    }

    /// Gives the value of a whole module call.
    fn module_value(&mut self, module: ModuleId, call: &'a ModuleCall) -> Eval {
        let turns = self.call_turns(module, &call.name.text)?;
        let children = self.children(module, call)?;
        self.once(Item::Module(module, &call.name.text), |pass| {
            let mut objects = Vec::new();
            for child in children {
                objects
                    .push((pass.evaluator.modules[child].key.clone(), pass.module_object(child)?));
            }
            let validating = pass.evaluator.inputs.validating;
            let open = call.module.outputs.keys().map(|name| (name.as_str(), Type::Any));
            let element = || Type::object(open);
            Ok(match &*turns {
                // While only the text is checked, keys are not gone through.
                Turns::Each(_) if validating => Value::unknown(Type::map(element())),
                Turns::Count(_) if validating => Value::unknown(Type::list(element())),
                Turns::Each(_) => {
                    Value::object(objects.into_iter().map(|(key, object)| (key_text(key), object)))
                }
                Turns::Count(_) => {
                    Value::tuple(objects.into_iter().map(|(_, object)| object).collect())
                }
                Turns::Unknown(_) if !validating => anything(),
                Turns::Unknown(true) => Value::unknown(Type::list(element())),
                Turns::Unknown(false) => Value::unknown(Type::map(element())),
                Turns::Single => {
                    objects.into_iter().next().map_or_else(anything, |(_, object)| object)
                }
            })
        })
    }

    /// Gives the object of a module instance's outputs.
    fn module_object(&mut self, module: ModuleId) -> Eval {
        let outputs = &self.evaluator.modules[module].module.outputs;
        let mut fields = Vec::new();
        for name in outputs.keys() {
            fields.push((name.as_str(), self.output(module, name)?));
        }
        if self.evaluator.inputs.validating {
            let types = fields.iter().map(|(name, _)| (*name, Type::Any));
            return Ok(Value::unknown(Type::object(types)));
        }
        Ok(Value::object(fields))
    }

    /// Gives the address of a block in a module's instance.
    pub(super) fn block_address(&mut self, block: BlockId<'a>) -> Address {
        if let Some(known) = self.evaluator.addresses.get(&block) {
            return known.clone();
        }
        let name = BlockName {
            module: self.evaluator.modules[block.module].steps.clone(),
            mode: block.resource.mode,
            type_name: block.resource.type_name.text.clone(),
            name: block.resource.name.text.clone(),
        };
        let address = Address::from(name);
        self.evaluator.addresses.insert(block, address.clone());
        address
    }
}

/// Gives a key as text.
pub(super) fn key_text(key: Option<Key>) -> Arc<str> {
    match key {
        Some(Key::String(key)) => key,
        Some(Key::Number(place)) => place.to_string().into(),
        None => "".into(),
    }
}

const SENSITIVE: &str = "Output refers to sensitive values";
const SENSITIVE_DETAIL: &str = "To reduce the risk of accidentally exporting sensitive data that was intended to be only \
    internal, Terraform requires that any root module output containing sensitive data be explicitly marked as sensitive, to \
    confirm your intent.\n\nIf you do intend to export this data, annotate the output value as sensitive by adding the following \
    argument:\n    sensitive = true";

/// Checks that an entry of `depends_on` is a whole object: a block, an instance, a module or its output.
fn whole_object(entry: &Expr) -> Eval<()> {
    let reference = match names::reference(entry) {
        Some(Ok(reference)) => reference,
        Some(Err(problem)) => return Err(Stop::fatal(*problem)),
        None => return Ok(()),
    };
    let is_key = |step: &&&Expr| matches!(step.kind, ExprKind::Index(..));
    let mut steps = reference.rest.iter().filter(|step| !is_key(step));
    let further = match reference.subject {
        names::Subject::Resource(..) => steps.next(),
        // An output is a whole object too.
        names::Subject::Module(_) => steps.nth(1),
        _ => None,
    };
    let Some(step) = further else { return Ok(()) };
    let before = names::chain(step).iter().rev().nth(1).map_or(0, |source| source.span.end);
    let detail = "References in depends_on must be to a whole object (resource, etc), not to an attribute of an object.";
    let span = Span { start: before, end: entry.span.end, ..entry.span };
    fatal("Invalid depends_on reference", detail, span)
}
