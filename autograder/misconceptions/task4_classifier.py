"""Known mistakes in the program that reads digits with trained parameters."""

from __future__ import annotations

from autograder.misconceptions import Misconception


def _changed(right: str, *changes: tuple[str, str]) -> str:
    """``right`` with every (old, new) of ``changes`` carried out; each old text must be there once."""
    for old, new in changes:
        if right.count(old) != 1:
            raise ValueError(f"not once there: {old}")
        right = right.replace(old, new)
    return right


def _load(*changes: tuple[str, str]) -> str:
    return _changed(_LOAD, *changes)


def _image(*changes: tuple[str, str]) -> str:
    return _changed(_IMAGE, *changes)


def _main(*changes: tuple[str, str]) -> str:
    return _changed(_MAIN, *changes)


# Right as they stand: each mistake changes a line or two of one of them.
_LOAD = """
def load_classifier(path):
    params = load_parameters(path)
    H = params["W1"].shape[1]
    shapes = {"W1": (784, H), "b1": (H,), "W2": (H, 10), "b2": (10,)}
    for name, shape in shapes.items():
        if params[name].shape != shape:
            raise ValueError(f"{path}: {name} has shape {params[name].shape}, expected {shape}")
    return params
"""
_IMAGE = """
def classify_image(params, image):
    x = image.reshape(1, 784) / 255
    h = 1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))
    y = h @ params["W2"] + params["b2"]
    return int(np.argmax(y, axis=1)[0])
"""
_MAIN = """
def main(path="parameters.npz"):
    try:
        params = load_classifier(path)
    except (OSError, ValueError) as error:
        print("Cannot use the parameters:", error)
        sys.exit(2)
    images, labels = load_mnist("test")
    try:
        i = int(input())
    except (ValueError, EOFError):
        i = -1
    if i < 0 or i >= len(images):
        print("Please type one whole number from 0 to", len(images) - 1)
        sys.exit(2)
    print(classify_image(params, images[i]))
"""

