//! The table of a classifier's worst mistakes.

use crate::experiment::classification::Answers;
use crate::table::{Table, row};

/// The number of mistakes that are listed.
const MISTAKES: usize = 50;

/// The CSV table of the wrong answers with the highest probability.
pub(crate) fn mistakes(answers: &Answers<'_>, texts: &[String]) -> String {
    let sure = |i: usize| answers.probabilities(i)[answers.best[i]];
    let mut wrong: Vec<usize> = (0..texts.len()).filter(|&i| answers.best[i] != answers.truth[i]).collect();
    wrong.sort_by(|&i, &j| sure(j).total_cmp(&sure(i)));
    let mut table = Table::new(["index", "label", "prediction", "probability", "text"]);
    for i in wrong.into_iter().take(MISTAKES) {
        let class = |k: usize| answers.names[k].as_str();
        let probability = format!("{:.4}", sure(i));
        row!(table; i, class(answers.truth[i]), class(answers.best[i]), probability, texts[i]);
    }
    table.text()
}
