//! Galleries of small pictures.

use super::bars::Bar;
use super::canvas::{Canvas, Rect, text_width, widest};
use super::key::{Key, draw_keys, fill, frame, head, keys_width};
use super::style::{self, Align, Color, FAINT, SHADE};

/// A small picture with a caption and bars. Without pixels (the default), its position in the gallery
/// stays blank.
#[derive(Clone, Debug, Default)]
pub struct Tile {
    /// The number of columns of pixels.
    pub width: usize,
    /// The number of rows of pixels.
    pub height: usize,
    /// The pixels, row by row, each drawn as a sharp square.
    pub pixels: Vec<Color>,
    /// Lines of text: below the picture, or on its right if there are bars.
    pub caption: Vec<String>,
    /// Bars from 0 to 1, such as the probabilities of classes, on the right of the picture.
    pub bars: Vec<Bar>,
}

/// A grid of small pictures, filled row by row.
#[derive(Clone, Debug, Default)]
pub struct Gallery {
    /// The title.
    pub title: String,
    /// The pictures.
    pub tiles: Vec<Tile>,
    /// The number of pictures in a row.
    pub columns: usize,
    /// A text on the left of each row, or empty for none.
    pub rows: Vec<String>,
    /// The longer side of a picture in points.
    pub scale: f64,
    /// The key of the colours.
    pub key: Vec<Key>,
}

/// Sizes in points, which all tiles share.
struct Layout {
    /// The distance from the panel's left side to the first tile.
    left: f64,
    /// The space for a picture.
    picture: (f64, f64),
    /// The widths of names, bars and labels on the right of the picture.
    names: f64,
    bars: f64,
    labels: f64,
    /// The size of a whole tile, and the distances between tiles.
    tile: (f64, f64),
    gap: (f64, f64),
}

const MARGIN: f64 = 32.0;
const LINE: f64 = 17.0;
/// The distance between a row's name and its first tile.
const SPACE: f64 = 12.0;
const SIDE: f64 = 10.0;
const BAR: f64 = 56.0;

impl Tile {
    fn is_whole(&self) -> bool {
        self.pixels.len() == self.width * self.height
    }

    fn is_blank(&self) -> bool {
        self.pixels.is_empty()
    }

    fn size(&self, scale: f64) -> (f64, f64) {
        let longer = self.width.max(self.height).max(1) as f64;
        (scale * self.width as f64 / longer, scale * self.height as f64 / longer)
    }
}

impl Gallery {
    fn layout(&self) -> Layout {
        let text = style::small(Align::Left);
        let left = if self.rows.is_empty() {
            MARGIN
        } else {
            MARGIN + widest(self.rows.iter().map(String::as_str), style::text(Align::Left)) + SPACE
        };
        let sizes = self.tiles.iter().map(|tile| tile.size(self.scale));
        let picture = sizes.fold((0.0, 0.0), |max: (f64, f64), s| (max.0.max(s.0), max.1.max(s.1)));
        let captions = widest(self.tiles.iter().flat_map(|t| &t.caption).map(String::as_str), text);
        let lines = self.tiles.iter().map(|t| t.caption.len()).max().unwrap_or(0) as f64;
        let bars = || self.tiles.iter().flat_map(|t| &t.bars);
        if bars().next().is_none() {
            let below = if lines > 0.0 { 4.0 + LINE * lines } else { 0.0 };
            let (tile, gap) = if lines > 0.0 {
                ((picture.0.max(captions), picture.1 + below), (16.0, 12.0))
            } else {
                (picture, (8.0, 8.0))
            };
            return Layout { left, picture, names: 0.0, bars: 0.0, labels: 0.0, tile, gap };
        }
        let names = widest(bars().map(|b| b.name.as_str()), text);
        let labels = widest(bars().map(|b| b.label.as_str()), text);
        let rows = self.tiles.iter().map(|t| t.caption.len() + t.bars.len()).max().unwrap_or(0) as f64;
        let beside = (names + 6.0 + BAR + 6.0 + labels).max(captions);
        let tile = (picture.0 + SIDE + beside, picture.1.max(LINE * rows));
        Layout { left, picture, names, bars: BAR, labels, tile, gap: (30.0, 18.0) }
    }

