//! The order of the coefficients of a block in the file.

/// By place in the file: the place in a block stored row by row.
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
     0,  1,  8, 16,  9,  2,  3, 10, 17, 24, 32, 25, 18, 11,  4,  5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13,  6,  7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/// The same for a block stored column by column, as the transform leaves it.
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
    fn zigzag_walks_the_diagonals() {
        let mut places: Vec<u8> = (0..64).collect();
        // Along every second diagonal the walk goes up.
        places.sort_by_key(|n| {
            let (x, y) = (n % 8, n / 8);
            (x + y, if (x + y) % 2 == 0 { x } else { y })
        });
        assert_eq!(ZIGZAG.as_slice(), places);
    }

    #[test]
    fn sets_are_reordered_place_by_place() {
        for (n, place) in ZIGZAG_BY_COLUMN.iter().enumerate() {
            assert_eq!(zigzag_set(1 << place), 1 << n);
        }
        assert_eq!(zigzag_set(u64::MAX), u64::MAX);
        assert_eq!(zigzag_set(0b11), 0b101);
    }
}
