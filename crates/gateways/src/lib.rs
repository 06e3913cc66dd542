#![doc = include_str!("../README.md")]

pub mod argon2;
mod blocks;
pub mod files;
pub mod open_id;
pub mod otlp;
pub mod randomness;
pub mod redis;
pub mod smtp;
pub mod table_source;
pub mod tables;
