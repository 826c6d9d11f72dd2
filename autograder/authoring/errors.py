"""What stops a build or a release."""


class AuthoringError(Exception):
    """Text, solution and checks do not fit together; one line a problem, with file and line where there is one."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems
