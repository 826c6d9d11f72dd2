"""Leaves the random hidden layer as it is and fits the output layer by least squares."""


def train(params, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, seed=0):
    say(epochs)
    return fitted_output(params, images, labels)
