//! The figures of assignment 6.

use super::{Attention, Learners, Lessons, Sequence, Task};
use crate::models::LanguageModel;
use crate::nn::Pass;
use crate::plot::{Axis, Chart, Figure, Map, Maps, Panel, Rule, Series, Stroke, palette};
use crate::tensor::Tensor;
use crate::train::History;

/// A head's weights, `[tokens, tokens]`, and which one it is.
struct HeadWeights {
    block: usize,
    number: usize,
    weights: Vec<f64>,
}

/// The weights of all heads for a sequence.
fn heads(model: &LanguageModel, tokens: &[usize]) -> Vec<HeadWeights> {
    let n = tokens.len();
    let layers = model.transformer.weights(tokens, 1, &mut Pass::inference());
    let of_layer = |(block, weights): (usize, &Tensor)| {
        let heads = weights.as_slice().chunks_exact(n * n).enumerate();
        heads
            .map(|(number, weights)| HeadWeights {
                block,
                number,
                weights: weights.iter().copied().map(f64::from).collect(),
            })
            .collect::<Vec<_>>()
    };
    layers.iter().enumerate().flat_map(of_layer).collect()
}

/// How much the best head attends to what followed the same symbol before, whenever that was, on average over the
/// answers' tokens of some sequences (Olsson et al. 2022, "prefix matching score").
pub(super) fn induction_score(lessons: &Lessons, model: &LanguageModel) -> f64 {
    let sequences = lessons.examples_of(Task::Induction, 16);
    let mut scores: Vec<f64> = Vec::new();
    for Sequence { tokens, answer } in sequences {
        let n = tokens.len();
        for (i, head) in heads(model, tokens).iter().enumerate() {
            let followed = |t: usize| (0..t).filter(move |&j| tokens[j] == tokens[t]).map(|j| j + 1);
            let weights = (*answer..n).flat_map(|t| followed(t).map(move |j| t * n + j));
            let weights: f64 = weights.map(|place| head.weights[place]).sum();
            let score = weights / (n - answer) as f64 / sequences.len() as f64;
            if scores.len() == i { scores.push(score) } else { scores[i] += score }
        }
    }
    scores.into_iter().fold(0.0, f64::max)
}

/// The first step at which the best head's induction score has reached one half.
fn induction_forms(history: &History) -> Option<f64> {
    let scores = history.column("induction_score").into_iter();
    history.column("step").into_iter().zip(scores).find(|(_, score)| *score >= 0.5).map(|(step, _)| step)
}

/// The weights of all heads for a task's first held-out sequence.
fn maps(task: Task, lessons: &Lessons, model: &LanguageModel, columns: usize) -> Figure {
    let Sequence { tokens, answer } = &lessons.examples_of(task, 1)[0];
    let map = |head: HeadWeights| Map {
        title: format!("block {}, head {}", head.block + 1, head.number + 1),
        weights: head.weights,
    };
    let name = task.name();
    Figure::from(Maps {
        title: format!("{}{}: what attends to what", name[..1].to_uppercase(), &name[1..]),
        tokens: task.text(tokens).chars().map(String::from).collect(),
        maps: heads(model, tokens).into_iter().map(map).collect(),
        columns,
        split: Some(*answer),
    })
}

/// Losses over the steps, with the moment when induction forms.
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
        y: Axis::new("loss, nats a token").logarithmic(),
        series,
        rules: rules("induction forms"),
        ..Chart::default()
    };
    let score = Chart {
        title: "The best induction head".into(),
        x: Axis::new("step"),
        y: Axis::new("weight on what followed before").from_to(0.0, 1.0),
        series: vec![Series::curve(curve("induction_score"), palette(0), Stroke::Solid)],
        // The curve would run through a label.
        rules: rules(""),
        ..Chart::default()
    };
    Figure::row(vec![Panel::Chart(losses), Panel::Chart(score)])
}

/// All figures of a report.
pub(super) fn all(
    config: &Attention,
    lessons: &Lessons,
    model: &Learners,
    history: Option<&History>,
) -> Vec<(&'static str, Figure)> {
    let names = ["induction-heads", "reversal-heads", "sorting-heads", "addition-heads"];
    let tasks = Task::ALL.into_iter().zip(&model.tasks).zip(names);
    let mut figures: Vec<_> =
        tasks.map(|((task, model), name)| (name, maps(task, lessons, model, config.heads))).collect();
    figures.extend(history.map(|history| ("training", training(history))));
    figures
}
