//! Ctrl-C: what is under way is finished, nothing more is begun. A second one ends the wait.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Performs a task; at the first signal sets `stop` and goes on, at the second gives up. Gives nothing then.
pub(super) async fn guarded<T>(stop: &Arc<AtomicBool>, task: impl Future<Output = T>) -> Option<T> {
    tokio::pin!(task);
    let mut count = 0;
    loop {
        tokio::select! {
            done = &mut task => return Some(done),
            _ = tokio::signal::ctrl_c() => {
                count += 1;
                stop.store(true, Ordering::Relaxed);
                if count > 1 {
                    return None;
                }
            }
        }
    }
}
