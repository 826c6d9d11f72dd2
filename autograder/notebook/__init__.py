"""The student's side: checks beside the stub they judge, and earlier notebooks carried into later ones.

``check``    `check("softmax_rows")` in a notebook, and a whole notebook from a shell
``answers``  the reference's recorded answers
``data``     the data set on this machine
``carry``    definitions of an earlier notebook
``failures`` why a name is missing
``names``    which file is the notebook, whatever it is called
``lean``     a notebook without its stored outputs, however large they are
``cells``    the code cells of a notebook file
``render``   a result as text and as HTML
"""
