"""PyTorch or Keras (on PyTorch) behind the comparison's protocol: python peers/python.py torch|keras.

Answers one line of JSON with another; see protocol.ts. Trains as workloads.ts says. The models come as Keras's JSON and an .npz of weights.
"""
import json
import os
import platform
import sys
import time

os.environ["KERAS_BACKEND"] = "torch"
# Whatever a library prints must not get between the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import numpy as np  # noqa: E402
import torch  # noqa: E402

threads = int(os.environ.get("UNROLL_BENCH_THREADS", "1"))
torch.set_num_threads(threads)


def parameters_of(name, weights):
    """The arrays below a layer's name, by what is behind it."""
    return {key[len(name) + 1 :]: array for key, array in weights.items() if key.startswith(name + "/")}


def assign(parameter, array):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(array)))


class Recurrent(torch.nn.Module):
    """LSTM, GRU (reset after) or SimpleRNN as torch has them; torch's gate order differs for GRU: r, z, n."""

    def __init__(self, kind, config, arrays, features, both_ways):
        super().__init__()
        units = config["units"]
        if config["activation"] != "tanh":
            raise ValueError(f"PyTorch's {kind} has tanh only")
        if kind == "GRU" and not config.get("reset_after", True):
            raise ValueError("PyTorch's GRU resets after the product only")
        make = {"LSTM": torch.nn.LSTM, "GRU": torch.nn.GRU, "SimpleRNN": torch.nn.RNN}[kind]
        self.rnn = make(features, units, batch_first=True, bidirectional=both_ways)
        self.sequences = config["return_sequences"]
        self.size = units * (2 if both_ways else 1)
        order = [1, 0, 2] if kind == "GRU" else range({"LSTM": 4, "SimpleRNN": 1}.get(kind, 0))

        def blocks(array):
            return np.concatenate([array[..., gate * units : (gate + 1) * units] for gate in order], axis=-1)

        for suffix, direction in zip(["", "_reverse"], arrays):
            bias = direction["bias"]
            input_bias, state_bias = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
            assign(getattr(self.rnn, "weight_ih_l0" + suffix), blocks(direction["kernel"]).T)
            assign(getattr(self.rnn, "weight_hh_l0" + suffix), blocks(direction["recurrent_kernel"]).T)
            assign(getattr(self.rnn, "bias_ih_l0" + suffix), blocks(input_bias))
            assign(getattr(self.rnn, "bias_hh_l0" + suffix), blocks(state_bias))
            if bias.ndim == 1:
                # Keras has one bias: the second one stays zero.
                getattr(self.rnn, "bias_hh_l0" + suffix).requires_grad = False

    def forward(self, x):
        sequence, state = self.rnn(x)
        if self.sequences:
            return sequence
        last = state[0] if isinstance(state, tuple) else state
        return torch.cat(list(last), dim=-1) if len(last) > 1 else last[0]


class Convolution(torch.nn.Module):
    def __init__(self, config, arrays, features):
        super().__init__()
        self.conv = torch.nn.Conv1d(features, config["filters"], config["kernel_size"][0])
        assign(self.conv.weight, arrays["kernel"].transpose(2, 1, 0))
        assign(self.conv.bias, arrays["bias"])
        self.size = config["filters"]

    def forward(self, x):
        return torch.relu(self.conv(x.transpose(1, 2))).transpose(1, 2)


class Pooling(torch.nn.Module):
    def __init__(self, config, features):
        super().__init__()
        self.width = config["pool_size"][0]
        self.size = features

    def forward(self, x):
        return torch.nn.functional.max_pool1d(x.transpose(1, 2), self.width).transpose(1, 2)


class Dense(torch.nn.Module):
    def __init__(self, config, arrays, features):
        super().__init__()
        self.linear = torch.nn.Linear(features, config["units"])
        assign(self.linear.weight, arrays["kernel"].T)
        assign(self.linear.bias, arrays["bias"])
        self.relu = config["activation"] == "relu"
        self.size = config["units"]

    def forward(self, x):
        y = self.linear(x)
        return torch.relu(y) if self.relu else y


