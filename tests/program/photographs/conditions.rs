//! Conditions under which people photograph digits.

use ece472::data::LabelledImages;
use ece472::random::{Purpose, Stream};
use image::RgbImage;

use super::pen::{Ink, Writing, draw, enlarged};

/// The light on the paper: a factor at (u, v), from 0 to 1 rightwards and downwards.
#[derive(Clone, Copy)]
pub enum Light {
    Even,
    /// A gradient from 1 on one side to `to` on the other, in the direction of an angle in degrees.
    Gradient {
        to: f64,
        angle: f64,
    },
    /// A shadow that multiplies by `factor` over a corner. `reach` and `soft` are its size and the
    /// width of its edge, as shares of the side.
    Shadow {
        factor: f64,
        reach: f64,
        soft: f64,
    },
    /// Corners that are darker by the given factor.
    Vignette(f64),
}

/// The surroundings of the sheet.
#[derive(Clone, Copy)]
pub enum Around {
    Nothing,
    /// A table of the given grey around a sheet that is rotated by `turn` degrees, with a margin as
    /// a share of the side.
    Table {
        gray: f64,
        margin: f64,
        turn: f64,
    },
    /// A strip of the given grey and width on one side (0 to 3: left, top, right, bottom).
    Strip {
        gray: f64,
        width: f64,
        side: usize,
    },
    /// A thin dark outline of the sheet.
    Outline {
        margin: f64,
        turn: f64,
    },
    /// The picture is cropped to the ink.
    Cropped,
}

/// The ruling of the paper.
#[derive(Clone, Copy)]
pub enum Ruling {
    Plain,
    Lines { every: f64, gray: f64 },
    Squares { every: f64, gray: f64 },
}

/// A condition.
#[derive(Clone)]
pub struct Condition {
    pub name: String,
    /// The height and width of the picture in pixels.
    pub side: usize,
    /// The digit's height as a share of the side.
    pub height: f64,
    /// The pen's width as a share of the digit's height.
    pub pen: f64,
    pub ink: [f64; 3],
    pub paper: [f64; 3],
    pub turn: f64,
    pub off_center: f64,
    pub light: Light,
    pub around: Around,
    pub ruling: Ruling,
    /// The standard deviation of each pixel's noise.
    pub noise: f64,
    /// The number of times that neighbours are averaged.
    pub blur: usize,
    /// Whether a digit of MNIST's training set is used as ink.
    pub mnist: bool,
}

fn plain(name: &str) -> Condition {
    Condition {
        name: name.into(),
        side: 160,
        height: 0.6,
        pen: 0.11,
        ink: [0.12; 3],
        paper: [0.88; 3],
        turn: 0.0,
        off_center: 0.04,
        light: Light::Even,
        around: Around::Nothing,
        ruling: Ruling::Plain,
        noise: 0.012,
        blur: 0,
        mnist: false,
    }
}

