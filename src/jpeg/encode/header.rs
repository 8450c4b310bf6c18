//! The segments before the entropy-coded data.

use super::frame::Frame;
use super::huffman::TablePair;
use super::quantize::QuantizationTable;

pub(super) const END_OF_IMAGE: [u8; 2] = [0xFF, 0xD9];

/// From the start of the image to the start of its scan.
pub(super) fn header(
    frame: &Frame,
    quantization: &[QuantizationTable; 2],
    huffman: &[TablePair; 2],
) -> Vec<u8> {
    let components = frame.sampling().components();
    // Gray has the tables of luma alone.
    let kinds = components.min(2);
    let mut file = vec![0xFF, 0xD8];
    // Version 1.01, pixels as wide as they are high, no thumbnail.
    segment(&mut file, 0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");

    let mut tables = Vec::new();
    for (number, table) in (0..).zip(&quantization[..kinds]) {
        tables.push(number);
        tables.extend(table.0);
    }
    segment(&mut file, 0xDB, &tables);

    let [height, width] = [frame.height(), frame.width()].map(|side| (side as u16).to_be_bytes());
    let mut start_of_frame = vec![
        8,
        height[0],
        height[1],
        width[0],
        width[1],
        components as u8,
    ];
    let mut start_of_scan = vec![components as u8];
    for component in 0..components {
        let (across, down) = frame.sampling().factors(component);
        let (id, table) = (component as u8 + 1, component.min(1) as u8);
        start_of_frame.extend([id, (across << 4 | down) as u8, table]);
        start_of_scan.extend([id, table << 4 | table]);
    }
    segment(&mut file, 0xC0, &start_of_frame);

    let mut tables = Vec::new();
    for (number, pair) in (0..).zip(&huffman[..kinds]) {
        for (class, table) in [(0, &pair.dc), (0x10, &pair.ac)] {
            tables.push(class | number);
            tables.extend(table.counts);
            tables.extend(&table.symbols);
        }
    }
    segment(&mut file, 0xC4, &tables);

    // All coefficients at once.
    start_of_scan.extend([0, 63, 0]);
    segment(&mut file, 0xDA, &start_of_scan);
    file
}

fn segment(file: &mut Vec<u8>, marker: u8, content: &[u8]) {
    let length = content.len() as u16 + 2;
    file.extend([0xFF, marker]);
    file.extend(length.to_be_bytes());
    file.extend_from_slice(content);
}
