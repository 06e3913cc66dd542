//! The second factor on the wire.

use identity::model::second_factor::{FactorCode, LONGEST_CODE, RecoveryCode};
use identity::usecase::begin_totp::BegunTotp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::schema::{self, AnySchema};
use crate::{FromText, Wire};

impl FromText for FactorCode {
    /// Whatever was typed; whether it is right is told elsewhere.
    fn from_text(text: &str) -> Result<Self, &'static str> {
        if text.chars().count() > LONGEST_CODE { Err("too_long") } else { Ok(Self::read(text)) }
    }

    fn text_schema() -> AnySchema {
        schema::text(0, LONGEST_CODE)
    }
}

/// A second factor that was begun
#[derive(Serialize, ToSchema)]
#[schema(as = TotpEnrolment)]
pub struct TotpEnrolmentWire {
    /// The seed, base32, to be typed into an authenticator app.
    secret: String,
    /// The same for a QR code.
    otpauth_uri: String,
}

impl std::fmt::Debug for TotpEnrolmentWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TotpEnrolmentWire(..)")
    }
}

impl From<&BegunTotp> for TotpEnrolmentWire {
    fn from(begun: &BegunTotp) -> Self {
        Self { secret: begun.seed.base32(), otpauth_uri: begun.uri.clone() }
    }
}

impl Wire for TotpEnrolmentWire {
    fn sample() -> Self {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".to_owned();
        let otpauth_uri = format!(
            "otpauth://totp/Salus:ana%40aurora.example?secret={secret}&issuer=Salus&algorithm=SHA1&digits=6&period=30"
        );
        Self { secret, otpauth_uri }
    }
}

/// Codes for the day on which the app is lost
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub struct RecoveryCodesWire {
    /// Each stands in for a code of the app, once. They are shown this once.
    recovery_codes: Vec<String>,
}

impl std::fmt::Debug for RecoveryCodesWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RecoveryCodesWire(..)")
    }
}

impl From<&[RecoveryCode]> for RecoveryCodesWire {
    fn from(codes: &[RecoveryCode]) -> Self {
        Self { recovery_codes: codes.iter().map(RecoveryCode::expose).collect() }
    }
}

impl Wire for RecoveryCodesWire {
    fn sample() -> Self {
        Self { recovery_codes: vec!["abcd-efgh-ijkl-mnop".to_owned(), "qrst-uvwx-yz23-4567".to_owned()] }
    }
}
