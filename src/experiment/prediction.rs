//! Predictions of a classifier for pictures from files.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;
use image::RgbImage;
use image::imageops::{self, FilterType};

use super::identity::{Action, Identity};
use super::output::Output;
use super::run::load;
use super::{Assignment, Error, ModelOf, committed};
use crate::console::{self, print_line};
use crate::plot::{Axis, Bar, Bars, Figure, Gallery, Panel, Tile, palette};

/// The longer side in pixels of a picture in a figure.
const SHOWN: u32 = 400;
/// The width in pixels of the outline of the square that was cut out.
const LINE: i64 = 2;

/// Pictures, and the weights of the network that classifies them.
#[derive(Args, Clone, Debug)]
pub struct PredictArgs {
    /// PNG or JPEG files
    #[arg(required = true, value_name = "IMAGE")]
    pub images: Vec<PathBuf>,
    /// Trained weights [default: those of the repository]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Folder for the figures
    #[arg(short, long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print errors only
    #[arg(short, long)]
    pub quiet: bool,
}

/// A picture's file, and the name of its figure.
pub(crate) type Named<'a> = (&'a Path, &'a str);

/// Calls `one` for each picture, with the settings and the network of the weights, and prints the line that it
/// returns. An error with one picture does not stop the others.
///
/// # Errors
/// If weights or a picture cannot be read, or a figure cannot be written.
pub(crate) fn predict<A: Assignment>(
    args: &PredictArgs,
    committed: &str,
    one: impl Fn(&A, &ModelOf<A>, Named<'_>, &Output) -> Result<String, Error>,
) -> Result<(), Error> {
    let weights = committed::weights(args.weights.as_ref(), committed)?;
    let (config, model): (A, _) = load(&weights)?;
    let folder = Path::new("results").join(format!("{}-predict", A::COMMAND));
    let output = Output::open(args.out.as_deref().unwrap_or(&folder))?;
    let action = Action::named("predict").with_file("weights", &weights)?;
    output.join(&Identity::without_settings(A::COMMAND, action))?;
    let say = |line: &str| {
        if !args.quiet {
            print_line(line);
        }
    };
    each(&args.images, |path, name| {
        say(&one(&config, &model, (path, name), &output)?);
        Ok(())
    })?;
    say(&format!("written to {}", output.folder().display()));
    Ok(())
}

/// Calls `predict` for each picture and the name of its figure. An error with one picture does not
/// stop the others: the errors are printed to stderr, except for the last one, which is returned.
fn each(paths: &[PathBuf], mut predict: impl FnMut(&Path, &str) -> Result<(), Error>) -> Result<(), Error> {
    let mut last = Ok(());
    for (path, name) in paths.iter().zip(names(paths)) {
        if let Err(error) = predict(path, &name)
            && let Err(before) = std::mem::replace(&mut last, Err(error))
        {
            console::message(&format!("error: {before}"));
        }
    }
    last
}

/// A unique name for each picture's figure: the picture's file name without its extension, and a
/// number if that name is taken.
fn names(paths: &[PathBuf]) -> Vec<String> {
    let mut taken = HashSet::new();
    let name = |path: &PathBuf| {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let numbered = (2..).map(|n| format!("prediction-{stem}-{n}"));
        let mut names = std::iter::once(format!("prediction-{stem}")).chain(numbered);
        names.find(|name| taken.insert(name.clone())).expect("numbers do not end")
    };
    paths.iter().map(name).collect()
}

/// Bars of the probabilities `p` of the shown classes; `best`, the most probable, has its own colour.
pub(crate) fn bars(title: String, names: &[&str], p: &[f32], best: usize, shown: &[usize]) -> Bars {
    let bar =
        |&k: &usize| Bar::new(names[k], p[k].into(), palette(usize::from(k != best))).labelled(label(p[k]));
    let axis = Axis::new("probability").from_to(0.0, 1.0);
    Bars { title, axis, rows: shown.iter().map(bar).collect(), ..Bars::default() }
}

/// A probability with three decimals. One that would be rounded to 0 or 1 is "<0.001" or ">0.999".
pub(crate) fn label(probability: f32) -> String {
    match probability {
        p if p < 0.0005 => "<0.001".into(),
        p if p >= 0.9995 => ">0.999".into(),
        p => format!("{p:.3}"),
    }
}

/// The contents of the figure of a prediction.
pub(crate) struct Prediction<'a> {
    /// The figure's title.
    pub title: String,
    /// The picture, and the square that was cut out of it: left, top and side in pixels.
    pub picture: &'a RgbImage,
    pub square: [f64; 3],
    /// The input of the network.
    pub seen: Tile,
    /// The probabilities of the classes.
    pub bars: Bars,
}

