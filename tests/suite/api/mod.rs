//! The API as its users meet it.

mod auth;
mod bad_input;
mod booking;
mod booking_races;
mod booking_times;
mod conditions;
mod conventions;
mod lists;
mod patients;
mod repeats;
mod slots;
