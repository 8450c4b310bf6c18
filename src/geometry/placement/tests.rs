//! Where the pixels of an image go, for every fit and gravity.

use super::super::bounds::Bounds;
use super::*;

const V1: Bounds = Bounds::square(32, 1536, 8);

fn keep() -> Resize {
    Resize {
        target: Target::Undistorted,
        sizes: Bounds::ANY.into(),
        resolution: None,
        fit: Fit::Cover,
        gravity: Gravity::Center,
        allow_enlargement: false,
    }
}

fn bounded(bounds: Bounds) -> Resize {
    Resize {
        sizes: bounds.into(),
        ..keep()
    }
}

fn exact(width: u32, height: u32, fit: Fit) -> Resize {
    Resize {
        target: Target::Exact(Size::new(width, height)),
        fit,
        ..keep()
    }
}

fn canvas(resize: &Resize, width: u32, height: u32) -> (u32, u32) {
    let placement = resize.plan(Size::new(width, height)).unwrap();
    (placement.canvas.width, placement.canvas.height)
}

#[test]
fn default_keeps_every_size() {
    let sides = [1, 2, 3, 7, 32, 997, 1000, 4000, 65_535];
    for width in sides {
        for height in sides {
            let source = Size::new(width, height);
            let placement = keep().plan(source).unwrap();
            assert!(placement.is_identity(source), "{source}: {placement:?}");
        }
    }
}

#[test]
fn photos_get_the_largest_size_of_their_ratio_and_are_not_enlarged() {
    for (source, expected) in [
        ((3264, 2448), (1536, 1152)),
        ((3264, 4928), (1016, 1536)),
        ((4608, 3072), (1536, 1024)),
        ((1170, 2532), (712, 1536)),
        ((640, 480), (640, 480)),
        ((1000, 1000), (1000, 1000)),
        ((20, 10), (64, 32)),
        ((1, 1), (32, 32)),
        ((10_000, 10), (1536, 32)),
        ((u32::MAX, u32::MAX), (1536, 1536)),
        ((u32::MAX, 1), (1536, 32)),
    ] {
        let found = canvas(&bounded(V1), source.0, source.1);
        assert_eq!(found, expected, "{source:?}");
    }
    let enlarged = Resize {
        allow_enlargement: true,
        ..bounded(V1)
    };
    assert_eq!(canvas(&enlarged, 640, 480), (1536, 1152));
    assert_eq!(canvas(&enlarged, 1, 1), (1536, 1536));
}

#[test]
fn a_minimum_enlarges_no_more_than_it_has_to() {
    let bounds = Bounds::square(16, 3824, 16)
        .with_min_pixels(655_360)
        .with_max_pixels(8_294_400)
        .with_max_ratio(3);
    for (source, expected) in [
        ((400, 300), (944, 704)),
        ((2000, 1500), (1984, 1488)),
        ((9000, 10), (1440, 480)),
        ((10, 9000), (480, 1440)),
    ] {
        let found = canvas(&bounded(bounds), source.0, source.1);
        assert_eq!(found, expected, "{source:?}");
    }
}

#[test]
fn cover_crops_the_middle_and_nothing_else() {
    let placement = exact(1024, 768, Fit::Cover).plan(Size::new(4128, 2322));
    let crop = Crop {
        left: 516.0,
        top: 0.0,
        width: 3096.0,
        height: 2322.0,
    };
    let expected = Placement::filling(crop, Size::new(1024, 768));
    assert_eq!(placement, Ok(expected));
}

#[test]
fn crop_has_the_exact_ratio_of_the_target() {
    for (source, target) in [
        ((3, 3), (320, 240)),
        ((5, 7), (1024, 768)),
        ((999, 3), (7, 5)),
    ] {
        let placement = exact(target.0, target.1, Fit::Cover)
            .plan(Size::new(source.0, source.1))
            .unwrap();
        let crop = placement.crop;
        let scale = [
            f64::from(target.0) / crop.width,
            f64::from(target.1) / crop.height,
        ];
        assert!(
            (scale[0] / scale[1] - 1.0).abs() < 1e-12,
            "{source:?}: {scale:?}"
        );
    }
}

#[test]
fn pixels_that_keep_their_size_are_not_interpolated() {
    let square = Resize {
        target: Target::Aspect(AspectRatio::new(1, 1)),
        ..keep()
    };
    let placement = square.plan(Size::new(641, 480)).unwrap();
    assert_eq!(placement.scaled, Size::new(480, 480));
    assert_eq!((placement.crop.left, placement.crop.width), (80.0, 480.0));
}

#[test]
fn contain_pads_and_inside_does_not() {
    let source = Size::new(400, 100);
    let contain = exact(200, 200, Fit::Contain).plan(source).unwrap();
    assert_eq!(contain.scaled, Size::new(200, 50));
    assert_eq!((contain.left, contain.top), (0, 75));
    assert_eq!(contain.canvas, Size::new(200, 200));
    let inside = exact(200, 200, Fit::Inside).plan(source).unwrap();
    assert_eq!(inside.canvas, Size::new(200, 50));
    let fill = exact(200, 200, Fit::Fill).plan(source).unwrap();
    let expected = Placement::filling(Crop::whole(source), Size::new(200, 200));
    assert_eq!(fill, expected);
}

