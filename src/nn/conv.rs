//! Convolutional layers.

use super::{Init, Module, Pass, parameters};
use crate::autodiff::{Algebra, Groups, Normalise as _, Pictures as _};
use crate::random::Stream;
use crate::tensor::{Float as _, Tensor, Window};

/// The hyperparameters of a convolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv2dConfig {
    /// The number of input channels.
    pub inputs: usize,
    /// The number of output channels.
    pub outputs: usize,
    /// The window in which the kernel slides.
    pub window: Window,
    /// The number of groups of channels. Outputs of a group depend only on inputs of the same
    /// group; if there is a group for each input channel, this is a depthwise convolution.
    pub groups: usize,
    /// Whether a bias is added to each output.
    pub bias: bool,
    /// The distribution of the initial weights. Its fan in is `inputs / groups` times the kernel's
    /// extents, the number of inputs that an output depends on; its fan out is `outputs / groups`
    /// times the kernel's extents, the number of outputs that an input reaches. (PyTorch's fan out
    /// counts the outputs of all groups; with it, gradients of a grouped convolution shrink by up
    /// to sqrt(groups).)
    pub init: Init,
}

impl Conv2dConfig {
    fn fans(&self) -> (usize, usize) {
        let taps = self.window.kernel.iter().product::<usize>();
        (self.inputs / self.groups * taps, self.outputs / self.groups * taps)
    }

    fn draw(&self, stream: &mut Stream) -> Tensor {
        let (inputs, outputs, groups) = (self.inputs, self.outputs, self.groups);
        assert!(
            groups > 0 && inputs.is_multiple_of(groups) && outputs.is_multiple_of(groups),
            "convolution: {inputs} inputs and {outputs} outputs cannot be cut into {groups} groups"
        );
        let [height, width] = self.window.kernel;
        let (fan_in, fan_out) = self.fans();
        self.init.draw(&[height, width, inputs / groups, outputs], fan_in, fan_out, stream)
    }
}

/// Convolution:
/// `y[n, t, u, o] = b[o] + sum over k, l, c of x[n, t s - p + k d, u s - p + l d, c] w[k, l, c, o]`
/// with the window's stride s, padding p and dilation d (LeCun et al. 1989; dilation: Yu & Koltun
/// 2016; groups: Krizhevsky et al. 2012, section 3.2).
///
/// `x: [batch, height, width, inputs]` to `[batch, height', width', outputs]`, where height' and
/// width' are the numbers of positions of the [`Window`]. The weights are drawn from an [`Init`],
/// the bias starts at zero.
#[derive(Clone, Debug)]
pub struct Conv2d<A = Tensor> {
    /// w, `[height, width, inputs / groups, outputs]`.
    pub kernel: A,
    /// b, `[outputs]`.
    pub bias: Option<A>,
    window: Window,
    groups: usize,
    /// The standard deviation of the standardised kernel.
    deviation: Option<f64>,
}

impl Conv2d {
    /// A layer with random weights.
    ///
    /// # Panics
    /// If the channels cannot be cut into the groups.
    pub fn new(config: Conv2dConfig, stream: &mut Stream) -> Self {
        Self {
            kernel: config.draw(stream),
            bias: config.bias.then(|| Tensor::zeros(&[config.outputs])),
            window: config.window,
            groups: config.groups,
            deviation: None,
        }
    }

    /// A layer with weight standardisation. For each output, the convolution uses the weights
    /// d (w - mean(w)) / sqrt(variance(w) + 1e-8), where d is the standard deviation of the initial
    /// distribution (Qiao et al. 2019, equation 3; the scale as in Brock et al. 2021, equation 1).
    /// Adding a constant to w or multiplying w with a positive factor changes nothing.
    ///
    /// # Panics
    /// If the channels cannot be cut into the groups.
    pub fn standardised(config: Conv2dConfig, stream: &mut Stream) -> Self {
        let (fan_in, fan_out) = config.fans();
        let deviation = config.init.standard_deviation(fan_in, fan_out);
        Self { deviation: Some(deviation), ..Self::new(config, stream) }
    }
}

impl<A> Conv2d<A> {
    /// The window in which the kernel slides.
    pub fn window(&self) -> &Window {
        &self.window
    }
}

parameters!(Conv2d { kernel, bias; window, groups, deviation });

impl<A: Algebra> Module<A> for Conv2d<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let bias = self.bias.as_ref();
        match self.deviation {
            Some(deviation) => {
                let kernel = standardise(&self.kernel, deviation, pass);
                x.conv2d(&kernel, bias, &self.window, self.groups)
            }
            None => x.conv2d(&self.kernel, bias, &self.window, self.groups),
        }
    }
}

