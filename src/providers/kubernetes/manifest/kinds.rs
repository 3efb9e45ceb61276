//! What is known of a manifest's kind without a server: where its objects are, and what they may hold.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::merge::schema::{Schema, Types};
use crate::merge::structural;
use crate::value::Value;
use crate::value::json::to_json;

use super::super::definitions::{Absent, Form, Limits, Part, bundled};
use super::super::tables::{Kind, Way, tables};
use super::body::Who;

/// Kinds that have no resource type of their own: version, kind, plural, and whether they live in a namespace.
const OTHERS: &[(&str, &str, &str, bool)] = &[
    ("v1", "Event", "events", true),
    ("v1", "Node", "nodes", false),
    ("v1", "PodTemplate", "podtemplates", true),
    ("apps/v1", "ControllerRevision", "controllerrevisions", true),
    ("apps/v1", "ReplicaSet", "replicasets", true),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition", "customresourcedefinitions", false),
    ("apiregistration.k8s.io/v1", "APIService", "apiservices", false),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicy",
        "validatingadmissionpolicies",
        false,
    ),
    (
        "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding",
        "validatingadmissionpolicybindings",
        false,
    ),
    ("autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", true),
    ("coordination.k8s.io/v1", "Lease", "leases", true),
    ("discovery.k8s.io/v1", "EndpointSlice", "endpointslices", true),
    ("events.k8s.io/v1", "Event", "events", true),
    ("flowcontrol.apiserver.k8s.io/v1", "FlowSchema", "flowschemas", false),
    (
        "flowcontrol.apiserver.k8s.io/v1",
        "PriorityLevelConfiguration",
        "prioritylevelconfigurations",
        false,
    ),
    ("storage.k8s.io/v1", "CSINode", "csinodes", false),
    ("storage.k8s.io/v1", "VolumeAttachment", "volumeattachments", false),
    // What GKE has of its own.
    ("cloud.google.com/v1", "BackendConfig", "backendconfigs", true),
    ("networking.gke.io/v1", "ManagedCertificate", "managedcertificates", true),
    ("networking.gke.io/v1beta1", "FrontendConfig", "frontendconfigs", true),
    ("gateway.networking.k8s.io/v1", "GatewayClass", "gatewayclasses", false),
    ("gateway.networking.k8s.io/v1", "Gateway", "gateways", true),
    ("gateway.networking.k8s.io/v1", "HTTPRoute", "httproutes", true),
    ("snapshot.storage.k8s.io/v1", "VolumeSnapshot", "volumesnapshots", true),
    ("snapshot.storage.k8s.io/v1", "VolumeSnapshotClass", "volumesnapshotclasses", false),
    ("snapshot.storage.k8s.io/v1", "VolumeSnapshotContent", "volumesnapshotcontents", false),
];

/// The kind of a definition.
pub(super) const DEFINITION: &str = "CustomResourceDefinition";

/// Gives a kind whose objects are written as manifests.
pub(in super::super) fn bare(
    api_version: &str,
    kind: &str,
    plural: &str,
    namespaced: bool,
) -> Kind {
    Kind {
        version: 1,
        api_version: api_version.into(),
        kind: kind.into(),
        plural: plural.into(),
        namespaced,
        nodes: Arc::default(),
        own: Arc::default(),
        timeouts: BTreeMap::new(),
        way: Way::Whole,
        sets: BTreeMap::new(),
        former: None,
    }
}

/// Gives the resource type's kind that a manifest is of, with its attributes.
pub(super) fn typed(api_version: &str, kind: &str) -> Option<&'static Kind> {
    let mut whole = tables().kinds.values().filter(|row| row.way == Way::Whole);
    whole.find(|row| row.api_version == api_version && row.kind == kind)
}

/// Gives a kind that each cluster has.
pub(in super::super) fn common(api_version: &str, kind: &str) -> Option<Kind> {
    if let Some(row) = typed(api_version, kind) {
        return Some(bare(api_version, kind, &row.plural, row.namespaced));
    }
    let row = OTHERS.iter().find(|(version, name, ..)| *version == api_version && *name == kind)?;
    Some(bare(api_version, kind, row.2, row.3))
}

/// What is known of a kind.
pub(super) struct Known {
    /// Where its objects are.
    pub kind: Option<Kind>,
    custom: Option<Custom>,
    part: Option<&'static Part>,
}

/// One version of a kind that a definition makes.
struct Custom {
    part: Part,
    types: Types,
}

/// What a part of an object merges by and may hold.
#[derive(Clone, Copy)]
pub(super) struct Lens<'a> {
    /// How it merges.
    pub schema: Schema<'a>,
    /// What it may hold, where that is known.
    pub part: Option<&'a Part>,
}

impl<'a> Lens<'a> {
    /// Looks at a field, or at the value of a key.
    pub(super) fn field(self, name: &str) -> Lens<'a> {
        let part = self.part.and_then(|part| part.field(name));
        Lens { schema: self.schema.field(name), part }
    }

    /// Looks at the elements of a list.
    pub(super) fn item(self) -> Lens<'a> {
        Lens { schema: self.schema.item(), part: self.part.and_then(Part::item) }
    }
}

/// Names what a definition makes, as instances ask for it.
pub(super) fn key(api_version: &str, kind: &str) -> String {
    format!("kind {api_version}/{kind}")
}

