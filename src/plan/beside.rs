//! Going through a map beside another that has the same order: what is looked up next lies a step ahead.

use std::collections::BTreeMap;
use std::collections::btree_map::Iter;
use std::iter::Peekable;

/// Looks up keys that are asked for in their order, each in a step or two instead of a search.
pub(super) struct Beside<'m, K, V>(Peekable<Iter<'m, K, V>>);

impl<'m, K: Ord, V> Beside<'m, K, V> {
    /// Begins at the map's first key.
    pub(super) fn new(map: &'m BTreeMap<K, V>) -> Self {
        Beside(map.iter().peekable())
    }

    /// Gives what a key has; it must not be before the one that was asked for last.
    pub(super) fn get(&mut self, key: &K) -> Option<&'m V> {
        while self.0.next_if(|(before, _)| *before < key).is_some() {}
        self.0.peek().filter(|(found, _)| *found == key).map(|(_, value)| *value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_in_their_order() {
        let map: BTreeMap<u8, &str> = [(1, "a"), (3, "b"), (4, "c"), (9, "d")].into();
        let mut beside = Beside::new(&map);

        let found: Vec<_> = [0, 1, 1, 2, 4, 8, 9, 10].map(|key| beside.get(&key).copied()).into();

        assert_eq!(found, [None, Some("a"), Some("a"), None, Some("c"), None, Some("d"), None]);
    }
}
