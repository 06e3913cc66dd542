//! What people call their columns, in Portuguese, English and French.

use super::run::ImportKind;

/// Titles as [`plain`] leaves them, and what they mean in a file of either kind.
const ALIASES: &[(&str, &[&str])] = &[
    (
        "external_id",
        &[
            "externalid",
            "codigo",
            "codigodopaciente",
            "idpaciente",
            "iddopaciente",
            "pacienteid",
            "patientid",
            "prontuario",
            "nprontuario",
            "numerodoprontuario",
            "matricula",
            "registro",
            "mrn",
            "ipp",
            "iddupatient",
            "idpatient",
            "numerodossier",
            "chave",
            "ref",
            "reference",
        ],
    ),
    (
        "name",
        &[
            "nome",
            "nomecompleto",
            "nomedopaciente",
            "nomepaciente",
            "paciente",
            "name",
            "fullname",
            "patientname",
            "patient",
            "nom",
            "nomcomplet",
            "nomdupatient",
            "nometprenom",
            "nomprenom",
            "cliente",
            "nomecivil",
        ],
    ),
    ("first_name", &["primeironome", "firstname", "first", "givenname", "prenom", "prenoms", "forename"]),
    (
        "last_name",
        &["sobrenome", "lastname", "last", "surname", "familyname", "nomdefamille", "nomdenaissance", "ultimonome"],
    ),
    ("social_name", &["nomesocial", "socialname", "preferredname", "nomusuel", "nomdusage", "nomechamado"]),
    (
        "birth_date",
        &[
            "nascimento",
            "datanascimento",
            "datadenascimento",
            "dtnascimento",
            "dtnasc",
            "datanasc",
            "nasc",
            "birthdate",
            "dateofbirth",
            "dob",
            "birthday",
            "datedenaissance",
            "naissance",
            "nele",
            "neele",
            "ddn",
        ],
    ),
    ("age", &["idade", "age", "anos"]),
    ("sex", &["sexo", "sex", "sexe", "gender", "genero", "genre"]),
    ("gender", &["identidadedegenero", "genderidentity", "identitedegenre"]),
    (
        "mother_name",
        &["nomedamae", "nomemae", "mae", "filiacao", "filiacaomae", "mothername", "mothersname", "nomdelamere"],
    ),
    ("cpf", &["cpf", "cpfdopaciente", "cpfpaciente", "ncpf", "nrcpf", "numerocpf", "documentocpf"]),
    ("cns", &["cns", "cartaosus", "cartaonacionaldesaude", "numerocns", "ncns", "sus"]),
    ("cnpj", &["cnpj"]),
    ("ins", &["ins", "nir", "numerosecu", "securitesociale", "numerodesecuritesociale", "nss", "matriculeins"]),
    ("passport", &["passaporte", "passport", "passeport", "numerodopassaporte"]),
    ("other_id", &["rg", "identidade", "drivers", "cnh"]),
    (
        "phone",
        &[
            "telefone",
            "telefones",
            "telefone1",
            "telefone2",
            "tel",
            "tel1",
            "tel2",
            "fone",
            "celular",
            "telefonecelular",
            "telefonefixo",
            "telefoneresidencial",
            "telefonecomercial",
            "contato",
            "phone",
            "phone1",
            "phone2",
            "phonenumber",
            "telephone",
            "mobile",
            "mobilephone",
            "cell",
            "cellphone",
            "portable",
            "telephoneportable",
            "telephonefixe",
        ],
    ),
    ("whatsapp", &["whatsapp", "whats", "wpp", "zap", "whatsappnumber", "numerowhatsapp"]),
    (
        "email",
        &[
            "email",
            "emails",
            "mail",
            "correioeletronico",
            "enderecodeemail",
            "emailaddress",
            "courriel",
            "adressemail",
            "adresseemail",
        ],
    ),
    ("instagram", &["instagram", "insta"]),
    (
        "street",
        &["endereco", "rua", "logradouro", "enderecocompleto", "address", "street", "addressline1", "adresse", "rue"],
    ),
    ("number", &["numero", "num", "housenumber", "streetnumber", "numerodarua", "numerodaresidencia"]),
    ("complement", &["complemento", "complement", "addressline2", "complementdadresse"]),
    ("neighbourhood", &["bairro", "neighbourhood", "neighborhood", "district", "quartier"]),
    ("city", &["cidade", "municipio", "city", "town", "ville", "commune"]),
    ("region", &["uf", "estado", "state", "region", "province", "departement"]),
    ("postal_code", &["cep", "zip", "zipcode", "postalcode", "postcode", "codepostal", "codigopostal"]),
    ("country", &["pais", "country", "pays", "countrycode"]),
    ("latitude", &["latitude", "lat"]),
    ("longitude", &["longitude", "lon", "lng", "long"]),
    (
        "health_plan",
        &[
            "convenio",
            "planodesaude",
            "plano",
            "operadora",
            "seguro",
            "healthplan",
            "insurance",
            "insurer",
            "mutuelle",
            "assurance",
        ],
    ),
    ("health_plan_product", &["produto", "nomedoplano", "plan", "planname", "tipodoplano"]),
    (
        "card_number",
        &[
            "carteirinha",
            "carteira",
            "numerodacarteirinha",
            "numerodacarteira",
            "ncarteira",
            "cardnumber",
            "membernumber",
            "memberid",
            "policynumber",
            "numerodecarte",
        ],
    ),
    (
        "card_valid_until",
        &["validade", "validadedacarteirinha", "validadecarteira", "validuntil", "expiry", "expirydate"],
    ),
    ("tags", &["tag", "tags", "etiqueta", "etiquetas", "marcadores", "labels", "etiquettes"]),
    (
        "notes",
        &[
            "observacao",
            "observacoes",
            "obs",
            "notas",
            "anotacoes",
            "notes",
            "note",
            "comments",
            "remarks",
            "remarques",
            "commentaires",
        ],
    ),
    ("death_date", &["deathdate", "dateofdeath", "datadeobito", "dataobito", "obito", "datedudeces", "deces"]),
];

