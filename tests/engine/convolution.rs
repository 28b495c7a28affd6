//! The mathematical properties of convolution and pooling.

mod layers;

use crate::support::normal;
use approx::assert_relative_eq;
use ece472::autodiff::{Algebra, Pictures as _, Tape};
use ece472::nn::{
    Conv2d, Conv2dConfig, ConvTranspose2d, Init, Module as _, Parameters as _, Pass, Pool2d, receptive_field,
};
use ece472::random::{Purpose, Stream};
use ece472::tensor::{Tensor, Window};
use proptest::prelude::*;

fn assert_close(a: &Tensor<f64>, b: &Tensor<f64>) {
    assert_eq!(a.shape(), b.shape());
    for (a, b) in a.as_slice().iter().zip(b.as_slice()) {
        assert_relative_eq!(*a, *b, epsilon = 1e-9, max_relative = 1e-9);
    }
}

fn inner(a: &Tensor<f64>, b: &Tensor<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.as_slice().iter().zip(b.as_slice()).map(|(a, b)| a * b).sum()
}

/// The formula in seven plain loops, inside three over pictures and positions.
fn seven_loops(x: &Tensor<f64>, w: &Tensor<f64>, window: &Window, groups: usize) -> Tensor<f64> {
    let (&[batch, height, width, _], &[rows, columns, inputs, outputs]) = (x.shape(), w.shape()) else {
        panic!("two tensors of rank 4")
    };
    let [ys, xs] = [0, 1].map(|axis| {
        let [before, after] = window.padding[axis];
        (before + x.shape()[1 + axis] + after - window.span(axis)) / window.stride[axis] + 1
    });
    let mut out = Tensor::zeros(&[batch, ys, xs, outputs]);
    let mut at = 0;
    for n in 0..batch {
        for t in 0..ys {
            for u in 0..xs {
                for o in 0..outputs {
                    let group = o / (outputs / groups);
                    for k in 0..rows {
                        for l in 0..columns {
                            for c in 0..inputs {
                                let i = (t * window.stride[0] + k * window.dilation[0])
                                    .wrapping_sub(window.padding[0][0]);
                                let j = (u * window.stride[1] + l * window.dilation[1])
                                    .wrapping_sub(window.padding[1][0]);
                                if i < height && j < width {
                                    out.as_mut_slice()[at] += x.view()
                                        [[n, i, j, group * inputs + c].as_slice()]
                                        * w.view()[[k, l, c, o].as_slice()];
                                }
                            }
                        }
                    }
                    at += 1;
                }
            }
        }
    }
    out
}

/// A window, and extents of pictures and channels that fit it.
#[derive(Clone, Debug)]
struct Drawn {
    window: Window,
    batch: usize,
    size: [usize; 2],
    inputs: usize,
    outputs: usize,
    groups: usize,
}

impl Drawn {
    fn x(&self) -> Tensor<f64> {
        normal(&[self.batch, self.size[0], self.size[1], self.inputs], 1)
    }

    fn w(&self) -> Tensor<f64> {
        let [height, width] = self.window.kernel;
        normal(&[height, width, self.inputs / self.groups, self.outputs], 2)
    }
}

fn pair(range: std::ops::Range<usize>) -> [std::ops::Range<usize>; 2] {
    [range.clone(), range]
}

/// Windows of all kinds, and windows for which minimal filtering is used.
fn drawn() -> impl Strategy<Value = Drawn> {
    prop_oneof![3 => any_window(), 1 => three_by_three()]
}

fn three_by_three() -> impl Strategy<Value = Drawn> {
    ([pair(0..4), pair(0..4)], 1_usize..4, pair(1..11), 2_usize..6, 1_usize..3)
        .prop_map(|(padding, batch, size, inputs, outputs)| Drawn {
            window: Window { padding, ..Window::new([3, 3]) },
            batch,
            size,
            inputs: 8 * inputs,
            outputs: 16 * outputs,
            groups: 1,
        })
        .prop_filter("the window fits", fits)
}

fn fits(d: &Drawn) -> bool {
    (0..2).all(|axis| d.window.span(axis) <= d.size[axis] + d.window.padding[axis].iter().sum::<usize>())
}

fn any_window() -> impl Strategy<Value = Drawn> {
    (
        (pair(1..5), pair(1..4), [pair(0..4), pair(0..4)], pair(1..3)),
        1_usize..4,
        pair(1..9),
        (1_usize..5, 1_usize..21, 1_usize..4),
    )
        .prop_map(|((kernel, stride, padding, dilation), batch, size, (inputs, outputs, groups))| Drawn {
            window: Window { kernel, stride, padding, dilation },
            batch,
            size,
            inputs: inputs * groups,
            outputs: outputs * groups,
            groups,
        })
        .prop_filter("the window fits", fits)
}

