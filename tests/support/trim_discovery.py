#!/usr/bin/env python3
"""Trims Google's API discovery documents to what the sandbox answers.

Usage: trim_discovery.py DISCOVERY_FOLDER OUT_FOLDER           for the sandbox
       trim_discovery.py DISCOVERY_FOLDER OUT_FOLDER whole     for the planner (google_api_resource)

The input are the files `<api>.<version>.json` of google-api-python-client (Apache-2.0, Google LLC).
The output are `<api>.<version>.json.gz`: methods (id, verb, path, parameters, request and response
schema) and the schemas that they reach, without prose. For the planner the output has the form of the input: the methods by
which objects are made, read, changed and removed, and their schemas.
"""

import gzip
import json
import re
import sys

COMPUTE = r"""compute\.(projects\.get|(networks|subnetworks|firewalls|disks|addresses|globalAddresses)
\.(get|list|aggregatedList|insert|delete|setLabels|patch|resize)|(forwardingRules|globalForwardingRules|instanceGroups
|instanceGroupManagers|networkEndpointGroups|backendServices|urlMaps|targetHttpProxies|targetHttpsProxies|healthChecks
|targetPools|instances|routes|instanceTemplates|sslCertificates|globalNetworkEndpointGroups)\.(get|list|aggregatedList|delete)
|subnetworks\.(expandIpCidrRange|setPrivateIpGoogleAccess)|disks\.(update|createSnapshot|addResourcePolicies|removeResourcePolicies)|images\.(get|list|getFromFamily)|snapshots\.(get|list|delete)
|instances\.(insert|update|set(Metadata|Tags|Labels|Scheduling|DiskAutoDelete|DeletionProtection|MachineType|MinCpuPlatform|ServiceAccount)
|(add|remove)ResourcePolicies|(add|delete)AccessConfig|update(NetworkInterface|DisplayDevice|ShieldedInstanceConfig)|(attach|detach)Disk
|stop|start|startWithEncryptionKey|suspend|resume)
|(zones|regions|machineTypes|diskTypes)\.(get|list)|(zone|region|global)Operations\.(get|list|wait|aggregatedList))""".replace("\n", "")

KEEP = {
    "storage.v1": r"storage\.(buckets\.(get|list|insert|patch|update|delete|getIamPolicy|setIamPolicy|testIamPermissions|lockRetentionPolicy|getStorageLayout)"
                  r"|objects\.(get|list|insert|delete|patch|update|copy|rewrite|compose)|managedFolders\.list|projects\.(hmacKeys\..*|serviceAccount\.get))",
    "container.v1": r"container\.projects\.locations\.(getServerConfig|clusters\.(create|delete|get|list|set\w+|update|updateMaster)"
                    r"|clusters\.nodePools\.(create|delete|get|list|set\w+|update)|operations\..*)",
    "container.v1beta1": r"container\.projects\.locations\.(getServerConfig|clusters\.(create|delete|get|list|set\w+|update|updateMaster)"
                         r"|clusters\.nodePools\.(create|delete|get|list|set\w+|update)|operations\..*)",
    "iam.v1": r"iam\.projects\.serviceAccounts\.(create|delete|get|list|patch|update|enable|disable|getIamPolicy|setIamPolicy"
              r"|testIamPermissions|keys\.(create|delete|get|list|upload))",
    "serviceusage.v1": r"serviceusage\.(services\.(get|list|enable|disable|batchEnable|batchGet)|operations\.(get|list))",
    "cloudresourcemanager.v1": r"cloudresourcemanager\.projects\.(get|list|getIamPolicy|setIamPolicy|testIamPermissions)",
    "cloudresourcemanager.v3": r"cloudresourcemanager\.projects\.(get|search|getIamPolicy|setIamPolicy|testIamPermissions)",
    "artifactregistry.v1": r"artifactregistry\.projects\.locations\.(get|list|operations\.get|repositories\.(create|delete|get|list|patch|getIamPolicy|setIamPolicy|testIamPermissions))",
    "iamcredentials.v1": r"iamcredentials\.projects\.serviceAccounts\.(generateAccessToken|generateIdToken|signJwt)",
    "secretmanager.v1": r"secretmanager\.projects\.secrets\.(create|get|list|patch|delete|addVersion|getIamPolicy|setIamPolicy|versions\.(get|list|access|enable|disable|destroy))",
    "cloudkms.v1": r"cloudkms\.projects\.locations\.(list|keyRings\.(create|get|list|getIamPolicy|setIamPolicy|cryptoKeys\.(create|get|list|getIamPolicy|setIamPolicy|patch|encrypt|decrypt"
                   r"|updatePrimaryVersion|cryptoKeyVersions\.(create|get|list|patch|destroy|restore))))",
    "compute.v1": COMPUTE,
    "pubsub.v1": r"pubsub\.projects\.(topics|subscriptions)\.(create|get|list|patch|delete|detach|getIamPolicy|setIamPolicy|testIamPermissions"
                 r"|subscriptions\.list)",
    "sqladmin.v1": r"sql\.(instances\.(insert|get|list|update|patch|delete|clone|restoreBackup|pointInTimeRestore|promoteReplica|switchover)"
                   r"|backupRuns\.(insert|get|list|delete)|(databases|users)\.(insert|get|list|update|patch|delete)|operations\.(get|list))",
    "dns.v1": r"dns\.(managedZones\.(create|get|list|patch|update|delete)|resourceRecordSets\.(create|get|list|patch|delete)|changes\.(create|get|list))",
    "redis.v1": r"redis\.projects\.locations\.(instances\.(create|get|list|patch|delete|upgrade|getAuthString)|operations\.get)",
    "firestore.v1": r"firestore\.projects\.databases\.(create|get|list|patch|delete|operations\.get)",
    "bigtableadmin.v2": r"bigtableadmin\.(operations\.get|projects\.instances\.(create|get|list|partialUpdateInstance|delete"
                        r"|(clusters|tables)\.(create|get|list|patch|partialUpdateCluster|delete|modifyColumnFamilies)|clusters\.backups\.list))",
    "logging.v2": r"logging\.entries\.list",
    "appengine.v1": r"appengine\.apps\.(create|get|patch|operations\.get)",
}


