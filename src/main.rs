//! The command line program.

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(warning) = ece472::tensor::slow_processor() {
        eprintln!("warning: {warning}");
    }
    match ece472::cli::execute(std::env::args_os()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(error.exit_status())
        }
    }
}
