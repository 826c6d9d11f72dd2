"""A demonstration class: twelve students, from perfect to hostile, made from the reference.

``students``  who they are, and what each does wrong
``run``       their course folder: built, released and submitted
"""
