use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;

fn span(number: u64) -> Span {
    Span {
        trace: 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736,
        id: number,
        parent: Some(0x00f0_67aa_0ba9_02b7),
        name: "GET /api/v1/patients/{patient_id}".to_owned(),
        begun: "2027-03-10T12:00:00.000001Z".parse().unwrap(),
        took: Duration::from_micros(1_500),
        attributes: vec![
            ("http.request.method", Attribute::Text("GET".to_owned())),
            ("http.response.status_code", Attribute::Number(500)),
        ],
        failed: true,
    }
}

/// Answers one request with this status; its head and its body.
async fn collect(listener: &TcpListener, status: &str) -> (String, Value) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let read = stream.read(&mut chunk).await.unwrap();
        bytes.extend_from_slice(&chunk[..read]);
        let text = String::from_utf8(bytes.clone()).unwrap();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let head = head.to_ascii_lowercase();
        let length: usize = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap().parse().unwrap();
        if body.len() < length {
            continue;
        }
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{{}}");
        stream.write_all(answer.as_bytes()).await.unwrap();
        return (head, serde_json::from_str(body).unwrap());
    }
}

async fn collector() -> (TcpListener, Exporter) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let exporter = Exporter::start(&format!("http://{}/", listener.local_addr().unwrap())).unwrap();
    (listener, exporter)
}

#[tokio::test]
async fn c15_spans_are_sent_together_in_the_words_of_the_protocol() {
    let (listener, exporter) = collector().await;
    exporter.export(span(1));
    exporter.export(Span { parent: None, failed: false, ..span(2) });
    let ((head, body), ()) = tokio::join!(collect(&listener, "200 OK"), exporter.sent());
    assert!(head.starts_with("post /v1/traces http/1.1") && head.contains("content-type: application/json"), "{head}");
    let resource = &body["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "salus");
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 2);
    let first = &spans[0];
    assert_eq!(first["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!((&first["spanId"], &first["parentSpanId"]), (&"0000000000000001".into(), &"00f067aa0ba902b7".into()));
    assert_eq!(first["name"], "GET /api/v1/patients/{patient_id}");
    assert_eq!(
        (&first["startTimeUnixNano"], &first["endTimeUnixNano"]),
        (&"1804680000000001000".into(), &"1804680000001501000".into())
    );
    assert_eq!(first["attributes"][1]["value"]["intValue"], "500");
    assert_eq!((&first["kind"], &first["status"]["code"]), (&2.into(), &2.into()));
    assert_eq!((&spans[1]["parentSpanId"], &spans[1]["status"]), (&"".into(), &serde_json::json!({})));
}

#[tokio::test]
async fn c15_a_collector_that_refuses_or_is_away_keeps_nobody_waiting() {
    let (listener, exporter) = collector().await;
    exporter.export(span(1));
    tokio::join!(collect(&listener, "503 Service Unavailable"), exporter.sent());
    drop(listener);
    exporter.export(span(2));
    exporter.sent().await;
}

#[tokio::test]
async fn c15_what_is_too_much_is_let_go() {
    let (listener, exporter) = collector().await;
    // The task has not run yet: nothing leaves the queue.
    for number in 1..=2 * u64::try_from(WAITING).unwrap() {
        exporter.export(span(number));
    }
    assert_eq!(exporter.lost.load(Ordering::Relaxed), u64::try_from(WAITING).unwrap());
    let served = async {
        let mut sent = 0;
        while sent < WAITING {
            let (_, body) = collect(&listener, "200 OK").await;
            sent += body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().len();
        }
        sent
    };
    let (sent, ()) = tokio::join!(served, exporter.sent());
    assert_eq!(sent, WAITING);
}

#[tokio::test]
async fn c13_a_collector_that_says_nothing_is_not_waited_for() {
    let (listener, exporter) = collector().await;
    exporter.export(span(1));
    let silent = async {
        let accepted = listener.accept().await;
        std::future::pending::<()>().await;
        drop(accepted);
    };
    tokio::select! {
        () = silent => {}
        () = exporter.sent_within(Duration::from_millis(50)) => {}
    }
}
