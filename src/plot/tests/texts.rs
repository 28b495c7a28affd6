//! Where texts are in a figure.

use super::*;
use crate::plot::canvas::text_area;
use crate::plot::style::TextStyle;

/// A canvas that stores the areas of texts.
#[derive(Default)]
struct Texts(Vec<(String, Rect)>);

impl Canvas for Texts {
    fn line(&mut self, _: &[(f64, f64)], _: Color, _: f64) {}
    fn polygon(&mut self, _: &[(f64, f64)], _: Color, _: f64) {}
    fn circle(&mut self, _: (f64, f64), _: f64, _: Color) {}
    fn picture(&mut self, _: Rect, _: &dyn Fn(f64, f64) -> Color) {}
    fn pixels(&mut self, _: Rect, _: usize, _: &[Color]) {}

    fn text(&mut self, text: &str, x: f64, y: f64, style: TextStyle) {
        self.0.push((text.into(), text_area(text, (x, y), style)));
    }
}

#[test]
fn texts_are_not_cut_off_and_do_not_overlap() {
    for panel in panels_of_each_kind() {
        let legend = panel.legend_rows();
        let (right, bottom) = panel.size(legend);
        let mut texts = Texts::default();
        panel.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom }, legend);
        for (i, (text, a)) in texts.0.iter().enumerate() {
            assert!(a.left >= 4.0 && a.right <= right && a.top >= 4.0 && a.bottom <= bottom - 4.0, "{text}");
            for (other, b) in &texts.0[..i] {
                let apart = a.right < b.left || b.right < a.left || a.bottom < b.top || b.bottom < a.top;
                assert!(apart, "{text} on {other}: {a:?}, {b:?}");
            }
        }
    }
}

#[test]
fn names_of_tokens_are_legible_on_a_page() {
    let maps = maps();
    let (right, bottom) = maps.size();
    assert!(right < 920.0, "{right} points are wider than a page");
    let mut texts = Texts::default();
    maps.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom });
    let names = texts.0.iter().filter(|(text, _)| maps.keys.contains(text));
    let heights: Vec<f64> = names.map(|(_, area)| area.bottom - area.top).collect();
    assert_eq!(heights.len(), 8 * (17 + 33));
    // A text's area is 0.6 times as high as its size of 10 points.
    assert!(heights.iter().all(|height| *height > 5.99), "{heights:?}");
}

#[test]
fn a_long_legend_has_several_rows_above_the_plot() {
    let series =
        |name: &str| Series::curve(vec![(0.0, 0.0), (1.0, 1.0)], palette(0), Stroke::Solid).named(name);
    let entries = |names: &[&str]| {
        let chart = Chart { series: names.iter().map(|name| series(name)).collect(), ..Chart::default() };
        let panel = Panel::Chart(chart);
        let rows = panel.legend_rows();
        let (right, bottom) = panel.size(rows);
        let mut texts = Texts::default();
        panel.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom }, rows);
        let named = texts.0.iter().filter(|(text, _)| names.contains(&text.as_str()));
        let entries: Vec<Rect> = named.map(|(_, area)| *area).collect();
        assert!(entries.len() == names.len() && entries.iter().all(|area| area.right <= right - 10.0));
        (rows, bottom, entries)
    };
    let (rows, height, short) = entries(&["one", "two", "three"]);
    assert!(rows == 1 && height == 400.0);
    let (rows, height, long) =
        entries(&["Adam, 0.001 falling", "Adam, 0.001 constant", "Adam, 0.0001", "Muon"]);
    assert!(rows == 2 && height == 420.0, "{rows} {height}");
    // The second row begins at the left, below the first.
    let last = long[3];
    assert!((long[0].left - short[0].left).abs() < 1e-9 && last.top > long[0].bottom, "{long:?}");
}

#[test]
fn the_most_frequent_errors_are_listed_next_to_the_table() {
    let panel = Panel::GroupedConfusion(grouped());
    let (right, bottom) = panel.size(0);
    let mut texts = Texts::default();
    panel.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom }, 0);
    assert_eq!(texts.0.iter().filter(|(text, _)| text == "a class → a class").count(), 10);

    let classes = ["cat", "dog", "ant"].map(str::to_owned).to_vec();
    let table = Confusion { title: String::new(), classes, counts: vec![5, 3, 0, 7, 2, 0, 0, 0, 9] };
    let small = GroupedConfusion { table, groups: vec![("animals".into(), 3)] };
    assert_eq!(small.errors(), [("dog → cat".to_owned(), 7), ("cat → dog".to_owned(), 3)]);
}

#[test]
fn the_values_of_a_ranking_have_a_heading_and_the_height_of_their_rows() {
    let row = |name: &str, middle| Row { name: name.into(), middle, spread: (0.0, 0.5), highlighted: false };
    let rows = vec![row("a", 0.25), row("b", 0.0)];
    let axis = Axis::new("error").logarithmic().from_to(0.01, 1.0);
    let ranking = Ranking { title: "ranking".into(), axis, heading: "median".into(), rows };
    let (right, bottom) = ranking.size();
    let mut texts = Texts::default();
    ranking.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom });
    let at = |text: &str| texts.0.iter().find(|t| t.0 == text).unwrap_or_else(|| panic!("no {text}")).1;
    assert!(at("median").bottom < at("0.2500").top && (at("median").left - at("0.2500").left).abs() < 1e-9);
    for (name, value) in [("a", "0.2500"), ("b", "0.0000")] {
        assert!((at(name).top - at(value).top).abs() < 1e-9);
    }
}

#[test]
fn names_of_rows_are_left_of_the_pictures() {
    let gallery = rows();
    let (right, bottom) = gallery.size(0);
    let mut texts = Texts::default();
    gallery.draw(&mut texts, Rect { left: 0.0, top: 0.0, right, bottom }, 0);
    // Each name is in the middle of its pictures' height, which start 40 points below the top and
    // then every 64 + 8.
    let [_, names @ ..] = &texts.0[..] else { panic!("no title") };
    assert_eq!(names.len(), 3);
    for (i, ((name, area), expected)) in names.iter().zip(&gallery.rows).enumerate() {
        let middle = f64::midpoint(area.top, area.bottom);
        assert!(name == expected && (middle - (72.0 + 72.0 * i as f64)).abs() < 1e-9, "{name}: {middle}");
        assert!((area.right - names[0].1.right).abs() < 1e-9, "aligned with the pictures");
    }
    // Without names, the pictures move to the left.
    let without = Gallery { rows: Vec::new(), ..gallery };
    assert!(without.size(0).0 < right - 100.0 && without.size(0).1 == bottom);
}

#[test]
fn a_gallery_as_high_as_bars_is_aligned_with_them() {
    let bars = bars();
    let gallery = Gallery { tiles: vec![tile(28, 28)], scale: bars.height(), key: Vec::new(), ..gallery() };
    assert_eq!(bars.height(), 210.0);
    let dir = tempfile::tempdir().unwrap();
    Figure::row(vec![Panel::Gallery(gallery), Panel::Bars(bars)]).save(dir.path(), "row").unwrap();
    let svg = fs::read_to_string(dir.path().join("row.svg")).unwrap();
    // Both begin 40 points below the top, drawn four times as large; the line at zero is 210 long.
    assert!(svg.contains("y=\"160\" width=\"840\" height=\"840\" preserveAspectRatio"));
    assert!(svg.split("<polyline").any(|line| line.contains(",160 ") && line.contains(",1000")));
}
