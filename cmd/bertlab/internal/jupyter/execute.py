"""Runs a notebook and reports on standard output, one JSON document a line.

usage: execute.py NOTEBOOK RESULT FOLDER

Cells run in FOLDER. RESULT is written when every cell has succeeded. Standard input is a lifeline: when it ends, the kernel
and the program of its cell are ended too, so that nothing is left running when the caller has been killed.
"""
import json
import os
import signal
import sys
import threading
import time

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

source, result, folder = sys.argv[1:4]


def tell(**event):
    print(json.dumps(event), flush=True)



notebook = nbformat.read(source, as_version=4)
code = [i for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"]
running = {"cell": 0}


def started(cell, cell_index):
    if cell.cell_type == "code":
        running["cell"] = code.index(cell_index) + 1
        running["index"] = cell_index
        tell(event="start", cell=running["cell"], cells=len(code), source=cell.source)


client = NotebookClient(
    notebook,
    timeout=None,
    kernel_name=notebook.metadata.get("kernelspec", {}).get("name", "gonb"),
    record_timing=False,
    allow_errors=False,
    on_cell_start=started,
    resources={"metadata": {"path": folder}},
)
if client.kernel_name == "gonb":
    client.extra_arguments = ["-raw_error=true"]


def signal_kernel(number):
    provisioner = getattr(client.km, "provisioner", None)
    group = getattr(provisioner, "pgid", None)
    if group and group != os.getpgid(0):
        os.killpg(group, number)


def lifeline():
    while os.read(0, 4096):
        pass
    try:
        signal_kernel(signal.SIGTERM)
        time.sleep(1)
        signal_kernel(signal.SIGKILL)
    except ProcessLookupError:
        pass
    os._exit(3)


threading.Thread(target=lifeline, daemon=True).start()
try:
    client.execute()
except (CellExecutionError, DeadKernelError) as error:
    name = getattr(error, "ename", "") or type(error).__name__
    value = getattr(error, "evalue", "") or str(error)
    outputs = notebook.cells[running["index"]].outputs if running["cell"] else []
    printed = "".join(o.text for o in outputs if o.output_type == "stream")
    traceback = "\n".join(line for o in outputs if o.output_type == "error" for line in o.traceback)
    tell(event="error", cell=running["cell"], cells=len(code), name=name, value=value, printed=printed, traceback=traceback)
    sys.exit(1)
with open(result, "w", encoding="utf-8") as f:
    nbformat.write(notebook, f)
tell(event="done", cells=len(code))
