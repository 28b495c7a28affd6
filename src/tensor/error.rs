//! What is said when shapes do not fit.

use thiserror::Error;

/// Shapes that an operation cannot be applied to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation}: {message}")]
pub struct ShapeError {
    operation: &'static str,
    message: String,
}

impl ShapeError {
    /// What is wrong (`message`, naming shapes and axis) with the inputs of `operation`.
    pub(crate) fn new(operation: &'static str, message: impl Into<String>) -> Self {
        Self { operation, message: message.into() }
    }
}
