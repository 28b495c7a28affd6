mod axes;
mod texts;

use std::fs;

use super::scale::{label, labels, round_numbers};
use super::style::INK;
use super::*;

fn curve() -> Series {
    let points = (0..200).map(|i| (f64::from(i) / 199.0, (f64::from(i) / 20.0).sin())).collect();
    Series::curve(points, palette(0), Stroke::Dashed).named("a curve")
}

fn chart() -> Chart {
    let title = "A < chart".into();
    Chart { title, x: Axis::new("x"), y: Axis::new("φ₃(x)"), series: vec![curve()], ..Chart::default() }
}

fn field() -> Field {
    let values = (0..400).map(|i| f64::from(i % 20) / 19.0).collect();
    let points =
        PointSet { name: "one".into(), points: vec![(0.0, 0.0)], color: palette(1), marker: Marker::Square };
    let labels = ["x".into(), "y".into()];
    Field { title: String::new(), labels, extent: 1.0, values, value_label: "p".into(), points: vec![points] }
}

fn confusion(names: &[&str]) -> Confusion {
    let n = names.len();
    let count = |i: usize| if i.is_multiple_of(n + 1) { 988 } else { (i % 7) as u64 * 100 / (i as u64 + 9) };
    let classes = names.iter().map(|name| (*name).to_owned()).collect();
    Confusion { title: "confusion".into(), classes, counts: (0..n * n).map(count).collect() }
}

fn grouped() -> GroupedConfusion {
    let groups = [("vehicles", 12), ("large man-made outdoor things", 5), ("people", 3)];
    let groups = groups.map(|(name, classes)| (name.to_owned(), classes)).to_vec();
    GroupedConfusion { table: confusion(&["a class"; 20]), groups }
}

const CLOTHES: [&str; 10] = [
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
];

fn tile(width: usize, height: usize) -> Tile {
    let pixels = (0..width * height).map(|i| gray((i % width) as f64 / width as f64)).collect();
    Tile { width, height, pixels, caption: vec!["true 4".into()], bars: Vec::new() }
}

fn gallery() -> Gallery {
    let bars = vec![Bar::new("4", 0.91, palette(0)), Bar::new("9", 0.08, palette(1))];
    let tiles = (0..7).map(|_| Tile { bars: bars.clone(), ..tile(28, 28) }).collect();
    let key = vec![Key::color("true class", palette(0)), Key::color("predicted class", palette(1))];
    Gallery { title: "digits".into(), tiles, columns: 3, scale: 70.0, key, ..Gallery::default() }
}

/// Rows of colour pictures with their names.
fn rows() -> Gallery {
    let photograph =
        |i: usize| (0..32 * 32).map(|p| [(p % 32 * 8) as u8, (p / 4) as u8, 32 * i as u8]).collect();
    let tile = |i| Tile { width: 32, height: 32, pixels: photograph(i), ..Tile::default() };
    let rows = ["flip", "translation, ±4 pixels", "cutout"].map(str::to_owned).to_vec();
    let tiles = (0..24).map(|i| tile(i % 8)).collect();
    Gallery { title: "augmentation".into(), tiles, columns: 8, rows, scale: 64.0, key: Vec::new() }
}

fn bars() -> Bars {
    let rows = (0..10).map(|i| Bar::new(i.to_string(), f64::from(i) / 9.0, palette(0))).collect();
    let axis = Axis::new("probability").from_to(0.0, 1.0);
    Bars { title: "probabilities".into(), axis, rows, key: Vec::new() }
}

/// Accuracy against parameters, with points crowded at the upper right.
fn labelled() -> Chart {
    let points: Vec<(f64, f64)> =
        (0..10).map(|i| (4e3 * 1.8_f64.powi(i), 1.0 - 0.05 * 0.7_f64.powi(i))).collect();
    let labels = (0..10).map(|i| format!("model {i}")).collect();
    Chart {
        title: "size".into(),
        x: Axis::new("parameters").from_to(1.0, 1e6).logarithmic(),
        y: Axis::new("accuracy").from_to(0.8, 1.0),
        series: vec![Series::points(points, palette(0), Marker::Circle).labelled(labels)],
        rules: [0.95, 0.99].map(|y| Rule::AtY(y, format!("{y:.2}"))).to_vec(),
        ..Chart::default()
    }
}

