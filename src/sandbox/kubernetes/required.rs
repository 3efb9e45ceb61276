//! Required fields that are not there: what the server says of each, by type and field.
//!
//! The published definitions say which fields must be there. The server's own rules say it in words
//! of their own, in other places than the field, or not at all. Source: recordings of a real API
//! server (`tests/server/cases/required.yaml`), its words included.

use std::sync::LazyLock;

use regex::Regex;

use super::definitions::{self, Missing};
use super::failure::Cause;
use super::validate::{LABEL, LABEL_KEY, SERVICE_NAME, SUBDOMAIN};

/// Stands for what is said of each required field of the missing part: it counts as empty.
const BELOW: &[&str] = &["(below)"];
/// The server takes the object, or one of its other rules tells.
const NOTHING: &[&str] = &[];
const KEY: &[&str] =
    &["Invalid value: \"\": name part must be non-empty", "Invalid value: \"\": KEY"];
const KEY_THERE: &[&str] = &["Required value: can not be empty", KEY[0], KEY[1]];
const DOMAIN: &[&str] = &["Required value", "Invalid value: \"\": SUBDOMAIN"];
const OPERATOR: &[&str] = &["Invalid value: \"\": not a valid selector operator"];
const POSITIVE: &[&str] = &["Invalid value: 0: must be greater than zero"];
const WEIGHT: &[&str] = &["Invalid value: 0: must be in the range 1-100"];
const SERVICE: &[&str] = &["Required value: service name is required"];
const SPACE: &[&str] = &["Required value: service namespace is required"];
const CLIENT: &[&str] = &["Required value: exactly one of url or service is required"];
const EFFECTS: &[&str] = &["Required value: must specify one of None, NoneOnDryRun"];
const REVIEWS: &[&str] = &["Required value: must specify one of v1, v1beta1"];
const METRIC: &[&str] = &["Required value: must specify a metric name"];
const RESOURCE: &[&str] = &["Required value: must specify a resource name"];
const VERBS: &[&str] = &["Required value: verbs must contain at least one value"];
const ADDRESS: &str =
    "Invalid value: \"\": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";

