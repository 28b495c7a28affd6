//! Write-ups: Markdown of the repository as part of the page.
//!
//! Images become figures of the page. A link leads to a part of the page, if what it names is
//! there, or to a web address; of any other link only the text is left. HTML in the Markdown is
//! shown as it is written.

use std::collections::BTreeSet;
use std::path::PathBuf;

use maud::{Markup, PreEscaped, html};
use pulldown_cmark::{CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::collect::{Anchors, WriteUp};
use super::figure::Figure;
use crate::experiment::Error;

/// A write-up as HTML.
pub(super) struct Rendered {
    /// The heading of the whole.
    pub title: Option<String>,
    pub body: Markup,
    /// The headings of second order.
    pub chapters: Vec<Heading>,
    /// Figures that are shown, by canonical path without extension.
    pub shown: BTreeSet<PathBuf>,
}

/// A heading, and its id in the page.
pub(super) struct Heading {
    pub id: String,
    pub text: String,
}

/// Renders a write-up. Ids of its headings begin with `prefix` and a dot.
///
/// # Errors
/// If a figure cannot be read.
pub(super) fn render(write_up: &WriteUp, prefix: &str, anchors: &Anchors) -> Result<Rendered, Error> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let events: Vec<Event> = Parser::new_ext(&write_up.text, options).collect();
    let mut writer = Writer {
        write_up,
        anchors,
        ids: ids(&events, prefix),
        prefix,
        next_id: 0,
        output: Vec::new(),
        rendered: Rendered {
            title: None,
            body: PreEscaped(String::new()),
            chapters: Vec::new(),
            shown: BTreeSet::new(),
        },
    };
    let mut rest = &events[..];
    while !rest.is_empty() {
        rest = writer.write(rest)?;
    }
    let mut body = String::new();
    pulldown_cmark::html::push_html(&mut body, writer.output.into_iter());
    writer.rendered.body = PreEscaped(body);
    Ok(writer.rendered)
}

/// The ids of all headings, in order.
fn ids(events: &[Event], prefix: &str) -> Vec<String> {
    let mut ids: Vec<String> = Vec::new();
    for (i, event) in events.iter().enumerate() {
        if let Event::Start(Tag::Heading { .. }) = event {
            let slug = format!("{prefix}.{}", slug(&text(element(&events[i..]))));
            let free = (0..).map(|k| if k == 0 { slug.clone() } else { format!("{slug}-{k}") });
            ids.extend(free.into_iter().find(|id| !ids.contains(id)));
        }
    }
    ids
}

/// The part of a link behind `#` by which code forges name a heading.
fn slug(heading: &str) -> String {
    let letters = heading.trim().chars().flat_map(char::to_lowercase);
    let kept = letters.filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// The events from a start to its end, both included; one event if it is no start.
fn element<'e, 'a>(events: &'e [Event<'a>]) -> &'e [Event<'a>] {
    let mut depth = 0;
    for (i, event) in events.iter().enumerate() {
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => (),
        }
        if depth == 0 {
            return &events[..=i];
        }
    }
    events
}

/// The events between a start and its end.
fn inside<'e, 'a>(element: &'e [Event<'a>]) -> &'e [Event<'a>] {
    if element.len() < 2 { &[] } else { &element[1..element.len() - 1] }
}

