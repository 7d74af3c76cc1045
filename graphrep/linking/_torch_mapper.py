"""Maps of sequences of word vectors into the space of nodes, by torch."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from graphrep._utils._devices import device_memory, torch_device
from graphrep.linking._phrase_encoder import PhraseEncoder, Phrases
from graphrep.typing import AnyArray, FloatArray

_BLOCK = 1024
_LOWEST = -1e30
_NO_ROOM = partial(
    device_memory, "Mapping phrases", "Lower batch_size, or use device='cpu'."
)


class TorchMapper:
    """A Bi-LSTM or a convolutional network, maximum over words, and one hidden layer.

    Parameters
    ----------
    encoder : PhraseEncoder
        Not used but for the width of word vectors.
    kind : {"bilstm", "cnn"}
        Network.
    n_outputs : int
        Components of a node.
    n_hidden : int
        Units of the hidden layer, 0 for a linear one.
    dropout : float
        Share of inputs of the last layers that are left out in training.
    n_recurrent : int
        Units of the LSTM in each direction.
    widths : sequence of int
        Words that filters of the convolution cover.
    n_filters : int
        Filters of each width.
    device : str
        "cpu", or a device of torch.
    seed : int
        Start of the weights and dropout.
    """

    def __init__(
        self, encoder: PhraseEncoder, kind: str, n_outputs: int, n_hidden: int,
        dropout: float, n_recurrent: int, widths: tuple[int, ...], n_filters: int,
        device: str, seed: int,
    ) -> None:  # fmt: skip
        self.kind, self.n_outputs, self.n_hidden = kind, n_outputs, n_hidden
        self.dropout, self.n_recurrent = dropout, n_recurrent
        self.widths, self.n_filters = tuple(widths), n_filters
        self.n_inputs = encoder.words.n_components
        self.device, self.seed = device, seed
        self._network: Any = None
        self._loaded: dict[str, Any] | None = None

    # -- the network -------------------------------------------------------------
    def _modules(self) -> tuple[Any, Any]:
        why = f"mapper={self.kind!r}"
        return torch_device(self.device, why=why, native=True)

    def _build(self) -> Any:
        """Layers with weights of the seed, on the device; torch's own draws are kept.

        Weights are uniform in +-1/sqrt(inputs), those of the LSTM in +-1/sqrt(units).
        """
        torch, device = self._modules()
        with torch.device("meta"):
            layers = self._layers(torch.nn)
        layers = layers.to_empty(device="cpu")
        generator = torch.Generator().manual_seed(self.seed % 2**63)
        with torch.no_grad():
            for layer in layers.values():
                inputs = self.n_recurrent
                if hasattr(layer, "weight"):
                    inputs = layer.weight[0].numel()
                for weights in layer.parameters():
                    bound = inputs**-0.5
                    weights.uniform_(-bound, bound, generator=generator)
        return layers.to(device)

    def _layers(self, nn: Any) -> Any:
        layers = nn.ModuleDict()
        if self.kind == "bilstm":
            layers["lstm"] = nn.LSTM(
                self.n_inputs, self.n_recurrent, batch_first=True, bidirectional=True
            )
            width = 2 * self.n_recurrent
        else:
            for w in self.widths:
                layers[f"conv{w}"] = nn.Conv1d(self.n_inputs, self.n_filters, w)
            width = self.n_filters * len(self.widths)
        if self.n_hidden:
            layers["hidden"] = nn.Linear(width, self.n_hidden)
            width = self.n_hidden
        layers["last"] = nn.Linear(width, self.n_outputs)
        return layers

    def _outputs(self, X: Any, sizes: Any, inside: Any, training: bool) -> Any:
        """Map (n, longest, n_inputs); ``inside`` tells words from padding."""
        torch, _ = self._modules()
        net = self._network
        if self.kind == "bilstm":
            made = self._lstm(X, sizes, inside)
        else:
            made = torch.cat([self._conv(X, sizes, w) for w in self.widths], dim=1)
        made = self._drop(made, training)
        if self.n_hidden:
            made = self._drop(torch.relu(net["hidden"](made)), training)
        return net["last"](made)

    def _drop(self, X: Any, training: bool) -> Any:
        """Dropout whose draws are the same on every device."""
        if not (training and self.dropout):
            return X
        torch, device = self._modules()
        kept = torch.rand(X.shape, generator=self._random) >= self.dropout
        return X * kept.to(device) / (1 - self.dropout)

    def _lstm(self, X: Any, sizes: Any, inside: Any) -> Any:
        """Maximum of both directions over the words; neither sees padding."""
        rnn = self._modules()[0].nn.utils.rnn
        packed = rnn.pack_padded_sequence(
            X, sizes, batch_first=True, enforce_sorted=False
        )
        states, _ = self._network["lstm"](packed)
        padded, _ = rnn.pad_packed_sequence(
            states, batch_first=True, total_length=X.shape[1]
        )
        return padded.masked_fill(~inside[:, :, None], _LOWEST).amax(dim=1)

    def _conv(self, X: Any, sizes: Any, width: int) -> Any:
        """Maximum over the windows that lie within the phrase.

        A phrase that is shorter than the window has one window, filled up with zeros.
        """
        torch, device = self._modules()
        functional = torch.nn.functional
        X = X.transpose(1, 2)
        if X.shape[2] < width:
            X = functional.pad(X, (0, width - X.shape[2]))
        made = functional.relu(self._network[f"conv{width}"](X))
        places = torch.arange(made.shape[2], device=device)
        windows = (sizes.to(device) - width).clamp(min=0)
        return made.masked_fill(
            places[None, None, :] > windows[:, None, None], _LOWEST
        ).amax(dim=2)

    def _look_up(self, phrases: Phrases) -> tuple[Any, Any, Any]:
        """Vectors of the words of phrases, none of them empty; zeros beyond the end."""
        torch, device = self._modules()
        inside = np.arange(phrases.rows.shape[1]) < phrases.sizes[:, None]
        X = phrases.table[phrases.rows] * inside[:, :, None].astype(np.float32)
        return (
            torch.from_numpy(X).to(device),
            torch.from_numpy(phrases.sizes),
            torch.from_numpy(inside).to(device),
        )

    # -- training ----------------------------------------------------------------
    @_NO_ROOM()
    def prepare(self, phrases: Phrases) -> None:
        """Remember the phrases of the training and make the network."""
        torch, _ = self._modules()
        self._network = self._build()
        self._phrases = phrases
        self._adam = torch.optim.Adam(self._network.parameters(), lr=1e-3)
        self._random = torch.Generator().manual_seed((self.seed + 1) % 2**63)
        self._made: Any = None

    @_NO_ROOM()
    def forward(self, some: AnyArray) -> FloatArray:
        """Map some of the phrases given to `prepare`, with dropout."""
        self._made = self._outputs(*self._look_up(self._phrases.take(some)), True)
        out: FloatArray = self._made.detach().cpu().numpy()
        return out

    @_NO_ROOM()
    def backward(self, slopes: FloatArray, rate: float) -> None:
        """Take one step of Adam against the slopes of the outputs of `forward`."""
        torch, device = self._modules()
        self._adam.zero_grad()
        self._made.backward(torch.from_numpy(np.ascontiguousarray(slopes)).to(device))
        for group in self._adam.param_groups:
            group["lr"] = rate
        self._adam.step()

    def finish(self) -> None:
        """Drop what only training needs."""
        for name in ("_phrases", "_adam", "_random", "_made"):
            self.__dict__.pop(name, None)

    # -- use ---------------------------------------------------------------------
    @_NO_ROOM()
    def predict(self, phrases: Phrases) -> FloatArray:
        """Map phrases, without dropout; zeros for empty ones."""
        torch, _ = self._modules()
        self._wake()
        out = np.zeros((len(phrases.sizes), self.n_outputs), np.float32)
        filled = np.flatnonzero(phrases.sizes > 0)
        order = filled[np.argsort(phrases.sizes[filled], kind="stable")]
        with torch.no_grad():
            for start in range(0, len(order), _BLOCK):
                some = order[start : start + _BLOCK]
                made = self._outputs(*self._look_up(phrases.take(some)), False)
                out[some] = made.cpu().numpy()
        return out

    def state(self) -> dict[str, AnyArray]:
        """Copy the weights."""
        self._wake()
        return {
            name.replace(".", "__"): tensor.detach().cpu().numpy().copy()
            for name, tensor in self._network.state_dict().items()
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave; the network is made when it is needed."""
        self._loaded = {name: np.array(array) for name, array in state.items()}
        if self._network is not None:
            self._wake()

    def _wake(self) -> None:
        if self._network is None:
            self._network = self._build()
        if self._loaded is not None:
            torch, _ = self._modules()
            self._network.load_state_dict(
                {
                    name.replace("__", "."): torch.from_numpy(array)
                    for name, array in self._loaded.items()
                }
            )
            self._loaded = None

    def __getstate__(self) -> dict[str, Any]:
        state = dict(self.__dict__)
        if self._network is not None:
            state["_loaded"] = self.state()
        state["_network"] = None
        return state


__all__ = ["TorchMapper"]
