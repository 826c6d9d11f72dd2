"""`autograder data`: put MNIST, CIFAR-10 or the built-in digits into `data/`, with a progress line."""

from __future__ import annotations

import sys
from pathlib import Path

from autograder.datasets.errors import DataError

BAR = 30  # characters


def fetch(which: str, *, target: Path | None = None, count: int = 60_000) -> int:
    """Download ``which`` ("mnist", "cifar10") or draw it ("digits") below ``target``, usually `data/`; an exit code.

    Args:
        count: training images to draw; a sixth as many test images.
    """
    from autograder.datasets import data_root, digits, download, load_cifar10

    folder = target or data_root()
    try:
        if which == "mnist":
            place = download.download_mnist(folder / "mnist", progress=_show)
        elif which == "cifar10":
            place = download.download_cifar10(folder / "cifar10", progress=_show)
            load_cifar10(root=place)  # read it now: the first use then takes no seconds
        else:
            place = folder / "mnist"
            if any(place.glob("*-ubyte*")):
                raise DataError(f"{place} already holds images; move them away to draw new ones")
            digits.write_digits(place, train=count, test=max(count // 6, 1))
    except (DataError, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    print(f"\n{which}: {place}")
    return 0


def _show(name: str, done: int, total: int | None) -> None:
    if not sys.stderr.isatty() and total is not None and done < total:
        return
    share = done / total if total else 0
    bar = "█" * int(BAR * share) + "·" * (BAR - int(BAR * share))
    print(f"\r{name:<30} {bar} {done / 2**20:6.1f} MB", end="", file=sys.stderr, flush=True)
