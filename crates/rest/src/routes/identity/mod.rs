//! Operations of the identity context, a file each.

pub mod get_me;
pub mod list_clinics;
pub mod list_roles;
pub mod refresh_session;
pub mod show_signing_keys;
pub mod sign_in;
pub mod sign_out;
pub mod sign_up;
pub mod verify_email;
