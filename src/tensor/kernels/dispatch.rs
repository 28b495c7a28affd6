//! Runs a loop with the widest vector instructions that the processor has.
//!
//! The compiler turns plain Rust loops over slices into vector code, but by default only for the
//! oldest x86-64 processors. [`vectorised`] compiles its closure again for AVX2 and FMA, and for
//! AVX-512, and chooses at run time. Results do not depend on the choice: Rust never fuses or
//! reorders floating-point operations by itself, `mul_add` is exact on every path, and sums use a
//! fixed number of lanes.

/// Runs `body`, compiled for AVX-512, or for AVX2 and FMA, if the processor has them.
///
/// Everything that should be vectorised has to be inlined into `body`: mark it `#[inline(always)]`.
#[inline(always)]
#[allow(unsafe_code, clippy::inline_always)]
pub(crate) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c")]
        fn with_avx512<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        #[target_feature(enable = "avx2,fma")]
        fn with_avx2_and_fma<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        if many_registers() {
            // SAFETY: the check above has found all of these features.
            return unsafe { with_avx512(body) };
        }
        if fuses() {
            // SAFETY: the check above has found both features.
            return unsafe { with_avx2_and_fma(body) };
        }
    }
    body()
}

/// Whether the processor has fused multiply-add on vectors. Without it every `mul_add` is a slow
/// function call with the same result.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a load and a test, too little for a call")]
pub(crate) fn fuses() -> bool {
    #[cfg(target_arch = "x86_64")]
    let fuses = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
    #[cfg(not(target_arch = "x86_64"))]
    let fuses = true;
    fuses
}

/// Whether [`vectorised`] uses AVX-512, with 32 registers of 64 bytes; otherwise there are 16 of 32
/// bytes.
#[inline(always)]
#[expect(clippy::inline_always, reason = "a load and a test, too little for a call")]
pub(crate) fn many_registers() -> bool {
    #[cfg(target_arch = "x86_64")]
    let many = is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx2")
        && is_x86_feature_detected!("fma")
        && is_x86_feature_detected!("f16c");
    #[cfg(not(target_arch = "x86_64"))]
    let many = false;
    many
}
