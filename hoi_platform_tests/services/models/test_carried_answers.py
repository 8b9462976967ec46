"""Answers that version 1 bought from the vision model are answers to today's questions."""

import base64
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from hoi_platform.core.clip import ClipId, ObjectId
from hoi_platform.services.artifacts.record import ArtifactRecord
from hoi_platform.services.artifacts.store import ArtifactStore
from hoi_platform.services.ledger.intent import Intent
from hoi_platform.services.ledger.ledger import Ledger
from hoi_platform.services.ledger.states import RequestState
from hoi_platform.services.migration.rows import answered_questions, apply_rows, plan_rows
from hoi_platform.services.models.scale import find_scale
from hoi_platform_tests.services.models.endpoints import Endpoint, answered, model_at

S = RequestState
MUG = ObjectId("ComAsset", "mug")
SEARCH = Path(__file__).parents[2] / "goldens" / "v1_scale_answers.json"
CHAT = {
    "model": "gpt-4o",
    "scale_evaluation_system_message": "",
    "prompt_refinement_system_message": "",
}


@pytest.fixture
def search() -> dict[str, Any]:
    """What version 1's code asked about three pictures, one of them twice, and made of it."""
    return json.loads(SEARCH.read_text())


@pytest.fixture
def store(tmp_path: Path, search: dict[str, Any]) -> ArtifactStore:
    """The search's pictures, history and record."""
    store = ArtifactStore(tmp_path / "results")
    previews = store.path("object_scale", "previews", MUG)
    for name, picture in search["pictures"].items():
        (previews / name).parent.mkdir(parents=True)
        (previews / name).write_bytes(base64.b64decode(picture))
    history = {"search_history": search["steps"]}
    store.path("object_scale", "scale", MUG).write_text(json.dumps(history))
    settings = {"chatgpt": CHAT, "max_iterations": 8, "character": "kid", "name": None}
    store.rewrite_record(MUG, record("object_scale", MUG, settings))
    return store


def record(asset: str, subject: ObjectId | ClipId, settings: dict[str, Any]) -> ArtifactRecord:
    return ArtifactRecord(
        record_version=1,
        asset=asset,
        subject=subject.path,
        schema_version=1,
        fingerprint="of version 1",
        code_version="1",
        backend="gpt-4o",
        settings=settings,
        inputs={},
        files={},
        seconds=0.0,
        created_at="",
        machine="",
    )


def bought(ledger: Ledger, fingerprint: str, subject: str, result: str) -> None:
    """A row as version 1 wrote it."""
    intent = Intent(
        fingerprint,
        "vision",
        provider="openai",
        account="a",
        model="gpt-4o",
        subject=subject,
        estimate_usd=Decimal("0.01"),
    )
    ledger.observe(ledger.reserve(intent), S.SUCCEEDED)
    ledger.advance(fingerprint, S.DELIVERED, result=result)


def migrated(ledger: Ledger, store: ArtifactStore) -> list[str]:
    """Carry over what is found; the problems."""
    found = answered_questions(ledger, store, [MUG], lambda _clip, text: text)
    plan = plan_rows(ledger, found)
    apply_rows(ledger, plan)
    again = plan_rows(ledger, answered_questions(ledger, store, [MUG], lambda _clip, text: text))
    assert (again.carried, again.shared) == ((), ()), "a second migration has nothing to do"
    return list(plan.problems)


def test_a_scale_search_is_not_asked_again(
    ledger: Ledger, store: ArtifactStore, search: dict[str, Any]
) -> None:
    """An upgrade would buy every answer of a scale search again."""
    for asked in search["asked"]:
        bought(ledger, asked["fingerprint"], MUG.path, asked["result"])
    assert migrated(ledger, store) == []
    endpoint = Endpoint(answered('{"verdict": "too_big"}'))
    previews = store.path("object_scale", "previews", MUG)
    found = find_scale(
        model_at(endpoint, ledger),
        lambda iteration, scale: previews / f"{iteration:02d}_{scale:.4g}" / "frame.png",
        MUG.path,
        "mug",
        8,
    )
    assert endpoint.requests == []
    assert [(s.scale, s.response) for s in found.steps] == [
        (s["scale"], s["response"]) for s in search["steps"]
    ]
    assert len(ledger.rows()) == len(search["asked"])


@pytest.mark.parametrize("said", ["not correct", '{"answer": "correct", "note": "or big"}'])
def test_what_is_no_exact_answer_stays_what_was_said(
    said: str, ledger: Ledger, store: ArtifactStore, search: dict[str, Any]
) -> None:
    """An apology that version 1 understood as a size would count as one forever."""
    bought(ledger, search["asked"][0]["fingerprint"], MUG.path, said)
    migrated(ledger, store)
    (row,) = ledger.rows()
    assert row.fingerprint != search["asked"][0]["fingerprint"]
    assert row.result == said


def test_a_search_without_rows_is_named(ledger: Ledger, store: ArtifactStore) -> None:
    """A ledger of another folder would look migrated, and the next run would ask again."""
    assert [problem.split(":")[0] for problem in migrated(ledger, store)] == [MUG.path]
