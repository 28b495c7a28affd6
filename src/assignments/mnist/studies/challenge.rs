//! The challenge: classifying digits with as few learned parameters as possible.
//!
//! Each classifier consists of fixed features of the picture and a small head, which is trained by
//! gradient descent with five seeds. What is not learned is accounted for, too: features designed
//! by hand, discrete choices found by search with training labels, and values stored from training
//! pictures. Choices were made on training and validation examples; the test set is only used for
//! the report.

mod attention;
mod clusters;
mod deskew;
mod factored;
mod features;
mod fit;
mod hog;
mod prototypes;
mod report;
mod visibility;

use crate::assignments::mnist::{Dataset, DigitClassification, Mnist};
use crate::autodiff::Algebra as _;
use crate::data::{Augmentation, LabelledImages, Part};
use crate::experiment::{Action, Assignment as _, Error, Identity, RunArgs};
use crate::random::Stream;
use crate::tensor::Tensor;

use attention::{StoredAttention, class_means, similarities, similarities_to_others};
use clusters::{Clusters, Values, by_means};
use factored::Factored;
use features::{Features, jittered};
use fit::{Examples, Parts, Recipe, Scorer, Scores, train_seeds};
use prototypes::{Fall, Prototypes, Scales};
use report::{Account, Entry, csv, figure, table};
use visibility::{coordinates, count_terms};

/// The number of unlabelled pictures that are clustered.
const UNLABELLED: usize = 12_000;
/// The number of stored pictures that are queries when the sharpness of attention is learned.
const ASKING: usize = 512;
/// The number of jittered copies of each training picture.
const COPIES: u64 = 5;
/// The random changes of the copies.
const JITTER: Augmentation =
    Augmentation { shift: 0.0, rotation: 7.5, scaling: 0.13, shear: 0.1, elastic: 0.0 };

/// Three coordinates of two terms each.
const THREE: [&str; 3] = ["+.RUBt -LR.Bt", "+L.UBa -.RU.b", "+.RUBb -LRUBt"];
/// Three coordinates of nine terms in all.
const THREE_OF_NINE: [&str; 3] = ["-....t -.R.Bb -.RUBa +LR.BM", "-.RU.b +L.UBB", "-L.UBt +.RUBt +L..Bb"];
/// The mask of the ten prototypes: coordinates with a 0 are fixed at zero.
const MASK: &str = "110 100 101 101 110 111 111 111 110 110";
/// Five coordinates of fourteen terms.
const FIVE: [&str; 5] = [
    "-.R.Bb -.RUBa",
    "-.RU.b -L..Bb -.R..M +LRUBB",
    "-L.UBt +.RUBt +L..Bb",
    "-.RUBt -LR.Ba -..U.B",
    "+...Ba -.R..T",
];
/// Seven coordinates of thirteen terms.
const SEVEN: [&str; 7] = [
    "-LR.Bt -.RU.b +LRUBb -L..BM",
    "-L.UBt +.RUBt +L.UBM",
    "-..U.B",
    "-.R..T",
    "-L.UBa",
    "-LRUBT",
    "-.RUBa +.RU.M",
];
/// Six coordinates of one term each.
const SIX: [&str; 6] = ["+.RUBa", "+.RU.b", "+..U.a", "+LRUBa", "+L.UBb", "+L.UBa"];
/// The fixed prototypes of the digits in the space of the six sums, in units of [`LATTICE_STEP`].
const LATTICE: [[f32; 6]; 10] = [
    [0.0, 0.0, 1.0, 2.0, 2.0, 0.0],
    [1.0, 0.0, 1.0, 0.0, 1.0, 0.0],
    [2.0, 0.0, 2.0, 1.0, 2.0, 0.0],
    [2.0, 0.0, 1.0, 1.0, 1.0, 1.0],
    [1.0, 2.0, 2.0, 1.0, 1.0, 1.0],
    [2.0, 1.0, 2.0, 1.0, 1.0, 2.0],
    [0.0, 0.0, 2.0, 1.0, 0.0, 2.0],
    [2.0, 2.0, 1.0, 1.0, 1.0, 1.0],
    [1.0, 0.0, 1.0, 2.0, 2.0, 1.0],
    [1.0, 2.0, 1.0, 1.0, 1.0, 1.0],
];
/// The spacing of the lattice of fixed prototypes.
const LATTICE_STEP: f64 = 1.5;

/// A recipe from the number of steps, the number of examples in a step, and the learning rate.
const fn recipe(steps: u64, batch: usize, rate: f64) -> Recipe {
    Recipe { steps, batch, rate }
}

