//! Which part of an image is kept when it is cropped.

use std::fmt;
use std::str::FromStr;

/// Which part of an image is kept when it is cropped, and where the image lies when it is padded. The names are sharp's.
///
/// As text: a name such as `northeast`, or a focal point in percent such as `33.5%,20%`.
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
    /// The crop is centered on this point of the upright image, as far as the edges allow. A padded image lies in the
    /// middle.
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
    pub fn crop(self, whole: u32, part: f64) -> f64 {
        let whole = f64::from(whole);
        let free = (whole - part).max(0.0);
        match self {
            Self::Start => 0.0,
            Self::Middle => free / 2.0,
            Self::End => free,
            Self::Around(thousandths) => {
                let point = whole * f64::from(thousandths.min(1000)) / 1000.0;
                (point - part / 2.0).clamp(0.0, free)
            }
        }
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
    /// The names, the one to write first.
    const NAMES: &[(&str, Self)] = &[
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

impl fmt::Display for Gravity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Focal { x, y } = *self {
            let [x, y] = [x, y].map(|thousandths| f64::from(thousandths.min(1000)) / 10.0);
            return write!(f, "{x}%,{y}%");
        }
        let mut names = Self::NAMES.iter();
        let name = names.find(|(_, gravity)| gravity == self);
        f.pad(name.expect("every gravity but a focal point has a name").0)
    }
}

impl FromStr for Gravity {
    type Err = ParseGravityError;

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

/// Reads a percentage with at most one digit after the point.
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

/// The text is neither a compass point nor a point in percent.
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
    fn every_gravity_reads_back() {
        let points = [0, 5, 335, 1000].map(|x| Gravity::Focal { x, y: 1000 - x });
        let named = Gravity::NAMES.iter().map(|(_, gravity)| *gravity);
        for gravity in named.chain(points) {
            assert_eq!(gravity.to_string().parse(), Ok(gravity));
        }
        assert_eq!(Gravity::Center.to_string(), "center");
        assert_eq!(Gravity::Focal { x: 335, y: 200 }.to_string(), "33.5%,20%");
        assert_eq!(Gravity::Focal { x: 9999, y: 0 }.to_string(), "100%,0%");
    }

    #[test]
    fn gravity_is_parsed() {
        assert_eq!("centre".parse(), Ok(Gravity::Center));
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
            (x.crop(101, 50.0), y.crop(100, 50.0))
        };
        assert_eq!(crop(Gravity::Center), (25.5, 25.0));
        assert_eq!(crop(Gravity::North), (25.5, 0.0));
        assert_eq!(crop(Gravity::Southeast), (51.0, 50.0));
        assert_eq!(crop(Gravity::West), (0.0, 25.0));
        let focal = |x, y| crop(Gravity::Focal { x, y });
        assert_eq!(focal(0, 1000), (0.0, 50.0));
        assert_eq!(focal(500, 500), (25.5, 25.0));
        assert_eq!(focal(u16::MAX, 0), (51.0, 0.0));
        assert_eq!(Position::Around(900).pad(10, 4), 3);
    }
}
