"""Options that say where tasks run, for commands whose estimator does not have them."""

from __future__ import annotations

EXECUTOR = "processes|dask|HOST:PORT"
EXECUTOR_HELP = (
    "Work by blocks in files: in this process (serial), in new processes, on a Dask "
    "cluster on this machine, or on that of a scheduler."
)
WORK_DIR_HELP = (
    "Folder for these files; the same command goes on there after an interruption."
)
