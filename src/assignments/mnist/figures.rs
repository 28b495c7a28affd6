//! The figures of assignment 3.

use super::{CLASSES, Classifier, Digits, Mnist, PIXELS, SIZE, labels, most_probable};
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

/// What the test set shows: `p` are the probabilities of each example's classes.
pub(super) fn of_test(
    config: &Mnist,
    test: &Digits,
    p: &[f32],
    model: &Classifier,
) -> Vec<(&'static str, Figure)> {
    let examples: Vec<usize> = (0..test.examples()).collect();
    let (truth, answers) = (labels(test, &examples), most_probable(p));
    let mut all = vec![("confusion", confusion(config, &truth, &answers))];
    all.extend(mistakes(config, test, p, &truth, &answers).map(|figure| ("mistakes", figure)));
    all.extend(model.first_kernel().map(|kernel| ("kernels", kernels(kernel))));
    all
}

fn names(config: &Mnist) -> Vec<String> {
    config.dataset.classes().map(str::to_owned).to_vec()
}

fn confusion(config: &Mnist, truth: &[usize], answers: &[usize]) -> Figure {
    let mut counts = vec![0; CLASSES * CLASSES];
    truth.iter().zip(answers).for_each(|(truth, answer)| counts[truth * CLASSES + answer] += 1);
    let wrong = truth.iter().zip(answers).filter(|(a, b)| a != b).count();
    let title = format!("{wrong} of {} test examples wrong", truth.len());
    Figure::from(Confusion { title, classes: names(config), counts })
}

/// A grey picture, ink on paper.
pub(super) fn pixels(values: &[u8]) -> Vec<Color> {
    values.iter().map(|&v| gray(1.0 - f64::from(v) / 255.0)).collect()
}

/// The wrong answers that give the truth the least probability, worst first; none if all are right.
fn mistakes(config: &Mnist, test: &Digits, p: &[f32], truth: &[usize], answers: &[usize]) -> Option<Figure> {
    let mut wrong: Vec<usize> = (0..truth.len()).filter(|&i| truth[i] != answers[i]).collect();
    wrong.sort_by(|&i, &j| p[i * CLASSES + truth[i]].total_cmp(&p[j * CLASSES + truth[j]]));
    let names = config.dataset.classes();
    let tile = |&i: &usize| {
        let p = &p[i * CLASSES..][..CLASSES];
        let mut order: Vec<usize> = (0..CLASSES).collect();
        order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
        let bars = order[..GUESSES].iter().map(|&k| {
            let color = if k == truth[i] {
                palette(0)
            } else if k == answers[i] {
                palette(1)
            } else {
                OTHER
            };
            Bar::new(names[k], p[k].into(), color)
        });
        Tile {
            width: SIZE[1],
            height: SIZE[0],
            pixels: pixels(&test.images[i * PIXELS..][..PIXELS]),
            caption: vec![format!("{} ({i})", names[truth[i]])],
            bars: bars.collect(),
        }
    };
    let tiles: Vec<Tile> = wrong.iter().take(MISTAKES).map(tile).collect();
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

/// The kernels of the first layer, `[height, width, 1, outputs]`.
fn kernels(kernel: &Tensor) -> Figure {
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

/// Losses and validation accuracy over the epochs.
pub(super) fn training(history: &History) -> Figure {
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
        series: vec![Series::curve(curve("validation_accuracy"), palette(1), Stroke::Solid)],
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(loss), Panel::Chart(accuracy)])
}
