//! Stand-in until the kernels land.
/// Elementary functions.
pub trait Elementary: Copy + Sized {
    /// exp
    fn exp(self) -> Self;
    /// ln
    fn ln(self) -> Self;
    /// slices
    fn exp_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn ln_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn tanh_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn sin_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn cos_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn erf_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn sigmoid_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn softplus_slice(x: &[Self], out: &mut [Self]);
    /// slices
    fn gelu_slice(x: &[Self], out: &mut [Self]);
}
macro_rules! e {
    ($t:ty) => {
        impl Elementary for $t {
            fn exp(self) -> Self {
                libm::exp(self as f64) as $t
            }
            fn ln(self) -> Self {
                libm::log(self as f64) as $t
            }
            fn exp_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::exp(*x as f64) as $t
                }
            }
            fn ln_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::log(*x as f64) as $t
                }
            }
            fn tanh_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::tanh(*x as f64) as $t
                }
            }
            fn sin_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::sin(*x as f64) as $t
                }
            }
            fn cos_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::cos(*x as f64) as $t
                }
            }
            fn erf_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = libm::erf(*x as f64) as $t
                }
            }
            fn sigmoid_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    *y = (1.0 / (1.0 + libm::exp(-*x as f64))) as $t
                }
            }
            fn softplus_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    let x = *x as f64;
                    *y = (x.max(0.0) + libm::log1p(libm::exp(-x.abs()))) as $t
                }
            }
            fn gelu_slice(x: &[Self], out: &mut [Self]) {
                for (y, x) in out.iter_mut().zip(x) {
                    let x = *x as f64;
                    *y = (x * 0.5 * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2)) as $t
                }
            }
        }
    };
}
e!(f32);
e!(f64);
