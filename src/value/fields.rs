//! The names and values of a map or object, in the names' order.

use std::sync::Arc;

use super::Value;

/// Names with a value each, sorted by name. They lie side by side: most objects have a few fields, and there are very many objects.
///
/// Finding takes the logarithm of the number of fields; adding one that is not the last takes the number itself, so that many are
/// collected rather than inserted.
#[derive(Clone, Default, PartialEq)]
pub struct Fields(Vec<(Arc<str>, Value)>);

/// Among so many names one is found fastest by going through them.
const FEW: usize = 8;

impl Fields {
    /// Makes no fields.
    pub fn new() -> Fields {
        Fields::default()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        match self.0.last() {
            // Names mostly come in their order.
            Some((last, _)) if &**last < name => Err(self.0.len()),
            _ => self.0.binary_search_by(|(other, _)| (**other).cmp(name)),
        }
    }

    fn found(&self, name: &str) -> Option<usize> {
        match self.0.len() <= FEW {
            // The lengths tell most apart.
            true => self.0.iter().position(|(other, _)| **other == *name),
            false => self.place(name).ok(),
        }
    }

    /// Gives the value of a name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.found(name).map(|place| &self.0[place].1)
    }

    /// Gives a name as it is kept here, with its value.
    pub fn get_key_value(&self, name: &str) -> Option<(&Arc<str>, &Value)> {
        self.found(name).map(|place| (&self.0[place].0, &self.0[place].1))
    }

    /// Gives the value of a name, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.found(name).map(|place| &mut self.0[place].1)
    }

    /// Says whether there is such a name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.found(name).is_some()
    }

    /// Sets the value of a name; gives the one that it had.
    pub fn insert(&mut self, name: Arc<str>, value: Value) -> Option<Value> {
        match self.place(&name) {
            Ok(place) => Some(std::mem::replace(&mut self.0[place].1, value)),
            Err(place) => {
                self.0.insert(place, (name, value));
                None
            }
        }
    }

    /// Takes a name out; gives the value that it had.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        self.place(name).ok().map(|place| self.0.remove(place).1)
    }

    /// Keeps the fields for which this holds.
    pub fn retain(&mut self, mut keep: impl FnMut(&Arc<str>, &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// Gives the names with their values.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }

    /// Gives the names.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &Arc<str>> + ExactSizeIterator {
        self.0.iter().map(|(name, _)| name)
    }

    /// Gives the values.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Value> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// Counts the fields.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Says whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl std::fmt::Debug for Fields {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_map().entries(self).finish()
    }
}

/// Fields in the order of their names.
#[derive(Clone)]
pub struct Iter<'f>(std::slice::Iter<'f, (Arc<str>, Value)>);

impl<'f> Iterator for Iter<'f> {
    type Item = (&'f Arc<str>, &'f Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(name, value)| (name, value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|(name, value)| (name, value))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'f> IntoIterator for &'f Fields {
    type Item = (&'f Arc<str>, &'f Value);
    type IntoIter = Iter<'f>;

    fn into_iter(self) -> Iter<'f> {
        self.iter()
    }
}

impl IntoIterator for Fields {
    type Item = (Arc<str>, Value);
    type IntoIter = std::vec::IntoIter<(Arc<str>, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Of fields with the same name the last one counts.
impl FromIterator<(Arc<str>, Value)> for Fields {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(fields: I) -> Fields {
        let mut all: Vec<(Arc<str>, Value)> = fields.into_iter().collect();
        if !all.is_sorted_by(|(left, _), (right, _)| left < right) {
            // A sort that keeps equal names in their order, from the back: the last stands first, and the others go.
            all.reverse();
            all.sort_by(|(left, _), (right, _)| left.cmp(right));
            all.dedup_by(|(later, _), (first, _)| later == first);
        }
        all.shrink_to_fit();
        Fields(all)
    }
}

impl Extend<(Arc<str>, Value)> for Fields {
    fn extend<I: IntoIterator<Item = (Arc<str>, Value)>>(&mut self, fields: I) {
        let own = std::mem::take(&mut self.0);
        *self = own.into_iter().chain(fields).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(names: &[&str]) -> Fields {
        let numbered = names.iter().enumerate();
        numbered.map(|(place, name)| (Arc::from(*name), Value::string(place.to_string()))).collect()
    }

    #[test]
    fn fields_are_in_order_and_the_last_of_a_name_counts() {
        let mut found = fields(&["b", "a", "b", "c", "a"]);
        found.extend(fields(&["d", "a"]));
        found.insert("aa".into(), Value::bool(true));

        let names: Vec<&str> = found.keys().map(|name| &**name).collect();
        assert_eq!(names, ["a", "aa", "b", "c", "d"]);
        assert_eq!(found.get("a"), Some(&Value::string("1")));
        assert_eq!(found.get("b"), Some(&Value::string("2")));
        assert_eq!(found.remove("aa"), Some(Value::bool(true)));
        assert_eq!(found.remove("e"), None);
        assert_eq!(found.insert("d".into(), Value::bool(false)), Some(Value::string("0")));
    }
}