/// Type, field, and what is said where it is missing. What is not here is a plain required value.
const TOLD: &[(&str, &str, &[&str])] = &[
    ("core.v1.PodOS", "name", &["Required value: cannot be empty"]),
    ("core.v1.HostAlias", "ip", &[ADDRESS]),
    ("core.v1.PodReadinessGate", "conditionType", KEY),
    ("core.v1.PodSchedulingGate", "name", KEY),
    ("core.v1.Sysctl", "value", NOTHING),
    (
        "core.v1.AppArmorProfile",
        "type",
        &["Required value: type is required when appArmorProfile is set"],
    ),
    (
        "core.v1.SeccompProfile",
        "type",
        &["Required value: type is required when seccompProfile is set"],
    ),
    ("meta.v1.LabelSelectorRequirement", "key", KEY),
    ("meta.v1.LabelSelectorRequirement", "operator", OPERATOR),
    ("core.v1.NodeSelectorRequirement", "key", KEY),
    ("core.v1.NodeSelectorRequirement", "operator", OPERATOR),
    (
        "core.v1.NodeSelector",
        "nodeSelectorTerms",
        &["Required value: must have at least one node selector term"],
    ),
    ("core.v1.TopologySelectorLabelRequirement", "key", KEY),
    ("core.v1.PreferredSchedulingTerm", "weight", WEIGHT),
    ("core.v1.PreferredSchedulingTerm", "preference", NOTHING),
    ("core.v1.WeightedPodAffinityTerm", "weight", WEIGHT),
    ("core.v1.WeightedPodAffinityTerm", "podAffinityTerm", BELOW),
    ("core.v1.PodAffinityTerm", "topologyKey", KEY_THERE),
    (
        "core.v1.NFSVolumeSource",
        "path",
        &["Required value", "Invalid value: \"\": must be an absolute path"],
    ),
    ("core.v1.ClusterTrustBundleProjection", "path", NOTHING),
    ("core.v1.CSIVolumeSource", "driver", DOMAIN),
    ("core.v1.CSIPersistentVolumeSource", "driver", DOMAIN),
    ("core.v1.ISCSIVolumeSource", "lun", NOTHING),
    ("core.v1.ISCSIPersistentVolumeSource", "lun", NOTHING),
    ("core.v1.GlusterfsVolumeSource", "endpoints", NOTHING),
    ("core.v1.GlusterfsPersistentVolumeSource", "endpoints", NOTHING),
    ("core.v1.Container", "name", NOTHING),
    ("core.v1.ContainerPort", "containerPort", NOTHING),
    ("core.v1.HTTPGetAction", "port", NOTHING),
    ("core.v1.TCPSocketAction", "port", NOTHING),
    ("core.v1.ConfigMapKeySelector", "key", NOTHING),
    ("core.v1.SecretKeySelector", "key", NOTHING),
    ("core.v1.PersistentVolumeClaimVolumeSource", "claimName", NOTHING),
    ("core.v1.HostPathVolumeSource", "path", NOTHING),
    (
        "core.v1.PersistentVolumeClaimTemplate",
        "spec",
        &[
            ".accessModes: Required value: at least 1 access mode is required",
            ".resources[storage]: Required value",
        ],
    ),
    ("core.v1.EnvVar", "name", NOTHING),
    (
        "core.v1.HTTPHeader",
        "name",
        &[
            "Invalid value: \"\": a valid HTTP header must consist of alphanumeric characters or '-' \
            (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
        ],
    ),
    ("core.v1.HTTPHeader", "value", NOTHING),
    ("core.v1.GRPCAction", "port", &["Invalid value: 0: must be between 1 and 65535, inclusive"]),
    ("core.v1.SleepAction", "seconds", NOTHING),
    ("core.v1.PodSpec", "containers", NOTHING),
    ("core.v1.ServicePort", "port", NOTHING),
    ("core.v1.TopologySpreadConstraint", "maxSkew", NOTHING),
    ("core.v1.TopologySpreadConstraint", "topologyKey", NOTHING),
    ("core.v1.TopologySpreadConstraint", "whenUnsatisfiable", NOTHING),
    (
        "core.v1.EndpointAddress",
        "ip",
        &[ADDRESS, "Invalid value: \"\": must be a valid IP address"],
    ),
    ("core.v1.EndpointPort", "port", &["Invalid value: 0: must be between 1 and 65535, inclusive"]),
    ("core.v1.LimitRangeItem", "type", KEY),
    ("core.v1.LimitRangeSpec", "limits", NOTHING),
    (
        "core.v1.ScopedResourceSelectorRequirement",
        "scopeName",
        &["Invalid value: \"\": unsupported scope"],
    ),
    ("core.v1.ScopedResourceSelectorRequirement", "operator", OPERATOR),
    ("core.v1.Taint", "key", KEY),
    ("core.v1.Taint", "effect", &["Required value"]),
    ("core.v1.Event", "involvedObject", NOTHING),
    ("meta.v1.OwnerReference", "apiVersion", NOTHING),
    ("meta.v1.OwnerReference", "kind", NOTHING),
    ("meta.v1.OwnerReference", "name", NOTHING),
    ("meta.v1.OwnerReference", "uid", NOTHING),
    ("apps.v1.StatefulSetSpec", "serviceName", NOTHING),
    ("apps.v1.DaemonSetSpec", "selector", NOTHING),
    ("apps.v1.DaemonSetSpec", "template", NOTHING),
    ("apps.v1.DeploymentSpec", "template", NOTHING),
    ("apps.v1.StatefulSetSpec", "template", NOTHING),
    ("apps.v1.ControllerRevision", "revision", NOTHING),
    ("batch.v1.JobSpec", "template", NOTHING),
    ("batch.v1.CronJobSpec", "jobTemplate", NOTHING),
    ("batch.v1.CronJobSpec", "schedule", NOTHING),
    (
        "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        "operator",
        &["Required value: valid values: [\"In\" \"NotIn\"]"],
    ),
    (
        "batch.v1.PodFailurePolicyOnExitCodesRequirement",
        "values",
        &["Invalid value: []int32(nil): at least one value is required"],
    ),
    (
        "batch.v1.PodFailurePolicyRule",
        "action",
        &["Required value: valid values: [\"Count\" \"FailIndex\" \"FailJob\" \"Ignore\"]"],
    ),
    ("batch.v1.PodFailurePolicyOnPodConditionsPattern", "type", KEY),
    ("batch.v1.PodFailurePolicyOnPodConditionsPattern", "status", NOTHING),
    ("batch.v1.PodFailurePolicy", "rules", NOTHING),
    (
        "batch.v1.SuccessPolicy",
        "rules",
        &[
            "Required value: at least one rules must be specified when the successPolicy is specified",
        ],
    ),
    (
        "autoscaling.v2.HPAScalingPolicy",
        "type",
        &["Unsupported value: \"\": supported values: \"Percent\", \"Pods\""],
    ),
    ("autoscaling.v2.HPAScalingPolicy", "value", POSITIVE),
    ("autoscaling.v2.HPAScalingPolicy", "periodSeconds", POSITIVE),
    (
        "autoscaling.v2.MetricTarget",
        "type",
        &[
            "Required value: must specify a metric target type",
            "Invalid value: \"\": must be either Utilization, Value, or AverageValue",
        ],
    ),
    ("autoscaling.v2.ResourceMetricSource", "name", RESOURCE),
    ("autoscaling.v2.ContainerResourceMetricSource", "name", RESOURCE),
    (
        "autoscaling.v2.ResourceMetricSource",
        "target",
        &[
            BELOW[0],
            ".averageUtilization: Required value: must set either a target raw value or a target utilization",
        ],
    ),
    (
        "autoscaling.v2.ContainerResourceMetricSource",
        "target",
        &[
            BELOW[0],
            ".averageUtilization: Required value: must set either a target raw value or a target utilization",
        ],
    ),
    (
        "autoscaling.v2.ExternalMetricSource",
        "target",
        &[
            BELOW[0],
            ".averageValue: Required value: must set either a target value for metric or a per-pod target",
        ],
    ),
    (
        "autoscaling.v2.ObjectMetricSource",
        "target",
        &[
            BELOW[0],
            ".averageValue: Required value: must set either a target value or averageValue",
        ],
    ),
    (
        "autoscaling.v2.PodsMetricSource",
        "target",
        &[BELOW[0], ".averageValue: Required value: must specify a positive target averageValue"],
    ),
    ("autoscaling.v2.ExternalMetricSource", "metric", BELOW),
    ("autoscaling.v2.ObjectMetricSource", "metric", BELOW),
    ("autoscaling.v2.PodsMetricSource", "metric", BELOW),
    ("autoscaling.v2.ObjectMetricSource", "describedObject", BELOW),
    ("autoscaling.v2.HorizontalPodAutoscalerSpec", "scaleTargetRef", BELOW),
    (
        "autoscaling.v2.ContainerResourceMetricSource",
        "container",
        &["Required value: must specify a container"],
    ),
    ("autoscaling.v2.MetricIdentifier", "name", METRIC),
    (
        "autoscaling.v2.MetricSpec",
        "type",
        &[
            "Required value: must specify a metric source type",
            "Unsupported value: \"\": supported values: \"ContainerResource\", \"External\", \
                \"Object\", \"Pods\", \"Resource\"",
        ],
    ),
    (
        "autoscaling.v2.HorizontalPodAutoscalerSpec",
        "maxReplicas",
        &[
            "Invalid value: 0: must be greater than 0",
            "Invalid value: 0: must be greater than or equal to `minReplicas`",
        ],
    ),
    ("networking.v1.HTTPIngressPath", "pathType", &["Required value: pathType must be specified"]),
    ("networking.v1.HTTPIngressPath", "backend", NOTHING),
    (
        "networking.v1.IngressClassParametersReference",
        "kind",
        &["Required value: kind is required"],
    ),
    (
        "networking.v1.IngressClassParametersReference",
        "name",
        &["Required value: name is required"],
    ),
    ("networking.v1.NetworkPolicySpec", "podSelector", NOTHING),
    ("node.v1.RuntimeClass", "handler", &["Invalid value: \"\": LABEL"]),
    ("rbac.v1.RoleRef", "apiGroup", NOTHING),
    ("rbac.v1.RoleRef", "kind", NOTHING),
    ("rbac.v1.RoleRef", "name", NOTHING),
    ("rbac.v1.Subject", "name", NOTHING),
    ("rbac.v1.RoleBinding", "roleRef", NOTHING),
    ("rbac.v1.ClusterRoleBinding", "roleRef", NOTHING),
    ("rbac.v1.Subject", "kind", NOTHING),
    ("rbac.v1.PolicyRule", "verbs", NOTHING),
    ("scheduling.v1.PriorityClass", "value", NOTHING),
    ("storage.v1.TokenRequest", "audience", NOTHING),
    ("storage.v1.CSIDriver", "spec", NOTHING),
    ("storage.v1.CSINodeDriver", "name", DOMAIN),
    ("storage.v1.CSINodeSpec", "drivers", NOTHING),
    ("storage.v1.CSINode", "spec", NOTHING),
    ("storage.v1.VolumeAttachmentSpec", "attacher", DOMAIN),
    (
        "storage.v1.VolumeAttachmentSpec",
        "source",
        &["Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName"],
    ),
    ("storage.v1.VolumeAttachmentSpec", "nodeName", &["Invalid value: \"\": SUBDOMAIN"]),
    ("storage.v1.VolumeAttachment", "spec", BELOW),
    ("discovery.v1.Endpoint", "addresses", &["Required value: must contain at least 1 address"]),
    ("discovery.v1.EndpointSlice", "endpoints", NOTHING),
    ("discovery.v1.ForZone", "name", NOTHING),
    ("discovery.v1.ForNode", "name", NOTHING),
    (
        "flowcontrol.v1.FlowDistinguisherMethod",
        "type",
        &["Unsupported value: flowcontrol.FlowDistinguisherMethod{Type:\"\"}: supported values: \
            \"ByNamespace\", \"ByUser\""],
    ),
    (
        "flowcontrol.v1.PriorityLevelConfigurationReference",
        "name",
        &["Required value: must reference a priority level"],
    ),
    (
        "flowcontrol.v1.Subject",
        "kind",
        &["Unsupported value: \"\": supported values: \"Group\", \"ServiceAccount\", \"User\""],
    ),
    (
        "flowcontrol.v1.ServiceAccountSubject",
        "namespace",
        &["Required value: must specify namespace for service account"],
    ),
    ("flowcontrol.v1.ResourcePolicyRule", "verbs", VERBS),
    ("flowcontrol.v1.NonResourcePolicyRule", "verbs", VERBS),
    (
        "flowcontrol.v1.ResourcePolicyRule",
        "apiGroups",
        &["Required value: resource rules must supply at least one api group"],
    ),
    (
        "flowcontrol.v1.ResourcePolicyRule",
        "resources",
        &["Required value: resource rules must supply at least one resource"],
    ),
    (
        "flowcontrol.v1.NonResourcePolicyRule",
        "nonResourceURLs",
        &["Required value: nonResourceURLs must contain at least one value"],
    ),
    (
        "flowcontrol.v1.PolicyRulesWithSubjects",
        "subjects",
        &["Required value: subjects must contain at least one value"],
    ),
    ("flowcontrol.v1.FlowSchemaSpec", "priorityLevelConfiguration", BELOW),
    (
        "flowcontrol.v1.LimitResponse",
        "type",
        &["Unsupported value: \"\": supported values: \"Queue\", \"Reject\""],
    ),
    (
        "flowcontrol.v1.PriorityLevelConfigurationSpec",
        "type",
        &["Unsupported value: \"\": supported values: \"Exempt\", \"Limited\""],
    ),
    ("admissionregistration.v1.ServiceReference", "name", SPACE),
    ("admissionregistration.v1.ServiceReference", "namespace", SERVICE),
    ("admissionregistration.v1.ValidatingWebhook", "clientConfig", CLIENT),
    ("admissionregistration.v1.MutatingWebhook", "clientConfig", CLIENT),
    ("admissionregistration.v1.ValidatingWebhook", "sideEffects", EFFECTS),
    ("admissionregistration.v1.MutatingWebhook", "sideEffects", EFFECTS),
    ("admissionregistration.v1.ValidatingWebhook", "admissionReviewVersions", REVIEWS),
    ("admissionregistration.v1.MutatingWebhook", "admissionReviewVersions", REVIEWS),
    ("apiregistration.v1.APIServiceSpec", "groupPriorityMinimum", NOTHING),
    ("apiregistration.v1.APIServiceSpec", "versionPriority", NOTHING),
    ("certificates.v1.CertificateSigningRequestSpec", "request", NOTHING),
    ("certificates.v1.CertificateSigningRequest", "spec", NOTHING),
    (
        "apiextensions.v1.CustomResourceColumnDefinition",
        "type",
        &["Required value: must be one of boolean,date,integer,number,string"],
    ),
    ("apiextensions.v1.ServiceReference", "name", SPACE),
    ("apiextensions.v1.ServiceReference", "namespace", SERVICE),
    ("apiextensions.v1.ValidationRule", "rule", &["Required value: rule is not specified"]),
    (
        "apiextensions.v1.CustomResourceDefinitionVersion",
        "name",
        &["Invalid value: \"\": SERVICE_NAME"],
    ),
    ("apiextensions.v1.CustomResourceDefinitionVersion", "served", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionVersion", "storage", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionSpec", "group", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionSpec", "versions", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionSpec", "names", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionSpec", "scope", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionNames", "plural", NOTHING),
    ("apiextensions.v1.CustomResourceDefinitionNames", "kind", NOTHING),
    ("apiextensions.v1.CustomResourceDefinition", "spec", NOTHING),
];

