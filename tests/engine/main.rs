//! The library: operations, modules and training, and their mathematical properties.

mod attention;
mod convolution;
mod gradients;
mod low_rank;
mod modules;
mod normalisation;
mod support;
mod torch;
mod training;
mod transformer;
