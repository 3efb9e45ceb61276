//! Ctrl-C: what is under way is finished, nothing more is begun. A second one leaves what is under way.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use crate::graph::Stop;

/// Hears Ctrl-C and the signal to terminate: they ask the run to stop where it listens, and else end the program.
pub(super) async fn hear(stop: Stop, end: fn() -> !) {
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    // Where they cannot be heard, they do what they do by themselves.
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else { return };
    loop {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
        if stop.is_heard() {
            stop.ask();
        } else {
            end();
        }
    }
}

/// What is told while a task runs.
pub(super) enum Moment {
    /// A second has passed.
    Second,
    /// It was asked to stop, for so many times.
    Asked(u32),
}

/// Performs a task. Each wish to stop is told, and then handed on to `inner`, which the task itself looks at. Each
/// second that passes is told too.
pub(super) async fn guarded<T>(
    stop: &Stop,
    inner: &Stop,
    task: impl Future<Output = T>,
    mut tell: impl FnMut(Moment),
) -> T {
    tokio::pin!(task);
    let mut seconds = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            biased;
            () = stop.asked(inner.times() + 1) => {
                tell(Moment::Asked(inner.times() + 1));
                inner.ask();
            }
            done = &mut task => return done,
            _ = seconds.tick() => tell(Moment::Second),
        }
    }
}
