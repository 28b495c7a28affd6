//! What help texts show beyond the doc comments: ranges, defaults, presets and examples.

use clap::{Arg, Command};
use serde_json::{Map, Value};

use crate::assignments::ag_news::AgNews;
use crate::assignments::attention::Attention;
use crate::assignments::cifar::Cifar;
use crate::assignments::mnist::Mnist;
use crate::assignments::sine_regression::SineRegression;
use crate::assignments::siren::PictureFit;
use crate::assignments::spirals::Spirals;
use crate::experiment::configuration::as_typed;
use crate::experiment::{Assignment, Preset};

/// Examples for the help of each command and action: the command's words, and its example lines.
pub(super) const EXAMPLES: &[(&str, &[&str])] = &[
    ("sine-regression", &["sine-regression", "sine-regression --basis sigmoid --seed 7"]),
    ("sine-regression evaluate", &["sine-regression evaluate results/sine-regression/weights.safetensors"]),
    ("sine-regression seeds", &["sine-regression seeds 20", "sine-regression seeds 20 --basis sigmoid"]),
    ("sine-regression cross-validate", &["sine-regression cross-validate"]),
    ("spirals", &["spirals --seed 42", "spirals --laps 3 --noise 0.2"]),
    ("spirals evaluate", &["spirals evaluate results/spirals/weights.safetensors"]),
    ("spirals seeds", &["spirals seeds 20", "spirals seeds 20 --laps 3 --noise 0.2"]),
    ("spirals ablation", &["spirals ablation", "spirals ablation --laps 3 --noise 0.2"]),
    ("mnist", &["mnist --preset quick", "mnist --resume"]),
    ("mnist evaluate", &["mnist evaluate assignments/3-mnist/weights/standard.safetensors"]),
    ("mnist seeds", &["mnist seeds 3 --preset quick"]),
    (
        "mnist predict",
        &["mnist predict assignments/3-mnist/five.jpg", "mnist predict a.png b.jpg --out answers"],
    ),
    ("mnist ablation", &["mnist ablation", "mnist ablation --resume"]),
    ("mnist challenge", &["mnist challenge"]),
    ("cifar", &["cifar --preset quick", "cifar --dataset cifar100 --download"]),
    (
        "cifar evaluate",
        &[
            "cifar evaluate assignments/4-cifar/weights/cifar10-standard.safetensors",
            "cifar evaluate assignments/4-cifar/weights/cifar10-quick.safetensors --test-time flip-shift",
        ],
    ),
    ("cifar seeds", &["cifar seeds 3 --preset quick"]),
    ("cifar predict", &["cifar predict photo.jpg", "cifar predict *.png --out answers"]),
    ("cifar ablation", &["cifar ablation --preset quick --epochs 2", "cifar ablation --resume"]),
    ("ag-news", &["ag-news --preset quick", "ag-news --model minilm-frozen"]),
    (
        "ag-news evaluate",
        &[
            "ag-news evaluate assignments/5-ag-news/weights/embeddings.safetensors",
            "ag-news evaluate results/ag-news/weights.safetensors --with other.safetensors",
        ],
    ),
    ("ag-news seeds", &["ag-news seeds 3 --preset quick"]),
    ("ag-news predict", &["ag-news predict \"The team won the cup final\""]),
    ("ag-news embed", &["ag-news embed \"Oil prices rise\" \"The price of oil goes up\""]),
    (
        "ag-news cross-validate",
        &["ag-news cross-validate --model linear --out results/linear", "ag-news cross-validate --fold 3"],
    ),
    ("ag-news collect", &["ag-news collect results/fold-0 results/fold-1 results/fold-2"]),
    ("ag-news compare", &["ag-news compare results/linear results/embeddings"]),
    ("ag-news learning-curve", &["ag-news learning-curve --model linear"]),
    ("attention", &["attention", "attention --steps 500 --seed 7"]),
    ("attention evaluate", &["attention evaluate assignments/6-attention/weights/standard.safetensors"]),
    ("attention seeds", &["attention seeds 3 --steps 500"]),
    ("siren", &["siren --preset quick", "siren --image photo.jpg --color"]),
    ("siren evaluate", &["siren evaluate assignments/7-siren/weights/standard.safetensors"]),
    ("siren seeds", &["siren seeds 3 --preset quick --size 64"]),
    (
        "siren show",
        &[
            "siren show networks --preset quick",
            "siren show zoom --fitted assignments/7-siren/weights/standard.safetensors",
        ],
    ),
    ("report", &["report --source", "report --assignments spirals --from results/spirals --out handed-in"]),
    (
        "completions",
        &[
            "completions bash > ~/.local/share/bash-completion/completions/ece472",
            "completions fish > ~/.config/fish/completions/ece472.fish",
        ],
    ),
    ("man", &["man | man -l -", "man --out ~/.local/share/man/man1"]),
];

/// The command line with complete help texts.
pub(super) fn complete(command: Command) -> Command {
    let command = complete_assignment::<SineRegression>(command);
    let command = complete_assignment::<Spirals>(command);
    let command = complete_assignment::<Mnist>(command);
    let command = complete_assignment::<Cifar>(command);
    let command = complete_assignment::<AgNews>(command);
    let command = complete_assignment::<Attention>(command);
    with_examples(complete_assignment::<PictureFit>(command))
}

/// Completes the help of an assignment and of its actions.
fn complete_assignment<A: Assignment>(command: Command) -> Command {
    command.mut_subcommand(A::COMMAND, |command| {
        let command = complete_options::<A>(command, A::COMMAND);
        let command = match presets::<A>() {
            Some(presets) => command.after_help(presets),
            None => command,
        };
        command.mut_subcommands(|action| {
            let folder = format!("{}-{}", A::COMMAND, action.get_name());
            complete_options::<A>(action, &folder)
        })
    })
}

