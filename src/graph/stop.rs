//! The wish to stop a walk: asked once, what is under way is finished; asked again, it is left.

use std::sync::Arc;

use tokio::sync::watch;

/// Who wishes a walk to stop, and who looks whether somebody does, have clones of one.
#[derive(Clone, Debug)]
pub struct Stop {
    asked: Arc<watch::Sender<u32>>,
}

impl Default for Stop {
    fn default() -> Stop {
        Stop { asked: Arc::new(watch::Sender::new(0)) }
    }
}

impl Stop {
    /// Asks once more.
    pub fn ask(&self) {
        self.asked.send_modify(|asked| *asked = asked.saturating_add(1));
    }

    /// Says how often it was asked.
    pub fn times(&self) -> u32 {
        *self.asked.borrow()
    }

    /// Says whether it was asked at all: nothing more is begun.
    pub fn is_asked(&self) -> bool {
        self.times() > 0
    }

    /// Says whether anybody waits for a wish just now: else whoever has one may end all at once.
    pub fn is_heard(&self) -> bool {
        self.asked.receiver_count() > 0
    }

    /// Waits until it was asked so often.
    pub async fn asked(&self, times: u32) {
        // The sender lives as long as this does.
        let _ = self.asked.subscribe().wait_for(|asked| *asked >= times).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_waits_for_a_second_wish_is_not_woken_by_the_first() {
        let stop = Stop::default();

        stop.ask();
        stop.asked(1).await;
        let first = stop.is_asked();
        stop.clone().ask();
        stop.asked(2).await;

        assert!(first);
        assert_eq!(stop.times(), 2);
    }
}
