//! Where the image is in the window: from its pixels to points of the screen and back.

use eframe::egui::{Pos2, Rect, Vec2, pos2};
use imgpost::{Region, Size};

use crate::crop::Point;

/// The position of an image in the window.
#[derive(Clone, Copy, Debug)]
pub struct Transform {
    image: Size,
    rect: Rect,
}

impl Transform {
    /// Centers the image in `area`, as large as its aspect ratio allows, enlarged at most `max_scale` times.
    pub fn fit(image: Size, area: Rect, max_scale: f32) -> Self {
        let size = Vec2::new(image.width as f32, image.height as f32);
        let scale = (area.size() / size).min_elem().min(max_scale);
        let rect = Rect::from_center_size(area.center(), size * scale);
        Self { image, rect }
    }

    /// The rectangle of the whole image on the screen.
    pub fn rect(&self) -> Rect {
        self.rect
    }

    /// The rectangle of a region of the image on the screen.
    pub fn region_to_screen(&self, region: Region) -> Rect {
        let position = |x: u32, y: u32| {
            let fraction = Vec2::new(
                x as f32 / self.image.width as f32,
                y as f32 / self.image.height as f32,
            );
            self.rect.min + self.rect.size() * fraction
        };
        Rect::from_min_max(
            position(region.left, region.top),
            position(region.left + region.width, region.top + region.height),
        )
    }

    /// The point of the image at this position, or the nearest one.
    pub fn point_from_screen(&self, position: Pos2) -> Point {
        let fraction = (position - self.rect.min) / self.rect.size();
        let thousandths = |fraction: f32| (fraction * 1000.0).round().clamp(0.0, 1000.0) as u16;
        Point {
            x: thousandths(fraction.x),
            y: thousandths(fraction.y),
        }
    }

    /// The position of a point of the image on the screen.
    pub fn point_to_screen(&self, point: Point) -> Pos2 {
        let fraction = pos2(f32::from(point.x), f32::from(point.y)) / 1000.0;
        self.rect.min + self.rect.size() * fraction.to_vec2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;
    use imgpost::PrepareOptions;

    const AREA: Rect = Rect {
        min: pos2(20.0, 10.0),
        max: pos2(620.0, 610.0),
    };
    const TALL: Size = Size::new(1200, 1600);

    fn transform(image: Size) -> Transform {
        Transform::fit(image, AREA, 2.0)
    }

    #[test]
    fn image_is_centered_and_undistorted() {
        let rect = |x, y, width, height| Rect::from_min_size(pos2(x, y), vec2(width, height));
        assert_eq!(transform(TALL).rect(), rect(95.0, 10.0, 450.0, 600.0));
        let wide = transform(Size::new(6000, 3000)).rect();
        assert_eq!(wide, rect(20.0, 160.0, 600.0, 300.0));
        let small = transform(Size::new(10, 20)).rect();
        assert_eq!(small, rect(310.0, 290.0, 20.0, 40.0));
    }

    #[test]
    fn region_keeps_its_place_in_the_image() {
        let transform = transform(TALL);
        let whole = PrepareOptions::default()
            .plan_size(1200, 1600)
            .unwrap()
            .crop();
        assert_eq!(transform.region_to_screen(whole), transform.rect());
        let square = PrepareOptions::default().aspect(1, 1).plan_size(1200, 1600);
        let center = transform.region_to_screen(square.unwrap().crop());
        assert_eq!(center.min, pos2(95.0, 85.0));
        assert_eq!(center.size(), vec2(450.0, 450.0));
    }

    #[test]
    fn point_survives_a_round_trip_and_is_clamped_outside() {
        let transform = transform(TALL);
        for (x, y) in [(0, 0), (1000, 1000), (1, 999), (333, 500)] {
            let point = Point { x, y };
            let position = transform.point_to_screen(point);
            assert_eq!(transform.point_from_screen(position), point);
        }
        let left = transform.point_from_screen(pos2(-50.0, 310.0));
        assert_eq!(left, Point { x: 0, y: 500 });
        let below = transform.point_from_screen(pos2(320.0, 9000.0));
        assert_eq!(below, Point { x: 500, y: 1000 });
    }
}
