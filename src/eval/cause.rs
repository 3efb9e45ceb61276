//! Causes and what follows: of what needs something that is wrong itself, nothing is told.
//!
//! Each problem belongs to the name that was evaluated when it was met. What a name refers to is evaluated before,
//! so that a problem never belongs to a name that merely asked.

use std::collections::{BTreeSet, HashSet};

use super::ProviderRef;
use super::evaluator::{Evaluator, Pass};
use super::order::Node;
use crate::addr::Address;
use crate::diag::Diagnostic;

impl<'a> Evaluator<'a> {
    /// Takes the problems met, without those of names that need what is wrong.
    pub(super) fn causes(&mut self) -> Vec<Diagnostic> {
        let problems = std::mem::take(&mut self.problems);
        let owners = std::mem::take(&mut self.owners);
        let told = problems.iter().zip(&owners);
        let wrong: HashSet<Node<'a>> = told
            .filter(|(problem, _)| problem.is_error())
            .filter_map(|(_, owner)| *owner)
            .collect();
        let follows = self.following(&wrong);
        let is_cause =
            |owner: &Option<Node<'a>>| owner.as_ref().is_none_or(|node| !follows.contains(node));
        // What the text alone is warned of is told whatever else is wrong.
        let of_text = |problem: &Diagnostic| {
            // What has a root in common with others is told as one.
            !self.inputs.validating
                && (problem.root.is_some()
                    || !problem.is_error() && !problem.summary.starts_with("Check block assertion"))
        };
        let all = problems.into_iter().zip(owners);
        let told = all.filter(|(problem, owner)| of_text(problem) || is_cause(owner));
        let told = told.map(|(problem, _)| problem).collect();
        self.wrong = wrong;
        told
    }

    /// Gives the names that need what is wrong, however far.
    fn following(&self, wrong: &HashSet<Node<'a>>) -> HashSet<Node<'a>> {
        // The order has each node after those that it refers to.
        let mut follows: HashSet<Node<'a>> = HashSet::new();
        for node in &self.order().nodes {
            let mut edges = self.order().edges.get(node).into_iter().flatten();
            if edges.any(|next| next != node && (wrong.contains(next) || follows.contains(next))) {
                follows.insert(*node);
            }
        }
        follows
    }

    /// Gives what a run leaves out that met problems: all that needs what is wrong, be it told by the evaluation or
    /// known of these instances.
    pub fn unplanned<'i>(&self, wrong: impl IntoIterator<Item = &'i Address>) -> Unplanned {
        let more = wrong.into_iter().filter_map(|address| self.node(address));
        let wrong: HashSet<Node<'a>> = self.wrong.iter().copied().chain(more).collect();
        let follows = self.following(&wrong);
        let root = |node: &Node<'a>| match node {
            Node::Output(0, name) => Some((*name).to_string()),
            _ => None,
        };
        Unplanned {
            blocks: follows.iter().filter_map(|node| self.block_of(*node)).collect(),
            unexpanded: self.unexpanded.clone(),
            outputs: follows.iter().chain(&wrong).filter_map(root).collect(),
        }
    }
}

/// What is left out of a plan for the problems that were met.
#[derive(Debug, Default)]
pub struct Unplanned {
    /// The blocks that need what is wrong, without keys.
    pub blocks: BTreeSet<Address>,
    /// The blocks, without keys, of which it could not be said which instances there are.
    pub unexpanded: BTreeSet<Address>,
    /// The root's outputs that are wrong or made from what is.
    pub outputs: BTreeSet<String>,
}

impl<'a> Pass<'_, 'a> {
    /// Evaluates something as a part of a provider's block, whoever asked for it.
    pub(super) fn owned_by_provider<T>(
        &mut self,
        provider: &ProviderRef,
        make: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let places = self.evaluator.order().places.iter();
        let place =
            places.map(|place| &place.module.path).position(|path| *path == provider.module);
        let own = place.zip(self.provider_block(provider)).map(|(place, block)| {
            let alias = block.alias.as_ref().map(|alias| alias.text.as_str());
            Node::Provider(place, &block.name.text, alias)
        });
        let asking = std::mem::replace(&mut self.evaluator.owner, own);
        let made = make(self);
        self.evaluator.owner = asking;
        made
    }

    /// Gives the provider blocks that some resource block uses, whether it has instances or not.
    pub(super) fn used_providers(&self) -> HashSet<(Vec<String>, String, Option<String>)> {
        let order = self.evaluator.order();
        let used = order.edges.iter().filter(|(node, _)| matches!(node, Node::Resource(..)));
        let used = used.flat_map(|(_, edges)| edges).filter_map(|node| match node {
            Node::Provider(place, name, alias) => {
                let path = order.places[*place].module.path.clone();
                Some((path, (*name).to_string(), alias.map(String::from)))
            }
            _ => None,
        });
        used.collect()
    }
}
