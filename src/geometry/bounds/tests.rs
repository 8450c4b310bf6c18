//! The search for a size, compared with all allowed sizes.

use super::*;

fn all(bounds: &Bounds) -> Vec<Size> {
    let mut all = Vec::new();
    for width in bounds.min.width..=bounds.max.width {
        for height in bounds.min.height..=bounds.max.height {
            let size = Size::new(width, height);
            if bounds.contains(size) {
                all.push(size);
            }
        }
    }
    all
}

pub fn loss(size: Size, ratio: AspectRatio) -> f64 {
    let (a, b) = (size.width * ratio.height, size.height * ratio.width);
    1.0 - f64::from(a.min(b)) / f64::from(a.max(b))
}

/// Every allowed size competes here, without the shortcut of two heights a width.
fn brute_force(ratio: AspectRatio, bounds: &Bounds) -> Option<Size> {
    let mut all = all(bounds);
    let is_invisible = |size: &Size| loss(*size, ratio) <= 0.005 + 1e-12;
    let shown = |size: &Size| {
        let (w, h) = (f64::from(size.width), f64::from(size.height));
        (w / f64::from(ratio.width)).min(h / f64::from(ratio.height))
    };
    let less_loss = |a: &Size, b: &Size| {
        let (a, b) = (loss(*a, ratio), loss(*b, ratio));
        if (a - b).abs() < 1e-12 {
            Ordering::Equal
        } else {
            b.total_cmp(&a)
        }
    };
    let any_invisible = all.iter().any(is_invisible);
    if any_invisible {
        all.retain(is_invisible);
    }
    all.into_iter().max_by(|a, b| {
        let order = if any_invisible {
            let (x, y) = (shown(a), shown(b));
            let larger = if (x - y).abs() < 1e-9 {
                Ordering::Equal
            } else {
                x.total_cmp(&y)
            };
            larger.then(less_loss(a, b))
        } else {
            less_loss(a, b).then(a.area().cmp(&b.area()))
        };
        order.then(a.width.cmp(&b.width))
    })
}

fn bounds_for_tests() -> Vec<Bounds> {
    let mut bounds = Vec::new();
    for multiple in [1, 3, 8] {
        for (min, max) in [(8, 40), (16, 24), (1, 9)] {
            let plain = Bounds::new(Size::new(min, min + 1), Size::new(max, max + 5), multiple);
            let tight = plain
                .with_min_pixels(u64::from(max * max) / 3)
                .with_max_pixels(u64::from(max * max) / 2)
                .with_max_ratio(2);
            bounds.extend([plain, tight]);
        }
    }
    bounds
}

#[test]
fn the_nearest_size_is_the_best_of_all() {
    let mut cases = 0;
    let coarse = bounds_for_tests().into_iter();
    // Only among long sides a crop of 0.5 % leaves a choice.
    let fine = [Bounds::square(195, 220, 1), Bounds::square(360, 420, 4)];
    for bounds in coarse.chain(fine) {
        for width in 1..30 {
            for height in 1..30 {
                let ratio = AspectRatio::new(width, height);
                if bounds.min.width > 100 && width.max(height) > 2 * width.min(height) {
                    continue;
                }
                let found = bounds.nearest(ratio);
                assert_eq!(found, brute_force(ratio, &bounds), "{ratio} {bounds:?}");
                assert!(found.is_none_or(|size| bounds.contains(size)));
                cases += 1;
            }
        }
    }
    assert!(cases > 18 * 29 * 29, "{cases}");
}

#[test]
fn nothing_is_enlarged_more_than_the_bounds_require() {
    let mut kept_small = 0;
    for bounds in bounds_for_tests() {
        let all = all(&bounds);
        for width in 1..30 {
            for height in 1..30 {
                let source = Size::new(width, height);
                let ratio = source.into();
                let Some(size) = bounds.nearest_within(ratio, source) else {
                    assert_eq!(all, [], "{source} {bounds:?}");
                    continue;
                };
                assert!(bounds.contains(size), "{source} {bounds:?}");
                let is_small = |size: &Size| size.width <= width && size.height <= height;
                let suits = |size: &&Size| is_small(size) && loss(**size, ratio) <= 0.05;
                if all.iter().any(|size| suits(&size)) {
                    assert!(is_small(&size), "{source} {bounds:?}: {size}");
                    kept_small += 1;
                }
                // Every other size that suits as well is larger in some direction, or within the same limit.
                let best = all.iter().map(|size| loss(*size, ratio));
                let best = best.fold(1.0, f64::min);
                let found = loss(size, ratio);
                assert!(
                    found <= best.max(0.05) + 1e-12,
                    "{source} {bounds:?}: {size}"
                );
            }
        }
    }
    assert!(kept_small > 1000, "{kept_small}");
}

#[test]
fn a_crop_that_nobody_sees_is_worth_a_larger_size() {
    let v1 = Bounds::square(32, 1536, 8);
    for (source, expected) in [
        ((3264, 4928), (1016, 1536)),
        ((1170, 2532), (712, 1536)),
        ((3264, 2448), (1536, 1152)),
        ((4608, 3072), (1536, 1024)),
        ((4128, 2322), (1536, 864)),
        ((4000, 3000), (1536, 1152)),
    ] {
        let ratio = AspectRatio::new(source.0, source.1);
        let size = v1.nearest(ratio);
        assert_eq!(size, Some(Size::new(expected.0, expected.1)), "{source:?}");
    }
    // An exact ratio is not given up for rows that would show no more of the image.
    let size = Bounds::square(16, 3840, 8).nearest(AspectRatio::new(16, 9));
    assert_eq!(size, Some(Size::new(3840, 2160)));
}

#[test]
fn bounds_without_limits_are_searched_at_once() {
    let any = Bounds::new(Size::new(0, 0), Size::new(u32::MAX, u32::MAX), 0);
    let size = any.nearest(AspectRatio::new(1, 1));
    assert_eq!(size, Some(Size::new(65_535, 65_535)));
    let ratio = AspectRatio::new(u32::MAX, 1);
    let size = any.nearest_within(ratio, Size::new(u32::MAX, 1));
    assert_eq!(size, Some(Size::new(65_535, 1)));
    assert_eq!(any.with_max_pixels(0).nearest(AspectRatio::new(1, 1)), None);
}

#[test]
fn limits_are_described_in_words() {
    let bounds = Bounds::square(16, 3824, 16);
    assert_eq!(
        bounds.to_string(),
        "16 to 3824 pixels a side, multiples of 16"
    );
    let bounds = bounds.with_min_pixels(655_360).with_max_ratio(3);
    assert!(
        bounds
            .to_string()
            .ends_with(", at least 655360 pixels, at most 3:1")
    );
    let bounds = Bounds::new(Size::new(1, 2), Size::new(3, 4), 1);
    assert_eq!(bounds.to_string(), "1x2 to 3x4");
    let wide = Bounds::ANY.with_max_ratio(3);
    assert_eq!(wide.to_string(), "at most 3:1");
    assert_eq!(Bounds::ANY.to_string(), "1 to 65535 pixels a side");
}
