//! The inputs that each result of a convolution depends on, along one axis.

use crate::tensor::window::Window;

/// Results along one axis that have the same taps.
///
/// The result at `to` is the sum over the taps (offset, k) of the input at `from + offset` times
/// the kernel's element k. The input has zeros before and after it.
pub(super) struct Line {
    /// (from, to) for each result.
    pub positions: Vec<(usize, usize)>,
    /// (offset, k), by ascending offset.
    pub taps: Vec<(usize, usize)>,
}

/// The lines along one axis, and the number of zeros before and after the input.
pub(super) struct Axis {
    pub lines: Vec<Line>,
    pub zeros: [usize; 2],
}

/// Convolution: the result at t is the sum over k of the input at t s + k d - p₀.
pub(super) fn forward(window: &Window, axis: usize, results: usize) -> Axis {
    let (step, gap) = (window.stride[axis], window.dilation[axis]);
    let line = Line {
        positions: (0..results).map(|t| (t * step, t)).collect(),
        taps: (0..window.kernel[axis]).map(|k| (k * gap, k)).collect(),
    };
    Axis { lines: vec![line], zeros: window.padding[axis] }
}

/// Transposed convolution: the result at i is the sum over k of the input at t, where
/// t s + k d - p₀ = i.
///
/// All i with the same remainder of i + p₀ modulo s have the same taps. They form a line, so that
/// products with the zeros between inputs are never computed.
pub(super) fn transposed(window: &Window, axis: usize, input: usize, results: usize) -> Axis {
    let (step, gap, before) = (window.stride[axis], window.dilation[axis], window.padding[axis][0]);
    // With i + p₀ = q s + remainder: t = q + (remainder - k d) / s, if that is an integer.
    let taps = |remainder: usize| {
        let distances = (0..window.kernel[axis]).map(|k| (remainder as isize - (k * gap) as isize, k));
        let whole = distances.filter(|(distance, _)| distance % step as isize == 0);
        let mut taps: Vec<(isize, usize)> =
            whole.map(|(distance, k)| (distance / step as isize, k)).collect();
        taps.sort_unstable();
        taps
    };
    let all: Vec<Vec<(isize, usize)>> = (0..step).map(taps).collect();
    let lowest = all.iter().flatten().map(|tap| tap.0).min().unwrap_or(0);
    let highest = all.iter().flatten().map(|tap| tap.0).max().unwrap_or(0);
    // q runs from p₀ / s to (results - 1 + p₀) / s.
    let first = (before / step) as isize + lowest;
    let last = ((results + before).saturating_sub(1) / step) as isize + highest;
    let front = (-first).max(0);
    let zeros = [front as usize, (last + 1 - input as isize).max(0) as usize];
    let line = |(remainder, taps): (usize, Vec<(isize, usize)>)| {
        let inside = (0..results).filter(|i| (i + before) % step == remainder);
        let from = |i: usize| ((i + before) / step) as isize + lowest + front;
        Line {
            positions: inside.map(|i| (from(i) as usize, i)).collect(),
            taps: taps.into_iter().map(|(offset, k)| ((offset - lowest) as usize, k)).collect(),
        }
    };
    Axis { lines: all.into_iter().enumerate().map(line).collect(), zeros }
}
