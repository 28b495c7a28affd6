//! Figures of runs as parts of the page.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, ImageReader};
use maud::{Markup, html};

use super::run::{canonical, entries};
use super::svg;
use crate::experiment::Error;
use crate::files;

/// A figure of more pixels in width has labels that are too small to read on a narrow screen.
const WIDE: u32 = 640;

/// A figure in a folder: a file of vectors, of pixels, or one of each.
pub(super) struct Figure {
    /// The file name without extension.
    pub name: String,
    /// The canonical path without extension.
    pub path: PathBuf,
    /// The file that is shown: the vectors if there are any.
    file: PathBuf,
}

impl Figure {
    /// The figures of a folder, by name.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub fn all_in(folder: &Path) -> Result<Vec<Self>, Error> {
        let mut figures = BTreeMap::new();
        // SVG comes after PNG, and replaces it.
        for (name, path) in entries(folder)? {
            if let Some((name, "png" | "svg")) = name.rsplit_once('.')
                && path.is_file()
            {
                figures.insert(name.to_owned(), path);
            }
        }
        figures.into_values().map(|path| Self::of(&path)).collect()
    }

    /// The figure that a file belongs to, with the vectors next to the pixels, if there are any.
    ///
    /// # Errors
    /// If there is no such file.
    pub fn of(file: &Path) -> Result<Self, Error> {
        let vectors = file.with_extension("svg");
        let file = canonical(if vectors.is_file() { &vectors } else { file })?;
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        Ok(Self { name, path: file.with_extension(""), file })
    }

    /// The figure, its id if it has one, and its caption.
    ///
    /// # Errors
    /// If the file cannot be read, or is no picture.
    pub fn markup(&self, id: Option<&str>, description: &str, caption: &Markup) -> Result<Markup, Error> {
        let (picture, width) = self.picture(description)?;
        Ok(html! {
            figure id=[id] class=[(width > WIDE).then_some("wide")] {
                div.scroll { (picture) }
                figcaption { (caption) }
            }
        })
    }

    /// The picture, and its width in pixels.
    fn picture(&self, description: &str) -> Result<(Markup, u32), Error> {
        let bytes = files::read(&self.file)?;
        if self.file.extension().is_some_and(|ending| ending == "svg") {
            let text = std::str::from_utf8(&bytes).map_err(|_| self.fail("not an SVG: it is not UTF-8"))?;
            let tree = svg::parse(text).map_err(|e| self.fail(&format!("not an SVG: {e}")))?;
            // Vectors that the program did not draw may contain anything. In <img> no browser runs or
            // loads what is in them.
            let other = || (image("svg+xml", &bytes, description, None), 0);
            return Ok(svg::inline(&tree, description).unwrap_or_else(other));
        }
        let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format();
        let reader = reader.map_err(|e| self.fail(&format!("not a picture: {e}")))?;
        let kind = match reader.format() {
            Some(ImageFormat::Png) => "png",
            Some(ImageFormat::Jpeg) => "jpeg",
            _ => return Err(self.fail("neither a PNG nor a JPEG file")),
        };
        let size = reader.into_dimensions().map_err(|e| self.fail(&format!("not a picture: {e}")))?;
        Ok((image(kind, &bytes, description, Some(size)), size.0))
    }

    fn fail(&self, message: &str) -> Error {
        Error::Config { path: self.file.clone(), message: message.into() }
    }
}

/// An image whose bytes are in the page.
fn image(kind: &str, bytes: &[u8], description: &str, size: Option<(u32, u32)>) -> Markup {
    let address = format!("data:image/{kind};base64,{}", STANDARD.encode(bytes));
    let (width, height) = size.unzip();
    html! { img src=(address) alt=(description) width=[width] height=[height]; }
}
