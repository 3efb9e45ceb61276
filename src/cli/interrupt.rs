//! Ctrl-C: what is under way is finished, nothing more is begun. A second one leaves what is under way.

use std::time::Duration;

use crate::graph::Stop;

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
