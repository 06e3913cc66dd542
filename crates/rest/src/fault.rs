//! Bad places of a request, collected until all of it has been read.

use kernel::Fault;

/// How many faults one answer lists at most.
const MOST: usize = 100;

/// Where in a JSON document a value stands.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// The whole document.
    Root,
    /// A member of an object.
    Member(&'a Place<'a>, &'a str),
    /// An element of an array.
    Index(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// The JSON pointer (RFC 6901) of this place; empty for the whole document.
    pub fn pointer(&self) -> String {
        match self {
            Self::Root => String::new(),
            Self::Member(parent, name) => {
                format!("{}/{}", parent.pointer(), name.replace('~', "~0").replace('/', "~1"))
            }
            Self::Index(parent, index) => format!("{}/{index}", parent.pointer()),
        }
    }
}

/// The faults found so far, one hundred at most.
#[derive(Debug, Default)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// No faults yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes a fault at a place of the body, and is `None` so that a reader can end with it.
    pub fn refuse<T>(&mut self, at: &Place<'_>, code: &'static str) -> Option<T> {
        self.add(at.pointer(), code)
    }

    /// Notes a fault at a JSON pointer or a parameter's name, and is `None`.
    pub fn add<T>(&mut self, pointer: impl Into<String>, code: &'static str) -> Option<T> {
        if self.0.len() < MOST {
            self.0.push(Fault::at(pointer, code));
        }
        None
    }

    /// True when nothing was found.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order they were found.
    pub fn into_vec(self) -> Vec<Fault> {
        self.0
    }
}
