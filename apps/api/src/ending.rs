//! The signals that end a process in order: SIGTERM and SIGINT, on Windows Ctrl-C.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};
#[cfg(windows)]
use tokio::signal::windows::{CtrlC, ctrl_c};

/// Hears the signals.
#[derive(Debug)]
pub struct Ending {
    #[cfg(unix)]
    term: Signal,
    #[cfg(unix)]
    int: Signal,
    #[cfg(windows)]
    ctrl_c: CtrlC,
}

#[cfg(unix)]
impl Ending {
    /// From now on these signals no longer kill the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { term: signal(SignalKind::terminate())?, int: signal(SignalKind::interrupt())? })
    }

    /// Returns once one of them came, also when it came before this was asked.
    pub async fn asked(&mut self) {
        tokio::select! {
            _ = self.term.recv() => {}
            _ = self.int.recv() => {}
        }
    }
}

#[cfg(windows)]
impl Ending {
    /// From now on this signal no longer kills the process.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { ctrl_c: ctrl_c()? })
    }

    /// Returns once it came, also when it came before this was asked.
    pub async fn asked(&mut self) {
        self.ctrl_c.recv().await;
    }
}
