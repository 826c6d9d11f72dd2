"""From submissions to grades.

``submission``  one student's files, opened once, hashed, passed on as bytes (``handed_in``: folders and archives)
``students``    who a student is, who is missing, what nobody understands in `submitted/`
``flags``, ``class_flags``  what a person should look at (``forging``, ``copies``)
``evaluate``    one submission -> one report, in a sandbox
``report``      what a report holds
``secret``      the course secret and the seeds made from it
``journal``     every evaluation, on disk before anything is published
``digests``     what each check is made of
``regrade``     what of an earlier evaluation still holds, and whom a new one moves
``compose``     the autograded notebook
``released``    whether a task was released with the checks that it has now
``timestamps``, ``extensions``, ``deadlines``  when, until when, and what being late costs
``settling``    penalties and due dates in the gradebook, and what people are told of them (``lateness``)
``publish``     gradebook and autograded notebooks, one after another, idempotently
``course_run``  many submissions: evaluate in parallel, then publish
``nbgrader_plugin``  the same through `nbgrader autograde` and the formgrader
"""