/// All conditions.
pub fn all() -> Vec<Condition> {
    let mut all = Vec::new();
    let mut add = |name: String, change: &dyn Fn(&mut Condition)| {
        let mut condition = plain(&name);
        change(&mut condition);
        all.push(condition);
    };
    add("plain".into(), &|_| ());
    for side in [60, 90, 300, 600, 1200] {
        add(format!("{side} pixels"), &|c| c.side = side);
    }
    for (pen, ink) in [
        (0.03, 0.12),
        (0.05, 0.12),
        (0.08, 0.12),
        (0.16, 0.12),
        (0.2, 0.12),
        (0.05, 0.45),
        (0.03, 0.6),
        (0.05, 0.6),
        (0.08, 0.7),
    ] {
        add(format!("pen {pen} of grey {ink}"), &|c| (c.pen, c.ink) = (pen, [ink; 3]));
    }
    for (ink, paper) in [(0.05, 0.99), (0.1, 0.6), (0.05, 0.35), (0.3, 0.4), (0.45, 0.5), (0.8, 0.88)] {
        add(format!("ink {ink} on paper {paper}"), &|c| {
            (c.ink, c.paper, c.noise) = ([ink; 3], [paper; 3], 0.008);
        });
    }
    for (ink, paper) in [(0.95, 0.05), (0.9, 0.2), (0.7, 0.35), (0.55, 0.45)] {
        add(format!("light ink {ink} on {paper}"), &|c| (c.ink, c.paper) = ([ink; 3], [paper; 3]));
    }
    for (name, ink, paper) in [
        ("blue pen", [0.1, 0.15, 0.6], [0.9, 0.9, 0.88]),
        ("red pen", [0.8, 0.1, 0.12], [0.9, 0.9, 0.88]),
        ("green pen", [0.1, 0.55, 0.2], [0.9, 0.9, 0.88]),
        ("orange pen", [0.95, 0.55, 0.1], [0.95, 0.95, 0.95]),
        ("pencil on yellow paper", [0.45, 0.45, 0.4], [0.98, 0.92, 0.45]),
        ("yellow chalk on green board", [0.95, 0.9, 0.4], [0.1, 0.3, 0.2]),
        ("red on blue", [0.9, 0.15, 0.1], [0.1, 0.2, 0.6]),
    ] {
        add(name.into(), &|c| (c.ink, c.paper) = (ink, paper));
    }
    for turn in [-10.0, -5.0, 5.0, 10.0] {
        add(format!("turned by {turn}"), &|c| c.turn = turn);
    }
    for height in [0.15, 0.3, 0.8, 0.92] {
        add(format!("height {height}"), &|c| {
            (c.height, c.off_center) = (height, if height < 0.5 { 0.2 } else { 0.0 });
            c.side = if height < 0.2 { 400 } else { 160 };
        });
    }
    for angle in [0.0, 60.0, 135.0, 250.0] {
        for to in [0.6, 0.45, 0.4] {
            add(format!("light falls to {to} at {angle}"), &|c| c.light = Light::Gradient { to, angle });
        }
    }
    add("light falls to 0.45, pen of 0.6".into(), &|c| {
        (c.light, c.ink) = (Light::Gradient { to: 0.45, angle: 20.0 }, [0.6; 3]);
    });
    add("light falls to 0.4, 60 pixels".into(), &|c| {
        (c.light, c.side) = (Light::Gradient { to: 0.4, angle: 70.0 }, 60);
    });
    add("chalk, light falls to 0.5".into(), &|c| {
        (c.ink, c.paper) = ([0.9; 3], [0.15; 3]);
        c.light = Light::Gradient { to: 0.5, angle: 30.0 };
    });
    for (factor, reach, soft) in [
        (0.7, 0.5, 0.05),
        (0.5, 0.4, 0.02),
        (0.5, 0.6, 0.02),
        (0.5, 0.6, 0.2),
        (0.4, 0.5, 0.05),
        (0.35, 0.7, 0.01),
    ] {
        add(format!("shadow {factor} over {reach}, edge {soft}"), &|c| {
            c.light = Light::Shadow { factor, reach, soft };
        });
    }
    for factor in [0.7, 0.5, 0.35] {
        add(format!("vignette {factor}"), &|c| c.light = Light::Vignette(factor));
    }
    for noise in [0.03, 0.06, 0.1] {
        add(format!("noise {noise}"), &|c| c.noise = noise);
    }
    add("noise 0.04, thin pen".into(), &|c| (c.noise, c.pen, c.side) = (0.04, 0.06, 200));
    for blur in [2, 8, 20] {
        add(format!("blur {blur}"), &|c| c.blur = blur);
    }
    for (gray, margin, turn) in [
        (0.1, 0.06, 0.0),
        (0.1, 0.15, 0.0),
        (0.2, 0.12, 5.0),
        (0.3, 0.12, -10.0),
        (0.5, 0.15, 3.0),
        (0.05, 0.1, 15.0),
    ] {
        add(format!("table {gray}, margin {margin}, turned by {turn}"), &|c| {
            (c.around, c.height) = (Around::Table { gray, margin, turn }, 0.45);
        });
    }
    add("table, light falls to 0.5".into(), &|c| {
        (c.around, c.height) = (Around::Table { gray: 0.15, margin: 0.1, turn: 4.0 }, 0.45);
        c.light = Light::Gradient { to: 0.5, angle: 45.0 };
    });
    for side in 0..4 {
        for width in [0.04, 0.12] {
            add(format!("strip {width} on side {side}"), &|c| {
                (c.around, c.height) = (Around::Strip { gray: 0.15, width, side }, 0.55);
            });
        }
    }
    for (margin, turn) in [(0.08, 0.0), (0.1, 6.0)] {
        add(format!("outline, turned by {turn}"), &|c| {
            (c.around, c.height) = (Around::Outline { margin, turn }, 0.45);
        });
    }
    for pen in [0.08, 0.12, 0.18, 0.24] {
        add(format!("cropped, pen {pen}"), &|c| {
            (c.around, c.pen, c.height) = (Around::Cropped, pen, 0.7);
        });
    }
    add("chalk, cropped".into(), &|c| {
        (c.around, c.pen, c.ink, c.paper) = (Around::Cropped, 0.14, [0.9; 3], [0.1; 3]);
    });
    for (name, ruling) in [
        ("ruled", Ruling::Lines { every: 0.12, gray: 0.7 }),
        ("squared", Ruling::Squares { every: 0.07, gray: 0.72 }),
        ("ruled darker", Ruling::Lines { every: 0.2, gray: 0.6 }),
    ] {
        add(name.into(), &|c| (c.ruling, c.side) = (ruling, 240));
    }
    add("digits of MNIST".into(), &|c| c.mnist = true);
    add("digits of MNIST, light falls to 0.4".into(), &|c| {
        (c.mnist, c.light) = (true, Light::Gradient { to: 0.4, angle: 120.0 });
    });
    add("digits of MNIST, shadow".into(), &|c| {
        (c.mnist, c.light) = (true, Light::Shadow { factor: 0.5, reach: 0.6, soft: 0.03 });
    });
    add("digits of MNIST, table".into(), &|c| {
        (c.mnist, c.height, c.around) = (true, 0.45, Around::Table { gray: 0.1, margin: 0.1, turn: 5.0 });
    });
    add("digits of MNIST, cropped".into(), &|c| (c.mnist, c.around, c.height) = (true, Around::Cropped, 0.7));
    add("everything a little".into(), &|c| {
        (c.turn, c.noise, c.blur, c.ink, c.side) = (6.0, 0.025, 3, [0.35; 3], 240);
        c.light = Light::Gradient { to: 0.6, angle: 110.0 };
    });
    all
}

