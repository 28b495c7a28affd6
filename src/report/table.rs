//! Tables of runs and studies as parts of the page.

use std::path::{Path, PathBuf};

use maud::{Markup, html};

use super::run::{canonical, entries};
use crate::experiment::Error;
use crate::files;

/// Tables with a row for each step or example, which are no results of their own.
const LONG: [&str; 3] = ["history.csv", "mistakes.csv", "predictions.csv"];
/// The largest number of rows that is shown.
const ROWS: usize = 40;

/// A table of results, from a CSV file.
pub(super) struct Table {
    /// The path of the file in the folder of the run or the assignment.
    name: String,
    /// The canonical path.
    pub path: PathBuf,
    columns: Vec<Column>,
    rows: usize,
}

/// A column of a table.
struct Column {
    heading: String,
    /// As they are shown.
    cells: Vec<String>,
    /// `number` if its cells are numbers.
    class: Option<&'static str>,
}

impl Table {
    /// The tables of a folder, by name. Their names are relative to `above`.
    ///
    /// # Errors
    /// If a file cannot be read, or is no table.
    pub fn all_in(folder: &Path, above: &Path) -> Result<Vec<Self>, Error> {
        let is_table = |(name, path): &(String, PathBuf)| {
            path.extension().is_some_and(|ending| ending == "csv")
                && !LONG.contains(&&**name)
                && path.is_file()
        };
        let files = entries(folder)?.into_iter().filter(is_table);
        files.map(|(_, path)| Self::read(&path, above)).collect()
    }

    fn read(file: &Path, above: &Path) -> Result<Self, Error> {
        let text = files::read_text(file)?;
        let wrong = |e: csv::Error| Error::Config { path: file.into(), message: format!("not a table: {e}") };
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let headings = reader.headers().map_err(wrong)?.clone();
        let records = reader.records().collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        let column =
            |(i, heading): (usize, &str)| Column::new(heading, records.iter().map(|record| &record[i]));
        Ok(Self {
            name: file.strip_prefix(above).unwrap_or(file).display().to_string(),
            path: canonical(file)?,
            columns: headings.iter().enumerate().map(column).collect(),
            rows: records.len(),
        })
    }

    /// The table in a box that scrolls, with its id if it has one. Of a long one the first rows.
    pub fn markup(&self, id: Option<&str>) -> Markup {
        html! {
            div.scroll id=[id] {
                table {
                    caption { code { (self.name) } }
                    thead { tr { @for column in &self.columns { th class=[column.class] { (column.heading) } } } }
                    tbody {
                        @for row in 0..self.rows.min(ROWS) {
                            tr { @for column in &self.columns { td class=[column.class] { (column.cells[row]) } } }
                        }
                    }
                }
            }
            @if self.rows > ROWS {
                p { "The first " (ROWS) " of " (self.rows) " rows; all are in " code { (self.name) } "." }
            }
        }
    }
}

impl Column {
    /// A column of numbers with four significant digits if every cell is a finite number or empty.
    fn new<'a>(heading: &str, cells: impl Iterator<Item = &'a str> + Clone) -> Self {
        let value = |cell: &str| cell.parse().ok().filter(|value: &f64| value.is_finite());
        let is_number = cells.clone().all(|cell| cell.is_empty() || value(cell).is_some());
        let shown =
            |cell: &str| value(cell).filter(|_| is_number).map_or_else(|| cell.into(), |x| number(x, 4));
        // Words, so that a long heading is broken into lines.
        Self {
            heading: heading.replace('_', " "),
            cells: cells.map(shown).collect(),
            class: is_number.then_some("number"),
        }
    }
}

/// A value with so many significant digits, or as a whole number if it is one.
pub(super) fn number(value: f64, digits: usize) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        let digits = format!("{:.0}", value.abs());
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| str::from_utf8(group).unwrap_or_default())
            .collect();
        return (if value < 0.0 { "-" } else { "" }).to_owned() + &groups.join(",");
    }
    let last = digits as i32 - 1;
    let scientific = format!("{value:.*e}", digits - 1);
    let (mantissa, exponent) = scientific.split_once('e').expect("scientific notation");
    let exponent: i32 = exponent.parse().expect("scientific notation");
    if !(-6..15).contains(&exponent) {
        return format!("{}e{exponent}", mantissa.trim_end_matches('0').trim_end_matches('.'));
    }
    let text = format!("{value:.*}", (last - exponent).max(0) as usize);
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_have_their_digits_and_counts_all_of_theirs() {
        let values = [0.0, 8577.0, -3_743_866.0, 0.1, 0.950_712_345, 60.999_605, 123_456.7, 1.23e-9, 2.5e17];
        let six = ["0", "8,577", "-3,743,866", "0.1", "0.950712", "60.9996", "123457", "1.23e-9", "2.5e17"];
        let four = ["0", "8,577", "-3,743,866", "0.1", "0.9507", "61", "123457", "1.23e-9", "2.5e17"];
        assert_eq!(values.map(|value| number(value, 6)), six);
        assert_eq!(values.map(|value| number(value, 4)), four);
    }

    #[test]
    fn the_tables_of_a_folder_are_its_results() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| files::write(&dir.path().join(name), text.as_bytes()).unwrap();
        write("history.csv", "step,loss\n1,2\n");
        write("a/seeds.csv", "seed,test_accuracy,note\n0,0.123456,<b>\n1,,inf\n12345,1,\"a, b\"\n");
        let tables = || Table::all_in(&dir.path().join("a"), dir.path());
        let shown =
            |id| tables().unwrap().iter().map(|table| table.markup(id).into_string()).collect::<String>();
        assert_eq!(
            shown(Some("x")),
            "<div class=\"scroll\" id=\"x\"><table><caption><code>a/seeds.csv</code></caption><thead><tr>\
             <th class=\"number\">seed</th><th class=\"number\">test accuracy</th><th>note</th></tr></thead><tbody>\
             <tr><td class=\"number\">0</td><td class=\"number\">0.1235</td><td>&lt;b&gt;</td></tr>\
             <tr><td class=\"number\">1</td><td class=\"number\"></td><td>inf</td></tr>\
             <tr><td class=\"number\">12,345</td><td class=\"number\">1</td><td>a, b</td></tr></tbody></table></div>"
        );
        assert!(Table::all_in(dir.path(), dir.path()).unwrap().is_empty());
        for (rows, is_cut) in [(40, false), (41, true)] {
            write("a/seeds.csv", &("x\n".to_owned() + &"0.5\n".repeat(rows)));
            let html = shown(None);
            assert_eq!(html.matches("<td ").count(), 40);
            assert_eq!(html.contains("The first 40 of 41 rows; all are in <code>a/seeds.csv"), is_cut);
        }
        write("a/seeds.csv", "a,b\n1\n");
        let message = tables().err().unwrap().to_string();
        assert!(message.contains("seeds.csv: not a table: ") && message.lines().count() == 1, "{message}");
    }
}
