//! Places on the earth, taken as a sphere: what lies near a point, by great circle.
//!
//! A place is kept as the vector from the centre of a unit sphere. The square of the straight line between two of them needs
//! nothing but sums and products, which every database and this program reckon alike to the last bit, and it grows with the
//! great circle: whoever is nearer by the one is nearer by the other. Neither the poles nor the antimeridian are special.

use std::ops::RangeInclusive;

use thiserror::Error;

use super::redacted::redacted_debug;

/// Mean radius of the earth in kilometres (IUGG).
pub const EARTH_RADIUS_KM: f64 = 6_371.008_8;
/// The farthest that two places can be from each other, in kilometres, rounded up.
pub const FARTHEST_KM: f64 = 20_016.0;

/// The smallest radius of a circle, in kilometres: a metre.
pub const LEAST_RADIUS_KM: f64 = 0.001;

/// Bands of latitude to a degree; one is about 1.1 km wide.
const BANDS_PER_DEGREE: f64 = 100.0;
/// What the box around a circle is wider than reckoned, in degrees (a tenth of a metre), so that rounding excludes nobody.
const SLACK_DEGREES: f64 = 0.000_001;

/// A place, as the unit vector from the centre of the earth.
#[derive(Clone, Copy, PartialEq)]
pub struct UnitVector {
    /// Towards latitude 0, longitude 0.
    pub x: f64,
    /// Towards latitude 0, longitude 90 east.
    pub y: f64,
    /// Towards the north pole.
    pub z: f64,
}

/// A circle on the earth: a place, and how far around it.
#[derive(Clone, Copy, PartialEq)]
pub struct Near {
    latitude: f64,
    longitude: f64,
    radius_km: f64,
}

/// Longitudes that a circle touches, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Longitudes {
    /// All: a pole lies in the circle.
    All,
    /// From west to east.
    Between(f64, f64),
    /// From the first eastwards over the antimeridian to the second.
    Across(f64, f64),
}

/// Why a circle cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NearError {
    /// Not `latitude,longitude,radius` in decimal numbers.
    #[error("not latitude, longitude and radius")]
    Malformed,
    /// Latitude beyond ±90, longitude beyond ±180, radius below [`LEAST_RADIUS_KM`] or beyond [`FARTHEST_KM`].
    #[error("no such place or radius")]
    OutOfRange,
}

redacted_debug!(UnitVector, Near);

impl NearError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "invalid_near",
            Self::OutOfRange => "out_of_range",
        }
    }
}

impl UnitVector {
    /// The place at these degrees north and east.
    pub fn at(latitude: f64, longitude: f64) -> Self {
        let (north, east) = (latitude.to_radians(), longitude.to_radians());
        Self { x: north.cos() * east.cos(), y: north.cos() * east.sin(), z: north.sin() }
    }

    /// The square of the straight line to another place, in earth radii; 0 to 4.
    pub fn chord_squared(self, other: Self) -> f64 {
        let (x, y, z) = (self.x - other.x, self.y - other.y, self.z - other.z);
        x * x + y * y + z * z
    }
}

/// The great circle of a squared chord, in kilometres.
pub fn great_circle_km(chord_squared: f64) -> f64 {
    2.0 * EARTH_RADIUS_KM * (chord_squared.clamp(0.0, 4.0).sqrt() / 2.0).asin()
}

/// The band of latitude that a place lies in; −9000 to 9000.
#[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "at most 9000 after clamping")]
pub fn band(latitude: f64) -> i32 {
    (latitude.clamp(-90.0, 90.0) * BANDS_PER_DEGREE).floor() as i32
}

impl Near {
    /// Reads `latitude,longitude,radius_km`.
    pub fn parse(text: &str) -> Result<Self, NearError> {
        let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
        let number = |part: &str| match part.trim() {
            part if part.chars().all(decimal) => part.parse::<f64>().or(Err(NearError::Malformed)),
            _ => Err(NearError::Malformed),
        };
        let parts = text.split(',').map(number).collect::<Result<Vec<_>, _>>()?;
        let [latitude, longitude, radius_km] = parts.try_into().or(Err(NearError::Malformed))?;
        Self::try_new(latitude, longitude, radius_km)
    }

    /// The circle around a place in degrees north and east.
    pub fn try_new(latitude: f64, longitude: f64, radius_km: f64) -> Result<Self, NearError> {
        let is_place = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        if is_place && (LEAST_RADIUS_KM..=FARTHEST_KM).contains(&radius_km) {
            Ok(Self { latitude, longitude, radius_km })
        } else {
            Err(NearError::OutOfRange)
        }
    }

    /// The same place with another radius, at most its own.
    #[must_use]
    pub fn within(self, radius_km: f64) -> Self {
        Self { radius_km: self.radius_km.min(radius_km), ..self }
    }

    /// How far around, in kilometres.
    pub fn radius_km(&self) -> f64 {
        self.radius_km
    }

    /// The place.
    pub fn centre(&self) -> UnitVector {
        UnitVector::at(self.latitude, self.longitude)
    }

    /// The largest squared chord that lies within.
    pub fn chord_squared(&self) -> f64 {
        let half = self.angle() / 2.0;
        if half >= std::f64::consts::FRAC_PI_2 { 4.0 } else { 4.0 * half.sin() * half.sin() }
    }

    /// The bands of latitude that it touches, see [`band`].
    pub fn bands(&self) -> RangeInclusive<i32> {
        let reach = self.angle().to_degrees() + SLACK_DEGREES;
        band(self.latitude - reach)..=band(self.latitude + reach)
    }

    /// The longitudes that it touches.
    pub fn longitudes(&self) -> Longitudes {
        let reach = self.angle().to_degrees() + SLACK_DEGREES;
        if self.latitude.abs() + reach >= 90.0 {
            return Longitudes::All;
        }
        // Where a meridian touches the circle, north of the centre's own latitude on the northern half.
        let aside = (reach.to_radians().sin() / self.latitude.to_radians().cos()).asin().to_degrees() + SLACK_DEGREES;
        let (west, east) = (self.longitude - aside, self.longitude + aside);
        match (west <= -180.0, east >= 180.0) {
            (false, false) => Longitudes::Between(west, east),
            (true, false) => Longitudes::Across(west + 360.0, east),
            (false, true) => Longitudes::Across(west, east - 360.0),
            (true, true) => Longitudes::All,
        }
    }

    /// The radius as an angle at the centre of the earth.
    fn angle(&self) -> f64 {
        self.radius_km / EARTH_RADIUS_KM
    }
}

#[cfg(test)]
#[path = "geography_tests.rs"]
mod tests;
