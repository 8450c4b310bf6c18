//! Collects rows of samples until a row of MCUs is complete.

use super::frame::Frame;
use super::rgb::ColorRows;

/// The rows of every component that were not yet encoded.
pub(super) struct Rows {
    frame: Frame,
    planes: Vec<Plane>,
    color: ColorRows,
}

struct Plane {
    width: usize,
    height: usize,
    /// The width in whole MCUs.
    stride: usize,
    /// The height of a row of MCUs in samples.
    needed: usize,
    /// Rows of `stride` samples.
    samples: Vec<u8>,
    pushed: usize,
}

impl Plane {
    /// Appends a row. The last sample and the last row are repeated to the end of the MCU, which costs the fewest bits.
    fn push(&mut self, fill: impl FnOnce(&mut [u8])) {
        assert!(self.pushed < self.height, "all rows are there");
        self.pushed += 1;
        let start = self.samples.len();
        self.samples.resize(start + self.stride, 0);
        let (row, rest) = self.samples[start..].split_at_mut(self.width);
        fill(row);
        rest.fill(row[self.width - 1]);
        if self.pushed == self.height {
            let missing = self.height.next_multiple_of(self.needed) - self.height;
            for _ in 0..missing {
                self.samples.extend_from_within(start..start + self.stride);
            }
        }
    }
}

impl Rows {
    pub fn new(frame: Frame) -> Self {
        let plane = |component| {
            let (width, height) = frame.plane_size(component);
            let (beside, down) = frame.blocks(component);
            Plane {
                width,
                height,
                stride: beside * 8,
                needed: down * 8,
                samples: Vec::new(),
                pushed: 0,
            }
        };
        Self {
            frame,
            planes: (0..frame.sampling().components()).map(plane).collect(),
            color: ColorRows::new(frame),
        }
    }

    pub fn frame(&self) -> &Frame {
        &self.frame
    }

    /// Appends the next row of a component.
    pub fn push(&mut self, component: usize, samples: &[u8]) {
        self.planes[component].push(|row| row.copy_from_slice(samples));
    }

    /// Appends the next row of all components of a color image, from RGB.
    pub fn push_rgb(&mut self, pixels: &[u8]) {
        let [luma, blue, red] = self.planes.as_mut_slice() else {
            panic!("RGB has no place in a gray image");
        };
        let color = &mut self.color;
        luma.push(|row| color.luma(pixels, row));
        if color.add(pixels, luma.pushed == luma.height) {
            blue.push(|row| color.blue(row));
            red.push(|row| color.red(row));
        }
    }

    /// Whether a row of MCUs is complete.
    pub fn is_ready(&self) -> bool {
        let complete = |plane: &Plane| plane.samples.len() >= plane.needed * plane.stride;
        self.planes.iter().all(complete)
    }

    /// The samples of a component in the row of MCUs that is complete.
    pub fn strip(&self, component: usize) -> &[u8] {
        let plane = &self.planes[component];
        &plane.samples[..plane.needed * plane.stride]
    }

    #[cfg(test)]
    pub fn samples(&self, component: usize) -> &[u8] {
        &self.planes[component].samples
    }

    pub fn stride(&self, component: usize) -> usize {
        self.planes[component].stride
    }

    /// Removes the row of MCUs that is complete.
    pub fn consume(&mut self) {
        for plane in &mut self.planes {
            plane.samples.drain(..plane.needed * plane.stride);
        }
    }

    /// # Panics
    ///
    /// Rows are missing.
    pub fn assert_complete(&self) {
        for (component, plane) in self.planes.iter().enumerate() {
            let Plane { pushed, height, .. } = plane;
            assert!(
                pushed == height,
                "component {component} has {pushed} of {height} rows"
            );
        }
    }
}
