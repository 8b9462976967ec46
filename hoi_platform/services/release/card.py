"""A release's card (``README.md``) and the same figures for programs (``release.json``)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Any, Final

from hoi_platform.core.formats.release_columns import CLIPS, FRAMES, SCHEMA_VERSION, Column
from hoi_platform.services.release.arrow import feature
from hoi_platform.services.release.plan import ReleasedClip, ReleasePlan
from hoi_platform.services.viewer.labels import label

_TABLES: Final = {"clips": CLIPS, "frames": FRAMES}
_SIZES: Final = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"))
"""Numbers of clips below which a hub's size category holds; chosen by Hugging Face."""


def summary(plan: ReleasePlan) -> dict[str, Any]:
    """What the card says, as plain JSON values."""
    return {
        "schema_version": SCHEMA_VERSION,
        "name": plan.name,
        "identity": plan.identity,
        "commercial": plan.commercial,
        "commercial_ok": all(clip.commercial_ok for clip in plan.clips),
        "clips": len(plan.clips),
        "frames": sum(clip.verdict.kept_frames for clip in plan.clips),
        "splits": {
            split: {
                "clips": len(clips),
                "frames": sum(clip.verdict.kept_frames for clip in clips),
                "objects": sorted({clip.object_path for clip in clips}),
            }
            for split, clips in plan.splits.items()
        },
        "yield": {
            "judged": plan.judged,
            "valid": plan.valid,
            "share": plan.valid / plan.judged,
            "failures": plan.failures,
        },
        "accuracy": accuracy(plan.clips),
        "licenses": _licenses(plan.clips),
        "stages": _stages(plan.clips),
        "left_out": plan.left_out,
    }


def accuracy(clips: Iterable[ReleasedClip]) -> dict[str, dict[str, float]]:
    """Figure → median over the clips whose truth is known, and how many those are."""
    found: dict[str, list[float]] = {}
    for clip in clips:
        for name, value in clip.accuracy.items():
            if value is not None and name != "frames":
                found.setdefault(name, []).append(value)
    return {name: {"median": median(v), "clips": len(v)} for name, v in found.items()}


def card(plan: ReleasePlan) -> str:
    """The whole card: the front matter that hubs read, then what people read."""
    import yaml

    facts = summary(plan)
    front = yaml.safe_dump(_front(plan), sort_keys=False, allow_unicode=True, width=100)
    parts = [
        f"---\n{front}---\n",
        f"# {plan.name}\n",
        "Metric 4D clips of people who handle objects: body, hands, object pose and contact per "
        "frame, reconstructed from video, with the video, the mesh and the camera.\n",
        _figures(facts),
        _accuracy(facts),
        _terms(facts),
        _layout(plan),
        *(_columns(name, columns) for name, columns in _TABLES.items()),
        _conventions(),
        _made(facts),
    ]
    return "\n".join(parts)


def _front(plan: ReleasePlan) -> dict[str, Any]:
    clips = len(plan.clips)
    return {
        "license": "other",
        "license_name": "mixed",
        "pretty_name": plan.name,
        "task_categories": ["robotics"],
        "tags": ["human-object-interaction", "motion", "3d", "video"],
        "size_categories": [next((text for most, text in _SIZES if clips < most), "100K<n<1M")],
        "configs": [
            {
                "config_name": name,
                **({"default": True} if name == "clips" else {}),
                "data_files": [
                    {"split": split, "path": f"data/{name}/{split}-*.parquet"}
                    for split in plan.splits
                ],
            }
            for name in _TABLES
        ],
        "dataset_info": [
            {"config_name": name, "features": [feature(column) for column in columns]}
            for name, columns in _TABLES.items()
        ],
    }


def _figures(facts: dict[str, Any]) -> str:
    rows = [
        (split, values["clips"], values["frames"], len(values["objects"]))
        for split, values in facts["splits"].items()
    ]
    found = facts["yield"]
    failed = "".join(f"\n- `{name}`: {count}" for name, count in found["failures"].items())
    return (
        _table(("split", "clips", "frames", "objects"), rows)
        + "\nNo object is in two splits; neither are two objects of one shape.\n\n## Yield\n\n"
        f"{found['judged']} clips were judged, {found['valid']} of them "
        f"({found['share']:.0%}) are valid, {facts['clips']} are in this release"
        + (f" ({len(facts['left_out'])} left out: see `release.json`)" if facts["left_out"] else "")
        + (f". Checks that the others failed:\n{failed}\n" if failed else ".\n")
    )


