"""From what instructors write to what students get.

definitions.py   solutions/<task>.py: the source of every definition, and its solution regions
assignment.py    assignments/<task>.md with its references to solutions and checks resolved
build.py         source/<task>/<task>.ipynb, nbgrader's instructor version
edits.py         which cells of a built notebook a person has changed since
record.py        the reference's answers, recorded for students
errors.py        what stops them
stubs.py         the nbgrader preprocessor that puts a named stub where a solution was
release.py       release/ and the student kit
selfcheck.py     nothing that students must not see is in them

Nothing is imported here: `nbgrader_config.py` needs `stubs` alone.
"""
