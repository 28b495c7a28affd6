//! Residual blocks.

use serde::{Deserialize, Serialize};

use super::{
    Activation, Conv2d, Conv2dConfig, GroupNorm, Init, Linear, Module, Pass, StochasticDepth, parameters,
};
use crate::autodiff::{Algebra, Pictures as _};
use crate::choice::choices;
use crate::random::Stream;
use crate::tensor::{Tensor, Window};

/// Where a residual block has its nonlinear functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// Before each convolution (He et al. 2016, "Identity Mappings in Deep Residual Networks")
    PreActivation,
    /// After each convolution and after the sum (He et al. 2016, "Deep Residual Learning")
    PostActivation,
}

choices! {
    /// The way in which pictures get smaller.
    pub enum Downsampling {
        /// Convolutions have a stride
        Stride = "stride",
        /// Convolutions have stride 1, and max pooling follows
        MaxPool = "max-pool",
    }
}

impl Downsampling {
    /// The window of a convolution with the given kernel that makes pictures `factor` times
    /// smaller, and the window of the max pooling that follows it, if there is one.
    pub fn windows(self, kernel: [usize; 2], factor: usize) -> (Window, Option<Window>) {
        let whole = Window::new(kernel).same();
        match self {
            Self::Stride => (whole.step(factor), None),
            Self::MaxPool => (whole, (factor > 1).then(|| Window::new([factor; 2]).step(factor))),
        }
    }
}

/// The hyperparameters of a residual block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ResidualConfig {
    /// The number of input channels.
    pub inputs: usize,
    /// The number of output channels.
    pub outputs: usize,
    /// Height and width of both kernels.
    pub kernel: [usize; 2],
    /// The factor by which the block makes height and width smaller.
    pub stride: usize,
    /// The way in which pictures get smaller.
    pub downsampling: Downsampling,
    /// Where the nonlinear functions are.
    pub order: Order,
    /// The nonlinear function.
    pub activation: Activation,
    /// The number of groups of each normalisation.
    pub groups: usize,
    /// Whether the kernels are [standardised](Conv2d::standardised).
    pub standardised: bool,
    /// The initial scale of the last normalisation: 1, or less for a block that is closer to the
    /// identity (0: Goyal et al. 2017, section 5.1).
    pub last_scale: f32,
    /// The probability that training leaves out the block for an example.
    pub drop: f64,
    /// The factor by which squeeze-and-excitation narrows the channels, if the block has it.
    pub squeeze: Option<usize>,
}

impl ResidualConfig {
    /// The number of parameters: those of the kernels, a scale and a shift for each channel of each
    /// normalisation, and those of squeeze-and-excitation.
    pub fn parameter_count(&self) -> usize {
        let &Self { inputs, outputs, kernel: [height, width], order, .. } = self;
        let changes = usize::from(self.stride != 1 || inputs != outputs);
        let (before, projected) = match order {
            Order::PreActivation => (inputs, 0),
            Order::PostActivation => (outputs, changes * outputs),
        };
        let squeezed = self.squeeze.map_or(0, |ratio| {
            let narrow = outputs.checked_div(ratio).unwrap_or(0);
            (outputs + 1) * narrow + (narrow + 1) * outputs
        });
        let kernels = height * width * outputs * (inputs + outputs) + changes * inputs * outputs;
        kernels + 2 * (before + outputs + projected) + squeezed
    }
}

/// A residual block: a shortcut plus a branch of two convolutions, with group normalisation.
///
/// Let a be the activation, relu in the papers. Pre-activation: with h = a(norm_1(x)),
/// y = shortcut + drop(se(conv_2(a(norm_2(conv_1(h)))))), where the shortcut is x itself, or a 1x1
/// convolution of h if stride or channels change (He et al. 2016b, figure 1b and section 3.2).
///
/// Post-activation: y = a(shortcut + drop(se(norm_2(conv_2(a(norm_1(conv_1(x)))))))), where the
/// shortcut is x, or the norm of a 1x1 convolution of x (He et al. 2016a, equations 1 and 2).
///
/// If max pooling replaces the stride, it follows conv_1, and precedes the 1x1 convolution.
///
/// `x: [batch, height, width, inputs]` to `[batch, height', width', outputs]`, where height' and
/// width' are smaller by the stride. Kernels start from the distribution that
/// [suits](Activation::init) the activation. Scales start at 1 (the last one at
/// [`last_scale`](ResidualConfig::last_scale)), shifts at 0.
#[derive(Clone, Debug)]
pub struct ResidualBlock<A = Tensor> {
    /// The normalisations of the branch.
    pub norms: [GroupNorm<A>; 2],
    /// The convolutions of the branch.
    pub convolutions: [Conv2d<A>; 2],
    /// The convolution of the shortcut.
    pub projection: Option<Conv2d<A>>,
    /// The normalisation of the shortcut.
    pub projection_norm: Option<GroupNorm<A>>,
    /// Squeeze-and-excitation of the branch.
    pub excitation: Option<SqueezeExcitation<A>>,
    pool: Option<Window>,
    depth: StochasticDepth,
    order: Order,
    activation: Activation,
}

