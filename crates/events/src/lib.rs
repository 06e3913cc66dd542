#![doc = include_str!("../README.md")]

pub mod identity;
pub mod patients;
pub mod scheduling;
