//! The server on a real socket (C13, C15).

use std::net::{SocketAddr, TcpListener, TcpStream};

use actix_web::rt::spawn;
use actix_web::rt::task::spawn_blocking;
use std::io::{Read, Write};

use super::service::{TestService, impatient};
use crate::health::Health;
use crate::server::{serve, serve_metrics};

fn listen() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Sends a request and reads all of the answer.
fn ask(address: SocketAddr, request: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

const CLOSE: &str = "HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

#[actix_web::test]
async fn c13_a_stopping_server_finishes_the_requests_in_hand() {
    let service = TestService::with(impatient(), Health::Fine);
    let notes = service.notes.clone();
    let (listener, address) = listen();
    let server = serve(listener, service.state.clone(), move |config| {
        config.app_data(notes.clone());
    });
    let server = server.unwrap();
    let handle = server.handle();
    let running = spawn(server);
    let slow = spawn_blocking(move || ask(address, &format!("GET /hang {CLOSE}")).unwrap());
    while !service.state.metrics().render().contains("salus_http_requests_in_flight 1") {
        actix_web::rt::task::yield_now().await;
    }
    handle.stop(true).await;
    let answer = slow.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("\"deadline\""), "{answer}");
    running.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).is_err());
}

#[actix_web::test]
async fn c15_metrics_are_open_on_a_listener_of_their_own() {
    let service = TestService::new();
    let (listener, address) = listen();
    let server = serve_metrics(listener, service.state.clone()).unwrap();
    let handle = server.handle();
    let running = spawn(server);
    let metrics = spawn_blocking(move || ask(address, &format!("GET /metrics {CLOSE}")).unwrap()).await.unwrap();
    assert!(metrics.starts_with("HTTP/1.1 200") && metrics.contains("# EOF"), "{metrics}");
    let other = spawn_blocking(move || ask(address, &format!("GET /greeting {CLOSE}")).unwrap()).await.unwrap();
    assert!(other.starts_with("HTTP/1.1 404"), "{other}");
    handle.stop(true).await;
    running.await.unwrap().unwrap();
}