/// Shows the range of each setting, the default of lists as it is typed, and the default folder for
/// results; hides options for data sets where none are read.
fn complete_options<A: Assignment>(command: Command, folder: &str) -> Command {
    command.mut_args(|arg| {
        let id = arg.get_id().to_string();
        if id == "out" && arg.get_default_values().is_empty() {
            return described(arg, &format!("[default: results/{folder}]"));
        }
        if !A::READS_DATA && (id == "data_dir" || id == "download") {
            return arg.hide(true);
        }
        let arg = match heading::<A>(&id) {
            Some(heading) => arg.help_heading(heading),
            None => arg,
        };
        let range = A::ranges().into_iter().find(|(setting, _)| *setting == id);
        let arg = match range {
            Some((_, range)) => described(arg, &format!("[{range}]")),
            None => arg,
        };
        if arg.get_value_delimiter().is_none() {
            return arg;
        }
        // A list would be shown with spaces, which the option does not take.
        let defaults = arg.get_default_values().iter();
        let defaults: Vec<_> = defaults.map(|value| value.to_string_lossy().into_owned()).collect();
        described(arg, &format!("[default: {}]", defaults.join(","))).hide_default_value(true)
    })
}

/// The heading of a setting.
fn heading<A: Assignment>(setting: &str) -> Option<&'static str> {
    let Ok(Value::Object(settings)) = serde_json::to_value(A::default()) else { return None };
    let mut heading = None;
    for name in settings.keys() {
        heading = A::HEADINGS.iter().find(|(first, _)| first == name).map(|(_, text)| *text).or(heading);
        if name == setting {
            return heading;
        }
    }
    None
}

fn described(arg: Arg, note: &str) -> Arg {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let space = if help.is_empty() { "" } else { " " };
    arg.help(format!("{help}{space}{note}"))
}

/// What each preset sets, if the assignment has presets.
fn presets<A: Assignment>() -> Option<String> {
    let settings = |config: &A| match serde_json::to_value(config).expect("plain data") {
        Value::Object(settings) => settings,
        _ => Map::new(),
    };
    let standard = settings(&A::default());
    standard.get("preset")?;
    let mut lines = vec!["Presets, and the settings that differ from the defaults:".to_owned()];
    for preset in [Preset::Quick, Preset::Standard, Preset::Record] {
        let mut chosen = standard.clone();
        chosen["preset"] = serde_json::to_value(preset).expect("plain data");
        let chosen: A = serde_json::from_value(Value::Object(chosen)).expect("a preset");
        let Some(config) = chosen.preset().filter(|_| chosen.validate().is_ok()) else { continue };
        let changed = settings(&config)
            .into_iter()
            .filter(|(name, value)| name != "preset" && standard[name] != *value);
        let changed =
            changed.map(|(name, value)| format!("--{} {}", name.replace('_', "-"), as_typed(&value)));
        let changed = changed.collect::<Vec<_>>().join(" ");
        let name = serde_json::to_value(preset).expect("plain data");
        lines.push(format!("  {:<9}{}", as_typed(&name), if changed.is_empty() { "none" } else { &changed }));
    }
    Some(lines.join("\n"))
}

/// Appends examples to the help of each command and action.
fn with_examples(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (words, lines)| {
        let help = lines.iter().fold("Examples:".to_owned(), |help, line| help + "\n  ece472 " + line);
        match words.split_once(' ') {
            None => command.mut_subcommand(words, |assignment| {
                let presets = assignment.get_after_help().map(|presets| format!("{presets}\n\n"));
                assignment.after_help(presets.unwrap_or_default() + &help)
            }),
            Some((assignment, action)) => command.mut_subcommand(assignment, |assignment| {
                assignment.mut_subcommand(action, |action| action.after_help(help))
            }),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignments::for_each_assignment;

    fn check_headings<A: Assignment>() {
        let Ok(Value::Object(settings)) = serde_json::to_value(A::default()) else { panic!("settings") };
        for (first, heading) in A::HEADINGS {
            assert!(settings.contains_key(*first), "{}: {heading} begins with {first}", A::COMMAND);
        }
        let without = settings.keys().filter(|name| *name != "seed" && heading::<A>(name).is_none());
        assert_eq!(without.collect::<Vec<_>>(), Vec::<&String>::new(), "{}", A::COMMAND);
    }

    #[test]
    fn every_setting_has_a_heading() {
        for_each_assignment!(check_headings);
    }

    #[test]
    fn presets_show_what_they_change() {
        let text = presets::<Mnist>().unwrap();
        let quick = text.lines().find(|line| line.trim_start().starts_with("quick")).unwrap();
        assert_eq!(quick, "  quick    --epochs 2");
        assert!(text.contains("--layer-depths 32,32,64,64,128,128"), "{text}");
        assert!(presets::<Spirals>().is_none());
    }

    #[test]
    fn help_shows_folders_and_lists_as_they_are_typed() {
        let mut command = crate::cli::arguments::command();
        let mut help = |assignment: &str| {
            command.find_subcommand_mut(assignment).unwrap().render_long_help().to_string()
        };
        let mnist = help("mnist");
        assert!(
            mnist.contains("[default: 32,32,64,64]") && mnist.contains("[default: results/mnist]"),
            "{mnist}"
        );
        assert!(mnist.contains("--data-dir") && !help("spirals").contains("--data-dir"));
    }
}