/// Where the server says it, when that is another place: a pattern of the path's end, and what stands for it.
const PLACES: &[(&str, &str)] = &[
    (r"\.schedulingGates(\[\d+\])\.name$", ".schedulingGates$1"),
    (r"\.downwardAPI\.items\[\d+\]\.", ".downwardAPI."),
    (r"\.projected\.sources\[\d+\]\.serviceAccountToken\.", ".projected."),
    (r"\.gcePersistentDisk\.", ".persistentDisk."),
    (r"\.resizePolicy\[\d+\]\.\w+$", ".resizePolicy"),
    (r"\.httpHeaders\[\d+\]\.name$", ".httpHeaders"),
    (r"\.scopeSelector\.matchExpressions\[\d+\]\.", ".scopeSelector.matchExpressions."),
    (r"^spec\.taints\[", "metadata.taints["),
    (r"\.conversion\.webhook\.clientConfig\.", ".conversion.webhookClientConfig."),
    // The server takes the two for each other.
    (r"lientConfig\.service\.name$", "lientConfig.service.(other)"),
    (r"lientConfig\.service\.namespace$", "lientConfig.service.name"),
    (r"lientConfig\.service\.\(other\)$", "lientConfig.service.namespace"),
    (r"\.conversion\.webhook\.conversion", ".conversion.conversion"),
];

