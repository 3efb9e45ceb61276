//! What `google-beta` alone has: attributes of clusters and their nodes, which go to the version that is still tried out.

use serde_json::{Value as Json, json};
use terrane::addr::Mode;
use terrane::providers::Provider;
use terrane::schema::Schema;
use terrane::value::Value;

use super::laws::{block_on, enable, laws};
use super::support::Bench;

const CLUSTER: &str = "google_container_cluster";

fn schema(bench: &Bench) -> std::sync::Arc<Schema> {
    bench.provider.resource(Mode::Managed, CLUSTER).unwrap()
}

#[test]
fn what_is_tried_out_is_google_betas_alone() {
    let (stable, beta) = (schema(&Bench::new()), schema(&Bench::beta()));

    for name in ["cluster_telemetry", "workload_alts_config", "protect_config", "tpu_config"] {
        assert!(!stable.fields.contains_key(name) && beta.fields.contains_key(name), "{name}");
    }
    assert!(stable.fields.keys().all(|name| beta.fields.contains_key(name)));
}

#[test]
fn clusters_with_what_is_tried_out() {
    block_on(async {
        let bench = Bench::beta();
        enable(&bench).await;
        let config = json!({
            "name": "beta", "location": "asia-south1-a", "initial_node_count": 1, "deletion_protection": false,
            "cluster_telemetry": { "type": "SYSTEM_ONLY" },
            "workload_alts_config": { "enable_alts": true },
            "pod_security_policy_config": { "enabled": false },
            "protect_config": { "workload_config": { "audit_mode": "BASIC" }, "workload_vulnerability_mode": "BASIC" },
            "addons_config": { "istio_config": { "disabled": false, "auth": "AUTH_MUTUAL_TLS" }, "kalm_config": { "enabled": true } },
            "node_config": { "ephemeral_storage_config": { "local_ssd_count": 1 }, "sandbox_config": { "sandbox_type": "gvisor" } },
        });
        let changes = [
            json!({ "cluster_telemetry": { "type": "ENABLED" } }),
            json!({ "workload_alts_config": { "enable_alts": false } }),
            json!({ "pod_security_policy_config": { "enabled": true } }),
            json!({ "protect_config": { "workload_config": { "audit_mode": "DISABLED" }, "workload_vulnerability_mode": "DISABLED" } }),
            json!({ "addons_config": { "istio_config": { "disabled": true, "auth": "AUTH_NONE" }, "kalm_config": { "enabled": false } } }),
        ];
        let import = "projects/polls-demo/locations/asia-south1-a/clusters/beta";

        laws(&bench, CLUSTER, &config, Some(import), &changes).await;

        let asked = bench.bodies.lock().unwrap();
        let of_container = asked.iter().filter(|(request, _)| request.contains("/clusters"));
        assert!(of_container.clone().all(|(request, _)| request.contains("/v1beta1/")));
        let updates: Vec<&Json> = of_container.filter_map(|(_, body)| body.get("update")).collect();
        let has = |member: &str| updates.iter().any(|update| update.get(member).is_some());
        for member in [
            "desiredClusterTelemetry",
            "desiredWorkloadAltsConfig",
            "desiredPodSecurityPolicyConfig",
            "desiredProtectConfig",
            "desiredAddonsConfig",
        ] {
            assert!(has(member), "{member}");
        }
    });
}

#[test]
fn the_account_of_a_service_is_told_and_stays() {
    block_on(async {
        let bench = Bench::beta();
        enable(&bench).await;
        let type_name = "google_project_service_identity";
        assert!(!Bench::new().provider.type_names(Mode::Managed).contains(&type_name.to_string()));
        let config = json!({ "project": "polls-demo", "service": "gkehub.googleapis.com" });

        let made = bench.create(type_name, &config).await;

        let email = made.field("email").and_then(Value::as_str).unwrap();
        assert!(email.starts_with("service-") && email.contains("@gcp-sa-gkehub."), "{email}");
        let member = format!("serviceAccount:{email}");
        assert_eq!(made.field("member"), Some(&Value::string(&member)));
        let read = bench.read(type_name, &made).await.unwrap();
        let again = bench.plan(type_name, Some(&read), &bench.config(type_name, &config));
        super::support::assert_same("the plan after", &made, &again.after);
        let deed = terrane::providers::Deed::Delete { prior: made };
        bench.act(type_name, deed).await.unwrap();
    });
}
