"""How a check talks to code it does not trust: proxies in front, a session behind, a channel between.

A check calls ``student.softmax(a)`` and never learns where that runs. Three pieces make it so:

``values``     which values may cross, and how arguments are copied
``session``    answers requests by running code in a namespace (in the notebook, or inside the sandbox)
``proxy``      turns attribute access and calls into requests, and replies into values
``recording``  writes a conversation down, and plays it back where the other side is not available
"""

from autograder.calls.proxy import (
    CodeError,
    GraderFault,
    Proxy,
    Run,
    arguments_after,
    connect,
    error_of,
    kept,
    mutated_arguments,
    overflows,
    put_file,
    read_file,
    run,
)
from autograder.calls.recording import NotRecorded, Recorder, RecordingRng, Replayer, ReplayRng
from autograder.calls.session import Session

__all__ = [
    "CodeError",
    "GraderFault",
    "NotRecorded",
    "Proxy",
    "Recorder",
    "RecordingRng",
    "ReplayRng",
    "Replayer",
    "Run",
    "Session",
    "arguments_after",
    "connect",
    "error_of",
    "kept",
    "mutated_arguments",
    "overflows",
    "put_file",
    "read_file",
    "run",
]
