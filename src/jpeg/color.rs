//! From components to pixels, with libjpeg's arithmetic.

use super::header::ColorModel;

/// Pixels that are converted at once.
const CHUNK: usize = 16;

/// 2^16 times 1.402, 0.344136, 0.714136 and 1.772.
const CR_TO_RED: i32 = 91_881;
const CB_TO_GREEN: i32 = 22_554;
const CR_TO_GREEN: i32 = 46_802;
const CB_TO_BLUE: i32 = 116_130;

/// Interleaves a row of each component: gray, RGB, or CMYK where 255 is full ink, however the file has it.
#[inline(always)]
pub(super) fn interleave(color: ColorModel, rows: &[Vec<u8>], out: &mut [u8]) {
    match (color, rows) {
        (ColorModel::YCbCr, [y, cb, cr]) => convert(y, cb, cr, None, out),
        (ColorModel::Ycck { is_inverted }, [y, cb, cr, k]) => {
            // RGB is what is left of the light: inverted ink.
            let flip = if is_inverted { [0, 255] } else { [255, 0] };
            convert(y, cb, cr, Some((k, flip)), out);
        }
        (ColorModel::Cmyk { is_inverted }, [c, m, y, k]) => {
            let flip = if is_inverted { 255 } else { 0 };
            let rows = c.iter().zip(m).zip(y).zip(k);
            for (out, (((c, m), y), k)) in out.as_chunks_mut::<4>().0.iter_mut().zip(rows) {
                *out = [c ^ flip, m ^ flip, y ^ flip, k ^ flip];
            }
        }
        (_, [r, g, b]) => {
            for (out, ((r, g), b)) in out
                .as_chunks_mut::<3>()
                .0
                .iter_mut()
                .zip(r.iter().zip(g).zip(b))
            {
                *out = [*r, *g, *b];
            }
        }
        (_, [gray, ..]) => out.copy_from_slice(&gray[..out.len()]),
        (_, []) => {}
    }
}

/// Interleaves RGB, or with `black` four components: the first three flipped by the first mask, and black by the second.
#[inline(always)]
fn convert(y: &[u8], cb: &[u8], cr: &[u8], black: Option<(&[u8], [u8; 2])>, out: &mut [u8]) {
    let channels = if black.is_some() { 4 } else { 3 };
    let (mut r, mut g, mut b) = ([0; CHUNK], [0; CHUNK], [0; CHUNK]);
    let rows = y.chunks(CHUNK).zip(cb.chunks(CHUNK)).zip(cr.chunks(CHUNK));
    for (index, (out, ((y, cb), cr))) in out.chunks_mut(CHUNK * channels).zip(rows).enumerate() {
        if let (Some(y), Some(cb), Some(cr)) = (y.first_chunk(), cb.first_chunk(), cr.first_chunk())
        {
            (r, g, b) = chunk(y, cb, cr);
        } else {
            for (n, ((y, cb), cr)) in y.iter().zip(cb).zip(cr).enumerate() {
                [r[n], g[n], b[n]] = pixel(*y, *cb, *cr);
            }
        }
        match black {
            None => {
                for (n, out) in out.as_chunks_mut::<3>().0.iter_mut().enumerate() {
                    *out = [r[n % CHUNK], g[n % CHUNK], b[n % CHUNK]];
                }
            }
            Some((k, [flip, flip_black])) => {
                let k = &k[index * CHUNK..];
                for (n, (out, k)) in out.as_chunks_mut::<4>().0.iter_mut().zip(k).enumerate() {
                    let n = n % CHUNK;
                    *out = [r[n] ^ flip, g[n] ^ flip, b[n] ^ flip, k ^ flip_black];
                }
            }
        }
    }
}

type Samples = [u8; CHUNK];

#[inline(always)]
fn chunk(y: &Samples, cb: &Samples, cr: &Samples) -> (Samples, Samples, Samples) {
    let (mut r, mut g, mut b) = ([0; CHUNK], [0; CHUNK], [0; CHUNK]);
    for n in 0..CHUNK {
        [r[n], g[n], b[n]] = pixel(y[n], cb[n], cr[n]);
    }
    (r, g, b)
}

#[inline(always)]
fn pixel(y: u8, cb: u8, cr: u8) -> [u8; 3] {
    const HALF: i32 = 1 << 15;
    let (y, cb, cr) = (i32::from(y), i32::from(cb) - 128, i32::from(cr) - 128);
    let red = y + ((CR_TO_RED * cr + HALF) >> 16);
    let green = y + ((HALF - CB_TO_GREEN * cb - CR_TO_GREEN * cr) >> 16);
    let blue = y + ((CB_TO_BLUE * cb + HALF) >> 16);
    [red, green, blue].map(|value| value.clamp(0, 255) as u8)
}
