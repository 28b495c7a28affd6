//! Convolution and pooling.

use super::{Algebra, Op};
use crate::tensor::{Shape, Window};

/// Convolution and pooling of pictures `[batch, height, width, channels]`, for tensors and
/// variables.
///
/// # Panics
/// If shapes do not fit, as [`Algebra`]'s methods.
pub trait Pictures: Algebra {
    /// The convolution (as in deep learning, without flipping: a cross-correlation) with a kernel
    /// w: `[height, width, channels / groups, outputs]`,
    ///
    /// `y[n, t, u, o] = b[o] + sum over k, l, c of x[n, t s - p + k d, u s - p + l d, c] w[k, l, c, o]`,
    ///
    /// for the stride s, padding p and dilation d of the window, which may differ between height
    /// and width. x is zero outside.
    #[track_caller]
    fn conv2d(&self, kernel: &Self, bias: Option<&Self>, window: &Window, groups: usize) -> Self {
        let op = Op::Conv2d { window: Box::new(*window), groups };
        match bias {
            Some(bias) => Self::apply(op, &[self, kernel, bias]),
            None => Self::apply(op, &[self, kernel]),
        }
    }

    /// The transposed convolution: the adjoint of [`conv2d`](Self::conv2d) in the pictures. It
    /// takes this, in the shape of the convolution's result, to pictures of the given height and
    /// width.
    #[track_caller]
    fn conv2d_transpose(&self, kernel: &Self, window: &Window, groups: usize, size: [usize; 2]) -> Self {
        Self::apply(Op::Conv2dTranspose { window: Box::new(*window), groups, size }, &[self, kernel])
    }

    /// The adjoint of [`conv2d`](Self::conv2d) in the kernel, from the pictures (this) and the
    /// convolution's result.
    #[track_caller]
    fn conv2d_kernel(&self, results: &Self, window: &Window, groups: usize) -> Self {
        Self::apply(Op::Conv2dKernel { window: Box::new(*window), groups }, &[self, results])
    }

    /// The sum under the window at each of its positions; padding is zero.
    #[track_caller]
    fn sum_pool(&self, window: &Window) -> Self {
        Self::apply(Op::SumPool(Box::new(*window)), &[self])
    }

    /// The adjoint of [`sum_pool`](Self::sum_pool), to pictures of the given height and width.
    #[track_caller]
    fn spread(&self, window: &Window, size: [usize; 2]) -> Self {
        Self::apply(Op::Spread(Box::new(*window), size), &[self])
    }

    /// The mean under the window at each of its positions; padding counts as zero.
    #[track_caller]
    fn average_pool(&self, window: &Window) -> Self {
        self.sum_pool(window) * (1.0 / window.kernel.iter().product::<usize>() as f64)
    }

    /// The maximum under the window at each of its positions, without padding. The first of equal
    /// maxima gets the gradient. NaN counts as larger than any number and as equal to itself.
    #[track_caller]
    fn max_pool(&self, window: &Window) -> Self {
        Self::apply(Op::MaxPool(Box::new(*window)), &[self])
    }

    /// The gradient of [`max_pool`](Self::max_pool) in the pictures (this), from its result and the
    /// result's gradient g. Constant in the pictures and the result.
    #[track_caller]
    fn max_pool_input(&self, results: &Self, g: &Self, window: &Window) -> Self {
        Self::apply(Op::MaxPoolInput(Box::new(*window)), &[self, results, g])
    }
}

impl<A: Algebra> Pictures for A {}

