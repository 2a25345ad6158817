"""What this machine's processor computes by itself; torch would have to be loaded to tell."""

from pathlib import Path


def multiplies_bf16(told: Path = Path("/proc/cpuinfo")) -> bool:
    """Return whether it has Intel's AMX for bf16, as far as Linux tells.

    Others that know bf16 (avx512_bf16) are no faster with it; see README, «Tried, did not help».
    """
    try:
        with told.open(encoding="utf-8") as lines:
            flags = next((line for line in lines if line.startswith("flags")), "")
    except OSError:  # not Linux
        return False
    return "amx_bf16" in flags.split()
