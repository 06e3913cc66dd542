//! One conversation with an SMTP server: as the library's own transport holds it, but step by step, since only the step says
//! whether a refusal is about this mail.

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailParameter};
use lettre::{Address, Message};

use super::server::{Encryption, SmtpServer};

/// How a conversation failed.
#[derive(Debug)]
pub(super) enum Broken {
    /// Before the server heard whom the mail is for: nothing that this mail is to blame for.
    Before(Error),
    /// At the recipient or at the message itself.
    AtMail(Error),
}

/// Opens a connection to the server, encrypted and signed in as its URL wants it.
async fn opened(server: &SmtpServer) -> Result<AsyncSmtpConnection, Error> {
    let hello = ClientId::default();
    let wrapped = match server.encryption() {
        Encryption::Wrapped => Some(server.tls()?),
        Encryption::Required | Encryption::Offered => None,
    };
    let mut connection = AsyncSmtpConnection::connect_tokio1(server.address(), None, &hello, wrapped, None).await?;
    let is_upgraded = match server.encryption() {
        Encryption::Wrapped => false,
        Encryption::Required => true,
        Encryption::Offered => connection.can_starttls(),
    };
    if is_upgraded {
        connection.starttls(server.tls()?, &hello).await?;
    }
    if let Some(credentials) = server.credentials() {
        connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
    }
    Ok(connection)
}

/// Hands a message over; the connection, to be closed with courtesy.
pub(super) async fn hand_over(server: &SmtpServer, message: &Message) -> Result<AsyncSmtpConnection, Broken> {
    let mut connection = opened(server).await.map_err(Broken::Before)?;
    let envelope = message.envelope();
    // A server that does not know the parameter refuses it here.
    let is_narrow = |address: &Address| address.user().is_ascii() && address.domain().is_ascii();
    let is_wide = !envelope.to().iter().chain(envelope.from()).all(is_narrow);
    let options = if is_wide { vec![MailParameter::SmtpUtfEight] } else { Vec::new() };
    connection.command(Mail::new(envelope.from().cloned(), options)).await.map_err(Broken::Before)?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), Vec::new())).await.map_err(Broken::AtMail)?;
    }
    connection.command(Data).await.map_err(Broken::AtMail)?;
    connection.message(&message.formatted()).await.map_err(Broken::AtMail)?;
    Ok(connection)
}
