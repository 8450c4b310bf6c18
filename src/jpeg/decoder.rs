//! The decoder: the header first, and then bands of samples.

use std::io::Read;

use fearless_simd::{Level, Simd, dispatch};

use super::channel::{Channel, Plane, Reduction, Strip};
use super::error::Error;
use super::header::{Header, Process, Scan};
use super::idct::{LANES, Workspace};
use super::segments::Segments;
use super::sequential::{Part, Restarts, mcu_row};
use super::source::Source;
use super::window::{Bits, Window};

/// A JPEG of which everything before the first entropy-coded data has been read.
pub(crate) struct Decoder<R> {
    segments: Segments<R>,
    header: Header,
    scan: Scan,
}

impl<R: Read> Decoder<R> {
    /// Reads the header of a file.
    pub fn new(reader: R) -> Result<Self, Error> {
        let mut segments = Segments::new(Window::new(Source::new(reader)));
        segments.start_of_image()?;
        let scan = segments.next_scan(None)?;
        let (Some(scan), Some((process, frame))) = (scan, &segments.frame) else {
            return Err(segments.window.source.truncated());
        };
        let header = Header {
            width: frame.width,
            height: frame.height,
            process: *process,
            color: segments.metadata.color(&frame.components),
            components: frame.components.clone(),
            icc_profile: segments.metadata.take_icc_profile(),
            exif: segments.metadata.exif.take(),
            adobe_transform: segments.metadata.adobe_transform,
        };
        Ok(Self {
            segments,
            header,
            scan,
        })
    }

    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether all coefficients of the image have to be in memory before the first band can be made, because the file is
    /// progressive or does not interleave its components.
    pub fn is_buffered(&self) -> bool {
        self.header.process == Process::Progressive
            || self.scan.components.len() < self.header.components.len()
    }

    /// Bytes that [`Self::start`] allocates: those of the coefficients of the whole image if [`Self::is_buffered`],
    /// otherwise those of one band.
    pub fn memory(&self, reductions: &[Reduction; 4]) -> u64 {
        let bands = self.allocated_bands();
        let channels = self.channels(reductions);
        channels.iter().map(|channel| channel.memory(bands)).sum()
    }

    /// Starts decoding, component `n` with `reductions[n]`.
    pub fn start(self, reductions: &[Reduction; 4]) -> Result<Bands<R>, Error> {
        let bands = self.allocated_bands();
        let mut channels = self.channels(reductions);
        for channel in &mut channels {
            channel.allocate(bands);
        }
        let mut out = Bands {
            total: self.header.bands(),
            is_buffered: self.is_buffered(),
            segments: self.segments,
            header: self.header,
            channels,
            scan: self.scan,
            bits: Bits::default(),
            restarts: Restarts::new(0),
            level: Level::new(),
            workspace: Box::new([[0.0; LANES]; 64]),
            next: 0,
            is_eoi_missing: false,
        };
        if out.is_buffered {
            return Err(out.segments.window.source.unsupported("progressive"));
        }
        out.begin_scan()?;
        Ok(out)
    }

    fn channels(&self, reductions: &[Reduction; 4]) -> Vec<Channel> {
        let Header {
            width,
            height,
            components,
            ..
        } = &self.header;
        let most = self.header.largest_sampling();
        let channels = components.iter().zip(reductions);
        channels
            .map(|(component, reduction)| {
                Channel::new(*component, [*width, *height], most, *reduction)
            })
            .collect()
    }

    fn allocated_bands(&self) -> usize {
        if self.is_buffered() {
            self.header.bands()
        } else {
            1
        }
    }
}

/// The bands of an image, each of which is a row of MCUs.
pub(crate) struct Bands<R> {
    segments: Segments<R>,
    header: Header,
    channels: Vec<Channel>,
    scan: Scan,
    bits: Bits,
    restarts: Restarts,
    level: Level,
    workspace: Box<Workspace>,
    /// Number of the next band, and of all.
    next: usize,
    total: usize,
    is_buffered: bool,
    is_eoi_missing: bool,
}

impl<R: Read> Bands<R> {
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Geometry of the planes, one for each component.
    pub fn planes(&self) -> impl ExactSizeIterator<Item = &Plane> {
        self.channels.iter().map(|channel| &channel.plane)
    }

    /// Decodes the next band. After the last one, `None`.
    ///
    /// The image is only complete, and all of its bands are only valid, once this has returned `None`.
    pub fn next_band(&mut self) -> Result<Option<Band<'_>>, Error> {
        let band = self.next;
        if band == self.total {
            return Ok(None);
        }
        let level = self.level;
        dispatch!(level, simd => self.decode(simd))?;
        self.next += 1;
        if self.next == self.total {
            self.is_eoi_missing = !self.segments.end_of_image()?;
        }
        Ok(Some(Band {
            channels: &self.channels,
            number: band,
        }))
    }

    /// Whether the file lacks the end-of-image marker, though nothing else: known after the last band.
    pub fn is_eoi_missing(&self) -> bool {
        self.is_eoi_missing
    }

    fn begin_scan(&mut self) -> Result<(), Error> {
        for part in &self.scan.components {
            let channel = &mut self.channels[part.index];
            channel.prediction = 0;
            if !channel.is_dequantized() {
                let index = usize::from(channel.component.quantization);
                let table = self.segments.quantization[index].as_ref();
                channel.dequantize(table.ok_or_else(|| {
                    self.segments
                        .window
                        .source
                        .damaged("a quantization table is missing")
                })?);
            }
            let (dc, ac) = (&self.segments.dc[part.dc], &mut self.segments.ac[part.ac]);
            let (Some(_), Some(ac)) = (dc, ac) else {
                return Err(self
                    .segments
                    .window
                    .source
                    .damaged("a Huffman table is missing"));
            };
            if channel.last < 63 {
                ac.prepare_skips();
            }
        }
        self.restarts = Restarts::new(self.segments.restart_interval);
        self.bits = self.segments.window.begin()?;
        Ok(())
    }

    #[inline(always)]
    fn decode<S: Simd>(&mut self, simd: S) -> Result<(), Error> {
        self.sequential_row()?;
        for channel in &mut self.channels {
            channel.transform(simd, 0, &mut self.workspace);
            channel.coefficients.fill(0);
        }
        Ok(())
    }

    #[inline(always)]
    fn sequential_row(&mut self) -> Result<(), Error> {
        let Segments { window, dc, ac, .. } = &mut self.segments;
        let mut channels: Vec<_> = self.channels.iter_mut().map(Some).collect();
        let mut parts = Vec::with_capacity(channels.len());
        for part in &self.scan.components {
            let (Some(channel), Some(dc), Some(ac)) =
                (channels[part.index].take(), &dc[part.dc], &ac[part.ac])
            else {
                continue;
            };
            parts.push(Part {
                across: channel.component.horizontal.into(),
                down: channel.rows(),
                row: 0,
                channel,
                dc,
                ac,
            });
        }
        let mcus = self.header.mcus_across();
        mcu_row(window, &mut self.bits, &mut self.restarts, &mut parts, mcus)
    }
}

/// A row of MCUs: some rows of each plane.
pub(crate) struct Band<'a> {
    channels: &'a [Channel],
    number: usize,
}

impl<'a> Band<'a> {
    /// Rows of each component's plane.
    pub fn strips(&self) -> impl ExactSizeIterator<Item = Strip<'a>> {
        let number = self.number;
        self.channels
            .iter()
            .map(move |channel| channel.strip(number))
    }
}
