//! Values as people write them. Each message names a value that would be accepted.

use imgpost::{Extension, Gravity, Size};

/// `1024x768`, also with another sign between the numbers.
pub fn size(text: &str) -> Result<Size, String> {
    let usual = text.replace(['X', '*', '×', ','], "x").replace(' ', "");
    usual.parse().map_err(|error| {
        if usual.parse::<u32>().is_ok() {
            format!(
                "give width and height, for example {text}x768; --within {text}x{text} keeps the aspect ratio"
            )
        } else {
            format!("{error}")
        }
    })
}

/// A name of [`Gravity`], a side or a corner as CSS names it, or an abbreviation.
pub fn gravity(text: &str) -> Result<Gravity, String> {
    let name = text.to_ascii_lowercase().replace(['-', '_', ' '], "");
    Ok(match name.as_str() {
        "c" | "middle" => Gravity::Center,
        "n" | "top" => Gravity::North,
        "ne" | "topright" | "righttop" => Gravity::Northeast,
        "e" | "right" => Gravity::East,
        "se" | "bottomright" | "rightbottom" => Gravity::Southeast,
        "s" | "bottom" => Gravity::South,
        "sw" | "bottomleft" | "leftbottom" => Gravity::Southwest,
        "w" | "left" => Gravity::West,
        "nw" | "topleft" | "lefttop" => Gravity::Northwest,
        name => name.parse().map_err(|error| format!("{error}"))?,
    })
}

/// The basic color names of CSS.
const COLORS: &[(&str, [u8; 3])] = &[
    ("aqua", [0, 255, 255]),
    ("black", [0, 0, 0]),
    ("blue", [0, 0, 255]),
    ("fuchsia", [255, 0, 255]),
    ("gray", [128, 128, 128]),
    ("green", [0, 128, 0]),
    ("grey", [128, 128, 128]),
    ("lime", [0, 255, 0]),
    ("maroon", [128, 0, 0]),
    ("navy", [0, 0, 128]),
    ("olive", [128, 128, 0]),
    ("orange", [255, 165, 0]),
    ("purple", [128, 0, 128]),
    ("red", [255, 0, 0]),
    ("silver", [192, 192, 192]),
    ("teal", [0, 128, 128]),
    ("white", [255, 255, 255]),
    ("yellow", [255, 255, 0]),
];

/// `ff0000`, `f00`, either with `#`, or a basic color name of CSS.
pub fn color(text: &str) -> Result<[u8; 3], String> {
    let name = text.to_ascii_lowercase();
    if let Some((_, color)) = COLORS.iter().find(|(known, _)| *known == name) {
        return Ok(*color);
    }
    let expected = || String::from("give a color such as ff0000, f00 or red");
    let digits = text.strip_prefix('#').unwrap_or(text);
    let digits: Option<Vec<u8>> = digits
        .chars()
        .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
        .collect();
    match digits.as_deref() {
        Some([r, g, b]) => Ok([r * 17, g * 17, b * 17]),
        Some([a, b, c, d, e, f]) => Ok([a * 16 + b, c * 16 + d, e * 16 + f]),
        _ => Err(expected()),
    }
}

/// A number of bytes: `500000`, `500k`, `2MB` or `2MiB`. `k` and `kB` are 1000, `KiB` is 1024.
pub fn bytes(text: &str) -> Result<u64, String> {
    let expected = || String::from("give a number of bytes such as 500000, 500k, 2MB or 2MiB");
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
    let (number, unit) = text.split_at(end.unwrap_or(text.len()));
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1000 * 1000,
        "g" | "gb" => 1000 * 1000 * 1000,
        "ki" | "kib" => 1 << 10,
        "mi" | "mib" => 1 << 20,
        "gi" | "gib" => 1 << 30,
        _ => return Err(expected()),
    };
    // Whole numbers are exact at any size.
    let bytes = if let Ok(number) = number.parse::<u64>() {
        number.checked_mul(unit)
    } else {
        let number: f64 = number.parse().map_err(|_| expected())?;
        (unit > 1).then_some((number * unit as f64) as u64)
    };
    bytes.filter(|bytes| *bytes > 0).ok_or_else(expected)
}

/// An extension in any case, with or without the point.
pub fn extension(text: &str) -> Result<Extension, String> {
    let name = text.strip_prefix('.').unwrap_or(text);
    name.parse().map_err(|error| format!("{error}"))
}

/// `NAME=VALUE`. The message does not repeat the value, which may be a secret.
pub fn field(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("give NAME=VALUE")?;
    if name.is_empty() {
        return Err("give NAME=VALUE; the name is empty".into());
    }
    Ok((name.into(), value.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_any_sign() {
        for text in ["1024x768", "1024X768", "1024*768", "1024×768", "1024 x 768"] {
            assert_eq!(size(text), Ok(Size::new(1024, 768)), "{text}");
        }
        let error = size("1024").unwrap_err();
        assert!(error.contains("--within 1024x1024"), "{error}");
        assert!(size("0x10").is_err() && size("").is_err());
    }

    #[test]
    fn sides_and_corners_have_several_names() {
        for (text, expected) in [
            ("top", Gravity::North),
            ("NW", Gravity::Northwest),
            ("top-left", Gravity::Northwest),
            ("bottom_right", Gravity::Southeast),
            ("north-east", Gravity::Northeast),
            ("center", Gravity::Center),
            ("33%,20%", Gravity::Focal { x: 330, y: 200 }),
        ] {
            assert_eq!(gravity(text), Ok(expected), "{text}");
        }
        assert!(gravity("up").is_err());
    }

    #[test]
    fn colors_are_read_as_in_css() {
        for text in ["f00", "#f00", "ff0000", "#FF0000", "red", "Red"] {
            assert_eq!(color(text), Ok([255, 0, 0]), "{text}");
        }
        assert_eq!(color("1a2b3c"), Ok([0x1a, 0x2b, 0x3c]));
        for text in ["", "#", "ff00", "##ffffff", "+fffff", "reddish"] {
            assert!(color(text).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_have_decimal_and_binary_units() {
        for (text, expected) in [
            ("715510", 715_510),
            ("500k", 500_000),
            ("500 kB", 500_000),
            ("2MB", 2_000_000),
            ("2MiB", 2 << 20),
            ("1.5m", 1_500_000),
            ("1GiB", 1 << 30),
            ("18446744073709551615", u64::MAX),
        ] {
            assert_eq!(bytes(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "0",
            "k",
            "1.5",
            "-1",
            "2 apples",
            "99999999999999999999",
            "1e9",
        ] {
            assert!(bytes(text).is_err(), "{text}");
        }
    }

    #[test]
    fn extensions_are_read_as_in_names() {
        assert_eq!(extension(".JPG"), Ok(Extension::Jpg));
        assert_eq!(extension("webp"), Ok(Extension::Webp));
        assert!(extension("tiff").is_err());
    }

    #[test]
    fn field_is_a_name_and_any_value() {
        assert_eq!(field("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(field("a="), Ok(("a".into(), String::new())));
        assert!(field("a").is_err() && field("=b").is_err());
    }
}