proptest! {
    #[test]
    fn convolution_agrees_with_the_formula_and_is_linear(d in drawn()) {
        let (x, w) = (d.x(), d.w());
        let y = x.conv2d(&w, None, &d.window, d.groups);
        assert_close(&y, &seven_loops(&x, &w, &d.window, d.groups));
        // Linear in the pictures and in the kernel, apart from the bias.
        let (x2, w2, bias) = (normal(x.shape(), 3), normal(w.shape(), 4), normal(&[d.outputs], 5));
        let sum = (x.clone() * 2.0 + &x2).conv2d(&w, Some(&bias), &d.window, d.groups);
        let parts = y.clone() * 2.0 + &x2.conv2d(&w, None, &d.window, d.groups) + &bias;
        assert_close(&sum, &parts);
        let sum = x.conv2d(&(w.clone() - &(w2.clone() * 3.0)), None, &d.window, d.groups);
        assert_close(&sum, &(y - &(x.conv2d(&w2, None, &d.window, d.groups) * 3.0)));
    }

    #[test]
    fn the_three_operations_are_adjoint(d in drawn()) {
        let (x, w) = (d.x(), d.w());
        let conv = x.conv2d(&w, None, &d.window, d.groups);
        let y = normal(conv.shape(), 6);
        let value = inner(&conv, &y);
        let back = y.conv2d_transpose(&w, &d.window, d.groups, d.size);
        let kernel = x.conv2d_kernel(&y, &d.window, d.groups);
        let size = inner(&conv, &conv).sqrt() * inner(&y, &y).sqrt();
        prop_assert!((value - inner(&back, &x)).abs() <= 1e-12 * size);
        prop_assert!((value - inner(&kernel, &w)).abs() <= 1e-12 * size);
    }

    #[test]
    fn single_precision_agrees_with_double(d in drawn()) {
        let (x, w) = (d.x(), d.w());
        let y = x.conv2d(&w, None, &d.window, d.groups);
        let single = x.cast::<f32>().conv2d(&w.cast(), None, &d.window, d.groups);
        for (a, b) in single.as_slice().iter().zip(y.as_slice()) {
            prop_assert!((f64::from(*a) - b).abs() < 1e-3);
        }
    }

    #[test]
    fn pooling_agrees_with_its_definition(d in drawn()) {
        let x = d.x();
        // A sum over the window is a depthwise convolution with ones.
        let channels = x.shape()[3];
        let ones = Tensor::ones(&[d.window.kernel[0], d.window.kernel[1], 1, channels]);
        let sums = x.sum_pool(&d.window);
        assert_close(&sums, &x.conv2d(&ones, None, &d.window, channels));
        let y = normal(sums.shape(), 7);
        let spread = y.spread(&d.window, d.size);
        prop_assert!((inner(&sums, &y) - inner(&spread, &x)).abs() < 1e-9);
    }
}

/// A kernel that is 1 at one position, from each channel to itself, and 0 elsewhere.
fn delta(kernel: [usize; 2], at: [usize; 2], channels: usize) -> Tensor<f64> {
    let mut w = Tensor::zeros(&[kernel[0], kernel[1], channels, channels]);
    for c in 0..channels {
        let index = ((at[0] * kernel[1] + at[1]) * channels + c) * channels + c;
        w.as_mut_slice()[index] = 1.0;
    }
    w
}

/// Pictures moved down and to the right, with zeros moving in.
fn shifted(x: &Tensor<f64>, down: usize, right: usize) -> Tensor<f64> {
    let &[batch, height, width, channels] = x.shape() else { panic!("pictures") };
    let kept = x.slice(&[0; 4], &[batch, height - down, width - right, channels]);
    kept.pad(&[0, down, right, 0], &[batch, height, width, channels])
}

#[test]
fn a_delta_kernel_shifts() {
    let x = normal(&[2, 6, 7, 3], 1);
    let window = Window { padding: [[2, 0], [1, 0]], ..Window::new([3, 2]) };
    let same = x.conv2d(&delta([3, 2], [2, 1], 3), None, &window, 1);
    assert_eq!(same, x, "the last element of the window is the pixel itself");
    assert_eq!(x.conv2d(&delta([3, 2], [0, 0], 3), None, &window, 1), shifted(&x, 2, 1));
    assert_eq!(x.conv2d(&delta([3, 2], [1, 1], 3), None, &window, 1), shifted(&x, 1, 0));
}

#[test]
fn convolution_is_equivariant_under_translation() {
    // The ink is in the middle, away from all borders.
    let inside = normal(&[1, 3, 3, 2], 1);
    let x = inside.pad(&[0, 3, 3, 0], &[1, 12, 12, 2]);
    let window = Window::new([3, 3]).same();
    let w = normal(&[3, 3, 2, 5], 2);
    let conv = |x: &Tensor<f64>| x.conv2d(&w, None, &window, 1);
    for (down, right) in [(1, 0), (0, 2), (3, 3)] {
        assert_eq!(conv(&shifted(&x, down, right)), shifted(&conv(&x), down, right));
        let pool = |x: &Tensor<f64>| x.max_pool(&window);
        // The padded maximum differs at borders: compare where the window is inside the picture.
        assert_eq!(
            pool(&shifted(&x, down, right)).slice(&[0, 4, 4, 0], &[1, 8, 8, 2]),
            shifted(&pool(&x), down, right).slice(&[0, 4, 4, 0], &[1, 8, 8, 2])
        );
    }
    // With stride 2, this holds only for even shifts.
    let strided = |x: &Tensor<f64>| x.conv2d(&w, None, &window.step(2), 1);
    assert_eq!(strided(&shifted(&x, 2, 2)), shifted(&strided(&x), 1, 1));
    assert_ne!(strided(&shifted(&x, 1, 0)), shifted(&strided(&x), 1, 0));
}

