"""A notebook cut differently: helper cells, a class for the network, lambdas, the list of images as rows."""

# %%
import sys
from pathlib import Path

import numpy as np

# %%
require = lambda condition, name, params: condition or _complain(name, params)


def _complain(name, params):
    raise ValueError(f"{name} cannot have the shape {params[name].shape}")


# %%
class Classifier:
    def __init__(self, params):
        self.params = params

    def __call__(self, image):
        (digit,) = classify(self.params, flatten(image))
        return digit


classify_image = lambda params, image: int(Classifier(params)(np.asarray(image)))


# %%
def load_classifier(path):
    params = load_parameters(str(Path(path)))
    (pixels, hidden), (inner, digits) = params["W1"].shape, params["W2"].shape
    require(pixels == 28 * 28, "W1", params)
    require(digits == 10, "W2", params)
    require(inner == hidden, "W2", params)
    require(params["b1"].size == hidden, "b1", params)
    require(params["b2"].size == digits, "b2", params)
    return dict(sorted(params.items(), reverse=True))


# %%
def refuse(reason):
    print(f"This does not work: {reason}", file=sys.stderr)
    raise SystemExit(2)


# %%
def main(path="parameters.npz"):
    images, _ = load_mnist("test")
    i = read_index(len(images)) if Path(path).exists() else refuse(f"there is no {path}")
    try:
        network = Classifier(load_classifier(path))
    except ValueError as error:
        refuse(error)
    print(int(network(images[i])))
