"""The storage client of Google for Python against a sandbox. Usage, after the sandbox's exports: python3 .ci/storage_client.py"""
import os

try:
    from google.cloud import storage
    from google.oauth2.credentials import Credentials
except ImportError:
    raise SystemExit(print("NO GOOGLE-CLOUD-STORAGE: the check with the Python client is left out"))

client = storage.Client(project="polls-demo", credentials=Credentials(os.environ["TOKEN"]))
assert "pollsapi-storage" in [bucket.name for bucket in client.list_buckets()]
bucket = client.create_bucket("python-client", location="US")
bucket.labels = {"a": "b"}
bucket.patch()
bucket.reload()
assert bucket.labels == {"a": "b"}
text = bucket.blob("folder/text")
text.upload_from_string("hello")
assert text.download_as_bytes() == b"hello"
pieces = bucket.blob("pieces", chunk_size=1 << 20)
content = os.urandom(3 << 20)
pieces.upload_from_string(content)
assert pieces.download_as_bytes() == content
bucket.copy_blob(text, bucket, "copy")
bucket.blob("whole").compose([text, text])
assert bucket.blob("whole").download_as_bytes() == b"hellohello"
bucket.rename_blob(text, "renamed")
assert [blob.name for blob in bucket.list_blobs()] == ["copy", "pieces", "renamed", "whole"]
assert not text.exists()
bucket.delete(force=True)
assert client.lookup_bucket("python-client") is None
print("the Python client makes, fills, reads and deletes a bucket")