/// The picture of a digit under a condition, written by one hand.
pub fn picture(c: &Condition, digit: usize, hand: u64, mnist: &LabelledImages) -> RgbImage {
    let mut stream = Stream::at(hand, Purpose::Data, 8, digit as u64);
    let jitter = &mut || c.off_center * (2.0 * stream.uniform() - 1.0);
    let center = [0.5 + jitter(), 0.5 + jitter()];
    let writing = Writing { side: c.side, height: c.height, pen: c.pen, turn: c.turn, center };
    let ink = if c.mnist {
        let mut of_digit = (0..).filter(|&i| usize::from(mnist.labels[i]) == digit);
        let example = of_digit.nth(hand as usize % 1000 * 5).expect("thousands of each");
        enlarged(mnist.image(example), c.side, c.height / 20.0 * 28.0)
    } else {
        draw(digit, hand, &writing)
    };
    let mut colors = light_and_paper(c, &ink);
    for _ in 0..c.blur {
        colors = blurred(&colors, c.side);
    }
    let mut noise = Stream::at(hand, Purpose::Data, 9, digit as u64);
    let pixels = colors.iter().flat_map(|color| {
        let shade = c.noise * noise.normal();
        color.map(|v| (255.0 * (v + shade)).round().clamp(0.0, 255.0) as u8)
    });
    let picture = RgbImage::from_raw(c.side as u32, c.side as u32, pixels.collect()).expect("all pixels");
    if let Around::Cropped = c.around { cropped(&picture, &ink) } else { picture }
}