impl Op {
    /// [`Op::shape`] of the operations on pictures.
    pub(super) fn pictures_shape(&self, x: &[&[usize]]) -> Result<Shape, String> {
        let pictures = |count: usize, [height, width]: [usize; 2], channels: usize| {
            [count, height, width, channels].as_slice().into()
        };
        match self {
            Self::Conv2d { window, groups } => {
                let [batch, height, width, inputs] = picture(x[0])?;
                let output = window.output_size([height, width])?;
                let outputs = kernel_outputs(x[1], window, *groups, inputs)?;
                if let Some(bias) = x.get(2).filter(|bias| **bias != [outputs]) {
                    return Err(format!("the bias {bias:?} is not one value for each of {outputs} outputs"));
                }
                Ok(pictures(batch, output, outputs))
            }
            Self::Conv2dTranspose { window, groups, size } => {
                let [batch, height, width, outputs] = picture(x[0])?;
                let inputs = x[1].get(2).map_or(0, |inputs| inputs * groups);
                if kernel_outputs(x[1], window, *groups, inputs)? != outputs {
                    return Err(format!("{:?} and the kernel {:?} differ in their last axis", x[0], x[1]));
                }
                check_output_size(window, *size, [height, width])?;
                Ok(pictures(batch, *size, inputs))
            }
            Self::Conv2dKernel { window, groups } => {
                let [batch, height, width, inputs] = picture(x[0])?;
                let [results, rows, columns, outputs] = picture(x[1])?;
                if batch != results {
                    return Err(format!("{:?} and {:?} differ in axis 0, the batch", x[0], x[1]));
                }
                check_output_size(window, [height, width], [rows, columns])?;
                let kernel = [window.kernel[0], window.kernel[1], inputs / groups.max(&1), outputs];
                kernel_outputs(&kernel, window, *groups, inputs)?;
                Ok(kernel.as_slice().into())
            }
            Self::SumPool(window) => {
                let [batch, height, width, channels] = picture(x[0])?;
                Ok(pictures(batch, window.output_size([height, width])?, channels))
            }
            Self::Spread(window, size) => {
                let [batch, height, width, channels] = picture(x[0])?;
                check_output_size(window, *size, [height, width])?;
                Ok(pictures(batch, *size, channels))
            }
            Self::MaxPool(window) => {
                let [batch, height, width, channels] = picture(x[0])?;
                let output = window.output_size([height, width])?;
                let covers = |axis: &usize| window.always_covers(*axis, x[0][1 + axis], output[*axis]);
                if let Some(axis) = [0, 1].iter().find(|axis| !covers(axis)) {
                    let padding = window.padding[*axis];
                    return Err(format!(
                        "{:?} with padding {padding:?}: a window of nothing but padding along axis {} has no maximum",
                        x[0],
                        axis + 1
                    ));
                }
                Ok(pictures(batch, output, channels))
            }
            Self::MaxPoolInput(window) => {
                let [_, height, width, _] = picture(x[0])?;
                let [_, rows, columns, _] = picture(x[1])?;
                check_output_size(window, [height, width], [rows, columns])?;
                if x[1] != x[2] || x[0][0] != x[1][0] || x[0][3] != x[1][3] {
                    return Err(format!("{:?} is not the gradient of {:?} from {:?}", x[2], x[1], x[0]));
                }
                Ok(x[0].into())
            }
            _ => unreachable!("{} is not an operation on pictures", self.name()),
        }
    }
}

/// The extents of pictures.
fn picture(shape: &[usize]) -> Result<[usize; 4], String> {
    shape.try_into().map_err(|_| format!("{shape:?} is not [batch, height, width, channels]"))
}

/// The number of outputs of a kernel `[height, width, channels / groups, outputs]` for pictures of
/// `inputs` channels.
fn kernel_outputs(kernel: &[usize], window: &Window, groups: usize, inputs: usize) -> Result<usize, String> {
    let &[height, width, channels, outputs] = kernel else {
        return Err(format!("the kernel {kernel:?} is not [height, width, channels, outputs]"));
    };
    if [height, width] != window.kernel {
        return Err(format!("the kernel {kernel:?} is not a window of {:?}", window.kernel));
    }
    if groups == 0 || !inputs.is_multiple_of(groups) || !outputs.is_multiple_of(groups) {
        return Err(format!("{inputs} channels and {outputs} outputs cannot be cut into {groups} groups"));
    }
    if channels * groups != inputs {
        let each = if groups > 1 { format!(" in each of {groups} groups") } else { String::new() };
        return Err(format!("pictures have {inputs} channels, the kernel {kernel:?} takes {channels}{each}"));
    }
    Ok(outputs)
}

/// Checks that a window over pictures of this size gives a result of the expected size.
fn check_output_size(window: &Window, size: [usize; 2], expected: [usize; 2]) -> Result<(), String> {
    let found = window.output_size(size)?;
    if found == expected {
        return Ok(());
    }
    Err(format!("over pictures of {size:?} the window has {found:?} positions, not {expected:?}"))
}