/// The text of events, without markup.
fn text(events: &[Event]) -> String {
    let text = |event: &Event| match event {
        Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) => text.to_string(),
        Event::SoftBreak | Event::HardBreak => " ".into(),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

/// Whether events are images and nothing else.
fn are_images(mut events: &[Event]) -> bool {
    let mut images = 0;
    while let Some(first) = events.first() {
        match first {
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::SoftBreak => (),
            _ => return false,
        }
        events = &events[element(events).len()..];
    }
    images > 0
}

struct Writer<'a, 'e> {
    write_up: &'a WriteUp,
    anchors: &'a Anchors,
    prefix: &'a str,
    ids: Vec<String>,
    next_id: usize,
    output: Vec<Event<'e>>,
    rendered: Rendered,
}

impl<'e> Writer<'_, 'e> {
    /// Writes what comes first, and returns the rest.
    fn write<'s>(&mut self, events: &'s [Event<'e>]) -> Result<&'s [Event<'e>], Error> {
        let whole = element(events);
        let rest = &events[whole.len()..];
        match &events[0] {
            Event::Start(Tag::Heading { level, .. }) => self.heading(*level, inside(whole))?,
            // Figures are no part of a paragraph.
            Event::Start(Tag::Paragraph) if are_images(inside(whole)) => {
                return self.figures(inside(whole), rest);
            }
            Event::Start(Tag::Image { dest_url, .. }) => self.image(dest_url, &text(whole), None)?,
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => match self.address(dest_url) {
                None => self.all(inside(whole))?,
                Some(address) => {
                    let (link_type, title, id) = (*link_type, title.clone(), id.clone());
                    let link = Tag::Link { link_type, dest_url: address.into(), title, id };
                    self.output.push(Event::Start(link));
                    self.all(inside(whole))?;
                    self.output.push(Event::End(TagEnd::Link));
                }
            },
            Event::Start(Tag::Table(_)) => {
                self.html("<div class=\"scroll\">".into());
                self.element(whole)?;
                self.html("</div>".into());
            }
            Event::Start(_) => self.element(whole)?,
            Event::Html(text) | Event::InlineHtml(text) => self.output.push(Event::Text(text.clone())),
            event => self.output.push(event.clone()),
        }
        Ok(rest)
    }

    /// Writes an element as Markdown would.
    fn element(&mut self, whole: &[Event<'e>]) -> Result<(), Error> {
        self.output.push(whole[0].clone());
        self.all(inside(whole))?;
        self.output.extend(whole.last().filter(|_| whole.len() > 1).cloned());
        Ok(())
    }

    fn all(&mut self, mut events: &[Event<'e>]) -> Result<(), Error> {
        while !events.is_empty() {
            events = self.write(events)?;
        }
        Ok(())
    }

    fn html(&mut self, text: String) {
        self.output.push(Event::Html(text.into()));
    }

    /// The heading of the whole is left out: the page has its own. All others are one level lower.
    fn heading(&mut self, level: HeadingLevel, content: &[Event<'e>]) -> Result<(), Error> {
        let id = self.ids[self.next_id].clone();
        self.next_id += 1;
        let (lower, text) = match level {
            HeadingLevel::H1 => {
                self.rendered.title.get_or_insert(text(content));
                return Ok(());
            }
            HeadingLevel::H2 => (HeadingLevel::H3, text(content)),
            HeadingLevel::H3 => (HeadingLevel::H4, text(content)),
            _ => (HeadingLevel::H5, text(content)),
        };
        if level == HeadingLevel::H2 {
            self.rendered.chapters.push(Heading { id: id.clone(), text });
        }
        let id = Some(CowStr::from(id));
        self.output.push(Event::Start(Tag::Heading {
            level: lower,
            id,
            classes: Vec::new(),
            attrs: Vec::new(),
        }));
        self.all(content)?;
        self.output.push(Event::End(TagEnd::Heading(lower)));
        Ok(())
    }

    /// Figures. A paragraph in italics below a single one is its caption; else that is the description.
    fn figures<'s>(
        &mut self,
        mut images: &[Event<'e>],
        rest: &'s [Event<'e>],
    ) -> Result<&'s [Event<'e>], Error> {
        let alone = element(images).len() == images.len();
        let below = if alone && matches!(rest.first(), Some(Event::Start(Tag::Paragraph))) {
            element(rest)
        } else {
            &[]
        };
        let is_caption = matches!(inside(below).first(), Some(Event::Start(Tag::Emphasis)))
            && element(inside(below)).len() == inside(below).len();
        let caption = is_caption.then(|| inside(inside(below)));
        while let Some(first) = images.first() {
            let image = element(images);
            if let Event::Start(Tag::Image { dest_url, .. }) = first {
                self.image(dest_url, &text(image), caption)?;
            }
            images = &images[image.len()..];
        }
        Ok(if is_caption { &rest[below.len()..] } else { rest })
    }

    /// The figure that an image names. Of one that is not in the repository only the description is left.
    fn image(&mut self, target: &str, description: &str, caption: Option<&[Event<'e>]>) -> Result<(), Error> {
        let caption = match caption {
            None => html! { (description) },
            Some(events) => {
                // The caption is written to where the figure will be, and taken from there.
                let begin = self.output.len();
                self.all(events)?;
                let mut text = String::new();
                pulldown_cmark::html::push_html(&mut text, self.output.drain(begin..));
                PreEscaped(text)
            }
        };
        let file = self.write_up.folder.join(target);
        if target.contains("://") || !file.is_file() {
            self.html(html! { p { "[" (caption) "]" } }.into_string());
            return Ok(());
        }
        let figure = Figure::of(&file)?;
        // An id belongs to one element, should a figure be shown twice.
        let is_first = self.rendered.shown.insert(figure.path.clone());
        let id = self.anchors.get(&figure.path).filter(|_| is_first);
        let markup = figure.markup(id, description, &caption)?;
        self.html(markup.into_string());
        Ok(())
    }

    /// Where a link leads to, if it is in the page or on the web.
    fn address(&self, target: &str) -> Option<String> {
        if target.starts_with("https://") || target.starts_with("http://") {
            return Some(target.into());
        }
        if let Some(heading) = target.strip_prefix('#') {
            let id = format!("{}.{heading}", self.prefix);
            return self.ids.contains(&id).then(|| format!("#{id}"));
        }
        let path = target.split('#').next().unwrap_or_default();
        let path = self.write_up.folder.join(path).canonicalize().ok()?;
        // A picture is known without its extension.
        let id = self.anchors.get(&path).or_else(|| self.anchors.get(&path.with_extension("")))?;
        Some(format!("#{id}"))
    }
}