impl Prediction<'_> {
    /// Draws the picture with the square, the input of the network, and the probabilities.
    pub fn save(self, output: &Output, name: &str) -> Result<(), Error> {
        let picture = Tile {
            caption: vec!["picture, with the cropped square".into()],
            ..shown(self.picture, self.square)
        };
        let gallery = Gallery {
            title: self.title,
            tiles: vec![picture, self.seen],
            columns: 2,
            scale: self.bars.height(),
            ..Gallery::default()
        };
        let figure = Figure::row(vec![Panel::Gallery(gallery), Panel::Bars(self.bars)]);
        output.figure(name, &figure)
    }
}

/// A picture, scaled for the figure, with the outline of a square.
fn shown(picture: &RgbImage, square: [f64; 3]) -> Tile {
    let longer = picture.width().max(picture.height());
    let scaled = |n: u32| (u64::from(n) * u64::from(SHOWN) / u64::from(longer)).max(1) as u32;
    let (width, height) = (scaled(picture.width()), scaled(picture.height()));
    let mut drawn = if longer > SHOWN {
        imageops::thumbnail(picture, width, height)
    } else {
        imageops::resize(picture, width, height, FilterType::Nearest)
    };
    let scale = f64::from(SHOWN) / f64::from(longer);
    let [left, top, side] = square.map(|n| (n * scale).round() as i64);
    let near = |n: i64, edge: i64| (0..LINE).contains(&(n - edge));
    for (x, y, pixel) in drawn.enumerate_pixels_mut() {
        let (x, y) = (i64::from(x) - left, i64::from(y) - top);
        let inside = (0..side).contains(&x) && (0..side).contains(&y);
        if inside && [x, y].iter().any(|&n| near(n, 0) || near(n, side - LINE)) {
            pixel.0 = palette(1);
        }
    }
    Tile {
        width: width as usize,
        height: height as usize,
        pixels: drawn.pixels().map(|p| p.0).collect(),
        ..Tile::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_pictures_with_equal_names_have_different_names() {
        let paths = ["a/x.png", "b/x.png", "x-2.jpg", "y", "c/x.jpeg"].map(PathBuf::from);
        let wanted = ["x", "x-2", "x-2-2", "y", "x-3"].map(|name| format!("prediction-{name}"));
        assert_eq!(names(&paths), wanted);
    }

    #[test]
    fn a_probability_that_is_not_zero_is_not_shown_as_zero() {
        let labels = [0.0, 0.0031, 0.25, 0.9968, 0.99997].map(label);
        assert_eq!(labels, ["<0.001", "0.003", "0.250", "0.997", ">0.999"]);
    }

    #[test]
    fn an_error_with_one_picture_does_not_stop_the_others() {
        let paths = ["a", "b", "c"].map(PathBuf::from);
        let mut seen = Vec::new();
        let result = each(&paths, |path, name| {
            seen.push(name.to_owned());
            if path == Path::new("b") { Err(Error::Check("b is bad".into())) } else { Ok(()) }
        });
        assert_eq!(seen, ["prediction-a", "prediction-b", "prediction-c"]);
        assert_eq!(result.unwrap_err().to_string(), "b is bad");
    }

    #[test]
    fn the_outline_is_drawn_where_the_square_overlaps_the_picture() {
        let white = RgbImage::from_pixel(100, 50, image::Rgb([255; 3]));
        let colored = |square| shown(&white, square).pixels.iter().filter(|&&p| p == palette(1)).count();
        // Drawn four times as large: a square of 80 pixels has an outline of 4 * 78 positions, two
        // wide.
        assert_eq!(colored([10.0, 10.0, 20.0]), 4 * 78 * 2);
        assert_eq!(colored([-10.0, -10.0, 20.0]), 2 * 39 * 2);
        assert_eq!(colored([-30.0, -30.0, 200.0]), 0);
    }
}
