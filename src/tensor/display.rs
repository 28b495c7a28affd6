//! Tensors as text.

use std::fmt;

use super::{Float, Tensor};

/// The number of elements up to which all are shown.
const ALL: usize = 1000;
/// The number of elements that a shortened axis shows at either end.
const ENDS: usize = 3;

/// The elements in nested brackets, then the shape. An axis of a tensor of more than 1000 elements
/// shows its first and last three indices. A precision, as in `{:.3}`, holds for each element.
///
/// ```
/// use ece472::tensor::Tensor;
///
/// assert_eq!(Tensor::scalar(2.5).to_string(), "2.5 []");
/// let x = Tensor::matrix(&[[1.0, 2.0], [3.0, 4.5]]);
/// assert_eq!(x.to_string(), "[[1, 2],\n [3, 4.5]] [2, 2]");
/// assert_eq!(format!("{:.1}", Tensor::<f32>::zeros(&[5000])), "[0.0, 0.0, 0.0, .., 0.0, 0.0, 0.0] [5000]");
/// ```
impl<F: Float> fmt::Display for Tensor<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        block(f, self.shape(), self.as_slice(), self.len() > ALL, 1)?;
        write!(f, " {:?}", self.shape())
    }
}

/// Writes a block of a tensor; `depth` is the number of open brackets, by which new lines are
/// indented.
fn block<F: Float>(
    f: &mut fmt::Formatter<'_>,
    shape: &[usize],
    values: &[F],
    is_short: bool,
    depth: usize,
) -> fmt::Result {
    let Some((&extent, rest)) = shape.split_first() else {
        return fmt::Display::fmt(&values[0], f);
    };
    let size = rest.iter().product::<usize>();
    // Vectors are on one line, and matrices on a line for each row.
    let separator = if rest.is_empty() {
        ", ".to_owned()
    } else {
        format!(",{}{}", "\n".repeat(rest.len()), " ".repeat(depth))
    };
    f.write_str("[")?;
    let mut i = 0;
    while i < extent {
        if i > 0 {
            f.write_str(&separator)?;
        }
        if is_short && i == ENDS && extent > 2 * ENDS {
            f.write_str("..")?;
            i = extent - ENDS;
            continue;
        }
        block(f, rest, &values[i * size..][..size], is_short, depth + 1)?;
        i += 1;
    }
    f.write_str("]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_element_of_a_small_tensor_is_shown() {
        let mut next = 0.0;
        let x = Tensor::from_fn(&[2, 2, 3], || {
            next += 1.0;
            next
        });
        let text = "[[[1, 2, 3],\n  [4, 5, 6]],\n\n [[7, 8, 9],\n  [10, 11, 12]]] [2, 2, 3]";
        assert_eq!(x.to_string(), text);
    }

    #[test]
    fn a_large_tensor_is_short() {
        let mut row = 0.0;
        let x = Tensor::from_fn(&[500, 3], || {
            row += 1.0 / 3.0;
            row
        });
        let text = format!("{x:.0}");
        assert_eq!(text.lines().count(), 7, "{text}");
        assert!(text.starts_with("[[0, 1, 1],\n") && text.contains("\n ..,\n [497, 498, 498]"), "{text}");
        assert!(text.ends_with("[499, 500, 500]] [500, 3]"), "{text}");
    }

    #[test]
    fn empty_tensors_are_shown() {
        assert_eq!(Tensor::<f32>::zeros(&[0]).to_string(), "[] [0]");
        assert_eq!(Tensor::<f32>::zeros(&[2, 0]).to_string(), "[[],\n []] [2, 0]");
    }
}
