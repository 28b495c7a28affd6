//! The studies of assignment 5: cross-validation, comparison of models, and learning curves.

mod comparison;
mod cross_validation;
mod folds;
mod learning_curve;

pub use comparison::compare;
pub use cross_validation::{CrossValidationArgs, collect, cross_validate};
pub use learning_curve::learning_curve;
