//! The command line program.

use std::process::ExitCode;

use ece472::experiment::Error;
use ece472::{cli, console, signals, tensor};

fn main() -> ExitCode {
    if let Err(error) = signals::handle() {
        console::message(&format!("warning: an interruption will leave no checkpoint: {error}"));
    }
    if let Some(warning) = tensor::slow_processor() {
        console::message(&format!("warning: {warning}"));
    }
    let done = cli::execute(std::env::args_os());
    match done.and_then(|()| console::finish().map_err(Error::from)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            console::message(&format!("error: {error}"));
            ExitCode::from(error.exit_status())
        }
    }
}
