//! How few learned numbers tell digits apart?
//!
//! A ladder of classifiers, each a fixed description of the picture and a small head that gradient descent
//! trains, over five seeds. What is not learned has to be accounted for: features designed by hand,
//! discrete choices found by search with training labels, numbers stored from training pictures. Choices
//! were made on training and validation examples; the test set is only reported.

mod attention;
mod clusters;
mod deskew;
mod factored;
mod features;
mod fit;
mod hog;
mod places;
mod report;
mod visibility;

use crate::assignments::mnist::{Dataset, DigitClassification, Mnist};
use crate::autodiff::Algebra as _;
use crate::data::{Augmentation, LabelledImages, Part};
use crate::experiment::{Action, Assignment as _, Error, Identity, RunArgs};
use crate::random::Stream;
use crate::tensor::Tensor;

use attention::{StoredAttention, class_means, likenesses, of_others};
use clusters::{Clusters, Values, by_means};
use factored::Factored;
use features::{Features, jittered};
use fit::{Examples, Parts, Recipe, Scorer, Scores, climb};
use places::{Fall, Places, Scales};
use report::{Account, Rung, csv, figure, table};
use visibility::{coordinates, count_terms};

/// The number of unlabelled pictures that are clustered.
const UNLABELLED: usize = 12_000;
/// The number of stored pictures that learn the sharpness of attention from all others.
const ASKING: usize = 512;
/// The number of jittered copies of each training picture.
const COPIES: u64 = 5;
/// How far the copies differ.
const JITTER: Augmentation =
    Augmentation { shift: 0.0, rotation: 7.5, scaling: 0.13, shear: 0.1, elastic: 0.0 };

/// Three coordinates of two terms each.
const THREE: [&str; 3] = ["+.RUBt -LR.Bt", "+L.UBa -.RU.b", "+.RUBb -LRUBt"];
/// Three coordinates of nine terms in all.
const THREE_OF_NINE: [&str; 3] = ["-....t -.R.Bb -.RUBa +LR.BM", "-.RU.b +L.UBB", "-L.UBt +.RUBt +L..Bb"];
/// Which coordinates of the ten places are not zero.
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
/// Six sums.
const SIX: [&str; 6] = ["+.RUBa", "+.RU.b", "+..U.a", "+LRUBa", "+L.UBb", "+L.UBa"];
/// The place of each digit in the space of the six sums, in steps of [`LATTICE_STEP`].
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
const LATTICE_STEP: f64 = 1.5;

/// Steps, examples in each, and learning rate.
const fn recipe(steps: u64, batch: usize, rate: f64) -> Recipe {
    Recipe { steps, batch, rate }
}

/// Climbs the ladder: prints the table, writes `challenge.csv` and the figure `challenge`.
///
/// # Errors
/// If the settings make no sense, data cannot be read, training fails or a file cannot be written.
pub fn challenge(config: &Mnist, args: &RunArgs) -> Result<(), Error> {
    config.validate().map_err(Error::Usage)?;
    if config.dataset != Dataset::Mnist {
        return Err(Error::Usage("the challenge is about MNIST: leave out --dataset".into()));
    }
    let output = args.open(Mnist::COMMAND, "challenge")?;
    let problem = config.problem(&args.data(&output))?;
    let test = LabelledImages::read_mnist(config.dataset.source(), &args.data_dir, Part::Test)?;
    let all: Vec<usize> = (0..test.examples()).collect();
    let ladder = Ladder {
        training: Features::of(&problem.pictures, &problem.training),
        validation: Features::of(&problem.pictures, &problem.validation),
        test: Features::of(&test, &all),
    };
    let mut rungs = ladder.of_visibility()?;
    rungs.extend(ladder.of_directions(&problem, config.seed)?);
    rungs.extend(ladder.of_clusters(config.seed)?);
    rungs.extend(ladder.of_stored_pictures()?);
    table(&rungs).iter().for_each(|line| args.say(line));
    output.begin(&Identity::new(config, Action::named("challenge"))?)?;
    output.write("challenge.csv", csv(&rungs))?;
    output.figure("challenge", &figure(&rungs))?;
    args.say(&format!("written to {}", output.folder().display()));
    Ok(())
}

