//! Where the picture lies in the window: from pixels of the picture to points on the screen and back.

use eframe::egui::{Pos2, Rect, Vec2, pos2};
use imgpost::{Region, Size};

use crate::choice::Point;

/// A picture that is drawn somewhere.
#[derive(Clone, Copy, Debug)]
pub struct View {
    picture: Size,
    place: Rect,
}

impl View {
    /// The picture in the middle of `area`, as large as it goes in its own ratio; a small one is enlarged at most
    /// `max_scale` times.
    pub fn fit(picture: Size, area: Rect, max_scale: f32) -> Self {
        let size = Vec2::new(picture.width as f32, picture.height as f32);
        let scale = (area.size() / size).min_elem().min(max_scale);
        let place = Rect::from_center_size(area.center(), size * scale);
        Self { picture, place }
    }

    /// Where the whole picture is drawn.
    pub fn place(&self) -> Rect {
        self.place
    }

    /// Where a part of it is drawn.
    pub fn on_screen(&self, part: Region) -> Rect {
        let at = |x: u32, y: u32| {
            let share = Vec2::new(
                x as f32 / self.picture.width as f32,
                y as f32 / self.picture.height as f32,
            );
            self.place.min + self.place.size() * share
        };
        Rect::from_min_max(
            at(part.left, part.top),
            at(part.left + part.width, part.top + part.height),
        )
    }

    /// The point of the picture that is drawn there, or the nearest one.
    pub fn point_at(&self, position: Pos2) -> Point {
        let share = (position - self.place.min) / self.place.size();
        let thousandths = |share: f32| (share * 1000.0).round().clamp(0.0, 1000.0) as u16;
        Point {
            x: thousandths(share.x),
            y: thousandths(share.y),
        }
    }

    /// Where a point of the picture is drawn.
    pub fn position_of(&self, point: Point) -> Pos2 {
        let share = pos2(f32::from(point.x), f32::from(point.y)) / 1000.0;
        self.place.min + self.place.size() * share.to_vec2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use eframe::egui::vec2;
    use imgpost::Prepare;

    const AREA: Rect = Rect {
        min: pos2(20.0, 10.0),
        max: pos2(620.0, 610.0),
    };
    const TALL: Size = Size::new(1200, 1600);

    fn view(picture: Size) -> View {
        View::fit(picture, AREA, 2.0)
    }

    #[test]
    fn a_picture_lies_in_the_middle_in_its_own_ratio() {
        let rect = |x, y, width, height| Rect::from_min_size(pos2(x, y), vec2(width, height));
        assert_eq!(view(TALL).place(), rect(95.0, 10.0, 450.0, 600.0));
        let wide = view(Size::new(6000, 3000)).place();
        assert_eq!(wide, rect(20.0, 160.0, 600.0, 300.0));
        let small = view(Size::new(10, 20)).place();
        assert_eq!(small, rect(310.0, 290.0, 20.0, 40.0));
    }

    #[test]
    fn a_part_is_drawn_where_it_is_in_the_picture() {
        let view = view(TALL);
        let whole = Prepare::default().plan_size(1200, 1600).unwrap().crop();
        assert_eq!(view.on_screen(whole), view.place());
        let square = Prepare::default().aspect(1, 1).plan_size(1200, 1600);
        let middle = view.on_screen(square.unwrap().crop());
        assert_eq!(middle.min, pos2(95.0, 85.0));
        assert_eq!(middle.size(), vec2(450.0, 450.0));
    }

    #[test]
    fn a_point_is_found_again_and_the_nearest_one_outside() {
        let view = view(TALL);
        for (x, y) in [(0, 0), (1000, 1000), (1, 999), (333, 500)] {
            let point = Point { x, y };
            assert_eq!(view.point_at(view.position_of(point)), point);
        }
        assert_eq!(view.point_at(pos2(-50.0, 310.0)), Point { x: 0, y: 500 });
        let below = view.point_at(pos2(320.0, 9000.0));
        assert_eq!(below, Point { x: 500, y: 1000 });
    }
}
