//! Secret references: `env:NAME` and `file:/path`, and nothing else.
//!
//! Guarantees: a secret never stands in the settings file; no error shows one; what was resolved
//! is not blank. Does not know: what a secret is for.

use std::{io, path::Path};

/// What the settings read beside their own text.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// An environment variable.
    pub env: &'a dyn Fn(&str) -> Option<String>,
    /// A file's text.
    pub file: &'a dyn Fn(&Path) -> io::Result<String>,
}

impl std::fmt::Debug for World<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("World")
    }
}

/// Why a reference gave no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unresolved {
    pub(super) message: String,
    pub(super) mend: String,
    /// The text may be a secret itself and must not be shown.
    pub(super) is_literal: bool,
}

/// Follows a reference.
pub(super) fn resolve(reference: &str, world: World<'_>) -> Result<String, Unresolved> {
    let wrong = |message: String, mend: &str| {
        Err(Unresolved { message, mend: mend.to_owned(), is_literal: false })
    };
    let secret = if let Some(name) = reference.strip_prefix("env:") {
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty() || !name.chars().all(fits) {
            // Whatever stands there may be a secret with `env:` before it.
            return Err(literal(
                "what stands after env: is not the name of an environment variable",
            ));
        }
        match (world.env)(name) {
            Some(secret) if secret.trim().is_empty() => {
                return wrong(
                    format!("the environment variable {name} is empty"),
                    "give it the secret before starting",
                );
            }
            Some(secret) => secret,
            None => {
                return wrong(
                    format!("the environment variable {name} is not set"),
                    "set it before starting, or keep the secret in a file and write file:/path",
                );
            }
        }
    } else if let Some(path) = reference.strip_prefix("file:") {
        match (world.file)(Path::new(path)) {
            // Editors and `echo` end a file with a line break that is no part of the secret.
            Ok(text) if !text.trim().is_empty() => text.trim_end_matches(['\r', '\n']).to_owned(),
            Ok(_) => return wrong(format!("the file {path} is empty"), "write the secret into it"),
            Err(error) => {
                return wrong(
                    format!("the file {path} cannot be read: {}", error.kind()),
                    "create it, readable for the user that handoff runs as",
                );
            }
        }
    } else if reference.trim().is_empty() {
        return wrong("a secret is empty".to_owned(), "write env:NAME or file:/path");
    } else {
        return Err(literal(
            "a secret stands here as it is, where every reader of the file sees it",
        ));
    };
    Ok(secret)
}

fn literal(message: &str) -> Unresolved {
    Unresolved {
        message: message.to_owned(),
        mend: "put the secret into an environment variable and write env:NAME, or into a file and \
               write file:/path; then replace it at its source, since it was written down here"
            .to_owned(),
        is_literal: true,
    }
}
