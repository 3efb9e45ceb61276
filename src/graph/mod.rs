//! Graphs: who waits for whom.

mod stop;
mod walk;

pub use self::stop::Stop;
pub use self::walk::{Outcome, Prepared, Walk, walk};

use std::collections::{BTreeMap, BTreeSet};

/// A directed graph: each node with those that it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Graph<K: Ord> {
    needs: BTreeMap<K, BTreeSet<K>>,
}

impl<K: Ord> Default for Graph<K> {
    fn default() -> Graph<K> {
        Graph { needs: BTreeMap::new() }
    }
}

impl<K: Ord + Clone> Graph<K> {
    /// Makes a graph of its nodes and of who waits for whom, both of whom are nodes: fastest where they stand in the nodes'
    /// own order. A node does not wait for itself.
    pub fn of(mut nodes: Vec<K>, mut waits: Vec<(K, K)>) -> Graph<K> {
        nodes.sort();
        nodes.dedup();
        waits.retain(|(node, need)| node != need);
        waits.sort();
        waits.dedup();
        debug_assert!(waits.iter().all(|(_, need)| nodes.binary_search(need).is_ok()));
        let mut waits = waits.into_iter().peekable();
        let needs = nodes.into_iter().map(|node| {
            let own = std::iter::from_fn(|| waits.next_if(|(waiter, _)| *waiter == node));
            let own = own.map(|(_, need)| need).collect();
            (node, own)
        });
        let needs = needs.collect();
        debug_assert!(waits.peek().is_none(), "who waits is a node");
        Graph { needs }
    }

    /// Adds a node.
    pub fn add(&mut self, node: K) {
        self.needs.entry(node).or_default();
    }

    /// Adds that `node` waits for `need`; both become nodes. A node does not wait for itself.
    pub fn wait(&mut self, node: K, need: K) {
        self.add(need.clone());
        if node == need {
            return;
        }
        self.needs.entry(node).or_default().insert(need);
    }

    /// Says whether there is such a node.
    pub fn contains(&self, node: &K) -> bool {
        self.needs.contains_key(node)
    }

    /// Gives what a node waits for.
    pub fn needs(&self, node: &K) -> impl Iterator<Item = &K> {
        self.needs.get(node).into_iter().flatten()
    }

    /// Gives all nodes in their own order, each with what it waits for.
    pub fn each(&self) -> impl Iterator<Item = (&K, impl Iterator<Item = &K>)> {
        self.needs.iter().map(|(node, needs)| (node, needs.iter()))
    }

    /// Gives all nodes in their own order.
    pub fn nodes(&self) -> impl Iterator<Item = &K> {
        self.needs.keys()
    }

    /// Counts the nodes.
    pub fn len(&self) -> usize {
        self.needs.len()
    }

    /// Says whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.needs.is_empty()
    }

    /// Gives who waits for each node.
    pub fn reverse(&self) -> Graph<K> {
        let mut reverse = Graph::default();
        for (node, needs) in &self.needs {
            reverse.add(node.clone());
            for need in needs {
                reverse.wait(need.clone(), node.clone());
            }
        }
        reverse
    }

    /// Says whether `node` waits for `need`, directly or through others.
    pub fn reaches(&self, node: &K, need: &K) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![node];
        while let Some(next) = open.pop() {
            for found in self.needs(next) {
                if found == need {
                    return true;
                }
                if seen.insert(found) {
                    open.push(found);
                }
            }
        }
        false
    }

    /// Gives the nodes so that each comes after what it waits for; ties by the nodes' own order.
    ///
    /// # Errors
    /// The nodes of one cycle.
    pub fn sorted(&self) -> Result<Vec<K>, Vec<K>> {
        // Nodes by their numbers: those stand in the nodes' own order.
        let nodes: Vec<&K> = self.needs.keys().collect();
        let mut waiters: Vec<Vec<usize>> = vec![Vec::new(); nodes.len()];
        let mut open: Vec<usize> = self.needs.values().map(BTreeSet::len).collect();
        for (number, needs) in self.needs.values().enumerate() {
            for need in needs.iter().filter_map(|need| nodes.binary_search(&need).ok()) {
                waiters[need].push(number);
            }
        }
        let mut ready: BTreeSet<usize> =
            (0..nodes.len()).filter(|number| open[*number] == 0).collect();
        let mut sorted = Vec::with_capacity(nodes.len());
        while let Some(number) = ready.pop_first() {
            sorted.push(nodes[number].clone());
            for waiter in &waiters[number] {
                open[*waiter] -= 1;
                if open[*waiter] == 0 {
                    ready.insert(*waiter);
                }
            }
        }
        if sorted.len() == nodes.len() {
            return Ok(sorted);
        }
        let still = nodes.into_iter().zip(open).filter(|(_, count)| *count > 0);
        Err(self.cycle(&still.collect()))
    }

    /// Walks back from a node that never got ready until one comes twice.
    fn cycle(&self, open: &BTreeMap<&K, usize>) -> Vec<K> {
        let mut way: Vec<&K> = open.keys().take(1).copied().collect();
        while let Some(last) = way.last() {
            let Some(next) = self.needs(last).find(|need| open.contains_key(need)) else { break };
            if let Some(start) = way.iter().position(|node| *node == next) {
                return way[start..].iter().map(|node| (*node).clone()).collect();
            }
            way.push(next);
        }
        way.into_iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_node_comes_after_what_it_waits_for() {
        let mut graph = Graph::default();
        graph.wait("app", "secret");
        graph.wait("secret", "key");
        graph.add("bucket");

        assert_eq!(graph.sorted(), Ok(vec!["bucket", "key", "secret", "app"]));
    }

    #[test]
    fn made_at_once_it_is_the_same() {
        let mut graph = Graph::default();
        for (node, need) in [("app", "secret"), ("secret", "key"), ("app", "app"), ("app", "key")] {
            graph.add(node);
            graph.wait(node, need);
        }
        graph.add("bucket");

        let waits = [("secret", "key"), ("app", "secret"), ("app", "app"), ("app", "key")];
        let made = Graph::of(vec!["bucket", "secret", "key", "app"], waits.repeat(2));

        assert_eq!(made, graph);
    }

    #[test]
    fn a_cycle_is_told_with_its_own_nodes_only() {
        let mut graph = Graph::default();
        graph.wait("a", "b");
        graph.wait("b", "c");
        graph.wait("c", "b");

        let mut cycle = graph.sorted().unwrap_err();
        cycle.sort_unstable();

        assert_eq!(cycle, ["b", "c"]);
    }
}
