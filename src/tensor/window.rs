//! Sliding windows over pictures: what convolution and pooling have in common.

/// A window that slides over the height and width of pictures `[batch, height, width, channels]`.
///
/// Along each of the two axes, an input of extent n is padded to p₀ + n + p₁ and the window takes
/// every d-th of its elements, k in all, beginning at 0, s, 2s, ...: it spans 1 + (k - 1) d
/// elements and fits floor((p₀ + n + p₁ - 1 - (k - 1) d) / s) + 1 times (Dumoulin & Visin 2016,
/// relationship 15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// k, along height and width.
    pub kernel: [usize; 2],
    /// s, the steps from one place to the next.
    pub stride: [usize; 2],
    /// p₀ and p₁, the padding before and after.
    pub padding: [[usize; 2]; 2],
    /// d, the distance between neighbouring elements of the window.
    pub dilation: [usize; 2],
}

impl Window {
    /// A dense window of the given extents that moves one element at a time, without padding.
    pub fn new(kernel: [usize; 2]) -> Self {
        Self { kernel, stride: [1; 2], padding: [[0; 2]; 2], dilation: [1; 2] }
    }

    /// The same window moving this many elements at a time, both ways.
    pub fn step(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// The same window with as much padding as gives ceil(n / s) places; of an odd number, one more
    /// behind than before.
    pub fn same(self) -> Self {
        let padding = [0, 1].map(|axis| self.span(axis) - 1).map(|sum| [sum / 2, sum - sum / 2]);
        Self { padding, ..self }
    }

    /// The number of elements that the window spans along an axis, gaps included.
    pub fn span(&self, axis: usize) -> usize {
        1 + (self.kernel[axis] - 1) * self.dilation[axis]
    }

    /// How often the window fits along height and width; the reason why not, if it does not.
    pub(crate) fn output_size(&self, input: [usize; 2]) -> Result<[usize; 2], String> {
        let mut places = [0; 2];
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
            places[axis] = (room - span) / self.stride[axis] + 1;
        }
        Ok(places)
    }

    /// The smallest extent that has as many places along an axis.
    pub(crate) fn smallest_input(&self, axis: usize, places: usize) -> usize {
        let padded = places.saturating_sub(1) * self.stride[axis] + self.span(axis);
        padded.saturating_sub(self.padding[axis].iter().sum())
    }

    /// Whether each of the places covers some element of the input, and not padding alone.
    pub(crate) fn always_covers(&self, axis: usize, input: usize, places: usize) -> bool {
        let [before, _] = self.padding[axis];
        let inside = |at: usize| (before..before + input).contains(&at);
        (0..places)
            .all(|t| (0..self.kernel[axis]).any(|k| inside(t * self.stride[axis] + k * self.dilation[axis])))
    }
}
