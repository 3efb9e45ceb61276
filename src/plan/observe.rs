//! Reading the world between the rounds of a plan: all of one session in one call, the sessions side by side.

use std::sync::Arc;

use super::planner::{Job, Planner};
use crate::addr::{Address, Mode};
use crate::providers::{ApiError, Observed, Opened, Session, Wanted, read_or_open};

/// Makes the noted reads and previews: all of one session in one call, the sessions side by side.
pub(super) async fn read(planner: &mut Planner<'_>) {
    let wanted = std::mem::take(&mut planner.wanted);
    let read = read_objects(wanted).await;
    for (address, result) in read {
        let key = (address, None);
        match result {
            Ok(found) => {
                planner.observed.insert(key, found);
            }
            Err(error) => {
                planner.failed.insert(key, error);
            }
        }
    }
    let data = std::mem::take(&mut planner.wanted_data);
    let read = futures::future::join_all(data.into_iter().map(|job| async move {
        let (address, config) = job.of;
        let result = read_or_open(&*job.session, &address, &config).await;
        (job.session, address, config, result)
    }));
    for (session, address, config, result) in read.await {
        match result {
            Ok(value) => {
                if address.mode == Mode::Ephemeral {
                    let (address, value) = (address.clone(), value.clone());
                    planner.opened.push(Opened { address, value, session });
                }
                planner.data.insert(address, (config, value));
            }
            Err(error) => {
                planner.failed.insert((address, None), error);
            }
        }
    }
    let previews = std::mem::take(&mut planner.wanted_previews);
    let read = futures::future::join_all(by_session(previews).into_iter().map(
        |(session, proposed)| async move {
            let previews = session.preview(&proposed).await;
            proposed.into_iter().zip(previews).collect::<Vec<_>>()
        },
    ));
    for (proposed, preview) in read.await.into_iter().flatten() {
        planner.previews.insert(proposed.address, (proposed.planned, preview));
    }
}

/// What reading one object gave.
type Found = Result<Option<Observed>, ApiError>;

/// Reads objects: all of one session in one call.
pub(super) async fn read_objects(wanted: Vec<Job<Wanted>>) -> Vec<(Address, Found)> {
    let read = by_session(wanted).into_iter().map(|(session, wanted)| async move {
        let found = session.read_many(&wanted).await;
        wanted.into_iter().map(|wanted| wanted.address).zip(found).collect::<Vec<_>>()
    });
    futures::future::join_all(read).await.into_iter().flatten().collect()
}

fn by_session<T>(jobs: Vec<Job<T>>) -> Vec<(Arc<dyn Session>, Vec<T>)> {
    let mut groups: Vec<(Arc<dyn Session>, Vec<T>)> = Vec::new();
    for job in jobs {
        match groups.iter_mut().find(|(session, _)| Arc::ptr_eq(session, &job.session)) {
            Some((_, group)) => group.push(job.of),
            None => groups.push((job.session, vec![job.of])),
        }
    }
    groups
}
