//! Fuzz tests with damaged files: whatever a file contains, reading it must end with a result or an
//! error.
//!
//! Each test below is a target. It changes small valid files at random and reads them as the
//! program does. See README.md.
#![allow(clippy::print_stdout, reason = "the tests print their progress")]

mod mutate;
mod sample;
mod supervise;
mod targets;

use std::alloc::System;

use cap::Cap;

/// Counts the memory of the process and refuses allocations beyond the limit of an input.
#[global_allocator]
static MEMORY: Cap<System> = Cap::new(System, usize::MAX);

#[test]
fn idx() {
    supervise::fuzz("idx", &targets::idx::TARGET);
}

#[test]
fn cifar() {
    supervise::fuzz("cifar", &targets::cifar::TARGET);
}

#[test]
fn ag_news() {
    supervise::fuzz("ag_news", &targets::ag_news::TARGET);
}

#[test]
fn archive() {
    supervise::fuzz("archive", &targets::archive::TARGET);
}

#[test]
fn pictures() {
    supervise::fuzz("pictures", &targets::pictures::TARGET);
}

#[test]
fn weights() {
    supervise::fuzz("weights", &targets::weights::TARGET);
}

#[test]
fn checkpoint() {
    supervise::fuzz("checkpoint", &targets::checkpoint::TARGET);
}

#[test]
fn encoder() {
    supervise::fuzz("encoder", &targets::encoder::TARGET);
}

#[test]
fn config() {
    supervise::fuzz("config", &targets::config::TARGET);
}

#[test]
fn folds() {
    supervise::fuzz("folds", &targets::folds::TARGET);
}

#[test]
fn every_kind_of_fault_is_found() {
    supervise::check_that_faults_are_found("every_kind_of_fault_is_found");
}
