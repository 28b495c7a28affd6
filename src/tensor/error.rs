//! The error of shapes that do not fit.

use thiserror::Error;

/// Shapes that an operation cannot be applied to.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{operation}: {message}")]
pub struct ShapeError {
    operation: &'static str,
    message: String,
}

impl ShapeError {
    /// An error of `operation`. `message` describes it and names the shapes and the axis.
    pub(crate) fn new(operation: &'static str, message: impl Into<String>) -> Self {
        Self { operation, message: message.into() }
    }
}
