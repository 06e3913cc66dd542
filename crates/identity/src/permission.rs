//! The actions of identity, one type each.

use kernel::{OwnAction, Permission};

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $value:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy)]
            pub struct $name;

            impl Permission for $name {
                const NAME: &'static str = $value;
            }
        )*

        /// All of them.
        pub const NAMES: &[&str] = &[$($value),*];
    };
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
    /// Make and revoke API keys.
    ApiKeysManage = "api_keys:manage";
    /// Read the settings of the company.
    SettingsRead = "settings:read";
    /// Change them.
    SettingsManage = "settings:manage";
    /// Read the journal.
    AuditRead = "audit:read";
    /// Look after what reaches other systems: their credentials, and the work that failed.
    IntegrationsManage = "integrations:manage";

    /// End one's session.
    SignOut = "auth:sign_out";
    /// Read who one is.
    ReadMe = "auth:me";
    /// Read the policy table.
    ReadRoles = "auth:roles";

    /// Begin a second factor of one's own.
    BeginTotp = "auth:totp_begin";
    /// Turn it on.
    ConfirmTotp = "auth:totp_confirm";
    /// Turn it off.
    DisableTotp = "auth:totp_disable";

    /// Change one's name, language and preferences.
    UpdateMe = "auth:update_me";
    /// Ask for another verification mail.
    SendVerification = "auth:send_verification";
    /// Change one's password.
    ChangePassword = "auth:change_password";
    /// Read on which devices one is signed in.
    ListSessions = "auth:list_sessions";
    /// End one of one's sessions.
    RevokeSession = "auth:revoke_session";
    /// Go on in another company of one's own.
    SwitchCompany = "auth:switch_company";
    /// Found a further company.
    FoundCompany = "auth:found_company";

    /// Found a company; public, so it is Salus that acts.
    SignUp = "auth:sign_up";
    /// Open a session; public.
    SignIn = "auth:sign_in";
    /// A sign-in that was refused and counted.
    SignInFailed = "auth:sign_in_failed";
    /// A second factor that was wrong and counted.
    SecondFactorFailed = "auth:second_factor_failed";
    /// Renew a session's tokens; public, because the token itself proves who asks.
    Refresh = "auth:refresh";
    /// A spent refresh token came back: the theft alarm.
    RefreshReused = "auth:refresh_reused";
    /// Ask for a link that sets a new password; public.
    ForgotPassword = "auth:forgot_password";
    /// Set a new password by such a link; public, because the mailed secret proves who asks.
    ResetPassword = "auth:reset_password";
    /// A new password ended the sessions of its account in this company too.
    EndSessions = "auth:end_sessions";
    /// Prove an address; public, likewise.
    VerifyEmail = "auth:verify_email";
    /// Take the place that was offered; public, because the mailed token proves who asks.
    AcceptInvitation = "auth:accept_invitation";
    /// Look a caller up; the tenant is the one of the verified token.
    Authenticate = "auth:authenticate";
}

impl OwnAction for SignOut {}
impl OwnAction for ReadMe {}
impl OwnAction for ReadRoles {}
impl OwnAction for UpdateMe {}
impl OwnAction for SendVerification {}
impl OwnAction for ChangePassword {}
impl OwnAction for ListSessions {}
impl OwnAction for RevokeSession {}
impl OwnAction for SwitchCompany {}
impl OwnAction for FoundCompany {}
impl OwnAction for BeginTotp {}
impl OwnAction for ConfirmTotp {}
impl OwnAction for DisableTotp {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::policy::PERMISSIONS;

    #[test]
    fn what_a_role_is_granted_stands_in_the_policy_table() {
        for name in [
            CompanyRead::NAME,
            CompanyManage::NAME,
            UsersRead::NAME,
            UsersManage::NAME,
            AuditRead::NAME,
            IntegrationsManage::NAME,
        ] {
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
