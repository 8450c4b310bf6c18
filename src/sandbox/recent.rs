//! Values by key, of which the oldest are forgotten when there are too many.

use std::collections::{BTreeMap, HashMap};

/// A map with at most so many entries, of so many bytes together.
pub(super) struct Recent<V> {
    max_entries: usize,
    max_bytes: u64,
    bytes: u64,
    entries: HashMap<String, Entry<V>>,
    /// The keys, by the number of their insertion.
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

    /// The new limits hold at once. Returns what is forgotten, the oldest first.
    pub fn set_limits(&mut self, max_entries: usize, max_bytes: u64) -> Vec<(String, V)> {
        (self.max_entries, self.max_bytes) = (max_entries, max_bytes);
        self.make_room(0, 0)
    }

    /// Inserts a value of so many bytes in place of the one that has the key. Returns what is forgotten for it, the
    /// oldest first.
    ///
    /// A value that is larger than the map may be is kept alone; [`max_bytes`](Self::max_bytes) says so before.
    pub fn insert(&mut self, key: String, value: V, bytes: u64) -> Vec<(String, V)> {
        self.remove(&key);
        let forgotten = self.make_room(1, bytes);
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
        forgotten
    }

    fn make_room(&mut self, entries: usize, bytes: u64) -> Vec<(String, V)> {
        let mut forgotten = Vec::new();
        while self.entries.len() + entries > self.max_entries || self.bytes + bytes > self.max_bytes
        {
            let Some((_, oldest)) = self.order.pop_first() else {
                break;
            };
            if let Some(entry) = self.entries.remove(&oldest) {
                self.bytes -= entry.bytes;
                forgotten.push((oldest, entry.value));
            }
        }
        forgotten
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

    /// The oldest first.
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
    fn oldest_is_forgotten_where_there_are_too_many() {
        let mut recent = Recent::new(3, 100);
        for (number, key) in ["a", "b", "c"].into_iter().enumerate() {
            assert!(recent.insert(key.into(), number as u32, 10).is_empty());
        }
        assert_eq!(recent.insert("d".into(), 3, 10), [("a".into(), 0)]);
        assert_eq!(keys(&recent), "bcd");
        // What is inserted again is new.
        assert!(recent.insert("b".into(), 4, 10).is_empty());
        assert_eq!((recent.get("b"), recent.get("a")), (Some(&4), None));
        assert_eq!(recent.insert("e".into(), 5, 10), [("c".into(), 2)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("dbe", 30));
    }

    #[test]
    fn oldest_are_forgotten_where_the_bytes_are_too_many() {
        let mut recent = Recent::new(10, 100);
        for key in ["a", "b", "c"] {
            recent.insert(key.into(), 0, 33);
        }
        let forgotten = recent.insert("d".into(), 1, 60);
        assert_eq!(forgotten, [("a".into(), 0), ("b".into(), 0)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("cd", 93));
        assert_eq!(recent.remove("c"), Some(0));
        assert_eq!(recent.remove("c"), None);
        assert!(recent.insert("e".into(), 2, 40).is_empty());
        assert_eq!(recent.set_limits(10, 50), [("d".into(), 1)]);
        assert_eq!((keys(&recent).as_str(), recent.bytes), ("e", 40));
    }

    #[test]
    fn book_keeping_holds_whatever_is_done() {
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
