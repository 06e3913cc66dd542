//! The way of a write is enforced by types: what leaves a step out does not compile.

#[test]
fn a_step_left_out_does_not_compile() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/fixtures/whole_way.rs");
    cases.compile_fail("tests/fixtures/write_without_permit.rs");
    cases.compile_fail("tests/fixtures/commit_without_journal.rs");
    cases.compile_fail("tests/fixtures/answer_without_committed.rs");
}
