"""Known mistakes in networks on paper (shapes, costs, receptive fields), and in blocks made of layers."""

from autograder.misconceptions import Misconception

# output_shape with places for what a mistake changes. FILL puts them in.
SHAPE = """
def output_shape(spec, shape):
    kind = spec["kind"]
    if kind in ("conv", "local", "pool"):
        (R, S), (down, right), (pad_h, pad_w) = geometry(spec)
        rounding = spec.get("rounding", "exact")
        height = places(shape[1], R, down, pad_h, rounding)
        width = places(shape[2], S, right, pad_w, rounding)
        return {window}
    if kind == "affine":
        return (spec["nodes"],)
    if kind == "flatten":
        return (int(np.prod(shape)),)
    if kind == "spp":
        return {spp}
    if kind == "branches":
        ends = [shapes_along(path, shape)[-1] for path in spec["paths"]]
        {unequal}
        return {branches}
    if kind == "residual":
        ends = [shapes_along(path, shape)[-1] for path in spec["paths"]]
        {different}
        return {residual}
    {otherwise}
"""
FILL = {
    "window": "(spec.get('filters', shape[0]), height, width)",
    "spp": "(shape[0] * sum(n * n for n in spec['levels']),)",
    "unequal": "if len({end[1:] for end in ends}) > 1: raise ValueError('heights or widths differ')",
    "branches": "(sum(end[0] for end in ends), *ends[0][1:])",
    "different": "if len(set(ends)) > 1: raise ValueError('shapes differ')",
    "residual": "ends[0]",
    "otherwise": "if kind == 'activation': return shape\n    raise ValueError(f'unknown kind {kind}')",
}

# layer_cost likewise.
COST = """
def layer_cost(spec, shape):
    kind = spec["kind"]
    if kind in ("conv", "local"):
        R, S = geometry(spec)[0]
        F, OH, OW = output_shape(spec, shape)
        {channels}
        weights = {weights}
        biases = {biases}
        if kind == "local":
            return {local}
        return weights + biases, {work}
    if kind == "affine":
        return {affine}
    if kind == "pool" and spec.get("trainable"):
        return {pool}, 0
    parameters = multiply_adds = 0
    for path in spec.get("paths", []):
        entering = shape
        for inner in path:
            cost = layer_cost(inner, entering)
            parameters, multiply_adds = parameters + cost[0], multiply_adds + cost[1]
            {next}
    return parameters, multiply_adds
"""
FILL_COST = {
    "channels": "C = shape[0] / spec.get('groups', 1)",
    "weights": "int(spec.get('connections', F * C)) * R * S",
    "biases": "F if spec.get('bias', True) else 0",
    "local": "(weights + biases) * OH * OW, weights * OH * OW",
    "work": "weights * OH * OW",
    "affine": "(int(np.prod(shape)) + 1) * spec['nodes'], int(np.prod(shape)) * spec['nodes']",
    "pool": "2 * shape[0]",
    "next": "entering = output_shape(inner, entering)",
}

FIELD = """
def receptive_field(spec, field, step):
    if spec["kind"] in ("conv", "local", "pool"):
        (R, S), (down, right), (pad_h, pad_w) = geometry(spec)
        {new_step}
        {new_field}
        return field, {step}
    {paths}
"""
FILL_FIELD = {
    "new_step": "new = step[0] * down, step[1] * right",
    "new_field": "field = field[0] + (R - 1) * step[0], field[1] + (S - 1) * step[1]",
    "step": "new",
    "paths": """largest, last = field, step
    for path in spec.get("paths", []):
        inside, last = field, step
        for inner in path:
            inside, last = receptive_field(inner, inside, last)
        largest = max(largest[0], inside[0]), max(largest[1], inside[1])
    return largest, last""",
}


def shape_with(**parts: str) -> str:
    """The source of output_shape with these parts."""
    return filled(SHAPE, FILL, parts)


def cost_with(**parts: str) -> str:
    """The source of layer_cost with these parts."""
    return filled(COST, FILL_COST, parts)


def field_with(**parts: str) -> str:
    """The source of receptive_field with these parts."""
    return filled(FIELD, FILL_FIELD, parts)


def filled(text: str, fill: dict[str, str], parts: dict[str, str]) -> str:
    """``text`` with its places filled, by ``parts`` where these say something."""
    for name, source in (fill | parts).items():
        text = text.replace("{" + name + "}", source)
    return text


VGG = """
def vgg16():
    layers = []
    for filters, count in {stages}:
        for _ in range(count):
            layers.append(layer("conv", filters=filters, window=3{pad}))
            layers.append(layer("activation"))
        layers.append(layer("pool", {pool}))
    for nodes in {nodes}:
        layers.append(layer("affine", nodes=nodes))
    return layers
"""
FILL_VGG = {
    "stages": "[(64, 2), (128, 2), (256, 3), (512, 3), (512, 3)]",
    "pad": ", pad=1",
    "pool": "window=2",
    "nodes": "(4096, 4096, 1000)",
}

