//! Ablation of a classifier: the effect of each setting on the accuracy.

use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::experiment::ablation::{Variant, write};
use crate::experiment::identity::{Action, Identity, config_value};
use crate::experiment::{Assignment, DataFolder, Error, RunArgs, memory};
use crate::files;
use crate::models::classification::{Augment, ImageClassification, judge};
use crate::table::{Table, row};
use crate::train::{Objective as _, RunOptions, Settings, train};

/// The variants of a configuration and how they are measured.
pub(crate) struct Plan<A> {
    /// The unchanged configuration.
    pub base: A,
    /// The unchanged configuration and its variants, by name.
    pub variants: Vec<(String, A)>,
    /// Each variant is trained with the seeds from 0 to `seeds` - 1.
    pub seeds: u64,
    /// One of every `every` training examples is used.
    pub every: usize,
}

/// The file of the accuracies measured so far, from which `--resume` continues.
const MEASURED: &str = "ablation.json";

#[derive(Serialize, Deserialize, PartialEq)]
struct Measured {
    config: Value,
    accuracy: f64,
}

/// Trains every variant of the plan with every seed, prints and draws the accuracy on the
/// validation examples, and writes it to `ablation.csv`. The test set is not read. `ablation.json`
/// holds the accuracies measured so far.
///
/// # Errors
/// If data are missing, training fails, or a file cannot be read or written.
pub(crate) fn compare<A, G>(plan: Plan<A>, args: &RunArgs, resume: bool) -> Result<(), Error>
where
    A: Assignment<Problem = ImageClassification<G>>,
    G: Augment,
{
    let Plan { base, variants, seeds, every } = plan;
    for (_, variant) in &variants {
        variant.validate().map_err(Error::Usage)?;
    }
    let output = args.open(A::COMMAND, "ablation")?;
    let file = output.folder().join(MEASURED);
    let mut measured = if resume { read(&file)? } else { Vec::new() };
    output.begin_or_resume(&Identity::new(&base, Action::named("ablation"))?, resume)?;
    let mut table = Table::new([
        "variant",
        "validation_accuracy_min",
        "validation_accuracy_mean",
        "validation_accuracy_max",
    ]);
    let mut rows = Vec::new();
    args.say(&format!("{:<38} {:>8} {:>8} {:>8}", "validation accuracy", "lowest", "mean", "highest"));
    for (name, variant) in variants {
        let mut accuracies = Vec::new();
        for seed in 0..seeds {
            let variant = variant.with_seed(seed);
            let config = config_value(A::COMMAND, &variant);
            let known = measured.iter().find(|known| known.config == config).map(|known| known.accuracy);
            accuracies.push(if let Some(accuracy) = known {
                accuracy
            } else {
                let accuracy = accuracy_of(&variant, every, &args.data(&output))?;
                measured.push(Measured { config, accuracy });
                let text = serde_json::to_string(&measured).expect("plain data");
                output.write(MEASURED, &(text + "\n"))?;
                accuracy
            });
        }
        accuracies.sort_by(f64::total_cmp);
        let (lowest, highest) = (accuracies[0], accuracies[accuracies.len() - 1]);
        let middle = accuracies.iter().sum::<f64>() / accuracies.len() as f64;
        args.say(&format!("{name:<38} {lowest:>8.4} {middle:>8.4} {highest:>8.4}"));
        row!(table; name, lowest, middle, highest);
        rows.push(Variant { name, middle, lowest, highest });
    }
    write(&output, &mut table, ("validation accuracy", "mean", seeds as usize), rows)
}

fn read(file: &Path) -> Result<Vec<Measured>, Error> {
    let Some(text) = files::read_if_there(file)? else { return Ok(Vec::new()) };
    serde_json::from_slice(&text)
        .map_err(|error| Error::Config { path: file.into(), message: error.to_string() })
}

/// Trains on a part of the training examples, and returns the accuracy on the validation examples.
fn accuracy_of<A, G>(config: &A, every: usize, data: &DataFolder) -> Result<f64, Error>
where
    A: Assignment<Problem = ImageClassification<G>>,
    G: Augment,
{
    let mut problem = config.problem(data)?;
    problem.training = problem.training.into_iter().step_by(every).collect();
    let settings = config.settings(&problem);
    let settings = Settings { log_every: settings.steps, ..settings };
    memory::check(config, &settings, problem.examples(), 1)?;
    let (model, _) =
        train(&problem, &config.model(&problem)?, settings, config.seed(), &RunOptions::default())?;
    Ok(judge(&model, &problem.pictures, &problem.validation)?.1)
}
