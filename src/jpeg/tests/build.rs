//! Writes sequential files of any sampling, from coefficients, with an encoder that shares nothing with the decoder.

use super::Numbers;

/// Component identifiers, and sampling factors across and down.
pub type Components<'a> = &'a [(u8, usize, usize)];

pub const YCC_420: Components<'static> = &[(1, 2, 2), (2, 1, 1), (3, 1, 1)];
pub const GRAY: Components<'static> = &[(1, 1, 1)];

/// A file in parts, so that tests can leave some out.
pub struct File {
    /// From the start of the image to the frame header, which follows.
    pub tables: Vec<u8>,
    pub frame: Vec<u8>,
    /// A scan header and entropy-coded data for each scan.
    pub scans: Vec<(Vec<u8>, Vec<u8>)>,
    /// By component, the blocks row by row, with those that complete MCUs; values by number in zigzag order.
    pub blocks: Vec<Vec<[i16; 64]>>,
    /// Blocks in a row of each component.
    pub strides: Vec<usize>,
}

pub const QUANTIZATION: u16 = 3;

pub fn segment(marker: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker], &length[..], payload].concat()
}

impl File {
    /// A file of random coefficients. `interval` is that of restart markers, or 0; `is_split` writes one scan for each
    /// component.
    pub fn new(
        (width, height): (usize, usize),
        components: Components<'_>,
        interval: usize,
        is_split: bool,
    ) -> Self {
        let mut tables = vec![0xFF, 0xD8];
        // 16 bits for each value, in one segment with an 8-bit table.
        let wide = QUANTIZATION.to_be_bytes().repeat(64);
        let narrow = [QUANTIZATION as u8; 64];
        tables.extend(segment(0xDB, &[&[0x10], &wide[..], &[1], &narrow].concat()));
        let dc = [&[0][..], &DC.counts(), &DC.symbols()].concat();
        let ac = [&[0x10][..], &AC.counts(), &AC.symbols()].concat();
        tables.extend(segment(0xC4, &[dc, ac].concat()));
        if interval > 0 {
            tables.extend(segment(0xDD, &(interval as u16).to_be_bytes()));
        }
        let [w, h] = [width, height].map(|side| (side as u16).to_be_bytes());
        let mut frame = vec![8, h[0], h[1], w[0], w[1], components.len() as u8];
        for (id, across, down) in components {
            frame.extend([*id, (across << 4 | down) as u8, id % 2]);
        }
        let most = [
            components.iter().map(|c| c.1).max().unwrap(),
            components.iter().map(|c| c.2).max().unwrap(),
        ];
        let mcus = [width.div_ceil(8 * most[0]), height.div_ceil(8 * most[1])];
        let mut random = Numbers((width * 64 + height) as u64 + 1);
        let blocks: Vec<Vec<_>> = components
            .iter()
            .map(|c| {
                (0..mcus[0] * c.1 * mcus[1] * c.2)
                    .map(|_| block(&mut random))
                    .collect()
            })
            .collect();
        let strides: Vec<_> = components.iter().map(|c| mcus[0] * c.1).collect();
        let header = |indices: &[usize]| {
            let ids = indices.iter().flat_map(|index| [components[*index].0, 0]);
            let payload: Vec<u8> = [indices.len() as u8]
                .into_iter()
                .chain(ids)
                .chain([0, 63, 0])
                .collect();
            segment(0xDA, &payload)
        };
        let mut scans = Vec::new();
        if is_split || components.len() == 1 {
            for (index, (_, across, down)) in components.iter().enumerate() {
                let own = [
                    (width * across).div_ceil(8 * most[0]),
                    (height * down).div_ceil(8 * most[1]),
                ];
                let mut entropy = Entropy::new(components.len(), interval);
                for n in 0..own[0] * own[1] {
                    entropy.next_mcu();
                    let place = n / own[0] * strides[index] + n % own[0];
                    entropy.block(index, &blocks[index][place]);
                }
                scans.push((header(&[index]), entropy.finish()));
            }
        } else {
            let all: Vec<_> = (0..components.len()).collect();
            let mut entropy = Entropy::new(components.len(), interval);
            for mcu in 0..mcus[0] * mcus[1] {
                entropy.next_mcu();
                let (x, y) = (mcu % mcus[0], mcu / mcus[0]);
                for (index, (_, across, down)) in components.iter().enumerate() {
                    for n in 0..across * down {
                        let row = y * down + n / across;
                        let place = row * strides[index] + x * across + n % across;
                        entropy.block(index, &blocks[index][place]);
                    }
                }
            }
            scans.push((header(&all), entropy.finish()));
        }
        Self {
            tables,
            frame: segment(0xC1, &frame),
            scans,
            blocks,
            strides,
        }
    }

    /// Replaces the only scan by one of constant blocks, with a DC coefficient for each component.
    pub fn set_blocks(&mut self, values: &[i16]) {
        let mut entropy = Entropy::new(self.blocks.len(), 0);
        for (component, value) in (0..self.blocks.len()).zip(values) {
            let mut block = [0; 64];
            block[0] = *value;
            entropy.block(component, &block);
        }
        self.scans[0].1 = entropy.finish();
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.with(&[], &[])
    }

