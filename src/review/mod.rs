//! What a reviewer must know of a plan besides the plan: which line of the configuration each change comes from and what
//! was edited, which changes are certain, and what is dangerous about them.
//!
//! Data for `render`: it asks nothing of the world.

mod calls;
mod cause;
mod certain;
pub mod finding;
pub mod parts;
pub mod risk;
mod scope;
pub mod site;
mod step;
pub mod trace;

use std::sync::Arc;

use crate::addr::{Address, Mode};
use crate::config::Config;
use crate::diag::{Sources, Span};
use crate::eval::Inputs;
use crate::plan::{Change, Plan, PlanMode, Reason, Verb};
use crate::schema::{RiskRule, Schema};
use crate::value::{Path, Value};

pub use self::cause::Cause;
pub use self::certain::Certainty;
use self::finding::Finding;
use self::parts::{Differing, differing};
use self::risk::Risk;
use self::trace::{Origin, Tracer};

/// A plan as reviewers see it.
#[derive(Clone, Debug, Default)]
pub struct Review {
    /// The changes, in the order of their addresses.
    pub items: Vec<Item>,
    /// What was edited and how much it changes, the widest first.
    pub causes: Vec<(Cause, usize)>,
    /// What policies say of it, denials first.
    pub findings: Vec<Finding>,
}

impl Review {
    /// Gives the change of an object.
    pub fn item(&self, address: &Address, deposed: Option<&str>) -> Option<&Item> {
        let key = (address, deposed);
        let found =
            self.items.binary_search_by(|item| (&item.address, item.deposed.as_deref()).cmp(&key));
        found.ok().map(|place| &self.items[place])
    }

    /// Gives the change of an object that is mostly the next after the one asked for before, whose place is kept in `next`.
    pub fn item_from(
        &self,
        next: &mut usize,
        address: &Address,
        deposed: Option<&str>,
    ) -> Option<&Item> {
        let ahead = self.items.get(*next);
        let ahead =
            ahead.filter(|item| item.address == *address && item.deposed.as_deref() == deposed);
        *next += 1;
        ahead.or_else(|| self.item(address, deposed))
    }
}

/// One change of an object.
#[derive(Clone, Debug)]
pub struct Item {
    /// The instance.
    pub address: Address,
    /// The deposed object's key, where it is one.
    pub deposed: Option<String>,
    /// Its block's header; nothing for what has no block.
    pub place: Option<Span>,
    /// The calls of modules that lead to it, the outermost first.
    pub calls: Vec<Span>,
    /// Whether it is sure to happen.
    pub certainty: Certainty,
    /// The parts that differ; of what is made those that the configuration gives.
    pub parts: Vec<Part>,
    /// The texts that say which instances there are, where its instance comes or goes by that.
    pub repeated: Vec<Origin>,
    /// Whether it goes because there are fewer instances.
    pub gone: bool,
    /// What is dangerous about it, the worst first.
    pub risks: Vec<Risk>,
}

/// One part of a change.
#[derive(Clone, Debug)]
pub struct Part {
    /// Which, as it is and as it will be.
    pub of: Differing,
    /// The place of the expression that gives it; nothing for what the service says.
    pub place: Option<Span>,
    /// The texts that it is made from.
    pub origins: Vec<Origin>,
    /// Those of them that were edited, as far as the values tell.
    pub causes: Vec<Cause>,
}

/// What a review is made with.
pub struct Given<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// The configuration that it was made from.
    pub config: &'a Config,
    /// Its texts.
    pub sources: &'a Sources,
    /// The variables' values.
    pub inputs: &'a Inputs,
    /// The schemas of changes.
    pub schemas: &'a dyn Fn(&Address, &Change) -> Option<Arc<Schema>>,
    /// The rules of resource types for what is dangerous, beside those of their schemas.
    pub rules: &'a dyn Fn(&Address) -> &'static [RiskRule],
    /// Whether the parts of what is made are followed, too.
    pub whole: bool,
}

/// Reviews a plan.
pub fn review(given: &Given<'_>) -> Review {
    let tracer = Tracer::new(given.config, given.sources, given.inputs);
    let told = |address: &Address, change: &Change| {
        let counts = !change.verb.is_keep() || change.importing.is_some();
        address.mode != Mode::Ephemeral && counts
    };
    let mut review = Review::default();
    if given.plan.base.mode == PlanMode::RefreshOnly {
        return review;
    }
    for ((address, deposed), change) in &given.plan.changes {
        if told(address, change) {
            review.items.push(item(given, &tracer, (address, deposed.as_ref()), change));
        }
    }
    review.causes = cause::gathered(review.items.iter().flat_map(|item| &item.parts));
    review
}

fn item(
    given: &Given<'_>,
    tracer: &Tracer<'_>,
    (address, deposed): (&Address, Option<&String>),
    change: &Change,
) -> Item {
    let schema = (given.schemas)(address, change);
    let made = matches!(change.verb, Verb::Create { .. } | Verb::Read { .. });
    let gone = matches!(change.verb, Verb::Delete { .. } | Verb::Forget { .. });
    let differing = match gone || made && !given.whole {
        true => Vec::new(),
        false => differing(&change.verb, schema.as_deref()),
    };
    let mut parts: Vec<Part> = Vec::new();
    for of in &differing {
        let said = (!is_of_the_service(change, of)).then(|| found(tracer, address, &of.path));
        let Some((place, origins)) = said.flatten() else {
            // What the service says of a new object is no news.
            if !made {
                let (of, origins, causes) = (of.clone(), Vec::new(), Vec::new());
                parts.push(Part { of, place: None, origins, causes });
            }
            continue;
        };
        let drift = given.plan.drift.get(address).filter(|_| deposed.is_none());
        let causes = match cause::outside(of, drift) {
            _ if made => Vec::new(),
            Some(outside) => vec![outside],
            None => cause::causes(of, &origins),
        };
        parts.push(Part { of: of.clone(), place: Some(place), origins, causes });
    }
    let shrunk =
        matches!(change.reason, Some(Reason::EachKey | Reason::CountIndex | Reason::NoModule));
    let open = deposed.is_none() && given.plan.open.contains(address);
    let gone = gone && shrunk;
    let repeated = if gone || given.whole { tracer.repetition(address, gone) } else { Vec::new() };
    let own = schema.iter().flat_map(|schema| &schema.risks);
    let rules = (given.rules)(address).iter().filter(|_| address.mode == Mode::Managed);
    let risks = risk::risks(rules.chain(own), change, &differing);
    Item {
        address: address.clone(),
        deposed: deposed.cloned(),
        place: change.span,
        calls: tracer.calls(address),
        certainty: certain::certainty(change, &differing, open),
        parts,
        repeated,
        gone,
        risks,
    }
}

/// Says whether the service alone says what a part will be: it is not known, and the configuration gives nothing for it.
fn is_of_the_service(change: &Change, part: &Differing) -> bool {
    let open = part.after.as_ref().is_some_and(|after| !after.is_whole());
    let given = change.config.as_ref().and_then(|config| config.at(&part.path));
    open && change.config.is_some() && given.is_none_or(Value::is_null)
}

/// Follows a part; what the block does not say as deep as that, by the part that it is in.
fn found(tracer: &Tracer<'_>, address: &Address, path: &Path) -> Option<(Span, Vec<Origin>)> {
    let mut path = path.clone();
    while !path.0.is_empty() {
        if let Some(found) = tracer.origins(address, &path) {
            return Some(found);
        }
        path.0.pop();
    }
    None
}
