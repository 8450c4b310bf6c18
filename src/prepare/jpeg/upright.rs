//! Rows of a plane in the order of the upright image, without a second copy of the plane.

use image::metadata::Orientation;

use crate::geometry::Size;

/// The columns of the stored plane that are read at once, where they become rows: a cache line of every row is used whole.
const COLUMNS: usize = 64;

/// A plane as it is stored, of which the rows of the upright image are made one by one.
pub(super) struct UprightRows {
    samples: Vec<u8>,
    width: usize,
    height: usize,
    is_transposed: bool,
    /// Whether the upright rows are those of the stored axis in reverse, and whether each of them is.
    is_reversed: bool,
    is_row_reversed: bool,
    /// The upright rows from number `first` on that were made last.
    rows: Vec<u8>,
    first: usize,
    next: usize,
}

impl UprightRows {
    /// Of rows of `stored.width` samples without gaps.
    pub fn new(samples: Vec<u8>, stored: Size, orientation: Orientation) -> Self {
        // EXIF 2.32, tag 0112.
        let exif = orientation.to_exif();
        Self {
            samples,
            width: stored.width as usize,
            height: stored.height as usize,
            is_transposed: exif >= 5,
            is_reversed: matches!(exif, 3 | 4 | 7 | 8),
            is_row_reversed: matches!(exif, 2 | 3 | 6 | 7),
            rows: Vec::new(),
            first: 0,
            next: 0,
        }
    }

    /// The next row of the upright image, or `None` behind its last.
    pub fn next_row(&mut self) -> Option<&[u8]> {
        let (count, length) = if self.is_transposed {
            (self.width, self.height)
        } else {
            (self.height, self.width)
        };
        let number = self.next;
        if number == count {
            return None;
        }
        self.next += 1;
        if number == self.first + self.rows.len() / length {
            let end = count.min(number + if self.is_transposed { COLUMNS } else { 1 });
            self.make(number, end, length);
        }
        Some(&self.rows[(number - self.first) * length..][..length])
    }

    /// Makes the upright rows from `first` to before `end`.
    fn make(&mut self, first: usize, end: usize, length: usize) {
        self.first = first;
        self.rows.resize((end - first) * length, 0);
        let (width, height) = (self.width, self.height);
        if !self.is_transposed {
            let row = if self.is_reversed {
                height - end
            } else {
                first
            };
            self.rows
                .copy_from_slice(&self.samples[row * width..][..width]);
            if self.is_row_reversed {
                self.rows.reverse();
            }
            return;
        }
        let left = if self.is_reversed { width - end } else { first };
        for (y, row) in self.samples.chunks_exact(width).enumerate() {
            let x = if self.is_row_reversed {
                height - 1 - y
            } else {
                y
            };
            let columns = &row[left..][..end - first];
            let upright = self.rows[x..].iter_mut().step_by(length);
            if self.is_reversed {
                upright
                    .zip(columns.iter().rev())
                    .for_each(|(to, from)| *to = *from);
            } else {
                upright.zip(columns).for_each(|(to, from)| *to = *from);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, GrayImage};

    use super::*;

    #[test]
    fn rows_are_those_of_the_image_crate_for_every_orientation() {
        for (width, height) in [(1, 1), (3, 2), (64, 5), (200, 131)] {
            let samples: Vec<u8> = (0..width * height).map(|n| (n % 251) as u8).collect();
            let image = GrayImage::from_raw(width, height, samples.clone()).unwrap();
            for exif in 1..=8 {
                let orientation = Orientation::from_exif(exif).unwrap();
                let mut expected = DynamicImage::from(image.clone());
                expected.apply_orientation(orientation);
                let stored = Size::new(width, height);
                let mut rows = UprightRows::new(samples.clone(), stored, orientation);
                let mut found = Vec::new();
                while let Some(row) = rows.next_row() {
                    assert_eq!(row.len(), expected.width() as usize);
                    found.extend_from_slice(row);
                }
                assert!(found == expected.into_bytes(), "{width}x{height}, {exif}");
            }
        }
    }
}
