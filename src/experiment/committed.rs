//! Finds the weights that are committed with the program.

use std::path::{Path, PathBuf};

use super::Error;

/// The path of the given weights, or else of the committed weights `default`. They are looked for
/// below the working directory, the folders that contain the program, and the folder that it was
/// compiled in.
///
/// # Errors
/// If they are not found. The message names all these folders.
pub(crate) fn weights(given: Option<&PathBuf>, default: &str) -> Result<PathBuf, Error> {
    match given {
        Some(path) => Ok(path.clone()),
        None => find(default, &folders()),
    }
}

/// The path of a file or folder of the repository, found as [`weights`] are; `None` if it is in none of the folders.
pub(crate) fn path(name: &str) -> Option<PathBuf> {
    folders().iter().map(|folder| folder.join(name)).find(|path| path.exists())
}

/// The folders below which committed weights may be.
fn folders() -> Vec<PathBuf> {
    let mut folders = vec![PathBuf::from(".")];
    if let Ok(program) = std::env::current_exe() {
        folders.extend(program.ancestors().skip(1).map(Path::to_path_buf));
    }
    let sources = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    if !folders.contains(&sources) {
        folders.push(sources);
    }
    folders
}

fn find(default: &str, folders: &[PathBuf]) -> Result<PathBuf, Error> {
    let found = folders.iter().map(|folder| folder.join(default)).find(|path| path.is_file());
    found.ok_or_else(|| {
        let folders: Vec<String> = folders.iter().map(|folder| folder.display().to_string()).collect();
        let folders = folders.join(", ");
        Error::Input(format!("{default} is in none of the folders {folders}: choose a file by --weights"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_folder_with_the_file_is_used() {
        let dir = tempfile::tempdir().unwrap();
        let folders = ["a", "b", "c"].map(|name| dir.path().join(name));
        let error = find("w/x", &folders).unwrap_err();
        assert_eq!(error.exit_status(), 1);
        let message = error.to_string();
        assert!(folders.iter().all(|f| message.contains(&f.display().to_string())), "{message}");
        assert!(message.contains("--weights") && message.lines().count() == 1, "{message}");
        for folder in &folders[1..] {
            std::fs::create_dir_all(folder.join("w")).unwrap();
            std::fs::write(folder.join("w/x"), "").unwrap();
        }
        assert_eq!(find("w/x", &folders).unwrap(), folders[1].join("w/x"));
    }

    #[test]
    fn all_defaults_are_found_from_anywhere() {
        for default in [
            "assignments/3-mnist/weights/standard.safetensors",
            "assignments/4-cifar/weights/cifar10-standard.safetensors",
            "assignments/5-ag-news/weights/embeddings.safetensors",
        ] {
            assert!(find(default, &folders()[1..]).is_ok(), "{default}");
        }
        assert_eq!(weights(Some(&"x".into()), "y").unwrap(), Path::new("x"));
    }
}
