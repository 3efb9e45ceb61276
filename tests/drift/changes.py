"""Changes that people make through Google's clients for Python: the names of those to make are the arguments."""
import os
import sys

from google.cloud import storage
from google.oauth2.credentials import Credentials
from googleapiclient.discovery import build

BASE, TOKEN = os.environ["SANDBOX"], os.environ["TOKEN"]


def buckets():
    """The client of Cloud Storage."""
    return storage.Client(project="demo", credentials=Credentials(TOKEN), client_options={"api_endpoint": BASE})


def service(name, version):
    """A client by the description that comes with the library."""
    options = {"api_endpoint": f"{BASE}/{'compute/v1' if name == 'compute' else name}/"}
    return build(name, version, credentials=Credentials(TOKEN), static_discovery=True, client_options=options)


def age():
    bucket = buckets().get_bucket("demo-files")
    bucket.lifecycle_rules = [{"action": {"type": "Delete"}, "condition": {"age": 7}}]
    bucket.patch()


def origin():
    bucket = buckets().get_bucket("demo-files")
    bucket.cors = [{"origin": ["https://a.example", "https://b.example"], "method": ["GET"]}]
    bucket.patch()


def tier():
    bucket = buckets().get_bucket("demo-logs")
    labels = bucket.labels
    del labels["tier"]
    bucket.labels = labels
    bucket.patch()


def title():
    name = "projects/demo/serviceAccounts/clerk-one@demo.iam.gserviceaccount.com"
    body = {"serviceAccount": {"displayName": "Writer"}, "updateMask": "displayName"}
    service("iam", "v1").projects().serviceAccounts().patch(name=name, body=body).execute()


def sources():
    body = {"sourceRanges": ["0.0.0.0/0"]}
    service("compute", "v1").firewalls().patch(project="demo", firewall="web", body=body).execute()


def disabled():
    service("compute", "v1").firewalls().patch(project="demo", firewall="web", body={"disabled": True}).execute()


def access():
    subnetworks = service("compute", "v1").subnetworks()
    body = {"privateIpGoogleAccess": True}
    subnetworks.setPrivateIpGoogleAccess(project="demo", region="europe-west1", subnetwork="sub", body=body).execute()


for name in sys.argv[1:]:
    globals()[name]()
