//! Large uploads: piece after piece, each of bounded length, which go on after a piece that was lost.
//!
//! The service gives an address for the pieces and says after each how much it has. What is not known (no answer, an
//! overload) is asked for at the same address; only what it does not have is sent again. An address that is not known any
//! more is a new beginning.

use std::time::Duration;

use jiff::Timestamp;

use crate::http::retry::{Retry, after, passes};
use crate::http::{Bytes, HeaderMap, HeaderValue, Method, Response, StatusCode};
use crate::providers::rest::api::{Ask, Upload};
use crate::providers::rest::error::{Refused, refused};
use crate::providers::rest::job::Job;
use crate::providers::{ApiError, ApiErrorKind};
use crate::value::Value;

use super::contents::Contents;

/// The longest piece; what is not longer is sent at once.
pub(super) const PIECE: usize = 8 * 1024 * 1024;
/// What the service wants each piece but the last to be a multiple of.
const QUANTUM: usize = 256 * 1024;
/// How often an upload begins whose address the service has forgotten.
const BEGINNINGS: u32 = 3;

/// An upload under way.
pub(super) struct Pieces<'a> {
    /// The action.
    pub job: &'a Job<'a>,
    /// The request that begins it.
    pub begin: Ask<'a>,
    /// The bytes.
    pub contents: &'a Contents,
    /// How many there are.
    pub length: u64,
    /// Until when it may take.
    pub until: Timestamp,
}

/// What became of a piece.
enum Step {
    /// It was the last.
    Done,
    /// The service has so many bytes.
    Has(u64),
    /// Nobody knows how many it has; after so long another try is wished for.
    Unknown(Refused, Option<Duration>),
    /// The service knows nothing of the upload.
    Forgotten(Refused),
    /// It is refused.
    Refused(Refused),
}

impl Pieces<'_> {
    /// Sends all pieces.
    pub(super) async fn send(&self, identity: &Value) -> Result<(), Refused> {
        let url = self.job.session.api.url(&self.begin)?;
        let number = self.job.intent(&self.begin, &url, identity).await?;
        let sent = self.begun().await;
        let outcome = match &sent {
            Ok(()) => "ok".to_string(),
            Err(refused) => format!("{}: {}", refused.status(), refused.message),
        };
        self.job.desk.answer(number, &outcome).await;
        sent
    }

    async fn begun(&self) -> Result<(), Refused> {
        let mut beginnings = 0;
        loop {
            beginnings += 1;
            let answer = self.job.session.api.answer(&self.begin, &*self.job.desk.clock()).await?;
            let address = answer.headers.get("location").and_then(|place| place.to_str().ok());
            let Some(address) = address.map(str::to_string) else {
                let detail = format!("{}: the service gave no address for it.", self.begin.what);
                return Err(ApiError::new(ApiErrorKind::Internal, "Upload failed", detail).into());
            };
            match self.all(&address).await? {
                None => return Ok(()),
                Some(forgotten) if beginnings == BEGINNINGS => return Err(forgotten),
                Some(_) => {}
            }
        }
    }

    /// Sends the pieces to their address; gives the answer of a service that does not know it any more.
    async fn all(&self, address: &str) -> Result<Option<Refused>, Refused> {
        let clock = self.job.desk.clock();
        let patience = Retry { limit: Duration::MAX, ..Retry::default() };
        let (mut place, mut size, mut failures) = (Some(0), PIECE, 0);
        loop {
            let step = match place {
                Some(first) => {
                    let megabytes = |bytes: u64| bytes.div_ceil(1_000_000);
                    let (sent, all) = (megabytes(first), megabytes(self.length));
                    self.job.desk.note(&format!("uploading: {sent} of {all} MB"));
                    self.piece(address, first, size).await?
                }
                None => self.exchange(address, "*", Bytes::new()).await,
            };
            match step {
                Step::Done => return Ok(None),
                Step::Forgotten(refused) => return Ok(Some(refused)),
                Step::Refused(refused) => return Err(refused),
                Step::Has(count) => {
                    if place.is_some_and(|first| count > first) {
                        (failures, size) = (0, (size * 2).min(PIECE));
                    }
                    place = Some(count);
                }
                Step::Unknown(refused, wished) => {
                    failures += 1;
                    size = (size / 2).max(QUANTUM);
                    place = None;
                    let pause = wished.or_else(|| patience.pause(failures)).unwrap_or_default();
                    tracing::info!(failures, "a piece was lost, asking after {pause:?}");
                    if clock.now() + pause >= self.until {
                        return Err(refused);
                    }
                    clock.sleep(pause).await;
                }
            }
            if clock.now() >= self.until {
                return Err(self.late().into());
            }
        }
    }

    async fn piece(&self, address: &str, first: u64, size: usize) -> Result<Step, Refused> {
        let left = usize::try_from(self.length.saturating_sub(first)).unwrap_or(usize::MAX);
        let length = left.min(size);
        let bytes = self.contents.piece(first, length).map_err(|error| {
            let detail = format!("{}: its file cannot be read any more: {error}", self.begin.what);
            ApiError::new(ApiErrorKind::Invalid, "File changed", detail).help("Plan again.")
        })?;
        let last = (first + length as u64).saturating_sub(1);
        Ok(self.exchange(address, &format!("{first}-{last}"), bytes).await)
    }

    /// Sends a piece, or asks with no bytes how much there is.
    async fn exchange(&self, address: &str, range: &str, bytes: Bytes) -> Step {
        let mut headers: HeaderMap = self.begin.headers.clone();
        if let Ok(range) = HeaderValue::from_str(&format!("bytes {range}/{}", self.length)) {
            headers.insert("content-range", range);
        }
        let upload = Upload { content_type: "application/octet-stream".into(), bytes };
        let ask = Ask { method: Method::PUT, upload: Some(upload), headers, ..self.begin.clone() };
        match self.job.session.api.exchange(&ask, address, 1).await {
            Ok(answer) => self.step(&answer, address),
            Err(lost) if lost.error.kind == ApiErrorKind::Unreachable => Step::Unknown(lost, None),
            Err(other) => Step::Refused(other),
        }
    }

    fn step(&self, answer: &Response, address: &str) -> Step {
        let status = answer.status.as_u16();
        if answer.status.is_success() {
            return Step::Done;
        }
        if answer.status == StatusCode::PERMANENT_REDIRECT {
            let range = answer.headers.get("range").and_then(|range| range.to_str().ok());
            let last = range.and_then(|range| range.rsplit('-').next()?.parse::<u64>().ok());
            return Step::Has(last.map_or(0, |last| last + 1));
        }
        let body = serde_json::from_slice(answer.bytes()).unwrap_or_default();
        let refused = refused(&self.begin.what, &Method::PUT, address, status, &body, 1);
        match status {
            404 | 410 => Step::Forgotten(refused),
            408 | 504 => Step::Unknown(refused, None),
            _ if passes(status, &body) => Step::Unknown(refused, after(&answer.headers)),
            _ => Step::Refused(refused),
        }
    }

    fn late(&self) -> ApiError {
        let detail = format!("{}: the upload did not end in time.", self.begin.what);
        ApiError::new(ApiErrorKind::Timeout, "Not ready in time", detail)
            .help("Give more time in a `timeouts` block.")
    }
}