#[test]
fn groups_are_separate_convolutions() {
    let (x, w) = (normal(&[2, 5, 5, 6], 1), normal(&[3, 3, 2, 9], 2));
    let window = Window::new([3, 3]).same();
    let parts: Vec<Tensor<f64>> = (0..3)
        .map(|g| {
            let (x, w) = (x.narrow(3, 2 * g, 2 * g + 2), w.narrow(3, 3 * g, 3 * g + 3));
            x.conv2d(&w, None, &window, 1)
        })
        .collect();
    let parts: Vec<&Tensor<f64>> = parts.iter().collect();
    assert_close(&x.conv2d(&w, None, &window, 3), &Tensor::concat(&parts, 3));
}

#[test]
fn dilation_is_a_kernel_with_holes() {
    let (x, w) = (normal(&[1, 9, 9, 2], 1), normal(&[3, 3, 2, 4], 2));
    let window = Window { dilation: [2, 3], padding: [[1, 2], [3, 0]], ..Window::new([3, 3]) };
    let mut wide = Tensor::zeros(&[5, 7, 2, 4]);
    for (at, &value) in w.view().indexed_iter() {
        let index = ((2 * at[0] * 7 + 3 * at[1]) * 2 + at[2]) * 4 + at[3];
        wide.as_mut_slice()[index] = value;
    }
    let whole = Window { padding: window.padding, ..Window::new([5, 7]) };
    assert_close(&x.conv2d(&w, None, &window, 1), &x.conv2d(&wide, None, &whole, 1));
}

#[test]
fn a_convolution_by_hand() {
    let x = Tensor::from_vec(&[1, 3, 3, 1], (1..=9).map(f64::from).collect()).unwrap();
    let w = Tensor::from_vec(&[2, 2, 1, 1], vec![1.0, 2.0, 3.0, 4.0]).unwrap();
    let y = x.conv2d(&w, Some(&Tensor::vector(&[0.5])), &Window::new([2, 2]), 1);
    // The first result is 1 + 2*2 + 3*4 + 4*5 = 37.
    assert_eq!((y.shape(), y.as_slice()), (&[1, 2, 2, 1][..], &[37.5, 47.5, 67.5, 77.5][..]));
    let back = y.conv2d_transpose(&w, &Window::new([2, 2]).step(2), 1, [4, 4]);
    assert_eq!(back.as_slice()[..4], [37.5, 75.0, 47.5, 95.0]);
    assert_eq!(back.as_slice()[4..8], [112.5, 150.0, 142.5, 190.0]);
}

#[test]
fn pooling_by_hand() {
    let x = Tensor::from_vec(&[1, 4, 4, 1], (0..16).map(|i| f64::from(i * 7 % 16)).collect()).unwrap();
    // 0 7 14 5 / 12 3 10 1 / 8 15 6 13 / 4 11 2 9
    let window = Window::new([2, 2]).step(2);
    assert_eq!(x.max_pool(&window).as_slice(), [12.0, 14.0, 15.0, 13.0]);
    assert_eq!(x.average_pool(&window).as_slice(), [5.5, 7.5, 9.5, 7.5]);
    let pass = &mut Pass::inference();
    assert_eq!(Pool2d::GlobalMax.forward(&x, pass).as_slice(), [15.0]);
    assert_eq!(Pool2d::GlobalAverage.forward(&x, pass).as_slice(), [7.5]);
    // Padding is never the maximum, even of negative values; in a mean it counts as zero.
    let window = Window { padding: [[1, 1]; 2], ..Window::new([2, 2]) }.step(4);
    let negative = x.clone() - 100.0;
    assert_eq!(negative.max_pool(&window).as_slice(), [-100.0, -95.0, -96.0, -91.0]);
    assert_eq!(negative.average_pool(&window).as_slice(), [-25.0, -23.75, -24.0, -22.75]);
}

#[test]
fn the_first_of_equal_maxima_gets_the_gradient() {
    let tape = Tape::new();
    let x = tape.var(Tensor::<f64>::ones(&[1, 2, 2, 1]));
    let [gradient] = x.max_pool(&Window::new([2, 2])).sum().grad([x]);
    assert_eq!(gradient.value().as_slice(), [1.0, 0.0, 0.0, 0.0]);
}
