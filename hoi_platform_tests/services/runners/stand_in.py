"""A runner of the contract that looks at nothing, and fails in the requested way.

Called as a program of its own: ``stand_in.py FAULT (--request PATH | --serve)``. With the option
``echo`` its report repeats what it was configured with.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

JOINTS, LANDMARKS = 55, 21


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def object_pose(request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Poses that stand where frame 0 has them."""
    count = len(frames)
    Ts = np.tile(np.array(request["first_pose"]), (count, 1, 1))
    return {"Ts_cam_object": Ts, "confidence": np.full(count, 0.9)}


def masks(request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """The masks of frame 0."""
    with np.load(request["masks"]) as data:
        _, height, width = (int(n) for n in data["shape"])
        first = {
            who: np.unpackbits(data[f"{who}_bits"], count=height * width).astype(bool)
            for who in ("object", "human")
        }
    shape = (len(frames), height, width)
    still = {
        f"{who}_masks": np.broadcast_to(bits.reshape(1, height, width), shape).copy()
        for who, bits in first.items()
    }
    return {**still, "confidence": np.full((len(frames), 2), 0.9)}


def depth(_request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """A wall in 2 m."""
    return {"depth": np.full(frames.shape[:3], 2.0)}


def human_pose(_request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """A body at rest, 3 m away."""
    count = len(frames)
    return {
        "rotations_incam": np.tile(np.eye(3), (count, JOINTS, 1, 1)),
        "translation_incam": np.tile([0.0, 0.0, 3.0], (count, 1)),
        "keypoints_px": np.ones((count, 71, 3)),
        "joint_confidence": np.full((count, JOINTS), 0.9),
        "foot_contact": np.ones((count, 2)),
    }


def hands(request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """Two flat hands where the body's wrists are (MediaPipe's landmarks 15 and 16)."""
    with np.load(request["tracks"]) as data:
        body = data["body_px"]
    grid = np.linspace(-0.05, 0.05, LANDMARKS)
    flat = np.column_stack([grid, grid**2, np.zeros(LANDMARKS)])
    arrays = {}
    for side, wrist in (("left", 15), ("right", 16)):
        px = np.tile(
            np.append(100 * flat[:, :2], np.full((LANDMARKS, 1), 0.8), 1), (len(frames), 1, 1)
        )
        px[..., :2] += body[:, wrist, None, :2]
        meters = np.tile(flat, (len(frames), 1, 1))
        lost = ~np.isfinite(body[:, wrist, 0])
        px[lost], meters[lost] = (np.nan, np.nan, 0.0), np.nan
        arrays |= {f"{side}_px": px, f"{side}_m": meters}
    return arrays


def contact(request: dict, frames: np.ndarray) -> dict[str, np.ndarray]:
    """The right hand holds the object from the second frame on, as sure as its wrist is seen."""
    with np.load(request["tracks"]) as data:
        seen = data["wrist_visibility"]
        assert data["Ts_cam_object"].shape == (len(frames), 4, 4)
        assert data["joints_cam"].shape == (len(frames), JOINTS, 3)
    held = np.zeros((len(frames), 2), bool)
    held[1:, 1] = True
    return {"hands": held, "confidence": np.where(held, seen, 0.0)}


ROLES = {found.__name__: found for found in (object_pose, masks, depth, human_pose, hands, contact)}
POISONED = {"masks": "confidence", "hands": "left_m", "contact": "confidence"}
"""The array in which a number is spoiled, where that is not the first."""


def result(request: dict, fault: str) -> dict[str, np.ndarray]:
    """The role's arrays, spoiled by the fault."""
    role = request["role"]
    frames = np.load(request["frames"], mmap_mode="r")
    arrays = ROLES[role](request, frames)
    if fault == "wrong_length":
        arrays = {name: np.concatenate([a, a[-1:]]) for name, a in arrays.items()}
    if fault == "nan":
        spoiled = arrays[POISONED.get(role, next(iter(arrays)))]
        spoiled[(1,) + (0,) * (spoiled.ndim - 1)] = np.inf if role == "depth" else np.nan
    if fault == "no_rotation":
        arrays["Ts_cam_object"][:, :3, :3] *= 1.1
    if fault == "absent_array":
        del arrays[[*arrays][-1]]
    return arrays


def declared(out: Path, kind: str, message: str, cure: str) -> None:
    text = json.dumps({"kind": kind, "message": message, "cure": cure})
    (out / "error.json").write_text(text)
    sys.exit(3)


def hang(out: Path) -> None:
    child = subprocess.Popen(["sleep", "600"])
    (out / "child.pid").write_text(str(child.pid))
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)


def die(fault: str, out: Path) -> None:
    """The faults after which the program does not go on."""
    if fault == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if fault == "crash":
        raise RuntimeError("the model fell over")
    if fault == "hang":
        hang(out)
    if fault == "sleep":
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
    if fault == "out_of_memory":
        declared(out, "out_of_memory", "2 GiB are too few", "")
    if fault == "no_detection":
        declared(out, "no_detection", "the object is in no frame", "")
    if fault == "nothing":
        sys.exit(0)


def report(request: dict, fault: str) -> dict:
    if fault == "odd_report":
        return {"hello": "world"}
    versions = {"stand-in": "1"}
    if request["options"].get("echo"):
        configured = {name: request[name] for name in ("role", "options", "device")}
        versions["configured"] = json.dumps(
            configured | {"weights": sorted(request["weights"])}, sort_keys=True
        )
    return {"versions": versions, "seconds": 0.1}


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
    (out / "result.json").write_text(json.dumps(report(request, fault)))


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
