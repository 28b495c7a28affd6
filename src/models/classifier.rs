//! The image classifier of assignments 3 and 4.

use crate::autodiff::{Algebra, Pictures as _};
use crate::nn::{
    Activation, Conv2d, Conv2dConfig, Downsampling, Dropout, GroupNorm, Init, Linear, Module, Order, Pass,
    Pool2d, ResidualBlock, ResidualConfig, parameters,
};
use crate::random::Stream;
use crate::tensor::{Tensor, Window};

/// Convolutions or residual blocks, then a linear layer: the interface that the assignments ask
/// for.
///
/// h_0 = x, h_l = drop(layer_l(h_{l-1})), y = drop(head(h_L)) W + b.
///
/// The first layer is a convolution. The others are convolutions or residual blocks. A convolution
/// is followed by its optional normalisation and by the activation. A convolution before
/// pre-activation blocks has neither, since the blocks begin with their own; instead, a
/// normalisation and the activation follow the last block. Layers pad their inputs, so that only
/// strides reduce height and width.
///
/// `x: [batch, height, width, input_depth]` to logits `[batch, num_classes]`. Kernels are
/// initialised from the distribution that [suits](Activation::init) the activation, the weights of
/// the last layer from Glorot's uniform distribution, and biases with zeros.
#[derive(Clone, Debug)]
pub struct Classifier<A = Tensor> {
    /// The layers, first to last.
    pub layers: Vec<Layer<A>>,
    /// The normalisation after the last pre-activation block.
    pub norm: Option<GroupNorm<A>>,
    /// The last layer.
    pub output: Linear<A>,
    activation: Activation,
    head: Readout,
    layer_dropout: Dropout,
    dropout: Dropout,
}

/// A layer of a [`Classifier`].
#[derive(Clone, Debug)]
pub enum Layer<A> {
    /// A convolution with its normalisation and activation.
    Convolution(Box<Convolution<A>>),
    /// A residual block.
    Residual(Box<ResidualBlock<A>>),
}

/// A convolution, optionally followed by max pooling, a normalisation and an activation.
#[derive(Clone, Debug)]
pub struct Convolution<A> {
    /// The convolution.
    pub conv: Conv2d<A>,
    /// Its normalisation.
    pub norm: Option<GroupNorm<A>>,
    pool: Option<Window>,
    activation: Option<Activation>,
}

/// The pooling between the last convolutional layer and the linear layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readout {
    /// No pooling: all values are flattened into one vector.
    Flat,
    /// Global pooling over all pixels.
    Pooled(Pool2d),
}

/// The sizes and parts of a [`Classifier`].
#[derive(Clone, Debug, PartialEq)]
pub struct ClassifierConfig {
    /// Height and width of the pictures.
    pub input_size: [usize; 2],
    /// The number of channels of the pictures.
    pub input_depth: usize,
    /// The number of channels after each layer.
    pub layer_depths: Vec<usize>,
    /// Height and width of each layer's kernels.
    pub layer_kernel_sizes: Vec<[usize; 2]>,
    /// The stride of each layer, by which it divides height and width.
    pub layer_strides: Vec<usize>,
    /// How layers with a stride above 1 reduce the resolution.
    pub downsampling: Downsampling,
    /// The number of classes.
    pub num_classes: usize,
    /// The number of groups of each group normalisation, if there is any.
    pub norm_groups: Option<usize>,
    /// The activation function.
    pub activation: Activation,
    /// The residual blocks that all layers except the first are; `None` for convolutions.
    pub residual: Option<Residual>,
    /// The pooling before the linear layer.
    pub head: Readout,
    /// The dropout probability of the outputs of each layer with a stride above 1.
    pub layer_dropout: f64,
    /// The dropout probability of the inputs of the linear layer.
    pub dropout: f64,
}

