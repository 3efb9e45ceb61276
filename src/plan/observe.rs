//! Reading the world between the rounds of a plan: all of one session in one call, the sessions side by side.

use std::sync::Arc;
use std::time::Duration;

use super::event::{EphemeralStep, PlanEvent};
use super::objects::with_marks_of;
use super::planner::{Job, Planner};
use super::preview::Previewed;
use crate::addr::{Address, Mode};
use crate::eval::{Answer, Asked};
use crate::http::Clock;
use crate::providers::opened::{Opened, read_or_open};
use crate::providers::{ApiError, Observed, Session, Wanted};
use crate::value::Value;

/// Who is told what happens.
pub(super) type Tell<'t> = &'t dyn Fn(PlanEvent);

/// Makes the noted reads and previews: all of one session in one call, the sessions side by side.
pub(super) async fn read(planner: &mut Planner<'_>) {
    let tell = planner.tell;
    // What is read may tell which server there is: until then nobody is asked in its stead.
    if !(planner.wanted.is_empty() && planner.wanted_data.is_empty()) {
        let sessions = &planner.sessions;
        planner.wanted_previews.retain(|job| !sessions.is_offline(&job.session));
    }
    let wanted = std::mem::take(&mut planner.wanted);
    for (address, result) in read_objects(wanted, tell).await {
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
    let clock = planner.clock.clone();
    let read = data.into_iter().map(|job| read_data(job, clock.as_ref(), tell));
    for (session, address, config, result) in futures::future::join_all(read).await {
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
    let asked = by_session(previews).into_iter().map(|(by, proposed)| async move {
        let previews = by.preview(&proposed).await;
        let made = proposed.into_iter().zip(previews).map(|(proposed, preview)| {
            let of = proposed.planned;
            (proposed.address, Previewed { of, by: by.clone(), preview })
        });
        made.collect::<Vec<_>>()
    });
    planner.previews.extend(futures::future::join_all(asked).await.into_iter().flatten());
}

/// Reads one data source, or opens an ephemeral resource.
async fn read_data(
    job: Job<(Address, Value)>,
    clock: &dyn Clock,
    tell: Tell<'_>,
) -> (Arc<dyn Session>, Address, Value, Result<Value, ApiError>) {
    let (address, config) = job.of;
    let (of, start) = (address.clone(), clock.now());
    let ephemeral = address.mode == Mode::Ephemeral;
    tell(match ephemeral {
        true => PlanEvent::Ephemeral { address: of, step: EphemeralStep::Opening },
        false => PlanEvent::Reading(of),
    });
    let result = read_or_open(&*job.session, &address, &config).await;
    if result.is_ok() {
        let (of, elapsed) = (address.clone(), clock.now().duration_since(start).unsigned_abs());
        tell(match ephemeral {
            true => PlanEvent::Ephemeral { address: of, step: EphemeralStep::Opened(elapsed) },
            false => PlanEvent::Read { address: of, elapsed },
        });
    }
    (job.session, address, config, result)
}

/// Tells that what was opened is closed: nothing of it is held open.
pub(super) fn close(planner: &Planner<'_>) {
    for address in planner.data.keys().filter(|address| address.mode == Mode::Ephemeral) {
        for step in [EphemeralStep::Closing, EphemeralStep::Closed(Duration::ZERO)] {
            (planner.tell)(PlanEvent::Ephemeral { address: address.clone(), step });
        }
    }
}

/// What reading one object gave.
type Found = Result<Option<Observed>, ApiError>;

/// Reads objects: all of one session in one call.
pub(super) async fn read_objects(
    wanted: Vec<Job<Wanted>>,
    tell: Tell<'_>,
) -> Vec<(Address, Found)> {
    let read = by_session(wanted).into_iter().map(|(session, wanted)| async move {
        for of in &wanted {
            tell(PlanEvent::Refreshing { address: of.address.clone(), id: id_of(&of.value) });
        }
        let found = session.read_many(&wanted).await;
        let found: Vec<Found> =
            wanted.iter().zip(found).map(|(of, found)| marked_as(of, found)).collect();
        for (of, found) in wanted.iter().zip(&found) {
            if let Ok(found) = found {
                let id = found.as_ref().and_then(|found| id_of(&found.value));
                tell(PlanEvent::Refreshed { address: of.address.clone(), id });
            }
        }
        wanted.into_iter().map(|wanted| wanted.address).zip(found).collect::<Vec<_>>()
    });
    futures::future::join_all(read).await.into_iter().flatten().collect()
}

/// Gives what was found with the marks of what was saved: a service knows nothing of them.
fn marked_as(wanted: &Wanted, found: Found) -> Found {
    let marked = |found: Observed| {
        let value = with_marks_of(&found.value, &wanted.value);
        Observed { value, ..found }
    };
    found.map(|found| found.map(marked))
}

/// Reads an object for which nobody need be asked; nothing where it must wait for the others.
pub(super) fn read_at_once(
    session: &dyn Session,
    wanted: &Wanted,
    tell: Tell<'_>,
) -> Option<Found> {
    let found = marked_as(wanted, session.read_at_once(wanted)?);
    tell(PlanEvent::Refreshing { address: wanted.address.clone(), id: id_of(&wanted.value) });
    if let Ok(found) = &found {
        let id = found.as_ref().and_then(|found| id_of(&found.value));
        tell(PlanEvent::Refreshed { address: wanted.address.clone(), id });
    }
    Some(found)
}

/// Notes what reading an object gave, and gives it to who asked for it.
pub(super) fn noted(
    planner: &mut Planner<'_>,
    asked: &Asked<'_>,
    found: Found,
) -> Result<Option<Observed>, Answer> {
    let key = (asked.address.clone(), None);
    match found {
        Ok(found) => {
            planner.observed.insert(key, found.clone());
            Ok(found)
        }
        Err(error) => {
            let answer = not_read(asked, &error);
            planner.failed.insert(key, error);
            Err(answer)
        }
    }
}

/// Tells at an instance's block that its object could not be read.
pub(super) fn not_read(asked: &Asked<'_>, error: &ApiError) -> Answer {
    let problem = error.to_diagnostic(asked.address).at(asked.instance.open, "");
    Answer::Problem(Box::new(problem))
}

/// Gives the id by which people know an object; nothing where that is a secret.
fn id_of(value: &Value) -> Option<String> {
    let id = value.field("id").filter(|id| !id.is_sensitive())?;
    id.as_str().filter(|id| !id.is_empty()).map(String::from)
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
