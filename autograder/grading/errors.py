"""What stops a grading run before anything is published."""


class PublishError(Exception):
    """Nothing can be published; the message says what to do first."""
