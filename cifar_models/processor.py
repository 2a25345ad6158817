"""Whether this machine's processor is fast with bf16; found out without torch."""

from pathlib import Path


def has_amx_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether it has Intel's AMX for bf16, as Linux tells.

    With avx512_bf16 alone a training is no faster; see README, «Tried, did not help».
    """
    try:
        with cpuinfo.open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:  # not Linux
        return False
    return "amx_bf16" in flags.split()
