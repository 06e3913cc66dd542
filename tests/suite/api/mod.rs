//! The API as its users meet it.

#[cfg(feature = "postgres")]
mod account_races;
mod api_keys;
mod audit;
mod auth;
mod bad_input;
mod booking;
mod booking_races;
mod booking_times;
mod companies;
mod conditions;
mod contention;
mod conventions;
mod cookies;
mod dead_letters;
mod invitations;
mod lists;
mod metrics;
mod oidc;
mod own_account;
mod own_sessions;
mod pages;
mod passwords;
mod patients;
mod patients_archive;
mod patients_filters;
mod patients_import_runs;
mod patients_imports;
mod patients_links;
mod patients_matching;
mod patients_merges;
mod patients_stats;
mod patients_story;
mod patients_tags;
mod places;
mod repeats;
mod second_factor;
mod settings;
mod signing_keys;
mod slots;
mod traces;
#[cfg(feature = "postgres")]
mod two_nodes;
mod users;
