//! Chooses instructions at run time.

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
