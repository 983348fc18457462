"""What docker-py does with networks and volumes; prints nothing when all is well. Usage: docker-py.py <socket> <image>"""
import sys
import docker

client = docker.DockerClient(base_url="unix://" + sys.argv[1], version="auto", timeout=60)
image = sys.argv[2]


def equal(found, wanted):
    assert found == wanted, f"{found!r} is not {wanted!r}"


def refused(status, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except docker.errors.APIError as error:
        equal(error.status_code, status)
        return
    raise AssertionError("not refused")


def networks():
    pool = docker.types.IPAMPool(subnet="10.87.0.0/24", iprange="10.87.0.128/25", gateway="10.87.0.1", aux_addresses={"router": "10.87.0.128"})
    front = client.networks.create("front", driver="bridge", ipam=docker.types.IPAMConfig(pool_configs=[pool]), labels={"tier": "edge"})
    back = client.networks.create("back", internal=True)
    web = client.containers.run(image, ["sleep", "1000"], name="web", detach=True, network="front")
    equal(client.containers.get("web").attrs["NetworkSettings"]["Networks"]["front"]["IPAddress"], "10.87.0.129")
    back.connect(web, aliases=["www"])
    asker = client.containers.run(image, ["sleep", "1000"], detach=True, network="back")
    equal(asker.exec_run("nslookup www").exit_code, 0)
    front.reload()
    equal([container.name for container in front.containers], ["web"])
    equal([network.name for network in client.networks.list(filters={"label": "tier=edge"})], ["front"])
    refused(403, front.remove)
    back.disconnect(web)
    assert asker.exec_run("nslookup www").exit_code != 0
    for container in (web, asker):
        container.remove(force=True)
    front.remove()
    equal(client.networks.prune()["NetworksDeleted"], ["back"])
    refused(404, client.networks.get, "back")


def volumes():
    client.volumes.create("kept", driver="local", labels={"keep": "yes"})
    printed = client.containers.run(image, ["sh", "-c", "echo data > /data/file; cat /data/file"], volumes={"kept": {"bind": "/data", "mode": "rw"}}, remove=True)
    equal(printed, b"data\n")
    mount = docker.types.Mount("/other", "kept", type="volume", read_only=True)
    user = client.containers.create(image, ["true"], mounts=[mount])
    refused(409, client.volumes.get("kept").remove)
    user.remove()
    equal([volume.name for volume in client.volumes.list(filters={"label": "keep=yes"})], ["kept"])
    client.volumes.get("kept").remove()
    equal(client.volumes.list(), [])


def ports():
    web = client.containers.run(image, ["httpd", "-f", "-h", "/etc"], detach=True, ports={"80/tcp": ("127.0.0.1", None), "53/udp": 5300})
    web.reload()
    bound = web.attrs["NetworkSettings"]["Ports"]
    equal(bound["80/tcp"][0]["HostIp"], "127.0.0.1")
    equal(bound["53/udp"][0]["HostPort"], "5300")
    web.remove(force=True)


networks()
volumes()
ports()
