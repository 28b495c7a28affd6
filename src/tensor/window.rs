//! Sliding windows over pictures, for convolution and pooling.

/// A window that slides over the height and width of pictures `[batch, height, width, channels]`.
///
/// Along each of the two axes, an input of extent n is padded to p₀ + n + p₁. The window covers k
/// elements, every d-th, so it spans 1 + (k - 1) d. Its positions begin at 0, s, 2s, ..., and there
/// are floor((p₀ + n + p₁ - 1 - (k - 1) d) / s) + 1 of them (Dumoulin & Visin 2016, relationship
/// 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// k, along height and width.
    pub kernel: [usize; 2],
    /// s, the step from one position to the next.
    pub stride: [usize; 2],
    /// p₀ and p₁, the padding before and after.
    pub padding: [[usize; 2]; 2],
    /// d, the distance between neighbouring elements of the window.
    pub dilation: [usize; 2],
}

impl Window {
    /// A window of the given extents, without padding or gaps, that moves one element at a time.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2] }
    }

    /// The same window moving `stride` elements at a time along both axes.
    pub fn step(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// The same window with the padding that gives ceil(n / s) positions. If the padding is odd,
    /// there is one more after the input than before it.
    pub fn same(self) -> Self {
        let padding = [0, 1].map(|axis| self.span(axis) - 1).map(|sum| [sum / 2, sum - sum / 2]);
        Self { padding, ..self }
    }

    /// The number of elements that the window spans along an axis, gaps included.
    pub fn span(&self, axis: usize) -> usize {
        1 + (self.kernel[axis] - 1) * self.dilation[axis]
    }

    /// The number of positions along height and width, or an error if the window does not fit.
    pub(crate) fn output_size(&self, input: [usize; 2]) -> Result<[usize; 2], String> {
        let mut positions = [0; 2];
        for (axis, name) in ["height", "width"].into_iter().enumerate() {
            for (what, n) in [
                ("kernel", self.kernel[axis]),
                ("stride", self.stride[axis]),
                ("dilation", self.dilation[axis]),
            ] {
                if n == 0 {
                    return Err(format!("the {what} is 0 along the {name}"));
                }
            }
            let [before, after] = self.padding[axis];
            let (span, room) = (self.span(axis), before + input[axis] + after);
            if span > room {
                let padding = format!("{before} + {} + {after}", input[axis]);
                return Err(format!("a window that spans {span} does not fit into the {name} {padding}"));
            }
            positions[axis] = (room - span) / self.stride[axis] + 1;
        }
        Ok(positions)
    }

    /// The smallest extent over which the window has the given number of positions along an axis.
    pub(crate) fn smallest_input(&self, axis: usize, positions: usize) -> usize {
        let padded = positions.saturating_sub(1) * self.stride[axis] + self.span(axis);
        padded.saturating_sub(self.padding[axis].iter().sum())
    }

    /// Whether the window covers an element of the input, not only padding, at each of its
    /// positions.
    pub(crate) fn always_covers(&self, axis: usize, input: usize, positions: usize) -> bool {
        let [before, _] = self.padding[axis];
        let inside = |at: usize| (before..before + input).contains(&at);
        (0..positions)
            .all(|t| (0..self.kernel[axis]).any(|k| inside(t * self.stride[axis] + k * self.dilation[axis])))
    }
}
