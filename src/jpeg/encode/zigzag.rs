//! The order of the coefficients of a block in the file.

use crate::jpeg::tables::ZIGZAG;

/// By place in the file: the place in a block stored column by column, as the transform leaves it.
pub(super) const ZIGZAG_BY_COLUMN: [u8; 64] = {
    let mut places = [0; 64];
    let mut n = 0;
    while n < 64 {
        places[n] = ZIGZAG[n] % 8 * 8 + ZIGZAG[n] / 8;
        n += 1;
    }
    places
};

/// A set of places in a block stored column by column, one bit each, as a set of places in the file.
#[inline(always)]
pub(super) fn zigzag_set(by_column: u64) -> u64 {
    let mut set = 0;
    for (places, column) in PLACES.iter().zip(by_column.to_le_bytes()) {
        set |= places[usize::from(column)];
    }
    set
}

/// By column and set of its rows: the set of places in the file. Eight look-ups are faster than moving 64 values.
static PLACES: [[u64; 256]; 8] = {
    let mut places = [[0; 256]; 8];
    let mut n = 0;
    while n < 64 {
        let (column, row) = (ZIGZAG_BY_COLUMN[n] / 8, ZIGZAG_BY_COLUMN[n] % 8);
        let mut rows = 0;
        while rows < 256 {
            if rows >> row & 1 == 1 {
                places[column as usize][rows] |= 1 << n;
            }
            rows += 1;
        }
        n += 1;
    }
    places
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_reordered_place_by_place() {
        for (n, place) in ZIGZAG_BY_COLUMN.iter().enumerate() {
            assert_eq!(zigzag_set(1 << place), 1 << n);
        }
        assert_eq!(zigzag_set(u64::MAX), u64::MAX);
        assert_eq!(zigzag_set(0b11), 0b101);
    }
}
