//! The settings of a run. The command line takes precedence over the `--config` file, the file over
//! the preset, and the preset over the defaults.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde_json::{Map, Value};

use crate::experiment::{Assignment, Error, parse_config};
use crate::files;

/// The settings of a run, merged from all sources. An error names the source that caused it.
///
/// # Errors
/// If the file cannot be read or is not a configuration of this command, or a setting is out of
/// range.
pub fn settings<A: Assignment>(config: &A, file: Option<&Path>, matches: &ArgMatches) -> Result<A, Error> {
    let given = given(config, matches)?;
    let config = with_preset(config, &given);
    let Some(path) = file else { return Ok(config) };
    let fail = |message: String| Error::Config { path: path.into(), message };
    let text = files::read_text(path)?;
    let mut value: Value =
        serde_json::from_str(&text).map_err(|e| fail(format!("not a configuration: {e}")))?;
    let file = value.as_object_mut().ok_or_else(|| fail("not a configuration: no JSON object".into()))?;
    for (old, new) in A::RENAMED {
        if let Some(value) = file.shift_remove(*old) {
            file.insert((*new).into(), value);
        }
    }
    // A setting that is missing in the file keeps its default.
    let Ok(Value::Object(defaults)) = serde_json::to_value(&config) else { panic!("plain data") };
    for (name, value) in defaults {
        file.entry(name).or_insert(value);
    }
    let of_file = Value::Object(file.clone());
    file.extend(given);
    let read = |value: &Value| parse_config::<A>(A::COMMAND, &value.to_string(), path);
    read(&value).map_err(|error| match error {
        // The command line caused the error if it is wrong by itself or the file is right by
        // itself.
        Error::Config { message, .. }
            if config.validate().is_err_and(|own| own == message) || read(&of_file).is_ok() =>
        {
            Error::Usage(message)
        }
        error => error,
    })
}

/// The settings of the preset, overridden by those given on the command line.
fn with_preset<A: Assignment>(config: &A, given: &Map<String, Value>) -> A {
    let Some(preset) = config.preset() else { return config.clone() };
    let mut value = serde_json::to_value(preset).expect("plain data");
    for (name, given) in given {
        value[name] = given.clone();
    }
    serde_json::from_value(value).expect("settings of the same kind")
}

/// The settings that are given on the command line.
///
/// # Errors
/// If one is a path that is not UTF-8, which `config.json` cannot hold.
pub(super) fn given<A: Assignment>(config: &A, matches: &ArgMatches) -> Result<Map<String, Value>, Error> {
    for name in argument_names::<A>() {
        let mut values = matches.get_raw(&name).into_iter().flatten();
        if let Some(path) = values.find(|value| value.to_str().is_none()) {
            return Err(Error::Usage(format!(
                "--{} {}: the path is not UTF-8, and config.json could not hold it: rename the file",
                name.replace('_', "-"),
                path.display()
            )));
        }
    }
    let Ok(Value::Object(mut settings)) = serde_json::to_value(config) else { panic!("plain data") };
    settings.retain(|name, _| matches.value_source(name) == Some(ValueSource::CommandLine));
    Ok(settings)
}

/// The names of an assignment's settings: the ids of clap's arguments.
fn argument_names<A: clap::Args>() -> Vec<String> {
    let command = A::augment_args(clap::Command::new("settings"));
    command.get_arguments().map(|a| a.get_id().to_string()).collect()
}

#[cfg(test)]
mod tests {
    use clap::{Args as _, FromArgMatches as _};

    use super::*;
    use crate::assignments::ag_news::AgNews;
    use crate::assignments::for_each_assignment;

    #[test]
    fn every_setting_has_one_name_on_the_command_line_and_in_files() {
        fn check<A: Assignment>() {
            let command = A::augment_args(clap::Command::new("test"));
            let matches = command.get_matches_from(["test"]);
            let config = A::from_arg_matches(&matches).unwrap();
            // clap parses the default texts into the defaults.
            assert_eq!(serde_json::to_value(&config).unwrap(), serde_json::to_value(A::default()).unwrap());
            config.validate().unwrap();
            let value = serde_json::to_value(config).unwrap();
            let settings = value.as_object().unwrap();
            assert_eq!(settings.keys().cloned().collect::<Vec<_>>(), argument_names::<A>());
            assert!(A::JUDGED_BY.iter().chain(A::FILES).all(|name| settings.contains_key(*name)));
            // Every setting that is a path is listed in `FILES`.
            let paths = settings.iter().filter(|(_, value)| value.is_null()).map(|(name, _)| name.as_str());
            assert_eq!(paths.collect::<Vec<_>>(), A::FILES);
            // Files of earlier versions can be read.
            for (old, new) in A::RENAMED {
                let mut earlier = settings.clone();
                let value = earlier.remove(*new).expect("a setting");
                earlier.insert((*old).into(), value);
                let read: A = serde_json::from_value(Value::Object(earlier)).unwrap();
                assert_eq!(serde_json::to_value(read).unwrap(), value_of_default::<A>());
            }
        }
        fn value_of_default<A: Assignment>() -> Value {
            serde_json::to_value(A::default()).unwrap()
        }
        for_each_assignment!(check);
    }

    #[test]
    fn a_file_with_old_names_is_read_and_overridden() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.json");
        std::fs::write(&path, r#"{ "command": "ag-news", "places": 7, "beside": "w" }"#).unwrap();
        let read = |options: &[&str]| {
            let command = AgNews::augment_args(clap::Command::new("test"));
            let matches = command.get_matches_from(["test"].iter().chain(options));
            settings(&AgNews::from_arg_matches(&matches).unwrap(), Some(&path), &matches).unwrap()
        };
        assert_eq!((read(&[]).buckets, read(&[]).with), (7, Some("w".into())));
        assert_eq!(read(&["--buckets", "8"]).buckets, 8);
    }
}
