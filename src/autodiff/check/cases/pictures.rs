//! Convolution and pooling.

use super::draw::{between, distinct, normal};
use super::{Case, Problem};
use crate::autodiff::Pictures as _;
use crate::random::Stream;
use crate::tensor::Window;

/// A window, the height and width of pictures that it fits, and those of its result.
struct Drawn {
    window: Window,
    size: [usize; 2],
    output: [usize; 2],
    batch: usize,
}

/// Windows of 1x1 to 4x4, strides shorter and longer than the window, dilation, padding that makes
/// the window larger than the picture, and pictures from 1x1 up.
fn draw(s: &mut Stream) -> Drawn {
    loop {
        let mut both = |low, high| [between(s, low, high), between(s, low, high)];
        let (kernel, stride, dilation, size) = (both(1, 4), both(1, 3), both(1, 2), both(1, 6));
        let padding = [both(0, 3), both(0, 3)];
        let window = Window { kernel, stride, padding, dilation };
        if let Ok(output) = window.output_size(size) {
            return Drawn { window, size, output, batch: between(s, 1, 2) };
        }
    }
}

/// As [`draw`], but every position of the window covers a pixel that is not padding.
fn draw_for_maximum(s: &mut Stream) -> Drawn {
    loop {
        let drawn = draw(s);
        if (0..2).all(|axis| drawn.window.always_covers(axis, drawn.size[axis], drawn.output[axis])) {
            return drawn;
        }
    }
}

/// The number of channels of the pictures, of outputs, and of groups.
fn channels(s: &mut Stream) -> (usize, usize, usize) {
    let groups = between(s, 1, 2);
    (groups * between(s, 1, 3), groups * between(s, 1, 3), groups)
}

fn shape(batch: usize, [height, width]: [usize; 2], channels: usize) -> [usize; 4] {
    [batch, height, width, channels]
}

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("conv2d", |s| {
            let (Drawn { window, size, batch, .. }, (inputs, outputs, groups)) = (draw(s), channels(s));
            let x = normal(s, &shape(batch, size, inputs));
            let kernel = normal(s, &shape(window.kernel[0], [window.kernel[1], inputs / groups], outputs));
            let bias = normal(s, &[outputs]);
            Problem::new([x, kernel, bias], move |x| x[0].conv2d(&x[1], Some(&x[2]), &window, groups))
        }),
        Case::new("conv2d", |s| {
            // More outputs than are summed at a time (16), and a remainder that does not fill the
            // last lanes.
            let window = Window { padding: [[1; 2]; 2], ..Window::new([3, 3]) };
            let inputs = [normal(s, &[1, 3, 3, 3]), normal(s, &[3, 3, 3, 18])];
            Problem::new(inputs, move |x| x[0].conv2d(&x[1], None, &window, 1))
        }),
        Case::new("conv2d_transpose", |s| {
            let (drawn, (inputs, outputs, groups)) = (draw(s), channels(s));
            let Drawn { window, size, output, batch } = drawn;
            let y = normal(s, &shape(batch, output, outputs));
            let kernel = normal(s, &shape(window.kernel[0], [window.kernel[1], inputs / groups], outputs));
            Problem::new([y, kernel], move |x| x[0].conv2d_transpose(&x[1], &window, groups, size))
        }),
        Case::new("conv2d_kernel", |s| {
            let (drawn, (inputs, outputs, groups)) = (draw(s), channels(s));
            let Drawn { window, size, output, batch } = drawn;
            let x = normal(s, &shape(batch, size, inputs));
            let y = normal(s, &shape(batch, output, outputs));
            Problem::new([x, y], move |x| x[0].conv2d_kernel(&x[1], &window, groups))
        }),
        Case::new("sum_pool", |s| {
            let Drawn { window, size, batch, .. } = draw(s);
            Problem::new([normal(s, &shape(batch, size, 2))], move |x| x[0].sum_pool(&window))
        }),
        Case::new("spread", |s| {
            let Drawn { window, size, output, batch } = draw(s);
            Problem::new([normal(s, &shape(batch, output, 2))], move |x| x[0].spread(&window, size))
        }),
        Case::new("max_pool", |s| {
            let Drawn { window, size, batch, .. } = draw_for_maximum(s);
            Problem::new(distinct(s, [&shape(batch, size, 2)]), move |x| x[0].max_pool(&window))
        }),
        Case::new("max_pool_input", |s| {
            let Drawn { window, size, batch, output } = draw_for_maximum(s);
            let [x] = distinct(s, [&shape(batch, size, 2)]);
            let g = normal(s, &shape(batch, output, 2));
            Problem::new([x, g], move |x| x[0].max_pool_input(&x[0].max_pool(&window), &x[1], &window))
        }),
        Case::new("average_pool", |s| {
            let Drawn { window, size, batch, .. } = draw(s);
            Problem::new([normal(s, &shape(batch, size, 2))], move |x| x[0].average_pool(&window))
        }),
    ]
}
