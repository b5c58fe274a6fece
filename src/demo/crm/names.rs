//! Numbers for texts that repeat, so that a record holds two bytes for each.
//!
//! Guarantees: one number a text, in the order of their coming; beyond 65,535 texts all others
//! share a number, which is more than any CRM has fields. Does not know: what they name.

use std::collections::HashMap;

/// Numbers for names, so that a record need not repeat them.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u16>,
    names: Vec<String>,
}

impl Names {
    /// The number of a name that was seen before.
    pub fn known(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The number of a name, a new one if need be.
    pub fn number(&mut self, name: &str) -> u16 {
        if let Some(number) = self.known(name) {
            return number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The name of a number.
    pub fn name(&self, number: u16) -> &str {
        self.names.get(usize::from(number)).map_or("", String::as_str)
    }
}