/// The kernel with mean 0 and the given standard deviation for each output, by instance
/// normalisation.
fn standardise<A: Algebra>(kernel: &A, deviation: f64, pass: &Pass<A>) -> A {
    let shape = kernel.shape();
    let outputs = shape[3];
    let constant = |value| pass.constant(Tensor::full(&[outputs], A::Elem::from_f64(value)));
    let flat = kernel.reshape(&[1, shape[..3].iter().product(), outputs]);
    let groups = Groups { count: outputs, eps: 1e-8 };
    flat.group_norm(&constant(deviation), &constant(0.0), groups).reshape(&shape)
}

/// Transposed convolution: the linear map that is the adjoint of a [`Conv2d`] from `inputs` to
/// `outputs` channels, plus a bias (Zeiler et al. 2010; Dumoulin & Visin 2016, section 4). With
/// stride s it enlarges pictures s times.
///
/// `x: [batch, height', width', outputs]` to `[batch, height, width, inputs]`: input and output of
/// the convolution, exchanged. Height and width are the smallest over which the window has height'
/// and width' positions, plus `extra`.
#[derive(Clone, Debug)]
pub struct ConvTranspose2d<A = Tensor> {
    /// w, `[height, width, inputs / groups, outputs]`, with the convolution's inputs and outputs.
    pub kernel: A,
    /// b, `[inputs]`.
    pub bias: Option<A>,
    window: Window,
    groups: usize,
    extra: [usize; 2],
}

impl ConvTranspose2d {
    /// The transpose of a convolution with random weights. `extra`, less than the stride, is added
    /// to height and width.
    ///
    /// # Panics
    /// If the channels cannot be cut into the groups, or `extra` is not less than the stride.
    pub fn new(config: Conv2dConfig, extra: [usize; 2], stream: &mut Stream) -> Self {
        let fits = (0..2).all(|axis| extra[axis] < config.window.stride[axis]);
        assert!(fits, "transposed convolution: the extra {extra:?} is not less than the stride");
        Self {
            kernel: config.draw(stream),
            bias: config.bias.then(|| Tensor::zeros(&[config.inputs])),
            window: config.window,
            groups: config.groups,
            extra,
        }
    }
}

parameters!(ConvTranspose2d { kernel, bias; window, groups, extra });

impl<A: Algebra> Module<A> for ConvTranspose2d<A> {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        let shape = x.shape();
        assert!(
            shape.len() == 4,
            "transposed convolution: {shape:?} is not [batch, height, width, channels]"
        );
        let size = [0, 1].map(|axis| self.window.smallest_input(axis, shape[1 + axis]) + self.extra[axis]);
        let y = x.conv2d_transpose(&self.kernel, &self.window, self.groups, size);
        match &self.bias {
            Some(bias) => y + bias,
            None => y,
        }
    }
}

/// Pooling: the maximum or the mean under a window, for each channel separately.
///
/// `x: [batch, height, width, channels]` to `[batch, height', width', channels]`, where height' and
/// width' are the numbers of positions of the [`Window`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pool2d {
    /// The maximum, without padding; the first of equal maxima gets the gradient.
    Max(Window),
    /// The mean; padding counts as zero.
    Average(Window),
    /// The maximum over all pixels: `[batch, channels]`; equal maxima share the gradient.
    GlobalMax,
    /// The mean over all pixels: `[batch, channels]` (Lin et al. 2014, section 3.2).
    GlobalAverage,
}

parameters!(Pool2d);

impl<A: Algebra> Module<A> for Pool2d {
    fn forward(&self, x: &A, _: &mut Pass<A>) -> A {
        match self {
            Self::Max(window) => x.max_pool(window),
            Self::Average(window) => x.average_pool(window),
            Self::GlobalMax => x.max_over(&[1, 2]),
            Self::GlobalAverage => x.mean_over(&[1, 2]),
        }
    }
}

/// The extents, along height and width, of the part of the input that one output of a stack of
/// windows depends on: 1 + sum over l of (k_l - 1) d_l times the product of the strides before l
/// (Araujo et al. 2019, equation 2, with dilation).
pub fn receptive_field<'w>(windows: impl IntoIterator<Item = &'w Window>) -> [usize; 2] {
    let (mut extent, mut step) = ([1; 2], [1; 2]);
    for window in windows {
        for axis in 0..2 {
            extent[axis] += (window.span(axis) - 1) * step[axis];
            step[axis] *= window.stride[axis];
        }
    }
    extent
}
