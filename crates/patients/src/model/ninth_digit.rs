//! The ninth digit of Brazilian mobile numbers, in force everywhere since 2016; old address books and messaging ids lack it.

/// The national number of a Brazilian E.164 form.
pub(super) fn brazilian_national(e164: &str) -> Option<&str> {
    e164.strip_prefix("+55")
}

/// The form with the ninth digit: ten national digits whose third is 6, 8 or 9 gain it, all else stays.
///
/// Third digits 2–5 are landlines, and 7 is a trunking radio, valid with ten.
pub(super) fn added(e164: String) -> String {
    let split = brazilian_national(&e164).filter(|national| national.len() == 10).and_then(|n| n.split_at_checked(2));
    match split {
        Some((area, line)) if line.starts_with(['6', '8', '9']) => format!("+55{area}9{line}"),
        _ => e164,
    }
}

/// The form without the ninth digit, where the number may once have had one.
pub(super) fn dropped(e164: &str) -> Option<String> {
    let national = brazilian_national(e164).filter(|national| national.len() == 11)?;
    let (area, line) = national.split_at_checked(2)?;
    let old = line.strip_prefix('9')?;
    old.starts_with(['6', '8', '9']).then(|| format!("+55{area}{old}"))
}

/// True for an area code (no zero in it) and eight digits from 2 on, or nine from 9 on.
pub(super) fn has_shape_of_a_line(national: &str) -> bool {
    let Some((area, line)) = national.split_at_checked(2) else { return false };
    !area.contains('0')
        && match line.len() {
            8 => !line.starts_with(['0', '1']),
            9 => line.starts_with('9'),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn pt2_landlines_radios_and_other_countries_never_gain_a_digit() {
        for e164 in ["+551133334444", "+554177990000", "+14155238886", "+4187990000", "+5511961234567", "+5540041234"] {
            assert_eq!(added(e164.to_owned()), e164);
        }
    }

    #[test]
    fn pt2_a_nine_is_dropped_only_where_an_old_mobile_stood() {
        assert_eq!(dropped("+5541987990000"), Some("+554187990000".to_owned()));
        for e164 in ["+5511953334444", "+5541977990000", "+551133334444", "+33612345678"] {
            assert_eq!(dropped(e164), None, "{e164}");
        }
    }

    proptest! {
        #[test]
        fn pt2_adding_undoes_dropping_and_the_other_way_round(area in "[1-9]{2}", old in "[2-9][0-9]{7}") {
            let short = format!("+55{area}{old}");
            let long = added(short.clone());
            if long == short {
                prop_assert!(old.starts_with(['2', '3', '4', '5', '7']));
            } else {
                prop_assert_eq!(dropped(&long), Some(short));
                prop_assert_eq!(added(long.clone()), long);
            }
        }
    }
}
