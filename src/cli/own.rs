//! The actions that only some assignments have.

use std::path::PathBuf;

use clap::{ArgMatches, Args, Subcommand};

use super::actions::{OwnAction, Plan, ResumablePlan, in_pool};
use crate::assignments::{ag_news, cifar, mnist, sine_regression, siren, spirals};
use crate::experiment::prediction::PredictArgs;
use crate::experiment::{Error, RunArgs};

/// Actions of `sine-regression`.
#[derive(Subcommand, Debug)]
pub(super) enum SineRegression {
    /// Choose the number of basis functions by cross-validation
    CrossValidate(Plan<sine_regression::SineRegression>),
}

impl OwnAction for SineRegression {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        let Self::CrossValidate(plan) = self;
        plan.execute(matches, sine_regression::cross_validate)
    }
}

/// Actions of `spirals`.
#[derive(Subcommand, Debug)]
pub(super) enum Spirals {
    /// Ablation: change one setting at a time, with ten seeds each
    Ablation(Plan<spirals::Spirals>),
}

impl OwnAction for Spirals {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        let Self::Ablation(plan) = self;
        plan.execute(matches, spirals::ablation)
    }
}

/// Actions of `mnist`.
#[derive(Subcommand, Debug)]
pub(super) enum Mnist {
    /// Classify pictures of handwritten digits and plot the probabilities
    Predict(PredictArgs),
    /// Ablation: change one setting at a time, with two seeds each
    Ablation(ResumablePlan<mnist::Mnist>),
    /// Classify digits with very few learned parameters
    Challenge(Plan<mnist::Mnist>),
}

impl OwnAction for Mnist {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        match self {
            Self::Predict(args) => mnist::predict(&args),
            Self::Ablation(plan) => plan.execute(matches, mnist::ablation),
            Self::Challenge(plan) => plan.execute(matches, mnist::challenge),
        }
    }
}

/// Actions of `cifar`.
#[derive(Subcommand, Debug)]
pub(super) enum Cifar {
    /// Classify photographs and plot the probabilities
    Predict(PredictArgs),
    /// Ablation: remove one technique at a time, with three seeds each
    Ablation(Box<ResumablePlan<cifar::Cifar>>),
}

impl OwnAction for Cifar {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        match self {
            Self::Predict(args) => cifar::predict(&args),
            Self::Ablation(plan) => plan.execute(matches, cifar::ablation),
        }
    }
}

/// Actions of `ag-news`.
#[derive(Subcommand, Debug)]
pub(super) enum AgNews {
    /// Classify texts, and show which words influence the answers
    Predict(ag_news::PredictArgs),
    /// Compute embedding vectors of texts with the pretrained encoder MiniLM
    Embed(ag_news::EmbedArgs),
    /// Cross-validation: for each fold, train on the other folds and measure the accuracy on it
    CrossValidate(CrossValidateArgs),
    /// Join the folds that `cross-validate --fold K` wrote to several folders
    Collect(FoldersArgs),
    /// Compare models by their cross-validations, one folder for each model
    Compare(FoldersArgs),
    /// Train on growing parts of the training set and plot the accuracy
    LearningCurve(LearningCurveArgs),
}

/// Options of `cross-validate`.
#[derive(Args, Debug)]
pub(super) struct CrossValidateArgs {
    #[command(flatten)]
    folds: ag_news::CrossValidationArgs,
    #[command(flatten)]
    plan: ResumablePlan<ag_news::AgNews>,
}

/// Options of `collect` and `compare`.
#[derive(Args, Debug)]
pub(super) struct FoldersArgs {
    /// Output folders of `cross-validate`
    #[arg(required = true, value_name = "DIR")]
    folders: Vec<PathBuf>,
    #[command(flatten)]
    run: RunArgs,
}

/// Options of `learning-curve`.
#[derive(Args, Debug)]
pub(super) struct LearningCurveArgs {
    /// Number of folds that the training set is cut into [3 to 1000]
    #[arg(long, value_name = "N", default_value_t = 5, help_heading = "Cross-validation")]
    folds: usize,
    #[command(flatten)]
    plan: Plan<ag_news::AgNews>,
}

impl OwnAction for AgNews {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        match self {
            Self::Predict(args) => ag_news::predict(&args),
            Self::Embed(args) => ag_news::embed(&args),
            Self::CrossValidate(CrossValidateArgs { folds, plan }) => plan
                .execute(matches, |config, args, resume| {
                    ag_news::cross_validate(config, &folds, args, resume)
                }),
            Self::Collect(FoldersArgs { folders, run }) => in_pool(&run, || ag_news::collect(&folders, &run)),
            Self::Compare(FoldersArgs { folders, run }) => in_pool(&run, || ag_news::compare(&folders, &run)),
            Self::LearningCurve(LearningCurveArgs { folds, plan }) => {
                plan.execute(matches, |config, args| ag_news::learning_curve(config, folds, args))
            }
        }
    }
}

/// Actions of `siren`.
#[derive(Subcommand, Debug)]
pub(super) enum Siren {
    /// Demonstrate applications of a picture that is represented by a network
    Show(ShowArgs),
}

/// Options of `show`.
#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    #[command(flatten)]
    demonstration: siren::DemonstrationArgs,
    #[command(flatten)]
    plan: ResumablePlan<siren::PictureFit>,
}

impl OwnAction for Siren {
    fn execute(self, matches: &ArgMatches) -> Result<(), Error> {
        let Self::Show(ShowArgs { demonstration, plan }) = self;
        plan.execute(matches, |config, args, resume| siren::demonstrate(config, &demonstration, args, resume))
    }
}
