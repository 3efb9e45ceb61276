//! Large objects: they go in pieces of bounded length, which go on where one was lost.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value as Json, json};
use terrane::http::client::SendError;
use terrane::http::{Request, Response, StatusCode};
use terrane::providers::{ApiErrorKind, Deed, Failure};
use terrane::value::Value;

use super::laws::{block_on, enable};
use super::support::Bench;

const OBJECT: &str = "google_storage_bucket_object";
const MEBIBYTE: usize = 1024 * 1024;
/// Two whole pieces, and some bytes.
const LENGTH: usize = 16 * MEBIBYTE + 5;

/// The lengths of the pieces that were sent, in their order; a question for what there is has none.
static PIECES: Mutex<Vec<(String, usize)>> = Mutex::new(Vec::new());
/// One test at a time: they count in one place.
static TURN: Mutex<()> = Mutex::new(());

/// What is to become of the piece of a number.
type Fate = fn(usize) -> Option<Result<u16, bool>>;

/// Begins to count; `fate` may answer a piece in the service's place, or break its connection.
async fn bench(fate: Fate) -> Bench {
    PIECES.lock().unwrap().clear();
    let number = AtomicUsize::new(0);
    let bench = Bench::beside(std::sync::Arc::new(move |request: &Request| {
        let range = request.header("content-range")?.to_string();
        PIECES.lock().unwrap().push((range, request.body.len()));
        match fate(number.fetch_add(1, Ordering::SeqCst))? {
            Ok(status) => Some(Ok(Response::empty(StatusCode::from_u16(status).unwrap()))),
            Err(sent) => Some(Err(SendError { message: "broken".into(), sent })),
        }
    }));
    enable(&bench).await;
    bench.create("google_storage_bucket", &json!({ "name": "large", "location": "US" })).await;
    bench
}

/// Makes the object of a file of so many bytes.
async fn made(bench: &Bench, length: usize, more: Json) -> Result<Value, Failure> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.bin");
    let bytes: Vec<u8> = (0..length).map(|place| (place / 251 % 256) as u8).collect();
    std::fs::write(&file, bytes).unwrap();
    let mut config = json!({ "bucket": "large", "name": "a/b", "source": file.to_str().unwrap() });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let config = bench.config(OBJECT, &config);
    let planned = bench.plan(OBJECT, None, &config);
    assert!(planned.problems.is_empty(), "{:?}", planned.problems);
    let deed = Deed::Create { planned: planned.after.clone(), config };
    let made = bench.act(OBJECT, deed).await?.unwrap();
    assert_eq!(made.field("md5hash"), planned.after.field("md5hash"));
    Ok(made)
}

fn ranges() -> Vec<String> {
    PIECES.lock().unwrap().iter().map(|(range, _)| range.clone()).collect()
}

#[test]
fn a_large_file_goes_in_pieces_none_of_which_is_longer_than_eight_mebibytes() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        let bench = bench(|_| None).await;

        let more = json!({ "content_type": "video/mp4", "metadata": { "app": "polls" } });
        let made = made(&bench, LENGTH, more).await.unwrap();

        assert_eq!(
            ranges(),
            [
                "bytes 0-8388607/16777221",
                "bytes 8388608-16777215/16777221",
                "bytes 16777216-16777220/16777221",
            ]
        );
        let largest = PIECES.lock().unwrap().iter().map(|(_, length)| *length).max();
        assert_eq!(largest, Some(8 * MEBIBYTE));
        assert_eq!(made.field("content_type").and_then(Value::as_str), Some("video/mp4"));
        let journal = bench.desk.sent.lock().unwrap().clone();
        let told = journal.iter().filter(|call| call.contains("/o?")).count();
        assert_eq!(told, 1, "{journal:?}");
    });
}

#[test]
fn after_a_lost_piece_only_what_the_service_does_not_have_is_sent_again() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        // The second piece breaks on its way, the question after it finds an overload.
        let bench = bench(|number| match number {
            1 => Some(Err(true)),
            2 => Some(Ok(503)),
            _ => None,
        })
        .await;

        made(&bench, LENGTH, json!({})).await.unwrap();

        assert_eq!(
            ranges(),
            [
                "bytes 0-8388607/16777221",
                "bytes 8388608-16777215/16777221",
                "bytes */16777221",
                "bytes */16777221",
                "bytes 8388608-10485759/16777221",
                "bytes 10485760-14680063/16777221",
                "bytes 14680064-16777220/16777221",
            ]
        );
    });
}

#[test]
fn an_upload_that_the_service_has_forgotten_begins_anew() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        let bench = bench(|number| (number == 1).then_some(Ok(410))).await;

        made(&bench, LENGTH, json!({})).await.unwrap();

        let begun = ranges().iter().filter(|range| range.starts_with("bytes 0-")).count();
        assert_eq!((begun, ranges().len()), (2, 5));
    });
}

#[test]
fn the_lost_answer_of_the_last_piece_is_asked_for() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        let bench = bench(|_| None).await;
        let lost = json!({ "method": "PUT", "path": "upload/", "lost": true, "after": 1 });
        bench.world.faults.lock().unwrap().add(&lost).unwrap();

        made(&bench, 8 * MEBIBYTE + 1, json!({})).await.unwrap();

        assert_eq!(ranges().last().map(String::as_str), Some("bytes */8388609"));
    });
}

#[test]
fn an_upload_takes_as_long_as_its_timeout_says_and_no_longer() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        let bench = bench(|number| (number > 0).then_some(Ok(503))).await;
        let begun = bench.session.api.clock.now();

        let failure = made(&bench, LENGTH, json!({})).await.unwrap_err();

        let took = bench.session.api.clock.now().duration_since(begun).as_secs();
        assert_eq!(failure.error.kind, ApiErrorKind::Internal);
        assert!((200..=240).contains(&took), "{took}");
        let larger = ranges().iter().filter(|range| !range.starts_with("bytes *")).count();
        assert_eq!(larger, 2, "{:?}", ranges());
    });
}

#[test]
fn a_large_object_of_somebody_else_is_left_alone_and_one_of_ours_is_written_over() {
    let _turn = TURN.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    block_on(async {
        let bench = bench(|_| None).await;
        let config = json!({ "bucket": "large", "name": "a/b", "content": "short" });
        let short = bench.create(OBJECT, &config).await;
        bench.pass(1).await;

        let refused = made(&bench, 8 * MEBIBYTE + 1, json!({})).await.unwrap_err();
        let text = "long ".repeat(2 * MEBIBYTE);
        let long =
            bench.config(OBJECT, &json!({ "bucket": "large", "name": "a/b", "content": text }));
        let planned = bench.plan(OBJECT, Some(&short), &long).after;
        let deed = Deed::Update { prior: short, planned: planned.clone(), config: long };
        let done = bench.act(OBJECT, deed).await.unwrap().unwrap();

        assert_eq!(refused.error.kind, ApiErrorKind::Conflict);
        assert!(refused.error.detail.contains("has an object \"a/b\" already"));
        assert_eq!(done.field("md5hash"), planned.field("md5hash"));
        assert_eq!(ranges().len(), 2);
    });
}
