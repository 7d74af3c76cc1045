"""Long work as pure tasks: each reads files, writes one, and can be run anywhere.

A task that was done is skipped, one that was lost is run again, and the result is the
same file whoever runs it: this process, others, or a cluster.
"""

from graphrep._tasks._executors import Backend, open_backend
from graphrep._tasks._place import Place, SharesExecutor
from graphrep._tasks._plan import Costs, TaskPlan, choose_plan
from graphrep._tasks._run import Summary, run_tasks
from graphrep._tasks._scratch import save_input, work_folder
from graphrep._tasks._task import Task, make_task, pure_task, run_task
from graphrep._tasks._task_list import Stage, TaskList

__all__ = [
    "Backend",
    "Costs",
    "Place",
    "SharesExecutor",
    "Stage",
    "Summary",
    "Task",
    "TaskList",
    "TaskPlan",
    "choose_plan",
    "make_task",
    "open_backend",
    "pure_task",
    "run_task",
    "run_tasks",
    "save_input",
    "work_folder",
]
