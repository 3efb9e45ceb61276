//! The request that makes an object, when its run is killed: it was never sent, it was done, or it is still on its way and comes
//! while the next run is at work, before that one looks or after it has found nothing.

use serde_json::{Value as Json, json};

use crate::homes::access;
use crate::stack::Stack;
use crate::stage::{APPLY, Inventory, Stage, text};

/// The request that makes an object of a stack.
struct Making {
    stack: fn(&Stage) -> Stack,
    method: &'static str,
    path: &'static str,
    /// So many of the kind come before it, which only try it out.
    after: usize,
}

/// When the request is done whose run was killed.
#[derive(Clone, Copy, Debug)]
enum Comes {
    Never,
    AtOnce,
    /// Just before the next run's request of this number.
    Before(usize),
}

const NAMESPACE: Making = applied("/api/v1/namespaces/polls$");

const MAP: Making = applied("/configmaps/settings$");

const BUCKET: Making = posted(few, "/storage/v1/b$");

const ACCOUNT: Making = posted(few, "/serviceAccounts$");

const CLUSTER: Making = posted(pool, "/clusters$");

const POOL: Making = posted(pool, "/nodePools$");

const fn applied(path: &'static str) -> Making {
    Making { stack: namespace, method: "PATCH", path, after: 1 }
}

const fn posted(stack: fn(&Stage) -> Stack, path: &'static str) -> Making {
    Making { stack, method: "POST", path, after: 0 }
}

/// Two objects in a cluster that is there already.
pub(super) fn namespace(stage: &Stage) -> Stack {
    let settings: String = access(stage)
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| format!("  {name} = {value}\n"))
        .collect();
    let text = r#"
resource "kubernetes_namespace_v1" "polls" {
  metadata {
    name = "polls"
  }
}

resource "kubernetes_config_map_v1" "settings" {
  metadata {
    name      = "settings"
    namespace = kubernetes_namespace_v1.polls.metadata[0].name
  }
  data = { colour = "green" }
}
"#;
    Stack::written(&format!("provider \"kubernetes\" {{\n{settings}}}\n{text}"))
}

fn few(_: &Stage) -> Stack {
    Stack::few()
}

fn lone(_: &Stage) -> Stack {
    Stack::of(
        r#"
resource "google_storage_bucket" "lone" {
  name       = "polls-demo-lone"
  location   = "US"
  depends_on = [google_project_service.each]
}
"#,
    )
}

fn pool(_: &Stage) -> Stack {
    Stack::written(
        r#"
provider "google" {
  project = "polls-demo"
}

resource "google_project_service" "container" {
  service = "container.googleapis.com"
}

resource "google_container_cluster" "polls" {
  name                     = "polls"
  location                 = "asia-south1-a"
  remove_default_node_pool = true
  initial_node_count       = 1
  deletion_protection      = false
  depends_on               = [google_project_service.container]
}

resource "google_container_node_pool" "polls" {
  name       = "polls"
  cluster    = google_container_cluster.polls.id
  node_count = 1
}
"#,
    )
}

impl Making {
    fn open(&self) -> Stage {
        let stage = Stage::open(&Stack::written(""));
        stage.write(&(self.stack)(&stage));
        stage
    }

    /// Kills a run while the request is on its way.
    fn kill(&self, stage: &Stage, comes: Comes) {
        let (done, late) = match comes {
            Comes::Never => (false, 0),
            Comes::AtOnce => (true, 0),
            Comes::Before(number) => (true, number),
        };
        stage.fault(&json!({
            "method": self.method, "path": self.path, "after": self.after, "held": true, "done": done, "late": late,
        }));
        stage.kill_when(&APPLY, || stage.held() > 0);
        assert_eq!(stage.held(), 1, "{} {}: {}", self.method, self.path, stage.told());
        stage.calm();
    }

    /// Gives which request of the run after a killed one makes the object.
    fn number(&self) -> usize {
        let stage = self.open();
        self.kill(&stage, Comes::Never);
        let before = stage.world.requests().len();
        let ran = stage.run_freed(&APPLY);
        assert!(ran.status.success(), "{}", text(&ran));
        let path = regex::Regex::new(self.path).unwrap();
        let makes = |request: &Json| {
            request["method"] == self.method
                && path.is_match(request["path"].as_str().unwrap_or_default())
        };
        let requests = stage.world.requests();
        let (number, _) = requests[before..]
            .iter()
            .enumerate()
            .filter(|(_, it)| makes(it))
            .nth(self.after)
            .unwrap_or_else(|| panic!("{} {}: {requests:?}", self.method, self.path));
        number + 1
    }
}

fn whole(making: &Making) -> Inventory {
    let stage = making.open();
    let ran = stage.run(&APPLY);
    assert!(ran.status.success(), "{}", text(&ran));
    stage.inventory()
}

fn is_taken_up(makings: &[Making]) {
    for making in makings {
        let (whole, number) = (whole(making), making.number());
        let mut all = vec![Comes::Never, Comes::AtOnce];
        match crate::kills() {
            None => all.extend([number / 2, number - 1, number].map(Comes::Before)),
            Some(_) => all.extend((1..number + 8).map(Comes::Before)),
        }
        crate::each(&all, |comes| {
            let stage = making.open();
            making.kill(&stage, *comes);
            stage.settled(&whole).map_err(|why| format!("{} {}: {why}", making.method, making.path))
        });
    }
}

#[test]
fn a_namespace_whose_making_comes_late_is_taken_up() {
    is_taken_up(&[NAMESPACE, MAP]);
}

#[test]
fn a_bucket_and_an_account_whose_making_comes_late_are_taken_up() {
    is_taken_up(&[BUCKET, ACCOUNT]);
}

#[test]
fn a_cluster_and_a_pool_whose_making_comes_late_are_taken_up() {
    is_taken_up(&[CLUSTER, POOL]);
}

#[test]
fn an_object_of_somebody_else_is_left_alone_though_a_making_was_under_way() {
    let making = posted(lone, "/storage/v1/b$");
    let stage = making.open();
    making.kill(&stage, Comes::Never);
    let before = stage.world.requests().len();
    let body = json!({"name": "polls-demo-lone", "location": "EU"});
    stage.ask("POST", "/storage/v1/b?project=polls-demo", &body);

    let ran = stage.run_freed(&APPLY);

    let told = text(&ran);
    assert_eq!(ran.status.code(), Some(1), "{told}");
    assert!(told.contains("somebody else may have made it"), "{told}");
    assert!(stage.world.requests().len() > before);
}
