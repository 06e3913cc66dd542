//! Identifiers that belong to nobody in particular, with right check digits (formulas: the patients' `model`).

use super::dice::Dice;

/// A CPF of 11 digits.
pub(super) fn cpf(dice: &mut Dice) -> String {
    let mut digits = dice.digits(9);
    // Not all nine alike: one repeated digit is refused.
    if let [first, .., last] = digits.as_mut_slice() {
        *last = (*first + 1) % 10;
    }
    for first_weight in [10, 11] {
        let sum: u32 = digits.iter().zip((2..=first_weight).rev()).map(|(digit, weight)| digit * weight).sum();
        digits.push(if sum % 11 < 2 { 0 } else { 11 - sum % 11 });
    }
    written(&digits)
}

/// A definitive CNS of 15 digits.
pub(super) fn cns(dice: &mut Dice) -> String {
    let mut digits = vec![dice.between(1, 2)];
    digits.extend(dice.digits(10));
    let sum: u32 = digits.iter().zip((5..=15).rev()).map(|(digit, weight)| digit * weight).sum();
    let (suffix, check) = match 11 - sum % 11 {
        11 => ([0, 0, 0], 0),
        10 => ([0, 0, 1], 11 - (sum + 2) % 11),
        check => ([0, 0, 0], check),
    };
    digits.extend(suffix);
    digits.push(check);
    written(&digits)
}

/// A NIR of 15 digits for a sex (1 man, 2 woman), a year and a month of birth, in a department of the mainland.
pub(super) fn nir(dice: &mut Dice, sex: u32, year: u32, month: u32) -> String {
    let department = dice.pick(&[13_u64, 31, 33, 35, 44, 59, 67, 69, 75, 78, 92, 93, 94]);
    let (town, birth) = (dice.between(1, 399), dice.between(1, 600));
    let parts = [(u64::from(sex), 1), (u64::from(year % 100), 100), (u64::from(month), 100), (department, 100)];
    let head = parts.into_iter().fold(0, |number, (part, places)| number * places + part);
    let number = (head * 1_000 + u64::from(town)) * 1_000 + u64::from(birth);
    format!("{number:013}{:02}", 97 - number % 97)
}

fn written(digits: &[u32]) -> String {
    digits.iter().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

#[cfg(test)]
mod tests {
    use patients::model::{Cns, Cpf, Nir};

    use super::*;

    #[test]
    fn pt1_every_identifier_of_the_demo_is_valid() {
        let mut dice = Dice::new(2026);
        for _ in 0..2_000 {
            let (cpf, cns, nir) = (cpf(&mut dice), cns(&mut dice), nir(&mut dice, 2, 1984, 7));
            assert!(Cpf::parse(&cpf).is_ok(), "{cpf}");
            assert!(Cns::parse(&cns).is_ok(), "{cns}");
            assert!(Nir::parse(&nir).is_ok(), "{nir}");
            assert!(nir.starts_with("28407"), "{nir}");
        }
    }
}
