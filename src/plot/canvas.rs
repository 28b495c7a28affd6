//! The drawing surface of figures: one set of drawing operations for both PNG and SVG.
//!
//! Coordinates are in points of the finished figure; y points down.

use std::io::Cursor;
use std::sync::Once;

use base64::Engine as _;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder as _};
use plotters::backend::{BitMapBackend, SVGBackend};
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{BitMapElement, Circle, PathElement, Polygon};
use plotters::prelude::DrawingBackend;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color as _, FontDesc, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle as Text,
    WHITE,
};

use super::style::{Align, Color, TextStyle};

/// The factor by which everything is drawn larger: it gives fine coordinates in SVG, and pixels to
/// average in PNG.
const DRAWN: f64 = 4.0;
/// The pixels per point of PNG files.
const PNG_PIXELS: usize = 2;
const FONT: &str = "DejaVu Sans, Verdana, sans-serif";

/// The distance of a text's baseline below its position, as a share of the text's size: half the
/// height of a letter, between those of small letters and capitals.
const BASELINE: f64 = 0.27;
/// The same distance as `plotters` computes it. For pixels it is half the size less half the
/// assumed height; for SVG it is half the height of a small letter of this font.
const BASELINE_OF_PIXELS: f64 = 0.5 - 0.5 / EM_OF_SVG;
const BASELINE_OF_SVG: f64 = 0.5 * 0.547 / EM;
/// The height of a line in ems: of this font, from its descent to its ascent, and as assumed by
/// `plotters` for SVG.
const EM: f64 = 1.164;
const EM_OF_SVG: f64 = 1.24;

/// A rectangle.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rect {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

/// The drawing operations.
pub(super) trait Canvas {
    /// Draws a line through points.
    fn line(&mut self, points: &[(f64, f64)], color: Color, width: f64);
    /// Draws a filled polygon with an opacity.
    fn polygon(&mut self, points: &[(f64, f64)], color: Color, opacity: f64);
    /// Draws a filled circle.
    fn circle(&mut self, center: (f64, f64), radius: f64, color: Color);
    /// Draws a text.
    fn text(&mut self, text: &str, x: f64, y: f64, style: TextStyle);
    /// Draws a smooth picture whose colours are `pixel(u, v)` for u (rightwards) and v (downwards)
    /// from 0 to 1.
    fn picture(&mut self, area: Rect, pixel: &dyn Fn(f64, f64) -> Color);
    /// Draws a picture with rows of `width` pixels, each a sharp rectangle.
    fn pixels(&mut self, area: Rect, width: usize, pixels: &[Color]);
}

/// A picture to embed in an SVG file; `plotters` would draw it pixel by pixel.
struct Picture {
    area: Rect,
    png: Vec<u8>,
    sharp: bool,
}

struct Area<DB: DrawingBackend> {
    drawing: DrawingArea<DB, Shift>,
    /// For SVG, the pictures to embed afterwards, below everything else. If `None`, pictures are
    /// drawn at once.
    pictures: Option<Vec<Picture>>,
    error: Option<String>,
}

fn drawn((x, y): (f64, f64)) -> (i32, i32) {
    ((x * DRAWN).round() as i32, (y * DRAWN).round() as i32)
}

fn rgb([r, g, b]: Color) -> RGBColor {
    RGBColor(r, g, b)
}

fn text_style(style: TextStyle) -> Text<'static> {
    let weight = if style.bold { FontStyle::Bold } else { FontStyle::Normal };
    let font = FontDesc::new(FontFamily::Name(FONT), style.size * DRAWN, weight);
    let turn = if style.vertical { FontTransform::Rotate270 } else { FontTransform::None };
    let horizontal = match style.align {
        Align::Left => HPos::Left,
        Align::Center => HPos::Center,
        Align::Right => HPos::Right,
    };
    let pos = Pos::new(horizontal, VPos::Center);
    Text { font: font.transform(turn), color: rgb(style.color).to_backend_color(), pos }
}

impl<DB: DrawingBackend> Area<DB> {
    /// Stores the first error. Drawing continues to the end, and the figure is then not saved.
    fn note<T, E: std::fmt::Display>(&mut self, result: Result<T, E>) {
        if let Err(error) = result {
            self.error.get_or_insert_with(|| error.to_string());
        }
    }
}