/// Trains and measures all classifiers. Prints the table, and writes `challenge.csv` and the figure
/// `challenge`.
///
/// # Errors
/// If the settings are invalid, data cannot be read, training fails, or a file cannot be written.
pub fn challenge(config: &Mnist, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    if config.dataset != Dataset::Mnist {
        return Err(Error::Usage("the challenge is about MNIST: leave out --dataset".into()));
    }
    let output = args.open(Mnist::COMMAND, "challenge")?;
    let problem = config.problem(&args.data(&output))?;
    let test = LabelledImages::read_mnist(config.dataset.source(), &args.data_dir, Part::Test)?;
    let all: Vec<usize> = (0..test.examples()).collect();
    let sets = FeatureSets {
        training: Features::of(&problem.pictures, &problem.training),
        validation: Features::of(&problem.pictures, &problem.validation),
        test: Features::of(&test, &all),
    };
    let mut entries = sets.of_visibility()?;
    entries.extend(sets.of_directions(&problem, config.seed)?);
    entries.extend(sets.of_clusters(config.seed)?);
    entries.extend(sets.of_stored_pictures()?);
    table(&entries).iter().for_each(|line| args.say(line));
    output.begin(&Identity::new(config, Action::named("challenge"))?)?;
    output.write("challenge.csv", csv(&entries))?;
    output.figure("challenge", &figure(&entries))?;
    args.say(&format!("written to {}", output.folder().display()));
    Ok(())
}

/// The features of all examples, by part of the data.
struct FeatureSets {
    training: Features,
    validation: Features,
    test: Features,
}

impl FeatureSets {
    fn features(&self) -> [&Features; 3] {
        [&self.training, &self.validation, &self.test]
    }

    /// Adds the labels to tables of features.
    fn parts<'d>(&'d self, [training, validation, test]: &'d [Tensor; 3]) -> Parts<'d> {
        Parts {
            training: Examples::of(training, &self.training.labels[..training.shape()[0]]),
            validation: Examples::of(validation, &self.validation.labels),
            test: Examples::of(test, &self.test.labels),
        }
    }

    /// Trains a head on coordinates that are sums of visibility patterns.
    fn on_visibility<H: Scorer>(
        &self,
        terms: &[&str],
        scale: f32,
        steps: u64,
        start: impl Fn(&mut Stream) -> H + Sync,
    ) -> Result<Scores, Error> {
        let x = self.features().map(|features| coordinates(&features.roots, terms, scale));
        train_seeds(&self.parts(&x), recipe(steps, 200, 0.05), start)
    }

    /// Prototypes in a space of few coordinates.
    fn of_visibility(&self) -> Result<Vec<Entry>, Error> {
        let entry = |name, chosen, choices, scores| Entry {
            account: Account::Designed,
            name,
            chosen,
            choices,
            constants: 0,
            scores,
        };
        let lattice = Tensor::matrix(&LATTICE) * LATTICE_STEP;
        let student = |d: usize| move |stream: &mut Stream| Prototypes::new(d, Fall::Student, stream);
        let normal = |d: usize| move |stream: &mut Stream| Prototypes::new(d, Fall::Normal, stream);
        let zeros = MASK.chars().filter(|c| *c == '0').count();
        Ok(vec![
            entry(
                "scales and offsets",
                "6 visibility features; prototypes of the digits in {0, 1, 2}^6",
                count_terms(&SIX) + lattice.len(),
                self.on_visibility(&SIX, 0.25, 2000, |stream| Scales::new(lattice.clone(), stream))?,
            ),
            entry(
                "prototypes, pruned",
                "3 coordinates of 9 features; 8 coordinates of prototypes are zero",
                count_terms(&THREE_OF_NINE) + zeros,
                self.on_visibility(&THREE_OF_NINE, 0.6, 3000, |stream| {
                    Prototypes::masked(MASK, Fall::Student, stream)
                })?,
            ),
            entry(
                "prototypes, 6 features",
                "3 coordinates, differences of 2 features each",
                count_terms(&THREE),
                self.on_visibility(&THREE, 1.0, 3000, student(3))?,
            ),
            entry(
                "prototypes, 9 features",
                "3 coordinates of 9 features",
                count_terms(&THREE_OF_NINE),
                self.on_visibility(&THREE_OF_NINE, 0.6, 3000, student(3))?,
            ),
            entry(
                "prototypes in 5-D",
                "5 coordinates of 14 features",
                count_terms(&FIVE),
                self.on_visibility(&FIVE, 0.3, 3000, normal(5))?,
            ),
            entry(
                "prototypes in 7-D",
                "7 coordinates of 13 features",
                count_terms(&SEVEN),
                self.on_visibility(&SEVEN, 0.3, 3000, normal(7))?,
            ),
        ])
    }