/// Gives what a definition makes: version and kind of each.
pub(super) fn made_by(definition: &Value) -> Vec<(String, String)> {
    let text = |value: &Value, names: &[&str]| {
        let found = names.iter().try_fold(value, |value, name| value.field(name));
        found.and_then(Value::as_str).map(String::from)
    };
    let (Some(group), Some(kind)) =
        (text(definition, &["spec", "group"]), text(definition, &["spec", "names", "kind"]))
    else {
        return Vec::new();
    };
    let versions = definition.field("spec").and_then(|spec| spec.field("versions"));
    let versions = versions.and_then(Value::elements).unwrap_or_default().iter();
    let served =
        versions.filter(|version| version.field("served").and_then(Value::as_bool).unwrap_or(true));
    served
        .filter_map(|version| text(version, &["name"]))
        .map(|version| (format!("{group}/{version}"), kind.clone()))
        .collect()
}

impl Known {
    /// Finds out what is known of a kind: by what the plan itself defines, else by what each cluster has.
    pub(super) fn of(who: &Who, offered: &BTreeMap<String, Value>) -> Known {
        let defined = offered.get(&key(&who.api_version, &who.kind));
        if let Some(definition) = defined {
            let json = to_json(&known_part(&definition.without_marks()));
            let version = who.api_version.rsplit('/').next().unwrap_or_default();
            return Known::defined(who, &json, version);
        }
        Known {
            kind: common(&who.api_version, &who.kind),
            custom: None,
            part: bundled().root(&who.api_version, &who.kind),
        }
    }

    fn defined(who: &Who, definition: &Json, version: &str) -> Known {
        let versions = definition["spec"]["versions"].as_array();
        let found = versions.into_iter().flatten().find(|row| row["name"] == version);
        let plural = definition["spec"]["names"]["plural"].as_str().unwrap_or_default();
        let namespaced = definition["spec"]["scope"] != "Cluster";
        let schema = found.map(|row| &row["schema"]["openAPIV3Schema"]);
        let custom = schema.filter(|schema| schema.is_object()).map(|schema| Custom {
            part: root(schema),
            types: structural::types(&who.api_version, &who.kind, schema),
        });
        let kind = bare(&who.api_version, &who.kind, plural, namespaced);
        Known { kind: Some(kind), custom, part: None }
    }

    /// Gives the definition of the object, where there is one.
    pub(super) fn part(&self) -> Option<&Part> {
        self.custom.as_ref().map(|custom| &custom.part).or(self.part)
    }

    /// Says whether it is the plan itself that defines the kind.
    pub(super) fn is_custom(&self) -> bool {
        self.custom.is_some()
    }

    /// Looks at the whole object.
    pub(super) fn lens(&self, who: &Who) -> Lens<'_> {
        let custom = self.custom.as_ref();
        let schema = custom.and_then(|custom| custom.types.known(&who.api_version, &who.kind));
        let schema = schema.unwrap_or_else(|| Schema::of(&who.api_version, &who.kind));
        Lens { schema, part: self.part() }
    }
}

/// Gives a value without what is not known yet.
pub(super) fn known_part(value: &Value) -> Value {
    if !value.is_known() {
        return Value::null(value.ty());
    }
    value.map_parts(&mut known_part)
}

/// Gives the definition of a whole custom resource.
fn root(schema: &Json) -> Part {
    let mut part = part(schema);
    let text = || Part { ty: "string".into(), ..Part::default() };
    let metadata = Part { other: bundled().metadata(), ..Part::default() };
    part.properties.insert("metadata".into(), metadata);
    part.properties.insert("apiVersion".into(), text());
    part.properties.insert("kind".into(), text());
    part
}

/// Reads how large a value may be.
fn limits(schema: &Json) -> Option<Box<Limits>> {
    let bound = |name: &str, exclusive: &str| {
        schema[name].as_f64().map(|number| (number, schema[exclusive] == true))
    };
    let count = |names: [&str; 3]| {
        let found = names.iter().find_map(|name| schema[*name].as_u64());
        found.and_then(|count| usize::try_from(count).ok())
    };
    let limits = Limits {
        least: bound("minimum", "exclusiveMinimum"),
        most: bound("maximum", "exclusiveMaximum"),
        shortest: count(["minLength", "minItems", "minProperties"]),
        longest: count(["maxLength", "maxItems", "maxProperties"]),
        pattern: schema["pattern"].as_str().map(String::from),
    };
    (limits != Limits::default()).then(|| Box::new(limits))
}

/// Reads a structural schema.
fn part(schema: &Json) -> Part {
    let texts = |name: &str| -> Vec<String> {
        let list = schema[name].as_array().into_iter().flatten();
        list.filter_map(Json::as_str).map(String::from).collect()
    };
    let text = |name: &str| schema[name].as_str().unwrap_or_default().to_string();
    let below = |name: &str| schema.get(name).filter(|of| of.is_object()).map(part).map(Box::new);
    let properties = schema["properties"].as_object().into_iter().flatten();
    let has_default = |name: &str| schema["properties"][name].get("default").is_some();
    let mixed = schema["x-kubernetes-int-or-string"] == true;
    Part {
        properties: properties.map(|(name, below)| (name.clone(), part(below))).collect(),
        // What has a default need not be written.
        required: texts("required").into_iter().filter(|name| !has_default(name)).collect(),
        one_of: texts("enum"),
        ty: text("type"),
        format: text("format"),
        items: below("items"),
        list: None,
        values: below("additionalProperties"),
        other: None,
        absent: Absent::default(),
        form: if mixed { Form::IntOrString } else { Form::Plain },
        limits: limits(schema),
        open: schema["x-kubernetes-preserve-unknown-fields"] == true
            || schema["x-kubernetes-embedded-resource"] == true
            || schema["additionalProperties"] == true,
    }
}
