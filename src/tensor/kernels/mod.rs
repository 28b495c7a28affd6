//! Every loop over raw numbers.
pub(crate) mod dispatch;
