//! The lock: a Lease that has a holder, with the record in an annotation.

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::api::{Failed, Of};
use super::{Kubernetes, RACES};
use crate::backends::Holder;
use crate::backends::store::StoreError;

/// The annotation with the record of the holder.
const RECORD: &str = "app.terraform.io/lock-info";

/// How long after its last word a holder may be taken for dead by who asks the cluster: four times what it
/// takes to say it.
const DURATION: u32 = 120;

/// The id of a lock that is held, and its record.
pub(super) type Held = Option<(String, Option<Box<Holder>>)>;

impl Kubernetes {
    async fn lease(&self) -> Result<Option<Json>, StoreError> {
        Ok(self.api.get(Of::Leases, &self.lease).await?)
    }

    /// Takes the Lease, in one try: who loses a race is told who has won.
    pub(super) async fn take_lease(&self, holder: &Holder) -> Result<String, StoreError> {
        let id = holder.id.to_string();
        for _ in 0..RACES {
            let there = self.lease().await?;
            if let Some((held, record)) = there.as_ref().and_then(held) {
                if held == id {
                    // It is ours: the answer to an earlier try was lost.
                    return Ok(id);
                }
                let beat = there.as_ref().and_then(|lease| beat(lease, record.as_deref()));
                return Err(StoreError::Held { id: Some(held), holder: record, beat });
            }
            let known = there.is_some();
            let mut lease = there.unwrap_or_else(|| {
                json!({
                    "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                    "metadata": {"name": self.lease, "namespace": self.api.namespace(), "labels": self.labels, "annotations": {}},
                    "spec": {},
                })
            });
            lease["metadata"]["annotations"][RECORD] = holder.to_json("").into();
            lease["spec"]["holderIdentity"] = id.as_str().into();
            lease["spec"]["leaseDurationSeconds"] = DURATION.into();
            for time in ["acquireTime", "renewTime"] {
                lease["spec"][time] = now().into();
            }
            let done = match known {
                true => self.api.replace(Of::Leases, &lease).await,
                false => self.api.create(Of::Leases, &lease).await,
            };
            match done {
                Ok(_) => return Ok(id),
                Err(Failed::Conflict | Failed::Missing) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(StoreError::Held { id: None, holder: None, beat: None })
    }

    /// Refuses where a lock is not held any more; an empty id stands for no lock.
    pub(super) async fn must_hold(&self, lock: &str) -> Result<(), StoreError> {
        if lock.is_empty() {
            return Ok(());
        }
        match self.lease().await?.as_ref().and_then(held) {
            Some((id, _)) if id == lock => Ok(()),
            other => Err(StoreError::LockLost { holder: other.and_then(|(_, record)| record) }),
        }
    }

    /// Says that the holder lives.
    pub(super) async fn renew(&self, lock: &str) -> Result<(), StoreError> {
        let there = self.lease().await?;
        let held = there.as_ref().and_then(held);
        let Some(mut lease) = there.filter(|_| held.as_ref().is_some_and(|(id, _)| id == lock))
        else {
            return Err(StoreError::LockLost { holder: held.and_then(|(_, record)| record) });
        };
        lease["spec"]["renewTime"] = now().into();
        match self.api.replace_once(Of::Leases, &lease).await {
            // Who was faster may have ended the lock: the next time shows it.
            Ok(_) | Err(Failed::Conflict) => Ok(()),
            Err(failed) => Err(failed.into()),
        }
    }

    /// Takes the holder of this id out of the Lease; the inner error says who holds it instead.
    pub(super) async fn clear(&self, lock: &str) -> Result<Result<(), Held>, StoreError> {
        for turn in 0..RACES {
            let there = self.lease().await?;
            let held = there.as_ref().and_then(held);
            let mine = held.as_ref().is_some_and(|(id, _)| id == lock);
            let Some(mut lease) = there.filter(|_| mine) else {
                // Where an earlier try of ours was done, nobody holds it.
                let done = turn > 0 && held.is_none();
                return Ok(if done { Ok(()) } else { Err(held) });
            };
            for member in ["holderIdentity", "renewTime", "acquireTime", "leaseDurationSeconds"] {
                remove(&mut lease["spec"], member);
            }
            remove(&mut lease["metadata"]["annotations"], RECORD);
            match self.api.replace(Of::Leases, &lease).await {
                Ok(_) => return Ok(Ok(())),
                Err(Failed::Conflict | Failed::Missing) => {}
                Err(failed) => return Err(failed.into()),
            }
        }
        Err(Failed::Conflict.into())
    }
}

/// Gives who holds a Lease; nothing where nobody does.
fn held(lease: &Json) -> Held {
    let id = lease["spec"]["holderIdentity"].as_str().filter(|id| !id.is_empty())?;
    let record = lease["metadata"]["annotations"][RECORD].as_str().and_then(Holder::from_json);
    Some((id.to_string(), record.map(Box::new)))
}

/// Gives when the holder was last alive. Terraform never says it: what it leaves of a holder before it is older than its
/// own record.
fn beat(lease: &Json, record: Option<&Holder>) -> Option<Timestamp> {
    let beat: Timestamp = lease["spec"]["renewTime"].as_str()?.parse().ok()?;
    // The cluster keeps microseconds only.
    let since = record.map_or(Timestamp::UNIX_EPOCH, |record| record.created);
    (beat.as_microsecond() >= since.as_microsecond()).then_some(beat)
}

fn now() -> String {
    format!("{:.6}", Timestamp::now())
}

fn remove(json: &mut Json, member: &str) {
    if let Some(members) = json.as_object_mut() {
        members.remove(member);
    }
}
