//! `import` blocks: which objects are taken over, one for each turn of `for_each`.

use super::access::entries;
use super::evaluator::Pass;
use super::evidence::Cause;
use super::reference::{Chain, Named, Step, named, references};
use super::scope::{Eval, Scope, Stop, Turn, fatal, fatal_value};
use crate::addr::{Address, Key, Step as ModuleStep};
use crate::config::Import;
use crate::diag::{Diagnostic, Span};
use crate::syntax::tree::Expr;
use crate::value::convert::convert;
use crate::value::{Kind, Type};

/// One object to be taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Imported {
    /// The instance that it becomes.
    pub to: Address,
    /// Its id, as the provider writes it.
    pub id: String,
    /// The place of the address in the block.
    pub span: Span,
}

impl Pass<'_, '_> {
    /// Evaluates the root's `import` blocks.
    pub(super) fn imports(&mut self) -> Vec<Imported> {
        let mut found = Vec::new();
        for import in &self.evaluator.config.root.imports {
            let Some(id) = &import.id else { continue };
            if !self.is_import_reached(&import.to) {
                continue;
            }
            let turns = match &import.for_each {
                Some(each) => self.import_turns(each),
                None => Ok(vec![Turn::None]),
            };
            let Some(turns) = self.tell(turns) else { continue };
            for turn in turns {
                let made = self.imported(import, id, turn);
                let Some(made) = self.tell(made) else { break };
                found.push(made);
            }
        }
        found
    }

    /// Says whether the block that is imported to is part of what is targeted. What names a module that there is none of is
    /// told whatever the targets are.
    fn is_import_reached(&self, to: &Expr) -> bool {
        let chain = Chain::new(to);
        let names = chain.steps.iter().filter_map(|(step, ..)| match step {
            Step::Attribute(name) => Some(name.text.as_str()),
            Step::Index(_) => None,
        });
        let words: Vec<&str> = std::iter::once(chain.name().0).chain(names).collect();
        let (mut module, mut rest) = (Vec::new(), words.as_slice());
        while let ["module", name, after @ ..] = rest {
            module.push(ModuleStep { name: (*name).into(), key: None });
            rest = after;
        }
        let [type_name, name] = rest else { return true };
        let block = Address::root(crate::addr::Mode::Managed, type_name, name).in_module(module);
        let path: Vec<String> = block.module.iter().map(|step| step.name.clone()).collect();
        self.evaluator.config.module(&path).is_none() || self.evaluator.is_reached(&block)
    }

    /// Gives the turns of an `import` block's `for_each`: any collection will do, and a secret one too.
    fn import_turns(&mut self, each: &Expr) -> Eval<Vec<Turn>> {
        let result = self.import_entries(each);
        let unknown = |problem: &Diagnostic| problem.detail.contains("until apply");
        let ephemeral = |problem: &Diagnostic| problem.detail.contains("ephemeral value");
        let cause = match &result {
            Err(stop) if stop.problems.iter().any(unknown) => Cause::Unknown,
            Err(stop) if stop.problems.iter().any(ephemeral) => Cause::Sensitive,
            _ => Cause::Other,
        };
        self.explained_by(result, each, cause, &mut Scope::module(0))
    }

    fn import_entries(&mut self, each: &Expr) -> Eval<Vec<Turn>> {
        const SUMMARY: &str = "Invalid for_each argument";
        let value = self.expr(each, &mut Scope::module(0))?;
        if value.marks().ephemeral {
            let detail = "The given \"for_each\" value is derived from an ephemeral value, which means that Terraform cannot \
                          persist it between plan/apply rounds. Use only non-ephemeral values to specify a resource's \
                          instance keys.";
            return fatal_value(SUMMARY, detail, each.span);
        }
        if value.is_null() {
            return Ok(Vec::new());
        }
        if !value.is_whole() {
            if self.evaluator.inputs.validating {
                return Ok(Vec::new());
            }
            let detail = "The \"for_each\" expression includes values derived from other resource attributes that cannot be \
                          determined until apply, and so Terraform cannot determine the full set of values that might be \
                          used to import this resource.";
            return fatal_value(SUMMARY, detail, each.span);
        }
        let Some((entries, marks)) = entries(&value) else {
            let detail = "The \"for_each\" expression must be a collection.";
            return fatal_value(SUMMARY, detail, each.span);
        };
        let turns = entries.into_iter().map(|(key, value)| Turn::Each(key, value.marked(marks)));
        Ok(turns.collect())
    }

    /// Checks that an instance's key is of the kind that its block gives.
    fn fits_repetition(&self, to: &Address, span: Span) -> Eval<()> {
        let block = self.evaluator.config.resource(to);
        let counted = block.is_some_and(|block| block.count.is_some());
        let keyed = block.is_some_and(|block| block.for_each.is_some());
        let detail = match &to.key {
            None if counted => "The target resource is using count.",
            None if keyed => "The target resource is using for_each.",
            Some(Key::Number(_)) if !counted => "The target resource does not use count.",
            Some(Key::String(_)) if !keyed => "The target resource does not use for_each.",
            _ => return Ok(()),
        };
        fatal("Invalid import 'to' expression", detail, span)
    }

