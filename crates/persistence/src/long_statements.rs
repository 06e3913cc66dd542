//! Statements of SQLite with many parameters. It looks a name such as `$700` up among all the names before it, so that a
//! statement with thousands of them takes longer to read than to run; a nameless `?` is counted.

/// From so many parameters on, the names cost more than their removal.
pub(crate) const MANY: usize = 64;

/// The same statement with a `?` for each parameter, where `$1`, `$2`, … stand in it once each and in their order; else nothing.
/// A text in quotes is not looked into.
pub(crate) fn unnumbered(sql: &str) -> Option<String> {
    let mut text = String::with_capacity(sql.len());
    let mut rest = sql;
    let mut last = 0_usize;
    while let Some(place) = rest.find(['$', '\'']) {
        let (before, from) = rest.split_at(place);
        text.push_str(before);
        let Some(parameter) = from.strip_prefix('$') else {
            let end = from.strip_prefix('\'')?.find('\'')? + 2;
            let (quoted, after) = from.split_at(end);
            text.push_str(quoted);
            rest = after;
            continue;
        };
        let digits = parameter.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = parameter.split_at(digits);
        last += 1;
        if number.parse() != Ok(last) {
            return None;
        }
        text.push('?');
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_in_their_order_lose_their_numbers() {
        let sql =
            "INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4) ON CONFLICT (a) DO UPDATE SET b = '$9''s' || excluded.b";
        let plain =
            "INSERT INTO t (a, b) VALUES (?, ?), (?, ?) ON CONFLICT (a) DO UPDATE SET b = '$9''s' || excluded.b";
        assert_eq!(unnumbered(sql).as_deref(), Some(plain));
        let many: Vec<String> = (1..=1_000).map(|n| format!("${n}")).collect();
        assert_eq!(unnumbered(&many.join(",")), Some(vec!["?"; 1_000].join(",")));
    }

    #[test]
    fn a_statement_that_says_a_parameter_twice_or_early_stays_as_it_is() {
        for sql in ["a = $1 OR b = $1", "a = $2 AND b = $1", "a = $2", "a = $name", "a = 'open AND b = $1"] {
            assert_eq!(unnumbered(sql), None, "{sql}");
        }
    }
}
