//! Errors over the whole range of floats, and exact values.

use super::*;

type Function = (&'static str, fn(f32) -> f32, fn(f64) -> f64, f64);

/// Name, function, reference, and the stated largest error in ULP.
const FUNCTIONS: [Function; 9] = [
    ("exp", Elementary::exp, libm::exp, 0.896),
    ("ln", Elementary::ln, libm::log, 0.796),
    ("tanh", Elementary::tanh, libm::tanh, 1.325),
    ("sin", Elementary::sin, libm::sin, 0.893),
    ("cos", Elementary::cos, libm::cos, 0.877),
    ("erf", Elementary::erf, libm::erf, 1.179),
    ("sigmoid", Elementary::sigmoid, Elementary::sigmoid, 2.403),
    ("softplus", Elementary::softplus, Elementary::softplus, 1.951),
    ("gelu", Elementary::gelu, Elementary::gelu, 6.483),
];

/// The distance of `got` from `want`, in units in the last place of `want` as a float.
fn ulps(got: f32, want: f64) -> f64 {
    let nearest = want as f32;
    if got == nearest || (got.is_nan() && want.is_nan()) {
        return 0.0;
    }
    if !got.is_finite() || !nearest.is_finite() {
        return f64::INFINITY;
    }
    let exponent = (want.abs().max(f64::from(f32::MIN_POSITIVE)).to_bits() >> 52) as i32 - 1023;
    let unit = f64::from_bits(((exponent - 23 + 1023) as u64) << 52);
    (f64::from(got) - want).abs() / unit
}

/// The worst error over the floats with the given bits.
fn worst(f: fn(f32) -> f32, reference: fn(f64) -> f64, bits: impl Iterator<Item = u32>) -> (f64, f32) {
    bits.map(f32::from_bits)
        .map(|x| (ulps(f(x), reference(f64::from(x))), x))
        .fold((0.0, 0.0), |a, b| if b.0 > a.0 { b } else { a })
}

#[test]
fn errors_stay_within_the_stated_bounds() {
    for (name, f, reference, bound) in FUNCTIONS {
        // Every 4,099th float, and every 61st between 1/16 and 128, where the functions vary most.
        let between = 0.0625_f32.to_bits()..128.0_f32.to_bits();
        let dense = between.step_by(61).flat_map(|bits| [bits, bits | 1 << 31]);
        let (error, x) = worst(f, reference, (0..=u32::MAX).step_by(4099).chain(dense));
        assert!(error <= bound, "{name}({x:e}) is off by {error} ULP");
    }
}

#[test]
fn the_slope_of_gelu_is_right_to_4e_7() {
    for x in (0..=u32::MAX).step_by(4099).map(f32::from_bits) {
        let (got, want) = (x.gelu_slope(), f64::from(x).gelu_slope());
        assert!(
            (f64::from(got) - want).abs() <= 4e-7 || got.is_nan() && x.is_nan(),
            "{x:e}: {got}, not {want}"
        );
    }
}

/// Prints the table of the module's documentation; takes minutes.
#[test]
#[ignore = "over all 2^32 inputs"]
fn errors_over_all_inputs() {
    for (name, f, reference, _) in FUNCTIONS {
        let halves = std::thread::scope(|scope| {
            // Beyond 2^17 sine and cosine are the rounded reference, which is slow and needs no
            // check.
            let far = move |bits: &u32| matches!(name, "sin" | "cos") && trig::is_far(f32::from_bits(*bits));
            let half = |start: u32| {
                let bits = (start..=start + ((1 << 31) - 1)).filter(move |bits| !far(bits));
                scope.spawn(move || worst(f, reference, bits))
            };
            [half(0), half(1 << 31)].map(|thread| thread.join().unwrap())
        });
        println!("{name}: {:.3}", f64::max(halves[0].0, halves[1].0));
    }
}

#[test]
fn exact_values() {
    assert_eq!(Elementary::exp(0.0_f32), 1.0);
    assert_eq!(Elementary::exp(f32::NEG_INFINITY), 0.0);
    assert_eq!(Elementary::exp(f32::INFINITY), f32::INFINITY);
    assert_eq!(Elementary::ln(1.0_f32).to_bits(), 0.0_f32.to_bits());
    assert_eq!(Elementary::ln(0.0_f32), f32::NEG_INFINITY);
    assert_eq!(Elementary::ln(f32::INFINITY), f32::INFINITY);
    assert!(Elementary::ln(-1.0_f32).is_nan());
    assert_eq!(Elementary::tanh(f32::INFINITY), 1.0);
    assert_eq!(Elementary::tanh(-20.0_f32), -1.0);
    assert_eq!(Elementary::erf(f32::NEG_INFINITY), -1.0);
    assert_eq!(Elementary::cos(0.0_f32), 1.0);
    assert_eq!(Elementary::sigmoid(0.0_f32), 0.5);
    assert_eq!(Elementary::sigmoid(f32::NEG_INFINITY), 0.0);
    assert_eq!(Elementary::softplus(f32::INFINITY), f32::INFINITY);
    assert_eq!(Elementary::softplus(f32::NEG_INFINITY), 0.0);
    assert_eq!(Elementary::gelu(50.0_f32), 50.0);
    assert!(Elementary::sin(f32::INFINITY).is_nan() && Elementary::cos(f32::NEG_INFINITY).is_nan());
}

#[test]
fn nan_stays_nan_and_signed_zeros_keep_their_sign() {
    for (name, f, _, _) in FUNCTIONS {
        assert!(f(f32::NAN).is_nan(), "{name}");
    }
    for f in [Elementary::tanh, Elementary::sin, Elementary::erf] {
        let f: fn(f32) -> f32 = f;
        assert_eq!(f(-0.0).to_bits(), (-0.0_f32).to_bits());
    }
}

#[test]
fn symmetry_is_exact() {
    for bits in (0..0x7f80_0000_u32).step_by(9973) {
        let x = f32::from_bits(bits);
        for f in [Elementary::tanh, Elementary::sin, Elementary::erf] {
            let f: fn(f32) -> f32 = f;
            assert_eq!(f(-x), -f(x), "at {x:e}");
        }
        assert_eq!(Elementary::cos(-x), Elementary::cos(x));
    }
}

#[test]
fn a_slice_has_the_bits_of_its_single_values() {
    let x: Vec<f32> = (0..1003).map(|i| (i as f32 - 500.0) * 1.37).chain([1e9, -3e38]).collect();
    let mut out = vec![0.0; x.len()];
    for (name, f, _, _) in FUNCTIONS {
        match name {
            "sin" => f32::sin_slice(&x, &mut out),
            "cos" => f32::cos_slice(&x, &mut out),
            _ => map(&x, &mut out, f),
        }
        for (x, y) in x.iter().zip(&out) {
            assert_eq!(y.to_bits(), f(*x).to_bits(), "{name}({x})");
        }
    }
}
