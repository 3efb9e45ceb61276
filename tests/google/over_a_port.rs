//! The provider as a user has it: over a port, with the real client, and with the environment's help.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;
use terrane::auth::google::{GoogleTokens, Wish};
use terrane::http::Clock;
use terrane::http::client::Client;
use terrane::providers::google::{Google, settings};
use terrane::providers::{Provider, Wanted, World};
use terrane::sandbox;
use terrane::value::Value;

use super::support::{address, object};

#[tokio::test]
async fn a_session_over_a_port_finds_nothing_where_nothing_is() {
    let world = sandbox::World::open(None, 0.0, "2025-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock: Arc<dyn Clock> = world.clock();
    let server = sandbox::serve(world, listener).await.unwrap();
    let given = World {
        clock,
        environment: Arc::new(BTreeMap::from([(
            "GOOGLE_REGION".to_string(),
            "asia-south1".to_string(),
        )])),
        home: None,
        root: ".".into(),
        sandbox: Some(server.url()),
        version: "0.0.0",
        pace: std::sync::Arc::default(),
        vault: None,
        tokens: None,
    };
    let provider = Google::new();
    let block = settings::complete(&provider.schema().empty(), &given);
    let session = provider.configure(&block, &given).unwrap();
    let entry =
        provider.catalog().entry(terrane::addr::Mode::Managed, "google_storage_bucket").unwrap();
    let value = object(&entry.spec.parts, &json!({ "name": "nothing", "location": "US" }));
    let wanted = Wanted {
        address: address("google_storage_bucket"),
        type_name: "google_storage_bucket".into(),
        value,
        private: Vec::new(),
    };

    let found = session.read_many(&[wanted]).await;

    assert!(matches!(found.as_slice(), [Ok(None)]), "{found:?}");
    assert_eq!(block.field("project"), Some(&Value::string("polls-demo")));
    assert_eq!(block.field("region"), Some(&Value::string("asia-south1")));
    server.stop().await.unwrap();
}

/// Federation whose foreign token stands in a file is the library's own: it exchanges it over the network.
#[tokio::test]
async fn a_federated_token_is_exchanged_over_a_port() {
    let world = sandbox::World::open(None, 0.0, "2025-01-01T00:00:00Z".parse().unwrap()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let clock: Arc<dyn Clock> = world.clock();
    let server = sandbox::serve(world, listener).await.unwrap();
    let file = std::env::temp_dir().join(format!("terrane-foreign-{}", std::process::id()));
    std::fs::write(&file, "a foreign token").unwrap();
    let credentials = json!({
        "type": "external_account", "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "token_url": format!("{}/token", server.url()),
        "credential_source": { "file": file },
    });
    let wish = Wish {
        credentials: Some(credentials.to_string()),
        scopes: vec!["https://www.googleapis.com/auth/cloud-platform".into()],
        ..Wish::default()
    };
    let tokens = GoogleTokens::new(wish, Arc::new(Client::new("test")), clock);

    let token = tokens.token().await;

    assert!(token.as_ref().is_ok_and(|token| token.starts_with("ya29.sandbox.")), "{token:?}");
    server.stop().await.unwrap();
    std::fs::remove_file(&file).unwrap();
}
