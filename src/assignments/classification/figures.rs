//! Figures of classifiers of pictures.

use super::{Pictures, most_probable};
use crate::plot::{
    Axis, Bar, Chart, Color, Confusion, Figure, Gallery, Key, Panel, Series, Stroke, Tile, diverging, gray,
    palette,
};
use crate::tensor::Tensor;
use crate::train::History;

/// How many mistakes are shown.
const MISTAKES: usize = 20;
/// How many of the most probable classes stand beside a picture.
const GUESSES: usize = 3;
/// The colour of classes that are neither right nor the answer.
const OTHER: Color = [170, 170, 170];

/// What a classifier says about a test set.
pub(in super::super) struct Answers<'a> {
    /// The test set.
    pub test: &'a Pictures,
    /// What the classes are called.
    pub names: Vec<String>,
    /// The probability of each class for each example.
    pub p: &'a [f32],
    /// The class of each example.
    pub truth: Vec<usize>,
    /// The most probable class of each example.
    pub best: Vec<usize>,
}

impl<'a> Answers<'a> {
    /// The answers that the probabilities give to all test examples.
    pub fn new(test: &'a Pictures, names: &[&str], p: &'a [f32]) -> Self {
        let truth = test.labels.iter().map(|&label| label.into()).collect();
        let names = names.iter().map(|name| name.replace('_', " ")).collect();
        Self { test, names, p, truth, best: most_probable(p, test.classes) }
    }

    /// The probabilities of the classes of one example.
    pub fn probabilities(&self, example: usize) -> &[f32] {
        &self.p[example * self.test.classes..][..self.test.classes]
    }

    /// Whether the answer to an example is right.
    pub fn is_right(&self, example: usize) -> bool {
        self.truth[example] == self.best[example]
    }

    /// How often each class was taken for each: `[class, answer]`.
    pub fn counts(&self) -> Vec<u64> {
        let mut counts = vec![0; self.test.classes * self.test.classes];
        for (truth, best) in self.truth.iter().zip(&self.best) {
            counts[truth * self.test.classes + best] += 1;
        }
        counts
    }

    /// How many test examples are wrong, as a title.
    pub fn wrong(&self) -> String {
        let wrong = (0..self.truth.len()).filter(|&i| !self.is_right(i)).count();
        format!("{wrong} of {} test examples wrong", self.truth.len())
    }

    /// Which classes are taken for which.
    pub fn confusion(&self) -> Figure {
        Figure::from(Confusion { title: self.wrong(), classes: self.names.clone(), counts: self.counts() })
    }

    /// The wrong answers that give the truth the least probability, worst first; none if all are right.
    pub fn mistakes(&self) -> Option<Figure> {
        let mut wrong: Vec<usize> = (0..self.truth.len()).filter(|&i| !self.is_right(i)).collect();
        let of_truth = |i: usize| self.probabilities(i)[self.truth[i]];
        wrong.sort_by(|&i, &j| of_truth(i).total_cmp(&of_truth(j)));
        let tiles: Vec<Tile> = wrong.iter().take(MISTAKES).map(|&i| self.mistake(i)).collect();
        (!tiles.is_empty()).then(|| {
            Figure::from(Gallery {
                title: "The worst mistakes: truth (test example), and the most probable classes".into(),
                tiles,
                columns: 5,
                scale: 64.0,
                key: vec![Key::color("truth", palette(0)), Key::color("answer", palette(1))],
                ..Gallery::default()
            })
        })
    }

    fn mistake(&self, i: usize) -> Tile {
        let p = self.probabilities(i);
        let mut order: Vec<usize> = (0..p.len()).collect();
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        let bars = order[..GUESSES].iter().map(|&k| {
            let color = if k == self.truth[i] {
                palette(0)
            } else if k == self.best[i] {
                palette(1)
            } else {
                OTHER
            };
            Bar::new(&self.names[k], p[k].into(), color)
        });
        Tile {
            caption: vec![format!("{} ({i})", self.names[self.truth[i]])],
            bars: bars.collect(),
            ..picture(self.test.size, self.test.image(i))
        }
    }
}

/// A picture of bytes: grey, ink on paper, or red, green and blue.
pub(in super::super) fn picture(size: [usize; 2], bytes: &[u8]) -> Tile {
    let pixels = if bytes.len() == size[0] * size[1] {
        bytes.iter().map(|&v| gray(1.0 - f64::from(v) / 255.0)).collect()
    } else {
        bytes.as_chunks().0.to_vec()
    };
    Tile { width: size[1], height: size[0], pixels, ..Tile::default() }
}

/// The kernels of a first layer on grey pictures, `[height, width, 1, outputs]`.
pub(in super::super) fn kernels(kernel: &Tensor) -> Figure {
    let (&[height, width, _, outputs], values) = (kernel.shape(), kernel.as_slice()) else {
        unreachable!("kernels have four axes")
    };
    let largest = values.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
    let tile = |o: usize| Tile {
        width,
        height,
        pixels: (0..height * width)
            .map(|i| diverging(0.5 + 0.5 * f64::from(values[i * outputs + o] / largest)))
            .collect(),
        ..Tile::default()
    };
    Figure::from(Gallery {
        title: "Kernels of the first layer".into(),
        tiles: (0..outputs).map(tile).collect(),
        columns: outputs.min(8),
        scale: 48.0,
        key: vec![Key::range(format!("weights from −{largest:.2} to {largest:.2}"), diverging)],
        ..Gallery::default()
    })
}

/// Losses, and the accuracy on validation examples, a column of the history, over the epochs.
pub(in super::super) fn training(history: &History, accuracy: &str) -> Figure {
    let epochs = (1..).map(f64::from);
    let curve = |name: &str| epochs.clone().zip(history.column(name)).collect::<Vec<_>>();
    let loss = Chart {
        title: "Loss".into(),
        x: Axis::new("epoch"),
        y: Axis::new("cross-entropy").logarithmic(),
        series: vec![
            Series::curve(curve("loss"), palette(0), Stroke::Solid).named("training, augmented"),
            Series::curve(curve("validation_loss"), palette(1), Stroke::Solid).named("validation"),
        ],
        ..Chart::default()
    };
    let accuracy = Chart {
        title: "Accuracy".into(),
        x: Axis::new("epoch"),
        y: Axis::new("share of validation examples right"),
        series: vec![Series::curve(curve(accuracy), palette(1), Stroke::Solid)],
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(loss), Panel::Chart(accuracy)])
}
