//! Chooses instructions at run time, and what vectors of both users need.

use fearless_simd::{Simd, f32x8, prelude::*};

/// Evaluates an expression with the instructions that this processor has.
///
/// Two sets of x86 are enough: the others gain next to nothing, and each is all of the code once more.
macro_rules! vectorize {
    ($level:expr, $simd:ident => $body:expr) => {{
        let level: fearless_simd::Level = $level;
        #[cfg(target_arch = "x86_64")]
        {
            use fearless_simd::Simd;
            if let Some($simd) = level.as_avx2() {
                $simd.vectorize(
                    #[inline(always)]
                    || $body,
                )
            } else {
                let $simd = level.as_sse2().expect("every x86-64 has SSE2");
                $body
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        fearless_simd::dispatch!(level, $simd => $body)
    }};
}
pub(crate) use vectorize;

/// Makes rows of the columns of eight by eight values. Inlined, because a call would lose the instructions of the caller.
#[inline(always)]
pub(crate) fn transpose<S: Simd>(rows: [f32x8<S>; 8]) -> [f32x8<S>; 8] {
    shuffle(shuffle(shuffle(rows)))
}

/// Interleaves the first half with the second, as a deck of cards. Three times are a transposition.
#[inline(always)]
fn shuffle<S: Simd>(x: [f32x8<S>; 8]) -> [f32x8<S>; 8] {
    let (a, b) = x[0].interleave(x[4]);
    let (c, d) = x[1].interleave(x[5]);
    let (e, f) = x[2].interleave(x[6]);
    let (g, h) = x[3].interleave(x[7]);
    [a, b, c, d, e, f, g, h]
}
