//! Figures of classifiers of pictures.

use super::Answers;
use crate::data::LabelledImages;
use crate::experiment::prediction::label;
use crate::metrics::wilson_interval;
use crate::plot::{
    Axis, Bar, Chart, Color, Figure, Gallery, Key, Panel, Series, Stroke, Tile, diverging, gray, palette,
};
use crate::tensor::Tensor;
use crate::train::History;

/// The number of mistakes that are shown.
const MISTAKES: usize = 20;
/// The number of most probable classes that are shown next to a picture.
const GUESSES: usize = 3;
/// A kernel is dead if none of its weights exceeds this share of the largest weight of all kernels.
const DEAD: f32 = 1e-3;
/// The colour of classes that are neither the true class nor the answer.
const OTHER: Color = [170, 170, 170];

/// The wrong answers with the lowest probability of the true class, worst first; `None` if all
/// answers are right.
pub(crate) fn mistakes(answers: &Answers<'_>, test: &LabelledImages) -> Option<Figure> {
    let worst = answers.worst();
    let tiles: Vec<Tile> = worst.iter().take(MISTAKES).map(|&i| mistake(answers, test, i)).collect();
    (!tiles.is_empty()).then(|| {
        Figure::from(Gallery {
            title: "Errors with the least probable true class (test index)".into(),
            tiles,
            columns: 5,
            scale: 64.0,
            key: vec![Key::color("true class", palette(0)), Key::color("predicted class", palette(1))],
            ..Gallery::default()
        })
    })
}

/// Mistakes as in [`mistakes`], without their probabilities, for a small figure.
pub(crate) fn gallery(answers: &Answers<'_>, test: &LabelledImages) -> Option<Figure> {
    let tile = |&i: &usize| Tile {
        caption: vec![format!(
            "{} read as {}",
            answers.names[answers.truth[i]], answers.names[answers.best[i]]
        )],
        ..picture(test.size, test.image(i))
    };
    let tiles: Vec<Tile> = answers.worst().iter().take(15).map(tile).collect();
    (!tiles.is_empty()).then(|| {
        Figure::from(Gallery {
            title: "The worst mistakes".into(),
            tiles,
            columns: 5,
            scale: 80.0,
            ..Gallery::default()
        })
        .framed()
    })
}

fn mistake(answers: &Answers<'_>, test: &LabelledImages, i: usize) -> Tile {
    let p = answers.probabilities(i);
    let mut order: Vec<usize> = (0..p.len()).collect();
    order.sort_by(|&a, &b| p[b].total_cmp(&p[a]));
    let bars = order[..GUESSES].iter().map(|&k| {
        let color = if k == answers.truth[i] {
            palette(0)
        } else if k == answers.best[i] {
            palette(1)
        } else {
            OTHER
        };
        Bar::new(&answers.names[k], p[k].into(), color).labelled(label(p[k]))
    });
    Tile {
        caption: vec![format!("{} ({i})", answers.names[answers.truth[i]])],
        bars: bars.collect(),
        ..picture(test.size, test.image(i))
    }
}

/// A picture from its bytes: dark ink on white for one channel, or red, green and blue.
pub(crate) fn picture(size: [usize; 2], bytes: &[u8]) -> Tile {
    let pixels = if bytes.len() == size[0] * size[1] {
        bytes.iter().map(|&v| gray(1.0 - f64::from(v) / 255.0)).collect()
    } else {
        bytes.as_chunks().0.to_vec()
    };
    Tile { width: size[1], height: size[0], pixels, ..Tile::default() }
}

/// The kernels of the first layer of a network for grey pictures, `[height, width, 1, outputs]`. A
/// kernel whose weights are all (almost) 0 is marked as dead: its output is the same for all inputs.
pub(crate) fn kernels(kernel: &Tensor) -> Figure {
    let (&[height, width, _, outputs], values) = (kernel.shape(), kernel.as_slice()) else {
        unreachable!("kernels have four axes")
    };
    let largest = values.iter().fold(0.0_f32, |max, w| max.max(w.abs()));
    let tile = |o: usize| {
        let weights = || values.iter().skip(o).step_by(outputs);
        let is_dead = weights().all(|w| w.abs() < DEAD * largest);
        Tile {
            width,
            height,
            pixels: weights().map(|w| diverging(0.5 + 0.5 * f64::from(w / largest))).collect(),
            caption: if is_dead { vec!["dead".into()] } else { Vec::new() },
            ..Tile::default()
        }
    };
    Figure::from(Gallery {
        title: "Kernels of the first layer".into(),
        tiles: (0..outputs).map(tile).collect(),
        columns: outputs.min(8),
        scale: 48.0,
        key: vec![Key::range(format!("weight, −{largest:.2} to {largest:.2}"), diverging)],
        ..Gallery::default()
    })
}

/// The losses and the accuracy on `validation` examples over the epochs. `learned` describes the
/// examples of the training loss, and `accuracy` is a column of the history.
pub(crate) fn training(history: &History, learned: &str, accuracy: &str, validation: usize) -> Figure {
    let epochs = (1..).map(f64::from);
    let curve = |name: &str| epochs.clone().zip(history.column(name)).collect::<Vec<_>>();
    let loss = Chart {
        title: "Loss".into(),
        x: Axis::new("epoch"),
        y: Axis::new("cross-entropy").logarithmic(),
        series: vec![
            Series::curve(curve("loss"), palette(0), Stroke::Solid).named(format!("training, {learned}")),
            Series::curve(curve("validation_loss"), palette(1), Stroke::Solid).named("validation"),
        ],
        ..Chart::default()
    };
    let points = curve(accuracy);
    let band = points.iter().map(|point| wilson_interval(point.1, validation)).collect();
    let accuracy = Chart {
        title: "Accuracy".into(),
        x: Axis::new("epoch"),
        y: Axis::new("validation accuracy"),
        series: vec![
            Series::curve(points, palette(1), Stroke::Solid)
                .with_band(band)
                .named(format!("{validation} examples, 95% confidence interval")),
        ],
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(loss), Panel::Chart(accuracy)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_without_weights_are_marked_as_dead() {
        // Two pixels, three outputs: the second has almost no weights.
        let kernel = Tensor::from_vec(&[1, 2, 1, 3], vec![0.5, 1e-6, -0.02, 1.0, 0.0, 0.01]).unwrap();
        assert_eq!(format!("{:?}", kernels(&kernel)).matches("dead").count(), 1);
    }

    #[test]
    fn a_small_probability_is_not_shown_as_zero() {
        let test = LabelledImages::grey([1, 1], vec![0], vec![2]);
        let p = [0.996, 0.0036, 0.0004];
        let answers = Answers::new(vec![2], &["a", "b", "c"], &p).unwrap();
        let figure = format!("{:?}", mistakes(&answers, &test));
        for label in ["0.996", "0.004", "<0.001"] {
            assert!(figure.contains(&format!("label: \"{label}\"")), "{figure}");
        }
    }
}