impl ResidualBlock {
    /// A block with random weights.
    ///
    /// # Panics
    /// If channels cannot be cut into the groups, or squeeze-and-excitation would leave no channel.
    #[track_caller]
    pub fn new(config: &ResidualConfig, stream: &mut Stream) -> Self {
        let &ResidualConfig { inputs, outputs, kernel, stride, order, groups, .. } = config;
        let mut convolution = |inputs, window| {
            let init = config.activation.init();
            let conv = Conv2dConfig { inputs, outputs, window, groups: 1, bias: false, init };
            if config.standardised { Conv2d::standardised(conv, stream) } else { Conv2d::new(conv, stream) }
        };
        let (window, pool) = config.downsampling.windows(kernel, stride);
        let first = convolution(inputs, window);
        let second = convolution(outputs, Window::new(kernel).same());
        let changes = stride != 1 || inputs != outputs;
        let (window, _) = config.downsampling.windows([1, 1], stride);
        let projection = changes.then(|| convolution(inputs, window));
        let before = if order == Order::PreActivation { inputs } else { outputs };
        let mut last = GroupNorm::new(outputs, groups);
        last.scale = Tensor::full(&[outputs], config.last_scale);
        Self {
            norms: [GroupNorm::new(before, groups), last],
            convolutions: [first, second],
            projection_norm: (changes && order == Order::PostActivation)
                .then(|| GroupNorm::new(outputs, groups)),
            projection,
            excitation: config.squeeze.map(|ratio| SqueezeExcitation::new(outputs, ratio, stream)),
            pool,
            depth: StochasticDepth::new(config.drop),
            order,
            activation: config.activation,
        }
    }
}

impl<A> ResidualBlock<A> {
    /// The windows of the branch, first to last.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        let [first, second] = &self.convolutions;
        [first.window()].into_iter().chain(&self.pool).chain([second.window()])
    }

    /// All kernels and weights without scales and shifts. Penalties apply to these.
    pub fn weights(&self) -> impl Iterator<Item = &A> {
        let kernels = self.convolutions.iter().chain(&self.projection).map(|conv| &conv.kernel);
        kernels.chain(self.excitation.iter().flat_map(|se| [&se.squeeze.weight, &se.excite.weight]))
    }
}

parameters!(ResidualBlock {
    norms as [norm_1, norm_2], convolutions as [conv_1, conv_2], projection, projection_norm, excitation;
    pool, depth, order, activation,
});

impl<A: Algebra> Module<A> for ResidualBlock<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let [norm_1, norm_2] = &self.norms;
        let [conv_1, conv_2] = &self.convolutions;
        let pooled = |h: A| match &self.pool {
            Some(window) => h.max_pool(window),
            None => h,
        };
        let a = self.activation;
        let (shortcut, branch) = match self.order {
            Order::PreActivation => {
                let h = a.apply(norm_1.forward(x, pass));
                let shortcut = self.projection.as_ref().map(|conv| conv.forward(&pooled(h.clone()), pass));
                let h = a.apply(norm_2.forward(&pooled(conv_1.forward(&h, pass)), pass));
                (shortcut, conv_2.forward(&h, pass))
            }
            Order::PostActivation => {
                let shortcut = self.projection.as_ref().zip(self.projection_norm.as_ref());
                let shortcut =
                    shortcut.map(|(conv, norm)| norm.forward(&conv.forward(&pooled(x.clone()), pass), pass));
                let h = a.apply(norm_1.forward(&pooled(conv_1.forward(x, pass)), pass));
                (shortcut, norm_2.forward(&conv_2.forward(&h, pass), pass))
            }
        };
        let branch = match &self.excitation {
            Some(excitation) => excitation.forward(&branch, pass),
            None => branch,
        };
        let y = shortcut.unwrap_or_else(|| x.clone()) + &self.depth.forward(&branch, pass);
        match self.order {
            Order::PreActivation => y,
            Order::PostActivation => a.apply(y),
        }
    }
}

/// Squeeze-and-excitation: y = x sigmoid(relu(mean(x) W_1 + b_1) W_2 + b_2), where the mean is over
/// all pixels, and each channel is multiplied by a factor (Hu et al. 2018, equations 2 to 4).
///
/// `x: [batch, height, width, channels]` to the same shape. Weights start from He's and Glorot's
/// distributions, biases at 0.
#[derive(Clone, Debug)]
pub struct SqueezeExcitation<A = Tensor> {
    /// W_1 and b_1, from channels to fewer channels.
    pub squeeze: Linear<A>,
    /// W_2 and b_2, back to all channels.
    pub excite: Linear<A>,
}

impl SqueezeExcitation {
    /// A layer that squeezes to `channels / ratio` channels.
    ///
    /// # Panics
    /// If no channel would be left.
    #[track_caller]
    pub fn new(channels: usize, ratio: usize, stream: &mut Stream) -> Self {
        let width = channels.checked_div(ratio).unwrap_or(0);
        assert!(width > 0, "squeeze-and-excitation: {channels} channels / {ratio} leaves no channel");
        Self {
            squeeze: Linear::new(channels, width, true, Init::HeNormal, stream),
            excite: Linear::new(width, channels, true, Init::GlorotNormal, stream),
        }
    }
}

parameters!(SqueezeExcitation { squeeze, excite });

impl<A: Algebra> Module<A> for SqueezeExcitation<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let shape = x.shape();
        let h = self.squeeze.forward(&x.mean_over(&[1, 2]), pass).relu();
        let factor = self.excite.forward(&h, pass).sigmoid();
        x.clone() * &factor.reshape(&[shape[0], 1, 1, shape[3]])
    }
}
