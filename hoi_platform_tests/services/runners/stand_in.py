"""A runner of the contract that tracks nothing, and fails in the way it is told to.

Called as a program of its own: ``stand_in.py FAULT (--request PATH | --serve)``.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def result(request: dict, fault: str) -> dict[str, np.ndarray]:
    """Poses that stand where frame 0 has them, spoiled by the fault."""
    frames = np.load(request["frames"], mmap_mode="r")
    count = len(frames) + (1 if fault == "wrong_length" else 0)
    Ts = np.tile(np.array(request["first_pose"]), (count, 1, 1))
    if fault == "nan":
        Ts[1, 0, 3] = np.nan
    if fault == "no_rotation":
        Ts[:, :3, :3] *= 1.1
    arrays = {"Ts_cam_object": Ts, "confidence": np.full(count, 0.9)}
    if fault == "absent_array":
        del arrays["confidence"]
    return arrays


def declared(out: Path, kind: str, message: str, cure: str) -> None:
    text = json.dumps({"kind": kind, "message": message, "cure": cure})
    (out / "error.json").write_text(text)
    sys.exit(3)


def die(fault: str, out: Path) -> None:
    """The faults after which the program does not go on."""
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "crash":
        raise RuntimeError("the model fell over")
    if fault == "hang":
        child = subprocess.Popen(["sleep", "600"])
        (out / "child.pid").write_text(str(child.pid))
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(600)
    if fault == "out_of_memory_text":
        sys.stderr.write("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB\n")
        sys.exit(1)
    if fault == "greedy":
        hoard = bytearray(400_000_000)
        hoard[::4096] = b"x" * len(hoard[::4096])
        time.sleep(600)
    if fault == "missing_weights":
        declared(out, "missing_weights", "no checkpoint at /w", "hf download nobody/model")
    if fault == "no_detection":
        declared(out, "no_detection", "the object is in no frame", "")
    if fault == "nothing":
        sys.exit(0)


def work(path: Path, fault: str) -> None:
    """Answer one request."""
    request = json.loads(path.read_text())
    out = Path(request["out"])
    say(progress=0.1, text="loading")
    if fault == "flood":
        for _ in range(20_000):
            sys.stderr.write("warning: something nobody reads\n")
            sys.stdout.write("chatter that is no JSON\n")
        sys.stdout.write("x" * 3_000_000 + "\n")
    die(fault, out)
    say(progress=0.9, text="writing")
    np.savez(out / "tmp.npz", **result(request, fault))
    whole = (out / "tmp.npz").read_bytes()
    (out / "result.npz").write_bytes(whole[: len(whole) // 2] if fault == "half_a_file" else whole)
    report = {"versions": {"stand-in": "1"}, "seconds": 0.1}
    if fault == "odd_report":
        report = {"hello": "world"}
    (out / "result.json").write_text(json.dumps(report))


def main() -> None:
    fault, mode = sys.argv[1], sys.argv[2]
    if mode == "--request":
        work(Path(sys.argv[3]), fault)
        return
    for number, line in enumerate(sys.stdin):
        if fault == "dies_on_second" and number == 1:
            sys.exit(7)
        work(Path(json.loads(line)["request"]), fault)
        say(done=True, pid=os.getpid())


if __name__ == "__main__":
    main()
