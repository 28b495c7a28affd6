//! Ticks, labels and bands of axes.

use super::*;

#[test]
fn ticks_of_an_axis_have_the_same_number_of_decimals() {
    let near_one = Axis::new("accuracy").from_to(0.99, 1.0).scale(std::iter::empty(), 0.0, 400.0);
    let written = |scale: &scale::Scale| scale.ticks().into_iter().map(|t| t.1).collect::<Vec<_>>();
    assert_eq!(written(&near_one), ["0.990", "0.992", "0.994", "0.996", "0.998", "1.000"]);
    assert_eq!(labels(&[-0.5, 0.0, 20_000.25]), ["−0.50", "0.00", "20\u{2009}000.25"]);
    assert_eq!(labels(&[0.0, 5.0]), ["0", "5"]);
    let scale =
        |low, high| Axis::new("").from_to(low, high).logarithmic().scale(std::iter::empty(), 0.0, 600.0);
    assert_eq!(written(&scale(1.0, 1e6)), ["10⁰", "10¹", "10²", "10³", "10⁴", "10⁵", "10⁶"]);
    assert_eq!(written(&scale(0.01, 1.0)), ["0.01", "0.1", "1"]);
    let small = scale(1.0, 100.0).minor_ticks();
    assert!(small.len() == 16 && (small[8] - 300.0 * 20.0_f64.log10()).abs() < 1e-9);
    assert!(near_one.minor_ticks().is_empty());
}

#[test]
fn a_logarithmic_axis_has_three_labelled_ticks_and_smaller_ones() {
    let scale =
        |low, high| Axis::new("").from_to(low, high).logarithmic().scale(std::iter::empty(), 0.0, 600.0);
    let cases: [(f64, f64, &[&str]); 5] = [
        (0.05, 3.0, &["0.05", "0.1", "0.2", "0.5", "1", "2"]),
        (0.19, 0.95, &["0.2", "0.3", "0.5", "0.7"]),
        (0.0985, 0.25, &["0.10", "0.15", "0.20", "0.25"]),
        (0.7, 12_000.0, &["10⁰", "10¹", "10²", "10³", "10⁴"]),
        (1.5e-7, 2.5e-6, &["2·10⁻⁷", "5·10⁻⁷", "10⁻⁶", "2·10⁻⁶"]),
    ];
    for (low, high, expected) in cases {
        let scale = scale(low, high);
        let labels: Vec<String> = scale.ticks().into_iter().map(|tick| tick.1).collect();
        assert_eq!(labels, expected);
        assert!(scale.minor_ticks().len() > 6, "{low} to {high}: {:?}", scale.minor_ticks());
    }
    let dir = tempfile::tempdir().unwrap();
    Figure::from(labelled()).save(dir.path(), "log").unwrap();
    let svg = fs::read_to_string(dir.path().join("log.svg")).unwrap();
    assert!(svg.contains("parameters (log scale)") && !svg.contains("accuracy (log scale)"));
}

#[test]
fn a_band_is_drawn_and_extends_the_axis() {
    let dir = tempfile::tempdir().unwrap();
    let svg = |band: Vec<(f64, f64)>| {
        let series = Series::curve(vec![(0.0, 0.5), (1.0, 0.5)], palette(0), Stroke::Solid).with_band(band);
        Figure::from(Chart { series: vec![series], ..Chart::default() }).save(dir.path(), "band").unwrap();
        fs::read_to_string(dir.path().join("band.svg")).unwrap()
    };
    let (without, with) = (svg(Vec::new()), svg(vec![(0.0, 2.0); 2]));
    assert_eq!((without.matches("<polygon").count(), with.matches("<polygon").count()), (0, 1));
    assert!(with.contains("2.0") && !without.contains("2.0"));
}
