use proptest::prelude::*;

use super::*;

fn between(one: (f64, f64), other: (f64, f64)) -> f64 {
    great_circle_km(UnitVector::at(one.0, one.1).chord_squared(UnitVector::at(other.0, other.1)))
}

/// By the haversine, which is exact enough for any two places but antipodes.
fn haversine((lat1, lon1): (f64, f64), (lat2, lon2): (f64, f64)) -> f64 {
    let (north, east) = ((lat2 - lat1).to_radians(), (lon2 - lon1).to_radians());
    let half =
        (north / 2.0).sin().powi(2) + lat1.to_radians().cos() * lat2.to_radians().cos() * (east / 2.0).sin().powi(2);
    2.0 * EARTH_RADIUS_KM * half.sqrt().min(1.0).asin()
}

#[test]
fn pt3_known_pairs_are_as_far_apart_as_they_are() {
    let quarter = EARTH_RADIUS_KM * std::f64::consts::FRAC_PI_2;
    for (one, other, km) in [
        ((0.0, 0.0), (0.0, 90.0), quarter),
        ((90.0, 0.0), (0.0, 17.0), quarter),
        ((90.0, 0.0), (90.0, 123.0), 0.0),
        ((0.0, 180.0), (0.0, -180.0), 0.0),
        ((0.0, 0.0), (0.0, 180.0), 2.0 * quarter),
        // One degree along a meridian, also over the antimeridian and over a pole.
        ((0.0, 0.0), (1.0, 0.0), quarter / 90.0),
        ((0.0, 179.5), (0.0, -179.5), quarter / 90.0),
        ((89.5, 0.0), (89.5, 180.0), quarter / 90.0),
    ] {
        assert!((between(one, other) - km).abs() < 1e-6, "{one:?} {other:?}: {} for {km}", between(one, other));
    }
    // São Paulo to Rio de Janeiro; Paris to London; by published tables for this radius.
    assert!((between((-23.5505, -46.6333), (-22.9068, -43.1729)) - 360.75).abs() < 0.05);
    assert!((between((48.8566, 2.3522), (51.5074, -0.1278)) - 343.56).abs() < 0.05);
}

#[test]
fn pt3_a_metre_is_told_from_two() {
    let metre = 360.0 / (2.0 * std::f64::consts::PI * EARTH_RADIUS_KM * 1_000.0);
    let here = (-20.3155, -40.3128);
    assert!((between(here, (here.0 + metre, here.1)) - 0.001).abs() < 1e-9);
    assert!((between(here, (here.0 + 2.0 * metre, here.1)) - 0.002).abs() < 1e-9);
}

#[test]
fn pt3_a_circle_is_three_decimal_numbers() {
    assert!(Near::parse("-20.3155,-40.3128,5").is_ok());
    assert!(Near::parse(" 90 , -180 , 0.05 ").is_ok());
    for text in ["", "1,2", "1,2,3,4", "a,2,3", "1,2,", "nan,0,1", "inf,0,1", "1e1,0,1", "1,2,x", "--1,2,3"] {
        assert_eq!(Near::parse(text), Err(NearError::Malformed), "{text}");
    }
    for text in ["90.1,0,1", "0,180.1,1", "0,0,0", "0,0,-1", "0,0,20017", "0,0,0.0009"] {
        assert_eq!(Near::parse(text), Err(NearError::OutOfRange), "{text}");
    }
    // So little that a part of it is nothing.
    assert_eq!(Near::parse(&format!("0,0,{:.330}", 5e-324_f64)), Err(NearError::OutOfRange));
    assert!((Near::parse("0,0,0.001").unwrap().radius_km() - LEAST_RADIUS_KM).abs() < f64::EPSILON);
    assert_eq!(format!("{:?}", Near::parse("1,2,3").unwrap()), "Near(..)");
}

#[test]
fn pt3_the_box_goes_over_the_antimeridian_and_around_the_poles() {
    let longitudes = |text: &str| Near::parse(text).unwrap().longitudes();
    assert!(matches!(longitudes("0,0,100"), Longitudes::Between(west, east) if west < 0.0 && east > 0.0));
    assert!(matches!(longitudes("-17.7,179.9,50"), Longitudes::Across(west, east) if west > 179.0 && east < -179.0));
    assert!(matches!(longitudes("-17.7,-180,50"), Longitudes::Across(..)));
    assert_eq!(longitudes("89.9,0,20"), Longitudes::All);
    assert_eq!(longitudes("0,0,20016"), Longitudes::All);
    assert_eq!(Near::parse("90,0,1").unwrap().bands(), 8_999..=9_000);
    assert_eq!(Near::parse("-90,0,1").unwrap().bands(), -9_000..=-9_000);
}

fn covers(near: &Near, latitude: f64, longitude: f64) -> bool {
    let in_longitudes = match near.longitudes() {
        Longitudes::All => true,
        Longitudes::Between(west, east) => (west..=east).contains(&longitude),
        Longitudes::Across(west, east) => longitude >= west || longitude <= east,
    };
    in_longitudes && near.bands().contains(&band(latitude))
}

proptest! {
    #[test]
    fn pt3_chords_agree_with_the_haversine(
        lat1 in -90.0..=90.0_f64, lon1 in -180.0..=180.0_f64, lat2 in -90.0..=90.0_f64, lon2 in -180.0..=180.0_f64,
    ) {
        let km = haversine((lat1, lon1), (lat2, lon2));
        // Near the antipodes both formulas lose digits.
        prop_assume!(km < 19_900.0);
        prop_assert!((between((lat1, lon1), (lat2, lon2)) - km).abs() < 1e-4);
    }

    #[test]
    fn pt3_the_box_holds_the_whole_circle(
        latitude in -90.0..=90.0_f64, longitude in -180.0..=180.0_f64, radius in 0.001..3_000.0_f64,
        north in -90.0..=90.0_f64, east in -180.0..=180.0_f64, close in 0.0..1.0_f64,
    ) {
        let near = Near::try_new(latitude, longitude, radius).unwrap();
        // Far ones seldom lie within: so one that is drawn towards the centre too.
        for (north, east) in [(north, east), (latitude + (north - latitude) * close * 0.1, longitude + (east - longitude) * close * 0.1)] {
            let within = UnitVector::at(north, east).chord_squared(near.centre()) <= near.chord_squared();
            prop_assert!(!within || covers(&near, north, east), "{north} {east}");
        }
    }
}