# Methods of versions that are still tried out, whose descriptions are not at hand: as the documentation has them.
ADDED = {
    "serviceusage.v1": [{"id": "serviceusage.services.generateServiceIdentity", "verb": "POST",
                         "path": "v1beta1/{v1Id}/{v1Id1}/services/{servicesId}:generateServiceIdentity", "parameters": {},
                         "response": "Operation"}],
}


def methods_of(node):
    for method in node.get("methods", {}).values():
        yield method
    for child in node.get("resources", {}).values():
        yield from methods_of(child)


def output_only(field):
    text = field.get("description", "")
    return bool(field.get("readOnly") or re.match(r"\W*output[ -]only", text, re.I))


def trim_field(field):
    out = {}
    for key in ("type", "format", "$ref", "enum", "required", "repeated", "location", "pattern"):
        if key in field:
            out[key] = field[key]
    if output_only(field):
        out["out"] = True
    if "items" in field:
        out["items"] = trim_field(field["items"])
    if "additionalProperties" in field:
        out["map"] = trim_field(field["additionalProperties"])
    if "properties" in field:
        out["properties"] = {name: trim_field(inner) for name, inner in field["properties"].items()}
    return out


def references(node):
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def trim(document, keep):
    methods, wanted = [], set()
    for method in methods_of(document):
        if not re.fullmatch(keep, method["id"]):
            continue
        path = document.get("servicePath", "") + (method.get("flatPath") or method["path"])
        entry = {"id": method["id"], "verb": method["httpMethod"], "path": path}
        entry["parameters"] = {n: trim_field(p) for n, p in method.get("parameters", {}).items()
                               if p.get("location") == "query"}
        for side in ("request", "response"):
            if side in method:
                entry[side] = method[side]["$ref"]
        if "request" in entry:
            wanted.add(entry["request"])
        # `fields` of what is read and listed are held against it.
        if "response" in entry and re.search(r"\.(get|list|aggregatedList)$", method["id"]):
            wanted.add(entry["response"])
        methods.append(entry)
    schemas, todo = {}, sorted(wanted)
    while todo:
        name = todo.pop()
        if name in schemas:
            continue
        schemas[name] = trim_field(document["schemas"][name])
        todo.extend(references(schemas[name]))
    return {
        "revision": document.get("revision"),
        "methods": sorted(methods, key=lambda m: m["id"]),
        "parameters": sorted(document.get("parameters", {})),
        "schemas": dict(sorted(schemas.items())),
    }


WHOLE = ["appengine.v1", "artifactregistry.v1", "bigtableadmin.v2", "cloudbuild.v1", "cloudkms.v1", "cloudresourcemanager.v3",
         "compute.v1", "container.v1", "dns.v1", "firestore.v1", "iam.v1", "logging.v2", "pubsub.v1", "redis.v1",
         "secretmanager.v1", "sqladmin.v1", "storage.v1"]


def plain_field(field):
    out = {key: field[key] for key in ("type", "format", "$ref", "enum") if key in field}
    if output_only(field):
        out["readOnly"] = True
    for key in ("items", "additionalProperties"):
        if key in field:
            out[key] = plain_field(field[key])
    if "properties" in field:
        out["properties"] = {name: plain_field(inner) for name, inner in field["properties"].items()}
    return out


def whole(document):
    methods, todo = {}, []
    for method in methods_of(document):
        if not re.search(r"\.(create|insert|get|patch|update|delete)$", method["id"]):
            continue
        entry = {"id": method["id"], "httpMethod": method["httpMethod"], "flatPath": method.get("flatPath") or method["path"]}
        entry["parameters"] = {name: {"location": "query"} for name, parameter in method.get("parameters", {}).items()
                               if parameter.get("location") == "query"}
        for side in ("request", "response"):
            if side in method:
                entry[side] = {"$ref": method[side]["$ref"]}
                todo.append(method[side]["$ref"])
        methods[method["id"]] = entry
    schemas = {}
    while todo:
        name = todo.pop()
        if name not in schemas:
            schemas[name] = plain_field(document["schemas"][name])
            todo.extend(references(schemas[name]))
    return {"servicePath": document.get("servicePath", ""), "methods": dict(sorted(methods.items())),
            "schemas": dict(sorted(schemas.items()))}


def written(path, content):
    text = json.dumps(content, separators=(",", ":"))
    with open(path, "wb") as file:
        file.write(gzip.compress(text.encode(), 9, mtime=0))
    return len(text)


def main():
    source, target, *mode = sys.argv[1:]
    if mode == ["whole"]:
        for api in WHOLE:
            with open(f"{source}/{api}.json", encoding="utf-8") as file:
                print(api, written(f"{target}/{api}.json.gz", whole(json.load(file))), "bytes")
        return
    for api, keep in KEEP.items():
        with open(f"{source}/{api}.json", encoding="utf-8") as file:
            trimmed = trim(json.load(file), keep)
        trimmed["methods"] = sorted(trimmed["methods"] + ADDED.get(api, []), key=lambda m: m["id"])
        size = written(f"{target}/{api}.json.gz", trimmed)
        print(api, len(trimmed["methods"]), "methods", len(trimmed["schemas"]), "schemas", size, "bytes")


main()
