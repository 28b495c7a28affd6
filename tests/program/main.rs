//! The program as a user runs it, and the data that it reads.
#![allow(clippy::print_stdout, reason = "a long test says how it goes")]

mod ag_news;
mod cifar;
mod cli;
mod data;
mod finite;
mod mnist;
mod photographs;
mod runs;
mod siren;
mod text;