_LOADING = (
    Misconception(
        name="the number of hidden nodes is assumed to be 100",
        check="load_classifier_reads",
        hint="The table says “any number H”. Where in the file can you read which H it is? Try a network with 37 "
        "hidden nodes.",
        source=_load(('params["W1"].shape[1]', "100")),
    ),
    Misconception(
        name="H is taken from the wrong axis of W1",
        check="load_classifier_reads",
        hint='Print params["W1"].shape. Which of its two numbers counts pixels and which one hidden nodes?',
        source=_load(("shape[1]", "shape[0]")),
    ),
    Misconception(
        name="W and b are swapped on loading",
        check="load_classifier_reads",
        hint="Print name and shape of every array that you return, next to the table. In which order did you unpack "
        "them?",
        source="""
def load_classifier(path):
    params = load_parameters(path)
    W1, W2, b1, b2 = (params[name] for name in ("W1", "b1", "W2", "b2"))
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
""",
    ),
    Misconception(
        name="load_classifier returns four arrays instead of a dict",
        check="load_classifier_reads",
        hint="classify looks its arrays up by name. What type does the docstring promise?",
        source=_load(("return params", 'return params["W1"], params["b1"], params["W2"], params["b2"]')),
    ),
    Misconception(
        name="load_classifier returns nothing",
        check="load_classifier_reads",
        hint="Print load_classifier(…) for a good file. Who gets the parameters after they have been looked at?",
        source=_load(("    return params\n", "")),
    ),
    Misconception(
        name="load_classifier does not look at the shapes",
        check="load_classifier_shapes",
        hint="Save a network with W2 transposed and load it. Where does the first error appear, and would its reader "
        "know which array is to blame?",
        source="def load_classifier(path): return load_parameters(path)",
    ),
    Misconception(
        name="only the weights are looked at, not the biases",
        check="load_classifier_shapes",
        hint="The table has four rows. What does NumPy do with a b1 of one single element?",
        source=_load(
            ('{"W1": (784, H), "b1": (H,), "W2": (H, 10), "b2": (10,)}', '{"W1": (784, H), "W2": (H, 10)}')
        ),
    ),
    Misconception(
        name="a file counts as good when NumPy can compute with it",
        check="load_classifier_shapes",
        hint="Read the Watch out about broadcasting: a bias of one element, or W2 with one column, raises nothing. "
        "Compare shapes instead of trying.",
        source="""
def load_classifier(path):
    params = load_parameters(path)
    try:
        (np.zeros((1, 784)) @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    except ValueError:
        raise ValueError("W1, b1, W2 or b2 does not fit") from None
    return params
""",
    ),
    Misconception(
        name="the number of elements is compared instead of the shape",
        check="load_classifier_shapes",
        hint="A transposed matrix has as many elements as the right one. Which attribute of an array tells the two "
        "apart?",
        source=_load(("params[name].shape != shape", "params[name].size != np.prod(shape)")),
    ),
    Misconception(
        name="an error is raised only when all the shapes are wrong at once (and instead of or)",
        check="load_classifier_shapes",
        hint="Go through your condition with a file where only b2 is wrong: is it true or false?",
        source="""
def load_classifier(path):
    params = load_parameters(path)
    W1, b1, W2, b2 = params["W1"], params["b1"], params["W2"], params["b2"]
    H = W1.shape[1]
    if W1.shape != (784, H) and b1.shape != (H,) and W2.shape != (H, 10) and b2.shape != (10,):
        raise ValueError("W1, b1, W2 and b2 do not fit")
    return params
""",
    ),
    Misconception(
        name="a wrong shape is printed, and the parameters are returned all the same",
        check="load_classifier_shapes",
        hint="A printed line does not stop the program that called you: it goes on with a broken network. What does?",
        source=_load(("raise ValueError(", "print(")),
    ),
    Misconception(
        name="a wrong shape raises an AssertionError, not a ValueError",
        check="load_classifier_shapes",
        hint="assert is for what cannot happen; a wrong file can. Which error does the docstring promise, and which "
        "one will main catch?",
        source=_load(
            (
                "if params[name].shape != shape:\n            raise ValueError(",
                "assert params[name].shape == shape, (",
            )
        ),
    ),
    Misconception(
        name="the error does not say which array is wrong",
        check="load_classifier_shapes",
        hint="Think of the person who reads the message: which of the four arrays should they look at?",
        source=_load(
            (
                'f"{path}: {name} has shape {params[name].shape}, expected {shape}"',
                '"these are not the parameters of a digit classifier"',
            )
        ),
    ),
    Misconception(
        name="load_classifier ends the program instead of raising a ValueError",
        check="load_classifier_shapes",
        hint="Whether the program ends is for main to decide: a notebook that calls load_classifier wants to go on. "
        "How does a function tell its caller that something is wrong?",
        source=_load(("raise ValueError(", "sys.exit(")),
    ),
    Misconception(
        name="load_classifier calls np.load itself, and skips what load_parameters looks at",
        check="load_classifier_damaged",
        hint="Try a text file, and a file without b1: which errors come out? There is a function of task 3 that has "
        "solved this already.",
        source=_load(("load_parameters(path)", "dict(np.load(path))")),
    ),
    Misconception(
        name="a missing file raises a ValueError as well",
        check="load_classifier_damaged",
        hint="“There is no such file” and “this file is broken” call for different answers. What does load_parameters "
        "raise in each case, and which of the two do you turn into something else?",
        source="""
def load_classifier(path, ask=load_classifier):
    try:
        return ask(path)
    except Exception as error:
        raise ValueError(str(error)) from error
""",
    ),
    Misconception(
        name="load_classifier catches every error and returns None",
        check="load_classifier_damaged",
        hint="Who calls load_classifier gets None and cannot know why. Which function is to say something to the "
        "person at the keyboard?",
        source="""
def load_classifier(path, ask=load_classifier):
    try:
        return ask(path)
    except Exception as error:
        print(error)
        return None
""",
    ),
)

