//! Tables of results, as comma-separated values (RFC 4180).

use csv::{QuoteStyle, Writer, WriterBuilder};

/// A table that grows row by row. Numbers are written with as many digits as it takes to read the same
/// ones back; text is quoted where it has to be.
pub struct Table(Writer<Vec<u8>>);

impl Table {
    /// A table with these columns.
    pub fn new<T: AsRef<[u8]>>(columns: impl IntoIterator<Item = T>) -> Self {
        let mut table = Self(WriterBuilder::new().quote_style(QuoteStyle::Necessary).from_writer(Vec::new()));
        table.push(columns);
        table
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If it has more or fewer fields than there are columns.
    pub fn push<T: AsRef<[u8]>>(&mut self, fields: impl IntoIterator<Item = T>) {
        self.0.write_record(fields).expect("one field for each column");
    }

    /// The text of the table so far.
    pub fn text(&mut self) -> String {
        self.0.flush().expect("memory takes everything");
        String::from_utf8(self.0.get_ref().clone()).expect("text is UTF-8")
    }
}

/// Appends a row of displayable values to a table.
macro_rules! row {
    ($table:expr; $($value:expr),+ $(,)?) => {
        $table.push([$($value.to_string()),+])
    };
}
pub(crate) use row;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_with_commas_and_quotes_is_read_back() {
        let mut table = Table::new(["name", "value"]);
        row!(table; "a, \"b\"", 0.1_f64 + 0.2);
        row!(table; "c", 3);
        let text = table.text();
        assert_eq!(text, "name,value\n\"a, \"\"b\"\"\",0.30000000000000004\nc,3\n");
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let fields: Vec<String> = reader.records().map(|record| record.unwrap()[0].to_owned()).collect();
        assert_eq!(fields, ["a, \"b\"", "c"]);
    }
}
