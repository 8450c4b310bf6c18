//! Which part of an image is kept when it is cropped.

use std::fmt;
use std::str::FromStr;

/// Which part of an image is kept when it is cropped, and where it lies when it is padded; the words are sharp's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Gravity {
    /// The middle.
    #[default]
    Center,
    /// The top, in the middle.
    North,
    /// The top right corner.
    Northeast,
    /// The right side, in the middle.
    East,
    /// The bottom right corner.
    Southeast,
    /// The bottom, in the middle.
    South,
    /// The bottom left corner.
    Southwest,
    /// The left side, in the middle.
    West,
    /// The top left corner.
    Northwest,
    /// The surroundings of one point of the upright image: the crop is centered on it as far as the edges allow.
    /// A padded image lies in the middle.
    Focal {
        /// Thousandths of the width from the left: 0 to 1000. More counts as 1000.
        x: u16,
        /// Thousandths of the height from the top: 0 to 1000. More counts as 1000.
        y: u16,
    },
}

/// Where something lies along one axis.
#[derive(Clone, Copy)]
pub(super) enum Position {
    Start,
    Middle,
    End,
    Around(u16),
}

impl Position {
    /// Where a part of length `part` begins within `whole`, when it is cut out.
    pub fn crop(self, whole: u32, part: u32) -> u32 {
        let Self::Around(thousandths) = self else {
            return self.pad(whole, part);
        };
        let point = u64::from(whole) * u64::from(thousandths.min(1000)) / 1000;
        let left = point.saturating_sub(u64::from(part / 2));
        left.min(u64::from(whole - part)) as u32
    }

    /// Where something of length `part` begins within the longer `whole`, when it is laid there.
    pub fn pad(self, whole: u32, part: u32) -> u32 {
        match self {
            Self::Start => 0,
            Self::Middle | Self::Around(_) => (whole - part) / 2,
            Self::End => whole - part,
        }
    }
}

impl Gravity {
    const NAMES: [(&'static str, Self); 10] = [
        ("center", Self::Center),
        ("centre", Self::Center),
        ("north", Self::North),
        ("northeast", Self::Northeast),
        ("east", Self::East),
        ("southeast", Self::Southeast),
        ("south", Self::South),
        ("southwest", Self::Southwest),
        ("west", Self::West),
        ("northwest", Self::Northwest),
    ];

    /// Along the width and along the height.
    pub(super) fn positions(self) -> (Position, Position) {
        use Position::{Around, End, Middle, Start};
        match self {
            Self::Center => (Middle, Middle),
            Self::North => (Middle, Start),
            Self::Northeast => (End, Start),
            Self::East => (End, Middle),
            Self::Southeast => (End, End),
            Self::South => (Middle, End),
            Self::Southwest => (Start, End),
            Self::West => (Start, Middle),
            Self::Northwest => (Start, Start),
            Self::Focal { x, y } => (Around(x), Around(y)),
        }
    }
}

impl FromStr for Gravity {
    type Err = ParseGravityError;

    /// Reads a name, such as `northeast`, or a focal point in per cent, such as `33.5%,20%`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, gravity)) = Self::NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(*gravity);
        }
        let (x, y) = text.split_once(',').ok_or(ParseGravityError)?;
        Ok(Self::Focal {
            x: thousandths(x)?,
            y: thousandths(y)?,
        })
    }
}

/// A percentage with at most one digit behind the point.
fn thousandths(text: &str) -> Result<u16, ParseGravityError> {
    let number = text.trim().strip_suffix('%').ok_or(ParseGravityError)?;
    let (whole, tenth) = number.split_once('.').unwrap_or((number, "0"));
    let digits = |text: &str| {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse::<u16>().map_err(|_| ParseGravityError)
        } else {
            Err(ParseGravityError)
        }
    };
    match (digits(whole)?, digits(tenth)?) {
        (whole @ 0..=100, tenth @ 0..=9) if tenth == 0 || whole < 100 => Ok(whole * 10 + tenth),
        _ => Err(ParseGravityError),
    }
}

/// Text that is neither a compass point nor a point in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseGravityError;

impl fmt::Display for ParseGravityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected center, north, northeast, …, northwest, or a point such as 33.5%,20%")
    }
}

impl std::error::Error for ParseGravityError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gravity_is_read_as_people_write_it() {
        assert_eq!("center".parse(), Ok(Gravity::Center));
        assert_eq!("southwest".parse(), Ok(Gravity::Southwest));
        assert_eq!("33.5%,20%".parse(), Ok(Gravity::Focal { x: 335, y: 200 }));
        assert_eq!("100%, 0%".parse(), Ok(Gravity::Focal { x: 1000, y: 0 }));
        for bad in [
            "",
            "up",
            "50%",
            "50,50",
            "101%,0%",
            "100.1%,0%",
            "-1%,0%",
            "+1%,0%",
            "1.55%,0%",
            "%,%",
        ] {
            assert_eq!(bad.parse::<Gravity>(), Err(ParseGravityError), "{bad}");
        }
    }

    #[test]
    fn a_part_lies_where_gravity_pulls_it_and_never_outside() {
        let crop = |gravity: Gravity| {
            let (x, y) = gravity.positions();
            (x.crop(101, 50), y.crop(100, 50))
        };
        assert_eq!(crop(Gravity::Center), (25, 25));
        assert_eq!(crop(Gravity::North), (25, 0));
        assert_eq!(crop(Gravity::Southeast), (51, 50));
        assert_eq!(crop(Gravity::West), (0, 25));
        let focal = |x, y| crop(Gravity::Focal { x, y });
        assert_eq!(focal(0, 1000), (0, 50));
        assert_eq!(focal(400, 500), (15, 25));
        assert_eq!(focal(u16::MAX, 0), (51, 0));
        assert_eq!(Position::Around(900).pad(10, 4), 3);
    }
}
