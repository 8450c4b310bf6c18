//! The decoder: the header first, and then bands of samples.

use std::io::Read;

use fearless_simd::{Level, Simd};

use super::channel::{Channel, Plane, Reduction, Strip};
use super::error::Error;
use super::header::{Header, Process, Scan};
use super::idct::{LANES, Workspace};
use super::scan::ScanDecoder;
use super::segments::Segments;
use super::source::Source;
use super::window::{End, Window};
use crate::vectorize::vectorize;

/// Scans of a file. Each goes over the whole image and can be made of a few bytes; a usual progressive file has ten.
const MAX_SCANS: usize = 500;

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
            exif: std::mem::take(&mut segments.metadata.exif),
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
        let (bands, process) = (self.allocated_bands(), self.header.process);
        let channels = self.channels(reductions);
        channels
            .iter()
            .map(|channel| channel.memory(bands, process))
            .sum()
    }

    /// Starts decoding, component `n` with `reductions[n]`. If [`Self::is_buffered`], this reads the whole file.
    pub fn start(self, reductions: &[Reduction; 4]) -> Result<Bands<R>, Error> {
        let bands = self.allocated_bands();
        let mut channels = self.channels(reductions);
        for channel in &mut channels {
            channel.allocate(bands, self.header.process);
        }
        let is_buffered = self.is_buffered();
        let mut segments = self.segments;
        let scan =
            ScanDecoder::begin(self.scan, self.header.process, &mut segments, &mut channels)?;
        let mut bands = Bands {
            total: self.header.bands(),
            header: self.header,
            segments,
            channels,
            scan,
            level: Level::new(),
            workspace: Box::new([[0.0; LANES]; 64]),
            next: 0,
            is_buffered,
            is_eoi_missing: false,
        };
        if is_buffered {
            bands.buffer()?;
        }
        Ok(bands)
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
    scan: ScanDecoder,
    pub(super) level: Level,
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
        vectorize!(level, simd => self.decode(simd))?;
        self.next += 1;
        if self.next == self.total && !self.is_buffered {
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

    #[inline(always)]
    fn decode<S: Simd>(&mut self, simd: S) -> Result<(), Error> {
        if self.is_buffered {
            for channel in &mut self.channels {
                channel.transform(simd, self.next, &mut self.workspace);
            }
            return Ok(());
        }
        let mcus = self.header.mcus_across();
        self.scan
            .row(&mut self.segments, &mut self.channels, 0, mcus)?;
        for channel in &mut self.channels {
            channel.transform(simd, 0, &mut self.workspace);
            channel.coefficients.fill(0);
        }
        Ok(())
    }

    /// Reads all scans.
    fn buffer(&mut self) -> Result<(), Error> {
        let mut scans = 1;
        let level = self.level;
        loop {
            vectorize!(level, simd => self.read_scan(simd))?;
            if self.channels.iter().all(Channel::is_complete) {
                self.is_eoi_missing = !self.segments.end_of_image()?;
                return Ok(());
            }
            let scan = match self.segments.window.finish()? {
                End::File => None,
                End::Marker(marker) => self.segments.next_scan(Some(marker))?,
            };
            let source = &self.segments.window.source;
            let scan = scan.ok_or_else(|| source.truncated())?;
            scans += 1;
            if scans > MAX_SCANS {
                return Err(source.unsupported("a JPEG of more than 500 scans"));
            }
            self.scan = ScanDecoder::begin(
                scan,
                self.header.process,
                &mut self.segments,
                &mut self.channels,
            )?;
        }
    }

    /// Reads one scan into the coefficients.
    #[inline(always)]
    fn read_scan<S: Simd>(&mut self, _: S) -> Result<(), Error> {
        let (mcus, rows) = match self.scan.only_component() {
            // Without the blocks that would complete MCUs.
            Some(index) => self.channels[index].own_blocks.into(),
            None => (self.header.mcus_across(), self.header.bands()),
        };
        for row in 0..rows {
            self.scan
                .row(&mut self.segments, &mut self.channels, row, mcus)?;
        }
        Ok(())
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
