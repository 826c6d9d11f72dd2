"""What people read: tables of a class in the terminal, and grades as files.

``tables``  the class at a glance
``export``  grades for the registrar, by nbgrader and by check
"""