    fn imported(&mut self, import: &Import, id: &Expr, turn: Turn) -> Eval<Imported> {
        let mut scope = Scope { turn, ..Scope::module(0) };
        let to = self.import_address(&import.to, &mut scope)?;
        refers_to_itself(&to, id)?;
        let path: Vec<String> = to.module.iter().map(|step| step.name.clone()).collect();
        if self.evaluator.config.module(&path).is_none() {
            let detail = format!(
                "The configuration for the given import target {to} does not exist. All target instances must have an \
                 associated configuration to be imported."
            );
            return fatal("Configuration for import target does not exist", detail, import.to.span);
        }
        let missing = self.evaluator.config.resource(&to).is_none();
        // A key that the import's own `for_each` gives is held against the block first.
        if missing && to.module.is_empty() && to.key.is_some() != import.for_each.is_some() {
            let detail = "The given import block is not compatible with config generation. The -generate-config-out option \
                          cannot be used with import blocks which use for_each, or resources which use for_each or count.";
            return fatal("Configuration for import target does not exist", detail, import.to.span);
        }
        self.fits_repetition(&to, import.to.span)?;
        if missing && !self.evaluator.inputs.validating {
            let detail = format!(
                "The configuration for the given import target {to} does not exist. If you wish to automatically generate \
                 config for this resource, use the -generate-config-out option within terraform plan. Otherwise, make sure the \
                 target resource exists within your configuration. For example:\n\n  terraform plan \
                 -generate-config-out=generated.tf"
            );
            return fatal("Configuration for import target does not exist", detail, import.to.span);
        }
        let id = self.import_id(id, &mut scope)?;
        Ok(Imported { to, id, span: import.to.span })
    }

    fn import_id(&mut self, id: &Expr, scope: &mut Scope) -> Eval<String> {
        let value = self.expr(id, scope)?;
        let invalid = |detail: &str| fatal("Invalid import id argument", detail, id.span);
        let text = match convert(&value, &Type::String) {
            Ok(text) => text,
            Err(error) => {
                return invalid(&format!("The import ID value is unsuitable: {}.", error.message));
            }
        };
        match text.kind() {
            Kind::Null(_) => invalid("The import ID cannot be null."),
            // Whatever is not known yet may be known in the plan.
            Kind::Unknown(..) if self.evaluator.inputs.validating => Err(Stop::reported()),
            Kind::Unknown(..) => invalid(
                "The import block \"id\" argument depends on resource attributes that cannot be determined until apply, so \
                 Terraform cannot plan to import this resource.",
            ),
            Kind::String(text) if text.is_empty() => invalid(
                "The import ID value evaluates to an empty string, please provide a non-empty value.",
            ),
            Kind::String(text) => Ok(text.to_string()),
            _ => invalid("The import ID must be a string."),
        }
    }

    /// Reads `module.a["k"].type.name[each.key]` as an address.
    fn import_address(&mut self, to: &Expr, scope: &mut Scope) -> Eval<Address> {
        let chain = Chain::new(to);
        let mut words: Vec<(String, Option<Key>)> = vec![(chain.name().0.to_string(), None)];
        for (step, _, _) in &chain.steps {
            match step {
                Step::Attribute(name) => words.push((name.text.clone(), None)),
                Step::Index(index) => {
                    let key = self.import_key(index, scope)?;
                    if let Some(last) = words.last_mut() {
                        last.1 = Some(key);
                    }
                }
            }
        }
        let mut words = words.into_iter().peekable();
        let mut module = Vec::new();
        while words.next_if(|(word, key)| word == "module" && key.is_none()).is_some() {
            let Some((name, key)) = words.next() else { break };
            module.push(ModuleStep { name, key });
        }
        let rest: Vec<(String, Option<Key>)> = words.collect();
        match rest.as_slice() {
            [(type_name, None), (name, key)] if !type_name.is_empty() && type_name != "data" => {
                let block = Address::root(crate::addr::Mode::Managed, type_name, name);
                Ok(block.in_module(module).with_key(key.clone()))
            }
            _ => fatal(
                "Invalid import address",
                "The address must be that of one instance of a resource, like \"TYPE.NAME\" or \"TYPE.NAME[KEY]\".",
                to.span,
            ),
        }
    }

    fn import_key(&mut self, index: &Expr, scope: &mut Scope) -> Eval<Key> {
        let value = self.expr(index, scope)?;
        if value.is_sensitive() {
            let detail = "Import address index expression cannot be sensitive.";
            return fatal("Invalid index expression", detail, index.span);
        }
        let number = value.as_i64().and_then(|number| u64::try_from(number).ok());
        match (value.as_str(), number) {
            (Some(text), _) => Ok(Key::String(text.into())),
            (None, Some(number)) => Ok(Key::Number(number)),
            (None, None) => fatal(
                "Invalid address",
                "Invalid resource instance key: either a string or an integer is required.",
                index.span,
            ),
        }
    }
}

/// Refuses an id that is taken from the object that it imports.
fn refers_to_itself(to: &Address, id: &Expr) -> Eval<()> {
    let mut found = None;
    references(id, &mut Vec::new(), &mut |chain| {
        if let Ok(Named::Resource { mode, type_name, name, used }) = named(chain)
            && (mode, type_name, name) == (to.mode, to.type_name.as_str(), to.name.as_str())
        {
            found = found.or(Some(chain.named_until(used)));
        }
    });
    let Some(span) = found else { return Ok(()) };
    let detail = "The import ID cannot reference the resource being imported.";
    fatal("Invalid import id argument", detail, span)
}
