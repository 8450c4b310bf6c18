//! A map that evicts its oldest entries when it is full.

use std::collections::{BTreeMap, HashMap};

/// A map with a maximum number of entries and a maximum total size.
pub(super) struct Recent<V> {
    max_entries: usize,
    max_bytes: u64,
    bytes: u64,
    entries: HashMap<String, Entry<V>>,
    /// The keys in the order of their insertion.
    order: BTreeMap<u64, String>,
    next: u64,
}

struct Entry<V> {
    value: V,
    bytes: u64,
    number: u64,
}

impl<V> Recent<V> {
    pub fn new(max_entries: usize, max_bytes: u64) -> Self {
        Self {
            max_entries,
            max_bytes,
            bytes: 0,
            entries: HashMap::new(),
            order: BTreeMap::new(),
            next: 0,
        }
    }

    /// Applies new limits immediately. Returns the evicted entries, oldest first.
    pub fn set_limits(&mut self, max_entries: usize, max_bytes: u64) -> Vec<(String, V)> {
        (self.max_entries, self.max_bytes) = (max_entries, max_bytes);
        self.make_room(0, 0)
    }

    /// Inserts a value of this size, replacing any value under the same key. Returns the evicted entries, oldest first.
    ///
    /// A value larger than [`max_bytes`](Self::max_bytes) evicts everything else and is still inserted; callers check its
    /// size first.
    pub fn insert(&mut self, key: String, value: V, bytes: u64) -> Vec<(String, V)> {
        self.remove(&key);
        let evicted = self.make_room(1, bytes);
        let number = self.next;
        self.next += 1;
        self.bytes += bytes;
        self.order.insert(number, key.clone());
        let entry = Entry {
            value,
            bytes,
            number,
        };
        self.entries.insert(key, entry);
        evicted
    }

    fn make_room(&mut self, entries: usize, bytes: u64) -> Vec<(String, V)> {
        let mut evicted = Vec::new();
        while self.entries.len() + entries > self.max_entries || self.bytes + bytes > self.max_bytes
        {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.bytes;
                evicted.push((oldest, entry.value));
            }
        }
        evicted
    }

    pub fn remove(&mut self, key: &str) -> Option<V> {
        let entry = self.entries.remove(key)?;
        self.order.remove(&entry.number);
        self.bytes -= entry.bytes;
        Some(entry.value)
    }

    pub fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key).map(|entry| &entry.value)
    }

    pub fn get_mut(&mut self, key: &str) -> Option<&mut V> {
        self.entries.get_mut(key).map(|entry| &mut entry.value)
    }

    pub fn max_bytes(&self) -> u64 {
        self.max_bytes
    }

    /// The entries, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &V)> {
        let keys = self.order.values();
        keys.filter_map(|key| Some((key.as_str(), self.get(key)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(recent: &Recent<u32>) -> String {
        recent.iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn oldest_entry_is_evicted_beyond_the_maximum_number() {
        let mut recent = Recent::new(3, 100);
        for (number, key) in ["a", "b", "c"].into_iter().enumerate() {
            assert!(recent.insert(key.into(), number as u32, 10).is_empty());
        }
        assert_eq!(recent.insert("d".into(), 3, 10), [("a".into(), 0)]);
        assert_eq!(keys(&recent), "bcd");
        // A replaced entry counts as new.
        assert!(recent.insert("b".into(), 4, 10).is_empty());
        assert_eq!((recent.get("b"), recent.get("a")), (Some(&4), None));
        assert_eq!(recent.insert("e".into(), 5, 10), [("c".into(), 2)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("dbe", 30));
    }

    #[test]
    fn oldest_entries_are_evicted_beyond_the_maximum_size() {
        let mut recent = Recent::new(10, 100);
        for key in ["a", "b", "c"] {
            recent.insert(key.into(), 0, 33);
        }
        let evicted = recent.insert("d".into(), 1, 60);
        assert_eq!(evicted, [("a".into(), 0), ("b".into(), 0)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("cd", 93));
        assert_eq!(recent.remove("c"), Some(0));
        assert_eq!(recent.remove("c"), None);
        assert!(recent.insert("e".into(), 2, 40).is_empty());
        assert_eq!(recent.set_limits(10, 50), [("d".into(), 1)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("e", 40));
    }

    #[test]
    fn totals_are_consistent_after_random_operations() {
        let mut recent = Recent::new(7, 50);
        let mut state = 1_u32;
        for _ in 0..5000 {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let (key, bytes) = (((state >> 8) % 20).to_string(), u64::from(state >> 16) % 12);
            if state >> 30 == 0 {
                recent.remove(&key);
            } else {
                recent.insert(key, state, bytes);
            }
            let bytes: u64 = recent.entries.values().map(|entry| entry.bytes).sum();
            assert_eq!(bytes, recent.bytes);
            assert!(recent.bytes <= 50 && recent.entries.len() <= 7);
            assert_eq!(recent.order.len(), recent.entries.len());
            assert_eq!(recent.iter().count(), recent.entries.len());
        }
    }
}