def _accuracy(facts: dict[str, Any]) -> str:
    heading = "## Accuracy\n\n"
    if not facts["accuracy"]:
        return heading + "No clip of this release has ground truth.\n"
    rows = []
    for name, figure in facts["accuracy"].items():
        words = label(name)
        rows.append((words.text, f"{figure['median']:.4g} {words.unit}".strip(), figure["clips"]))
    return (
        heading
        + "Against the truth of simulated videos, for the clips that have it:\n\n"
        + _table(("figure", "median", "clips"), rows)
    )


def _terms(facts: dict[str, Any]) -> str:
    may = "may" if facts["commercial_ok"] else "may not"
    rows = [
        (item["part"], item["name"], "yes" if item["commercial_ok"] else "no", item["clips"])
        for item in facts["licenses"]
    ]
    return (
        f"## Licenses\n\nThe release as a whole {may} be used commercially. Each clip names its "
        "own terms (`licenses`, `commercial_ok`). What clips were made from:\n\n"
        + _table(("part", "license", "commercial use", "clips"), rows)
    )


def _layout(plan: ReleasePlan) -> str:
    split = next(iter(plan.splits))
    return f"""## Files

```
data/clips/<split>-*.parquet      one row per clip
data/frames/<split>-*.parquet     one row per frame
videos/<split>/…/<clip>.mp4       and metadata.parquet, the clips by file name
meshes/<content>/model.obj        with materials and textures
release.json                      the figures of this card
SHA256SUMS                        check with: sha256sum --check SHA256SUMS
```

```python
import pandas
clips = pandas.read_parquet("data/clips")
frames = pandas.read_parquet("data/frames", filters=[("clip_id", "==", clips.clip_id[0])])

from datasets import load_dataset
frames = load_dataset("path/to/this/folder", "frames", split="{split}")
videos = load_dataset("videofolder", data_dir="path/to/this/folder/videos", split="{split}")
```
"""


def _columns(name: str, columns: Sequence[Column]) -> str:
    rows = [(f"`{column.name}`", column.type_text, column.meaning) for column in columns]
    return f"## Columns of `{name}`\n\n" + _table(("column", "type", "meaning"), rows)


def _conventions() -> str:
    return """## Conventions

The world has +z up and its origin on the ground below the table, or below the object's first
position; meters, seconds, radians. `T_world_x` maps points of x to the world. The body has the 55
joints of SMPL-X in its order; rotate about the joints of `rest_joints`, then add
`body_translation`: that gives `joints`. No licensed body model is needed. Vertices of the mesh,
times `object_scale`, are in meters. A confidence that is null was not measured. Numbers per frame
are rounded to single precision.
"""


def _made(facts: dict[str, Any]) -> str:
    rows = [
        (f"`{stage}`", made, count)
        for stage, versions in facts["stages"].items()
        for made, count in versions.items()
    ]
    return "## How it was made\n\n" + _table(("stage", "backend", "clips"), rows)


def _licenses(clips: Iterable[ReleasedClip]) -> list[dict[str, Any]]:
    counts = Counter(item for clip in clips for item in clip.licenses)
    order = sorted(counts, key=lambda item: (item.part, item.name))
    return [item.model_dump() | {"clips": counts[item]} for item in order]


def _stages(clips: Iterable[ReleasedClip]) -> dict[str, dict[str, int]]:
    counts: dict[str, Counter[str]] = {}
    for clip in clips:
        for stage, made in clip.stages.items():
            counts.setdefault(stage, Counter())[made] += 1
    return {stage: dict(sorted(found.items())) for stage, found in counts.items()}


def _table(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(f"| {' | '.join(_cell(value) for value in line)} |\n" for line in lines)


def _cell(value: Any) -> str:
    """Names come from users: nothing of them is markup."""
    return str(value).replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")
