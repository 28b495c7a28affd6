//! The small network that chooses what a large one learns from.

use super::super::classification::Proxy;
use super::super::{Assignment as _, Error, parse_config};
use super::Cifar;
use crate::train::{load_metadata, load_weights};

/// The proxy that a configuration names.
pub(super) fn read(config: &Cifar) -> Result<Option<Proxy>, Error> {
    let Some(path) = &config.proxy else { return Ok(None) };
    let small: Cifar = parse_config(Cifar::COMMAND, &load_metadata(path)?, path)?;
    if small.dataset != config.dataset {
        let message = "a network for another data set: it cannot choose the examples of this one".into();
        return Err(Error::Config { path: path.clone(), message });
    }
    Ok(Some(Proxy { model: load_weights(path, &small.model())?, keep: config.keep }))
}
