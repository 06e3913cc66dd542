use super::*;

#[tokio::test]
async fn pt3_a_search_is_ranked_by_stages_and_pages_go_through_them() {
    for clinic in clinics().await {
        let cpf = "09380826044";
        for name in ["Joana Marianna", "Mariana Zeta", "Ana Paula", "Luana", "Ana", "Bento"] {
            clinic.registered(name).await;
        }
        clinic.register(with_contact("Zuleica", ContactKind::Email, "zu@ana.example")).await.unwrap();
        clinic.neighbour().registered("Ana Vizinha").await;
        let expected = ["Ana", "Ana Paula", "Joana Marianna", "Luana", "Mariana Zeta", "Zuleica"];
        for limit in [1, 2, 3, 5, 6, 50] {
            assert_eq!(clinic.walked(search_for("ANA", limit)).await, expected, "{limit}");
        }
        clinic.register(with_identifier("Xavier", IdentifierKind::Cpf, cpf)).await.unwrap();
        clinic.register(with_identifier("Yara", IdentifierKind::Other, &format!("{cpf}9"))).await.unwrap();
        clinic.register(with_identifier("Wanda", IdentifierKind::Other, &format!("7{cpf}"))).await.unwrap();
        for limit in [1, 2, 50] {
            assert_eq!(
                clinic.walked(search_for("093.808.260-44", limit)).await,
                ["Xavier", "Yara", "Wanda"],
                "{limit}"
            );
        }
    }
}

#[tokio::test]
async fn pt3_a_page_by_number_and_the_total_agree_with_the_walk() {
    for clinic in clinics().await {
        for name in ["Luana", "Ana Paula", "Ana", "Mariana", "Bento"] {
            clinic.registered(name).await;
        }
        clinic.register(with_contact("Zoe Ana", ContactKind::Phone, "(11) 98765-4321")).await.unwrap();
        let walked = clinic.walked(search_for("ana", 1)).await;
        assert_eq!(walked, ["Ana", "Ana Paula", "Zoe Ana", "Luana", "Mariana"]);
        for skip in 0..6 {
            let mut ask = search_for("ana", 2);
            ask.page.start = Start::Offset(skip);
            ask.page.total = Total::Count;
            let page = clinic.listed(Reach::Company, &ask).await;
            let from = usize::try_from(skip).unwrap();
            assert_eq!(names(&page), walked.iter().skip(from).take(2).cloned().collect::<Vec<_>>());
            assert_eq!(page.total, Some(5));
            let Some(next) = page.next else { continue };
            ask.page.start = Start::After(next.key().unwrap());
            let page = clinic.listed(Reach::Company, &ask).await;
            assert_eq!(names(&page), walked.iter().skip(from + 2).take(2).cloned().collect::<Vec<_>>());
        }
    }
}

#[tokio::test]
async fn pt3_a_word_that_many_have_is_paged_like_any_other() {
    for clinic in clinics().await {
        let mut expected = Vec::new();
        for number in 10..60 {
            expected.push(format!("Ana {number}"));
            clinic.registered(&format!("Ana {number}")).await;
        }
        for number in 10..20 {
            expected.push(format!("Luana {number}"));
            clinic.registered(&format!("Luana {number}")).await;
        }
        for name in ["Bento", "Caio", "Zoe"] {
            clinic.registered(name).await;
        }
        for limit in [7, 20, 60, 200] {
            assert_eq!(clinic.walked(search_for("ana", limit)).await, expected, "{limit}");
        }
        assert_eq!(
            clinic.walked(search_for("ana 1", 3)).await,
            expected.iter().filter(|name| name.contains('1')).cloned().collect::<Vec<_>>()
        );
    }
}

#[tokio::test]
async fn pt3_all_words_must_match_in_any_order() {
    for clinic in clinics().await {
        for name in ["Conceição D'Ávila da Silva-Souza", "Conceição Pereira", "Sílvio Souza"] {
            clinic.registered(name).await;
        }
        let first = ["Conceição D'Ávila da Silva-Souza"];
        for query in ["souza conceicao", "silva-souza", "DAVILA", "d'ávila concei", "Conceição da Silva", "silvasouza"]
        {
            assert_eq!(clinic.found(Reach::Company, query).await, first, "{query}");
        }
        assert_eq!(clinic.found(Reach::Company, "souza").await, [first[0], "Sílvio Souza"]);
        assert_eq!(clinic.found(Reach::Company, "conceicao souzza").await, [""; 0]);
    }
}

#[tokio::test]
async fn pt2_pt3_a_number_finds_with_and_without_the_ninth_digit_and_first() {
    for clinic in clinics().await {
        clinic.register(with_contact("Zilda", ContactKind::Phone, "41 98799-0000")).await.unwrap();
        clinic.register(with_contact("Ana", ContactKind::Whatsapp, "+1 554 187 990 000 1")).await.unwrap();
        for query in ["41 8799-0000", "(41) 98799-0000", "+55 41 98799-0000", "+55 41 8799 0000", "041 98799-0000"] {
            assert_eq!(clinic.found(Reach::Company, query).await.first().map(String::as_str), Some("Zilda"), "{query}");
        }
    }
}

#[tokio::test]
async fn pt3_wildcards_of_a_query_are_plain_characters() {
    for clinic in clinics().await {
        clinic.register(with_contact("Ana", ContactKind::Email, "a_b%c@x.example")).await.unwrap();
        clinic.register(with_contact("Eva", ContactKind::Email, "aXbYc@x.example")).await.unwrap();
        assert_eq!(clinic.found(Reach::Company, "a_b%c@x").await, ["Ana"]);
        assert_eq!(clinic.found(Reach::Company, "b%c@").await, ["Ana"]);
        assert_eq!(clinic.found(Reach::Company, "_b\\%@").await, [""; 0]);
        assert_eq!(clinic.found(Reach::Company, "A_B%C@X.example").await, ["Ana"]);
        assert_eq!(clinic.found(Reach::Company, "%").await.len(), 2);
    }
}

#[tokio::test]
async fn pt3_a_changed_record_is_found_by_what_it_is_now() {
    for clinic in clinics().await {
        let id = clinic.registered("Ana").await;
        let tx = clinic.db.open(clinic.writer(Reach::Company).scope()).await.unwrap();
        let mut changed = tx.patient_by_id(id).await.unwrap().unwrap();
        changed.details.name = PersonName::parse("Eva").unwrap();
        changed.version += 1;
        assert!(tx.patient_save(&changed).await.unwrap());
        let found = tx.patient_list(&search_for("eva", 5)).await.unwrap();
        assert_eq!(names(&found), ["Eva"]);
        let gone = tx.patient_list(&search_for("ana", 5)).await.unwrap();
        assert_eq!(names(&gone), [""; 0]);
    }
}
