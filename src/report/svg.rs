//! Vector figures as part of an HTML page.
//!
//! An SVG that becomes part of a page could run scripts, load files, restyle the page, or have ids
//! that another figure has too. So a figure is parsed, and only if it consists of nothing but the
//! elements and attributes that the program's own figures have is it written anew into the page.

use std::fmt::Write as _;

use maud::{Markup, PreEscaped, html};
use roxmltree::{Document, Node, ParsingOptions};

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Elements that draw.
const ELEMENTS: [&str; 7] = ["circle", "image", "line", "polygon", "polyline", "rect", "text"];

/// Attributes of these elements. Neither `id` nor `class` nor any event is among them.
const ATTRIBUTES: [&str; 28] = [
    "cx",
    "cy",
    "dx",
    "dy",
    "fill",
    "fill-opacity",
    "font-family",
    "font-size",
    "font-style",
    "font-weight",
    "height",
    "href",
    "opacity",
    "points",
    "preserveAspectRatio",
    "r",
    "stroke",
    "stroke-opacity",
    "stroke-width",
    "style",
    "text-anchor",
    "transform",
    "width",
    "x",
    "x1",
    "x2",
    "y",
    "y1",
];

/// Parses a figure.
///
/// # Errors
/// If it is not well-formed XML with an `svg` element of the right namespace.
pub(super) fn parse(text: &str) -> Result<Document<'_>, String> {
    // A document type is common in files of drawing programs.
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    let tree = Document::parse_with_options(text, options).map_err(|e| e.to_string())?;
    if tree.root_element().has_tag_name((NAMESPACE, "svg")) {
        Ok(tree)
    } else {
        Err("its root is no svg element".into())
    }
}

/// The figure as an element of the page, and its width in pixels; `None` if it has anything that the program's own figures
/// do not have.
pub(super) fn inline(tree: &Document, description: &str) -> Option<(Markup, u32)> {
    let root = tree.root_element();
    let number = |name: &str| root.attribute(name)?.parse::<u32>().ok();
    let (width, height) = (number("width")?, number("height")?);
    let only = ["width", "height", "viewBox"];
    if !root.attributes().all(|a| a.namespace().is_none() && only.contains(&a.name())) {
        return None;
    }
    let mut content = String::new();
    root.children().try_for_each(|child| write_node(child, &mut content))?;
    let figure = html! {
        svg xmlns=(NAMESPACE) viewBox=(root.attribute("viewBox")?) width=(width) height=(height)
            role="img" aria-label=(description) { (PreEscaped(content)) }
    };
    Some((figure, width))
}

/// Writes an element, or text of an element that has no others in it.
fn write_node(node: Node, content: &mut String) -> Option<()> {
    if node.is_text() {
        // All text is inside of text elements; elsewhere there are line breaks only.
        content.push_str(&escaped(node.text()?.trim()));
        return Some(());
    }
    let name = node.tag_name().name();
    if !node.is_element() || node.tag_name().namespace() != Some(NAMESPACE) || !ELEMENTS.contains(&name) {
        return None;
    }
    let _ = write!(content, "<{name}");
    for attribute in node.attributes() {
        let (key, value) = (attribute.name(), attribute.value());
        if attribute.namespace().is_some() || !ATTRIBUTES.contains(&key) || !is_harmless(name, key, value) {
            return None;
        }
        let _ = write!(content, " {key}=\"{}\"", escaped(value));
    }
    content.push('>');
    node.children().try_for_each(|child| write_node(child, content))?;
    let _ = write!(content, "</{name}>");
    Some(())
}

/// Whether an attribute leads to nothing outside of the figure.
fn is_harmless(element: &str, key: &str, value: &str) -> bool {
    match key {
        "href" => element == "image" && value.starts_with("data:image/png;base64,"),
        "style" => value == "image-rendering:pixelated",
        // `fill` and `stroke` may be url(...).
        _ => !value.to_ascii_lowercase().contains("url"),
    }
}

/// The text with everything escaped that HTML takes for markup.
fn escaped(text: &str) -> String {
    html! { (text) }.into_string()
}
