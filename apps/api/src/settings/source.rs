//! Where the texts of the settings come from, and the reader that gathers every wrong one.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

use thiserror::Error;

use super::table::Variable;

/// A value that must not be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a text from being printed by accident.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for the one place that needs it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Names and texts, before anything is parsed.
#[derive(Clone, Default)]
pub struct Variables(BTreeMap<String, String>);

/// One setting that cannot be used, and why; the text of a secret is never part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The variable.
    pub name: &'static str,
    /// What is wrong with it.
    pub reason: String,
}

/// Every setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", self.listed())]
pub struct WrongSettings(pub Vec<Wrong>);

/// The proof that something wrong was noted.
#[derive(Debug)]
pub(super) struct Noted;

/// Parses variables and remembers what was wrong.
pub(super) struct Reader<'a> {
    variables: &'a Variables,
    wrong: Vec<Wrong>,
    #[cfg(test)]
    pub(super) asked: std::collections::BTreeSet<&'static str>,
}

impl Variables {
    /// The environment, and below it the `.env` file of the working folder.
    pub fn of_process() -> Result<Self, dotenvy::Error> {
        let mut all = BTreeMap::new();
        // Of this folder alone: a file of a folder above belongs to something else.
        match dotenvy::from_path_iter(".env") {
            Ok(items) => {
                for item in items {
                    let (name, text) = item?;
                    all.insert(name, text);
                }
            }
            Err(error) if error.not_found() => {}
            Err(error) => return Err(error),
        }
        // Names and texts that are no UTF-8 are none of ours.
        all.extend(std::env::vars_os().filter_map(|(n, t)| Some((n.into_string().ok()?, t.into_string().ok()?))));
        Ok(Self(all))
    }

    /// These and no others.
    pub fn new<N: Into<String>, T: Into<String>>(items: impl IntoIterator<Item = (N, T)>) -> Self {
        Self(items.into_iter().map(|(name, text)| (name.into(), text.into())).collect())
    }

    /// The text under a name; an empty one counts as absent.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(variables: &'a Variables) -> Self {
        Self {
            variables,
            wrong: Vec::new(),
            #[cfg(test)]
            asked: std::collections::BTreeSet::new(),
        }
    }

    /// The parsed value; `None` when it is absent and has no default.
    pub(super) fn optional<T>(
        &mut self,
        of: &Variable,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Noted> {
        #[cfg(test)]
        self.asked.insert(of.name);
        let parsed = self.text(of).and_then(|text| text.map(|text| parse(&text)).transpose());
        parsed.map_err(|reason| self.refuse(of, reason))
    }

    /// The parsed value of a variable that has a default.
    pub(super) fn required<T>(
        &mut self,
        of: &Variable,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<T, Noted> {
        self.optional(of, parse)?.ok_or_else(|| self.refuse(of, "is required"))
    }

    /// Notes that a variable is wrong.
    pub(super) fn refuse(&mut self, of: &Variable, reason: impl Into<String>) -> Noted {
        self.wrong.push(Wrong { name: of.name, reason: reason.into() });
        Noted
    }

    /// What was wrong so far.
    pub(super) fn into_wrong(self) -> Vec<Wrong> {
        self.wrong
    }

    fn text(&self, of: &Variable) -> Result<Option<String>, String> {
        let given = self.variables.get(of.name);
        let file = self.variables.get(&format!("{}_FILE", of.name)).filter(|_| of.secret);
        match (given, file) {
            (Some(_), Some(_)) => Err(format!("is given twice, also as {}_FILE", of.name)),
            (Some(text), None) => Ok(Some(text.to_owned())),
            (None, Some(path)) => {
                let text =
                    fs::read_to_string(path).map_err(|error| format!("its file {path} cannot be read: {error}"))?;
                Ok(Some(text.trim().to_owned()))
            }
            (None, None) => Ok(of.default.map(str::to_owned)),
        }
    }
}

impl fmt::Debug for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

impl WrongSettings {
    fn listed(&self) -> String {
        let lines: Vec<_> = self.0.iter().map(|wrong| format!("\n  {} {}", wrong.name, wrong.reason)).collect();
        let are = if lines.len() == 1 { "setting is" } else { "settings are" };
        format!("{} {are} wrong:{}", lines.len(), lines.concat())
    }
}
