"""What stops a grading run; whatever is in the journal by then stays there."""


class PublishError(Exception):
    """Nothing can be published; the message says what to do first."""


class ClusterError(Exception):
    """The cluster cannot evaluate, or cannot any more; the message says why and what to do."""