#[test]
fn padding_to_a_ratio_scales_nothing() {
    let square = Resize {
        target: Target::Aspect(AspectRatio::new(1, 1)),
        fit: Fit::Contain,
        ..keep()
    };
    let placement = square.plan(Size::new(640, 480)).unwrap();
    assert_eq!(placement.canvas, Size::new(640, 640));
    assert_eq!(placement.scaled, Size::new(640, 480));
    assert_eq!((placement.left, placement.top), (0, 80));
}

#[test]
fn gravity_chooses_what_is_kept_and_where_it_lies() {
    let plan = |fit, gravity| {
        let resize = Resize {
            gravity,
            ..exact(100, 100, fit)
        };
        resize.plan(Size::new(400, 200)).unwrap()
    };
    let kept = |gravity| plan(Fit::Cover, gravity).crop.left;
    assert_eq!(kept(Gravity::West), 0.0);
    assert_eq!(kept(Gravity::Center), 100.0);
    assert_eq!(kept(Gravity::Northeast), 200.0);
    assert_eq!(kept(Gravity::Focal { x: 300, y: 0 }), 20.0);
    let lies = |gravity| plan(Fit::Contain, gravity).top;
    assert_eq!(lies(Gravity::North), 0);
    assert_eq!(lies(Gravity::Focal { x: 0, y: 0 }), 25);
    assert_eq!(lies(Gravity::Southwest), 50);
}

#[test]
fn rectangles_always_lie_inside_each_other() {
    let sides = [1, 2, 3, 7, 32, 1000, 65_535, u32::MAX];
    let gravities = [
        Gravity::Center,
        Gravity::Southeast,
        Gravity::Focal { x: 999, y: 1 },
    ];
    let mut cases = 0;
    for fit in Fit::ALL {
        for (width, height) in sides.iter().flat_map(|w| sides.map(|h| (*w, h))) {
            for target in [(1, 1), (1, 500), (500, 1), (1024, 768)] {
                for gravity in gravities {
                    let resize = Resize {
                        gravity,
                        ..exact(target.0, target.1, *fit)
                    };
                    let p = resize.plan(Size::new(width, height)).unwrap();
                    let crop = p.crop;
                    assert!(crop.width > 0.0 && crop.height > 0.0 && !p.scaled.is_empty());
                    assert!(crop.left >= 0.0 && crop.left + crop.width <= f64::from(width));
                    assert!(crop.top >= 0.0 && crop.top + crop.height <= f64::from(height));
                    let whole = crop.rounded();
                    assert!(whole.width > 0 && whole.height > 0);
                    assert!(u64::from(whole.left) + u64::from(whole.width) <= width.into());
                    assert!(u64::from(whole.top) + u64::from(whole.height) <= height.into());
                    assert!(p.left + p.scaled.width <= p.canvas.width);
                    assert!(p.top + p.scaled.height <= p.canvas.height);
                    assert!(*fit == Fit::Inside || p.canvas == Size::new(target.0, target.1));
                    cases += 1;
                }
            }
        }
    }
    assert_eq!(cases, 4 * 64 * 4 * 3);
}

#[test]
fn within_limits_the_allowed_sizes() {
    let within = |source, limit| {
        let target = Target::Within(limit);
        let resize = Resize {
            target,
            ..bounded(V1)
        };
        resize.plan(source).map(|placement| placement.canvas)
    };
    let limit = Size::new(1024, 1024);
    assert_eq!(within(Size::new(640, 480), limit), Ok(Size::new(640, 480)));
    assert_eq!(
        within(Size::new(3000, 2000), limit),
        Ok(Size::new(1024, 680))
    );
    assert_eq!(within(Size::new(20, 20), limit), Ok(Size::new(32, 32)));
    let large = within(Size::new(3000, 3000), Size::new(3000, 3000));
    assert_eq!(large, Ok(Size::new(1536, 1536)));
    assert!(matches!(
        within(Size::new(640, 480), Size::new(24, 24)),
        Err(GeometryError::NoAllowedSize { max: Some(_), .. })
    ));
}

#[test]
fn ratio_beyond_the_bounds_is_rejected() {
    let aspect = |bounds, width, height| {
        let target = Target::Aspect(AspectRatio::new(width, height));
        let resize = Resize {
            target,
            ..bounded(bounds)
        };
        resize.plan(Size::new(4000, 3000)).map(|p| p.canvas)
    };
    assert_eq!(aspect(V1, 16, 9), Ok(Size::new(1536, 864)));
    assert_eq!(aspect(V1, 48, 1), Ok(Size::new(1536, 32)));
    assert_eq!(
        aspect(V1, 1000, 1),
        Err(GeometryError::NoAllowedAspect {
            aspect: AspectRatio::new(1000, 1),
            nearest: Size::new(1536, 32),
            sizes: Box::new(V1.into()),
        })
    );
    assert!(aspect(Bounds::square(1024, 1024, 8), 3, 2).is_err());
    assert_eq!(aspect(Bounds::ANY, 1000, 1), Ok(Size::new(4000, 4)));
}

#[test]
fn zero_sides_are_rejected() {
    let source = Size::new(9, 9);
    assert_eq!(keep().plan(Size::new(0, 9)), Err(GeometryError::Empty));
    let none = exact(0, 9, Fit::Cover).plan(source);
    assert_eq!(none, Err(GeometryError::Empty));
    let aspect = Resize {
        target: Target::Aspect(AspectRatio::new(0, 1)),
        ..keep()
    };
    assert_eq!(aspect.plan(source), Err(GeometryError::Empty));
}
