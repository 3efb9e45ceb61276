//! `import` blocks: which objects are taken over, one for each turn of `for_each`.

use super::evaluator::Pass;
use super::expand::Turns;
use super::reference::{Chain, Step};
use super::scope::{Eval, Scope, Stop, fatal};
use crate::addr::{Address, Key, Step as ModuleStep};
use crate::config::Import;
use crate::diag::Span;
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
            let turns = self.turns(None, import.for_each.as_ref(), &mut Scope::module(0));
            let Some(turns) = self.tell(turns) else { continue };
            let keys = turns.keys();
            for key in keys {
                let made = self.imported(import, id, &turns, key.as_ref());
                found.extend(self.tell(made));
            }
        }
        found
    }

    fn imported(
        &mut self,
        import: &Import,
        id: &Expr,
        turns: &Turns,
        key: Option<&Key>,
    ) -> Eval<Imported> {
        let mut scope = Scope { turn: turns.turn(key), ..Scope::module(0) };
        let to = self.import_address(&import.to, &mut scope)?;
        let path: Vec<String> = to.module.iter().map(|step| step.name.clone()).collect();
        if self.evaluator.config.module(&path).is_none() {
            let detail = format!(
                "The configuration for the given import target {to} does not exist. All target instances must have an \
                 associated configuration to be imported."
            );
            return fatal("Configuration for import target does not exist", detail, import.to.span);
        }
        let missing = self.evaluator.config.resource(&to).is_none();
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
            _ if text.is_sensitive() => invalid("The import ID cannot be sensitive."),
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
        for (step, place, _) in &chain.steps {
            match step {
                Step::Attribute(name) => words.push((name.text.clone(), None)),
                Step::Index(index) => {
                    let key = self.import_key(index, *place, scope)?;
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

    fn import_key(&mut self, index: &Expr, place: Span, scope: &mut Scope) -> Eval<Key> {
        let value = self.expr(index, scope)?;
        let number = value.as_i64().and_then(|number| u64::try_from(number).ok());
        match (value.as_str(), number) {
            (Some(text), _) => Ok(Key::String(text.into())),
            (None, Some(number)) => Ok(Key::Number(number)),
            (None, None) => fatal(
                "Invalid import address",
                "The key of an instance must be a known string or whole number.",
                place,
            ),
        }
    }
}
