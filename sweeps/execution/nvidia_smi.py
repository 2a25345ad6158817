"""What NVIDIA's own tool says of a machine's GPUs: torch would claim GPU memory to tell."""

import os
import subprocess

_SECONDS = 30


def ask(fields: str) -> list[str]:
    """Return a line for each GPU of this machine; none where there is no such tool, as with AMD's.

    Only those of CUDA_VISIBLE_DEVICES count, where it names any: in a task that asked for no GPU
    it is what the node was started with. The tool's numbers are CUDA's, as `sweeps` sets its order.

    Args:
        fields: As its ``--query-gpu`` names them.

    Raises:
        ValueError: It is there and does not answer.
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    command = ["nvidia-smi", f"--query-gpu={fields}", "--format=csv,noheader,nounits"]
    command += [f"--id={visible}"] if visible else []
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise ValueError(
            f"nvidia-smi does not answer within {_SECONDS} s on this machine; when it does, run "
            "the same command again"
        ) from None
    except (OSError, subprocess.SubprocessError):
        return []
    return answer.stdout.splitlines()
