"""What machines say of themselves, checked and typed: it comes from elsewhere."""

from cifar_models.component import Frozen


class Package(Frozen):
    """The package ``sweeps`` that an import finds."""

    path: str
    ours: bool
    digest: str
    """Of the source of our three packages, 12 hex digits."""
    owners: tuple[str, ...] = ()
    """The installed distributions that claim the name."""


class Disk(Frozen):
    """A place, and the disk it lies on, in bytes."""

    path: str
    free: int
    total: int


class Gpus(Frozen):
    """What a machine has of GPUs, by those who can tell."""

    names: tuple[str, ...] = ()
    """By NVIDIA's own tool."""
    torch: int | None = None
    """How many torch can use; None where nobody asked it."""
    problem: str = ""
    """What NVIDIA's tool complains of."""
    visible: str | None = None
    """CUDA_VISIBLE_DEVICES."""
    cards: int = 0
    """NVIDIA's cards on the bus, whether there is a driver or not."""


class Token(Frozen):
    """Ray's token: never itself, a digest of it."""

    mode: str | None = None
    """RAY_AUTH_MODE."""
    path: str
    permissions: int | None = None
    mark: str = ""
    """Equal where the token is; empty where there is none."""


class Listener(Frozen):
    """A port on which a service of ours waits."""

    service: str
    address: str
    port: int


class RayHere(Frozen):
    """The Ray that runs on a machine."""

    head: bool
    modes: tuple[str, ...]
    """RAY_AUTH_MODE of its processes."""


class Facts(Frozen):
    """Of one machine."""

    host: str
    python: str
    executable: str
    prefix: str
    versions: dict[str, str]
    cuda: str | None = None
    tools: dict[str, bool]
    package: Package | None = None
    disks: tuple[Disk, ...]
    shared_memory: Disk | None
    memory: int
    gpus: Gpus = Gpus()
    token: Token
    listeners: tuple[Listener, ...] = ()
    ray: RayHere | None = None
    untold: dict[str, str]
    """What of all this it could not tell, and why."""


class Clock(Frozen):
    """How far a machine's clock is ahead of ours, in seconds, and how well we know."""

    ahead: float
    uncertainty: float
    """Half of the time that question and answer took."""