    /// The file with other segments in front of the frame header, and bytes in front of the end of the image.
    pub fn with(&self, segments: &[u8], tail: &[u8]) -> Vec<u8> {
        let scans = self.scans.iter().flat_map(|(header, data)| [header, data]);
        let parts = [&self.tables[..], segments, &self.frame].into_iter();
        let parts: Vec<&[u8]> = parts.chain(scans.map(|part| &part[..])).collect();
        [&parts.concat()[..], tail, &[0xFF, 0xD9]].concat()
    }
}

fn block(random: &mut Numbers) -> [i16; 64] {
    let mut block = [0; 64];
    block[0] = random.below(500) as i16 - 250;
    for _ in 0..random.below(12) {
        let size = 1 << random.below(6);
        block[1 + random.below(63)] = random.below(2 * size) as i16 - size as i16;
    }
    block
}

/// A Huffman table: the lengths of codes, and how many symbols have each.
struct Codes {
    lengths: &'static [(u8, usize)],
    symbol: fn(usize) -> u8,
}

const DC: Codes = Codes {
    lengths: &[(3, 4), (5, 7), (16, 1)],
    symbol: |index| index as u8,
};

/// Short codes for some symbols, and codes beyond every look-up for many.
const AC: Codes = Codes {
    lengths: &[(2, 2), (4, 3), (11, 40), (13, 40), (16, 77)],
    symbol: |index| match index {
        0 => 0x00,
        1 => 0x01,
        // A run of 16 is the last one.
        161 => 0xF0,
        _ => ((index - 1) / 10 * 16 + (index - 1) % 10 + 1) as u8,
    },
};

impl Codes {
    fn counts(&self) -> [u8; 16] {
        let mut counts = [0; 16];
        for (length, count) in self.lengths {
            counts[usize::from(*length) - 1] = *count as u8;
        }
        counts
    }

    fn symbols(&self) -> Vec<u8> {
        let count = self.lengths.iter().map(|(_, count)| count).sum();
        (0..count).map(self.symbol).collect()
    }

    /// Code and length.
    fn code(&self, symbol: u8) -> (u32, u32) {
        let (mut code, mut index, mut previous) = (0u32, 0, 0);
        for (length, count) in self.lengths {
            code <<= length - previous;
            previous = *length;
            for _ in 0..*count {
                if (self.symbol)(index) == symbol {
                    return (code, u32::from(*length));
                }
                (code, index) = (code + 1, index + 1);
            }
        }
        panic!("no code for {symbol:#x}");
    }
}

/// Entropy-coded data that is being written.
struct Entropy {
    data: Vec<u8>,
    bits: u64,
    count: u32,
    predictions: Vec<i16>,
    interval: usize,
    mcus: usize,
}

impl Entropy {
    fn new(components: usize, interval: usize) -> Self {
        Self {
            data: Vec::new(),
            bits: 0,
            count: 0,
            predictions: vec![0; components],
            interval,
            mcus: 0,
        }
    }

    fn put(&mut self, (bits, count): (u32, u32)) {
        self.bits = self.bits << count | u64::from(bits);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            let byte = (self.bits >> self.count) as u8;
            self.data.push(byte);
            if byte == 0xFF {
                self.data.push(0);
            }
        }
    }

    fn pad(&mut self) {
        let count = (8 - self.count % 8) % 8;
        self.put(((1 << count) - 1, count));
    }

    fn next_mcu(&mut self) {
        if self.interval > 0 && self.mcus > 0 && self.mcus.is_multiple_of(self.interval) {
            self.pad();
            let number = (self.mcus / self.interval - 1) % 8;
            self.data.extend([0xFF, 0xD0 + number as u8]);
            self.predictions.fill(0);
        }
        self.mcus += 1;
    }

    fn value(value: i16) -> (u32, u32) {
        let size = 16 - value.unsigned_abs().leading_zeros();
        let bits = if value < 0 { value - 1 } else { value };
        (bits as u32 & ((1 << size) - 1), size)
    }

    fn block(&mut self, component: usize, block: &[i16; 64]) {
        let (bits, size) = Self::value(block[0] - self.predictions[component]);
        self.predictions[component] = block[0];
        self.put(DC.code(size as u8));
        self.put((bits, size));
        let mut run = 0;
        for value in &block[1..] {
            if *value == 0 {
                run += 1;
                continue;
            }
            while run > 15 {
                self.put(AC.code(0xF0));
                run -= 16;
            }
            let (bits, size) = Self::value(*value);
            self.put(AC.code((run << 4) as u8 | size as u8));
            self.put((bits, size));
            run = 0;
        }
        if run > 0 {
            self.put(AC.code(0));
        }
    }

    fn finish(mut self) -> Vec<u8> {
        self.pad();
        self.data
    }
}