fn light_and_paper(c: &Condition, ink: &Ink) -> Vec<[f64; 3]> {
    let side = c.side as f64;
    let mut colors = Vec::with_capacity(c.side * c.side);
    for (i, &covered) in ink.coverage.iter().enumerate() {
        let (u, v) = (((i % c.side) as f64 + 0.5) / side, ((i / c.side) as f64 + 0.5) / side);
        let ruled = |every: f64, t: f64| (t / every).fract() * every * side < 1.5;
        let ruling = match c.ruling {
            Ruling::Plain => 1.0,
            Ruling::Lines { every, gray } => {
                if ruled(every, v) {
                    gray
                } else {
                    1.0
                }
            }
            Ruling::Squares { every, gray } => {
                if ruled(every, v) || ruled(every, u) {
                    gray
                } else {
                    1.0
                }
            }
        };
        let covered = f64::from(covered);
        let mut color: [f64; 3] =
            std::array::from_fn(|k| c.paper[k] * ruling * (1.0 - covered) + c.ink[k] * covered);
        // The distance to the edge of a sheet, positive outside, in pixels.
        let beyond = |margin: f64, turn: f64| {
            let (sin, cos) = turn.to_radians().sin_cos();
            let (x, y) = (cos * (u - 0.5) + sin * (v - 0.5), cos * (v - 0.5) - sin * (u - 0.5));
            (x.abs().max(y.abs()) - (0.5 - margin)) * side
        };
        match c.around {
            Around::Table { gray, margin, turn } => {
                let share = (beyond(margin, turn) + 0.5).clamp(0.0, 1.0);
                color = color.map(|v| v * (1.0 - share) + gray * share);
            }
            Around::Outline { margin, turn } => {
                let share = (1.5 - beyond(margin, turn).abs()).clamp(0.0, 1.0);
                color = color.map(|v| v * (1.0 - share) + 0.2 * share);
            }
            Around::Strip { gray, width, side } => {
                if [u, v, 1.0 - u, 1.0 - v][side] < width {
                    color = [gray; 3];
                }
            }
            Around::Nothing | Around::Cropped => (),
        }
        let factor = match c.light {
            Light::Even => 1.0,
            Light::Gradient { to, angle } => {
                let (sin, cos) = angle.to_radians().sin_cos();
                let t = ((u - 0.5) * cos + (v - 0.5) * sin) / (cos.abs() + sin.abs()) + 0.5;
                1.0 - (1.0 - to) * t
            }
            Light::Shadow { factor, reach, soft } => {
                let inside = (reach - 0.6 * u - 0.8 * v) / soft;
                1.0 - (1.0 - factor) * (inside + 0.5).clamp(0.0, 1.0)
            }
            Light::Vignette(corner) => 1.0 - (1.0 - corner) * 2.0 * ((u - 0.5).powi(2) + (v - 0.5).powi(2)),
        };
        colors.push(color.map(|v| v * factor));
    }
    colors
}

fn blurred(colors: &[[f64; 3]], side: usize) -> Vec<[f64; 3]> {
    let mean = |colors: &[[f64; 3]], step: usize, i: usize| {
        let position = i / step % side;
        let before = if position > 0 { i - step } else { i };
        let after = if position + 1 < side { i + step } else { i };
        std::array::from_fn(|k| 0.25 * colors[before][k] + 0.5 * colors[i][k] + 0.25 * colors[after][k])
    };
    let rows: Vec<[f64; 3]> = (0..colors.len()).map(|i| mean(colors, 1, i)).collect();
    (0..colors.len()).map(|i| mean(&rows, side, i)).collect()
}

/// The picture cropped to the outermost pixels of ink.
fn cropped(picture: &RgbImage, ink: &Ink) -> RgbImage {
    let side = ink.side;
    let inked = |y: usize, x: usize| ink.coverage[y * side + x] > 0.5;
    let rows: Vec<usize> = (0..side).filter(|&y| (0..side).any(|x| inked(y, x))).collect();
    let columns: Vec<usize> = (0..side).filter(|&x| (0..side).any(|y| inked(y, x))).collect();
    let (left, top) = (columns[0] as u32, rows[0] as u32);
    let (right, bottom) = (columns[columns.len() - 1] as u32 + 1, rows[rows.len() - 1] as u32 + 1);
    image::imageops::crop_imm(picture, left, top, right - left, bottom - top).to_image()
}
