//! Agendas.

pub mod cancel_appointment;
pub mod confirm_appointment;
pub mod create_appointment;
pub mod create_exception;
pub mod create_practitioner;
pub mod create_service;
pub mod delete_exception;
pub mod explain_slot;
pub mod list_appointments;
pub mod list_exceptions;
pub mod list_practitioners;
pub mod list_services;
pub mod list_slots;
pub mod read_appointment;
pub mod read_appointment_history;
pub mod read_availability;
pub mod read_practitioner;
pub mod read_service;
pub mod replace_availability;
pub mod update_practitioner;
pub mod update_service;
