//! What stands in files for which no reference reader was at hand: taken from their markup by eye.

/// Files that need a password.
pub const ENCRYPTED: &[&str] = &["issue_385.xls", "pass_protected.ods", "pass_protected.xlsb", "pass_protected.xlsx"];

/// Files that hold what another one holds.
pub const SIBLINGS: &[(&str, &str)] = &[("issue127.xlsb", "issue127.xlsx"), ("issues.xlsb", "issues.xlsx")];

/// Lines and what stands in them, cells between bars, of a sheet; `...` where more follow.
type Rows = [(u64, &'static str)];

/// Sheets and their rows.
pub const FACTS: &[(&str, &[(&str, &Rows)])] = &[
    ("covered.ods", &[("sheet1", &[(1, "a1"), (2, "a2")])]),
    ("issue127.ods", &[("Sheet1", &[]), ("Sheet8", &[])]),
    ("issue_182.xlsb", &[("formula_vals", &[(1, "3"), (2, "Ab"), (3, "false")])]),
    (
        "issues.ods",
        &[
            ("datatypes", &[(1, "1"), (2, "1.5"), (3, "ab"), (4, "false"), (5, "test"), (6, "2016-10-20")]),
            ("Sheet1", &[(2, "0")]),
            ("issue2", &[(1, "1|a"), (2, "2|b"), (3, "3|c")]),
            ("issue5", &[(1, "0.5")]),
            ("issue6", &[(1, "1"), (2, "2"), (3, "ab"), (4, "false")]),
            ("spc_chrs", SPECIAL),
        ],
    ),
    (
        "number_rows_repeated.ods",
        &[
            ("Sheet1", &[(1, "A|B"), (2, "C|D"), (3, "C|D"), (6, "C|D"), (8, "C|D")]),
            ("Sheet2", &[(2, "A|B"), (3, "C|D"), (4, "C|D"), (7, "C|D"), (9, "C|D")]),
            ("Sheet3", &[(3, "A|B"), (4, "C|D"), (5, "C|D"), (8, "C|D"), (10, "C|D")]),
        ],
    ),
    (
        "richtext_issue.ods",
        &[
            ("datatypes", &[(1, "abc")]),
            ("Sheet1", &[(2, "0")]),
            ("issue2", &[(1, "1|a"), (2, "2|b"), (3, "3|c")]),
            ("issue5", &[(1, "0.5")]),
            ("issue6", &[(1, "1"), (2, "2"), (3, "ab"), (4, "false")]),
            ("spc_chrs", SPECIAL),
        ],
    ),
    ("single-empty.ods", &[("Test", &[(1, "StringCol"), (2, "bbb"), (3, "ccc"), (4, "ddd"), (5, "eee"), (13, "zzz")])]),
    (
        "tuss-20-medicamentos.xlsx",
        &[(
            "Tabela_20_Terminologia_de_medic",
            &[
                (
                    2,
                    "90051505|REOPRO|2 MG/ML SOL INJ CT FA VD INC X 5 ML|ELI LILLY DO BRASIL LTDA|2012-10-10||2014-08-31|1126000100027",
                ),
                (0, "..."),
            ],
        )],
    ),
    ("with-annotation.ods", &[("table1", &[(1, "cell a.1")])]),
];

const SPECIAL: &Rows =
    &[(1, "&"), (2, "<"), (3, ">"), (4, "aaa ' aaa"), (5, "\""), (6, "☺"), (7, "֍"), (8, "àâéêèçöïî«»")];
