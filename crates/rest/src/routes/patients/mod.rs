//! Operations of the patients context, a file each.

pub mod archive_patient;
pub mod create_import;
pub mod create_link;
pub mod create_patient;
pub mod create_tag;
pub mod delete_link;
pub mod delete_tag;
pub mod export_patients;
pub mod list_duplicates;
pub mod list_import_rows;
pub mod list_imports;
pub mod list_links;
pub mod list_patients;
pub mod list_tags;
pub mod match_patient;
pub mod merge_patients;
pub mod read_import;
pub mod read_import_file;
pub mod read_patient;
pub mod read_patient_stats;
pub mod read_profile;
pub mod read_timeline;
pub mod restore_patient;
pub mod roll_back_import;
pub mod undo_merge;
pub mod update_patient;
