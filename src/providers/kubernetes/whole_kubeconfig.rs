//! A kubeconfig that holds all of a way into a cluster: for programs that are run on its behalf.

use std::path::Path;

use serde_json::{Map, Value as Json, json};

use crate::auth::kubernetes::{Access, Direct, Files, plain};
use kube::config::Kubeconfig;

/// The name of the one cluster, user and context.
const NAME: &str = "terrane";

/// Where a pod's own account is.
const ACCOUNT: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Gives the kubeconfig, as JSON, which is YAML. `token` names a file that has a fresh token, where there are such.
///
/// # Errors
/// What is wrong with the files that it is made from.
pub(super) fn written(
    access: &Access,
    token: Option<&Path>,
    pod: Option<&str>,
) -> Result<Json, String> {
    match access {
        Access::Direct(direct) => Ok(of_direct(direct, token)),
        Access::Files(files) => of_files(files),
        Access::Pod => Ok(of_pod(pod.unwrap_or_default())),
        Access::Over(base, _) => written(base, token, pod),
    }
}

fn whole(cluster: &Json, user: &Json) -> Json {
    json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{ "name": NAME, "cluster": cluster }],
        "users": [{ "name": NAME, "user": user }],
        "contexts": [{ "name": NAME, "context": { "cluster": NAME, "user": NAME } }],
        "current-context": NAME,
    })
}

fn of_direct(direct: &Direct, token: Option<&Path>) -> Json {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    let server = match direct.host.contains("://") {
        true => direct.host.clone(),
        false => format!("https://{}", direct.host),
    };
    let mut cluster = Map::from_iter([("server".to_string(), json!(server))]);
    if let Some(authority) = direct.authority.as_ref().filter(|_| !direct.insecure) {
        cluster.insert("certificate-authority-data".into(), json!(STANDARD.encode(authority)));
    }
    if direct.insecure {
        cluster.insert("insecure-skip-tls-verify".into(), json!(true));
    }
    if let Some(name) = &direct.server_name {
        cluster.insert("tls-server-name".into(), json!(name));
    }
    if let Some(proxy) = &direct.proxy {
        cluster.insert("proxy-url".into(), json!(proxy));
    }
    let mut user = direct.user.as_object().cloned().unwrap_or_default();
    if let Some(file) = token {
        user.remove("token");
        user.insert("tokenFile".into(), json!(file));
    }
    whole(&Json::Object(cluster), &Json::Object(user))
}

/// Merges the files, and picks in them what the block says.
fn of_files(files: &Files) -> Result<Json, String> {
    let mut merged = Kubeconfig::default();
    for path in &files.paths {
        let file = Kubeconfig::read_from(path).map_err(|error| plain(&error))?;
        merged = merged.merge(file).map_err(|error| plain(&error))?;
    }
    let wanted = files.context.clone().or(merged.current_context.clone()).unwrap_or_default();
    let mut config = serde_json::to_value(&merged).map_err(|error| error.to_string())?;
    let contexts = config["contexts"].as_array().into_iter().flatten();
    let found = contexts.into_iter().find(|one| one["name"] == wanted.as_str());
    let mut context = found.map(|one| one["context"].clone()).unwrap_or_else(|| json!({}));
    for (member, given) in [("cluster", &files.cluster), ("user", &files.user)] {
        if let Some(given) = given {
            context[member] = json!(given);
        }
    }
    config["contexts"] = json!([{ "name": NAME, "context": context }]);
    config["current-context"] = json!(NAME);
    config["apiVersion"] = json!("v1");
    config["kind"] = json!("Config");
    Ok(config)
}

fn of_pod(server: &str) -> Json {
    let cluster = json!({ "server": server, "certificate-authority": format!("{ACCOUNT}/ca.crt") });
    whole(&cluster, &json!({ "tokenFile": format!("{ACCOUNT}/token") }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_block_says_is_all_in_the_kubeconfig() {
        let direct = Direct {
            host: "10.0.0.1".into(),
            authority: Some("PEM".into()),
            server_name: Some("api".into()),
            user: json!({ "token": "old", "username": "u" }),
            ..Direct::default()
        };
        let access = Access::Direct(Box::new(direct));

        let found = written(&access, Some(Path::new("/t/token")), None).expect("it is whole");

        let cluster = &found["clusters"][0]["cluster"];
        assert_eq!(cluster["server"], "https://10.0.0.1");
        assert_eq!(cluster["certificate-authority-data"], "UEVN");
        assert_eq!(cluster["tls-server-name"], "api");
        let user = &found["users"][0]["user"];
        assert_eq!(user["tokenFile"], "/t/token");
        assert_eq!((user.get("token"), &user["username"]), (None, &json!("u")));
    }

    #[test]
    fn a_context_of_the_files_is_picked_as_the_block_says() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config");
        let text = "apiVersion: v1\nkind: Config\ncurrent-context: a\n\
            clusters: [{name: one, cluster: {server: 'https://one'}}, {name: two, cluster: {server: 'https://two'}}]\n\
            users: [{name: u, user: {token: t}}]\n\
            contexts: [{name: a, context: {cluster: one, user: u}}, {name: b, context: {cluster: two, user: u}}]\n";
        std::fs::write(&path, text).expect("it is written");
        let files = Files { paths: vec![path], context: Some("b".into()), ..Files::default() };

        let found = written(&Access::Files(files), None, None).expect("it is whole");

        let read: Kubeconfig = serde_json::from_value(found).expect("it is a kubeconfig");
        assert_eq!(read.contexts[0].context.as_ref().map(|it| it.cluster.as_str()), Some("two"));
        assert_eq!(read.current_context.as_deref(), Some("terrane"));
    }
}