/// The settings that all residual blocks of a [`Classifier`] share; see [`ResidualConfig`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Residual {
    /// Whether activations come before or after the convolutions.
    pub order: Order,
    /// Whether kernels are standardised.
    pub standardised: bool,
    /// The initial scale of the last normalisation in each block.
    pub last_scale: f32,
    /// The probability that training skips the last block for an example. The probability rises
    /// linearly from 0 at the first layer (stochastic depth, Huang et al. 2016, equation 4).
    pub drop: f64,
    /// The reduction factor of squeeze-and-excitation, if blocks have it.
    pub squeeze: Option<usize>,
}

impl ClassifierConfig {
    /// Whether convolutions have neither normalisation nor activation, since pre-activation blocks
    /// follow.
    fn is_bare(&self) -> bool {
        self.residual.is_some_and(|residual| residual.order == Order::PreActivation)
    }

    /// The configuration of layer `l` if it is a residual block.
    fn block(&self, l: usize, inputs: usize) -> Option<ResidualConfig> {
        self.residual.filter(|_| l > 0).map(|residual| ResidualConfig {
            inputs,
            outputs: self.layer_depths[l],
            kernel: self.layer_kernel_sizes[l],
            stride: self.layer_strides[l],
            downsampling: self.downsampling,
            order: residual.order,
            activation: self.activation,
            groups: self.norm_groups.expect("residual blocks need groups"),
            standardised: residual.standardised,
            last_scale: residual.last_scale,
            drop: residual.drop * l as f64 / (self.layer_depths.len() - 1) as f64,
            squeeze: residual.squeeze,
        })
    }

    /// The number of channels of the last layer, and the number of inputs of the linear layer.
    fn features(&self) -> (usize, usize) {
        let depth = self.layer_depths.last().copied().unwrap_or(self.input_depth);
        let extent = |n| self.layer_strides.iter().fold(n, |n: usize, &stride| n.div_ceil(stride));
        let pixels =
            if self.head == Readout::Flat { self.input_size.map(extent).iter().product() } else { 1 };
        (depth, pixels * depth)
    }

    /// The number of outputs of all layers for one picture. Values inside a layer are not counted.
    pub fn activation_count(&self) -> usize {
        let mut size = self.input_size;
        let layers = self.layer_depths.iter().zip(&self.layer_strides);
        let of_layer = |(depth, &stride): (&usize, &usize)| {
            size = size.map(|n| n.div_ceil(stride));
            size[0] * size[1] * depth
        };
        layers.map(of_layer).sum()
    }

    /// The number of elements of all parameters.
    ///
    /// # Panics
    /// As [`Classifier::new`].
    pub fn parameter_count(&self) -> usize {
        let (bare, mut inputs, mut count) = (self.is_bare(), self.input_depth, 0);
        for (l, (&outputs, &[height, width])) in
            self.layer_depths.iter().zip(&self.layer_kernel_sizes).enumerate()
        {
            count += self.block(l, inputs).map_or_else(
                || {
                    // A bias, or the scale and shift of the normalisation.
                    let vectors = if bare { 0 } else { 1 + usize::from(self.norm_groups.is_some()) };
                    height * width * inputs * outputs + vectors * outputs
                },
                |block| block.parameter_count(),
            );
            inputs = outputs;
        }
        let (depth, features) = self.features();
        let norm = if bare && self.norm_groups.is_some() { 2 * depth } else { 0 };
        count + norm + (features + 1) * self.num_classes
    }
}