# inception on paper, and make_inception: the same four paths twice.
PAPER = """
def inception(channels):
    one, reduce3, three, reduce5, five, project = {order}
    def conv(filters, window):
        return [layer("conv", filters=filters, window=window{pad}), layer("activation")]
    pool = layer("pool", window=3{pool})
    return layer("branches", paths=[conv(one, 1), {path3}, {path5}, {path4}])
"""
FILL_PAPER = {
    "order": "channels",
    "pad": ", pad=window // 2",
    "pool": ", stride=1, pad=1",
    "path3": "conv(reduce3, 1) + conv(three, 3)",
    "path5": "conv(reduce5, 1) + conv(five, 5)",
    "path4": "[pool, *conv(project, 1)]",
}
MAKE = """
def make_inception(channels_in, channels, *, rng):
    one, reduce3, three, reduce5, five, project = channels
    def conv(entering, filters, size):
        return [make_conv(entering, filters, size, rng=rng{pad}){relu}]
    path1 = conv(channels_in, one, 1)
    path3 = {path3}
    path5 = conv(channels_in, reduce5, 1) + conv(reduce5, five, 5)
    path4 = {path4}
    return InceptionModule({paths})
"""
FILL_MAKE = {
    "pad": ", pad=size // 2",
    "relu": ", ReLU()",
    "path3": "conv(channels_in, reduce3, 1) + conv(reduce3, three, 3)",
    "path4": "[MaxPool(3, stride=1, pad=1)] + conv(channels_in, project, 1)",
    "paths": "[path1, path3, path5, path4]",
}

INCEPTION = """
class InceptionModule:
    def __init__(self, paths):
        self.paths = paths
        self.layers = {layers}

    def forward(self, x):
        {ends}
        self.channels = [end.shape[1] for end in ends]
        return {joined}

    def backward(self, d_out):
        {cuts}
        backs = [backward_through(path, part) for path, part in zip(self.paths, parts)]
        return {back}
"""
FILL_INCEPTION = {
    "layers": "[inner for path in paths for inner in path]",
    "ends": "ends = [forward_through(path, x) for path in self.paths]",
    "joined": "np.concatenate(ends, axis=1)",
    "cuts": "parts = np.split(d_out, np.cumsum(self.channels)[:-1], axis=1)",
    "back": "sum(backs)",
}

RESIDUAL = """
class ResidualBlock:
    def __init__(self, path, shortcut=None):
        self.path = path
        self.shortcut = shortcut or []
        self.relu = ReLU()
        self.layers = [*self.path, *self.shortcut]

    def forward(self, x):
        end, around = forward_through(self.path, x), forward_through(self.shortcut, x)
        {compare}
        return {out}

    def backward(self, d_out):
        {d_sum}
        return {back}
"""
FILL_RESIDUAL = {
    "compare": "if end.shape != around.shape: raise ValueError('the two ways end in different shapes')",
    "out": "self.relu.forward(end + around)",
    "d_sum": "d_sum = self.relu.backward(d_out)",
    "back": "backward_through(self.path, d_sum) + backward_through(self.shortcut, d_sum)",
}

PYRAMID = """
class SpatialPyramidPooling:
    def __init__(self, levels=(4, 2, 1)):
        self.levels = levels

    def forward(self, x):
        self.x = x
        N, C, height, width = x.shape
        {refuse}
        self.bins, ends = [], []
        for n in {levels}:
            for i in range(n):
                for j in range(n):
                    {bins}
                    self.bins.append((rows, columns))
                    ends.append(x[:, :, rows, columns].{number}(axis=(2, 3)))
        return {joined}

    def backward(self, d_out):
        d_x = np.zeros(self.x.shape)
        {parts}
        for (rows, columns), d in zip(self.bins, parts):
            part = self.x[:, :, rows, columns]
            won = part == part.max(axis=(2, 3), keepdims=True)
            {send}
        return d_x
"""
FILL_PYRAMID = {
    "refuse": "if max(self.levels) > min(height, width): raise ValueError('more bins than pixels')",
    "levels": "self.levels",
    "bins": "rows = slice(i * height // n, -(-(i + 1) * height // n)); "
    "columns = slice(j * width // n, -(-(j + 1) * width // n))",
    "number": "max",
    "joined": "np.concatenate(ends, axis=1)",
    "parts": "parts = np.split(d_out, len(self.bins), axis=1)",
    "send": "d_x[:, :, rows, columns] += d[:, :, None, None] * won",
}


