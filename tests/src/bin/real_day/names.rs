//! Invented names: the file has none, and nobody's should be in a load test.

use ::tests::measure::Random;

const WOMEN: [&str; 24] = [
    "Ana",
    "Beatriz",
    "Camila",
    "Conceição",
    "Débora",
    "Eduarda",
    "Fátima",
    "Glória",
    "Helena",
    "Inês",
    "Joana",
    "Júlia",
    "Larissa",
    "Luíza",
    "Márcia",
    "Mônica",
    "Natália",
    "Olívia",
    "Patrícia",
    "Rosângela",
    "Sônia",
    "Tânia",
    "Vitória",
    "Zélia",
];
const MEN: [&str; 24] = [
    "André",
    "Antônio",
    "Bento",
    "César",
    "Davi",
    "Élcio",
    "Fábio",
    "Gérson",
    "Heitor",
    "Ícaro",
    "João",
    "José",
    "Kauã",
    "Lázaro",
    "Márcio",
    "Nélson",
    "Otávio",
    "Plínio",
    "Raí",
    "Sérgio",
    "Túlio",
    "Ubirajara",
    "Vítor",
    "Zeca",
];
const FAMILIES: [&str; 40] = [
    "Abreu",
    "Almeida",
    "Araújo",
    "Assunção",
    "Barcelos",
    "Brandão",
    "Calazans",
    "Cândido",
    "Conceição",
    "D'Ávila",
    "Damasceno",
    "Espírito Santo",
    "Falcão",
    "Fontoura",
    "Galvão",
    "Gusmão",
    "Holanda",
    "Iglésias",
    "Jordão",
    "Kuhn",
    "Leão",
    "Loureiro",
    "Magalhães",
    "Mourão",
    "Nóbrega",
    "Oliveira",
    "Paixão",
    "Queirós",
    "Rabelo",
    "Sá",
    "Simões",
    "Taváres",
    "Uchôa",
    "Valadão",
    "Vasconcelos",
    "Vilela",
    "Wanderley",
    "Ximenes",
    "Zago",
    "Zanetti",
];

/// One given name and two family names, the same for the same source id in every run.
pub fn name(source_id: &str, female: bool) -> String {
    let mut random = Random::of(source_id);
    let given = random.pick(if female { &WOMEN } else { &MEN }).copied().unwrap_or_default();
    let (mother, father) = (random.pick(&FAMILIES), random.pick(&FAMILIES));
    format!("{given} {} {}", mother.copied().unwrap_or_default(), father.copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_keeps_the_name() {
        assert_eq!(name("9377952927E-5", true), name("9377952927E-5", true));
        assert_ne!(name("1", true), name("1", false));
        assert_eq!(name("29872499824296", false).split(' ').filter(|word| word.is_empty()).count(), 0);
    }
}
