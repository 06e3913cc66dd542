//! The actions of identity, one type each.

use kernel::{OwnAction, Permission};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $name;

        impl Permission for $name {
            const NAME: &'static str = $value;
        }
    )*};
}

permissions! {
    /// Read the company and its clinics.
    CompanyRead = "company:read";
    /// Change the company and its clinics.
    CompanyManage = "company:manage";
    /// Read the members.
    UsersRead = "users:read";
    /// Invite, change and remove members.
    UsersManage = "users:manage";
    /// Read the journal.
    AuditRead = "audit:read";

    /// End one's session.
    SignOut = "auth:sign_out";
    /// Read who one is.
    ReadMe = "auth:me";
    /// Read the policy table.
    ReadRoles = "auth:roles";

    /// Found a company; public, so it is Salus that acts.
    SignUp = "auth:sign_up";
    /// Open a session; public.
    SignIn = "auth:sign_in";
    /// A sign-in that was refused and counted.
    SignInFailed = "auth:sign_in_failed";
    /// Renew a session's tokens; public, because the token itself proves who asks.
    Refresh = "auth:refresh";
    /// A spent refresh token came back: the theft alarm.
    RefreshReused = "auth:refresh_reused";
    /// Prove an address; public, likewise.
    VerifyEmail = "auth:verify_email";
    /// Look a caller up; the tenant is the one of the verified token.
    Authenticate = "auth:authenticate";
}

impl OwnAction for SignOut {}
impl OwnAction for ReadMe {}
impl OwnAction for ReadRoles {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::PERMISSIONS;

    #[test]
    fn what_a_role_is_granted_stands_in_the_policy_table() {
        for name in [CompanyRead::NAME, CompanyManage::NAME, UsersRead::NAME, UsersManage::NAME, AuditRead::NAME] {
            assert!(PERMISSIONS.contains(&name), "{name}");
        }
    }

    #[test]
    fn what_everybody_may_does_not() {
        for name in [SignOut::NAME, ReadMe::NAME, ReadRoles::NAME, SignUp::NAME, SignIn::NAME, Refresh::NAME] {
            assert!(!PERMISSIONS.contains(&name), "{name}");
        }
    }
}
