//! Fetching data sets into the data folder, and verifying them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::DataError;
use super::download::{Client, Options};
use super::idx::Idx;
use super::partial::{Interrupted, Partial};
use super::sources::{Comparison, Download, KnownFile, Source};
use super::unpack::unpack;
use crate::files::FileError;

/// Where data sets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The official addresses, from the catalogue.
    Official,
    /// A mirror: an address under which the files have their official names.
    Mirror(String),
    /// A folder in which the files have their official names, or another data folder.
    Folder(PathBuf),
}

impl FromStr for Origin {
    type Err = String;

    /// A mirror if the text has a scheme (`http://` or `https://`), otherwise a folder.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once("://") {
            None => Ok(Self::Folder(text.into())),
            Some(("http" | "https", rest)) if !rest.is_empty() => {
                Ok(Self::Mirror(format!("{}/", text.trim_end_matches('/'))))
            }
            Some(_) => Err("neither a folder nor an address with http:// or https://".into()),
        }
    }
}

/// Fetches a data set into its folder inside `data_dir`. Official files that are already there are
/// kept; files that differ from the official ones are replaced. Returns the number of fetched
/// files.
///
/// # Errors
/// If a file is not available, is not the official one, or cannot be written. Files that are
/// complete by then are kept.
pub fn fetch(
    source: &Source,
    data_dir: &Path,
    origin: &Origin,
    options: &Options,
) -> Result<usize, DataError> {
    let folder = source.folder_in(data_dir);
    let needed = |file: &KnownFile| {
        let path = folder.join(file.name);
        Ok(!path.is_file() || matches!(file.compare(&path)?, Comparison::Different(_)))
    };
    let new = [folder.as_path(), data_dir].map(|folder| (folder.to_owned(), !folder.exists()));
    let fetched = fetch_needed(source, data_dir, origin, options, needed);
    if fetched.is_err() {
        // Folders that were made for nothing; one that has files in it stays.
        new.iter().filter(|(_, is_new)| *is_new).for_each(|(folder, _)| drop(fs::remove_dir(folder)));
    }
    fetched
}

/// Fetches the missing files of a data set from its official addresses. Existing files are kept,
/// official or not.
///
/// # Errors
/// As [`fetch`].
pub fn ensure(source: &Source, data_dir: &Path, quiet: bool) -> Result<(), DataError> {
    let folder = source.folder_in(data_dir);
    let missing = |file: &KnownFile| Ok(file.find(&folder).is_none());
    let options = Options { quiet, ..Options::default() };
    fetch_needed(source, data_dir, &Origin::Official, &options, missing).map(|_| ())
}

/// Fetches every download that has a needed file. Returns the number of needed files.
fn fetch_needed(
    source: &Source,
    data_dir: &Path,
    origin: &Origin,
    options: &Options,
    needed: impl Fn(&KnownFile) -> Result<bool, FileError>,
) -> Result<usize, DataError> {
    let folder = source.folder_in(data_dir);
    let mut client = None;
    let mut count = 0;
    for download in source.downloads {
        let mut wanted = Vec::new();
        for file in download.files() {
            if needed(file)? {
                wanted.push(*file);
            }
        }
        if wanted.is_empty() {
            continue;
        }
        let addresses: Vec<String> = match origin {
            Origin::Folder(from) => {
                copy(source, download, &wanted, from, &folder)?;
                count += wanted.len();
                continue;
            }
            Origin::Mirror(address) => vec![format!("{address}{}", download.fetched().name)],
            Origin::Official => {
                source.addresses.iter().map(|a| format!("{a}{}", download.fetched().name)).collect()
            }
        };
        let client = client.get_or_insert_with(|| Client::new(options));
        match download {
            Download::File(file) => client.download(file, &addresses, &folder.join(file.name))?,
            Download::Archive { archive, members } => {
                let path = data_dir.join(archive.name);
                // An earlier run may have downloaded it but ended before it was unpacked.
                if !path.is_file() || archive.compare(&path)? != Comparison::Same {
                    client.download(archive, &addresses, &path)?;
                }
                unpack(&path, members, &wanted, &folder)?;
                fs::remove_file(&path).map_err(|e| FileError::new("cannot remove", &path, e))?;
            }
        }
        count += wanted.len();
    }
    Ok(count)
}

/// Copies files, or unpacks an archive, from a local folder.
fn copy(
    source: &Source,
    download: &Download,
    wanted: &[KnownFile],
    from: &Path,
    folder: &Path,
) -> Result<(), DataError> {
    let find = |file: &KnownFile| {
        // The data set's subfolder takes precedence, since MNIST and Fashion-MNIST have the same
        // file names.
        [from.join(source.folder), from.to_owned()]
            .map(|f| f.join(file.name))
            .into_iter()
            .find(|p| p.is_file())
    };
    if let Download::Archive { archive, members } = download
        && let Some(path) = find(archive)
    {
        return match archive.compare(&path)? {
            Comparison::Different(difference) => Err(DataError::NotOfficial { path, difference }),
            Comparison::Same | Comparison::Unknown => unpack(&path, members, wanted, folder),
        };
    }
    for file in wanted {
        let missing = || DataError::NotInFolder { folder: from.into(), file: file.name };
        copy_file(file, &find(file).ok_or_else(missing)?, &folder.join(file.name))?;
    }
    Ok(())
}

/// Copies a file, provided it is the official one.
fn copy_file(known: &KnownFile, from: &Path, to: &Path) -> Result<(), DataError> {
    let cannot_read = |e| FileError::new("cannot read", from, e);
    let file = File::open(from).map_err(cannot_read)?;
    let mut partial = Partial::open(to)?;
    partial.clear()?;
    match partial.append(file, u64::MAX, |_| ()) {
        Ok(()) => {}
        Err(Interrupted::Write(error)) => return Err(error.into()),
        Err(Interrupted::Source(error)) => return Err(cannot_read(error).into()),
        Err(Interrupted::TooLong) => unreachable!("there is no limit"),
    }
    if let Comparison::Different(difference) = partial.compare(known)? {
        partial.clear()?;
        return Err(DataError::NotOfficial { path: from.into(), difference });
    }
    Ok(partial.finish()?)
}

/// The result of verifying a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the official file.
    Official,
    /// It is the user's own file, which is used all the same: it differs from the official file, or
    /// no checksum is known to compare it with.
    Own(String),
    /// It is missing.
    Missing,
    /// It is unusable.
    Damaged(String),
}

/// Verifies every file of a data set.
///
/// # Errors
/// If a file exists but cannot be read.
pub fn verify(source: &Source, data_dir: &Path) -> Result<Vec<(PathBuf, Verdict)>, DataError> {
    let folder = source.folder_in(data_dir);
    let check = |file: &KnownFile| {
        let Some(path) = file.find(&folder) else { return Ok((folder.join(file.name), Verdict::Missing)) };
        let comparison = if path.ends_with(file.name) { file.compare(&path)? } else { Comparison::Unknown };
        let own = match comparison {
            Comparison::Same => return Ok((path, Verdict::Official)),
            Comparison::Unknown => "no checksum is known".into(),
            Comparison::Different(difference) => difference,
        };
        let verdict = if file.name.contains("-ubyte")
            && let Err(error) = Idx::read(&path)
        {
            Verdict::Damaged(error.to_string())
        } else {
            Verdict::Own(own)
        };
        Ok((path, verdict))
    };
    source.files().map(check).collect()
}
