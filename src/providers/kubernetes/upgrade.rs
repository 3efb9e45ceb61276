//! Attributes that were written with older versions of the schemas, as the present ones have them.

use serde_json::Value as Json;

/// Gives attributes by the present version of the type's schema.
///
/// Version 0 has the resources of a container's `requests` and `limits` as a block, and the ingress of a service's balancer
/// outside of its status.
pub(super) fn upgraded(type_name: &str, version: u64, mut attributes: Json) -> Json {
    if version > 0 {
        return attributes;
    }
    if let Some(members) = attributes.as_object_mut()
        && type_name.starts_with("kubernetes_service")
    {
        members.shift_remove("load_balancer_ingress");
    }
    // A pod's own, those of a template, and those of a template's template.
    for path in
        ["/spec/0", "/spec/0/template/0/spec/0", "/spec/0/job_template/0/spec/0/template/0/spec/0"]
    {
        if let Some(pod) = attributes.pointer_mut(path) {
            for name in ["container", "init_container"] {
                let containers = pod.get_mut(name).and_then(Json::as_array_mut);
                containers.into_iter().flatten().for_each(resources_as_maps);
            }
        }
    }
    attributes
}

fn resources_as_maps(container: &mut Json) {
    let Some(resources) = container.pointer_mut("/resources/0") else { return };
    for name in ["requests", "limits"] {
        let Some(block) = resources.get_mut(name) else { continue };
        if let Some(blocks) = block.as_array_mut() {
            *block = if blocks.is_empty() { Json::Null } else { blocks.swap_remove(0) };
        }
        if let Some(amounts) = block.as_object_mut() {
            // A block has all its attributes, a map what was written.
            amounts.retain(|_, amount| amount.as_str().is_some_and(|text| !text.is_empty()));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn resources_that_were_blocks_are_maps() {
        let old = json!({"resources": [{"limits": [{"cpu": "1", "memory": ""}], "requests": []}]});
        let new = json!({"resources": [{"limits": {"cpu": "1"}, "requests": null}]});
        let pod =
            |container: &Json| json!({"container": [container], "init_container": [container]});
        let template = |container: &Json| json!({"template": [{"spec": [pod(container)]}]});
        let kinds: [(&str, &dyn Fn(&Json) -> Json); 3] = [
            ("kubernetes_pod_v1", &pod),
            ("kubernetes_deployment", &template),
            ("kubernetes_cron_job_v1", &|it| json!({"job_template": [{"spec": [template(it)]}]})),
        ];
        for (type_name, spec) in kinds {
            let upgraded = upgraded(type_name, 0, json!({"spec": [spec(&old)]}));

            assert_eq!(upgraded, json!({"spec": [spec(&new)]}), "{type_name}");
        }
    }

    #[test]
    fn a_services_balancer_is_told_in_its_status() {
        let old = json!({"load_balancer_ingress": [{"ip": "192.0.2.1"}], "spec": []});

        assert_eq!(upgraded("kubernetes_service", 0, old.clone()), json!({"spec": []}));
        assert_eq!(upgraded("kubernetes_service", 1, old.clone()), old);
    }
}
