//! A table of what is stored, and above it what the line at hand would make of it. The line's
//! part is merged when the line is taken and thrown away when it is refused, so that a refused
//! line leaves nothing behind for the lines after it.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

/// Values by key in two layers: accepted below, the line at hand above.
#[derive(Clone, Debug)]
pub struct Layer<K, V> {
    accepted: HashMap<K, V>,
    line: HashMap<K, V>,
}

impl<K, V> Default for Layer<K, V> {
    fn default() -> Self {
        Layer { accepted: HashMap::new(), line: HashMap::new() }
    }
}

impl<K: Eq + Hash, V: Clone> Layer<K, V> {
    /// Below: what is stored. For whoever loads it.
    pub fn stored(&mut self) -> &mut HashMap<K, V> {
        &mut self.accepted
    }

    /// The value as the line at hand sees it.
    pub fn get<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.line.get(key).or_else(|| self.accepted.get(key))
    }

    /// Is there a value?
    pub fn contains_key<Q: Eq + Hash + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some()
    }

    /// The value, for the line at hand to change: a copy above the accepted one.
    pub fn get_mut<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        if !self.line.contains_key(key) {
            let copy = self.accepted.get(key)?.clone();
            self.line.insert(key.to_owned(), copy);
        }
        self.line.get_mut(key)
    }

    /// Sets a value for the line at hand.
    pub fn insert(&mut self, key: K, value: V) {
        self.line.insert(key, value);
    }

    /// All values as the line at hand sees them, in no order.
    pub fn values(&self) -> impl Iterator<Item = &V> {
        let below = self.accepted.iter().filter(|(key, _)| !self.line.contains_key(*key));
        below.map(|(_, value)| value).chain(self.line.values())
    }

    /// Accepted values that the line at hand would change: before and after.
    pub fn changes(&self) -> impl Iterator<Item = (&V, &V)> {
        self.line.iter().filter_map(|(key, new)| Some((self.accepted.get(key)?, new)))
    }

    /// The line is taken: its part is what the next line finds.
    pub fn accept(&mut self) {
        self.accepted.extend(self.line.drain());
    }

    /// The line is refused: nothing of it stays.
    pub fn refuse(&mut self) {
        self.line.clear();
    }

    /// What was accepted in the end.
    pub fn into_values(self) -> impl Iterator<Item = V> {
        self.accepted.into_values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_line_leaves_nothing_and_a_taken_one_all() {
        let mut layer: Layer<String, i32> = Layer::default();
        layer.stored().insert("one".to_owned(), 1);
        *layer.get_mut("one").unwrap() = 10;
        layer.insert("two".to_owned(), 2);
        let mut seen: Vec<i32> = layer.values().copied().collect();
        seen.sort_unstable();
        assert_eq!(seen, [2, 10]);
        layer.refuse();
        assert_eq!((layer.get("one"), layer.get("two")), (Some(&1), None));
        *layer.get_mut("one").unwrap() = 11;
        layer.accept();
        layer.refuse();
        assert_eq!(layer.get("one"), Some(&11));
    }
}
