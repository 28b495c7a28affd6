//! AG News (Zhang, Zhao & LeCun 2015): CSV files whose rows are a class from 1 to 4, a title and a
//! description.

mod clean;

use std::collections::HashMap;
use std::path::Path;

pub use clean::{clean, words};

use super::DataError;
use super::sources::{AG_NEWS, Part};
use crate::files;

/// News items and their classes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewsItems {
    /// The title and the description of each item as stored in the file, joined by a space.
    pub rows: Vec<String>,
    /// The same after [`clean`].
    pub texts: Vec<String>,
    /// The class of each item, an index into [`NewsItems::CLASSES`].
    pub labels: Vec<usize>,
}

impl NewsItems {
    /// The names of the classes, in the order of the labels.
    pub const CLASSES: [&str; 4] = ["World", "Sports", "Business", "Sci/Tech"];

    /// Reads one part of the data set from its folder inside `data_dir`. A file must have at least
    /// one row. Either the title or the description of a row may be empty.
    ///
    /// # Errors
    /// If a file is missing or a row is malformed. The message names the file and the line, and
    /// what to do.
    pub fn read(data_dir: &Path, part: Part) -> Result<Self, DataError> {
        let name = match part {
            Part::Train => "train.csv",
            Part::Test => "test.csv",
        };
        let file = AG_NEWS.files().find(|file| file.name == name).expect("the data set has two files");
        let path = AG_NEWS.locate(file, data_dir)?;
        let bytes = files::read(&path)?;
        let wrong = |line, message| DataError::Line { path: path.clone(), line, message };
        Self::parse(&bytes).map_err(|(line, message)| wrong(line, message))
    }

    /// Parses a file. The error is the line number and what is wrong with the line.
    fn parse(bytes: &[u8]) -> Result<Self, (u64, String)> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(bytes);
        let mut all = Self::default();
        let (mut row, mut last) = (csv::ByteRecord::new(), 1);
        loop {
            let line = reader.position().line();
            let wrong = |message: String| Err((line, message));
            let found = reader.read_byte_record(&mut row).map_err(|e| (line, e.to_string()))?;
            if !found {
                break;
            }
            let fields: Vec<&[u8]> = row.iter().collect();
            let [label, title, description] = fields[..] else {
                return wrong(format!("{} fields instead of class, title and description", row.len()));
            };
            let [digit @ b'1'..=b'4'] = label else {
                let label: String = String::from_utf8_lossy(label).chars().take(20).collect();
                return wrong(format!("the class is {label:?}, not from 1 to 4"));
            };
            let label = usize::from(digit - b'1');
            let [Ok(title), Ok(description)] = [title, description].map(std::str::from_utf8) else {
                return wrong("the text is not UTF-8".into());
            };
            let row = format!("{title} {description}");
            let text = clean(&row);
            if text.is_empty() {
                return wrong("there is neither a title nor a description".into());
            }
            all.rows.push(row);
            all.texts.push(text);
            all.labels.push(label);
            last = line;
        }
        if all.texts.is_empty() {
            return Err((last, "the file is empty: fetch it again".into()));
        }
        // The csv crate accepts the end of the file as a closing quotation mark.
        if bytes.iter().fold(false, |open, byte| open != (*byte == b'"')) {
            return Err((
                last,
                "a quotation mark is never closed: the file ends early, fetch it again".into(),
            ));
        }
        Ok(all)
    }

    /// The number of items.
    pub fn examples(&self) -> usize {
        self.labels.len()
    }

    /// The given items, in the given order.
    pub fn only(&self, examples: &[usize]) -> Self {
        Self {
            rows: examples.iter().map(|&i| self.rows[i].clone()).collect(),
            texts: examples.iter().map(|&i| self.texts[i].clone()).collect(),
            labels: examples.iter().map(|&i| self.labels[i]).collect(),
        }
    }

    /// The group number of each item. Items with the same [words] (near-duplicates) share a group,
    /// so that [`grouped_k_folds`](super::split::grouped_k_folds) keeps them in the same fold.
    /// Groups are numbered in order of first appearance.
    pub fn groups(&self) -> Vec<usize> {
        let mut numbers = HashMap::new();
        let group = |text: &String| {
            let next = numbers.len();
            *numbers.entry(words(text).join(" ")).or_insert(next)
        };
        self.texts.iter().map(group).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(text: &[u8]) -> (u64, String) {
        NewsItems::parse(text).unwrap_err()
    }

    #[test]
    fn rows_are_parsed() {
        let text = b"\"3\",\"A \"\"big\"\" day\",\"Stocks <b>rose</b>.\"\n1,,News\n";
        let news = NewsItems::parse(text).unwrap();
        assert_eq!(news.rows, ["A \"big\" day Stocks <b>rose</b>.", " News"]);
        assert_eq!(news.texts, ["A \"big\" day Stocks rose .", "News"]);
        assert_eq!((&news.labels[..], news.examples()), (&[2, 0][..], 2));
        let second = NewsItems { rows: vec![" News".into()], texts: vec!["News".into()], labels: vec![0] };
        assert_eq!(news.only(&[1]), second);
        // The last line need not end in a newline.
        assert_eq!(NewsItems::parse(b"\"1\",\"a\",\"b\"").unwrap().examples(), 1);
    }

    #[test]
    fn an_error_names_the_line_of_the_row() {
        let after = |row: &str| failure(format!("\"1\",\"a\",\"two\nlines\"\n{row}\n").as_bytes());
        assert_eq!(after("\"2\",\"a\""), (3, "2 fields instead of class, title and description".into()));
        assert_eq!(after("\"5\",\"a\",\"b\""), (3, "the class is \"5\", not from 1 to 4".into()));
        assert_eq!(after("\"11\",\"a\",\"b\"").0, 3);
        assert_eq!(after("\"1\",\" \",\"\"").1, "there is neither a title nor a description");
        assert_eq!(failure(b"1,\xff,b\n"), (1, "the text is not UTF-8".into()));
        assert_eq!(failure(b"").1, "the file is empty: fetch it again");
        assert_eq!(failure(b"1,a,b\n1,\"a\",\"b and no").0, 2);
        assert!(after("\"2\",\"a\",\"b").1.starts_with("a quotation mark is never closed"));
    }

    #[test]
    fn items_with_the_same_words_share_a_group() {
        let news = |texts: &[&str]| NewsItems {
            texts: texts.iter().map(ToString::to_string).collect(),
            ..NewsItems::default()
        };
        assert_eq!(news(&["Oil up, again", "Rain", "OIL UP AGAIN!", "oil up"]).groups(), [0, 1, 0, 2]);
    }
}