def torch_layer(layer, weights, features):
    kind, config = layer["class_name"], layer["config"]
    arrays = parameters_of(config["name"], weights)
    if kind in ("LSTM", "GRU", "SimpleRNN"):
        return Recurrent(kind, config, [arrays], features, False)
    if kind == "Bidirectional":
        inner = config["layer"]
        ways = [
            {key.split("/", 1)[1]: array for key, array in arrays.items() if key.startswith(way)}
            for way in ("forward", "backward")
        ]
        return Recurrent(inner["class_name"], inner["config"], ways, features, True)
    if kind == "Conv1D":
        return Convolution(config, arrays, features)
    if kind == "MaxPooling1D":
        return Pooling(config, features)
    if kind == "Dense":
        return Dense(config, arrays, features)
    raise ValueError(f"no {kind} in the PyTorch peer")


class Torch:
    ready = f"PyTorch {torch.__version__.split('+')[0]}, Python {platform.python_version()}"

    def load(self, folder, training):
        with open(f"{folder}/model.json") as file:
            layers = json.load(file)["config"]["layers"]
        weights = dict(np.load(f"{folder}/model.npz"))
        self.x = np.load(f"{folder}/x.npy")
        self.y = torch.from_numpy(np.load(f"{folder}/y.npy"))
        modules, features = [], self.x.shape[-1]
        for layer in layers:
            if layer["class_name"] in ("InputLayer", "Dropout"):
                continue
            modules.append(torch_layer(layer, weights, features))
            features = modules[-1].size
        self.model = torch.nn.Sequential(*modules)
        trained = [parameter for parameter in self.model.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.Adam(trained, lr=0.001, eps=1e-12) if training else None

    def predict(self):
        with torch.inference_mode():
            return self.model(torch.from_numpy(self.x)).numpy()

    def train(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = torch.nn.functional.mse_loss(self.model(torch.from_numpy(self.x)), self.y)
        loss.backward()
        self.optimizer.step()
        return loss.item()


class Keras:
    def __init__(self):
        import keras

        self.keras = keras
        self.ready = f"Keras {keras.__version__} on PyTorch {torch.__version__.split('+')[0]}"

    def load(self, folder, training):
        self.keras.backend.clear_session()
        self.model = self.keras.saving.load_model(f"{folder}/model.keras", compile=False)
        self.x = np.load(f"{folder}/x.npy")
        self.y = np.load(f"{folder}/y.npy")
        if training:
            self.model.compile(self.keras.optimizers.Adam(0.001, epsilon=1e-12), "mean_squared_error")

    def predict(self):
        return self.model.predict_on_batch(self.x)

    def train(self):
        return self.model.train_on_batch(self.x, self.y)


def answer(peer, request):
    ask = request["ask"]
    if ask == "load":
        peer.load(request["folder"], request["training"])
        return {}
    if ask == "predict":
        return {"output": np.asarray(peer.predict()).ravel().tolist()}
    if ask == "train":
        for _ in range(request["steps"]):
            peer.train()
        return {}
    if ask == "time":
        work, calls = getattr(peer, request["work"]), request["calls"]
        processor, clock = time.process_time(), time.perf_counter()
        for _ in range(calls):
            work()
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        # The processor's time counts each thread.
        return {"ms": 1000 * (clock if threads > 1 else min(clock, processor)) / calls}
    return {}


def main():
    peer = {"torch": Torch, "keras": Keras}[sys.argv[1]]()

    def write(result):
        answers.write(json.dumps(result) + "\n")
        answers.flush()

    write({"ready": peer.ready})
    for line in sys.stdin:
        try:
            write(answer(peer, json.loads(line)))
        except Exception as error:  # whatever a library throws is an answer
            write({"error": f"{type(error).__name__}: {error}"})


main()
