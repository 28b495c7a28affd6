//! AG News: rows of class, title and description.

use std::path::Path;

use ece472::data::{NewsItems, Part};

use super::Target;
use crate::sample::{Format, Sample};

/// A text is stored unchanged, cleaned, and as its words.
pub const TARGET: Target = Target { memory: 64, corpus, read };

fn corpus() -> Vec<Sample> {
    let quoted = "\"3\",\"A \"\"big\"\" day\",\"Stocks <b>rose</b> &#36;5 &lt;BR&gt;, said\\the man.\"\n\"1\",\"\",\"two\nlines\"\n";
    let plain = "4,Chips,are small\r\n2,A goal,\r\n1,Z\u{fc}rich,caf\u{e9} \u{1f600}\r\n";
    let of = |text: &str| Sample::one("ag_news/test.csv", Format::Text, text.into());
    vec![of(quoted), of(plain), of("1,a,b")]
}

fn read(folder: &Path) -> Result<(), String> {
    let news = NewsItems::read(folder, Part::Test).map_err(|e| e.to_string())?;
    assert_eq!([news.texts.len(), news.rows.len(), news.groups().len()], [news.examples(); 3]);
    assert!(news.labels.iter().all(|&label| label < NewsItems::CLASSES.len()));
    Ok(())
}