    /// Factored weights of oriented gradients.
    fn of_directions(&self, problem: &DigitClassification, seed: u64) -> Result<Vec<Entry>, Error> {
        let examples = (&problem.pictures, &problem.training[..]);
        let (x, labels) = jittered(&self.training, examples, &JITTER, COPIES, seed);
        let parts = Parts {
            training: Examples::of(&x, &labels),
            validation: Examples::of(&self.validation.hog, &self.validation.labels),
            test: Examples::of(&self.test.hog, &self.test.labels),
        };
        let entry = |name, chosen, scores| Entry {
            account: Account::Designed,
            name,
            chosen,
            choices: 0,
            constants: 0,
            scores,
        };
        Ok(vec![
            entry(
                "5 linear units",
                "stroke directions on a 7 x 7 grid; jittered copies",
                train_seeds(&parts, recipe(3000, 256, 0.03), |stream| Factored::linear(5, stream))?,
            ),
            entry(
                "28 sine units",
                "stroke directions on a 7 x 7 grid; jittered copies",
                train_seeds(&parts, recipe(16_000, 256, 0.02), |stream| Factored::sines(28, stream))?,
            ),
        ])
    }

    /// A value for each cluster of unlabelled pictures.
    fn of_clusters(&self, seed: u64) -> Result<Vec<Entry>, Error> {
        let count = UNLABELLED.min(self.training.labels.len());
        let pictures = self.training.hog.narrow(0, 0, count);
        let clusters = Clusters::new(&pictures, seed);
        let means = clusters.means();
        let [_, validation, test] = self.features().map(|features| &features.hog);
        let by_neighbours =
            [clusters.own(), clusters.by_neighbours(validation), clusters.by_neighbours(test)];
        let by_means = [&pictures, validation, test].map(|hog| by_means(&means, hog));
        let entry = |name, chosen, constants, x: &[Tensor; 3]| -> Result<Entry, Error> {
            let scores = train_seeds(&self.parts(x), recipe(400, 200, 0.1), Values::new)?;
            Ok(Entry { account: Account::Unlabelled, name, chosen, choices: 0, constants, scores })
        };
        Ok(vec![
            entry("cluster means", "10 clusters; stroke directions", means.len(), &by_means)?,
            entry(
                "clusters",
                "10 clusters; majority of the 10 nearest neighbours",
                pictures.len() + count,
                &by_neighbours,
            )?,
        ])
    }

    /// Attention over stored pictures with labels.
    fn of_stored_pictures(&self) -> Result<Vec<Entry>, Error> {
        let [training, validation, test] = self.features();
        let entry = |name,
                     chosen,
                     stored: &Tensor,
                     labels: &[usize],
                     asking: Examples<'_>,
                     batch|
         -> Result<Entry, Error> {
            let parts = Parts {
                training: asking,
                validation: similarities(&validation.hog, stored, &validation.labels),
                test: similarities(&test.hog, stored, &test.labels),
            };
            let scores =
                train_seeds(&parts, recipe(40, batch, 0.15), |stream| StoredAttention::new(labels, stream))?;
            let constants = stored.len() + labels.len();
            Ok(Entry { account: Account::Stored, name, chosen, choices: 0, constants, scores })
        };
        let (means, digits) = (class_means(&training.hog, &training.labels), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let asking = ASKING.min(training.labels.len());
        let others = similarities_to_others(&training.hog, asking);
        Ok(vec![
            entry(
                "class means",
                "the parameter cannot change a prediction",
                &means,
                &digits,
                similarities(&training.hog, &means, &training.labels),
                200,
            )?,
            entry(
                "attention",
                "sharpness of attention over all training pictures",
                &training.hog,
                &training.labels,
                Examples::of(&others, &training.labels[..asking]),
                64,
            )?,
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::nn::Parameters;
    use crate::random::Purpose;

    #[test]
    fn the_heads_have_the_expected_numbers_of_parameters() {
        let stream = &mut Stream::new(0, Purpose::Init);
        let count = |head: &Prototypes| head.count::<f32>();
        assert_eq!(count(&Prototypes::new(THREE.len(), Fall::Student, stream)), 30);
        assert_eq!(count(&Prototypes::masked(MASK, Fall::Student, stream)), 22);
        assert_eq!(count(&Prototypes::new(FIVE.len(), Fall::Normal, stream)), 50);
        assert_eq!(count(&Prototypes::new(SEVEN.len(), Fall::Normal, stream)), 70);
        assert_eq!(Scales::new(Tensor::matrix(&LATTICE), stream).count::<f32>(), 12);
        assert_eq!(Factored::sines(28, stream).count::<f32>(), 924);
        let terms = [&THREE[..], &THREE_OF_NINE, &FIVE, &SEVEN, &SIX].map(count_terms);
        assert_eq!(terms, [6, 9, 14, 13, 6]);
    }
}
