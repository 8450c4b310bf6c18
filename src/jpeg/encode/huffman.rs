//! Huffman tables: the standard's, and the shortest for the symbols that occur.

use crate::jpeg::tables::{HuffmanCodes, STANDARD_AC, STANDARD_DC};

/// As a file stores it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HuffmanTable {
    /// How many codes there are of 1 to 16 bits.
    pub counts: [u8; 16],
    /// The symbols, from the shortest code to the longest.
    pub symbols: Vec<u8>,
}

/// The tables of the DC and AC coefficients of luma or chroma.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TablePair {
    pub dc: HuffmanTable,
    pub ac: HuffmanTable,
}

/// How often each symbol occurs.
#[derive(Clone)]
pub(super) struct Frequencies {
    pub dc: [u32; 16],
    pub ac: [u32; 256],
}

impl Default for Frequencies {
    fn default() -> Self {
        Self {
            dc: [0; 16],
            ac: [0; 256],
        }
    }
}

impl TablePair {
    /// Those of ITU-T T.81, tables K.3 to K.6, for luma and chroma.
    pub fn standard() -> [Self; 2] {
        let table = |codes: &HuffmanCodes| HuffmanTable {
            counts: codes.counts,
            symbols: codes.symbols.to_vec(),
        };
        [0, 1].map(|n| Self {
            dc: table(&STANDARD_DC[n]),
            ac: table(&STANDARD_AC[n]),
        })
    }

    /// The shortest ones.
    pub fn optimized(frequencies: &Frequencies) -> Self {
        Self {
            dc: HuffmanTable::optimized(&frequencies.dc),
            ac: HuffmanTable::optimized(&frequencies.ac),
        }
    }
}

impl HuffmanTable {
    /// By the procedure of ITU-T T.81, K.2.
    fn optimized(frequencies: &[u32]) -> Self {
        // One more symbol, which occurs once, gets the code of ones only, which no symbol may have.
        let mut weights: Vec<u64> = frequencies.iter().map(|n| u64::from(*n)).collect();
        weights.push(1);
        let mut trees: Vec<usize> = (0..weights.len()).filter(|n| weights[*n] > 0).collect();
        let mut lengths = vec![0usize; weights.len()];
        // The symbols of a tree, one after the other.
        let mut next = vec![None; weights.len()];
        while trees.len() > 1 {
            // Of equally rare trees the last symbol goes first, so that the reserved code is the longest.
            let mut take_rarest = || {
                let rarest = |n: &usize| (weights[trees[*n]], std::cmp::Reverse(trees[*n]));
                let place = (0..trees.len()).min_by_key(rarest);
                trees.swap_remove(place.expect("there are two trees"))
            };
            let (a, b) = (take_rarest(), take_rarest());
            weights[a] += weights[b];
            let mut symbol = a;
            lengths[symbol] += 1;
            while let Some(after) = next[symbol] {
                symbol = after;
                lengths[symbol] += 1;
            }
            next[symbol] = Some(b);
            while let Some(after) = next[symbol] {
                symbol = after;
                lengths[symbol] += 1;
            }
            trees.push(a);
        }
        let mut counts = vec![0usize; lengths.iter().max().map_or(1, |n| n + 1).max(17)];
        lengths.iter().for_each(|length| counts[*length] += 1);
        counts[0] = 0;
        // Codes of more than 16 bits: two that differ in the last bit give their place to one of them, and the other
        // shares the place of a shorter code.
        for length in (17..counts.len()).rev() {
            while counts[length] > 0 {
                let shorter = (1..length - 1)
                    .rev()
                    .find(|n| counts[*n] > 0)
                    .expect("a tree with such a deep leaf has others");
                counts[length] -= 2;
                counts[length - 1] += 1;
                counts[shorter + 1] += 2;
                counts[shorter] -= 1;
            }
        }
        // The reserved code is the last of the longest.
        if let Some(last) = (1..17).rev().find(|n| counts[*n] > 0) {
            counts[last] -= 1;
        }
        let mut symbols: Vec<usize> = (0..frequencies.len())
            .filter(|n| frequencies[*n] > 0)
            .collect();
        symbols.sort_by_key(|symbol| lengths[*symbol]);
        Self {
            counts: std::array::from_fn(|n| counts[n + 1] as u8),
            symbols: symbols.into_iter().map(|symbol| symbol as u8).collect(),
        }
    }

    /// By symbol, the code and its length in bits; 0 bits for a symbol that has none.
    pub fn codes(&self) -> [(u32, u32); 256] {
        let mut codes = [(0, 0); 256];
        let (mut code, mut symbols) = (0, self.symbols.iter());
        for (length, count) in (1..).zip(self.counts) {
            for symbol in symbols.by_ref().take(usize::from(count)) {
                codes[usize::from(*symbol)] = (code, length);
                code += 1;
            }
            code <<= 1;
        }
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of the space of codes, in 65536ths.
    fn space(table: &HuffmanTable) -> u32 {
        let of_length = |(length, count): (u32, &u8)| u32::from(*count) << (16 - length);
        (1..).zip(&table.counts).map(of_length).sum()
    }

    #[test]
    fn standard_tables_leave_the_code_of_ones_free() {
        for TablePair { dc, ac } in TablePair::standard() {
            for table in [dc, ac] {
                let count: usize = table.counts.iter().map(|n| usize::from(*n)).sum();
                assert_eq!(count, table.symbols.len());
                assert!(space(&table) < 65536);
            }
        }
    }

    #[test]
    fn optimized_codes_are_at_most_16_bits_and_all_different() {
        // Fibonacci numbers make the deepest tree, of 40 bits here.
        let mut deep = [0; 256];
        (deep[0], deep[1]) = (1, 1);
        (2..40).for_each(|n| deep[n] = deep[n - 1] + deep[n - 2]);
        let mut one = [0; 256];
        one[7] = 1000;
        let mut even = [3; 256];
        even[0] = 0;
        for frequencies in [deep, one, even] {
            let table = HuffmanTable::optimized(&frequencies);
            assert!(space(&table) < 65536, "{table:?}");
            let codes = table.codes();
            for (symbol, frequency) in frequencies.iter().enumerate() {
                assert_eq!(codes[symbol].1 > 0, *frequency > 0, "{symbol}");
            }
            let mut seen: Vec<(u32, u32)> = codes.into_iter().filter(|c| c.1 > 0).collect();
            // Prefixes: as intervals of 16-bit words, no two codes overlap.
            seen.sort_by_key(|(code, length)| code << (16 - length));
            for pair in seen.windows(2) {
                let end = (pair[0].0 + 1) << (16 - pair[0].1);
                assert!(end <= pair[1].0 << (16 - pair[1].1), "{pair:?}");
            }
            assert!(table.symbols.len() >= usize::from(frequencies[7] > 0));
        }
    }

    #[test]
    fn frequent_symbols_get_short_codes() {
        let mut frequencies = [0; 16];
        frequencies[..4].copy_from_slice(&[1000, 10, 1, 100]);
        let table = HuffmanTable::optimized(&frequencies);
        assert_eq!(table.symbols, [0, 3, 1, 2]);
        assert_eq!(table.counts[..4], [1, 1, 1, 1]);
    }
}
