//! The types that the API server knows: one row each.
//!
//! Sources: the published API of Kubernetes 1.33 and GKE's own custom resources. A type that is not
//! here answers 404, as in a cluster without it.

/// A resource type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resource {
    /// API group; empty for the core.
    pub group: &'static str,
    /// Version.
    pub version: &'static str,
    /// Name in paths.
    pub plural: &'static str,
    /// Name of one, in small letters.
    pub singular: &'static str,
    /// Kind.
    pub kind: &'static str,
    /// Short names.
    pub short: &'static [&'static str],
    /// Whether its objects live in a namespace.
    pub namespaced: bool,
    /// Subresources that it serves.
    pub subresources: &'static [&'static str],
    /// Whether `metadata.generation` counts changes of what is wanted.
    pub generation: bool,
    /// Whether a PUT must name the version that it replaces.
    pub strict_put: bool,
    /// Whether a CustomResourceDefinition of the cluster makes it.
    pub custom: bool,
}

impl Resource {
    /// Gives `apiVersion` of its objects.
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.to_owned()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// Gives `apps/v1`, for the core `/v1`: as messages name it.
    pub fn group_version(&self) -> String {
        format!("{}/{}", self.group, self.version)
    }

    /// Gives `deployments.apps`, as messages name it.
    pub fn qualified(&self) -> String {
        if self.group.is_empty() {
            self.plural.to_owned()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Gives `Deployment.apps`, as messages name the kind.
    pub fn qualified_kind(&self) -> String {
        if self.group.is_empty() {
            self.kind.to_owned()
        } else {
            format!("{}.{}", self.kind, self.group)
        }
    }

    /// Says whether `status` is a part that only its subresource writes.
    pub fn has_status(&self) -> bool {
        self.subresources.contains(&"status")
    }

    /// Says whether it is a custom resource, which knows no strategic merge.
    pub fn is_custom(&self) -> bool {
        self.custom || CUSTOM.contains(&self.group)
    }
}

/// Finds a type by its path.
pub fn by_path(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    RESOURCES.iter().find(|resource| {
        resource.group == group && resource.version == version && resource.plural == plural
    })
}

/// Finds a type by kind.
pub fn by_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    RESOURCES.iter().find(|resource| {
        resource.kind == kind && resource.group == group && resource.version == version
    })
}

/// Finds a type by its kind alone, for the kinds that controllers handle.
pub fn named(kind: &str) -> &'static Resource {
    RESOURCES
        .iter()
        .find(|resource| resource.kind == kind)
        .expect("controllers name kinds of the table")
}

const CUSTOM: &[&str] = &[
    "cloud.google.com",
    "networking.gke.io",
    "gateway.networking.k8s.io",
    "snapshot.storage.k8s.io",
];

const fn row(
    group: &'static str,
    version: &'static str,
    names: [&'static str; 3],
    short: &'static [&'static str],
    subresources: &'static [&'static str],
) -> Resource {
    Resource {
        group,
        version,
        plural: names[0],
        singular: names[1],
        kind: names[2],
        short,
        namespaced: true,
        subresources,
        generation: false,
        strict_put: false,
        custom: false,
    }
}

impl Resource {
    const fn cluster(mut self) -> Resource {
        self.namespaced = false;
        self
    }

    const fn counted(mut self) -> Resource {
        self.generation = true;
        self
    }

    const fn strict(mut self) -> Resource {
        self.strict_put = true;
        self
    }
}

const STATUS: &[&str] = &["status"];
const SCALED: &[&str] = &["scale", "status"];
const NONE: &[&str] = &[];
const RBAC: &str = "rbac.authorization.k8s.io";
const NET: &str = "networking.k8s.io";
const STORAGE: &str = "storage.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";
const FLOW: &str = "flowcontrol.apiserver.k8s.io";
const GATEWAY: &str = "gateway.networking.k8s.io";
const SNAPSHOT: &str = "snapshot.storage.k8s.io";