/// Where a definition has one version alone, the server speaks of it in the words of the first API.
const FIRST_PLACES: &[(&str, &str)] = &[
    (r"^spec\.versions\[0\]\.schema\.", "spec.validation."),
    (r"\.properties\.([^.\[]+)", ".properties[$1]"),
    (r"^spec\.versions\[0\]\.(subresources|additionalPrinterColumns|selectableFields)", "spec.$1"),
    (r"^(spec\.additionalPrinterColumns\[\d+\]\.)jsonPath$", "${1}JSONPath"),
];

/// Gives what is said of what is missing in an object of a kind; `versions` is how many versions a definition has.
pub fn causes(missing: &[Missing], kind: &str, versions: usize) -> Vec<Cause> {
    let mut causes = Vec::new();
    for field in missing.iter().filter(|field| !field.path.starts_with("status")) {
        if field.path.starts_with(unchecked(kind)) {
            continue;
        }
        told(field, versions, &mut causes);
    }
    causes
}

/// Gives the part of a kind that the server stores as it is: what is wrong there, its pods say.
pub fn unchecked(kind: &str) -> &'static str {
    match kind {
        "StatefulSet" => "spec.template.spec",
        _ => "(nothing)",
    }
}

fn told(missing: &Missing, versions: usize, causes: &mut Vec<Cause>) {
    let own = missing.path.rsplit('.').next().unwrap_or_default();
    let short = missing.owner.rsplitn(4, '.').take(3).collect::<Vec<_>>();
    let short: Vec<&str> = short.into_iter().rev().collect();
    let owner = short.join(".").replacen("autoscaling.v1.", "autoscaling.v2.", 1);
    let row = TOLD.iter().find(|(of, field, _)| *of == owner && *field == own);
    let texts = row.map_or(&["Required value"] as &[&str], |(.., texts)| texts);
    let field = place(&missing.path, versions);
    for text in texts {
        if *text == BELOW[0] {
            for name in definitions::required_below(missing.owner, own) {
                let path = format!("{}.{}", missing.path, name.path);
                told(&Missing { owner: name.owner, path }, versions, causes);
            }
            continue;
        }
        let (below, text) = match text.split_once(": ") {
            Some((below, text)) if below.starts_with('.') => (below, text),
            _ => ("", *text),
        };
        let reason = match text {
            text if text.starts_with("Required") => "FieldValueRequired",
            text if text.starts_with("Unsupported") => "FieldValueNotSupported",
            _ => "FieldValueInvalid",
        };
        let message = match text.rsplit_once(": ") {
            Some((head, "KEY")) => format!("{head}: {LABEL_KEY}"),
            Some((head, "SUBDOMAIN")) => format!("{head}: {SUBDOMAIN}"),
            Some((head, "SERVICE_NAME")) => format!("{head}: {SERVICE_NAME}"),
            Some((head, "LABEL")) => format!("{head}: {LABEL}"),
            _ => text.to_owned(),
        };
        causes.push(Cause { reason, message, field: format!("{field}{below}") });
    }
}

fn place(path: &str, versions: usize) -> String {
    static ALL: LazyLock<Vec<(Regex, &str, bool)>> = LazyLock::new(|| {
        let rows = PLACES.iter().map(|row| (row, false));
        rows.chain(FIRST_PLACES.iter().map(|row| (row, true)))
            .filter_map(|((from, to), first)| Some((Regex::new(from).ok()?, *to, first)))
            .collect()
    });
    let mut path = path.to_owned();
    for (from, to, first) in ALL.iter() {
        if !first || (versions == 1 && path.starts_with("spec.")) {
            path = from.replace_all(&path, *to).into_owned();
        }
    }
    path
}
