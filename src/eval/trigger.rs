//! `replace_triggered_by`: whose changes replace an instance.

use super::evaluator::Pass;
use super::expand::Turns;
use super::reference::{Chain, Named, Step, block_text, is_reserved, named};
use super::scope::{Eval, ModuleId, Scope, Stop, fatal};
use crate::addr::{Address, Key};
use crate::diag::Diagnostic;
use crate::syntax::tree::Expr;
use crate::value::{Path, Value};

impl Pass<'_, '_> {
    /// Reads one entry of `replace_triggered_by`: an instance or block, and the attribute after it.
    pub(super) fn trigger(
        &mut self,
        entry: &Expr,
        module: ModuleId,
        scope: &mut Scope,
    ) -> Eval<(Address, Path)> {
        let chain = Chain::new(entry);
        if is_reserved(chain.name().0) {
            let detail =
                "Only resources, count.index, and each.key may be used in replace_triggered_by.";
            return fatal(
                "Invalid reference in replace_triggered_by expression",
                detail,
                entry.span,
            );
        }
        let Named::Resource { mode, type_name, name, used } = named(&chain)? else {
            return Err(Stop::reported());
        };
        let name = (mode, type_name, name);
        let span = chain.until(used);
        let block = self.declared(module, name, span).or_else(|_| {
            let text = block_text(name.0, name.1, name.2);
            let detail =
                format!("A resource {text} has not been declared in {}", self.module_label(module));
            fatal("Reference to undeclared resource", detail, span)
        })?;
        let mut address = self.block_address(block);
        let mut rest = used;
        let turns = self.block_turns(block)?;
        match chain.steps.get(used) {
            Some((Step::Index(index), _, _)) => {
                let index = self.expr(index, scope)?;
                address.key = turns.key_of(&index);
                rest += 1;
                if address.key.is_none() && !self.was(&address, &index) {
                    return Err(self.nothing_changes(module, &address, Some(&index)));
                }
            }
            // With an attribute it is the one instance without a key that is meant.
            Some(_) if !turns.has(None) => {
                return Err(self.nothing_changes(module, &address, None));
            }
            Some(_) => {}
            None => {
                let none = turns.keys().is_empty() && !matches!(*turns, Turns::Unknown(_));
                if none && self.oracle.prior_keys(&address).is_empty() {
                    return Err(self.nothing_changes(module, &address, None));
                }
            }
        }
        let path = chain.steps[rest..].iter().fold(Path::root(), |path, (step, _, _)| match step {
            Step::Attribute(name) => path.attribute(&name.text),
            Step::Index(index) => match index.literal() {
                Some(key) => path.key(&key),
                None => path,
            },
        });
        self.need(address.clone());
        Ok((address, path))
    }

    /// Says whether the state has an instance of this key.
    fn was(&self, block: &Address, index: &Value) -> bool {
        let keys = self.oracle.prior_keys(block);
        keys.iter().any(|key| match key {
            Key::Number(number) => {
                index.as_i64().is_some_and(|index| Ok(index) == i64::try_from(*number))
            }
            Key::String(text) => index.as_str() == Some(&**text),
        })
    }

    /// Says that what `replace_triggered_by` names is no part of the plan.
    fn nothing_changes(&self, module: ModuleId, address: &Address, index: Option<&Value>) -> Stop {
        let steps = crate::addr::module_text(&self.evaluator.modules[module].steps);
        let within = if steps.is_empty() { "the root module".to_string() } else { steps };
        let key = index.and_then(|index| match (index.as_str(), index.as_i64()) {
            (Some(text), _) => Some(Key::String(text.into())),
            (None, number) => number.and_then(|number| u64::try_from(number).ok()).map(Key::Number),
        });
        let named = Address::root(address.mode, &address.type_name, &address.name).with_key(key);
        let summary = format!("no change found for {named} in {within}");
        Stop::fatal(Diagnostic::error(summary, ""))
    }
}
