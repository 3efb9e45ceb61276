"""google-api-python-client with its own descriptions: accounts and their keys, policies, services, buckets and clusters."""
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build
from googleapiclient.errors import HttpError

from common import BASE, PROJECT, TOKEN


def service(name, version):
    """A client by the description that comes with the library."""
    path = "storage/v1/" if name == "storage" else f"{name}/"
    options = {"api_endpoint": f"{BASE}/{path}"}
    credentials = Credentials(TOKEN)
    return build(name, version, credentials=credentials, static_discovery=True, client_options=options)


def refused(status, call):
    """Says that a call is refused so."""
    try:
        call.execute()
    except HttpError as error:
        assert error.resp.status == status, error
        return
    raise AssertionError(f"not refused: {call.uri}")


iam = service("iam", "v1").projects().serviceAccounts()
parent = f"projects/{PROJECT}"
body = {"accountId": "by-discovery", "serviceAccount": {"displayName": "one"}}
account = iam.create(name=parent, body=body).execute()
assert account["email"] == f"by-discovery@{PROJECT}.iam.gserviceaccount.com", account
refused(409, iam.create(name=parent, body=body))
patch = {"serviceAccount": {"displayName": "two"}, "updateMask": "displayName"}
iam.patch(name=account["name"], body=patch).execute()
assert iam.get(name=account["name"]).execute()["displayName"] == "two"
iam.disable(name=account["name"], body={}).execute()
assert iam.get(name=account["name"]).execute()["disabled"]
iam.enable(name=account["name"], body={}).execute()
request, emails = iam.list(name=parent, pageSize=1), []
while request is not None:
    answer = request.execute()
    emails += [found["email"] for found in answer.get("accounts", [])]
    request = iam.list_next(request, answer)
assert account["email"] in emails, emails
key = iam.keys().create(name=account["name"], body={}).execute()
assert key["privateKeyData"]
assert key["name"] in [found["name"] for found in iam.keys().list(name=account["name"]).execute()["keys"]]
iam.keys().delete(name=key["name"]).execute()

projects = service("cloudresourcemanager", "v1").projects()
policy = projects.getIamPolicy(resource=PROJECT, body={"options": {"requestedPolicyVersion": 3}}).execute()
member = "serviceAccount:" + account["email"]
policy["bindings"].append({"role": "roles/viewer", "members": [member]})
written = projects.setIamPolicy(resource=PROJECT, body={"policy": policy}).execute()
assert written["etag"] != policy["etag"]
refused(409, projects.setIamPolicy(resource=PROJECT, body={"policy": policy}))
tested = projects.testIamPermissions(resource=PROJECT, body={"permissions": ["storage.buckets.create"]}).execute()
assert tested["permissions"] == ["storage.buckets.create"]

storage = service("storage", "v1")
storage.buckets().insert(project=PROJECT, body={"name": "by-discovery", "location": "EU"}).execute()
assert storage.buckets().get(bucket="by-discovery").execute()["location"] == "EU"
storage.buckets().patch(bucket="by-discovery", body={"labels": {"a": "b"}}).execute()
listed = storage.buckets().list(project=PROJECT, fields="items(name,labels)").execute()["items"]
assert {"name": "by-discovery", "labels": {"a": "b"}} in listed, listed
storage.buckets().delete(bucket="by-discovery").execute()
refused(404, storage.buckets().get(bucket="by-discovery"))

clusters = service("container", "v1").projects().locations().clusters()
place = f"projects/{PROJECT}/locations/europe-west1"
cluster = {"cluster": {"name": "auto", "autopilot": {"enabled": True}}}
operation = clusters.create(parent=place, body=cluster).execute()
assert operation["operationType"] == "CREATE_CLUSTER" and operation["status"] in ("PENDING", "RUNNING"), operation
assert clusters.get(name=f"{place}/clusters/auto").execute()["status"] == "PROVISIONING"

iam.delete(name=account["name"]).execute()
refused(404, iam.get(name=account["name"]))
print("google-api-python-client: ok")
