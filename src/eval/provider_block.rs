//! Provider blocks: what a session is made from, and what that is made from itself.

use std::collections::BTreeMap;

use super::evaluator::Pass;
use super::scope::{Eval, Needs, Scope, Stop};
use super::{ProviderConfig, ProviderRef};
use crate::diag::Diagnostic;
use crate::schema::Field;
use crate::syntax::tree::{Body, Expr, ExprKind};
use crate::value::Path;

impl Pass<'_, '_> {
    pub(super) fn make_provider(&mut self, provider: &ProviderRef) -> Eval<ProviderConfig> {
        // Of a provider that is not here nothing is known, so nothing is wrong with its block.
        let Some(schema) = self.evaluator.schemas.provider(&provider.source) else {
            return Err(Stop::reported());
        };
        let mut at = 0;
        for name in &provider.module {
            let Some(call) = self.evaluator.modules[at].module.calls.get(name) else { break };
            at = self.child(at, call, None);
        }
        let Some(block) = self.provider_block(provider) else {
            if let Some(alias) = &provider.alias {
                let detail = format!(
                    "There is no configuration of the provider {:?} with the alias {alias:?}.",
                    provider.name
                );
                return Err(Stop::fatal(Diagnostic::error(
                    "Provider configuration not present",
                    detail,
                )));
            }
            return Ok(ProviderConfig {
                value: schema.empty(),
                needs: BTreeMap::new(),
                span: None,
            });
        };
        let mut scope = Scope::module(at);
        let mut places = Vec::new();
        let fields = &schema.fields;
        let value =
            self.body(&block.body, fields, &Path::root(), false, &mut places, &mut scope)?;
        let needs = self.needs_of_provider(&block.body, fields, &mut scope)?;
        Ok(ProviderConfig { value, needs, span: Some(block.span) })
    }

    /// Gives what each argument of a provider block is made from: `block.argument` for one inside of a block.
    fn needs_of_provider(
        &mut self,
        body: &Body,
        fields: &BTreeMap<String, Field>,
        scope: &mut Scope,
    ) -> Eval<BTreeMap<String, Needs>> {
        let mut needs: BTreeMap<String, Needs> = BTreeMap::new();
        for attribute in &body.attributes {
            let name = &attribute.name.text;
            needs.insert(name.clone(), self.needs_of_expr(&attribute.expr, scope)?);
            let ExprKind::Object(items) = &attribute.expr.kind else { continue };
            for item in items {
                let Some(inner) = item.key.literal() else { continue };
                let found = self.needs_of_expr(&item.value, scope)?;
                needs.insert(format!("{name}.{inner}"), found);
            }
        }
        for inner in &body.blocks {
            let Some(shape) = fields.get(&inner.kind.text).and_then(Field::inside) else {
                continue;
            };
            let name = &inner.kind.text;
            let (result, trace) = self.traced(|pass| {
                let mut places = Vec::new();
                pass.body(&inner.body, &shape.fields, &Path::root(), false, &mut places, scope)
                    .map(|_| ())
            });
            result?;
            needs.entry(name.clone()).or_default().extend(trace.needs);
            for attribute in &inner.body.attributes {
                let found = self.needs_of_expr(&attribute.expr, scope)?;
                needs.entry(format!("{name}.{}", attribute.name.text)).or_default().extend(found);
            }
        }
        Ok(needs)
    }

    fn needs_of_expr(&mut self, expr: &Expr, scope: &mut Scope) -> Eval<Needs> {
        let (result, trace) = self.traced(|pass| pass.expr(expr, scope).map(|_| ()));
        result.map(|()| trace.needs)
    }
}
