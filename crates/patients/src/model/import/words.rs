//! Words of three languages that stand for a value.

use super::aliases::plain;
use crate::model::{Sex, Stage};

/// The sex of a word or letter in Portuguese, English or French.
pub fn sex_of(word: &str) -> Option<Sex> {
    Some(match plain(word).as_str() {
        "f" | "fem" | "female" | "feminino" | "feminina" | "feminin" | "femme" | "mulher" | "woman" | "w" => {
            Sex::Female
        }
        "m" | "masc" | "male" | "masculino" | "masculin" | "homem" | "homme" | "man" | "h" => Sex::Male,
        "o" | "x" | "other" | "outro" | "outros" | "autre" | "intersexo" | "intersex" | "intersexe" => Sex::Other,
        "u" | "i" | "ni" | "unknown" | "ignorado" | "desconhecido" | "naoinformado" | "inconnu" | "nonrenseigne" => {
            Sex::Unknown
        }
        _ => return None,
    })
}

/// The stage of a word in Portuguese, English or French; never merged.
pub fn stage_of(word: &str) -> Option<Stage> {
    Some(match plain(word).as_str() {
        "lead" | "prospect" | "prospecto" | "interessado" | "potencial" => Stage::Lead,
        "active" | "ativo" | "ativa" | "actif" => Stage::Active,
        "inactive" | "inativo" | "inativa" | "inactif" | "desativado" => Stage::Inactive,
        "deceased" | "dead" | "falecido" | "falecida" | "obito" | "decede" | "decedee" => Stage::Deceased,
        _ => return None,
    })
}

/// The status of an appointment of a word in Portuguese, English or French, as the agenda writes it.
pub fn appointment_status(word: &str) -> Option<&'static str> {
    Some(match plain(word).as_str() {
        "booked" | "agendado" | "agendada" | "marcado" | "marcada" | "scheduled" | "planifie" | "prevu" => "booked",
        "confirmed" | "confirmado" | "confirmada" | "confirme" => "confirmed",
        "completed" | "concluido" | "concluida" | "realizado" | "realizada" | "atendido" | "atendida"
        | "finalizado" | "done" | "honore" | "termine" | "compareceu" | "attended" | "show" => "completed",
        "cancelled" | "canceled" | "cancelado" | "cancelada" | "desmarcado" | "desmarcada" | "annule" => "cancelled",
        "noshow" | "faltou" | "falta" | "naocompareceu" | "ausente" | "absent" | "missed" => "no_show",
        _ => return None,
    })
}

/// Yes or no in Portuguese, English or French.
pub fn yes_or_no(word: &str) -> Option<bool> {
    Some(match plain(word).as_str() {
        "yes" | "y" | "sim" | "s" | "oui" | "o" | "true" | "verdadeiro" | "vrai" | "1" | "x" => true,
        "no" | "n" | "nao" | "non" | "false" | "falso" | "faux" | "0" => false,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pt8_words_of_three_languages_have_one_meaning() {
        for (word, sex) in
            [("F", Sex::Female), ("Masculino", Sex::Male), ("Femme", Sex::Female), ("Não informado", Sex::Unknown)]
        {
            assert_eq!(sex_of(word), Some(sex), "{word}");
        }
        assert_eq!((stage_of("Inativo"), stage_of("Décédé")), (Some(Stage::Inactive), Some(Stage::Deceased)));
        assert_eq!(
            (appointment_status("Não compareceu"), appointment_status("Annulé")),
            (Some("no_show"), Some("cancelled"))
        );
        assert_eq!((yes_or_no("Sim"), yes_or_no("No"), yes_or_no("maybe")), (Some(true), Some(false), None));
        assert_eq!((sex_of("51"), stage_of("merged"), appointment_status("")), (None, None, None));
    }
}