/// All types, in the order of discovery.
pub const RESOURCES: &[Resource] = &[
    row("", "v1", ["bindings", "binding", "Binding"], &[], NONE),
    row("", "v1", ["configmaps", "configmap", "ConfigMap"], &["cm"], NONE),
    row("", "v1", ["endpoints", "endpoints", "Endpoints"], &["ep"], NONE),
    row("", "v1", ["events", "event", "Event"], &["ev"], NONE),
    row("", "v1", ["limitranges", "limitrange", "LimitRange"], &["limits"], NONE),
    row("", "v1", ["namespaces", "namespace", "Namespace"], &["ns"], &["finalize", "status"])
        .cluster(),
    row("", "v1", ["nodes", "node", "Node"], &["no"], STATUS).cluster(),
    row(
        "",
        "v1",
        ["persistentvolumeclaims", "persistentvolumeclaim", "PersistentVolumeClaim"],
        &["pvc"],
        STATUS,
    ),
    row("", "v1", ["persistentvolumes", "persistentvolume", "PersistentVolume"], &["pv"], STATUS)
        .cluster(),
    row(
        "",
        "v1",
        ["pods", "pod", "Pod"],
        &["po"],
        &[
            "attach",
            "binding",
            "ephemeralcontainers",
            "eviction",
            "exec",
            "log",
            "portforward",
            "status",
        ],
    )
    .counted(),
    row("", "v1", ["podtemplates", "podtemplate", "PodTemplate"], &[], NONE).counted(),
    row(
        "",
        "v1",
        ["replicationcontrollers", "replicationcontroller", "ReplicationController"],
        &["rc"],
        SCALED,
    )
    .counted(),
    row("", "v1", ["resourcequotas", "resourcequota", "ResourceQuota"], &["quota"], STATUS),
    row("", "v1", ["secrets", "secret", "Secret"], &[], NONE),
    row("", "v1", ["serviceaccounts", "serviceaccount", "ServiceAccount"], &["sa"], &["token"]),
    row("", "v1", ["services", "service", "Service"], &["svc"], STATUS),
    row(
        ADMISSION,
        "v1",
        [
            "mutatingwebhookconfigurations",
            "mutatingwebhookconfiguration",
            "MutatingWebhookConfiguration",
        ],
        &[],
        NONE,
    )
    .cluster()
    .counted()
    .strict(),
    row(
        ADMISSION,
        "v1",
        [
            "validatingwebhookconfigurations",
            "validatingwebhookconfiguration",
            "ValidatingWebhookConfiguration",
        ],
        &[],
        NONE,
    )
    .cluster()
    .counted()
    .strict(),
    row(
        "apiextensions.k8s.io",
        "v1",
        ["customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition"],
        &["crd", "crds"],
        STATUS,
    )
    .cluster()
    .counted()
    .strict(),
    row("apiregistration.k8s.io", "v1", ["apiservices", "apiservice", "APIService"], &[], STATUS)
        .cluster()
        .strict(),
    row(
        "apps",
        "v1",
        ["controllerrevisions", "controllerrevision", "ControllerRevision"],
        &[],
        NONE,
    ),
    row("apps", "v1", ["daemonsets", "daemonset", "DaemonSet"], &["ds"], STATUS).counted(),
    row("apps", "v1", ["deployments", "deployment", "Deployment"], &["deploy"], SCALED).counted(),
    row("apps", "v1", ["replicasets", "replicaset", "ReplicaSet"], &["rs"], SCALED).counted(),
    row("apps", "v1", ["statefulsets", "statefulset", "StatefulSet"], &["sts"], SCALED).counted(),
    row(
        "autoscaling",
        "v2",
        ["horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler"],
        &["hpa"],
        STATUS,
    ),
    row(
        "autoscaling",
        "v1",
        ["horizontalpodautoscalers", "horizontalpodautoscaler", "HorizontalPodAutoscaler"],
        &["hpa"],
        STATUS,
    ),
    row("batch", "v1", ["cronjobs", "cronjob", "CronJob"], &["cj"], STATUS).counted(),
    row("batch", "v1", ["jobs", "job", "Job"], &[], STATUS).counted(),
    row(
        "certificates.k8s.io",
        "v1",
        ["certificatesigningrequests", "certificatesigningrequest", "CertificateSigningRequest"],
        &["csr"],
        &["approval", "status"],
    )
    .cluster(),
    row("coordination.k8s.io", "v1", ["leases", "lease", "Lease"], &[], NONE).strict(),
    row("discovery.k8s.io", "v1", ["endpointslices", "endpointslice", "EndpointSlice"], &[], NONE)
        .counted(),
    row(FLOW, "v1", ["flowschemas", "flowschema", "FlowSchema"], &[], STATUS).cluster().counted(),
    row(
        FLOW,
        "v1",
        ["prioritylevelconfigurations", "prioritylevelconfiguration", "PriorityLevelConfiguration"],
        &[],
        STATUS,
    )
    .cluster()
    .counted(),
    row(NET, "v1", ["ingressclasses", "ingressclass", "IngressClass"], &[], NONE)
        .cluster()
        .counted(),
    row(NET, "v1", ["ingresses", "ingress", "Ingress"], &["ing"], STATUS).counted(),
    row(NET, "v1", ["networkpolicies", "networkpolicy", "NetworkPolicy"], &["netpol"], NONE)
        .counted(),
    row("node.k8s.io", "v1", ["runtimeclasses", "runtimeclass", "RuntimeClass"], &[], NONE)
        .cluster(),
    row(
        "policy",
        "v1",
        ["poddisruptionbudgets", "poddisruptionbudget", "PodDisruptionBudget"],
        &["pdb"],
        STATUS,
    )
    .counted()
    .strict(),
    row(RBAC, "v1", ["clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding"], &[], NONE)
        .cluster(),
    row(RBAC, "v1", ["clusterroles", "clusterrole", "ClusterRole"], &[], NONE).cluster(),
    row(RBAC, "v1", ["rolebindings", "rolebinding", "RoleBinding"], &[], NONE),
    row(RBAC, "v1", ["roles", "role", "Role"], &[], NONE),
    row(
        "scheduling.k8s.io",
        "v1",
        ["priorityclasses", "priorityclass", "PriorityClass"],
        &["pc"],
        NONE,
    )
    .cluster()
    .counted(),
    row(STORAGE, "v1", ["csidrivers", "csidriver", "CSIDriver"], &[], NONE).cluster(),
    row(STORAGE, "v1", ["csinodes", "csinode", "CSINode"], &[], NONE).cluster(),
    row(STORAGE, "v1", ["storageclasses", "storageclass", "StorageClass"], &["sc"], NONE).cluster(),
    row(STORAGE, "v1", ["volumeattachments", "volumeattachment", "VolumeAttachment"], &[], STATUS)
        .cluster(),
    row(
        "cloud.google.com",
        "v1",
        ["backendconfigs", "backendconfig", "BackendConfig"],
        &["bc"],
        NONE,
    )
    .counted()
    .strict(),
    row(
        "networking.gke.io",
        "v1",
        ["managedcertificates", "managedcertificate", "ManagedCertificate"],
        &["mcrt"],
        STATUS,
    )
    .counted()
    .strict(),
    row(
        "networking.gke.io",
        "v1beta1",
        ["frontendconfigs", "frontendconfig", "FrontendConfig"],
        &[],
        STATUS,
    )
    .counted()
    .strict(),
    row(
        "networking.gke.io",
        "v1beta1",
        [
            "servicenetworkendpointgroups",
            "servicenetworkendpointgroup",
            "ServiceNetworkEndpointGroup",
        ],
        &["svcneg"],
        STATUS,
    )
    .counted()
    .strict(),
    row(GATEWAY, "v1", ["gatewayclasses", "gatewayclass", "GatewayClass"], &["gc"], STATUS)
        .cluster()
        .counted()
        .strict(),
    row(GATEWAY, "v1", ["gateways", "gateway", "Gateway"], &["gtw"], STATUS).counted().strict(),
    row(GATEWAY, "v1", ["httproutes", "httproute", "HTTPRoute"], &[], STATUS).counted().strict(),
    row(
        SNAPSHOT,
        "v1",
        ["volumesnapshotclasses", "volumesnapshotclass", "VolumeSnapshotClass"],
        &[],
        NONE,
    )
    .cluster()
    .strict(),
    row(SNAPSHOT, "v1", ["volumesnapshots", "volumesnapshot", "VolumeSnapshot"], &[], STATUS)
        .strict(),
];
