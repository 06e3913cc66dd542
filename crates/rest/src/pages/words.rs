//! The words of the pages, in the languages that Salus speaks.

use crate::language::Language;

/// Something said in English, Portuguese and French.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told([&'static str; 3]);

/// Of each page: title, what it is for, its button, and what is said when it is done.
pub(super) struct Words {
    pub(super) verify_email: [Told; 4],
    pub(super) reset_password: [Told; 4],
    pub(super) accept_invitation: [Told; 4],
}

/// What several pages say.
pub(super) struct Common {
    pub(super) name: Told,
    pub(super) password: Told,
    pub(super) email: Told,
    pub(super) own_password: Told,
    pub(super) code: Told,
    pub(super) sign_in_first: Told,
    pub(super) sign_in: Told,
    pub(super) lost: Told,
    pub(super) missing: Told,
    pub(super) no_script: Told,
}

impl Told {
    pub(super) fn in_language(self, language: Language) -> &'static str {
        let [english, portuguese, french] = self.0;
        match language {
            Language::English => english,
            Language::Portuguese => portuguese,
            Language::French => french,
        }
    }
}

pub(super) const WORDS: Words = Words {
    verify_email: [
        Told(["Confirm your e-mail address", "Confirme seu e-mail", "Confirmez votre adresse e-mail"]),
        Told([
            "One more step: confirm that this address is yours.",
            "Falta só um passo: confirme que este endereço é seu.",
            "Encore une étape : confirmez que cette adresse est la vôtre.",
        ]),
        Told(["Confirm", "Confirmar", "Confirmer"]),
        Told([
            "Thank you: your address is confirmed. You may close this page.",
            "Obrigado: seu endereço está confirmado. Você pode fechar esta página.",
            "Merci : votre adresse est confirmée. Vous pouvez fermer cette page.",
        ]),
    ],
    reset_password: [
        Told(["Choose a new password", "Escolha uma nova senha", "Choisissez un nouveau mot de passe"]),
        Told([
            "It has at least 12 characters. Every device must sign in again afterwards.",
            "Ela tem pelo menos 12 caracteres. Depois, todos os aparelhos precisam entrar de novo.",
            "Il compte au moins 12 caractères. Ensuite, tous les appareils devront se reconnecter.",
        ]),
        Told(["Save", "Salvar", "Enregistrer"]),
        Told([
            "Your new password is set: sign in with it.",
            "Sua nova senha está salva: entre com ela.",
            "Votre nouveau mot de passe est enregistré : connectez-vous avec lui.",
        ]),
    ],
    accept_invitation: [
        Told(["Accept your invitation", "Aceite seu convite", "Acceptez votre invitation"]),
        Told([
            "Tell your name and choose a password of at least 12 characters.",
            "Diga seu nome e escolha uma senha de pelo menos 12 caracteres.",
            "Indiquez votre nom et choisissez un mot de passe d’au moins 12 caractères.",
        ]),
        Told(["Accept", "Aceitar", "Accepter"]),
        Told([
            "Welcome: your invitation is accepted, and you can sign in.",
            "Boas-vindas: seu convite foi aceito, e você já pode entrar.",
            "Bienvenue : votre invitation est acceptée, et vous pouvez vous connecter.",
        ]),
    ],
};

pub(super) const COMMON: Common = Common {
    name: Told(["Name", "Nome", "Nom"]),
    password: Told(["New password", "Nova senha", "Nouveau mot de passe"]),
    email: Told(["E-mail", "E-mail", "E-mail"]),
    own_password: Told(["Password", "Senha", "Mot de passe"]),
    code: Told(["Code of your authenticator", "Código do seu autenticador", "Code de votre authentificateur"]),
    sign_in_first: Told([
        "You have an account already: sign in to accept.",
        "Você já tem uma conta: entre para aceitar.",
        "Vous avez déjà un compte : connectez-vous pour accepter.",
    ]),
    sign_in: Told(["Sign in and accept", "Entrar e aceitar", "Se connecter et accepter"]),
    lost: Told([
        "The server cannot be reached. Try again.",
        "O servidor não responde. Tente de novo.",
        "Le serveur ne répond pas. Réessayez.",
    ]),
    missing: Told([
        "This page needs the link of the mail: open it there again.",
        "Esta página precisa do link do e-mail: abra-o de novo.",
        "Cette page a besoin du lien du message : ouvrez-le à nouveau.",
    ]),
    no_script: Told([
        "This page needs JavaScript.",
        "Esta página precisa de JavaScript.",
        "Cette page a besoin de JavaScript.",
    ]),
};
