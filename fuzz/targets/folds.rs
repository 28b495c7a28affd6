//! Results of cross-validation folds, collected and compared; and learning curves.

use std::path::Path;

use ece472::assignments::ag_news::{AgNews, collect, compare};
use serde_json::json;

use super::{Target, run_options, settings, stored};
use crate::sample::{File, Format, Sample};

/// The memory for drawing a figure of a few points does not depend on the files.
pub const TARGET: Target = Target { memory: 64, corpus, read };

const MODELS: [&str; 2] = ["a", "b"];
const CURVE: &str = "training,accuracy_mean,accuracy_std\n500,0.8,0.01\n1000,0.85,0.02\n";

fn corpus() -> Vec<Sample> {
    let config = stored(&settings::<AgNews>(&[]));
    let mut files = Vec::new();
    for (i, model) in MODELS.into_iter().enumerate() {
        for number in 0..2 {
            let fold = json!({
                "config": config,
                "folds": 2,
                "number": number,
                "training": 100,
                "examples": 100,
                "accuracy": 0.8 + 0.01 * i as f64 + 0.02 * f64::from(number),
                "candidates": [0.1, 0.2],
                "learning_rate": 0.1,
            });
            let text = serde_json::to_vec_pretty(&fold).expect("plain data");
            files.push(File::new(format!("{model}/fold-{number}.json"), Format::Json, text));
        }
        files.push(File::new(format!("{model}/learning-curve.csv"), Format::Text, CURVE.into()));
    }
    vec![Sample(files)]
}

fn read(folder: &Path) -> Result<(), String> {
    let folders = MODELS.map(|model| folder.join(model)).to_vec();
    let options = run_options(folder);
    collect(&folders[..1], &options).map_err(|e| e.to_string())?;
    // Figures are slow, so only one input in four draws them.
    let number = folder.file_name().and_then(|name| name.to_str()?.parse::<u64>().ok()).unwrap_or(0);
    if number.is_multiple_of(4) { compare(&folders, &options).map_err(|e| e.to_string()) } else { Ok(()) }
}