_ONE_IMAGE = (
    Misconception(
        name="classify_image returns an array with one element",
        check="classify_image_digit",
        hint="Print what you return: 7 or [7]? The docstring wants a Python int.",
        source="def classify_image(params, image): return classify(params, flatten(image))",
    ),
    Misconception(
        name="classify_image returns the digit as text",
        check="classify_image_digit",
        hint="Look at type(classify_image(…)). Can the caller compare it with a label?",
        source="def classify_image(params, image): return str(classify(params, flatten(image))[0])",
    ),
    Misconception(
        name="classify_image returns the largest probability instead of its place",
        check="classify_image_digit",
        hint="Equation (7) asks where the largest probability stands. What is the difference between max and argmax?",
        source="""
def classify_image(params, image):
    h = 1 / (1 + np.exp(-(flatten(image) @ params["W1"] + params["b1"])))
    e = np.exp(h @ params["W2"] + params["b2"])
    return float(np.max(e / e.sum()))
""",
    ),
    Misconception(
        name="the pixels go into the network as 0 to 255",
        check="classify_image_digit",
        hint="Print the largest number in x. The network was trained on pixels between 0 and 1, (9).",
        source=_image(("image.reshape(1, 784) / 255", "image.reshape(1, 784)")),
    ),
    Misconception(
        name="the pixels are divided by 255 twice",
        check="classify_image_digit",
        hint="Print the largest number that the network gets. What does flatten of task 1 do besides flattening?",
        source="def classify_image(params, image): return int(classify(params, flatten(image / 255))[0])",
    ),
    Misconception(
        name="the pixels are divided by 255 in whole numbers, so nearly all become 0",
        check="classify_image_digit",
        hint="Print a few of the pixels after the division. What is 254 // 255?",
        source=_image(("/ 255", "// 255")),
    ),
    Misconception(
        name="black and white are exchanged",
        check="classify_image_digit",
        hint="What number has an empty pixel in the training images, and which one does your network get for it?",
        source=_image(("image.reshape(1, 784) / 255", "(255 - image.reshape(1, 784)) / 255")),
    ),
    Misconception(
        name="the image is flattened column by column",
        check="classify_image_digit",
        hint="The network was trained on images read row by row. Draw x.reshape(28, 28): is the digit upright?",
        source=_image(("image.reshape(1, 784)", "image.T.reshape(1, 784)")),
    ),
    Misconception(
        name="the argmax runs over the batch, which has one row, so the answer is always 0",
        check="classify_image_digit",
        hint="y has the shape (1, 10). How many numbers should argmax give for one image, and how many does yours?",
        source=_image(("axis=1", "axis=0")),
    ),
    Misconception(
        name="the digits are counted from 1",
        check="classify_image_digit",
        hint="The first column of y belongs to the digit 0. What does argmax return when it is the largest?",
        source=_image(("int(np.argmax(y, axis=1)[0])", "int(np.argmax(y, axis=1)[0]) + 1")),
    ),
    Misconception(
        name="there is no sigmoid between the two layers",
        check="classify_image_digit",
        hint="What you compute must be what was trained: compare your lines with forward of task 1, step by step.",
        source=_image(
            ('1 / (1 + np.exp(-(x @ params["W1"] + params["b1"])))', 'x @ params["W1"] + params["b1"]')
        ),
    ),
    Misconception(
        name="the biases are left out",
        check="classify_image_digit",
        hint="The file has four arrays. Which of them does your classify_image use?",
        source=_image((' + params["b1"]', ""), (' + params["b2"]', "")),
    ),
    Misconception(
        name="the caller's own image is flattened in place",
        check="classify_image_digit",
        hint="Print image.shape before and after the call: the caller still wants to show the picture. Which ways of "
        "reshaping make a new array?",
        source="""
def classify_image(params, image):
    image.shape = (1, 784)
    return int(classify(params, image / 255)[0])
""",
    ),
)

