"""What AWS can be asked without paying: may we, and is a head up?"""

import contextlib
import io
from dataclasses import dataclass, field
from importlib.util import find_spec

from sweeps.cluster.cluster_file import ClusterFile
from sweeps.cluster.finding import Finding, Machine


@dataclass(frozen=True)
class Rented:
    """What there is of a cluster on AWS."""

    head: str = ""
    """The address of its head, where one is up."""
    findings: list[Finding] = field(default_factory=list)


def look_at_aws(file: ClusterFile) -> Rented:
    """Look for credentials and a head that is up; rents nothing. Not yet tried on AWS."""
    machine = Machine("AWS")
    if find_spec("boto3") is None:
        said = "boto3 is not installed here, and `ray up` rents machines with it"
        return Rented("", [Finding.problem("aws", machine, said, "pip install boto3")])
    from ray.autoscaler._private.commands import get_head_node_ip

    try:
        with contextlib.redirect_stdout(io.StringIO()):
            head = str(get_head_node_ip(str(file.path)))
    except Exception as error:  # boto3's own, and Ray's where there is no head
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        if "credentials" in said.lower():
            return Rented("", [Finding.problem("aws", machine, said, "aws configure")])
        return Rented("", [Finding.unknown("aws", machine, f"no head is up: {said}", file.up)])
    return Rented(head, [Finding.ok("aws", machine, f"its head is up at {head}")])
