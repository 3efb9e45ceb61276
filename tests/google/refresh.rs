//! A refresh costs as many calls as its lists have pages, whatever there is.

use serde_json::{Value as Json, json};
use terrane::addr::{Address, Mode};
use terrane::http::Method;
use terrane::http::pace::{Pace, all};
use terrane::providers::rest::api::Ask;
use terrane::providers::{Provider, Session, Wanted};

use crate::support::Bench;

async fn post(bench: &Bench, service: &str, path: &str, body: Option<Json>) -> Json {
    let ask = Ask { method: Method::POST, body, ..Ask::get(service, path, "making") };
    let clock = bench.world.clock();
    bench
        .session
        .api
        .send(&ask, &*clock)
        .await
        .unwrap_or_else(|refused| panic!("{path}: {}", refused.error))
}

/// Makes so many buckets, accounts and keys (two for an account), and gives what is wanted of them.
async fn made(bench: &Bench, buckets: usize, accounts: usize) -> Vec<Wanted> {
    for service in ["storage", "iam"] {
        let path = format!("projects/polls-demo/services/{service}.googleapis.com:enable");
        post(bench, "serviceusage", &path, None).await;
    }
    bench.pass(1).await;
    let mut ids = Vec::new();
    for number in 0..buckets {
        let name = format!("of-many-{number}");
        let body = json!({"name": name, "location": "EU"});
        post(bench, "storage", "b?project=polls-demo", Some(body)).await;
        ids.push(("google_storage_bucket", name));
    }
    for number in 0..accounts {
        let body = json!({"accountId": format!("of-many-{number}")});
        let account = post(bench, "iam", "projects/polls-demo/serviceAccounts", Some(body)).await;
        ids.push(("google_service_account", account["name"].as_str().unwrap().to_string()));
    }
    bench.pass(1).await;
    for number in 0..accounts * 2 {
        let email = format!("of-many-{}@polls-demo.iam.gserviceaccount.com", number / 2);
        let path = format!("projects/polls-demo/hmacKeys?serviceAccountEmail={email}");
        let key = post(bench, "storage", &path, None).await;
        let id = key["metadata"]["id"].as_str().unwrap().rsplit('/').next().unwrap().to_string();
        ids.push(("google_storage_hmac_key", id));
    }
    let wanted = ids.into_iter().enumerate().map(|(place, (type_name, id))| Wanted {
        address: Address::root(Mode::Managed, type_name, &format!("o{place}")),
        type_name: type_name.into(),
        value: bench.provider.import(type_name, &id, &bench.block).unwrap(),
        private: Vec::new(),
    });
    wanted.collect()
}

/// Reads all, and gives the requests.
async fn asked(bench: &Bench, wanted: &[Wanted]) -> Vec<String> {
    bench.bodies.lock().unwrap().clear();
    let read = bench.session.read_many(wanted).await;
    for (wanted, read) in wanted.iter().zip(read) {
        assert!(matches!(read, Ok(Some(_))), "{}: {read:?}", wanted.address);
    }
    bench.bodies.lock().unwrap().iter().map(|(request, _)| request.clone()).collect()
}

#[tokio::test]
async fn a_thousand_buckets_a_hundred_accounts_and_their_keys_are_three_calls() {
    let bench = Bench::new();
    let wanted = made(&bench, 1000, 100).await;

    let asked = asked(&bench, &wanted).await;

    assert_eq!(wanted.len(), 1300);
    assert_eq!(asked.len(), 3, "{asked:#?}");
}

#[tokio::test]
async fn what_is_read_waits_for_one_answer_where_single_reads_wait_for_a_hundred_and_thirty() {
    let bench = Bench::new();
    let wanted = made(&bench, 1000, 100).await;

    bench.waves.begin();
    asked(&bench, &wanted).await;
    let listed = bench.waves.count();
    bench.waves.begin();
    let (session, pace) = (&bench.session, Pace::fixed(10));
    let gets = wanted.iter().map(|wanted| async move {
        let spec = &session.catalog.entry(Mode::Managed, &wanted.type_name).unwrap().spec;
        session.get(spec, &wanted.value, "reading").await.unwrap().unwrap()
    });
    all(&pace, gets).await;
    let single = bench.waves.count();

    // The first page of each list is asked for at the same time.
    assert_eq!((listed, single), (1, 130));
}

#[tokio::test]
async fn each_further_page_is_one_call_more() {
    let bench = Bench::new();
    let wanted = made(&bench, 1001, 101).await;

    let asked = asked(&bench, &wanted).await;

    let pages = |word: &str| asked.iter().filter(|request| request.contains(word)).count();
    assert_eq!(
        [pages("/b?"), pages("/serviceAccounts?"), pages("/hmacKeys?")],
        [2, 2, 1],
        "{asked:#?}"
    );
    assert_eq!(asked.len(), 5, "{asked:#?}");
}