/// The data that all rungs stand on.
struct Ladder {
    training: Features,
    validation: Features,
    test: Features,
}

impl Ladder {
    fn features(&self) -> [&Features; 3] {
        [&self.training, &self.validation, &self.test]
    }

    /// Tables of features with the labels of this ladder.
    fn parts<'d>(&'d self, [training, validation, test]: &'d [Tensor; 3]) -> Parts<'d> {
        Parts {
            training: Examples::of(training, &self.training.labels[..training.shape()[0]]),
            validation: Examples::of(validation, &self.validation.labels),
            test: Examples::of(test, &self.test.labels),
        }
    }

    /// A head on coordinates of what the paper sees.
    fn see<H: Scorer>(
        &self,
        terms: &[&str],
        scale: f32,
        steps: u64,
        start: impl Fn(&mut Stream) -> H + Sync,
    ) -> Result<Scores, Error> {
        let x = self.features().map(|features| coordinates(&features.roots, terms, scale));
        climb(&self.parts(&x), recipe(steps, 200, 0.05), start)
    }

    /// Places in a space of few coordinates.
    fn of_visibility(&self) -> Result<Vec<Rung>, Error> {
        let rung = |name, chosen, choices, scores| Rung {
            account: Account::Designed,
            name,
            chosen,
            choices,
            constants: 0,
            scores,
        };
        let lattice = Tensor::matrix(&LATTICE) * LATTICE_STEP;
        let student = |d: usize| move |stream: &mut Stream| Places::new(d, Fall::Student, stream);
        let normal = |d: usize| move |stream: &mut Stream| Places::new(d, Fall::Normal, stream);
        let zeros = MASK.chars().filter(|c| *c == '0').count();
        Ok(vec![
            rung(
                "scales and offsets",
                "6 sums of what paper sees; the digits' places in {0, 1, 2}^6",
                count_terms(&SIX) + lattice.len(),
                self.see(&SIX, 0.25, 2000, |stream| Scales::new(lattice.clone(), stream))?,
            ),
            rung(
                "places, pruned",
                "3 coordinates of 9 sums; 8 coordinates of places are zero",
                count_terms(&THREE_OF_NINE) + zeros,
                self.see(&THREE_OF_NINE, 0.6, 3000, |stream| Places::masked(MASK, Fall::Student, stream))?,
            ),
            rung(
                "places, 6 sums",
                "3 coordinates, differences of 2 sums each",
                count_terms(&THREE),
                self.see(&THREE, 1.0, 3000, student(3))?,
            ),
            rung(
                "places, 9 sums",
                "3 coordinates of 9 sums",
                count_terms(&THREE_OF_NINE),
                self.see(&THREE_OF_NINE, 0.6, 3000, student(3))?,
            ),
            rung(
                "places in 5-D",
                "5 coordinates of 14 sums",
                count_terms(&FIVE),
                self.see(&FIVE, 0.3, 3000, normal(5))?,
            ),
            rung(
                "places in 7-D",
                "7 coordinates of 13 sums",
                count_terms(&SEVEN),
                self.see(&SEVEN, 0.3, 3000, normal(7))?,
            ),
        ])
    }

