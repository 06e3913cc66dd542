#![doc = include_str!("../README.md")]

pub mod argon2;
mod blocks;
pub mod open_id;
pub mod otlp;
pub mod randomness;
pub mod redis;
pub mod smtp;
