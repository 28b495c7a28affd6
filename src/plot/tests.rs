use std::fs;

use super::scale::{label, round_numbers};
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

#[test]
fn a_figure_is_two_files_with_the_same_bytes_every_time() {
    let ranking = Ranking {
        title: "rows".into(),
        axis: Axis::new("accuracy"),
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
fn a_gap_in_the_data_interrupts_the_curve_and_nothing_to_draw_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let mut gap = chart();
    gap.series =
        vec![Series::curve(vec![(0.0, 0.0), (0.5, f64::NAN), (1.0, 1.0)], palette(0), Stroke::Solid)];
    Figure::from(gap.clone()).save(dir.path(), "gap").unwrap();
    gap.series = vec![Series::curve(vec![(f64::NAN, 0.0)], palette(0), Stroke::Solid)];
    let error = Figure::from(gap).save(dir.path(), "nothing").unwrap_err();
    assert_eq!(error.to_string(), "the figure nothing has no finite point to draw");
    assert!(!dir.path().join("nothing.png").exists());
}

#[test]
fn ticks_are_round_and_labels_short() {
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

/// Machado, Oliveira & Fernandes 2009, deuteranopia at severity 1, on linear light.
fn deuteranopia(color: Color) -> [f64; 3] {
    #[expect(clippy::unreadable_literal, reason = "as in the paper")]
    const M: [[f64; 3]; 3] =
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]];
    let linear = color.map(|c| (f64::from(c) / 255.0).powf(2.2));
    M.map(|row| row.iter().zip(linear).map(|(m, c)| m * c).sum::<f64>().max(0.0).powf(1.0 / 2.2))
}

#[test]
fn colours_differ_for_colour_blind_readers_too() {
    for (i, j) in (0..7).flat_map(|i| (0..i).map(move |j| (i, j))) {
        let (a, b) = (deuteranopia(palette(i)), deuteranopia(palette(j)));
        let distance: f64 = a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f64>().sqrt();
        assert!(distance > 0.12, "colours {i} and {j}: {distance}");
    }
}
