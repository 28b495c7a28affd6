//! Tests of the program as a user runs it, and of the data that it reads.
#![allow(clippy::print_stdout, reason = "long tests print their progress")]

mod ag_news;
mod cifar;
mod cli;
mod data;
mod finite;
mod mnist;
mod photographs;
mod readme;
mod report;
mod runs;
mod siren;
mod support;
mod text;
