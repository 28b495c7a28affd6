//! Adding an assignment.
//!
//! An assignment says how its data, its model and its training follow from its settings, and what
//! is measured at the end. Everything else is the same for all: the command line, the checkpoint,
//! `config.json`, `metrics.json`, the weights and the figures.
//!
//! Here it is done from outside of the crate, for a line through noisy points.
//!
//! ```
//! use ece472::autodiff::Algebra;
//! use ece472::experiment::{Assignment, Configuration, DataFolder, Error, Goal, Report, RunArgs, run};
//! use ece472::nn::loss::half_squared_error;
//! use ece472::nn::{Init, Linear, Module as _, Pass};
//! use ece472::random::{Purpose, Stream};
//! use ece472::tensor::Tensor;
//! use ece472::train::{History, Objective, Settings, Shard};
//!
//! /// The settings. The derives make them options of a command line and keys of config.json.
//! #[derive(Clone, Debug, clap::Args, serde::Serialize, serde::Deserialize)]
//! struct Line {
//!     /// Seed of all randomness
//!     #[arg(long, default_value_t = 472)]
//!     seed: u64,
//!     /// Number of points
//!     #[arg(long, default_value_t = 50)]
//!     points: usize,
//! }
//!
//! impl Default for Line {
//!     fn default() -> Self {
//!         Self { seed: 472, points: 50 }
//!     }
//! }
//!
//! impl Configuration for Line {
//!     fn seed(&self) -> u64 {
//!         self.seed
//!     }
//!     fn with_seed(&self, seed: u64) -> Self {
//!         Self { seed, ..self.clone() }
//!     }
//!     fn check_ranges(&self) -> Result<(), String> {
//!         if self.points > 0 { Ok(()) } else { Err("--points 0 is not 1 or more".into()) }
//!     }
//!     fn ranges() -> Vec<(&'static str, String)> {
//!         vec![("points", "1 or more".into())]
//!     }
//! }
//!
//! /// Points (x, 2 x + 1 + noise), and the squared error of a linear layer.
//! struct Points {
//!     x: Tensor,
//!     y: Tensor,
//! }
//!
//! impl Objective for Points {
//!     type Model = Linear;
//!
//!     fn examples(&self) -> usize {
//!         self.x.shape()[0]
//!     }
//!
//!     fn loss<A: Algebra<Elem = f32>>(&self, model: &Linear<A>, shard: &Shard<'_>, pass: &mut Pass<A>) -> A {
//!         let x = pass.constant(self.x.gather(0, shard.examples));
//!         let y = pass.constant(self.y.gather(0, shard.examples));
//!         half_squared_error(&model.forward(&x, pass), &y).sum()
//!     }
//! }
//!
//! impl Assignment for Line {
//!     const COMMAND: &'static str = "line";
//!     type Problem = Points;
//!
//!     fn problem(&self, _: &DataFolder) -> Result<Points, Error> {
//!         let mut stream = Stream::new(self.seed, Purpose::Data);
//!         let x = Tensor::rand(&[self.points, 1], &mut stream);
//!         let y = 2.0 * &x + 1.0 + 0.1 * Tensor::randn(&[self.points, 1], &mut stream);
//!         Ok(Points { x, y })
//!     }
//!
//!     fn network(&self) -> Linear {
//!         Linear::new(1, 1, true, Init::Zeros, &mut Stream::new(self.seed, Purpose::Init))
//!     }
//!
//!     fn settings(&self, _: &Points) -> Settings {
//!         Settings::new(500, 25, 0.05)
//!     }
//!
//!     // Counts by which settings that need more memory than there is are refused at once.
//!     fn parameter_count(&self) -> usize {
//!         2
//!     }
//!     fn activation_count(&self) -> usize {
//!         self.points
//!     }
//!
//!     fn goals(&self) -> Vec<Goal> {
//!         vec![Goal::AtMost("slope_error", 0.1)]
//!     }
//!
//!     fn report(&self, _: &DataFolder, model: &Linear, _: Option<&History>) -> Result<Report, Error> {
//!         let slope_error = f64::from((model.weight.item() - 2.0).abs());
//!         Ok(Report { metrics: vec![("slope_error", slope_error)], figures: vec![], files: vec![] })
//!     }
//! }
//!
//! // Runs as the program does, and writes its files into a folder.
//! let out = std::env::temp_dir().join(format!("ece472-guide-{}", std::process::id()));
//! let args = RunArgs {
//!     out: Some(out.clone()),
//!     data_dir: "data".into(),
//!     download: false,
//!     threads: None,
//!     quiet: true,
//! };
//! run(&Line::default(), &args, false)?;
//! let metrics = std::fs::read_to_string(out.join("metrics.json")).unwrap();
//! assert!(metrics.contains(r#""met": true"#), "{metrics}");
//! # std::fs::remove_dir_all(out).unwrap();
//! # Ok::<(), Error>(())
//! ```
//!
//! # Inside of the crate
//! 1. A folder in `src/assignments` with the same files as the others: `settings.rs`, where the
//!    macro `configuration!` writes the settings, their ranges and their help texts from one line
//!    for each; `problem.rs`; `report.rs`; and `studies.rs` for actions of its own.
//! 2. A line of `enum Command` in `src/cli.rs`, and one of `execute` below it.
//! 3. A write-up in `assignments/N-name/README.md`, with the figures and metrics next to it.
//! 4. Tests: the loss in the gradient checker, and in `tests/program` the program as a user runs
//!    it.
