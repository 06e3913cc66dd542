use identity::model::email::Email;
use identity::model::mail::{Notice, Occasion};
use identity::model::place::Locale;
use identity::model::session::Secret;
use kernel::ids::TenantId;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;
use uuid::Uuid;

use super::*;

fn mail() -> Mail {
    let notice = Notice {
        to: Email::parse("ana@aurora.example").unwrap(),
        locale: Locale::PtBr,
        occasion: Occasion::PasswordReset,
        secret: Secret::new([3; 32]),
    };
    notice.mail(Uuid::from_u128(7), TenantId::from_uuid(Uuid::nil()), "https://clinic.example").unwrap()
}

fn sender() -> Sender {
    Sender::parse("Clínica Aurora <avisos@aurora.example>").unwrap()
}

/// Answers one conversation: to the verb that `refusal` names with that line, else friendly; the data it was sent.
async fn conversation(listener: TcpListener, refusal: Option<(&'static str, &'static str)>) -> String {
    let (stream, _) = listener.accept().await.unwrap();
    let (reader, mut writer) = stream.into_split();
    let (mut lines, mut data) = (BufReader::new(reader).lines(), String::new());
    writer.write_all(b"220 here\r\n").await.unwrap();
    let mut is_data = false;
    while let Ok(Some(line)) = lines.next_line().await {
        if is_data && line != "." {
            data.push_str(&line);
            data.push('\n');
            continue;
        }
        let verb = line.split([' ', ':']).next().unwrap_or_default();
        let answer = match (refusal, verb) {
            (Some((refused, answer)), verb) if refused == verb => answer,
            (_, "EHLO") => "250-here\r\n250 AUTH PLAIN",
            (_, "AUTH") => "235 welcome",
            (_, "DATA") => "354 go on",
            _ => "250 fine",
        };
        is_data = answer.starts_with("354");
        writer.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
    }
    data
}

async fn sent(refusal: Option<(&'static str, &'static str)>) -> (Result<(), MailFailed>, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://user:password@{}", listener.local_addr().unwrap());
    let mailer = SmtpMailer::new(&SmtpServer::parse(&url).unwrap(), sender()).unwrap();
    let other_end = tokio::spawn(conversation(listener, refusal));
    let answer = mailer.send(&mail()).await;
    drop(mailer);
    other_end.abort();
    (answer, other_end.await.unwrap_or_default())
}

#[tokio::test]
async fn a_mail_that_the_server_takes_is_sent() {
    assert_eq!(sent(None).await.0, Ok(()));
}

#[tokio::test]
async fn what_is_refused_for_good_is_not_tried_again_and_all_else_is() {
    for (verb, answer, failed) in [
        ("RCPT", "550 no such mailbox", MailFailed::Refused),
        ("RCPT", "530 sign in first", MailFailed::Unavailable),
        ("MAIL", "553 not from here", MailFailed::Unavailable),
        ("EHLO", "554 no service for you", MailFailed::Unavailable),
        ("DATA", "554 not that", MailFailed::Refused),
        ("RCPT", "451 later", MailFailed::Unavailable),
        ("MAIL", "421 closing", MailFailed::Unavailable),
        ("AUTH", "535 wrong password", MailFailed::Unavailable),
    ] {
        assert_eq!(sent(Some((verb, answer))).await.0, Err(failed), "{verb} {answer}");
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    drop(listener);
    let mailer = SmtpMailer::new(&SmtpServer::parse(&url).unwrap(), sender()).unwrap();
    assert_eq!(mailer.send(&mail()).await, Err(MailFailed::Unavailable));
}

#[tokio::test]
async fn i10_a_server_that_says_nothing_is_left_and_tried_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let mut mailer = SmtpMailer::new(&SmtpServer::parse(&url).unwrap(), sender()).unwrap();
    assert_eq!(mailer.patience, PATIENCE);
    mailer.patience = Duration::from_millis(50);
    let mail = mail();
    let (accepted, answer) = tokio::join!(listener.accept(), mailer.send(&mail));
    assert_eq!(answer, Err(MailFailed::Unavailable));
    drop(accepted);
}

#[tokio::test]
async fn nothing_is_sent_in_the_clear_where_tls_is_required() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("smtp://user:password@{}?tls=required", listener.local_addr().unwrap());
    let mailer = SmtpMailer::new(&SmtpServer::parse(&url).unwrap(), sender()).unwrap();
    let other_end = tokio::spawn(conversation(listener, None));
    assert_eq!(mailer.send(&mail()).await, Err(MailFailed::Unavailable));
    drop(mailer);
    assert_eq!(other_end.await.unwrap(), "");
}

#[test]
fn the_message_has_both_forms_and_the_same_id_each_time() {
    let message = || String::from_utf8(message(&mail(), &sender()).unwrap().formatted()).unwrap();
    let text = message();
    assert!(text.contains("Message-ID: <00000000-0000-0000-0000-000000000007@aurora.example>\r\n"), "{text}");
    assert!(text.contains("To: ana@aurora.example\r\n") && text.contains("Content-Language: pt-BR\r\n"), "{text}");
    assert!(text.contains("multipart/alternative") && text.contains("text/plain") && text.contains("text/html"));
    assert!(message().contains("Message-ID: <00000000-0000-0000-0000-000000000007@aurora.example>"));
}

#[test]
fn a_sender_has_an_address_on_one_line() {
    for good in ["Clínica <a@b.example>", "a@b.example", "Salus <salus@localhost>", "\"Silva, Ana\" <a@b.example>"] {
        assert!(Sender::parse(good).is_ok(), "{good}");
    }
    for bad in ["Clínica", "a@b.example\r\nBcc: c@d.example", "<>", "a b@c.example", ""] {
        assert_eq!(Sender::parse(bad), Err(InvalidSender), "{bad}");
    }
}