fn maps() -> Maps {
    let map = |i: usize| Map {
        title: format!("head {i}"),
        weights: (0..17 * 33).map(|cell| f64::from((cell * i % 7) as u8) / 6.0).collect(),
    };
    let keys: Vec<String> = (0..33).map(|i| char::from(b'A' + i).to_string()).collect();
    let (title, queries) = ("weights".into(), keys[16..].to_vec());
    Maps { title, queries, keys, maps: (0..8).map(map).collect(), columns: 2, split: Some(17) }
}

fn panels_of_each_kind() -> Vec<Panel> {
    vec![
        Panel::Confusion(confusion(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"])),
        Panel::Confusion(confusion(&CLOTHES)),
        Panel::Confusion(confusion(&["a class"; 20])),
        Panel::Confusion(confusion(&["no", "yes"])),
        Panel::GroupedConfusion(grouped()),
        Panel::Gallery(gallery()),
        Panel::Gallery(Gallery { tiles: vec![tile(40, 30), tile(28, 28)], ..gallery() }),
        Panel::Gallery(rows()),
        Panel::Gallery(Gallery { rows: rows().rows, ..gallery() }),
        Panel::Bars(bars()),
        Panel::Chart(labelled()),
        Panel::Maps(maps()),
    ]
}

#[test]
fn a_figure_is_saved_as_reproducible_png_and_svg() {
    let ranking = Ranking {
        title: "rows".into(),
        axis: Axis::new("accuracy"),
        heading: "median".into(),
        rows: vec![Row { name: "a".into(), middle: 0.5, spread: (0.4, 0.7), highlighted: true }],
    };
    let figure = Figure::row(vec![Panel::Chart(chart()), Panel::Field(field()), Panel::Ranking(ranking)]);
    let dir = tempfile::tempdir().unwrap();
    let save = |name: &str| {
        figure.save(dir.path(), name).unwrap();
        ["png", "svg"].map(|ending| fs::read(dir.path().join(format!("{name}.{ending}"))).unwrap())
    };
    let [png, svg] = save("first");
    assert_eq!([&png, &svg], save("second").each_ref());

    let image = image::load_from_memory(&png).unwrap();
    assert_eq!((image.width(), image.height()), (2 * (560 + 560 + 680), 2 * 530));
    let svg = String::from_utf8(svg).unwrap();
    assert!(svg.starts_with("<svg width=\"1800\" height=\"530\" viewBox=\"0 0 7200 2120\""));
    assert!(svg.contains("φ₃(x)") && svg.contains("A &lt; chart") && svg.matches("<image").count() == 2);
    assert!(svg.len() < 200_000, "pictures are embedded, not drawn pixel by pixel: {}", svg.len());
}

#[test]
fn values_outside_a_logarithmic_axis_interrupt_the_curve_and_no_data_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut gap = Chart { y: Axis::new("y").logarithmic(), ..chart() };
    gap.series = vec![Series::curve(vec![(0.0, 1.0), (0.5, 0.0), (1.0, 1.0)], palette(0), Stroke::Solid)];
    Figure::from(gap.clone()).save(dir.path(), "gap").unwrap();
    gap.series = vec![Series::curve(vec![(0.5, 0.0)], palette(0), Stroke::Solid)];
    let error = Figure::from(gap).save(dir.path(), "nothing").unwrap_err();
    assert_eq!(error.to_string(), "the figure nothing has no point to draw");
    assert!(!dir.path().join("nothing.png").exists());
}

#[test]
fn a_rule_outside_the_axes_is_not_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let save = |name: &str, rules: Vec<Rule>| {
        let positive = Series::curve(vec![(1.0, 0.1), (2.0, 10.0)], palette(0), Stroke::Solid);
        let y = Axis::new("y").logarithmic();
        Figure::from(Chart { y, series: vec![positive], rules, ..chart() }).save(dir.path(), name).unwrap();
        fs::read(dir.path().join(format!("{name}.png"))).unwrap()
    };
    let none = save("none", Vec::new());
    for y in [0.0, -1.0, 1e300] {
        assert!(save("beyond", vec![Rule::AtY(y, "beyond".into())]) == none, "{y}");
    }
    assert!(save("inside", vec![Rule::AtY(1.0, "inside".into())]) != none);
}

