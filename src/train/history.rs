//! The training history, as a table.

use crate::table::Table;

/// A table of numbers; the first columns are step, learning rate and loss.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

impl History {
    /// A history from its columns and rows.
    pub(super) fn new(columns: Vec<String>, rows: Vec<Vec<f64>>) -> Self {
        Self { columns, rows }
    }

    /// Appends a row; every row has the same columns.
    pub(super) fn push(&mut self, row: &[(&str, f64)]) {
        self.columns = row.iter().map(|(name, _)| (*name).to_owned()).collect();
        self.rows.push(row.iter().map(|(_, value)| *value).collect());
    }

    /// The columns' names.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// The rows, in order of time.
    pub fn rows(&self) -> &[Vec<f64>] {
        &self.rows
    }

    /// The values of one column; empty if there is no such column.
    pub fn column(&self, name: &str) -> Vec<f64> {
        match self.columns.iter().position(|column| column == name) {
            Some(i) => self.rows.iter().map(|row| row[i]).collect(),
            None => Vec::new(),
        }
    }

    /// The table as comma-separated values.
    pub fn to_csv(&self) -> String {
        let mut table = Table::new(&self.columns);
        self.rows.iter().for_each(|row| table.push(row.iter().map(f64::to_string)));
        table.text()
    }
}
