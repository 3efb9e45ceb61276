//! The parallel walk.
//!
//! One task, the caller's, owns all that changes: it prepares each node, deals with what workers
//! tell it meanwhile, and folds in each result. The workers only wait on the network. So state needs
//! no lock, and what one node sees never depends on timing: it sees what its own needs have left.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::future::LocalBoxFuture;
use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc::UnboundedReceiver;

use super::Graph;
use crate::http::Clock;
use crate::http::pace::Pace;

/// What the owner says of a node whose turn has come.
pub enum Prepared<D> {
    /// A worker does it.
    Job(LocalBoxFuture<'static, D>),
    /// It is done without one.
    Done,
    /// It cannot be done, or the run is stopping: what waits for it is skipped.
    Failed,
}

/// What became of a node.
pub enum Outcome<D> {
    /// What waits for it may go on.
    Done,
    /// What waits for it is skipped.
    Failed,
    /// It is not done yet: a worker goes on with it.
    More(LocalBoxFuture<'static, D>),
}

/// The owner of a walk.
pub trait Walk {
    /// The nodes.
    type Key: Ord + Clone + 'static;
    /// What a worker gives back.
    type Done: 'static;
    /// What a worker tells while it is at work.
    type Message;

    /// Prepares a node; all that it waits for is done.
    fn prepare(&mut self, key: &Self::Key) -> impl Future<Output = Prepared<Self::Done>>;

    /// Folds in what a worker gave back.
    fn finish(
        &mut self,
        key: &Self::Key,
        done: Self::Done,
    ) -> impl Future<Output = Outcome<Self::Done>>;

    /// Deals with what workers told; all that wait are given at once, so that one flush serves them all.
    fn attend(&mut self, messages: Vec<Self::Message>) -> impl Future<Output = ()>;

    /// Is told of a node that is skipped, and of the failed one that it waited for.
    fn skip(&mut self, key: &Self::Key, because: &Self::Key);
}

/// What the owner wakes for.
enum Woken<K, D, M> {
    Finished(K, D),
    Told(M),
}

/// Walks a graph with as many workers at once as the pace says. Each key is prepared once, or skipped once.
pub async fn walk<W: Walk>(
    graph: &Graph<W::Key>,
    pace: &Pace,
    clock: &Arc<dyn Clock>,
    inbox: &mut UnboundedReceiver<W::Message>,
    owner: &mut W,
) {
    let waiters = graph.reverse();
    let mut open: BTreeMap<W::Key, usize> =
        graph.nodes().map(|node| (node.clone(), graph.needs(node).count())).collect();
    let mut ready: BTreeSet<W::Key> =
        open.iter().filter(|(_, count)| **count == 0).map(|(node, _)| node.clone()).collect();
    let mut running = FuturesUnordered::new();
    loop {
        while running.len() < pace.width() {
            let Some(key) = ready.pop_first() else { break };
            match owner.prepare(&key).await {
                Prepared::Job(job) => running.push(begin(key, job, clock)),
                Prepared::Done => release(&waiters, &key, &mut open, &mut ready),
                Prepared::Failed => skip(owner, &waiters, &key, &mut open),
            }
        }
        if running.is_empty() {
            return;
        }
        // The owner is not at work while it waits: virtual time may go on.
        clock.leave();
        let woken = tokio::select! {
            biased;
            Some(message) = inbox.recv() => Woken::Told(message),
            Some((key, done)) = running.next() => Woken::Finished(key, done),
        };
        clock.enter();
        match woken {
            Woken::Told(first) => {
                let messages = std::iter::once(first).chain(waiting(inbox)).collect();
                owner.attend(messages).await;
            }
            Woken::Finished(key, done) => {
                clock.leave();
                // What the worker told before it ended is heard before its end.
                let messages: Vec<W::Message> = waiting(inbox).collect();
                if !messages.is_empty() {
                    owner.attend(messages).await;
                }
                match owner.finish(&key, done).await {
                    Outcome::Done => release(&waiters, &key, &mut open, &mut ready),
                    Outcome::Failed => skip(owner, &waiters, &key, &mut open),
                    Outcome::More(job) => running.push(begin(key, job, clock)),
                }
            }
        }
    }
}

/// Takes the messages that wait.
fn waiting<M>(inbox: &mut UnboundedReceiver<M>) -> impl Iterator<Item = M> {
    std::iter::from_fn(|| inbox.try_recv().ok())
}

/// Starts a worker; it counts as at work until the owner has its result.
fn begin<K: 'static, D: 'static>(
    key: K,
    job: LocalBoxFuture<'static, D>,
    clock: &Arc<dyn Clock>,
) -> LocalBoxFuture<'static, (K, D)> {
    clock.enter();
    Box::pin(async move { (key, job.await) })
}

fn release<K: Ord + Clone>(
    waiters: &Graph<K>,
    key: &K,
    open: &mut BTreeMap<K, usize>,
    ready: &mut BTreeSet<K>,
) {
    open.remove(key);
    for waiter in waiters.needs(key) {
        if let Some(count) = open.get_mut(waiter) {
            *count -= 1;
            if *count == 0 {
                ready.insert(waiter.clone());
            }
        }
    }
}

/// Skips all that waits for a failed node, directly or through others.
fn skip<W: Walk>(
    owner: &mut W,
    waiters: &Graph<W::Key>,
    failed: &W::Key,
    open: &mut BTreeMap<W::Key, usize>,
) {
    open.remove(failed);
    let mut reached = vec![failed.clone()];
    while let Some(next) = reached.pop() {
        for waiter in waiters.needs(&next) {
            if open.remove(waiter).is_some() {
                owner.skip(waiter, failed);
                reached.push(waiter.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;
    use std::time::Duration;

    use jiff::Timestamp;
    use tokio::sync::mpsc;

    use super::*;
    use crate::http::SystemClock;

    /// An owner whose jobs count how many of them run at once.
    struct Counting {
        running: Rc<Cell<usize>>,
        most: Rc<Cell<usize>>,
    }

    impl Walk for Counting {
        type Key = u32;
        type Done = ();
        type Message = ();

        async fn prepare(&mut self, _: &u32) -> Prepared<()> {
            let (running, most) = (self.running.clone(), self.most.clone());
            Prepared::Job(Box::pin(async move {
                running.set(running.get() + 1);
                most.set(most.get().max(running.get()));
                // Others get their turn meanwhile.
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                running.set(running.get() - 1);
            }))
        }

        async fn finish(&mut self, _: &u32, (): ()) -> Outcome<()> {
            Outcome::Done
        }

        async fn attend(&mut self, _: Vec<()>) {}

        fn skip(&mut self, _: &u32, _: &u32) {}
    }

    async fn most(pace: &Pace) -> usize {
        let mut graph = Graph::default();
        (0..100).for_each(|node| graph.add(node));
        let (_sender, mut inbox) = mpsc::unbounded_channel();
        let mut owner = Counting { running: Rc::default(), most: Rc::default() };
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        walk(&graph, pace, &clock, &mut inbox, &mut owner).await;
        owner.most.get()
    }

    #[tokio::test]
    async fn as_many_workers_are_at_work_as_the_pace_says() {
        let slower = Pace::default();
        slower.note(Timestamp::UNIX_EPOCH, Duration::ZERO, true);

        assert_eq!(most(&Pace::fixed(3)).await, 3);
        assert_eq!(most(&Pace::default()).await, 10);
        assert_eq!(most(&slower).await, 5);
    }
}