_PROGRAM = (
    Misconception(
        name="the program uses random parameters, not those of the file",
        check="classifier_prints_digit",
        hint="Ask the program for ten test images and count how many it reads correctly. Where do the loaded "
        "parameters go?",
        source=_main(
            (
                "    print(classify_image(params",
                "    from solutions.task1_forward import init_parameters\n    "
                + "print(classify_image(init_parameters()",
            )
        ),
    ),
    Misconception(
        name="the program shows training images instead of test images",
        check="classifier_prints_digit",
        hint="i counts the test images. Which of the two sets does your main load?",
        source=_main(('load_mnist("test")', 'load_mnist("train")')),
    ),
    Misconception(
        name="the program prints the label, not what the network sees",
        check="classifier_prints_digit",
        hint="With a network that has learned nothing, how often should the answer be right? The labels are for "
        "judging, not for answering.",
        source=_main(("classify_image(params, images[i])", "labels[i]")),
    ),
    Misconception(
        name="the images are counted from 1",
        check="classifier_prints_digit",
        hint="Type 0. Which image should be read, and which one does images[i − 1] give?",
        source=_main(("images[i])", "images[i - 1])")),
    ),
    Misconception(
        name="the path that main is given is not used",
        check="classifier_prints_digit",
        hint="Call main with the name of another file. Which file does the program open?",
        source=_main(("load_classifier(path)", 'load_classifier("parameters.npz")')),
    ),
    Misconception(
        name="the answer is printed as an array, [7]",
        check="classifier_prints_digit",
        hint="The output is the digit and nothing else. Section 2 made a function that gives a plain int.",
        source=_main(("classify_image(params, images[i])", "classify(params, flatten(images[i]))")),
    ),
    Misconception(
        name="the answer is printed in a sentence",
        check="classifier_prints_digit",
        hint="Another program may read this output. What does the docstring of main allow besides the digit?",
        source=_main(("print(classify_image", 'print("The digit is", classify_image')),
    ),
    Misconception(
        name="a question is printed before the answer",
        check="classifier_prints_digit",
        hint="What print writes belongs to the program's output, and that is the digit and nothing else. How does "
        "input itself ask a question?",
        source=_main(("        i = int(input())", '        print("Which image?")\n        i = int(input())')),
    ),
    Misconception(
        name="the digit is returned and not printed",
        check="classifier_prints_digit",
        hint="A notebook shows the value of the last line of a cell; a program shows what it prints. Which of the "
        "two does the docstring ask for?",
        source=_main(
            ("print(classify_image(params, images[i]))", "return classify_image(params, images[i])")
        ),
    ),
    Misconception(
        name="without a path the program looks for another file than parameters.npz",
        check="main_default_path",
        hint="The grader starts main() in a folder that holds parameters.npz and no other folder of yours. Where does "
        "your default point to?",
        source=_main(('path="parameters.npz"', 'path="../task3_backprop/parameters.npz"')),
    ),
    Misconception(
        name="main cannot be called without a path",
        check="main_default_path",
        hint="Type main() in a cell. The signature in the handout gives path a value for this case.",
        source=_main(('path="parameters.npz"', "path")),
    ),
    Misconception(
        name="a negative i counts from the end of the list",
        check="classifier_bad_input",
        hint="Type −1. There is no such image, but what does Python take images[−1] for?",
        source=_main(
            ("if i < 0 or i >= len(images)", "if i >= len(images)"),
            ("        i = -1", "        i = len(images)"),
        ),
    ),
    Misconception(
        name="i equal to the number of images is let through",
        check="classifier_bad_input",
        hint="With 10 000 images, what is the number of the last one? Type one more than that.",
        source=_main(("i >= len(images)", "i > len(images)")),
    ),
    Misconception(
        name="what is no number ends in a traceback",
        check="classifier_bad_input",
        hint="Type a letter, and then nothing at all. int has its own way of saying that it cannot: who listens?",
        source=_main(
            (
                "    try:\n        i = int(input())\n    except (ValueError, EOFError):\n        i = -1\n",
                "    i = int(input())\n",
            )
        ),
    ),
    Misconception(
        name="the program asks again and again until i is right",
        check="classifier_bad_input",
        hint="When the input is at its end, there is nobody left to answer. What does the docstring say should happen "
        "after a wrong i?",
        source="""
def main(path="parameters.npz"):
    params = load_classifier(path)
    images, _ = load_mnist("test")
    while True:
        text = input()
        if text.isdigit() and int(text) < len(images):
            break
        print("Please type one whole number from 0 to", len(images) - 1)
    print(classify_image(params, images[int(text)]))
""",
    ),
    Misconception(
        name="after a wrong i the program returns, as if all were well",
        check="classifier_bad_input",
        hint="A script that starts your program sees its exit code only. What is it after return, and what should it "
        "be?",
        source=_main(
            ("len(images) - 1)\n        sys.exit(2)", "len(images) - 1)\n        return"),
        ),
    ),
    Misconception(
        name="a wrong i ends with the exit code 1",
        check="classifier_bad_input",
        hint="Which exit code does the docstring of main name? sys.exit with a text makes one of its own.",
        source=_main(
            (
                'print("Please type one whole number from 0 to", len(images) - 1)\n        sys.exit(2)',
                'sys.exit(f"Please type one whole number from 0 to {len(images) - 1}")',
            )
        ),
    ),
    Misconception(
        name="a file that cannot be used ends in a traceback",
        check="main_bad_file",
        hint="Start the program with the name of a file that does not exist, and imagine somebody who does not know "
        "Python. Which errors can load_classifier raise?",
        source="""
def main(path="parameters.npz"):
    params = load_classifier(path)
    images, _ = load_mnist("test")
    print(classify_image(params, images[read_index(len(images))]))
""",
    ),
    Misconception(
        name="only a missing file is caught, not a damaged one",
        check="main_bad_file",
        hint="Section 1 lists two kinds of errors that load_classifier raises. Start the program with a text file "
        "renamed to .npz.",
        source=_main(("except (OSError, ValueError) as", "except OSError as")),
    ),
    Misconception(
        name="only a damaged file is caught, not a missing one",
        check="main_bad_file",
        hint="Section 1 lists two kinds of errors that load_classifier raises. Start the program with the name of a "
        "file that does not exist.",
        source=_main(("except (OSError, ValueError) as", "except ValueError as")),
    ),
    Misconception(
        name="after a file that cannot be used the program goes on",
        check="main_bad_file",
        hint="You have said what is wrong. With which parameters does the next line go on?",
        source=_main(
            ("error)\n        sys.exit(2)", "error)\n        params = None"),
        ),
    ),
    Misconception(
        name="a file that cannot be used ends the program without a word",
        check="main_bad_file",
        hint="Start the program with a missing file and look at the screen. What does the person at the keyboard need "
        "to know?",
        source=_main(('print("Cannot use the parameters:", error)', "pass")),
    ),
    Misconception(
        name="a file that cannot be used ends with the exit code 1",
        check="main_bad_file",
        hint="Which exit code does the docstring of main name? sys.exit with a text makes one of its own.",
        source=_main(
            (
                'print("Cannot use the parameters:", error)\n        sys.exit(2)',
                'sys.exit(f"Cannot use the parameters: {error}")',
            )
        ),
    ),
)

MISCONCEPTIONS = _LOADING + _ONE_IMAGE + _PROGRAM