    fn columns(&self) -> usize {
        self.columns.clamp(1, self.tiles.len().max(1))
    }

    fn row_count(&self) -> usize {
        self.tiles.len().div_ceil(self.columns())
    }

    pub(super) fn size(&self, legend: usize) -> (f64, f64) {
        let Layout { left, tile, gap, .. } = self.layout();
        let side = |n: usize, tile: f64, gap: f64| n as f64 * (tile + gap) - gap;
        let title = text_width(&self.title, style::title());
        let head_width = MARGIN + title.max(keys_width(&self.key));
        let width = head_width.max(left + side(self.columns(), tile.0, gap.0));
        let height = side(self.row_count(), tile.1, gap.1);
        ((width + 20.0).ceil(), (head(legend) + height + 16.0).ceil())
    }

    pub(super) fn has_data(&self) -> bool {
        !self.tiles.iter().all(Tile::is_blank)
            && self.tiles.iter().all(Tile::is_whole)
            && (self.rows.is_empty() || self.rows.len() == self.row_count())
            && self.scale > 0.0
            && self.scale.is_finite()
    }

    pub(super) fn draw(&self, canvas: &mut dyn Canvas, area: Rect, legend: usize) {
        canvas.text(&self.title, area.left + MARGIN, area.top + 18.0, style::title());
        draw_keys(canvas, area, area.left + MARGIN, &self.key);
        let layout = self.layout();
        let top = |row: usize| area.top + head(legend) + row as f64 * (layout.tile.1 + layout.gap.1);
        for (row, text) in self.rows.iter().enumerate() {
            let middle = top(row) + layout.picture.1 / 2.0;
            canvas.text(text, area.left + layout.left - SPACE, middle, style::text(Align::Right));
        }
        for (i, tile) in self.tiles.iter().enumerate().filter(|(_, tile)| !tile.is_blank()) {
            let (row, column) = (i / self.columns(), i % self.columns());
            let left = area.left + layout.left + column as f64 * (layout.tile.0 + layout.gap.0);
            let top = top(row);
            self.draw_tile(canvas, tile, &layout, (left, top));
        }
    }

    fn draw_tile(&self, canvas: &mut dyn Canvas, tile: &Tile, layout: &Layout, (left, top): (f64, f64)) {
        let (width, height) = tile.size(self.scale);
        let beside = layout.bars > 0.0;
        let room = if beside { layout.picture.0 } else { layout.tile.0 };
        let (x, y) = (left + (room - width) / 2.0, top + (layout.picture.1 - height) / 2.0);
        let picture = Rect { left: x, top: y, right: x + width, bottom: y + height };
        canvas.pixels(picture, tile.width, &tile.pixels);
        frame(canvas, picture, FAINT);

        let text = |align| style::small(align);
        if !beside {
            for (i, line) in tile.caption.iter().enumerate() {
                let y = top + layout.picture.1 + 4.0 + LINE * (i as f64 + 0.5);
                canvas.text(line, left + room / 2.0, y, text(Align::Center));
            }
            return;
        }
        // Lines and bars are vertically centred on the right of the picture.
        let rows = (tile.caption.len() + tile.bars.len()) as f64;
        let start = left + layout.picture.0 + SIDE;
        let first = top + (layout.picture.1.max(LINE * rows) - LINE * rows) / 2.0 + 0.5 * LINE;
        for (i, line) in tile.caption.iter().enumerate() {
            canvas.text(line, start, first + LINE * i as f64, text(Align::Left));
        }
        for (i, bar) in tile.bars.iter().enumerate() {
            let y = first + LINE * (tile.caption.len() + i) as f64;
            let left = start + layout.names + 6.0;
            let row = Rect { left, top: y - 5.0, right: left + layout.bars, bottom: y + 5.0 };
            fill(canvas, row, SHADE);
            let right = left + layout.bars * bar.value.clamp(0.0, 1.0);
            fill(canvas, Rect { right, ..row }, bar.color);
            canvas.text(&bar.name, left - 6.0, y, text(Align::Right));
            canvas.text(&bar.label, row.right + 6.0 + layout.labels, y, text(Align::Right));
        }
    }
}
