"""The grader proves itself: what is right passes in whatever style, what is wrong is rejected and named."""
