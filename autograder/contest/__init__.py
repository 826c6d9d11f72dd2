"""The contest: digits that nobody has seen, and files of predictions.

images.py        draws the contest images; their labels stay with the instructor
predictions.py   the trusted reader of predictions.txt (also part of the students' package)
"""