impl Classifier {
    /// A network with random weights.
    ///
    /// # Panics
    /// If the lists of the layers differ in length, a size is 0, the groups do not divide the
    /// channels, or residual blocks have no groups.
    pub fn new(config: &ClassifierConfig, stream: &mut Stream) -> Self {
        let count = config.layer_depths.len();
        assert!(
            config.layer_kernel_sizes.len() == count && config.layer_strides.len() == count,
            "classifier: {count} depths, {} kernel sizes and {} strides",
            config.layer_kernel_sizes.len(),
            config.layer_strides.len()
        );
        let bare = config.is_bare();
        let mut inputs = config.input_depth;
        let mut layers = Vec::with_capacity(count);
        for l in 0..count {
            let outputs = config.layer_depths[l];
            layers.push(if let Some(block) = config.block(l, inputs) {
                Layer::Residual(Box::new(ResidualBlock::new(&block, stream)))
            } else {
                let (window, pool) =
                    config.downsampling.windows(config.layer_kernel_sizes[l], config.layer_strides[l]);
                let norm = config.norm_groups.filter(|_| !bare);
                let (bias, init) = (norm.is_none() && !bare, config.activation.init());
                let conv = Conv2dConfig { inputs, outputs, window, groups: 1, bias, init };
                let norm = norm.map(|groups| GroupNorm::new(outputs, groups));
                let activation = (!bare).then_some(config.activation);
                let conv = Conv2d::new(conv, stream);
                Layer::Convolution(Box::new(Convolution { conv, norm, pool, activation }))
            });
            inputs = outputs;
        }
        let (depth, features) = config.features();
        Self {
            layers,
            norm: config.norm_groups.filter(|_| bare).map(|groups| GroupNorm::new(depth, groups)),
            output: Linear::new(features, config.num_classes, true, Init::GlorotUniform, stream),
            activation: config.activation,
            head: config.head,
            layer_dropout: Dropout::new(config.layer_dropout),
            dropout: Dropout::new(config.dropout),
        }
    }
}

impl<A> Classifier<A> {
    /// The kernels and weights that penalties apply to, without biases, scales and shifts.
    pub fn weights(&self) -> impl Iterator<Item = &A> {
        self.layers.iter().flat_map(Layer::weights).chain([&self.output.weight])
    }
}

impl Classifier {
    /// The kernel of the first layer.
    pub fn first_kernel(&self) -> Option<&Tensor> {
        self.layers.first().and_then(|layer| layer.weights().next())
    }
}

impl<A> Layer<A> {
    fn weights(&self) -> impl Iterator<Item = &A> {
        let (conv, block) = match self {
            Self::Convolution(layer) => (Some(&layer.conv.kernel), None),
            Self::Residual(block) => (None, Some(block.weights())),
        };
        conv.into_iter().chain(block.into_iter().flatten())
    }

    /// The windows of the layer's convolutions and pooling, first to last. Shortcuts, whose windows
    /// are smaller, are left out.
    pub fn windows(&self) -> impl Iterator<Item = &Window> {
        let (layer, block) = match self {
            Self::Convolution(layer) => (Some([layer.conv.window()].into_iter().chain(&layer.pool)), None),
            Self::Residual(block) => (None, Some(block.windows())),
        };
        layer.into_iter().flatten().chain(block.into_iter().flatten())
    }
}

parameters!(enum Layer { Convolution(layer as _), Residual(block as _) });
parameters!(Convolution { conv as _, norm; pool, activation });

impl<A: Algebra> Module<A> for Layer<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        match self {
            Self::Convolution(layer) => {
                let Convolution { conv, norm, pool, activation } = &**layer;
                let mut h = conv.forward(x, pass);
                if let Some(window) = pool {
                    h = h.max_pool(window);
                }
                if let Some(norm) = norm {
                    h = norm.forward(&h, pass);
                }
                match activation {
                    Some(activation) => activation.apply(h),
                    None => h,
                }
            }
            Self::Residual(block) => block.forward(x, pass),
        }
    }
}

parameters!(Classifier { layers, norm, output; activation, head, layer_dropout, dropout });

impl<A: Algebra> Module<A> for Classifier<A> {
    fn forward(&self, x: &A, pass: &mut Pass<A>) -> A {
        let mut h = x.clone();
        for layer in &self.layers {
            h = layer.forward(&h, pass);
            if layer.windows().any(|window| window.stride != [1, 1]) {
                h = self.layer_dropout.forward(&h, pass);
            }
        }
        if let Some(norm) = &self.norm {
            h = self.activation.apply(norm.forward(&h, pass));
        }
        let features = match &self.head {
            Readout::Flat => h.reshape(&[h.shape()[0], h.shape()[1..].iter().product()]),
            Readout::Pooled(pool) => pool.forward(&h, pass),
        };
        self.output.forward(&self.dropout.forward(&features, pass), pass)
    }
}
