"""What somebody on the network sees of a host, and gets from it; run as a script, prints JSON.

python stranger.py ADDRESS    every open port, and what answers there to whom shows no token
"""

import http.client
import json
import socket
import sys

import grpc

PORTS = range(1, 65536)
SERVICES = (
    "NodeInfoGcsService/GetAllNodeInfo",
    "RayletDriver/ClusterInfo",
    "NodeManagerService/GetNodeStats",
    "ObjectManagerService/Push",
    "ReporterService/GetTraceback",
    "CoreWorkerService/GetCoreWorkerStats",
)
"""One call of each service of Ray's: the directory, its client, its daemons, its workers."""
GONE = "gone"
_SECONDS = 5.0


def open_ports(address: str) -> list[int]:
    """Return the ports that accept a connection."""
    found = []
    for port in PORTS:
        with socket.socket() as there:
            there.settimeout(_SECONDS)
            if there.connect_ex((address, port)) == 0:
                found.append(port)
    return found


def answer(address: str, port: int) -> str:
    """Return what answers: ``ssh``, ``HTTP 401``, or what a call of gRPC comes to."""
    with socket.create_connection((address, port), _SECONDS) as there:
        there.settimeout(0.3)
        try:
            greeting = there.recv(64)
        except TimeoutError:  # who speaks HTTP waits for a question
            greeting = b""
    if greeting.startswith(b"SSH-"):
        return "ssh"
    return _over_grpc(address, port) if greeting else _over_http(address, port)


def said(address: str, port: int) -> str:
    """Return what answers there, if it still does."""
    try:
        return answer(address, port)
    except ConnectionError:
        return GONE


def _over_http(address: str, port: int) -> str:
    connection = http.client.HTTPConnection(address, port, timeout=_SECONDS)
    try:
        connection.request("GET", "/")
        reply = connection.getresponse()
    except (http.client.HTTPException, OSError):
        return _over_grpc(address, port)
    lines = reply.read(200).decode(errors="replace").splitlines()
    return f"HTTP {reply.status} {lines[0] if lines else ''}"


def _over_grpc(address: str, port: int) -> str:
    """Return how the calls end of which the port knows; empty if it knows none."""
    codes = set()
    for service in SERVICES:
        with grpc.insecure_channel(f"{address}:{port}") as channel:
            try:
                channel.unary_unary(f"/ray.rpc.{service}")(b"", timeout=_SECONDS)
                codes.add("OK")
            except grpc.RpcError as error:
                codes.add(error.code().name)
    return ", ".join(sorted(codes - {"UNIMPLEMENTED"}))


if __name__ == "__main__":
    host = sys.argv[1]
    print(json.dumps({port: said(host, port) for port in open_ports(host)}))
