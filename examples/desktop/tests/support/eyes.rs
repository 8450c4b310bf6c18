//! Reads what is on the screen: words by Tesseract, and parts by their pixels.

use std::process::Command;

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma, RgbImage};

use super::hand::At;
use super::screen::Screen;
use super::{patiently, until};

/// Something that was read, and where.
struct Word {
    text: String,
    middle: At,
}

/// Letters are enlarged so many times before they are read.
const SCALE: u32 = 3;

fn read(shot: &RgbImage) -> Vec<Word> {
    // Tesseract was taught with black on white. Here all text is whitish, and every ground dark or of one colour.
    let gray = GrayImage::from_fn(shot.width(), shot.height(), |x, y| {
        let whiteness = shot.get_pixel(x, y).0.into_iter().min().unwrap_or_default();
        Luma([u8::MAX - whiteness.saturating_sub(60).saturating_mul(2)])
    });
    let (width, height) = (gray.width() * SCALE, gray.height() * SCALE);
    let large = imageops::resize(&gray, width, height, FilterType::CatmullRom);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("shot.png");
    large.save(&path).unwrap();
    let output = Command::new("tesseract")
        .arg(&path)
        // Text here and there, as a table with places.
        .args(["-", "--psm", "11", "tsv"])
        .env("OMP_THREAD_LIMIT", "1")
        .output()
        .unwrap_or_else(|error| panic!("tesseract: {error}: install tesseract-ocr"));
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    let words = table.lines().skip(1).filter_map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let number = |index: usize| cells[index].parse::<i32>().unwrap();
        let text = cells.get(11)?.trim();
        let middle =
            |start: usize, length: usize| (number(start) + number(length) / 2) / SCALE as i32;
        (!text.is_empty()).then(|| Word {
            text: text.to_owned(),
            middle: (middle(6, 8), middle(7, 9)),
        })
    });
    words.collect()
}

/// All that can be read, small and without spaces: narrow ones are not seen, and an fi may be taken for one letter.
pub fn text(shot: &RgbImage) -> String {
    let text: String = read(shot).into_iter().map(|word| word.text).collect();
    plain(&text)
}

fn plain(text: &str) -> String {
    text.replace(' ', "")
        .replace('\u{fb01}', "fi")
        .to_lowercase()
}

/// Whether it is somewhere in the text, but for one letter in ten: the least number of letters that are changed, missing
/// or too many, row by row of the usual table.
fn can_be_read(wanted: &str, text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let mut row = vec![0; text.len() + 1];
    for (index, letter) in wanted.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (at, other) in text.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row.iter().min() <= Some(&(wanted.chars().count() / 10))
}

#[test]
fn one_letter_in_ten_may_be_misread() {
    assert!(can_be_read("nothingleaves", "sandbox:nothlngleavesthis"));
    assert!(!can_be_read("nothingleaves", "sandbox:nothlnglcavesthis"));
    assert!(can_be_read("uploaded", "uploadagainuploaded"));
    assert!(!can_be_read("uploaded", "uploadagain"));
    assert!(!can_be_read("1536x1536jpg", "1152x1536jpg"));
}

impl Screen {
    /// Waits until this can be read. One letter in ten may be misread.
    pub fn wait_for(&self, wanted: &str) {
        let wanted = plain(wanted);
        let mut last = String::new();
        let mut seen = RgbImage::default();
        let found = patiently(|| {
            let shot = self.shot();
            if shot == seen {
                return None;
            }
            last = text(&shot);
            seen = shot;
            can_be_read(&wanted, &last).then_some(())
        });
        assert!(found.is_some(), "{wanted:?} is not among {last:?}");
    }

    /// Waits until this word can be read, and gives its place.
    pub fn find(&self, wanted: &str) -> At {
        until(wanted, || {
            let word = read(&self.shot())
                .into_iter()
                .find(|word| word.text == wanted);
            word.map(|word| word.middle)
        })
    }

    /// Clicks on a word: a person does not know where buttons are either, but reads them.
    pub fn click_on(&self, word: &str) {
        self.click(self.find(word));
    }

    /// Waits until two looks in a row see the same, as this says it.
    pub fn settled<T: PartialEq>(&self, what: &str, look: impl Fn(&RgbImage) -> Option<T>) -> T {
        let mut before = None;
        until(what, || {
            let now = look(&self.shot());
            let is_same = now.is_some() && now == before;
            before = now;
            if is_same { before.take() } else { None }
        })
    }
}
