//! Tests of the errors of Winograd's filtering.

use super::*;
use crate::random::{Purpose, Stream};

fn normal(shape: &[usize], seed: u64) -> Tensor {
    let mut stream = Stream::new(seed, Purpose::Data);
    Tensor::from_fn(shape, || stream.normal() as f32)
}

/// A convolution that keeps height and width, the gradient of its input, and that of its kernel.
fn all<F: Float>(x: &Tensor<F>, w: &Tensor<F>, y: &Tensor<F>) -> [Tensor<F>; 3] {
    let window = Window::new([3, 3]).same();
    [
        conv2d(x, w, None, &window, 1, y.shape()),
        conv2d_transpose(y, w, &window, 1, x.shape()),
        conv2d_kernel(x, y, &window, 1, w.shape()),
    ]
}

/// The error is the largest one over the largest result. PyTorch 2.15 has 2.4e-7 to 3.7e-7 for the
/// convolution and its input's gradient, and 5e-7 to 5.7e-6 for the kernel's gradient.
#[test]
fn errors_are_small_compared_with_the_largest_result() {
    for (size, channels) in [(4, 256), (8, 64), (21, 16)] {
        let (x, y) = (normal(&[16, size, size, channels], 1), normal(&[16, size, size, channels], 2));
        let w = normal(&[3, 3, channels, channels], 3);
        let exact = all(&x.cast::<f64>(), &w.cast(), &y.cast());
        for ((what, bound), (got, exact)) in [("convolution", 1.1e-6), ("input", 1.1e-6), ("kernel", 1.5e-6)]
            .into_iter()
            .zip(all(&x, &w, &y).iter().zip(&exact))
        {
            let largest = exact.as_slice().iter().fold(0.0, |max: f64, x| x.abs().max(max));
            let pairs = got.as_slice().iter().zip(exact.as_slice());
            let error = pairs.map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max) / largest;
            println!("{size}x{size}, {channels} channels, {what}: {error:.2e}");
            assert!(error < bound, "{size}x{size}, {channels} channels, {what}: {error:e}");
        }
    }
}

/// NaN, infinity and values so large that their neighbours would lose all digits change only the
/// results that depend on them.
#[test]
fn an_extreme_pixel_changes_only_results_that_depend_on_it() {
    const PIXEL: [usize; 3] = [1, 5, 6];
    let (x, y, w) = (normal(&[3, 12, 12, 16], 1), normal(&[3, 12, 12, 32], 2), normal(&[3, 3, 16, 32], 3));
    let with = |x: &Tensor, value: f32| {
        let mut x = x.clone();
        let [_, height, width, channels] = extents(&x);
        let at = (PIXEL[0] * height + PIXEL[1]) * width + PIXEL[2];
        x.as_mut_slice()[at * channels + 3] = value;
        x
    };
    let near = |at: usize, pixel: usize| at.abs_diff(pixel) <= 1;
    let tame = [all(&with(&x, 0.0), &w, &y), all(&x, &w, &with(&y, 0.0))];
    for wild in [f32::NAN, f32::INFINITY, 1e10, -1e5] {
        let wild = [all(&with(&x, wild), &w, &y), all(&x, &w, &with(&y, wild))];
        for i in 0..2 {
            // The convolution of x, and the gradient in x from y.
            let (got, want) = (wild[i][i].view(), tame[i][i].view());
            for (at, got) in got.indexed_iter() {
                if at[0] != PIXEL[0] {
                    assert_eq!(*got, want[&at], "other pictures keep their bits");
                } else if !(near(at[1], PIXEL[1]) && near(at[2], PIXEL[2])) {
                    assert!((got - want[&at]).abs() < 1e-4, "{at:?}: {got}, not {}", want[&at]);
                }
            }
            // The kernel's gradient depends on the pixel in one channel of the inputs, or outputs.
            let (got, want) = (wild[i][2].view(), tame[i][2].view());
            for (at, got) in got.indexed_iter().filter(|(at, _)| at[2 + i] != 3) {
                assert!((got - want[&at]).abs() < 1e-3, "{at:?}: {got}, not {}", want[&at]);
            }
        }
    }
}
