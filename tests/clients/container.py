"""google-cloud-container for Python over REST: a cluster's whole life, with a node pool and operations."""
import google.api_core.exceptions as errors
from google.cloud import container_v1 as container
from google.cloud.container_v1.services.cluster_manager.transports.rest import ClusterManagerRestTransport
from google.oauth2.credentials import Credentials

from common import BASE, PROJECT, TOKEN, advance

host = BASE.split("://")[1]
transport = ClusterManagerRestTransport(host=host, url_scheme="http", credentials=Credentials(TOKEN))
client = container.ClusterManagerClient(transport=transport)
place = f"projects/{PROJECT}/locations/europe-west1-b"
DONE = container.Operation.Status.DONE


def done(operation):
    """Waits for an operation, in virtual time."""
    name = f"{place}/operations/{operation.name}"
    for _ in range(40):
        found = client.get_operation(name=name)
        if found.status == DONE:
            assert not found.error.message, found
            return found
        advance("60s")
    raise AssertionError(f"{operation.name} does not end")


config = client.get_server_config(name=place)
assert config.default_cluster_version and config.channels
cluster = container.Cluster(name="python", initial_node_count=1, resource_labels={"a": "b"})
operation = client.create_cluster(parent=place, cluster=cluster)
assert operation.operation_type == container.Operation.Type.CREATE_CLUSTER and operation.status != DONE, operation
name = f"{place}/clusters/python"
assert client.get_cluster(name=name).status == container.Cluster.Status.PROVISIONING
done(operation)
found = client.get_cluster(name=name)
assert found.status == container.Cluster.Status.RUNNING and found.endpoint, found
assert found.resource_labels["a"] == "b" and found.master_auth.cluster_ca_certificate
assert [each.name for each in client.list_clusters(parent=f"projects/{PROJECT}/locations/-").clusters] == ["python"]

pool = container.NodePool(name="more", initial_node_count=1, config=container.NodeConfig(machine_type="e2-small"))
operation = client.create_node_pool(parent=name, node_pool=pool)
try:
    client.create_node_pool(parent=name, node_pool=container.NodePool(name="third", initial_node_count=1))
    raise AssertionError("two operations on one cluster at a time")
except errors.GoogleAPICallError as refused:
    assert refused.code == 400, refused
done(operation)
done(client.set_node_pool_size(request={"name": f"{name}/nodePools/more", "node_count": 2}))
assert client.get_node_pool(name=f"{name}/nodePools/more").config.machine_type == "e2-small"
assert sorted(each.name for each in client.list_node_pools(parent=name).node_pools) == ["default-pool", "more"]
fingerprint = client.get_cluster(name=name).label_fingerprint
done(client.set_labels(request={"name": name, "resource_labels": {"c": "d"}, "label_fingerprint": fingerprint}))
assert dict(client.get_cluster(name=name).resource_labels) == {"c": "d"}
done(client.delete_node_pool(name=f"{name}/nodePools/more"))
assert len(client.list_operations(parent=place).operations) >= 5
done(client.delete_cluster(name=name))
try:
    client.get_cluster(name=name)
    raise AssertionError("a deleted cluster is still there")
except errors.NotFound:
    pass
print("google-cloud-container: ok")