#[test]
fn ticks_are_round_numbers_with_short_labels() {
    assert_eq!(
        round_numbers(0.0, 1.0, 6).iter().map(|v| label(*v)).collect::<Vec<_>>(),
        ["0", "0.2", "0.4", "0.6", "0.8", "1"]
    );
    assert_eq!(round_numbers(-1.3, 1.3, 6), [-1.0, -0.5, 0.0, 0.5, 1.0]);
    assert_eq!(
        (label(-0.25), label(20_000.0), label(1000.0)),
        ("−0.25".into(), "20\u{2009}000".into(), "1000".into())
    );
}

/// The colour as seen with deuteranopia: Machado, Oliveira & Fernandes 2009, severity 1, on linear
/// light.
fn deuteranopia(color: Color) -> [f64; 3] {
    #[expect(clippy::unreadable_literal, reason = "as in the paper")]
    const M: [[f64; 3]; 3] =
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
    let linear = color.map(|c| (f64::from(c) / 255.0).powf(2.2));
    M.map(|row| row.iter().zip(linear).map(|(m, c)| m * c).sum::<f64>().max(0.0).powf(1.0 / 2.2))
}

#[test]
fn colours_differ_for_colour_blind_readers() {
    for (i, j) in (0..7).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let (a, b) = (deuteranopia(palette(i)), deuteranopia(palette(j)));
        let distance: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
        assert!(distance > 0.12, "colours {i} and {j}: {distance}");
    }
}

#[test]
fn files_of_each_kind_are_reproducible_and_small() {
    let dir = tempfile::tempdir().unwrap();
    for panel in panels_of_each_kind() {
        let save = |name: &str| {
            Figure::row(vec![panel.clone()]).save(dir.path(), name).unwrap();
            ["png", "svg"].map(|ending| fs::read(dir.path().join(format!("{name}.{ending}"))).unwrap())
        };
        let files = save("first");
        assert_eq!(files, save("second"));
        assert!(files.iter().all(|file| file.len() < 200_000));
    }
}

#[test]
fn pictures_keep_their_pixels_in_svg() {
    let dir = tempfile::tempdir().unwrap();
    Figure::from(gallery()).save(dir.path(), "gallery").unwrap();
    let svg = fs::read_to_string(dir.path().join("gallery.svg")).unwrap();
    assert_eq!(svg.matches("image-rendering:pixelated").count(), 7);
    let (_, data) = svg.split_once("base64,").unwrap();
    let png =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data.split_once('"').unwrap().0);
    let image = image::load_from_memory(&png.unwrap()).unwrap().to_rgb8();
    assert_eq!(image.dimensions(), (28, 28));
    assert_eq!(image.get_pixel(14, 3).0, gray(0.5));
}

#[test]
fn a_tile_without_pixels_stays_blank() {
    let drawn = |blanks: usize| {
        let mut gallery = gallery();
        gallery.tiles[..blanks].fill(Tile::default());
        let dir = tempfile::tempdir().unwrap();
        Figure::from(gallery).save(dir.path(), "gallery").map(|()| {
            let svg = fs::read_to_string(dir.path().join("gallery.svg")).unwrap();
            [svg.matches("image-rendering:pixelated").count(), svg.matches("<polyline").count()]
        })
    };
    // Each picture has a frame, and so has each of the two samples of the key.
    assert_eq!(drawn(0).unwrap(), [7, 9]);
    assert_eq!(drawn(2).unwrap(), [5, 7]);
    assert!(matches!(drawn(7), Err(PlotError::Empty(_))));
}

#[test]
fn incomplete_tables_and_pictures_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let short = Confusion { counts: vec![1; 99], ..confusion(&CLOTHES) };
    let zero = Confusion { counts: vec![0; 100], ..confusion(&CLOTHES) };
    let mut torn = gallery();
    torn.tiles[1].pixels.pop();
    let empty: [Figure; 9] = [
        Confusion::default().into(),
        short.into(),
        zero.into(),
        GroupedConfusion { groups: vec![("all but one".into(), 19)], ..grouped() }.into(),
        Gallery::default().into(),
        torn.into(),
        Gallery { scale: f64::NAN, ..gallery() }.into(),
        Gallery { rows: vec!["one of three".into()], ..gallery() }.into(),
        Bars::default().into(),
    ];
    for figure in empty {
        assert!(matches!(figure.save(dir.path(), "nothing"), Err(PlotError::Empty(_))));
    }
}