    /// Factored functions of directions.
    fn of_directions(&self, problem: &DigitClassification, seed: u64) -> Result<Vec<Rung>, Error> {
        let examples = (&problem.pictures, &problem.training[..]);
        let (x, labels) = jittered(&self.training, examples, &JITTER, COPIES, seed);
        let parts = Parts {
            training: Examples::of(&x, &labels),
            validation: Examples::of(&self.validation.hog, &self.validation.labels),
            test: Examples::of(&self.test.hog, &self.test.labels),
        };
        let rung = |name, chosen, scores| Rung {
            account: Account::Designed,
            name,
            chosen,
            choices: 0,
            constants: 0,
            scores,
        };
        Ok(vec![
            rung(
                "5 linear units",
                "directions of strokes at 7 x 7 places; jittered copies",
                climb(&parts, recipe(3000, 256, 0.03), |stream| Factored::linear(5, stream))?,
            ),
            rung(
                "28 sine units",
                "directions of strokes at 7 x 7 places; jittered copies",
                climb(&parts, recipe(16_000, 256, 0.02), |stream| Factored::sines(28, stream))?,
            ),
        ])
    }

    /// A number for each group of unlabelled pictures.
    fn of_clusters(&self, seed: u64) -> Result<Vec<Rung>, Error> {
        let count = UNLABELLED.min(self.training.labels.len());
        let pictures = self.training.hog.narrow(0, 0, count);
        let clusters = Clusters::new(&pictures, seed);
        let means = clusters.means();
        let [_, validation, test] = self.features().map(|features| &features.hog);
        let by_neighbours =
            [clusters.own(), clusters.by_neighbours(validation), clusters.by_neighbours(test)];
        let by_means = [&pictures, validation, test].map(|hog| by_means(&means, hog));
        let rung = |name, chosen, constants, x: &[Tensor; 3]| -> Result<Rung, Error> {
            let scores = climb(&self.parts(x), recipe(400, 200, 0.1), Values::new)?;
            Ok(Rung { account: Account::Unlabelled, name, chosen, choices: 0, constants, scores })
        };
        Ok(vec![
            rung("cluster means", "10 clusters; directions of strokes", means.len(), &by_means)?,
            rung(
                "clusters",
                "10 clusters; the group of the most of 10 neighbours",
                pictures.len() + count,
                &by_neighbours,
            )?,
        ])
    }

    /// Attention over labelled pictures.
    fn of_stored_pictures(&self) -> Result<Vec<Rung>, Error> {
        let [training, validation, test] = self.features();
        let rung = |name,
                    chosen,
                    stored: &Tensor,
                    labels: &[usize],
                    asking: Examples<'_>,
                    batch|
         -> Result<Rung, Error> {
            let parts = Parts {
                training: asking,
                validation: likenesses(&validation.hog, stored, &validation.labels),
                test: likenesses(&test.hog, stored, &test.labels),
            };
            let scores =
                climb(&parts, recipe(40, batch, 0.15), |stream| StoredAttention::new(labels, stream))?;
            let constants = stored.len() + labels.len();
            Ok(Rung { account: Account::Stored, name, chosen, choices: 0, constants, scores })
        };
        let (means, digits) = (class_means(&training.hog, &training.labels), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        let asking = ASKING.min(training.labels.len());
        let others = of_others(&training.hog, asking);
        Ok(vec![
            rung(
                "class means",
                "the number cannot change an answer",
                &means,
                &digits,
                likenesses(&training.hog, &means, &training.labels),
                200,
            )?,
            rung(
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
    fn heads_learn_as_many_numbers_as_the_ladder_promises() {
        let stream = &mut Stream::new(0, Purpose::Init);
        let count = |head: &Places| head.count::<f32>();
        assert_eq!(count(&Places::new(THREE.len(), Fall::Student, stream)), 30);
        assert_eq!(count(&Places::masked(MASK, Fall::Student, stream)), 22);
        assert_eq!(count(&Places::new(FIVE.len(), Fall::Normal, stream)), 50);
        assert_eq!(count(&Places::new(SEVEN.len(), Fall::Normal, stream)), 70);
        assert_eq!(Scales::new(Tensor::matrix(&LATTICE), stream).count::<f32>(), 12);
        assert_eq!(Factored::sines(28, stream).count::<f32>(), 924);
        let terms = [&THREE[..], &THREE_OF_NINE, &FIVE, &SEVEN, &SIX].map(count_terms);
        assert_eq!(terms, [6, 9, 14, 13, 6]);
    }
}
