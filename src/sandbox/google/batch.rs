//! Batches: several calls in one request, as `multipart/mixed` of whole HTTP requests (page "Sending batch requests").

use bytes::Bytes;

use crate::http::{Body, HeaderMap, HeaderValue, Method, Request, Response, StatusCode};

use super::refusal::{Refusal, Style};

/// So many calls a batch may have.
const MOST: usize = 1000;

/// What stands between the parts of an answer.
const BOUNDARY: &str = "batch_of_the_sandbox";

/// Says whether a request is a batch: its path is `/batch`, with the service behind it or before it.
pub(super) fn is_batch(request: &Request) -> bool {
    let mut words = request.path().trim_matches('/').split('/');
    request.method == Method::POST && words.by_ref().take(2).any(|word| word == "batch")
}

/// Answers each call of a batch with `one`, in their order.
pub(super) fn answer(request: &Request, one: impl Fn(&Request) -> Response) -> Response {
    let Some(calls) = calls(request) else {
        return Refusal::invalid("Failed to parse batch request.").answer(Style::Both);
    };
    if calls.is_empty() || calls.len() > MOST {
        let text = format!("The batch must have between 1 and {MOST} calls.");
        return Refusal::invalid(text).answer(Style::Both);
    }
    let mut text: Vec<u8> = Vec::new();
    for (id, call) in &calls {
        let answer = one(call);
        let id = id.trim_start_matches('<').trim_end_matches('>');
        let head = format!(
            "--{BOUNDARY}\r\nContent-Type: application/http\r\nContent-ID: <response-{id}>\r\n\r\nHTTP/1.1 {}\r\n",
            answer.status
        );
        text.extend(head.into_bytes());
        for (name, value) in &answer.headers {
            text.extend(name.as_str().as_bytes());
            text.extend(b": ");
            text.extend(value.as_bytes());
            text.extend(b"\r\n");
        }
        text.extend(format!("Content-Length: {}\r\n\r\n", answer.bytes().len()).into_bytes());
        text.extend(answer.bytes());
        text.extend(b"\r\n");
    }
    text.extend(format!("--{BOUNDARY}--\r\n").into_bytes());
    let mut headers = HeaderMap::new();
    let kind = HeaderValue::from_static("multipart/mixed; boundary=batch_of_the_sandbox");
    headers.insert("content-type", kind);
    Response { status: StatusCode::OK, headers, body: Body::Whole(Bytes::from(text)) }
}

/// Gives the calls with their ids; nothing where the body is not what it says.
fn calls(request: &Request) -> Option<Vec<(String, Request)>> {
    let kind = request.header("content-type")?;
    let boundary = kind.split("boundary=").nth(1)?.split(';').next()?.trim().trim_matches('"');
    let body = String::from_utf8(request.body.to_vec()).ok()?;
    let mark = format!("--{boundary}");
    let parts = body.split(mark.as_str()).skip(1).take_while(|part| !part.starts_with("--"));
    parts.map(|part| call(part, request)).collect()
}

/// Reads one part: its own headers, then a request line, headers and a body.
fn call(part: &str, whole: &Request) -> Option<(String, Request)> {
    let part = part.replace("\r\n", "\n");
    let (about, inner) = part.trim_start_matches('\n').split_once("\n\n")?;
    let id = header(about, "content-id").unwrap_or_default().to_string();
    let inner = inner.trim_start_matches('\n');
    let (head, body) = inner.split_once("\n\n").unwrap_or((inner, ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let mut words = line.split_whitespace();
    let method = Method::from_bytes(words.next()?.as_bytes()).ok()?;
    let url = words.next()?;
    let url =
        url.split_once("://").map_or(url, |(_, rest)| rest.find('/').map_or("/", |at| &rest[at..]));
    let mut call = Request::new(method, url);
    // Who calls is said once, where the calls do not say it themselves.
    for name in ["authorization", "host", "user-agent"] {
        if let Some(value) = whole.headers.get(name) {
            call.headers.insert(name, value.clone());
        }
    }
    for line in headers.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = ::http::HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
        call.headers.insert(name, HeaderValue::from_str(value.trim()).ok()?);
    }
    call.body = Bytes::from(body.trim_end_matches('\n').to_string());
    Some((id, call))
}

fn header<'t>(head: &'t str, name: &str) -> Option<&'t str> {
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(known, _)| known.trim().eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_answered_call_by_call() {
        let body = "--b\r\nContent-Type: application/http\r\nContent-ID: <a+1>\r\n\r\nDELETE /storage/v1/b/x/o/y HTTP/1.1\r\n\
                    Accept: */*\r\n\r\n\r\n--b\r\nContent-Type: application/http\r\nContent-ID: <a+2>\r\n\r\n\
                    PATCH /storage/v1/b/x HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"labels\": {}}\r\n--b--\r\n";
        let mut request = Request::new(Method::POST, "/batch/storage/v1");
        request
            .headers
            .insert("content-type", HeaderValue::from_static("multipart/mixed; boundary=\"b\""));
        request.headers.insert("authorization", HeaderValue::from_static("Bearer t"));
        request.body = Bytes::from_static(body.as_bytes());

        assert!(is_batch(&request));
        let answer = answer(&request, |call| {
            assert_eq!(call.header("authorization"), Some("Bearer t"));
            let body = String::from_utf8_lossy(&call.body).into_owned();
            Response::text(StatusCode::CREATED, format!("{} {} {body}", call.method, call.url))
        });

        let text = String::from_utf8_lossy(answer.bytes()).into_owned();
        assert!(text.contains("Content-ID: <response-a+1>"), "{text}");
        assert!(text.contains("DELETE /storage/v1/b/x/o/y "), "{text}");
        assert!(text.contains("PATCH /storage/v1/b/x {\"labels\": {}}"), "{text}");
    }
}
