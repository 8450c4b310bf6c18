//! What the images are prepared as.

use imgpost::{Bounds, Extension, PrepareOptions, Size};

/// The settings that decide what becomes of an image. They are part of its hash: with others it is uploaded anew.
#[derive(Clone, Copy, Debug)]
pub struct Recipe {
    /// The largest size; a smaller image is not enlarged.
    pub within: Size,
    /// The sizes that the models take.
    pub bounds: Bounds,
    /// The format; none for `jpg`, or `png` where an image has transparency.
    pub extension: Option<Extension>,
}

impl Recipe {
    pub fn prepare(&self) -> PrepareOptions {
        let prepare = PrepareOptions::default()
            .within(self.within.width, self.within.height)
            .bounds(self.bounds);
        match self.extension {
            Some(extension) => prepare.extension(extension),
            None => prepare,
        }
    }

    /// The same for the same recipe, in this version and in every other: not what `Debug` happens to write.
    pub fn text(&self) -> String {
        let Self {
            within,
            bounds,
            extension,
        } = self;
        let Bounds {
            min, max, multiple, ..
        } = bounds;
        let min_pixels = bounds.min_pixels.unwrap_or(0);
        let max_pixels = bounds.max_pixels.unwrap_or(u64::MAX);
        let max_ratio = bounds.max_ratio.unwrap_or(u32::MAX);
        let extension = extension.map_or("jpg or png", Extension::as_str);
        format!(
            "1: within {within} of {min} to {max} by {multiple}, {min_pixels} to {max_pixels} pixels, \
             ratio to {max_ratio}, as {extension}\n"
        )
    }
}

#[cfg(test)]
mod tests {
    use imgpost::leonardo::sizes;

    use super::*;

    const RECIPE: Recipe = Recipe {
        within: Size::new(512, 384),
        bounds: sizes::V1,
        extension: None,
    };

    #[test]
    fn its_text_stays_the_same() {
        assert_eq!(
            RECIPE.text(),
            "1: within 512x384 of 32x32 to 1536x1536 by 8, 0 to 18446744073709551615 pixels, ratio to 4294967295, \
             as jpg or png\n"
        );
    }

    #[test]
    fn every_setting_is_in_its_text() {
        let of = |change: &dyn Fn(&mut Recipe)| {
            let mut recipe = RECIPE;
            change(&mut recipe);
            recipe.text()
        };
        let mut texts = vec![
            RECIPE.text(),
            of(&|recipe| recipe.within.width = 1),
            of(&|recipe| recipe.within.height = 1),
            of(&|recipe| recipe.bounds.min.width = 1),
            of(&|recipe| recipe.bounds.max.height = 1),
            of(&|recipe| recipe.bounds.multiple = 1),
            of(&|recipe| recipe.bounds.min_pixels = Some(1)),
            of(&|recipe| recipe.bounds.max_pixels = Some(1)),
            of(&|recipe| recipe.bounds.max_ratio = Some(1)),
        ];
        texts.extend(
            Extension::ALL
                .iter()
                .map(|extension| of(&|r| r.extension = Some(*extension))),
        );
        let all = texts.len();
        texts.sort_unstable();
        texts.dedup();
        assert_eq!(texts.len(), all);
    }
}
