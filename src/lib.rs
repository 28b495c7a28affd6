//! Deep learning from scratch.
//!
//! Rooms, lowest first; each knows only those before it:
//! [`random`] and [`tensor`], [`autodiff`], [`nn`] and [`optim`], [`train`], [`plot`] and [`data`],
//! [`assignments`].

pub mod assignments;
pub mod autodiff;
pub mod cli;
pub mod data;
pub mod files;
pub mod nn;
pub mod optim;
pub mod plot;
pub mod random;
pub mod tensor;
pub mod train;
