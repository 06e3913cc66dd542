#![doc = include_str!("../README.md")]

pub mod argon2;
pub mod randomness;
