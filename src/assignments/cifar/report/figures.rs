//! The figures of assignment 4.

use super::{gallery, receptive_field};
use crate::assignments::cifar::Cifar;
use crate::data::cifar::{SUPERCLASS_OF, SUPERCLASSES};
use crate::data::{CifarKind, LabelledImages};
use crate::experiment::classification::figures::{mistakes, picture, training};
use crate::experiment::classification::{Answers, calibration};
use crate::experiment::prediction::label;
use crate::models::Classifier;
use crate::plot::{Axis, Bar, Bars, Confusion, Figure, Gallery, GroupedConfusion, Panel, Tile, palette};
use crate::tensor::Tensor;
use crate::train::History;

/// The number of classes with a row of examples. If there are more, the best and the worst are
/// shown.
const CLASSES: usize = 10;
/// The number of the best and of the worst classes that have a bar.
const BARS: usize = 20;
/// The number of right and of wrong examples of each class.
const EXAMPLES: usize = 5;

/// All figures; the training curves only if there is a history.
pub(crate) fn all(
    config: &Cifar,
    pictures: &LabelledImages,
    model: &Classifier,
    (test, answers): (&LabelledImages, &Answers<'_>),
    history: Option<&History>,
) -> Vec<(&'static str, Figure)> {
    let (confusion, gallery) = match config.dataset {
        CifarKind::Cifar10 => {
            let each: Vec<usize> = (0..answers.classes()).collect();
            (answers.confusion(), grouped(answers, &each, &answers.names))
        }
        CifarKind::Cifar100 => {
            let group_of = SUPERCLASS_OF.map(usize::from);
            let confusion = grouped(answers, &group_of, &SUPERCLASSES.map(|name| name.replace('_', " ")));
            (confusion.clone(), confusion)
        }
    };
    let order = from_best_to_worst(answers);
    let learned = if config.proxy.is_some() { "hardest examples" } else { "augmented" };
    let mut all = vec![
        ("confusion", confusion),
        ("gallery", gallery.framed()),
        ("calibration", calibration::reliability(answers)),
        ("classes", classes(answers, &order)),
        ("augmentation", gallery::steps(config, pictures)),
        ("receptive-field", receptive_field::figure(model, test)),
    ];
    all.extend(examples(test, answers, &order).map(|figure| ("examples", figure)));
    all.extend(mistakes(answers, test).map(|figure| ("mistakes", figure)));
    all.extend(model.first_kernel().map(|kernel| ("kernels", kernels(kernel))));
    all.extend(
        history.map(|history| ("training", training(history, learned, "validation_top1", config.validation))),
    );
    all
}

/// The figure of the confusion matrix without numbers. `group_of` is the group of each class, and
/// `names` are the names of the groups.
fn grouped(answers: &Answers<'_>, group_of: &[usize], names: &[String]) -> Figure {
    let n = answers.classes();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by_key(|&class| (group_of[class], class));
    let counts = answers.counts();
    let table = Confusion {
        title: answers.wrong(),
        classes: order.iter().map(|&class| answers.names[class].clone()).collect(),
        counts: order
            .iter()
            .flat_map(|&i| order.iter().map(move |&j| (i, j)))
            .map(|(i, j)| counts[i * n + j])
            .collect(),
    };
    let size = |k: usize| group_of.iter().filter(|&&group| group == k).count();
    let groups = names.iter().enumerate().map(|(k, name)| (name.clone(), size(k)));
    Figure::from(GroupedConfusion { table, groups: groups.collect() })
}

/// The classes and the accuracy on each, best first.
fn from_best_to_worst(answers: &Answers<'_>) -> Vec<(usize, f64)> {
    let n = answers.classes();
    let counts = answers.counts();
    let share = |class: usize| {
        let row = &counts[class * n..][..n];
        (class, row[class] as f64 / row.iter().sum::<u64>().max(1) as f64)
    };
    let mut order: Vec<(usize, f64)> = (0..n).map(share).collect();
    order.sort_by(|a, b| b.1.total_cmp(&a.1));
    order
}

/// The figure of the accuracy on each class, or on the best and the worst.
fn classes(answers: &Answers<'_>, order: &[(usize, f64)]) -> Figure {
    let bars = |title: &str, order: &[(usize, f64)]| {
        let bar = |&(class, share): &(usize, f64)| {
            Bar::new(&answers.names[class], share, palette(0)).labelled(format!("{share:.3}"))
        };
        Panel::Bars(Bars {
            title: title.into(),
            axis: Axis::new("test accuracy of the class").from_to(0.0, 1.0),
            rows: order.iter().map(bar).collect(),
            ..Bars::default()
        })
    };
    if order.len() <= 2 * BARS {
        return Figure::row(vec![bars("Test accuracy by class", order)]);
    }
    let (best, worst) = (&order[..BARS], &order[order.len() - BARS..]);
    Figure::row(vec![bars("Highest accuracy", best), bars("Lowest accuracy", worst)])
}

/// The figure of the right and the wrong answers with the highest confidence, for each class or for
/// the best and the worst; `None` if these have no examples.
fn examples(test: &LabelledImages, answers: &Answers<'_>, order: &[(usize, f64)]) -> Option<Figure> {
    let shown: Vec<usize> = if order.len() <= CLASSES {
        order.iter().map(|&(class, _)| class).collect()
    } else {
        let (best, worst) = (&order[..CLASSES / 2], &order[order.len() - CLASSES / 2..]);
        best.iter().chain(worst).map(|&(class, _)| class).collect()
    };
    let confidence = |i: usize| answers.probabilities(i)[answers.best[i]];
    let row = |class: usize, right: bool| {
        let all = 0..answers.truth.len();
        let mut row: Vec<usize> =
            all.filter(|&i| answers.truth[i] == class && answers.is_right(i) == right).collect();
        row.sort_by(|&i, &j| confidence(j).total_cmp(&confidence(i)));
        (0..EXAMPLES).map(|column| row.get(column).copied()).collect::<Vec<_>>()
    };
    let tile = |i: usize, right: bool| {
        let answer = if right { String::new() } else { format!("{} ", answers.names[answers.best[i]]) };
        let caption = vec![format!("{answer}{}", label(confidence(i)))];
        Tile { caption, ..picture(test.size, test.image(i)) }
    };
    let gallery = |title: &str, right: bool, rows: Vec<String>| {
        let cells = shown.iter().flat_map(|&class| row(class, right));
        let tiles = cells.map(|i| i.map_or_else(Tile::default, |i| tile(i, right)));
        Panel::Gallery(Gallery {
            title: title.into(),
            tiles: tiles.collect(),
            columns: EXAMPLES,
            rows,
            scale: 64.0,
            ..Gallery::default()
        })
    };
    let mut names: Vec<String> = shown.iter().map(|&class| answers.names[class].clone()).collect();
    let titles = [
        ("Most confident correct predictions", true),
        ("Most confident errors, with predicted class", false),
    ];
    // A network that is always right, or always wrong, has no examples of the other kind.
    let panels: Vec<Panel> = titles
        .into_iter()
        .filter(|&(_, right)| shown.iter().any(|&class| row(class, right)[0].is_some()))
        .map(|(title, right)| gallery(title, right, std::mem::take(&mut names)))
        .collect();
    (!panels.is_empty()).then(|| Figure::row(panels))
}

/// The figure of the kernels of the first layer, `[height, width, 3, outputs]`. Each is a picture
/// of its weights for red, green and blue, which is grey where they are 0.
fn kernels(kernel: &Tensor) -> Figure {
    let (&[height, width, inputs, outputs], values) = (kernel.shape(), kernel.as_slice()) else {
        unreachable!("kernels have four axes")
    };
    let weight = |pixel: usize, color: usize, o: usize| values[(pixel * inputs + color) * outputs + o];
    let tile = |o: usize| {
        let all = values.iter().skip(o).step_by(outputs);
        let largest = all.fold(f32::MIN_POSITIVE, |max, w| max.max(w.abs()));
        let shade = |w: f32| (127.5 + 127.5 * w / largest).round() as u8;
        let pixel = |i: usize| [0, 1, 2].map(|color| shade(weight(i, color, o)));
        Tile { width, height, pixels: (0..height * width).map(pixel).collect(), ..Tile::default() }
    };
    Figure::from(Gallery {
        title: "Kernels of the first layer: weights for red, green and blue; grey = 0".into(),
        tiles: (0..outputs).map(tile).collect(),
        columns: outputs.min(16),
        scale: 36.0,
        ..Gallery::default()
    })
}
