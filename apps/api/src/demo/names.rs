//! Small lists of common names and places; who comes out of them is nobody.

/// First names of women in Brazil.
pub(super) const WOMEN_BR: &[&str] = &[
    "Adriana", "Aline", "Ana Beatriz", "Ana Clara", "Antônia", "Bianca", "Bruna", "Camila", "Carolina", "Cecília",
    "Cláudia", "Conceição", "Débora", "Eduarda", "Elaine", "Fernanda", "Gabriela", "Helena", "Isabela", "Joana",
    "Júlia", "Juliana", "Larissa", "Laura", "Letícia", "Lívia", "Lúcia", "Luíza", "Márcia", "Maria Eduarda",
    "Mariana", "Natália", "Patrícia", "Priscila", "Rafaela", "Raimunda", "Sônia", "Tatiane", "Valentina", "Vitória",
];
/// First names of men in Brazil.
pub(super) const MEN_BR: &[&str] = &[
    "Adriano", "Anderson", "André", "Antônio", "Bernardo", "Bruno", "Caio", "Carlos Eduardo", "Cícero", "Daniel",
    "Diego", "Eduardo", "Emanuel", "Fábio", "Felipe", "Francisco", "Gabriel", "Guilherme", "Gustavo", "Heitor",
    "Henrique", "Igor", "João Pedro", "João Vítor", "Joaquim", "José", "Leonardo", "Lucas", "Luís Fernando", "Marcelo",
    "Mateus", "Murilo", "Otávio", "Paulo", "Rafael", "Renato", "Rodrigo", "Sérgio", "Thiago", "Vinícius",
];
/// Family names in Brazil.
pub(super) const FAMILIES_BR: &[&str] = &[
    "Almeida", "Alves", "Araújo", "Barbosa", "Barros", "Batista", "Campos", "Cardoso", "Carvalho", "Castro",
    "Cavalcante", "Correia", "Costa", "Cunha", "da Conceição", "da Silva", "Dias", "dos Santos", "de Souza", "Duarte",
    "Ferreira", "Freitas", "Gomes", "Gonçalves", "Lima", "Lopes", "Machado", "Martins", "Melo", "Mendes",
    "Monteiro", "Moreira", "Nascimento", "Nogueira", "Nunes", "Oliveira", "Pereira", "Pinto", "Ramos", "Ribeiro",
    "Rocha", "Rodrigues", "Sampaio", "Teixeira", "Vieira", "Yamamoto",
];
/// First names of women in France.
pub(super) const WOMEN_FR: &[&str] = &[
    "Agnès", "Amélie", "Anne-Laure", "Aurélie", "Brigitte", "Camille", "Chloé", "Claire", "Delphine", "Élise",
    "Émilie", "Fatima", "Françoise", "Inès", "Jeanne", "Léa", "Lucie", "Manon", "Marie-Hélène", "Mathilde",
    "Nathalie", "Océane", "Sophie", "Sylvie", "Zoé",
];
/// First names of men in France.
pub(super) const MEN_FR: &[&str] = &[
    "Alexandre", "Antoine", "Benoît", "Cédric", "Clément", "Didier", "Étienne", "François", "Gaël", "Guillaume",
    "Hugo", "Jean-Baptiste", "Jean-Luc", "Jérôme", "Karim", "Laurent", "Loïc", "Mathieu", "Maxime", "Nicolas",
    "Olivier", "Pierre", "Rémi", "Thomas", "Yann",
];
/// Family names in France.
pub(super) const FAMILIES_FR: &[&str] = &[
    "Arnaud", "Benali", "Bernard", "Blanchard", "Bonnet", "Chevalier", "Clément", "Colin", "d'Alembert", "de La Tour",
    "Dubois", "Dupont", "Durand", "Faure", "Fontaine", "Garnier", "Girard", "Lambert", "Lefèvre", "Le Goff",
    "Lemaître", "Marchand", "Mercier", "Moreau", "N'Guyen", "Perrin", "Petit", "Rousseau", "Roux", "Simon",
];
/// Neighbourhoods of São Paulo, each with the beginning of its postal code.
pub(super) const NEIGHBOURHOODS: &[(&str, u32)] = &[
    ("Bela Vista", 1310), ("Consolação", 1301), ("Ipiranga", 4206), ("Itaim Bibi", 4530), ("Jabaquara", 4320),
    ("Lapa", 5065), ("Mooca", 3104), ("Perdizes", 5009), ("Pinheiros", 5422), ("Santana", 2012),
    ("Santo Amaro", 4745), ("Tatuapé", 3310), ("Vila Mariana", 4101), ("Vila Madalena", 5435),
];
/// Streets as they could be called in any Brazilian town.
pub(super) const STREETS_BR: &[&str] = &[
    "Rua das Acácias", "Rua das Palmeiras", "Avenida da Liberdade", "Rua do Comércio", "Rua dos Ipês", "Alameda Santos",
    "Rua Sete de Setembro", "Travessa das Flores", "Rua Quinze de Novembro", "Rua São Bento",
];
/// Streets as they could be called in any French town.
pub(super) const STREETS_FR: &[&str] = &[
    "rue de la Paix", "rue des Lilas", "avenue de la République", "rue de l'Église", "boulevard Voltaire",
    "rue du Moulin", "place du Marché", "impasse des Acacias",
];
/// Health plans of the demo; no operator is called so.
pub(super) const PLANS: &[(&str, &str)] = &[
    ("Boreal Saúde", "Essencial"), ("Boreal Saúde", "Executivo"), ("Vida Serena", "Nacional"), ("Cedro Assistência", "Empresarial"),
];
/// Labels.
pub(super) const TAGS: &[&str] = &["gestante", "idoso", "pediatria", "primeira consulta", "retorno", "vip"];
