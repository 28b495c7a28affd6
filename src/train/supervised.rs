//! The most frequent objective: a network's outputs against targets.

use std::marker::PhantomData;

use super::{Shard, Trainable};
use crate::autodiff::{Algebra, Var};
use crate::nn::{Module, Parameters, Pass};
use crate::tensor::{ShapeError, Tensor};

/// An objective from inputs, targets and a loss: the mean over the examples of
/// loss(model(input), target).
///
/// ```
/// use ece472::nn::loss::half_squared_error;
/// use ece472::nn::{Mlp, MlpConfig, Module, Pass};
/// use ece472::random::{Purpose, Stream};
/// use ece472::tensor::Tensor;
/// use ece472::train::{RunOptions, Settings, Supervised, train};
///
/// let x = Tensor::rand(&[200, 1], &mut Stream::new(472, Purpose::Data));
/// let y = (6.0 * &x).map(f32::sin);
/// let model = Mlp::new(MlpConfig::default(), &mut Stream::new(472, Purpose::Init));
/// let objective = Supervised::new(x.clone(), y, |p, t| half_squared_error(p, t)).unwrap();
/// let settings = Settings::new(200, 50, 1e-2);
/// let (model, history) = train(&objective, &model, settings, 472, &RunOptions::default()).unwrap();
/// assert!(history.column("loss").last().unwrap() < &0.01);
/// let prediction = model.forward(&x, &mut Pass::inference());
/// assert_eq!(prediction.shape(), [200, 1]);
/// ```
///
/// An objective that needs more, such as a penalty, augmentation or examples of different lengths,
/// implements [`Objective`](super::Objective).
#[derive(Clone, Debug)]
pub struct Supervised<M, L> {
    inputs: Tensor,
    targets: Tensor,
    loss: L,
    model: PhantomData<fn() -> M>,
}

impl<M, L: for<'t> Fn(&Var<'t>, &Var<'t>) -> Var<'t> + Sync> Supervised<M, L> {
    /// An objective from inputs and targets, whose first axis counts the examples, and a loss that
    /// takes a batch of the model's outputs and their targets and returns the loss of each example,
    /// `[batch]`, as the functions of [`nn::loss`](crate::nn::loss) do.
    ///
    /// # Errors
    /// If there are no examples, or not as many inputs as targets.
    pub fn new(inputs: Tensor, targets: Tensor, loss: L) -> Result<Self, ShapeError> {
        let counts = (inputs.shape().first(), targets.shape().first());
        if counts.0.is_none_or(|&n| n == 0) || counts.0 != counts.1 {
            let shapes = (inputs.shape(), targets.shape());
            let message = format!(
                "inputs {:?} and targets {:?}: their first axes do not count the same examples, one or more",
                shapes.0, shapes.1
            );
            return Err(ShapeError::new("supervised", message));
        }
        Ok(Self { inputs, targets, loss, model: PhantomData })
    }
}

impl<M, L> Trainable for Supervised<M, L>
where
    M: Parameters<Tensor, Of<Tensor> = M> + Send + Sync,
    for<'t> M::Of<Var<'t>>: Module<Var<'t>>,
    L: for<'t> Fn(&Var<'t>, &Var<'t>) -> Var<'t> + Sync,
{
    type Model = M;

    fn examples(&self) -> usize {
        self.inputs.shape()[0]
    }

    fn loss_on_tape<'t>(
        &self,
        model: &M::Of<Var<'t>>,
        shard: &Shard<'_>,
        pass: &mut Pass<Var<'t>>,
    ) -> Var<'t> {
        let inputs = pass.constant(self.inputs.gather(0, shard.examples));
        let targets = pass.constant(self.targets.gather(0, shard.examples));
        let losses = (self.loss)(&model.forward(&inputs, pass), &targets);
        let (shape, count) = (losses.shape(), shard.examples.len());
        // A mean over the batch, or a loss for each output, would silently weigh the examples
        // wrongly.
        assert!(
            shape[..] == [count],
            "supervised: the loss has shape {shape:?}, not one value for each of {count} examples"
        );
        losses.sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{RunOptions, Settings, train};
    use super::*;
    use crate::nn::loss::half_squared_error;
    use crate::nn::{Init, Linear};
    use crate::random::{Purpose, Stream};

    #[test]
    fn a_linear_layer_finds_the_line() {
        let x = Tensor::from_rows(&[vec![0.0], vec![1.0], vec![2.0], vec![3.0]]).unwrap();
        let y = 2.0 * &x + 1.0;
        let model = Linear::new(1, 1, true, Init::Zeros, &mut Stream::new(1, Purpose::Init));
        let objective = Supervised::new(x, y, |p, t| half_squared_error(p, t)).unwrap();
        let settings = Settings::new(1000, 4, 0.05);
        let (model, _) = train(&objective, &model, settings, 1, &RunOptions::default()).unwrap();
        let bias = model.bias.unwrap().item();
        assert!((model.weight.item() - 2.0).abs() < 1e-2 && (bias - 1.0).abs() < 1e-2, "{bias}");
    }

    #[test]
    fn examples_without_targets_are_an_error() {
        let [x, y] = [Tensor::zeros(&[3, 1]), Tensor::zeros(&[2, 1])];
        let error = Supervised::<Linear, _>::new(x, y, |p, t| half_squared_error(p, t)).err().unwrap();
        assert!(error.to_string().starts_with("supervised: inputs [3, 1] and targets [2, 1]: "), "{error}");
        let none = || Tensor::zeros(&[0, 1]);
        assert!(Supervised::<Linear, _>::new(none(), none(), |p, t| half_squared_error(p, t)).is_err());
    }

    #[test]
    #[should_panic(expected = "the loss has shape [], not one value for each of 4 examples")]
    fn a_loss_that_is_a_mean_is_refused() {
        let [x, y] = [Tensor::zeros(&[4, 1]), Tensor::zeros(&[4, 1])];
        let model = Linear::new(1, 1, true, Init::Zeros, &mut Stream::new(1, Purpose::Init));
        let objective = Supervised::new(x, y, |p, t| half_squared_error(p, t).mean()).unwrap();
        let _ = train(&objective, &model, Settings::new(1, 4, 0.1), 1, &RunOptions::default());
    }
}