MISCONCEPTIONS = (
    # --- Places ---
    Misconception(
        name="rounded down whatever `rounding` says",
        check="arch_places",
        hint="Which of your lines reads `rounding`? Try a window of 3 with stride 2 on 112 pixels, for all three values.",
        source="""
def places(size, window, stride=1, pad=0, rounding="exact"):
    if window > size + 2 * pad:
        raise ValueError("the window is larger than the image")
    return (size - window + 2 * pad) // stride + 1
""",
    ),
    Misconception(
        name="ceil counts a last window that begins outside of the image",
        check="arch_places",
        hint="5 pixels, a window of 1, stride 3, ceil: at which pixels do the windows begin? And for 4 pixels and stride 4?",
        source="""
def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size - window + 2 * pad
    if room < 0 or (rounding == "exact" and room % stride):
        raise ValueError("the window does not fit")
    return (-(-room // stride) if rounding == "ceil" else room // stride) + 1
""",
    ),
    Misconception(
        name="the padding counts once, not at both ends",
        check="arch_places",
        hint="Draw 5 pixels and put one zero in front of them and one behind. How long is the row?",
        source="""
def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size - window + pad
    if room < 0 or (rounding == "exact" and room % stride):
        raise ValueError("the window does not fit")
    count = room // stride + 1
    if rounding == "ceil" and room % stride and count * stride < size + pad:
        count += 1
    return count
""",
    ),
    Misconception(
        name="steps are counted, not places",
        check="arch_places",
        hint="Try a window as large as the image: how many steps does it take, and at how many places does it stand?",
        source="""
def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size - window + 2 * pad
    if room < 0 or (rounding == "exact" and room % stride):
        raise ValueError("the window does not fit")
    count = room // stride
    if rounding == "ceil" and room % stride and (count + 1) * stride < size + pad:
        count += 1
    return count
""",
    ),
    Misconception(
        name='with "exact", too, a window that does not fit is rounded down',
        check="arch_places",
        hint="What should places(10, 3, 2) do? The docstring says in which of the three cases there is no answer.",
        source="""
def places(size, window, stride=1, pad=0, rounding="exact"):
    room = size - window + 2 * pad
    if room < 0:
        raise ValueError("the window is larger than the image")
    count = room // stride + 1
    if rounding == "ceil" and room % stride and count * stride < size + pad:
        count += 1
    return count
""",
    ),
    # --- Shapes ---
    Misconception(
        name="channels leave a convolution as they came",
        check="arch_output_shape",
        hint="96 filters look at 3 channels. How many pictures come out?",
        source=shape_with(window="shape[0], height, width"),
    ),
    Misconception(
        name="a convolution makes `filters` channels of each channel",
        check="arch_output_shape",
        hint="A filter adds up over all channels that it sees. How many numbers does one filter make at one place of an RGB image?",
        source=shape_with(window="shape[0] * spec.get('filters', 1), height, width"),
    ),
    Misconception(
        name="pooling joins the channels",
        check="arch_output_shape",
        hint="Does a pooling window reach from one channel into the next? Compare with what your MaxPool returns.",
        source=shape_with(window="spec.get('filters', 1), height, width"),
    ),
    Misconception(
        name="height and width are swapped",
        check="arch_output_shape",
        hint="Try an image that is wider than high. In which order does a shape name the two?",
        source=shape_with(window="spec.get('filters', shape[0]), width, height"),
    ),
    Misconception(
        name="the stride of the height is used for the width too",
        check="arch_output_shape",
        hint="Try stride=(2, 3) on an image of 12 x 12 pixels. What does geometry return?",
        source=shape_with(
            window="spec.get('filters', shape[0]), height, places(shape[2], S, down, pad_w, rounding)"
        ),
    ),
    Misconception(
        name="padding is forgotten in the shape",
        check="arch_output_shape",
        hint="A 3 x 3 convolution with pad=1 keeps the size. Does yours?",
        source=shape_with(
            window="spec.get('filters', shape[0]), places(shape[1], R, down, 0, rounding), "
            "places(shape[2], S, right, 0, rounding)"
        ),
    ),
    Misconception(
        name="a pool without a stride takes steps of 1",
        check="arch_output_shape",
        hint="Read in the list of kinds at the top what stride is for a pool when nothing is said. What does geometry return for it?",
        source="""
def geometry(spec):
    return pair(spec["window"]), pair(spec.get("stride", 1)), pair(spec.get("pad", 0))
""",
    ),
    Misconception(
        name="a level n of the pyramid has n bins, not n x n",
        check="arch_output_shape",
        hint="Cut a sheet of paper into 3 parts along each of its two sides. How many pieces are there?",
        source=shape_with(spp="(shape[0] * sum(spec['levels']),)"),
    ),
    Misconception(
        name="the pyramid forgets the channels",
        check="arch_output_shape",
        hint="He and others: 50 bins and 256 channels make 12 800 numbers. How many do yours make?",
        source=shape_with(spp="(sum(n * n for n in spec['levels']),)"),
    ),
    Misconception(
        name="branches have the channels of their first path",
        check="arch_output_shape",
        hint="Two paths end in 64 and 128 channels, side by side. How many channels enter the next layer?",
        source=shape_with(branches="ends[0]"),
    ),
    Misconception(
        name="the channels of a residual block's two ways are added up",
        check="arch_output_shape",
        hint="A residual block adds numbers, not channels. Which shape has x + x?",
        source=shape_with(residual="(sum(end[0] for end in ends), *ends[0][1:])"),
    ),
    Misconception(
        name="unknown kinds pass as if they were activations",
        check="arch_refusals",
        hint='What does your function return for the kind "norm", or for "cnov"? A typing error should not go unnoticed.',
        source=shape_with(otherwise="return shape"),
    ),
    Misconception(
        name="paths of different height or width are joined without a word",
        check="arch_refusals",
        hint="Can (4, 8, 6) and (4, 6, 4) stand side by side as channels of one image? Try np.concatenate.",
        source=shape_with(unequal="pass"),
    ),
    Misconception(
        name="a residual block of ways that differ in channels passes",
        check="arch_refusals",
        hint="Which condition must the ends of both ways meet before they can be added, number by number?",
        source=shape_with(
            different="if len({end[1:] for end in ends}) > 1: raise ValueError('shapes differ')"
        ),
    ),
    Misconception(
        name="the shape that enters the first layer is missing",
        check="arch_shapes_along",
        hint="How many shapes are there for two layers, by the docstring? And for none?",
        source="""
def shapes_along(layers, shape):
    shapes = []
    for spec in layers:
        shape = output_shape(spec, shape)
        shapes.append(shape)
    return shapes
""",
    ),
    Misconception(
        name="every layer gets the image",
        check="arch_shapes_along",
        hint="Which shape enters the second layer? Print what your loop passes on.",
        source="""
def shapes_along(layers, shape):
    shapes = [tuple(shape)]
    for spec in layers:
        shapes.append(output_shape(spec, shape))
    return shapes
""",
    ),
    # --- Costs ---
    Misconception(
        name="biases are not counted",
        check="arch_layer_cost",
        hint="You miss exactly 96 parameters in AlexNet's first layer. What is there once for each filter?",
        source=cost_with(
            biases="0", affine="int(np.prod(shape)) * spec['nodes'], int(np.prod(shape)) * spec['nodes']"
        ),
    ),
    Misconception(
        name="a filter has weights for one channel only",
        check="arch_layer_cost",
        hint="A filter on an RGB image: draw its 11 x 11 weights. Are the same ones used for red, green and blue?",
        source=cost_with(channels="C = 1"),
    ),
    Misconception(
        name="a bias for each channel of each filter",
        check="arch_layer_cost",
        hint="What a filter finds in all channels is added up, and then the bias comes. How many biases is that for one filter?",
        source=cost_with(biases="F * shape[0] if spec.get('bias', True) else 0"),
    ),
    Misconception(
        name="the window is taken for square",
        check="arch_layer_cost",
        hint="How many weights has a filter of 3 x 5 on one channel? Which of geometry's numbers do you never use?",
        source=cost_with(weights="int(spec.get('connections', F * C)) * R * R"),
    ),
    Misconception(
        name="bias=False is ignored",
        check="arch_layer_cost",
        hint="Which option of a layer says that there are no biases? Print your numbers with and without it.",
        source=cost_with(biases="F"),
    ),
    Misconception(
        name="a locally connected layer shares its weights",
        check="arch_layer_cost",
        hint="AlexNet's first layer without sharing has 105 705 600 parameters, in one sum for each place. At how many places does a window stand?",
        source=cost_with(local="weights + biases, weights * OH * OW"),
    ),
    Misconception(
        name="a locally connected layer shares its biases",
        check="arch_layer_cost",
        hint="At every place the layer has filters of its own. What belongs to a filter besides its weights?",
        source=cost_with(local="weights * OH * OW + biases, weights * OH * OW"),
    ),
    Misconception(
        name="a convolution is counted without weight sharing",
        check="arch_layer_cost",
        hint="The same filter slides over the whole image. How many weights have to be stored for it: one set, or one set for each place?",
        source=cost_with(work="weights * OH * OW").replace('if kind == "local":', "if True:"),
    ),
    Misconception(
        name="groups are ignored",
        check="arch_layer_cost",
        hint="With groups=2, how many of 96 channels does one filter see?",
        source=cost_with(channels="C = shape[0]"),
    ),
    Misconception(
        name="connections are ignored",
        check="arch_layer_cost",
        hint="LeNet-5's third layer has 60 pairs of filter and channel, not 16 · 6. Which option says so?",
        source=cost_with(weights="int(F * C) * R * S"),
    ),
    Misconception(
        name="biases count as multiply-adds",
        check="arch_layer_cost",
        hint="With what is a bias multiplied?",
        source=cost_with(
            work="(weights + biases) * OH * OW",
            local="(weights + biases) * OH * OW, (weights + biases) * OH * OW",
            affine="(int(np.prod(shape)) + 1) * spec['nodes'], (int(np.prod(shape)) + 1) * spec['nodes']",
        ),
    ),
    Misconception(
        name="multiply-adds of one place only",
        check="arch_layer_cost",
        hint="How often is one weight used while the filter slides over the image?",
        source=cost_with(work="weights", local="(weights + biases) * OH * OW, weights"),
    ),
    Misconception(
        name="multiply-adds at every pixel that enters, not at every place that leaves",
        check="arch_layer_cost",
        hint="With stride 4 the filter does not stop at every pixel. Over which of the two images, in front or behind, do you count?",
        source=cost_with(
            work="weights * shape[1] * shape[2]",
            local="(weights + biases) * OH * OW, weights * shape[1] * shape[2]",
        ),
    ),
    Misconception(
        name="an affine layer sees the channels only",
        check="arch_layer_cost",
        hint="An affine layer flattens what enters. How many numbers are in (6, 5, 5)?",
        source=cost_with(affine="(shape[0] + 1) * spec['nodes'], shape[0] * spec['nodes']"),
    ),
    Misconception(
        name="a trainable pool has one pair of parameters for all channels",
        check="arch_layer_cost",
        hint="S2 of LeNet-5 has 6 channels and 12 parameters. What do you get?",
        source=cost_with(pool="2"),
    ),
    Misconception(
        name="all layers of a path are counted on the shape that enters the block",
        check="arch_layer_cost",
        hint="In a path of two convolutions, how many channels does the second one see?",
        source=cost_with(next="pass"),
    ),
    # --- Receptive fields ---
    Misconception(
        name="a layer's own stride widens its own field",
        check="arch_receptive_field",
        hint="Mark the pixels under one window of 2 x 2 with stride 2. Are they more when the next window stands further away?",
        source=field_with(new_field="field = field[0] + (R - 1) * new[0], field[1] + (S - 1) * new[1]"),
    ),
    Misconception(
        name="strides have no influence on the field",
        check="arch_receptive_field",
        hint="Behind a pool of 2, how many pixels of the image lie between two neighbours? Compute 3x3, pool, 3x3 by hand.",
        source=field_with(new_step="new = step"),
    ),
    Misconception(
        name="the step is the stride of the last layer alone",
        check="arch_receptive_field",
        hint="Two pools of 2 in a row: how many pixels of the image does one step behind both skip?",
        source=field_with(new_step="new = down, right"),
    ),
    Misconception(
        name="strides are added, not multiplied",
        check="arch_receptive_field",
        hint="Behind one layer with stride 1, is the step 1 or 2? Follow two pools of 2 with a pencil.",
        source=field_with(new_step="new = step[0] + down, step[1] + right"),
    ),
    Misconception(
        name="windows are multiplied",
        check="arch_receptive_field",
        hint="Two 3 x 3 filters see 5 x 5 pixels. Draw them: why not 9 x 9?",
        source=field_with(new_field="field = field[0] * R, field[1] * S"),
    ),
    Misconception(
        name="the whole window is added, not the window less 1",
        check="arch_receptive_field",
        hint="How many pixels does a single 3 x 3 filter see when the field in front of it is 1?",
        source=field_with(new_field="field = field[0] + R * step[0], field[1] + S * step[1]"),
    ),
    Misconception(
        name="padding makes the field smaller",
        check="arch_receptive_field",
        hint="Edges are ignored here. Does a filter in the middle of the image notice the zeros around it?",
        source=field_with(
            new_field="field = field[0] + (R - 1 - pad_h) * step[0], field[1] + (S - 1 - pad_w) * step[1]"
        ),
    ),
    Misconception(
        name="paths do not widen the field",
        check="arch_receptive_field",
        hint="A node behind an inception module depends on a 5 x 5 filter. What does your function do with a layer that has paths?",
        source=field_with(paths="return field, step"),
    ),
    Misconception(
        name="only the first path counts for the field",
        check="arch_receptive_field",
        hint="The first path of an inception module is 1 x 1, but there are three others. Which of them reaches furthest?",
        source=field_with(
            paths="""for path in spec.get("paths", [])[:1]:
        for inner in path:
            field, step = receptive_field(inner, field, step)
    return field, step"""
        ),
    ),
    Misconception(
        name="paths side by side are walked one after the other",
        check="arch_receptive_field",
        hint="All paths begin at the same x. With which field does your second path begin?",
        source=field_with(
            paths="""for path in spec.get("paths", []):
        for inner in path:
            field, step = receptive_field(inner, field, step)
    return field, step"""
        ),
    ),
    # --- All together ---
    Misconception(
        name="an affine layer's field stays that of the convolutions in front of it",
        check="arch_describe",
        hint="An affine node is connected to every number in front of it. How many pixels of the image is that?",
        source="""
def describe(layers, input_shape):
    rows, shape, field, step = [], tuple(input_shape), (1, 1), (1, 1)
    for spec in layers:
        parameters, multiply_adds = layer_cost(spec, shape)
        shape = output_shape(spec, shape)
        field, step = receptive_field(spec, field, step)
        rows.append({"kind": spec["kind"], "shape": shape, "parameters": parameters,
                     "multiply_adds": multiply_adds, "field": field})
    return rows
""",
    ),
    Misconception(
        name="layers behind the first affine one see a part of the image again",
        check="arch_describe",
        hint="If one layer sees everything, how much do those behind it see?",
        source="""
def describe(layers, input_shape):
    rows, shape, field, step = [], tuple(input_shape), (1, 1), (1, 1)
    for spec in layers:
        parameters, multiply_adds = layer_cost(spec, shape)
        shape = output_shape(spec, shape)
        field, step = receptive_field(spec, field, step)
        seen = tuple(input_shape[1:]) if spec["kind"] in ("affine", "spp") else field
        rows.append({"kind": spec["kind"], "shape": shape, "parameters": parameters,
                     "multiply_adds": multiply_adds, "field": seen})
    return rows
""",
    ),
    Misconception(
        name="a layer is charged for the shape that leaves it",
        check="arch_describe",
        hint="What a filter costs depends on the channels it looks at. Are those in front of the layer or behind it?",
        source="""
def describe(layers, input_shape):
    rows, shape, field, step, whole = [], tuple(input_shape), (1, 1), (1, 1), False
    for spec in layers:
        shape = output_shape(spec, shape)
        parameters, multiply_adds = layer_cost(spec, shape)
        field, step = receptive_field(spec, field, step)
        whole = whole or spec["kind"] in ("affine", "spp")
        seen = tuple(input_shape[1:]) if whole else field
        rows.append({"kind": spec["kind"], "shape": shape, "parameters": parameters,
                     "multiply_adds": multiply_adds, "field": seen})
    return rows
""",
    ),
    Misconception(
        name="field and step begin anew at every layer",
        check="arch_describe",
        hint="In describe, what does the second layer know of the first one's window?",
        source="""
def describe(layers, input_shape):
    rows, shape, whole = [], tuple(input_shape), False
    for spec in layers:
        parameters, multiply_adds = layer_cost(spec, shape)
        shape = output_shape(spec, shape)
        field, step = receptive_field(spec, (1, 1), (1, 1))
        whole = whole or spec["kind"] in ("affine", "spp")
        seen = tuple(input_shape[1:]) if whole else field
        rows.append({"kind": spec["kind"], "shape": shape, "parameters": parameters,
                     "multiply_adds": multiply_adds, "field": seen})
    return rows
""",
    ),
    # --- VGG-16 and inception on paper ---
    Misconception(
        name="VGG-19: four convolutions in each of the last three stages",
        check="arch_vgg16",
        hint="Count the layers with weights: 13 convolutions and 3 affine layers make 16. Which column of the table did you read?",
        source=filled(VGG, FILL_VGG, {"stages": "[(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)]"}),
    ),
    Misconception(
        name="the filters double in the last stage too",
        check="arch_vgg16",
        hint="64, 128, 256, 512: what does the table say for the fifth stage?",
        source=filled(VGG, FILL_VGG, {"stages": "[(64, 2), (128, 2), (256, 3), (512, 3), (1024, 3)]"}),
    ),
    Misconception(
        name="VGG's convolutions have no padding",
        check="arch_vgg16",
        hint="Only VGG's pools change the size. Print the shapes: what does 3 x 3 without padding make of 224?",
        source=filled(VGG, FILL_VGG, {"pad": ""}),
    ),
    Misconception(
        name="VGG with overlapping pools of 3 x 3, as AlexNet has them",
        check="arch_vgg16",
        hint="Which window do the pools of VGG have? They halve 224 five times to 7.",
        source=filled(VGG, FILL_VGG, {"pool": "window=3, stride=2, rounding='ceil'"}),
    ),
    Misconception(
        name="one of the two affine layers of 4096 is missing",
        check="arch_vgg16",
        hint="13 convolutions and how many affine layers make 16?",
        source=filled(VGG, FILL_VGG, {"nodes": "(4096, 1000)"}),
    ),
    Misconception(
        name="the 1x1 convolutions in front of 3x3 and 5x5 are left out",
        check="arch_inception_paper",
        hint='Your module has far too many weights. What are the two columns with "reduce" in the table for?',
        source=filled(PAPER, FILL_PAPER, {"path3": "conv(three, 3)", "path5": "conv(five, 5)"}),
    ),
    Misconception(
        name="the projection stands in front of the pool",
        check="arch_inception_paper",
        hint="Follow the arrows of the fourth path in the figure from the bottom to the top: what comes first?",
        source=filled(PAPER, FILL_PAPER, {"path4": "[*conv(project, 1), pool]"}),
    ),
    Misconception(
        name="no projection behind the pool",
        check="arch_inception_paper",
        hint="Without its 1x1 convolution, how many channels would the path of the pool add? Which of the six numbers do you not use?",
        source=filled(PAPER, FILL_PAPER, {"path4": "[pool]"}),
    ),
    Misconception(
        name="the pool inside the module makes the image smaller",
        check="arch_inception_paper",
        hint="All paths end in the same height and width. What must the stride of the pool be, and what its padding?",
        source=filled(PAPER, FILL_PAPER, {"pool": ", stride=2, pad=1, rounding='floor'"}),
    ),
    Misconception(
        name="the 3x3 and 5x5 convolutions have no padding",
        check="arch_inception_paper",
        hint="All paths end in the same height and width. Print the shape behind each of yours.",
        source=filled(PAPER, FILL_PAPER, {"pad": ""}),
    ),
    Misconception(
        name="the columns of the table are read as all reductions first",
        check="arch_inception_paper",
        hint="The docstring names the order of the six numbers. Which two belong to the path of 3x3?",
        source=filled(PAPER, FILL_PAPER, {"order": "(channels[k] for k in (0, 1, 3, 2, 4, 5))"}),
    ),
    # --- Through layers ---
    Misconception(
        name="the way back begins with the first layer",
        check="arch_through",
        hint="Which layer saw x last, and so knows the gradient d_out?",
        source="""
def backward_through(layers, d_out):
    for inner in layers:
        d_out = inner.backward(d_out)
    return d_out
""",
    ),
    Misconception(
        name="every layer on the way back gets d_out itself",
        check="arch_through",
        hint="By the chain rule each layer needs what the one behind it returned. Where does your loop keep that?",
        source="""
def backward_through(layers, d_out):
    d_x = d_out
    for inner in reversed(layers):
        d_x = inner.backward(d_out)
    return d_x
""",
    ),
    Misconception(
        name="every layer gets x itself",
        check="arch_through",
        hint="Print the shape that enters each layer. Where does your loop keep what the last layer returned?",
        source="""
def forward_through(layers, x):
    y = x
    for inner in layers:
        y = inner.forward(x)
    return y
""",
    ),
    Misconception(
        name="an empty list of layers returns None",
        check="arch_through",
        hint="A residual block without a shortcut asks for the way through no layers. What should come out of it?",
        source="""
def forward_through(layers, x):
    for k, inner in enumerate(layers):
        x = inner.forward(x)
        if k == len(layers) - 1:
            return x
""",
    ),
    # --- Inception ---
    Misconception(
        name="paths are joined along the width",
        check="arch_inception_module",
        hint="Which axis of (N, C, H, W) may differ from path to path? np.concatenate wants all other axes to be equal.",
        source=filled(INCEPTION, FILL_INCEPTION, {"joined": "np.concatenate(ends, axis=3)"}),
    ),
    Misconception(
        name="paths are joined along the batch",
        check="arch_inception_module",
        hint="What is the default axis of np.concatenate, and what stands on that axis of (N, C, H, W)?",
        source=filled(INCEPTION, FILL_INCEPTION, {"joined": "np.concatenate(ends)"}),
    ),
    Misconception(
        name="each path gets the result of the one before it",
        check="arch_inception_module",
        hint="The paths stand side by side. What does the second one see: the image x, or what the first has made of it?",
        source=filled(
            INCEPTION,
            FILL_INCEPTION,
            {
                "ends": "ends = []\n        for path in self.paths:\n            x = forward_through(path, x)\n            ends.append(x)"
            },
        ),
    ),
    Misconception(
        name="np.split gets the sizes of the parts, not the places of the cuts",
        check="arch_inception_module",
        hint="Sizes 2, 4 and 3 are cut at 2 and 6. Print the shapes of your parts.",
        source=filled(
            INCEPTION, FILL_INCEPTION, {"cuts": "parts = np.split(d_out, self.channels[:-1], axis=1)"}
        ),
    ),
    Misconception(
        name="the gradient is cut into equal parts",
        check="arch_inception_module",
        hint="How many channels did each path contribute? Print the shapes of your parts beside those of the paths' results.",
        source=filled(
            INCEPTION, FILL_INCEPTION, {"cuts": "parts = np.split(d_out, len(self.paths), axis=1)"}
        ),
    ),
    Misconception(
        name="only the last path's gradient is returned",
        check="arch_inception_module",
        hint="x went into all paths. By which rule does a change of x reach the loss through each of them?",
        source=filled(INCEPTION, FILL_INCEPTION, {"back": "backs[-1]"}),
    ),
    Misconception(
        name="what comes back from the paths is averaged",
        check="arch_inception_module",
        hint="If path 1 sends back 0.5 and path 2 sends back -0.2, the text says 0.3. What do you get?",
        source=filled(INCEPTION, FILL_INCEPTION, {"back": "np.mean(backs, axis=0)"}),
    ),
    Misconception(
        name="what comes back from the paths is joined as channels",
        check="arch_inception_module",
        hint="Which shape must d_x have? Print x.shape and that of your result.",
        source=filled(INCEPTION, FILL_INCEPTION, {"back": "np.concatenate(backs, axis=1)"}),
    ),
    Misconception(
        name="make_inception leaves out the ReLUs",
        check="arch_make_inception",
        hint="What are two convolutions in a row, with nothing in between, worth? See what stands behind every convolution.",
        source=filled(MAKE, FILL_MAKE, {"relu": ""}),
    ),
    Misconception(
        name="make_inception leaves out the pool",
        check="arch_make_inception",
        hint="How do your first and your fourth path differ?",
        source=filled(MAKE, FILL_MAKE, {"path4": "conv(channels_in, project, 1)"}),
    ),
    Misconception(
        name="make_inception puts the pool behind the projection",
        check="arch_make_inception",
        hint="Follow the arrows of the fourth path in the figure: what comes first?",
        source=filled(
            MAKE, FILL_MAKE, {"path4": "conv(channels_in, project, 1) + [MaxPool(3, stride=1, pad=1)]"}
        ),
    ),
    Misconception(
        name="the pool of make_inception has the stride of its window",
        check="arch_make_inception",
        hint="What is the stride of MaxPool(3) when nothing is said? The image has to keep its size.",
        source=filled(MAKE, FILL_MAKE, {"path4": "[MaxPool(3, pad=1)] + conv(channels_in, project, 1)"}),
    ),
    Misconception(
        name="the convolutions of make_inception have no padding",
        check="arch_make_inception",
        hint="All paths must keep height and width. Print the shape behind each path.",
        source=filled(MAKE, FILL_MAKE, {"pad": ""}),
    ),
    Misconception(
        name="the 3x3 convolution is made for the channels of the input",
        check="arch_make_inception",
        hint="What stands between the input and the 3x3 convolution, and how many channels does that return?",
        source=filled(
            MAKE, FILL_MAKE, {"path3": "conv(channels_in, reduce3, 1) + conv(channels_in, three, 3)"}
        ),
    ),
    Misconception(
        name="make_inception puts the path of the pool first",
        check="arch_make_inception",
        hint="In which order do the six numbers name the paths? The channels of the result keep that order.",
        source=filled(MAKE, FILL_MAKE, {"paths": "[path4, path1, path3, path5]"}),
    ),
    # --- Residual block ---
    Misconception(
        name="the gradient takes the way through the layers only",
        check="arch_residual_block",
        hint="y = ReLU(f(x) + x). On how many ways does x reach y? Work the example of the text out with d_out = 1.",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"back": "backward_through(self.path, d_sum)"}),
    ),
    Misconception(
        name="the shortcut goes around the ReLU on the way back",
        check="arch_residual_block",
        hint="With f(x) = -3 and x = 2 the ReLU stops everything. What does your shortcut send back then?",
        source=filled(
            RESIDUAL,
            FILL_RESIDUAL,
            {"back": "backward_through(self.path, d_sum) + backward_through(self.shortcut, d_out)"},
        ),
    ),
    Misconception(
        name="the gradient does not pass back through the last ReLU",
        check="arch_residual_block",
        hint="Where y = 0, does a small change of x change y? What does your d_x say there?",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"d_sum": "d_sum = d_out"}),
    ),
    Misconception(
        name="d_out itself is added instead of what the shortcut sends back",
        check="arch_residual_block",
        hint="When the shortcut is a 1x1 convolution, which shape has d_out, and which has x?",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"back": "backward_through(self.path, d_sum) + d_sum"}),
    ),
    Misconception(
        name="ReLU comes in front of the sum",
        check="arch_residual_block",
        hint="Work the example of the text out: x = 2, f(x) = -1. Is y 1 or 2?",
        source=filled(
            RESIDUAL,
            FILL_RESIDUAL,
            {
                "out": "self.relu.forward(end) + around",
                "back": "backward_through(self.path, d_sum) + backward_through(self.shortcut, d_out)",
            },
        ),
    ),
    Misconception(
        name="no ReLU behind the sum",
        check="arch_residual_block",
        hint="Print the smallest number that your block returns. Can it be negative?",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"out": "end + around", "d_sum": "d_sum = d_out"}),
    ),
    Misconception(
        name="the shortcut is forgotten: only the layers' result counts",
        check="arch_residual_block",
        hint="What does your block return when all weights of its layers are 0? It should let positive numbers pass unchanged.",
        source=filled(
            RESIDUAL,
            FILL_RESIDUAL,
            {"out": "self.relu.forward(end)", "back": "backward_through(self.path, d_sum)"},
        ),
    ),
    Misconception(
        name="x itself is added although there are layers on the shortcut",
        check="arch_residual_block",
        hint="What is the 1x1 convolution on the shortcut there for? Print the shapes of both terms of your sum.",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"out": "self.relu.forward(end + x)"}),
    ),
    Misconception(
        name="one channel is added to three without a word",
        check="arch_residual_block",
        hint="NumPy spreads (N, 1, H, W) over (N, 3, H, W). Who notices, if not your block?",
        source=filled(RESIDUAL, FILL_RESIDUAL, {"compare": "pass"}),
    ),
    # --- Spatial pyramid ---
    Misconception(
        name="bins end at the rounded down place, so neighbours never overlap",
        check="arch_spatial_pyramid",
        hint="5 pixels in 2 bins: the first reaches to pixel 2, by the text. Where does yours end?",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "bins": "rows = slice(i * height // n, (i + 1) * height // n); "
                "columns = slice(j * width // n, (j + 1) * width // n)"
            },
        ),
    ),
    Misconception(
        name="all bins have the size size // n, and what is left over at the end is lost",
        check="arch_spatial_pyramid",
        hint="7 pixels in 3 bins: which pixel belongs to none of yours? The bins have to cover the image.",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "bins": "rows = slice(i * (height // n), (i + 1) * (height // n)); "
                "columns = slice(j * (width // n), (j + 1) * (width // n))"
            },
        ),
    ),
    Misconception(
        name="the bins' columns are cut by the height",
        check="arch_spatial_pyramid",
        hint="Try an image that is wider than high. Which pixels does your last bin hold?",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "bins": "rows = slice(i * height // n, -(-(i + 1) * height // n)); "
                "columns = slice(j * height // n, -(-(j + 1) * height // n))"
            },
        ),
    ),
    Misconception(
        name="the order is channel by channel, and only then bin by bin",
        check="arch_spatial_pyramid",
        hint="Read the order in the docstring from left to right. Which of the three changes fastest in your row?",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "joined": "np.stack(ends, axis=2).reshape(N, -1)",
                "parts": "parts = d_out.reshape(*self.x.shape[:2], -1).transpose(2, 0, 1)",
            },
        ),
    ),
    Misconception(
        name="bins column by column, not row by row",
        check="arch_spatial_pyramid",
        hint="Give your pyramid an image that grows from left to right. In which order do the numbers of a level come?",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "bins": "rows = slice(j * height // n, -(-(j + 1) * height // n)); "
                "columns = slice(i * width // n, -(-(i + 1) * width // n))"
            },
        ),
    ),
    Misconception(
        name="levels are sorted, the smallest first",
        check="arch_spatial_pyramid",
        hint="In which order does `levels` name them? The affine layer behind relies on it.",
        source=filled(PYRAMID, FILL_PYRAMID, {"levels": "sorted(self.levels)"}),
    ),
    Misconception(
        name="the mean of a bin, not its largest number",
        check="arch_spatial_pyramid",
        hint="Which kind of pooling does the first line of the docstring name?",
        source=filled(
            PYRAMID,
            FILL_PYRAMID,
            {
                "number": "mean",
                "send": "d_x[:, :, rows, columns] += d[:, :, None, None] / part[0, 0].size",
            },
        ),
    ),
    Misconception(
        name="where bins overlap, the last one overwrites the gradient of the others",
        check="arch_spatial_pyramid",
        hint="A pixel that won on two levels changes two numbers of the output. How many of the two gradients arrive at it?",
        source=filled(
            PYRAMID, FILL_PYRAMID, {"send": "d_x[:, :, rows, columns] = d[:, :, None, None] * won"}
        ),
    ),
    Misconception(
        name="all pixels of a bin get its gradient",
        check="arch_spatial_pyramid",
        hint="If you change a pixel that is not the largest of its bin, does the output change?",
        source=filled(PYRAMID, FILL_PYRAMID, {"send": "d_x[:, :, rows, columns] += d[:, :, None, None]"}),
    ),
    Misconception(
        name="more bins than pixels are not refused",
        check="arch_spatial_pyramid",
        hint="4 bins on 3 columns: is there an honest answer? The docstring names the error.",
        source=filled(PYRAMID, FILL_PYRAMID, {"refuse": "pass"}),
    ),
)
