//! The command line.

use std::path::PathBuf;

use chrono::NaiveTime;
use clap::{Args, Parser, Subcommand};
use patients::model::import::ImportKind;
use patients::model::table::DateOrder;
use uuid::Uuid;

/// The back end of a clinic.
#[derive(Debug, Parser)]
#[command(name = "salus", version, about, arg_required_else_help = false)]
pub struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Serve the API; migrates first and runs the worker too (the default)
    Serve,
    /// Run only the worker
    Worker,
    /// Bring the database to this version, or say what is missing
    #[command(subcommand)]
    Migrate(Migrate),
    /// Print the OpenAPI document
    Openapi,
    /// Make the demo company
    Demo {
        /// Also in production, where its password is public
        #[arg(long)]
        yes: bool,
    },
    /// Import patients or appointments from a file; said again, it goes on where it was interrupted
    Import(ImportFile),
    /// Look after the audit journal
    #[command(subcommand)]
    Audit(Audit),
    /// Look after the master keys
    #[command(subcommand)]
    Keys(Keys),
    /// Look after the keys that sign access tokens
    #[command(subcommand)]
    SigningKeys(SigningKeys),
}

/// The keys that sign access tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum SigningKeys {
    /// Sign with a new key from now on; twice, where a key has leaked: then nothing signed before is accepted any longer
    Rotate,
}

/// A file to import, and what is said of it.
#[derive(Debug, Clone, PartialEq, Eq, Args)]
pub struct ImportFile {
    /// The file: CSV, JSON, XLSX, XLS or ODS
    pub file: PathBuf,
    /// What its rows are: `patients` or `appointments`
    #[arg(long, value_parser = import_kind)]
    pub kind: ImportKind,
    /// The id of the company; needed where there are several
    #[arg(long)]
    pub company: Option<Uuid>,
    /// Report what would happen, and write nothing else
    #[arg(long)]
    pub dry_run: bool,
    /// A JSON object from titles of columns to fields, in place of what is proposed
    #[arg(long, value_name = "JSON")]
    pub mapping: Option<String>,
    /// Which of two numbers in a date is the day: `day_first` or `month_first`
    #[arg(long, value_parser = date_order)]
    pub date_order: Option<DateOrder>,
    /// Where the file's own identifiers come from
    #[arg(long)]
    pub namespace: Option<String>,
    /// The sheet of a workbook
    #[arg(long)]
    pub sheet: Option<String>,
    /// What separates the fields of a text
    #[arg(long)]
    pub delimiter: Option<char>,
    /// The practitioner of appointments whose row names none
    #[arg(long)]
    pub practitioner: Option<Uuid>,
    /// The service of appointments whose row names none
    #[arg(long)]
    pub service: Option<Uuid>,
    /// The clinic of appointments whose row names none
    #[arg(long)]
    pub clinic: Option<Uuid>,
    /// The time of the day of appointments whose row says none, `HH:MM:SS`
    #[arg(long)]
    pub time: Option<NaiveTime>,
}

fn import_kind(text: &str) -> Result<ImportKind, String> {
    ImportKind::parse(text).ok_or_else(|| "is `patients` or `appointments`".to_owned())
}

fn date_order(text: &str) -> Result<DateOrder, String> {
    match text {
        "day_first" => Ok(DateOrder::DayFirst),
        "month_first" => Ok(DateOrder::MonthFirst),
        _ => Err("is `day_first` or `month_first`".to_owned()),
    }
}

/// Master keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Keys {
    /// Seal everything under the newest key of `MASTER_KEY`; afterwards the older ones can be left out
    Rotate,
}

/// Migrations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Subcommand)]
pub enum Migrate {
    /// Apply what is pending
    Up,
    /// List what is applied and what is pending
    Status,
}

/// The audit journal.
#[derive(Debug, Clone, PartialEq, Eq, Subcommand)]
pub enum Audit {
    /// Verify the chain of every company, and print each one's head
    Verify {
        /// A head that was printed before; its row must still be there, unchanged
        #[arg(long, value_name = "POSITION:MAC", value_parser = Head::parse)]
        head: Option<Head>,
    },
}

/// A known place of a company's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its position, from 1.
    pub position: i64,
    /// The MAC of its link.
    pub mac: [u8; 32],
}

impl Cli {
    /// What was asked for.
    pub fn asked(self) -> Command {
        self.command.unwrap_or(Command::Serve)
    }
}

impl Head {
    /// Reads `POSITION:MAC`, the MAC as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = "is written POSITION:MAC, the MAC as 64 hexadecimal digits";
        let (position, mac) = text.split_once(':').ok_or(form)?;
        let position = position.parse().ok().filter(|position| *position > 0).ok_or(form)?;
        let digits: Vec<u8> = mac.chars().filter_map(|c| u8::try_from(c.to_digit(16)?).ok()).collect();
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        // An odd digit at the end would fall off, and one that is none would not be missed.
        if mac.len() != 64 || digits.len() != mac.len() {
            return Err(form.to_owned());
        }
        Ok(Self { position, mac: bytes.try_into().ok().ok_or(form)? })
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn asked(arguments: &[&str]) -> Command {
        Cli::try_parse_from(std::iter::once(&"salus").chain(arguments)).unwrap().asked()
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default() {
        assert_eq!(asked(&[]), Command::Serve);
        assert_eq!(asked(&["serve"]), Command::Serve);
    }

    #[test]
    fn every_command_is_understood() {
        assert_eq!(asked(&["worker"]), Command::Worker);
        assert_eq!(asked(&["migrate", "up"]), Command::Migrate(Migrate::Up));
        assert_eq!(asked(&["migrate", "status"]), Command::Migrate(Migrate::Status));
        assert_eq!(asked(&["openapi"]), Command::Openapi);
        assert_eq!(asked(&["demo", "--yes"]), Command::Demo { yes: true });
        assert_eq!(asked(&["audit", "verify"]), Command::Audit(Audit::Verify { head: None }));
        assert_eq!(asked(&["keys", "rotate"]), Command::Keys(Keys::Rotate));
        assert_eq!(asked(&["signing-keys", "rotate"]), Command::SigningKeys(SigningKeys::Rotate));
    }

    #[test]
    fn i11_a_known_head_has_a_position_and_a_mac() {
        let head = Head::parse(&format!("12:{}", "0f".repeat(32))).unwrap();
        assert_eq!(head, Head { position: 12, mac: [15; 32] });
        let of = |digits: &str, times| format!("1:{}", digits.repeat(times));
        let lengths = [of("0", 63), of("0", 65), of("0f", 33)];
        assert!(lengths.iter().all(|bad| Head::parse(bad).is_err()));
        for bad in ["12", "0:00", "12:0f", &format!("-1:{}", "0f".repeat(32)), &of("zz", 32)] {
            assert!(Head::parse(bad).is_err(), "{bad}");
        }
    }
}
