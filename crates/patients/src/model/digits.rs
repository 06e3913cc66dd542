//! What the check-digit rules share.

/// The text without spaces, dots, hyphens and slashes, the marks with which people group identifiers.
pub(super) fn without_punctuation(raw: &str) -> String {
    raw.chars().filter(|c| !c.is_whitespace() && !matches!(c, '.' | '-' | '/' | '‐' | '‑' | '–')).collect()
}

/// The values of an all-digit text; `None` when anything else than `0`–`9` is in it.
pub(super) fn digit_values(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|c| c.to_digit(10)).collect()
}

/// Σ value·weight, up to the shorter of both.
pub(super) fn weighted_sum(values: &[u32], weights: &[u32]) -> u32 {
    values.iter().zip(weights).map(|(value, weight)| value * weight).sum()
}

/// The modulo-11 check digit of CPF and CNPJ: 0 when the remainder is below 2, else 11 minus it.
pub(super) fn mod11_digit(values: &[u32], weights: &[u32]) -> u32 {
    match weighted_sum(values, weights) % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}