impl<DB: DrawingBackend> Canvas for Area<DB> {
    fn line(&mut self, points: &[(f64, f64)], color: Color, width: f64) {
        let mut points: Vec<(i32, i32)> = points.iter().copied().map(drawn).collect();
        points.dedup();
        let width = (width * DRAWN).round() as u32;
        let style = ShapeStyle { color: rgb(color).to_rgba(), filled: false, stroke_width: width };
        self.note(self.drawing.draw(&PathElement::new(points, style)));
    }

    fn polygon(&mut self, points: &[(f64, f64)], color: Color, opacity: f64) {
        let points: Vec<(i32, i32)> = points.iter().copied().map(drawn).collect();
        self.note(self.drawing.draw(&Polygon::new(points, rgb(color).mix(opacity))));
    }

    fn circle(&mut self, center: (f64, f64), radius: f64, color: Color) {
        let radius = (radius * DRAWN).round() as i32;
        self.note(self.drawing.draw(&Circle::new(drawn(center), radius, rgb(color).filled())));
    }

    fn text(&mut self, text: &str, x: f64, y: f64, style: TextStyle) {
        let (size, baseline) = if self.pictures.is_some() {
            (style.size * EM_OF_SVG / EM, BASELINE_OF_SVG)
        } else {
            (style.size, BASELINE_OF_PIXELS)
        };
        let lower = (BASELINE - baseline) * style.size;
        let at = if style.vertical { (x + lower, y) } else { (x, y + lower) };
        let style = text_style(TextStyle { size, ..style });
        self.note(self.drawing.draw_text(text, &style, drawn(at)));
    }

    fn picture(&mut self, area: Rect, pixel: &dyn Fn(f64, f64) -> Color) {
        let scale = if self.pictures.is_some() { PNG_PIXELS as f64 } else { DRAWN };
        let width = ((area.right - area.left) * scale).round() as u32;
        let height = ((area.bottom - area.top) * scale).round() as u32;
        let at = |i: u32, n: u32| (f64::from(i) + 0.5) / f64::from(n);
        let pixels: Vec<u8> = (0..height)
            .flat_map(|y| (0..width).flat_map(move |x| pixel(at(x, width), at(y, height))))
            .collect();
        if let Some(pictures) = &mut self.pictures {
            match encode(&pixels, width, height) {
                Ok(png) => pictures.push(Picture { area, png, sharp: false }),
                Err(error) => self.note::<(), _>(Err(error)),
            }
        } else {
            let corner = drawn((area.left, area.top));
            let picture = BitMapElement::with_owned_buffer(corner, (width, height), pixels);
            self.note(self.drawing.draw(&picture.expect("three bytes a pixel")));
        }
    }

    fn pixels(&mut self, area: Rect, width: usize, pixels: &[Color]) {
        let height = pixels.len() / width;
        if let Some(pictures) = &mut self.pictures {
            match encode(pixels.as_flattened(), width as u32, height as u32) {
                Ok(png) => pictures.push(Picture { area, png, sharp: true }),
                Err(error) => self.note::<(), _>(Err(error)),
            }
        } else {
            let index = |t: f64, n: usize| (t * n as f64) as usize;
            self.picture(area, &|u, v| pixels[index(v, height) * width + index(u, width)]);
        }
    }
}

/// The width of a text.
pub(super) fn text_width(text: &str, style: TextStyle) -> f64 {
    register_fonts();
    let style = text_style(TextStyle { vertical: false, ..style });
    style.font.box_size(text).map_or(0.0, |(width, _)| f64::from(width) / DRAWN)
}

/// The rectangle that a text covers, approximately from the tops of small letters to the baseline.
pub(super) fn text_area(text: &str, (x, y): (f64, f64), style: TextStyle) -> Rect {
    let (width, half) = (text_width(text, style), 0.3 * style.size);
    let start = match style.align {
        Align::Left => 0.0,
        Align::Center => -width / 2.0,
        Align::Right => -width,
    };
    let (from, to) = (start, start + width);
    if style.vertical {
        Rect { left: x - half, top: y - to, right: x + half, bottom: y - from }
    } else {
        Rect { left: x + from, top: y - half, right: x + to, bottom: y + half }
    }
}

