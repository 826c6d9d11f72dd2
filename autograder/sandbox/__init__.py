"""The student's process: how it is locked in, how it is spoken to, and how that is proved.

``protocol``   frames over a socket: JSON header, raw array bytes; sizes checked before anything is allocated
``worker``     runs inside: executes the notebook's cells once, then forks a child for every check
``cells``      executes a cell as Jupyter would; ``syntax`` reads it, ``magics`` is its `get_ipython()`, ``definitions`` are
             what is kept of a cell that stopped, ``later`` and ``awaiting`` what is imported when it is needed
``limits``     CPU time, time asleep, memory, processes, output and disk
``seccomp``    the system-call filter
``backends``   the command line that starts a worker: bubblewrap as root, bubblewrap as a user, or none at all
``process``    the parent's side: one `Sandbox` per submission
``channel``    the conversation of one check with its forked child
``processes``  its processes as the parent sees them: counted, measured, ended
``clock``      CPU time and time asleep against the limits
``replies``    what it sends, brought into form or refused
``kit``        the files that may enter
``attacks``    small attacks, harmless where they succeed
``doctor``     runs the attacks and says whether all of it holds on this machine
"""