#[test]
fn values_that_are_not_finite_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    for odd in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let rows = vec![Bar::new("one", 2.0, palette(0)), Bar::new("odd", odd, palette(0))];
        let tiles = vec![Tile { bars: rows.clone(), ..tile(5, 5) }];
        let curve = |points| vec![Series::curve(points, palette(0), Stroke::Solid)];
        let points = vec![(0.0, 0.0), (0.5, odd), (1.0, 1.0)];
        let errors = curve(vec![(0.0, 0.0)]).remove(0).with_errors(vec![odd]);
        let mut hole = field();
        hole.values[3] = odd;
        let row = Row { name: "odd".into(), middle: 0.5, spread: (0.0, odd), highlighted: false };
        let (axis, heading) = (Axis::new("x"), "mean".into());
        let ranked = Ranking { title: "odd".into(), axis, heading, rows: vec![row] };
        let figures: [Figure; 7] = [
            Gallery { tiles, columns: 1, ..gallery() }.into(),
            Bars { rows, ..bars() }.into(),
            Chart { series: curve(points), ..chart() }.into(),
            Chart { series: curve(vec![(odd, 1.0)]), ..chart() }.into(),
            Chart { series: vec![errors], ..chart() }.into(),
            hole.into(),
            ranked.into(),
        ];
        for figure in figures {
            let error = figure.save(dir.path(), "odd").unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the figure odd would show {odd}, which is not a finite number")
            );
        }
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    // A finite number of any size is drawn.
    let odd = [1e300, -1e300, 0.0];
    let rows: Vec<Bar> = odd.iter().map(|v| Bar::new("odd", *v, diverging(*v))).collect();
    assert_eq!(Bar::new("", -0.25, gray(0.0)).label, "−0.25");
    Figure::from(Bars { rows: rows.clone(), ..bars() }).save(dir.path(), "bars").unwrap();
    for axis in [Axis::new("any"), Axis::new("log").logarithmic()] {
        let rows = vec![Bar::new("one", 2.0, palette(0)), rows[0].clone(), rows[2].clone()];
        Figure::from(Bars { axis, rows, ..bars() }).save(dir.path(), "bars").unwrap();
    }
    let tiles = vec![Tile { bars: rows, ..tile(5, 5) }];
    Figure::from(Gallery { tiles, columns: 0, ..gallery() }).save(dir.path(), "gallery").unwrap();
    let points = odd.iter().map(|v| (*v, 0.9)).chain([(100.0, 0.9), (100.0, 0.9)]).collect();
    let series = vec![Series::points(points, palette(0), Marker::Circle).labelled(vec!["label".into(); 20])];
    Figure::from(Chart { series, ..labelled() }).save(dir.path(), "labelled").unwrap();
}

#[test]
fn framed_figures_have_the_proportions_of_a_chart() {
    let dir = tempfile::tempdir().unwrap();
    for panel in panels_of_each_kind() {
        Figure::row(vec![panel]).framed().save(dir.path(), "framed").unwrap();
        let (width, height) = image::image_dimensions(dir.path().join("framed.png")).unwrap();
        let off = f64::from(width) - 1.4 * f64::from(height);
        assert!(width >= 200 && off.abs() < 4.0, "{width} x {height}");
    }
}

/// The contrast ratio of two colours (WCAG 2.1).
fn contrast(a: Color, b: Color) -> f64 {
    let linear = |c: u8| (f64::from(c) / 255.0).powf(2.2);
    let luminance = |[r, g, b]: Color| 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b) + 0.05;
    let (a, b) = (luminance(a), luminance(b));
    a.max(b) / a.min(b)
}

#[test]
fn counts_are_legible_on_every_shade() {
    for share in (0..=10).map(|i| f64::from(i) / 10.0) {
        for shade in [confusion::correct(share), confusion::wrong(share)] {
            assert!(contrast(INK, shade) > 4.5, "{shade:?}: {}", contrast(INK, shade));
        }
    }
    assert!(contrast(confusion::wrong(0.0), [255; 3]) > 1.1, "the rarest error is visible");
}
