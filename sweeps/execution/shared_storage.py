"""Seeing that the storage can be written, and that every node of the cluster sees the same one."""

import uuid
from functools import partial

import fsspec
import ray

from sweeps.execution.nodes import ask_nodes

_SECONDS = 120.0  # a node that has just joined gets this source first


def check_shared(storage: str) -> None:
    """Write a mark into the storage, have each node look for it, and take it away.

    Raises:
        ValueError: The storage cannot be written, or a node does not see it or does not answer.
    """
    mark = f"{storage.rstrip('/')}/.mark-{uuid.uuid4().hex}"
    try:
        files, path = fsspec.core.url_to_fs(mark)
        files.pipe_file(path, b"seen")
    except Exception as error:  # each storage raises its own
        raise ValueError(f"cannot write --storage {storage}: {error}") from None
    nodes = _nodes()
    try:
        seen = ask_nodes(nodes, partial(_exists, mark), _SECONDS)
    finally:
        files.rm(path)
    living = _nodes()
    blind = sorted(nodes[node] for node in nodes if not seen.get(node, node not in living))
    if blind:
        raise ValueError(
            f"--storage {storage} is not seen by {', '.join(blind)}: checkpoints would be lost; "
            "give a folder that all nodes share, or a URL such as s3://..."
        )


def _nodes() -> dict[str, str]:
    """Return a cluster's nodes, names by ids; none where this machine's own Ray is used."""
    if not ray.is_initialized():
        return {}
    nodes = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    return {node["NodeID"]: node["NodeName"] for node in nodes} if len(nodes) > 1 else {}


def _exists(mark: str) -> bool:
    try:
        files, path = fsspec.core.url_to_fs(mark)
        return bool(files.exists(path))
    except Exception:
        return False
