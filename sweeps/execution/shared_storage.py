"""Seeing that the storage can be written, and that every node of the cluster sees the same one."""

import uuid

import fsspec
import ray
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy


def check_shared(storage: str) -> None:
    """Write a mark into the storage, have each node look for it, and take it away.

    Raises:
        ValueError: The storage cannot be written, or a node does not see it.
    """
    mark = f"{storage.rstrip('/')}/.mark-{uuid.uuid4().hex}"
    try:
        files, path = fsspec.core.url_to_fs(mark)
        files.pipe_file(path, b"seen")
    except Exception as error:  # each storage raises its own
        raise ValueError(f"cannot write --storage {storage}: {error}") from None
    try:
        asked = [(node["NodeName"], _look(mark, node)) for node in _nodes()]  # all at once
        blind = [name for name, seen in asked if not ray.get(seen)]
    finally:
        files.rm(path)
    if blind:
        raise ValueError(
            f"--storage {storage} is not seen by {', '.join(blind)}: checkpoints would be lost; "
            "give a folder that all nodes share, or a URL such as s3://..."
        )


def _nodes() -> list[dict[str, str]]:
    """Return the nodes of a cluster; none where this machine's own Ray is used."""
    if not ray.is_initialized():
        return []
    nodes = [node for node in ray.nodes() if node["Alive"]]  # type: ignore[no-untyped-call]
    return nodes if len(nodes) > 1 else []


def _look(mark: str, node: dict[str, str]) -> "ray.ObjectRef[bool]":
    where = NodeAffinitySchedulingStrategy(node_id=node["NodeID"], soft=False)
    task = ray.remote(num_cpus=0)(_exists).options(scheduling_strategy=where)
    return task.remote(mark)


def _exists(mark: str) -> bool:
    try:
        files, path = fsspec.core.url_to_fs(mark)
        return bool(files.exists(path))
    except Exception:
        return False