/// The width of the widest text.
pub(super) fn widest<'t>(texts: impl IntoIterator<Item = &'t str>, style: TextStyle) -> f64 {
    texts.into_iter().map(|text| text_width(text, style)).fold(0.0, f64::max)
}

fn register_fonts() {
    static FONTS: Once = Once::new();
    FONTS.call_once(|| {
        for (style, font) in
            [(FontStyle::Normal, dejavu::sans::regular()), (FontStyle::Bold, dejavu::sans::bold())]
        {
            assert!(
                plotters::style::register_font(FONT, style, font).is_ok(),
                "the font is part of the program"
            );
        }
    });
}

fn pixels((width, height): (f64, f64)) -> (u32, u32) {
    ((width * DRAWN).round() as u32, (height * DRAWN).round() as u32)
}

fn run<DB: DrawingBackend>(
    backend: DB,
    collect_pictures: bool,
    draw: impl Fn(&mut dyn Canvas),
) -> Result<Vec<Picture>, String> {
    register_fonts();
    let drawing = backend.into_drawing_area();
    drawing.fill(&WHITE).map_err(|e| e.to_string())?;
    let mut area = Area { drawing, pictures: collect_pictures.then(Vec::new), error: None };
    draw(&mut area);
    area.note(area.drawing.present());
    match area.error {
        Some(error) => Err(error),
        None => Ok(area.pictures.unwrap_or_default()),
    }
}

/// The figure as a PNG file.
pub(super) fn png(size: (f64, f64), draw: impl Fn(&mut dyn Canvas)) -> Result<Vec<u8>, String> {
    let (width, height) = pixels(size);
    let mut large = vec![0; 3 * (width * height) as usize];
    run(BitMapBackend::with_buffer(&mut large, (width, height)), false, draw)?;
    // Averaging squares of pixels makes smooth edges.
    let factor = DRAWN as usize / PNG_PIXELS;
    let (columns, rows) = (width as usize / factor, height as usize / factor);
    let mut small = Vec::with_capacity(3 * columns * rows);
    for y in 0..rows {
        for x in 0..columns {
            for channel in 0..3 {
                let mut sum = 0;
                for dy in 0..factor {
                    for dx in 0..factor {
                        let pixel = (y * factor + dy) * width as usize + x * factor + dx;
                        sum += usize::from(large[3 * pixel + channel]);
                    }
                }
                small.push(((sum + factor * factor / 2) / (factor * factor)) as u8);
            }
        }
    }
    encode(&small, columns as u32, rows as u32)
}

fn encode(pixels: &[u8], width: u32, height: u32) -> Result<Vec<u8>, String> {
    let mut file = Cursor::new(Vec::new());
    PngEncoder::new_with_quality(&mut file, CompressionType::Default, FilterType::Adaptive)
        .write_image(pixels, width, height, ExtendedColorType::Rgb8)
        .map_err(|e| e.to_string())?;
    Ok(file.into_inner())
}

/// The figure as an SVG file.
pub(super) fn svg(size: (f64, f64), draw: impl Fn(&mut dyn Canvas)) -> Result<Vec<u8>, String> {
    let (width, height) = pixels(size);
    let mut text = String::new();
    let pictures = run(SVGBackend::with_string(&mut text, (width, height)), true, draw)?;
    // SVG coordinates are whole numbers, so the figure is drawn larger and shown at its size.
    let large = format!("width=\"{width}\" height=\"{height}\" viewBox");
    text = text.replacen(&large, &format!("width=\"{}\" height=\"{}\" viewBox", size.0, size.1), 1);
    let mut images = String::new();
    for Picture { area, png, sharp } in pictures {
        let (x, y) = drawn((area.left, area.top));
        let (w, h) = (
            pixels((area.right - area.left, area.bottom - area.top)).0,
            drawn((0.0, area.bottom - area.top)).1,
        );
        let data = base64::engine::general_purpose::STANDARD.encode(png);
        let how =
            if sharp { " preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\"" } else { "" };
        images += &format!(
            "<image x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\"{how} href=\"data:image/png;base64,{data}\"/>\n"
        );
    }
    // Pictures come right after the white background, below everything else.
    let background_end =
        text.find("<rect").and_then(|start| text[start..].find('>').map(|end| start + end + 1));
    text.insert_str(background_end.ok_or("there is no background")?, &format!("\n{images}"));
    Ok(text.into_bytes())
}
