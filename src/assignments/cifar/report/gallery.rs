//! The figure of the augmentation of a photograph.

use crate::assignments::cifar::problem::{Augmentation, CHANNELS, LENGTH};
use crate::assignments::cifar::{Cifar, Flipping};
use crate::data::augment::{Flip, Mix, Step, View};
use crate::data::{CifarKind, LabelledImages};
use crate::experiment::OrNone;
use crate::nn::loss::one_hot;
use crate::plot::{Color, Figure, Gallery, Tile};
use crate::random::{Purpose, Stream};

/// The number of views in a row.
const VIEWS: usize = 8;
/// The number of pictures that are mixed with each other.
const GROUP: usize = 16;
/// The index of the photograph in the training set.
const EXAMPLE: usize = 1;

/// A row for each step of augmentation. A step that is not configured is shown with a usual
/// strength.
fn rows(config: &Cifar) -> Vec<(String, Augmentation)> {
    let used = |name: String, is_used: bool| if is_used { name } else { format!("{name} (off)") };
    let or = |value: f64, usual: f64| if value > 0.0 { value } else { usual };
    // The settings with all steps in use.
    let all = Cifar {
        flip: if config.flip == Flipping::None { Flipping::Alternating } else { config.flip },
        shift: or(config.shift as f64, 2.0) as usize,
        cutout: OrNone(config.cutout.0.or(Some(8))),
        jitter: or(config.jitter, 0.4),
        mixup: OrNone(config.mixup.0.or(Some(0.2))),
        cutmix: OrNone(config.cutmix.0.or(Some(1.0))),
        ..config.clone()
    };
    let augmentation = all.augmentation();
    let mut rows = Vec::new();
    for step in augmentation.colors {
        let name = match step {
            Step::Flip(Flip::Random) => used("random flip".into(), config.flip != Flipping::None),
            Step::Flip(Flip::Alternating) => used("alternating flip".into(), config.flip != Flipping::None),
            Step::Jitter { .. } => used(format!("colour jitter {}", all.jitter), config.jitter > 0.0),
            _ => used(format!("translation, ±{} pixels", all.shift), config.shift > 0),
        };
        rows.push((name, Augmentation { colors: vec![step], ..Augmentation::default() }));
    }
    for step in augmentation.inputs {
        let Step::Cutout { side } = step else { unreachable!("the only change of inputs") };
        let name = used(format!("cutout, {side} × {side} pixels"), config.cutout.0.is_some());
        rows.push((name, Augmentation { inputs: vec![step], ..Augmentation::default() }));
    }
    for mix in augmentation.mixes {
        let name = match mix {
            Mix::Mixup { alpha } => used(format!("mixup, α = {alpha}"), config.mixup.0.is_some()),
            Mix::CutMix { alpha } => used(format!("CutMix, α = {alpha}"), config.cutmix.0.is_some()),
        };
        rows.push((name, Augmentation { mixes: vec![mix], ..Augmentation::default() }));
    }
    rows.push(("all steps that are on".into(), config.augmentation()));
    rows
}

/// The figure of one photograph in the first epochs, with a row for each step of augmentation.
pub(crate) fn steps(config: &Cifar, pictures: &LabelledImages) -> Figure {
    let rows = rows(config);
    let count = pictures.examples();
    let first = EXAMPLE.min(count - 1);
    // The photograph comes first, then those that it may be mixed with.
    let group: Vec<usize> = (0..GROUP.min(count)).map(|i| (first + i) % count).collect();
    let tile = |augmentation: &Augmentation, epoch: u64| {
        let view = |example: usize| View { seed: config.seed, epoch, example: example as u64 };
        let mut x = pictures.colors(&group);
        augmentation.change_colors(&mut x, &group, view);
        pictures.normalize(&mut x);
        let mut targets = one_hot(&vec![0; group.len()], 1, 0.0);
        let mut stream = Stream::at(config.seed, Purpose::Mix, epoch, 0);
        augmentation.change_inputs(&mut x, &mut targets, &group, view, &mut stream);
        Tile {
            width: CifarKind::SIZE[1],
            height: CifarKind::SIZE[0],
            pixels: shown(&x.as_slice()[..LENGTH], pictures),
            ..Tile::default()
        }
    };
    let views = |(_, augmentation): &(String, Augmentation)| {
        (0..VIEWS).map(|epoch| tile(augmentation, epoch as u64)).collect::<Vec<_>>()
    };
    Figure::from(Gallery {
        title: format!("Augmentation of one training image in {VIEWS} epochs"),
        tiles: rows.iter().flat_map(views).collect(),
        columns: VIEWS,
        rows: rows.iter().map(|(name, _)| name.clone()).collect(),
        scale: 64.0,
        ..Gallery::default()
    })
}

/// The colours of a picture from the network's inputs.
fn shown(inputs: &[f32], pictures: &LabelledImages) -> Vec<Color> {
    let color = |pixel: &[f32]| -> Color {
        std::array::from_fn(|k| {
            (255.0 * (pixel[k] * pictures.deviations[k] + pictures.means[k])).round().clamp(0.0, 255.0) as u8
        })
    };
    inputs.chunks_exact(CHANNELS).map(color).collect()
}
