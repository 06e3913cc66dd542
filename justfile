set shell := ["bash", "-euo", "pipefail", "-c"]

_default:
    @just --list --unsorted

# The API on http://127.0.0.1:8080 (Swagger UI at /docs), embedded database, demo company
run *ARGS:
    cargo run -- {{ARGS}}

# Everything that needs no server; `just services just test` adds PostgreSQL and Redis
test *ARGS:
    cargo test --workspace {{ARGS}}

# What CI runs: lints, tests on both databases, every judge
ci:
    .ci/services.sh .ci/ci.sh

# Rewrite the OpenAPI document and the TypeScript types from the code
openapi:
    cargo run --quiet -- openapi > target/salus.v1.json
    mv target/salus.v1.json openapi/salus.v1.json
    .ci/judges/client.sh write

# Measure and print the ratios of tests/README.md (durable PostgreSQL, release build)
bench *ARGS:
    cargo build --release --workspace
    target/release/bench {{ARGS}}

# The figures of the registry: a million patients on PostgreSQL, a tenth of them on SQLite
bench-patients *ARGS:
    cargo build --release --workspace
    target/release/bench patients {{ARGS}}

# Play real appointments through HTTP: just real-day FILE [sqlite|postgres]
real-day FILE DATABASE="sqlite" *ARGS="":
    cargo build --release --workspace
    SALUS_BIN=target/release/salus .ci/services.sh .ci/serve.sh {{DATABASE}} target/release/real_day {{FILE}} {{ARGS}}

# Precision and recall of patient matching on files whose truth is known
judge-matching FOLDER="../shared/data/record-linkage" *ARGS="":
    cargo run --quiet --package tests --bin judge_matching -- {{FOLDER}} {{ARGS}}

# Odd workbooks and damaged texts against what a reference reader sees
judge-spreadsheets FOLDER="../shared/data/spreadsheets" *OTHERS="../shared/data/noshow ../shared/data/synthea/csv ../shared/data/synthea/csv-117 ../shared/data/synthea/csv-1k":
    cargo run --quiet --package tests --bin judge_spreadsheets -- {{FOLDER}} {{OTHERS}}

# The long random run of schemathesis; FUZZ_SEED and FUZZ_EXAMPLES choose
fuzz-api DATABASE="sqlite":
    cargo build --workspace
    .ci/judges/install.sh python
    .ci/services.sh .ci/serve.sh {{DATABASE}} .ci/judges/schemathesis.sh long

fmt:
    cargo fmt --all

lint:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets --locked -- -D warnings

# A shell (or a command) beside a private PostgreSQL and Redis: TEST_DATABASE_URL, TEST_REDIS_URL
services *COMMAND="bash":
    .ci/services.sh {{COMMAND}}

# Make the demo company in the database of DATABASE_URL
demo *ARGS:
    cargo run -- demo {{ARGS}}