/// What the same titles mean where a row is a patient.
const OF_PATIENTS: &[(&str, &[&str])] = &[
    ("external_id", &["id", "cod", "identifiant"]),
    ("stage", &["status", "situacao", "estagio", "stage", "statut", "etat"]),
];

/// What they mean where a row is an appointment.
const OF_APPOINTMENTS: &[(&str, &[&str])] = &[
    (
        "appointment_id",
        &[
            "id",
            "appointmentid",
            "agendamento",
            "agendamentoid",
            "idagendamento",
            "codigodoagendamento",
            "idrdv",
            "rdv",
            "bookingid",
        ],
    ),
    (
        "start",
        &[
            "start",
            "starttime",
            "startsat",
            "inicio",
            "datahora",
            "dataehora",
            "datetime",
            "appointmentday",
            "appointmentdate",
            "appointmenttime",
            "debut",
            "dateheure",
            "datedurdv",
            "data",
            "date",
            "datadaconsulta",
            "dataconsulta",
            "datadoagendamento",
            "dia",
        ],
    ),
    ("time", &["hora", "horario", "time", "heure", "horadaconsulta", "horainicio"]),
    ("end", &["end", "endtime", "fim", "termino", "fin", "horafim"]),
    ("duration_minutes", &["duracao", "duracaominutos", "minutos", "duration", "durationminutes", "duree"]),
    (
        "practitioner",
        &[
            "profissional",
            "medico",
            "medica",
            "doutor",
            "dentista",
            "doctor",
            "provider",
            "practitioner",
            "clinician",
            "praticien",
            "medecin",
        ],
    ),
    (
        "service",
        &[
            "servico",
            "procedimento",
            "tipodeconsulta",
            "tipo",
            "service",
            "appointmenttype",
            "type",
            "acte",
            "motif",
            "especialidade",
        ],
    ),
    ("clinic", &["clinica", "unidade", "local", "clinic", "location", "site", "cabinet", "lieu"]),
    ("status", &["status", "situacao", "statut", "etat"]),
    ("no_show", &["noshow", "faltou", "falta", "absent", "absence", "naocompareceu"]),
    ("booked_at", &["scheduledday", "bookedat", "bookingdate", "marcadoem", "agendadoem", "datademarcacao", "priseen"]),
    ("appointment_notes", &["motivo", "reason", "motivodaconsulta", "queixa"]),
];

/// What a title means, if it is one that people use.
pub(super) fn meaning(title: &str, kind: ImportKind) -> Option<&'static str> {
    let title = plain(title);
    let of_kind = match kind {
        ImportKind::Patients => OF_PATIENTS,
        ImportKind::Appointments => OF_APPOINTMENTS,
    };
    let found = of_kind.iter().chain(ALIASES).find(|(_, titles)| titles.contains(&title.as_str()));
    found.map(|(word, _)| *word)
}

/// A title without marks, case, blanks and punctuation.
pub(super) fn plain(title: &str) -> String {
    kernel::text::normalize(title).chars().filter(|c| c.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::field::Field;
    use super::*;

    #[test]
    fn pt8_every_alias_is_plain_and_means_one_field() {
        for (kind, own) in [(ImportKind::Patients, OF_PATIENTS), (ImportKind::Appointments, OF_APPOINTMENTS)] {
            let mut seen = std::collections::BTreeSet::new();
            for (word, titles) in own.iter().chain(ALIASES) {
                assert!(Field::parse(word, kind).is_ok(), "{word}");
                for title in *titles {
                    assert_eq!(plain(title), *title);
                    assert!(seen.insert(title), "{title} twice");
                }
            }
        }
    }

    #[test]
    fn pt8_titles_of_three_languages_are_understood() {
        for (title, word) in [
            ("Nome", "name"),
            ("NOM", "name"),
            ("Full Name", "name"),
            ("Prénom", "first_name"),
            ("Data de Nascimento", "birth_date"),
            ("DOB", "birth_date"),
            ("né(e) le", "birth_date"),
            ("C.P.F.", "cpf"),
            ("E-mail", "email"),
            ("Município", "city"),
            ("Situação", "stage"),
        ] {
            assert_eq!(meaning(title, ImportKind::Patients), Some(word), "{title}");
        }
        assert_eq!(meaning("Situação", ImportKind::Appointments), Some("status"));
        assert_eq!(meaning("No-show", ImportKind::Appointments), Some("no_show"));
        assert_eq!(meaning("Scholarship", ImportKind::Appointments), None);
    }
}
