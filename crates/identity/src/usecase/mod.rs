//! What identity does, one verb per file.

pub mod add_clinic;
pub mod authenticate;
pub mod enrol_member;
pub mod list_clinics;
pub mod me;
pub mod refresh;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod signed_in;
pub mod signing_keys;
pub mod verification_mail;
pub mod verify_email;
