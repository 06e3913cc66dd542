//! The pages that mailed links lead to, where no other application takes them: small, of this server alone, and working
//! under a policy that lets no script or style in but their own.

mod words;

use std::fmt::Write;

use words::{COMMON, Told, WORDS};

use crate::language::Language;

/// Where the files of the pages are.
const FILES: &str = "/pages/";

/// Where those who have an account begin a session, and where it ends.
const SIGN_IN: &str = "api/v1/auth/sign-in";
const SIGN_OUT: &str = "api/v1/auth/sign-out";

/// The media types of the files.
pub(crate) const MEDIA: [&str; 2] = ["text/javascript", "text/css"];

/// A page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Page {
    /// Verifies an address.
    VerifyEmail,
    /// Sets a new password.
    ResetPassword,
    /// Accepts an invitation.
    AcceptInvitation,
}

impl Page {
    const ALL: [Self; 3] = [Self::VerifyEmail, Self::ResetPassword, Self::AcceptInvitation];

    /// Its path.
    const fn path(self) -> &'static str {
        match self {
            Self::VerifyEmail => "/verify-email",
            Self::ResetPassword => "/reset-password",
            Self::AcceptInvitation => "/accept-invitation",
        }
    }

    /// The operation that it calls, from its own folder: a proxy may serve all of this under a path.
    const fn operation(self) -> &'static str {
        match self {
            Self::VerifyEmail => "api/v1/auth/email/verify",
            Self::ResetPassword => "api/v1/auth/password/reset",
            Self::AcceptInvitation => "api/v1/invitations/accept",
        }
    }

    fn words(self) -> &'static [Told; 4] {
        match self {
            Self::VerifyEmail => &WORDS.verify_email,
            Self::ResetPassword => &WORDS.reset_password,
            Self::AcceptInvitation => &WORDS.accept_invitation,
        }
    }

    /// The page; the words are ours and hold nothing that needs escaping.
    pub(crate) fn html(self, language: Language) -> String {
        let [title, lead, button, done] = self.words().map(|told| told.in_language(language));
        let common = |told: Told| told.in_language(language);
        let mut page = String::new();
        // Writing to a `String` cannot fail.
        let _ = write!(
            page,
            "<!doctype html>\n<html lang=\"{tag}\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n<link rel=\"stylesheet\" href=\"pages/page.css\">\n\
             <script src=\"pages/page.js\" defer></script>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n\
             <p id=\"lead\">{lead}</p>\n<form id=\"ask\" data-to=\"{operation}\">\n{fields}<button>{button}</button>\n</form>\n\
             {sign_in}<p id=\"problem\" role=\"alert\" data-lost=\"{lost}\" hidden></p>\n\
             <p id=\"done\" role=\"status\" hidden>{done}</p>\n<p id=\"missing\" hidden>{missing}</p>\n\
             <noscript><p>{no_script}</p></noscript>\n</main>\n</body>\n</html>\n",
            tag = language.tag(),
            operation = self.operation(),
            fields = self.fields(language),
            sign_in = if self == Self::AcceptInvitation { sign_in(language) } else { String::new() },
            lost = common(COMMON.lost),
            missing = common(COMMON.missing),
            no_script = common(COMMON.no_script),
        );
        page
    }

    fn fields(self, language: Language) -> String {
        let name = field(
            COMMON.name.in_language(language),
            "type=\"text\" name=\"name\" autocomplete=\"name\" maxlength=\"200\"",
        );
        let password = field(
            COMMON.password.in_language(language),
            "type=\"password\" name=\"password\" autocomplete=\"new-password\" minlength=\"12\" maxlength=\"128\"",
        );
        match self {
            Self::VerifyEmail => String::new(),
            Self::ResetPassword => password,
            Self::AcceptInvitation => name + &password,
        }
    }
}

/// The form of those who have an account: they sign in first.
fn sign_in(language: Language) -> String {
    let told = |told: Told| told.in_language(language);
    let email = field(told(COMMON.email), "type=\"email\" name=\"email\" autocomplete=\"username\"");
    let password =
        field(told(COMMON.own_password), "type=\"password\" name=\"password\" autocomplete=\"current-password\"");
    format!(
        "<form id=\"sign-in\" data-to=\"{SIGN_IN}\" data-leave=\"{SIGN_OUT}\" hidden>\n<p>{}</p>\n{email}{password}\
         <label id=\"code\" hidden>{} <input type=\"text\" name=\"totp_code\" inputmode=\"numeric\" \
         autocomplete=\"one-time-code\"></label>\n<button>{}</button>\n</form>\n",
        told(COMMON.sign_in_first),
        told(COMMON.code),
        told(COMMON.sign_in),
    )
}

fn field(label: &str, attributes: &str) -> String {
    format!("<label>{label} <input {attributes} required></label>\n")
}

/// True for the pages and their files.
pub(crate) fn is_page(path: &str) -> bool {
    Page::ALL.iter().any(|page| page.path() == path) || path.starts_with(FILES)
}

/// The media type and the text of the file of this name.
pub(crate) fn file(name: &str) -> Option<(&'static str, &'static str)> {
    match name {
        "page.js" => Some(("text/javascript; charset=utf-8", include_str!("pages/page.js"))),
        "page.css" => Some(("text/css; charset=utf-8", include_str!("pages/page.css"))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LANGUAGES: [Language; 3] = [Language::English, Language::Portuguese, Language::French];

    #[test]
    fn c12_a_page_holds_no_script_or_style_and_nothing_from_elsewhere() {
        for (page, language) in Page::ALL.into_iter().flat_map(|page| LANGUAGES.map(|language| (page, language))) {
            let html = page.html(language);
            assert!(html.contains("<script src=\"pages/page.js\" defer></script>"), "{page:?}");
            assert!(!html.contains("style=") && !html.contains("<style") && !html.contains("://"), "{page:?}");
            assert_eq!(html.matches("<script").count(), 1);
        }
    }

    #[test]
    fn c7_every_page_speaks_three_languages() {
        for page in Page::ALL {
            let titles: std::collections::BTreeSet<_> =
                LANGUAGES.map(|language| page.words()[0].in_language(language)).into_iter().collect();
            assert_eq!(titles.len(), 3, "{page:?}");
            for language in LANGUAGES {
                assert!(page.html(language).contains(&format!("<html lang=\"{}\">", language.tag())));
            }
        }
    }

    #[test]
    fn a_page_calls_an_operation_that_there_is() {
        for page in Page::ALL {
            let path = format!("/{}", page.operation());
            assert!(crate::operations().iter().any(|entry| entry.path() == path), "{path}");
            let signs_in = page == Page::AcceptInvitation;
            for path in [SIGN_IN, SIGN_OUT] {
                assert!(crate::operations().iter().any(|entry| entry.path() == format!("/{path}")), "{path}");
                assert_eq!(page.html(Language::English).contains(&format!("=\"{path}\"")), signs_in, "{page:?}");
            }
            assert!(crate::operations().iter().any(|entry| entry.path() == page.path()), "{page:?}");
        }
    }

    #[test]
    fn only_pages_are_pages() {
        for page in ["/verify-email", "/reset-password", "/accept-invitation", "/pages/page.js"] {
            assert!(is_page(page), "{page}");
        }
        for other in ["/", "/pages", "/verify-email/x", "/api/v1/auth/email/verify"] {
            assert!(!is_page(other), "{other}");
        }
    }
}
