//! Passwords for commands: from a file, or from the terminal. Never from the command line.

use std::io;
use std::io::Read as _;
use std::path::Path;

use crate::rules::secret::Secret;

/// A password file is one line.
const LONGEST: u64 = 4096;

/// The password in `file`, or what somebody types at the terminal after `prompt`.
///
/// # Errors
///
/// Says why there is none, and what to do.
pub(super) fn password(file: Option<&Path>, prompt: &str) -> Result<Secret, String> {
    let text = match file {
        Some(file) => read(file).map_err(|error| format!("failed to read the password file {}: {error}", file.display()))?,
        None => rpassword::prompt_password(format!("{prompt}: "))
            .map_err(|error| format!("a password is needed, and there is no terminal to ask at ({error}); name a file that holds it"))?,
    };
    // Editors and `echo` end a file with a line feed that is no part of the secret.
    let text = text.trim_end_matches(['\r', '\n']);
    if text.is_empty() {
        return Err("the password is empty".to_owned());
    }
    if text.chars().any(char::is_control) {
        return Err("the password holds a line break or another control character; one line of text was expected".to_owned());
    }
    Ok(Secret::new(text.to_owned()))
}

fn read(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    std::fs::File::open(file)?.take(LONGEST).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_is_one_line_and_errors_do_not_repeat_it() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "pässwörd \r\n").unwrap();
        assert_eq!(password(Some(&file), "").unwrap().expose(), "pässwörd ");
        for text in ["", "\n", "two\nlines\n"] {
            std::fs::write(&file, text).unwrap();
            let error = password(Some(&file), "").unwrap_err();
            assert!(!error.contains("lines\n"), "{error}");
        }
        let missing = password(Some(&folder.path().join("none")), "").unwrap_err();
        assert!(missing.contains("none"), "{missing}");
    }
}
