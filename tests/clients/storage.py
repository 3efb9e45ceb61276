"""google-cloud-storage for Python: a bucket's whole life, with objects, its policy and an HMAC key."""
import os

import google.api_core.exceptions as errors
from google.cloud import storage
from google.oauth2.credentials import Credentials

from common import BASE, PROJECT, TOKEN

client = storage.Client(project=PROJECT, credentials=Credentials(TOKEN), client_options={"api_endpoint": BASE})

# The bucket.
bucket = client.bucket("client-python")
bucket.storage_class = "STANDARD"
bucket.versioning_enabled = True
bucket.iam_configuration.uniform_bucket_level_access_enabled = True
bucket = client.create_bucket(bucket, location="EU")
assert bucket.location == "EU" and bucket.versioning_enabled
bucket.labels = {"a": "b"}
bucket.add_lifecycle_delete_rule(age=3)
bucket.cors = [{"origin": ["*"], "method": ["GET"], "maxAgeSeconds": 60}]
bucket.patch()
bucket = client.get_bucket("client-python")
assert bucket.labels == {"a": "b"} and len(list(bucket.lifecycle_rules)) == 1 and bucket.cors[0]["method"] == ["GET"]
try:
    client.create_bucket("client-python", location="EU")
    raise AssertionError("a name can be taken twice")
except errors.Conflict:
    pass
assert "client-python" in [found.name for found in client.list_buckets(prefix="client-", page_size=1)]

# Objects: in one piece and in several.
blob = bucket.blob("folder/text")
blob.metadata = {"k": "v"}
blob.upload_from_string("hello", content_type="text/plain")
blob.reload()
assert (blob.size, blob.content_type, blob.metadata) == (5, "text/plain", {"k": "v"}), blob._properties
assert blob.download_as_bytes() == b"hello"
content = os.urandom(600 * 1024)
pieces = bucket.blob("pieces", chunk_size=256 * 1024)
pieces.upload_from_string(content)
assert pieces.download_as_bytes() == content
assert pieces.download_as_bytes(start=10, end=19) == content[10:20]
try:
    bucket.blob("folder/text").upload_from_string("again", if_generation_match=0)
    raise AssertionError("a precondition that does not hold is passed over")
except errors.PreconditionFailed:
    pass
assert [found.name for found in client.list_blobs(bucket, prefix="folder/")] == ["folder/text"]
bucket.copy_blob(blob, bucket, "copy")
blob.delete()
assert not blob.exists() and bucket.blob("copy").exists()

# Versions, a batch, a glob, folders page by page.
for content in ["one", "two"]:
    bucket.blob("folder/versions").upload_from_string(content)
versions = [found.generation for found in client.list_blobs(bucket, prefix="folder/", versions=True)]
assert len(versions) == 2, versions
for name in ["many/a.txt", "many/b.md", "many/sub/c.txt"]:
    bucket.blob(name).upload_from_string("x")
assert [found.name for found in client.list_blobs(bucket, match_glob="many/*.txt")] == ["many/a.txt"]
pages = client.list_blobs(bucket, prefix="many/", delimiter="/", page_size=1)
assert [found.name for found in pages] == ["many/a.txt", "many/b.md"] and pages.prefixes == {"many/sub/"}, pages.prefixes
with client.batch():
    for name in ["many/a.txt", "many/b.md", "many/sub/c.txt"]:
        bucket.blob(name).delete()
assert not list(client.list_blobs(bucket, prefix="many/"))

# A notification.
notification = bucket.notification(topic_name="topic", topic_project=PROJECT, event_types=["OBJECT_FINALIZE"])
notification.create()
assert [found.notification_id for found in bucket.list_notifications()] == [notification.notification_id]
notification.delete()
assert not list(bucket.list_notifications())

# Its policy.
policy = bucket.get_iam_policy(requested_policy_version=3)
policy.bindings.append({"role": "roles/storage.objectViewer", "members": {"allUsers"}})
bucket.set_iam_policy(policy)
found = bucket.get_iam_policy(requested_policy_version=3)
assert any(binding["role"] == "roles/storage.objectViewer" for binding in found.bindings), list(found.bindings)
assert bucket.test_iam_permissions(["storage.buckets.get"]) == ["storage.buckets.get"]

# An HMAC key.
email = os.environ["ACCOUNT"]
key, secret = client.create_hmac_key(service_account_email=email)
assert len(secret) == 40 and key.state == "ACTIVE"
assert key.access_id in [found.access_id for found in client.list_hmac_keys(service_account_email=email)]
try:
    key.delete()
    raise AssertionError("a key that is active can be deleted")
except (errors.BadRequest, ValueError):
    pass
key.state = "INACTIVE"
key.update()
key.delete()
assert not [found for found in client.list_hmac_keys() if found.access_id == key.access_id]

bucket.delete(force=True)
assert client.lookup_bucket("client-python") is None
print("google-cloud-storage: ok")
