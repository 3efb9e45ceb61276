//! The kubeconfig of a cluster, for `kubectl` and its kin.

use serde_json::json;

/// Gives the YAML of a kubeconfig with one cluster, user and context of this name.
///
/// `exec` names Google's plug-in as the giver of tokens, where no token is written.
pub fn kubeconfig(
    name: &str,
    endpoint: &str,
    ca_base64: &str,
    token: Option<&str>,
    exec: bool,
) -> String {
    let server = match endpoint.contains("://") {
        true => endpoint.to_string(),
        false => format!("https://{endpoint}"),
    };
    // JSON's strings are YAML's double-quoted ones.
    let text = |text: &str| json!(text).to_string();
    let (name, server, authority) = (text(name), text(&server), text(ca_base64));
    let user = match (token, exec) {
        (Some(token), _) => format!("    token: {}\n", text(token)),
        (None, true) => concat!(
            "    exec:\n",
            "      apiVersion: client.authentication.k8s.io/v1beta1\n",
            "      command: gke-gcloud-auth-plugin\n",
            "      interactiveMode: IfAvailable\n",
            "      provideClusterInfo: true\n",
        )
        .to_string(),
        (None, false) => "    {}\n".to_string(),
    };
    format!(
        "apiVersion: v1\n\
         kind: Config\n\
         clusters:\n\
         - name: {name}\n\
         \x20 cluster:\n\
         \x20   certificate-authority-data: {authority}\n\
         \x20   server: {server}\n\
         users:\n\
         - name: {name}\n\
         \x20 user:\n\
         {user}\
         contexts:\n\
         - name: {name}\n\
         \x20 context:\n\
         \x20   cluster: {name}\n\
         \x20   user: {name}\n\
         current-context: {name}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kubeconfig_is_read_back_as_it_was_meant() {
        let text = kubeconfig("polls", "127.0.0.1:8443", "QQ==", Some("secret"), false);

        let read = kube::config::Kubeconfig::from_yaml(&text).expect("it is a kubeconfig");
        let cluster = read.clusters[0].cluster.as_ref().expect("a cluster");
        assert_eq!(cluster.server.as_deref(), Some("https://127.0.0.1:8443"));
        assert_eq!(read.current_context.as_deref(), Some("polls"));
        assert!(read.auth_infos[0].auth_info.as_ref().is_some_and(|user| user.token.is_some()));
    }

    #[test]
    fn without_a_token_googles_plug_in_gives_it() {
        let text = kubeconfig("polls", "https://10.0.0.1", "QQ==", None, true);

        let read = kube::config::Kubeconfig::from_yaml(&text).expect("it is a kubeconfig");
        let user = read.auth_infos[0].auth_info.as_ref().expect("a user");
        let command = user.exec.as_ref().and_then(|exec| exec.command.clone());
        assert_eq!(command.as_deref(), Some("gke-gcloud-auth-plugin"));
    }
}
