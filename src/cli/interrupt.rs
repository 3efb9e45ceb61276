//! Ctrl-C: what is under way is finished, nothing more is begun. A second one leaves what is under way.

use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::graph::Stop;

/// What is told while a task runs.
pub(super) enum Moment {
    /// A second has passed.
    Second,
    /// It was asked to stop, for so many times.
    Asked(u32),
}

/// Performs a task. Ctrl-C (and the signal to terminate) ask `stop`; each wish is told, and then handed on to
/// `inner`, which the task itself looks at. Each second that passes is told too.
pub(super) async fn guarded<T>(
    stop: &Stop,
    inner: &Stop,
    task: impl Future<Output = T>,
    mut tell: impl FnMut(Moment),
) -> T {
    tokio::pin!(task);
    let (mut interrupt, mut terminate) =
        (signal(SignalKind::interrupt()).ok(), signal(SignalKind::terminate()).ok());
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            () = stop.asked(inner.times() + 1) => {
                tell(Moment::Asked(inner.times() + 1));
                inner.ask();
            }
            done = &mut task => return done,
            () = next(&mut interrupt) => stop.ask(),
            () = next(&mut terminate) => stop.ask(),
            _ = seconds.tick() => tell(Moment::Second),
        }
    }
}

/// Waits for a signal; for ever where it cannot be heard.
async fn next(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => {
            if signal.recv().await.is_none() {
                std::future::pending().await
            }
        }
        None => std::future::pending().await,
    }
}
