//! Pieces of SQL with their values, for what the query builder says too much or too little of.

use sea_orm::Value;
use sea_orm::sea_query::Expr;

/// SQL with a `?` for each value, in order; its text has no other question mark.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fragment {
    text: String,
    values: Vec<Value>,
}

impl Fragment {
    /// A text with its values.
    pub(super) fn new(text: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { text: text.into(), values: values.into_iter().collect() }
    }

    /// This one, then a text without values.
    pub(super) fn and_text(mut self, text: &str) -> Self {
        self.text.push_str(text);
        self
    }

    /// This one, then another.
    pub(super) fn and(mut self, other: Self) -> Self {
        self.text.push_str(&other.text);
        self.values.extend(other.values);
        self
    }

    /// This one between two texts.
    pub(super) fn within(self, before: &str, after: &str) -> Self {
        Self { text: format!("{before}{}{after}", self.text), values: self.values }
    }

    /// Several, with a text between.
    pub(super) fn joined(fragments: impl IntoIterator<Item = Self>, between: &str) -> Self {
        let mut all = Self::default();
        for fragment in fragments {
            if !all.text.is_empty() {
                all.text.push_str(between);
            }
            all = all.and(fragment);
        }
        all
    }

    /// The text with `$1`, `$2`, …, and its values.
    pub(super) fn numbered(self) -> (String, Vec<Value>) {
        let mut text = String::with_capacity(self.text.len() + 2 * self.values.len());
        for (number, part) in self.text.split('?').enumerate() {
            if number > 0 {
                text.push('$');
                text.push_str(&number.to_string());
            }
            text.push_str(part);
        }
        (text, self.values)
    }

    /// The same as an expression of a built query.
    pub(super) fn expr(self, is_postgres: bool) -> Expr {
        if self.values.is_empty() {
            return Expr::cust(self.text);
        }
        if is_postgres {
            let (text, values) = self.numbered();
            return Expr::cust_with_values(text, values);
        }
        Expr::cust_with_values(self.text, self.values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_order() {
        let both = Fragment::joined([Fragment::new("a = ?", [1.into()]), Fragment::new("b < ?", [2.into()])], " AND ");
        let (text, values) = both.within("(", ")").and_text(" LIMIT 3").numbered();
        assert_eq!((text.as_str(), values), ("(a = $1 AND b < $2) LIMIT 3", vec![1.into(), 2.into()]));
    }
}
