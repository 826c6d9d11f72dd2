"""Known mistakes in a convolutional network as a list of layers, its training and its use."""

from autograder.misconceptions import Misconception

MISCONCEPTIONS = (
    # --- Layers that learn ---
    Misconception(
        name="the variance 2/N is used as the standard deviation",
        check="cnn_make_layers",
        hint=(
            "N(0, 2/N) names the variance. What does the second argument of rng.normal mean? "
            "Compare the standard deviation of your weights with the 0.2828 of the text."
        ),
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    N = channels * size * size
    W = rng.normal(0, 2 / N, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)

def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, 2 / d_in, size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    Misconception(
        name="N counts the pixels of the window in one channel only",
        check="cnn_make_layers",
        hint=(
            "How many numbers are multiplied and added for one node behind 16 channels? "
            "The text works it out: the standard deviation is 0.0707 there, not 0.2828."
        ),
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)
""",
    ),
    Misconception(
        name="N counts the numbers that a node feeds, not those that feed it",
        check="cnn_make_layers",
        hint=(
            "Draw one node of the layer and count the arrows that come in. "
            "Does their number change when the layer gets more filters or more nodes?"
        ),
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (filters * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)

def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(2 / d_out), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    Misconception(
        name="weights from N(0, 1/N) as in task 1, without the 2 for ReLU",
        check="cnn_make_layers",
        hint="ReLU lets half of the numbers through. What makes up for the lost half of the signal here?",
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(1 / (channels * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)

def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(1 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    Misconception(
        name="a generator of its own in every layer, so that layers of one size get the same weights",
        check="cnn_make_layers",
        hint="Make two layers of the same size and compare their W. Where does the chance come from, and what is rng for?",
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (channels * size * size))
    W = np.random.default_rng(0).normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32), **options)

def make_affine(d_in, d_out, *, rng):
    W = np.random.default_rng(0).normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, np.zeros(d_out, np.float32))
""",
    ),
    Misconception(
        name="stride, pad and first do not reach Conv",
        check="cnn_make_layers",
        hint="Call make_conv with stride=2 and print the layer's stride. What happens in your function to what `options` holds?",
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (channels * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, np.zeros(filters, np.float32))
""",
    ),
    Misconception(
        name="weights and biases stay float64",
        check="cnn_make_layers",
        hint="Print W.dtype and b.dtype. One float64 array turns everything behind it into float64, and training takes twice as long.",
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (channels * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size))
    return Conv(W, np.zeros(filters), **options)

def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out))
    return Affine(W, np.zeros(d_out))
""",
    ),
    Misconception(
        name="random biases",
        check="cnn_make_layers",
        hint="In task 1 the biases were random. Read again what they begin as here.",
        source="""
def make_conv(channels, filters, size, *, rng, **options):
    std = np.sqrt(2 / (channels * size * size))
    W = rng.normal(0, std, size=(filters, channels, size, size)).astype(np.float32)
    return Conv(W, rng.normal(0, std, size=filters).astype(np.float32), **options)

def make_affine(d_in, d_out, *, rng):
    W = rng.normal(0, np.sqrt(2 / d_in), size=(d_in, d_out)).astype(np.float32)
    return Affine(W, rng.normal(0, np.sqrt(2 / d_in), size=d_out).astype(np.float32))
""",
    ),
    # --- Which layers learn ---
    Misconception(
        name="layers inside of blocks are not looked for",
        check="cnn_learning_layers",
        hint=(
            "A block has no W of its own. Try the example of the text, [conv, relu, block, affine]: "
            "how many do you find, and which one is missing?"
        ),
        source="""
def learning_layers(layers):
    return [layer for layer in layers if hasattr(layer, "W")]
""",
    ),
    Misconception(
        name="blocks are opened one level deep only",
        check="cnn_learning_layers",
        hint="What does your function do with a block that stands in another block? Which function already knows how to search a list of layers?",
        source="""
def learning_layers(layers):
    found = []
    for layer in layers:
        if hasattr(layer, "W"):
            found.append(layer)
        elif hasattr(layer, "layers"):
            for inner in layer.layers:
                if hasattr(inner, "W"):
                    found.append(inner)
    return found
""",
    ),
    Misconception(
        name="layers inside of blocks come behind all others",
        check="cnn_learning_layers",
        hint="Go through [conv, block, affine] by hand: whose weights are W2? Your function visits the list twice.",
        source="""
def learning_layers(layers):
    found = [layer for layer in layers if hasattr(layer, "W")]
    for layer in layers:
        if hasattr(layer, "layers"):
            found += learning_layers(layer.layers)
    return found
""",
    ),
    Misconception(
        name="what a block contains is put into the list as a list",
        check="cnn_learning_layers",
        hint="Print the result for a network with a block: there is a list in the list. What is the difference between append and extend?",
        source="""
def learning_layers(layers):
    found = []
    for layer in layers:
        if hasattr(layer, "W"):
            found.append(layer)
        elif hasattr(layer, "layers"):
            found.append(learning_layers(layer.layers))
    return found
""",
    ),
    # --- The network: forward ---
    Misconception(
        name="the softmax at the end is missing",
        check="cnn_network_forward",
        hint="Add up the numbers in a row of the result. What should the sum of probabilities be, and which function makes it so?",
        source="""
class Network(Network):
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x
""",
    ),
    Misconception(
        name="softmax twice",
        check="cnn_network_forward",
        hint=(
            "Even a network that is perfectly sure seems to doubt. What does softmax make of the row (1, 0, 0)? "
            "Count how often your numbers go through it."
        ),
        source="""
class Network(Network):
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        y = softmax(x)
        return softmax(y)
""",
    ),
    Misconception(
        name="every layer gets the network's input",
        check="cnn_network_forward",
        hint="Print the shape that goes into each layer. Which variable should carry one layer's result to the next?",
        source="""
class Network(Network):
    def forward(self, x):
        for layer in self.layers:
            y = layer.forward(x)
        return softmax(y)
""",
    ),
    Misconception(
        name="frozen layers are left out of the forward pass",
        check="cnn_network_forward",
        hint="A frozen filter still sees the image, it only stays as it is. In which of the two directions is there nothing left to do for it?",
        source="""
class Network(Network):
    def forward(self, x):
        for layer in self.layers[self.frozen :]:
            x = layer.forward(x)
        return softmax(x)
""",
    ),
    # --- The network: backward ---
    Misconception(
        name="the backward pass runs through the layers from the front",
        check="cnn_network_gradients",
        hint="Which layer is the first to know the gradient d_a? Write the order of forward down, and read it from the other end.",
        source="""
class Network(Network):
    def backward(self, d_a):
        for layer in self.layers[self.frozen :]:
            d_a = layer.backward(d_a)
""",
    ),
    Misconception(
        name="every layer gets the gradient of the last one",
        check="cnn_network_gradients",
        hint="What does layer.backward return, and where does your loop keep it? By the chain rule it is what the layer in front needs.",
        source="""
class Network(Network):
    def backward(self, d_a):
        for layer in reversed(self.layers[self.frozen :]):
            layer.backward(d_a)
""",
    ),
    Misconception(
        name="the last layer is left out of the backward pass",
        check="cnn_network_gradients",
        hint="d_a is the gradient in front of the softmax. Which layer stands right there, and does softmax appear in your list of layers?",
        source="""
class Network(Network):
    def backward(self, d_a):
        for layer in reversed(self.layers[self.frozen : -1]):
            d_a = layer.backward(d_a)
""",
    ),
    Misconception(
        name="the gradient is divided by the batch size a second time",
        check="cnn_network_gradients",
        hint="Eq. (14) has the 1/B in it already. How many times too small are your gradients, and how large was the batch?",
        source="""
class Network(Network):
    def backward(self, d_a):
        d_a = d_a / len(d_a)
        for layer in reversed(self.layers[self.frozen :]):
            d_a = layer.backward(d_a)
""",
    ),
    Misconception(
        name="backward goes through the softmax although d_a stands in front of it",
        check="cnn_network_gradients",
        hint="Eq. (14), y - t, is the gradient of the loss with respect to which quantity: the softmax's output, or its input?",
        source="""
class Network(Network):
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        self.y = softmax(x)
        return self.y

    def backward(self, d_a):
        d_a = self.y * (d_a - np.sum(d_a * self.y, axis=1, keepdims=True))
        for layer in reversed(self.layers[self.frozen :]):
            d_a = layer.backward(d_a)
""",
    ),
    Misconception(
        name="gradients add up over all batches and are never reset",
        check="cnn_network_gradients",
        hint="Call forward and backward twice with the same batch. Should the gradient of the second time be twice that of the first?",
        source="""
class Network(Network):
    def __init__(self, layers, frozen=0):
        self.layers = layers
        self.frozen = frozen
        self.sums = {}

    def backward(self, d_a):
        for layer in reversed(self.layers[self.frozen :]):
            d_a = layer.backward(d_a)
        skipped = len(learning_layers(self.layers[: self.frozen]))
        for n, layer in enumerate(learning_layers(self.layers), 1):
            if n > skipped:
                self.sums[f"W{n}"] = self.sums.get(f"W{n}", 0) + layer.d_W
                self.sums[f"b{n}"] = self.sums.get(f"b{n}", 0) + layer.d_b

    def gradients(self):
        return self.sums
""",
    ),
    Misconception(
        name="layers are numbered from 0",
        check="cnn_network_gradients",
        hint="Print the keys of parameters(). Which number does the first layer that learns have in the text?",
        source="""
class Network(Network):
    def parameters(self):
        found = {}
        for n, layer in enumerate(learning_layers(self.layers)):
            found[f"W{n}"], found[f"b{n}"] = layer.W, layer.b
        return found

    def gradients(self):
        found = {}
        skipped = len(learning_layers(self.layers[: self.frozen]))
        for n, layer in enumerate(learning_layers(self.layers)):
            if n >= skipped:
                found[f"W{n}"], found[f"b{n}"] = layer.d_W, layer.d_b
        return found
""",
    ),
    Misconception(
        name="layers are numbered by their place in the list, those that do not learn included",
        check="cnn_network_gradients",
        hint="Print the keys of parameters(). ReLU and pooling have nothing to learn: do they get a number?",
        source="""
class Network(Network):
    def parameters(self):
        found = {}
        for n, layer in enumerate(self.layers, 1):
            if hasattr(layer, "W"):
                found[f"W{n}"], found[f"b{n}"] = layer.W, layer.b
        return found

    def gradients(self):
        found = {}
        for n, layer in enumerate(self.layers, 1):
            if hasattr(layer, "W") and n > self.frozen:
                found[f"W{n}"], found[f"b{n}"] = layer.d_W, layer.d_b
        return found
""",
    ),
    Misconception(
        name="gradients are numbered from the back",
        check="cnn_network_gradients",
        hint="Backward visits the last layer first, but its name stays. Print the shapes of parameters()['W1'] and gradients()['W1'] side by side.",
        source="""
class Network(Network):
    def gradients(self):
        found = {}
        for n, layer in enumerate(reversed(learning_layers(self.layers[self.frozen :])), 1):
            found[f"W{n}"], found[f"b{n}"] = layer.d_W, layer.d_b
        return found
""",
    ),
    # --- Frozen layers ---
    Misconception(
        name="backward goes through frozen layers as well",
        check="cnn_network_frozen",
        hint="Nobody asks for the gradients of frozen layers. Where may the way back end, and how much time does that save?",
        source="""
class Network(Network):
    def backward(self, d_a):
        for layer in reversed(self.layers):
            d_a = layer.backward(d_a)
""",
    ),
    Misconception(
        name="frozen layers are in gradients(), so the optimizer changes them",
        check="cnn_network_frozen",
        hint="With frozen=4, which names may gradients() return? A d_W that an earlier backward left behind may still be there.",
        source="""
class Network(Network):
    def gradients(self):
        found = {}
        for n, layer in enumerate(learning_layers(self.layers), 1):
            found[f"W{n}"], found[f"b{n}"] = layer.d_W, layer.d_b
        return found
""",
    ),
    Misconception(
        name="behind frozen layers the numbering of the gradients begins anew",
        check="cnn_network_frozen",
        hint="If gradients() says W1 for the first layer that is not frozen, from which array will the optimizer subtract it?",
        source="""
class Network(Network):
    def gradients(self):
        found = {}
        for n, layer in enumerate(learning_layers(self.layers[self.frozen :]), 1):
            found[f"W{n}"], found[f"b{n}"] = layer.d_W, layer.d_b
        return found
""",
    ),
    Misconception(
        name="frozen layers are missing in parameters()",
        check="cnn_network_frozen",
        hint="What is frozen still belongs to the network: whoever saves it needs all weights. Which of the two dicts leaves something out?",
        source="""
class Network(Network):
    def parameters(self):
        skipped = len(learning_layers(self.layers[: self.frozen]))
        found = {}
        for n, layer in enumerate(learning_layers(self.layers), 1):
            if n > skipped:
                found[f"W{n}"], found[f"b{n}"] = layer.W, layer.b
        return found
""",
    ),
    Misconception(
        name="frozen is the number of convolutions, not of layers in front of Flatten",
        check="cnn_network_frozen",
        hint="In LeNet-5, how many layers stand in front of Flatten? frozen counts ReLU, tanh and pooling as well.",
        source="""
def freeze_convolutions(network):
    network.frozen = len([layer for layer in network.layers if isinstance(layer, Conv)])
    return network
""",
    ),
    Misconception(
        name="freeze_convolutions returns nothing",
        check="cnn_network_frozen",
        hint="What does `network = freeze_convolutions(make_cnn())` leave in network? Look at the last sentence of the docstring.",
        source="""
def freeze_convolutions(network):
    network.frozen = [type(layer) for layer in network.layers].index(Flatten)
""",
    ),
    # --- Three stacks ---
    Misconception(
        name="no ReLU between the two affine layers",
        check="cnn_make_cnn",
        hint="What is one affine map after another, with nothing in between? Count the activations in the table.",
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 30, 5, rng=rng, first=True), MaxPool(2), ReLU(), Flatten(),
        make_affine(30 * 12 * 12, 100, rng=rng), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="no ReLU behind the convolution",
        check="cnn_make_cnn",
        hint="Count the activations in the table. Which one belongs to the filters?",
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 30, 5, rng=rng, first=True), MaxPool(2), Flatten(),
        make_affine(30 * 12 * 12, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="average pooling in the CNN",
        check="cnn_make_cnn",
        hint="The table names the kind of pooling. What would become of the trick that lets ReLU and pooling change places?",
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 30, 5, rng=rng, first=True), ReLU(), AvgPool(2), Flatten(),
        make_affine(30 * 12 * 12, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="the edge that the filter cannot reach is forgotten: 14 x 14 behind the pooling",
        check="cnn_make_cnn",
        hint="At how many places does a filter of 5 pixels fit on 28, by eq. (57)? And how many are left when pooling has halved them?",
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 30, 5, rng=rng, first=True), MaxPool(2), ReLU(), Flatten(),
        make_affine(30 * 14 * 14, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="make_cnn draws its weights from N(0, 1), whatever the size of the layer",
        check="cnn_make_cnn",
        hint=(
            "Print the largest numbers that reach the softmax before any training. "
            "Which two functions were written to prevent that?"
        ),
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(seed)
    filters = rng.normal(size=(30, 1, 5, 5)).astype(np.float32)
    W2 = rng.normal(size=(30 * 12 * 12, 100)).astype(np.float32)
    W3 = rng.normal(size=(100, 10)).astype(np.float32)
    return Network([
        Conv(filters, np.zeros(30, np.float32), first=True), MaxPool(2), ReLU(), Flatten(),
        Affine(W2, np.zeros(100, np.float32)), ReLU(), Affine(W3, np.zeros(10, np.float32)),
    ])
""",
    ),
    Misconception(
        name="the seed is ignored",
        check="cnn_make_cnn",
        hint="Make two networks with seeds 1 and 2 and compare their W1.",
        source="""
def make_cnn(seed=0):
    rng = np.random.default_rng(0)
    return Network([
        make_conv(1, 30, 5, rng=rng, first=True), MaxPool(2), ReLU(), Flatten(),
        make_affine(30 * 12 * 12, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="the second convolution is made for a single channel",
        check="cnn_make_eleven_layers",
        hint="How many channels do 16 filters make? The second convolution looks at all of them at once.",
        source="""
def make_eleven_layers(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 16, 5, rng=rng, first=True), ReLU(), MaxPool(2),
        make_conv(1, 32, 5, rng=rng), ReLU(), MaxPool(2), Flatten(),
        make_affine(32 * 4 * 4, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="no activation behind the second convolution",
        check="cnn_make_eleven_layers",
        hint="Count your layers: with the softmax there should be eleven.",
        source="""
def make_eleven_layers(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 16, 5, rng=rng, first=True), ReLU(), MaxPool(2),
        make_conv(16, 32, 5, rng=rng), MaxPool(2), Flatten(),
        make_affine(32 * 4 * 4, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="a ReLU between the last affine layer and the softmax",
        check="cnn_make_eleven_layers",
        hint=(
            "The last activation is the softmax, and the network has that already. "
            "What can a digit with a negative score still learn when ReLU makes it 0?"
        ),
        source="""
def make_eleven_layers(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 16, 5, rng=rng, first=True), ReLU(), MaxPool(2),
        make_conv(16, 32, 5, rng=rng), ReLU(), MaxPool(2), Flatten(),
        make_affine(32 * 4 * 4, 100, rng=rng), ReLU(), make_affine(100, 10, rng=rng), ReLU(),
    ])
""",
    ),
    Misconception(
        name="LeNet-5 without its padding of 2",
        check="cnn_make_lenet5",
        hint="LeCun's images were 32 x 32, these are 28 x 28. Print the shape that reaches Flatten: it should be (16, 5, 5).",
        source="""
def make_lenet5(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 6, 5, rng=rng, first=True), Tanh(), AvgPool(2), make_conv(6, 16, 5, rng=rng), Tanh(), AvgPool(2),
        Flatten(), make_affine(16 * 4 * 4, 120, rng=rng), Tanh(), make_affine(120, 84, rng=rng), Tanh(),
        make_affine(84, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="ReLU instead of tanh in LeNet-5",
        check="cnn_make_lenet5",
        hint="In 1998 nobody used ReLU. Which activation does the list of layers name?",
        source="""
def make_lenet5(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 6, 5, rng=rng, pad=2, first=True), ReLU(), AvgPool(2),
        make_conv(6, 16, 5, rng=rng), ReLU(), AvgPool(2), Flatten(),
        make_affine(16 * 5 * 5, 120, rng=rng), ReLU(), make_affine(120, 84, rng=rng), ReLU(),
        make_affine(84, 10, rng=rng),
    ])
""",
    ),
    Misconception(
        name="max pooling in LeNet-5",
        check="cnn_make_lenet5",
        hint="Which number of each 2 x 2 window does LeNet-5 pass on: the largest, or another one?",
        source="""
def make_lenet5(seed=0):
    rng = np.random.default_rng(seed)
    return Network([
        make_conv(1, 6, 5, rng=rng, pad=2, first=True), Tanh(), MaxPool(2),
        make_conv(6, 16, 5, rng=rng), Tanh(), MaxPool(2), Flatten(),
        make_affine(16 * 5 * 5, 120, rng=rng), Tanh(), make_affine(120, 84, rng=rng), Tanh(),
        make_affine(84, 10, rng=rng),
    ])
""",
    ),
    # --- Batches ---
    Misconception(
        name="bytes are not scaled",
        check="cnn_to_batch",
        hint="Print the largest number of a batch. The first layer's weights were drawn for inputs from 0 to 1.",
        source="""
def to_batch(images):
    x = images.astype(np.float32)
    return x[:, np.newaxis] if x.ndim == 3 else x
""",
    ),
    Misconception(
        name="bytes are divided by 256",
        check="cnn_to_batch",
        hint="What should a white pixel become, and what is the largest number that fits into a byte?",
        source="""
def to_batch(images):
    x = images.astype(np.float32) / 256
    return x[:, np.newaxis] if x.ndim == 3 else x
""",
    ),
    Misconception(
        name="bytes are divided as whole numbers, so grey becomes black",
        check="cnn_to_batch",
        hint="Which different numbers does your batch contain? Print np.unique of it, and 128 // 255 and 128 / 255.",
        source="""
def to_batch(images):
    x = (images // 255).astype(np.float32)
    return x[:, np.newaxis] if x.ndim == 3 else x
""",
    ),
    Misconception(
        name="the batch is float64",
        check="cnn_to_batch",
        hint="Print the dtype of images / 255. What will the first convolution make of float32 weights and such a batch?",
        source="""
def to_batch(images):
    x = images / 255
    return x[:, np.newaxis] if x.ndim == 3 else x
""",
    ),
    Misconception(
        name="colour images get a second axis of channels",
        check="cnn_to_batch",
        hint="Print the shape for images (2, 3, 5, 7). Which images already have an axis for their channels?",
        source="""
def to_batch(images):
    return np.divide(images, 255, dtype=np.float32)[:, np.newaxis]
""",
    ),
    Misconception(
        name="grey images get no axis of channels",
        check="cnn_to_batch",
        hint="Conv wants (N, C, H, W). How many axes has your batch of grey images?",
        source="""
def to_batch(images):
    return np.divide(images, 255, dtype=np.float32)
""",
    ),
    Misconception(
        name="28 x 28 pixels are taken for granted",
        check="cnn_to_batch",
        hint="Try images of 6 x 4 pixels. Where can your function read height and width?",
        source="""
def to_batch(images):
    x = np.divide(images, 255, dtype=np.float32)
    return x.reshape(-1, 1, 28, 28) if x.ndim == 3 else x
""",
    ),
    # --- Moving images ---
    Misconception(
        name="pixels that leave on one side come back on the other",
        check="cnn_move",
        hint="Move the row (1, 2, 3, 4) one to the right, by hand and with your function. What happens to the 4?",
        source="""
def move(images, pixels, rng):
    down, right = rng.integers(-pixels, pixels + 1, size=2)
    return np.roll(images, (down, right), axis=(1, 2))
""",
    ),
    Misconception(
        name="the same distance down and to the right",
        check="cnn_move",
        hint="All your images move along one diagonal. How many random numbers does a distance along two axes take?",
        source="""
def move(images, pixels, rng):
    if pixels == 0:
        return images
    height, width = images.shape[1:]
    k = rng.integers(0, 2 * pixels + 1)
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    return padded[:, k : k + height, k : k + width]
""",
    ),
    Misconception(
        name="the largest distance in one direction is never drawn",
        check="cnn_move",
        hint="Draw rng.integers(-2, 2) a hundred times. Is 2 among them? Does rng.integers include its upper end?",
        source="""
def move(images, pixels, rng):
    if pixels == 0:
        return images
    height, width = images.shape[1:]
    down, right = rng.integers(-pixels, pixels, size=2) + pixels
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    return padded[:, down : down + height, right : right + width]
""",
    ),
    Misconception(
        name="images move down and to the right only",
        check="cnn_move",
        hint="Count into which directions your images go in 100 calls. Which sign has a distance to the left?",
        source="""
def move(images, pixels, rng):
    if pixels == 0:
        return images
    height, width = images.shape[1:]
    down, right = rng.integers(0, pixels + 1, size=2)
    padded = np.pad(images, ((0, 0), (down, 0), (right, 0)))
    return padded[:, :height, :width]
""",
    ),
    Misconception(
        name="every image goes its own way",
        check="cnn_move",
        hint="One slice can move a whole batch. How many distances does the docstring speak of?",
        source="""
def move(images, pixels, rng):
    if pixels == 0:
        return images
    height, width = images.shape[1:]
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    moved = np.empty_like(images)
    for k in range(len(images)):
        down, right = rng.integers(0, 2 * pixels + 1, size=2)
        moved[k] = padded[k, down : down + height, right : right + width]
    return moved
""",
    ),
    Misconception(
        name="the height is used for the width",
        check="cnn_move",
        hint="Try images of 7 x 6 pixels: which shape comes out?",
        source="""
def move(images, pixels, rng):
    if pixels == 0:
        return images
    size = images.shape[1]
    down, right = rng.integers(0, 2 * pixels + 1, size=2)
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    return padded[:, down : down + size, right : right + size]
""",
    ),
    Misconception(
        name="a slice that ends at -0",
        check="cnn_move",
        hint="What is images[:, :-k] for k = 2, for k = 1, and for k = 0?",
        source="""
def move(images, pixels, rng):
    down, right = rng.integers(-pixels, pixels + 1, size=2)
    moved = np.zeros_like(images)
    if down >= 0:
        moved[:, down:] = images[:, :-down]
    else:
        moved[:, :down] = images[:, -down:]
    wide = np.zeros_like(images)
    if right >= 0:
        wide[:, :, right:] = moved[:, :, :-right]
    else:
        wide[:, :, :right] = moved[:, :, -right:]
    return wide
""",
    ),
    Misconception(
        name="the images themselves are overwritten",
        check="cnn_move",
        hint="Print the images before and after the call. After many epochs, what would be left of a training set that is moved in place?",
        source="""
def move(images, pixels, rng):
    height, width = images.shape[1:]
    down, right = rng.integers(0, 2 * pixels + 1, size=2)
    padded = np.pad(images, ((0, 0), (pixels, pixels), (pixels, pixels)))
    images[:] = padded[:, down : down + height, right : right + width]
    return images
""",
    ),
    # --- A training step ---
    Misconception(
        name="the loss is computed after the update",
        check="cnn_training_step",
        hint="Which y belongs to the gradients of this step? You run forward twice for one batch.",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    optimizer.update(network.parameters(), network.gradients())
    return cross_entropy(network.forward(x), t)
""",
    ),
    Misconception(
        name="the gradient has the wrong sign: every step goes uphill",
        check="cnn_training_step",
        hint="Repeat a step with the same batch and print the loss: does it fall? Eq. (14) subtracts the target from the output.",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward((t - y) / len(t))
    optimizer.update(network.parameters(), network.gradients())
    return cross_entropy(y, t)
""",
    ),
    Misconception(
        name="backward starts with y: the target t has no influence",
        check="cnn_training_step",
        hint="By eq. (14) a perfect network, y = t, has gradient 0. What does your step send back then?",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(y / len(y))
    optimizer.update(network.parameters(), network.gradients())
    return cross_entropy(y, t)
""",
    ),
    Misconception(
        name="no update: the gradients are never used",
        check="cnn_training_step",
        hint="Print one weight before and after a step. Which of forward, backward and update is missing?",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    return cross_entropy(y, t)
""",
    ),
    Misconception(
        name="the optimizer changes copies of the weights",
        check="cnn_training_step",
        hint="Print one weight of a layer before and after a step. Are the arrays that the optimizer changes those of the layers, or others with the same numbers?",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    params = {name: value.copy() for name, value in network.parameters().items()}
    optimizer.update(params, network.gradients())
    return cross_entropy(y, t)
""",
    ),
    Misconception(
        name="a new AdaGrad in every step, which remembers nothing",
        check="cnn_training_step",
        hint="h in eq. (41) is a sum over all steps so far. How long does your optimizer live?",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    AdaGrad(optimizer.learning_rate).update(network.parameters(), network.gradients())
    return cross_entropy(y, t)
""",
    ),
    Misconception(
        name="all layers share the optimizer's memory under the names W and b",
        check="cnn_training_step",
        hint="AdaGrad keeps one h for each name. How many different names does it meet in your step, and how many parameters are there?",
        source="""
def training_step(network, optimizer, x, t):
    y = network.forward(x)
    network.backward(softmax_cross_entropy_backward(y, t))
    for layer in learning_layers(network.layers[network.frozen :]):
        optimizer.update({"W": layer.W, "b": layer.b}, {"W": layer.d_W, "b": layer.d_b})
    return cross_entropy(y, t)
""",
    ),
    # --- Epochs ---
    Misconception(
        name="the last, smaller batch is left out",
        check="cnn_train_epochs",
        hint="How many steps does an epoch of 11 images in batches of 4 have? Which images does your loop never meet?",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    losses = []
    for step in range(len(images) // batch_size):
        batch = order[step * batch_size : (step + 1) * batch_size]
        x = to_batch(move(images[batch], max_move, rng))
        losses.append(training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32)))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="the last batch is filled up with images that have had their turn",
        check="cnn_train_epochs",
        hint="Count how often each image is used in one epoch of 11 images in batches of 4.",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    losses = []
    for start in range(0, len(images), batch_size):
        batch = order[np.arange(start, start + batch_size) % len(images)]
        x = to_batch(move(images[batch], max_move, rng))
        losses.append(training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32)))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="every batch is drawn anew, so some images are never seen",
        check="cnn_train_epochs",
        hint="Write down which images your batches contain: is every one there, and once? Think of dealing out cards.",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    losses = []
    for _ in range(0, len(images), batch_size):
        batch = rng.integers(0, len(images), size=batch_size)
        x = to_batch(move(images[batch], max_move, rng))
        losses.append(training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32)))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="images are never shuffled",
        check="cnn_train_epochs",
        hint="Print the indices of the first batch in two epochs. Without shuffling, the same images always meet in a batch.",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    losses = []
    for start in range(0, len(images), batch_size):
        batch = slice(start, start + batch_size)
        x = to_batch(move(images[batch], max_move, rng))
        losses.append(training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32)))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="images are shuffled and labels are not",
        check="cnn_train_epochs",
        hint="Show the first images of a batch together with their labels. Which indices pick the images, and which the labels?",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    losses = []
    for start in range(0, len(images), batch_size):
        x = to_batch(move(images[order[start : start + batch_size]], max_move, rng))
        t = one_hot(labels[start : start + batch_size]).astype(np.float32)
        losses.append(training_step(network, optimizer, x, t))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="the loss of the last step stands for the whole epoch",
        check="cnn_train_epochs",
        hint="What does your loop do with the losses of the earlier steps? The docstring asks for the mean of all.",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    for start in range(0, len(images), batch_size):
        batch = order[start : start + batch_size]
        x = to_batch(move(images[batch], max_move, rng))
        loss = training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32))
    return loss
""",
    ),
    Misconception(
        name="the losses of an epoch are added up, not averaged",
        check="cnn_train_epochs",
        hint="A network that guesses has a loss near ln 10 = 2.3. Does your first line agree, and what if there were twice as many batches?",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    total = 0.0
    for start in range(0, len(images), batch_size):
        batch = order[start : start + batch_size]
        x = to_batch(move(images[batch], max_move, rng))
        total += training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32))
    return total
""",
    ),
    Misconception(
        name="max_move does not reach move",
        check="cnn_train_epochs",
        hint="Follow max_move from train to the batch. Where does it get lost?",
        source="""
def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    optimizer = AdaGrad(learning_rate)
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        loss = train_epoch(network, optimizer, images, labels, batch_size=batch_size, rng=rng)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return network
""",
    ),
    Misconception(
        name="the learning rate is not passed on to AdaGrad",
        check="cnn_train_epochs",
        hint="Train with learning_rate=0.01 and with 0.0001: do the printed losses differ? Where does η go?",
        source="""
def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    optimizer = AdaGrad()
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        options = {"batch_size": batch_size, "max_move": max_move, "rng": rng}
        loss = train_epoch(network, optimizer, images, labels, **options)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return network
""",
    ),
    Misconception(
        name="images are moved once an epoch, all in the same way",
        check="cnn_train_epochs",
        hint="How many different distances does the network meet in an epoch of 600 batches?",
        source="""
def train_epoch(network, optimizer, images, labels, *, batch_size=100, max_move=0, rng):
    order = rng.permutation(len(images))
    images = move(images, max_move, rng)
    losses = []
    for start in range(0, len(images), batch_size):
        batch = order[start : start + batch_size]
        x = to_batch(images[batch])
        losses.append(training_step(network, optimizer, x, one_hot(labels[batch]).astype(np.float32)))
    return float(np.mean(losses))
""",
    ),
    Misconception(
        name="train always uses the same seed",
        check="cnn_train_epochs",
        hint="Train twice with seeds 1 and 2 and compare a weight. What is your generator made from?",
        source="""
def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    optimizer = AdaGrad(learning_rate)
    rng = np.random.default_rng(0)
    for epoch in range(1, epochs + 1):
        options = {"batch_size": batch_size, "max_move": max_move, "rng": rng}
        loss = train_epoch(network, optimizer, images, labels, **options)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return network
""",
    ),
    Misconception(
        name="AdaGrad is made anew in every epoch",
        check="cnn_train_epochs",
        hint="h in eq. (41) grows over the whole training. What is its value at the beginning of your second epoch?",
        source="""
def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=0.01, max_move=0, seed=0):
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        optimizer = AdaGrad(learning_rate)
        options = {"batch_size": batch_size, "max_move": max_move, "rng": rng}
        loss = train_epoch(network, optimizer, images, labels, **options)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return network
""",
    ),
    # --- Reading digits ---
    Misconception(
        name="predict sends all images through the network at once",
        check="cnn_predict_accuracy",
        hint="What is batch_size for? Work out how many bytes the columns of 10 000 images take.",
        source="""
def predict(network, images, batch_size=100):
    return network.forward(to_batch(images)).argmax(axis=1)
""",
    ),
    Misconception(
        name="accuracy does not pass its batch_size on",
        check="cnn_predict_accuracy",
        hint="How many images go through the network at once when accuracy is called with batch_size=5?",
        source="""
def accuracy(network, images, labels, batch_size=100):
    return float(np.mean(network.forward(to_batch(images)).argmax(axis=1) == labels))
""",
    ),
    Misconception(
        name="the images of the last, smaller batch are not read",
        check="cnn_predict_accuracy",
        hint="With 23 images in batches of 5, which digits does your loop leave as they were?",
        source="""
def predict(network, images, batch_size=100):
    digits = np.zeros(len(images), int)
    for step in range(len(images) // batch_size):
        part = slice(step * batch_size, (step + 1) * batch_size)
        digits[part] = network.forward(to_batch(images[part])).argmax(axis=1)
    return digits
""",
    ),
    Misconception(
        name="the largest is looked for along the batch, not along the classes",
        check="cnn_predict_accuracy",
        hint="Print the shape of the probabilities. Along which axis do you want one answer for each image?",
        source="""
def predict(network, images, batch_size=100):
    digits = []
    for start in range(0, len(images), batch_size):
        digits.append(network.forward(to_batch(images[start : start + batch_size])).argmax(axis=0))
    return np.concatenate(digits)
""",
    ),
    Misconception(
        name="predict feeds raw bytes to a network that was trained on 0 to 1",
        check="cnn_predict_accuracy",
        hint="Do the images take the same way into the network here as in training? Print the largest number of both.",
        source="""
def predict(network, images, batch_size=100):
    digits = np.empty(len(images), int)
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        x = images[part][:, np.newaxis].astype(np.float32)
        digits[part] = network.forward(x).argmax(axis=1)
    return digits
""",
    ),
    Misconception(
        name="the mean of the batches' accuracies, although the last batch is smaller",
        check="cnn_predict_accuracy",
        hint="23 images in batches of 5: how much does one image of the last batch weigh in your mean, and one of the first?",
        source="""
def accuracy(network, images, labels, batch_size=100):
    shares = []
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        shares.append(np.mean(predict(network, images[part], batch_size) == labels[part]))
    return float(np.mean(shares))
""",
    ),
    Misconception(
        name="the last, smaller batch counts as a full one in the accuracy",
        check="cnn_predict_accuracy",
        hint="By what do you divide, and how many images are there? Try 23 images that are all read correctly.",
        source="""
def accuracy(network, images, labels, batch_size=100):
    right = steps = 0
    for start in range(0, len(images), batch_size):
        part = slice(start, start + batch_size)
        right += np.sum(predict(network, images[part], batch_size) == labels[part])
        steps += 1
    return float(right / (steps * batch_size))
""",
    ),
    Misconception(
        name="accuracy is a number of images, not a fraction",
        check="cnn_predict_accuracy",
        hint="Which value should a perfect network have, whatever the number of images?",
        source="""
def accuracy(network, images, labels, batch_size=100):
    return float(np.sum(predict(network, images, batch_size) == labels))
""",
    ),
    Misconception(
        name="accuracy in percent",
        check="cnn_predict_accuracy",
        hint="Which value should a perfect network have, by the docstring?",
        source="""
def accuracy(network, images, labels, batch_size=100):
    return float(100 * np.mean(predict(network, images, batch_size) == labels))
""",
    ),
    # --- Learning ---
    Misconception(
        name="a default learning rate of 1, far too large for AdaGrad",
        check="cnn_train_accuracy",
        hint=(
            "AdaGrad's first step moves every weight by about η, whatever its gradient. "
            "Compare that with the size of the weights, 0.02 to 0.28, and watch the loss of the first epoch."
        ),
        source="""
def train(network, images, labels, *, epochs=10, batch_size=100, learning_rate=1.0, max_move=0, seed=0):
    optimizer = AdaGrad(learning_rate)
    rng = np.random.default_rng(seed)
    for epoch in range(1, epochs + 1):
        options = {"batch_size": batch_size, "max_move": max_move, "rng": rng}
        loss = train_epoch(network, optimizer, images, labels, **options)
        print(f"epoch {epoch}: loss {loss:.4f}")
    return network
""",
    ),
)
