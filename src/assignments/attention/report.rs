//! The metrics and figures of assignment 6.

use super::problem::{HeadWeights, accuracy, heads, text};
use super::{Attention, Learners, Lessons, Sequence, Task};
use crate::experiment::{Assignment as _, DataFolder, Error, Report};
use crate::models::LanguageModel;
use crate::plot::{Axis, Chart, Figure, Map, Maps, Panel, Rule, Series, Stroke, palette};
use crate::train::History;

/// With more tokens than this, the tables of a block are drawn in two rows.
const WIDE: usize = 20;

/// Measures a trained model and draws the figures; the training curves only if there is a history.
///
/// # Errors
/// If the data cannot be read, or a score is not finite.
pub(super) fn report(
    config: &Attention,
    data: &DataFolder,
    model: &Learners,
    history: Option<&History>,
) -> Result<Report, Error> {
    let problem = config.problem(data)?;
    let mut metrics = Vec::new();
    for (task, model) in Task::ALL.into_iter().zip(&model.tasks) {
        let [trained, twice] = task.accuracy_names();
        metrics.push((trained, problem.holdout_accuracy(task, model)?));
        let longer = task.holdout(2 * task.length(), config.holdout / 4, config.seed);
        metrics.push((twice, accuracy(model, &longer)?));
    }
    let text = text::samples(&model.text, config.text_length, config.seed)?;
    let figures = all(config, &problem, model, history);
    Ok(Report { metrics, figures, files: vec![("text.txt", text)] })
}

/// The first step at which the best head's induction score has reached one half.
fn induction_forms(history: &History) -> Option<f64> {
    let scores = history.column("induction_score").into_iter();
    history.column("step").into_iter().zip(scores).find(|(_, score)| *score >= 0.5).map(|(step, _)| step)
}

/// The figure of the attention weights of all heads for the first held-out sequence of a task. The
/// queries are the tokens that predict the answer (its predecessor and its own), the keys all tokens.
fn maps(task: Task, lessons: &Lessons, model: &LanguageModel, columns: usize) -> Figure {
    let Sequence { tokens, answer } = &lessons.examples_of(task, 1)[0];
    let map = |head: HeadWeights| Map {
        title: format!("block {}, head {}", head.block + 1, head.number + 1),
        weights: head.weights[(answer - 1) * tokens.len()..].to_vec(),
    };
    let name = task.name();
    let keys: Vec<String> = task.text(tokens).chars().map(String::from).collect();
    Figure::from(Maps {
        title: format!("{}{}: attention weights", name[..1].to_uppercase(), &name[1..]),
        queries: keys[answer - 1..].to_vec(),
        // Narrow enough for the names to be legible on a page.
        columns: if keys.len() > WIDE { columns.div_ceil(2) } else { columns },
        keys,
        maps: heads(model, tokens).into_iter().map(map).collect(),
        split: Some(*answer),
    })
}

/// The figure of two heads for a short sequence: the one that attends most to the token before,
/// and the one that attends most to what followed the current symbol when it occurred before. In an
/// induction circuit, the second uses the output of the first (Olsson et al. 2022).
fn circuit(model: &LanguageModel, seed: u64) -> Figure {
    let task = Task::Induction;
    // An answer that copies from far back shows both heads best.
    let copied_from = |s: &Sequence| s.tokens.iter().position(|token| *token == s.tokens[s.answer]);
    let sequences = task.holdout(task.shortest(), 32, seed);
    let Sequence { tokens, answer } =
        sequences.iter().min_by_key(|sequence| copied_from(sequence)).expect("32 sequences");
    let (n, all) = (tokens.len(), heads(model, tokens));
    let strongest = |title: &str, attends: &dyn Fn(usize, usize) -> bool| {
        let score = |head: &HeadWeights| {
            let pairs = (*answer..n).flat_map(|t| (0..t).map(move |j| (t, j)));
            pairs.filter(|&(t, j)| attends(t, j)).map(|(t, j)| head.weights[t * n + j]).sum::<f64>()
        };
        let best = all.iter().max_by(|a, b| score(a).total_cmp(&score(b))).expect("there are heads");
        Map { title: title.into(), weights: best.weights.clone() }
    };
    let names: Vec<String> = task.text(tokens).chars().map(String::from).collect();
    Figure::from(Maps {
        title: "Attention weights of two heads".into(),
        queries: names.clone(),
        keys: names,
        maps: vec![
            strongest("previous token", &|t, j| j + 1 == t),
            strongest("token after the last occurrence", &|t, j| j > 0 && tokens[j - 1] == tokens[t]),
        ],
        columns: 2,
        split: Some(*answer),
    })
    .framed()
}

/// The figure of the losses over the training steps. A line marks the step where induction forms.
fn training(history: &History) -> Figure {
    let curve = |name: &str| history.column("step").into_iter().zip(history.column(name)).collect::<Vec<_>>();
    let mut series: Vec<Series> = Vec::new();
    for (i, task) in Task::ALL.into_iter().enumerate() {
        let curve = Series::curve(curve(task.loss_name()), palette(i), Stroke::Solid);
        series.push(curve.named(task.name()));
    }
    series.push(Series::curve(curve("text_loss"), palette(6), Stroke::Solid).named("text"));
    let forms = induction_forms(history);
    let rules = |label: &str| forms.map(|step| Rule::AtX(step, label.into())).into_iter().collect();
    let losses = Chart {
        title: "Held-out loss".into(),
        x: Axis::new("step"),
        y: Axis::new("cross-entropy, nats per token").logarithmic(),
        series,
        rules: rules("induction score 0.5"),
        ..Chart::default()
    };
    let score = Chart {
        title: "Induction score of the best head".into(),
        x: Axis::new("step"),
        y: Axis::new("attention weight").from_to(0.0, 1.0),
        series: vec![Series::curve(curve("induction_score"), palette(0), Stroke::Solid)],
        // The curve would run through a label.
        rules: rules(""),
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(losses), Panel::Chart(score)])
}

/// All figures of a report.
pub(crate) fn all(
    config: &Attention,
    lessons: &Lessons,
    model: &Learners,
    history: Option<&History>,
) -> Vec<(&'static str, Figure)> {
    let names = ["induction-heads", "reversal-heads", "sorting-heads", "addition-heads"];
    let tasks = Task::ALL.into_iter().zip(&model.tasks).zip(names);
    let mut figures: Vec<_> =
        tasks.map(|((task, model), name)| (name, maps(task, lessons, model, config.heads))).collect();
    figures.push(("gallery", circuit(&model.tasks[Task::Induction as usize], config.seed)));
    figures.extend(history.map(|history| ("training", training(history))));
    figures
}
