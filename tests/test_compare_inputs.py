"""A comparison is of what it was planned with: files that changed, or that mean nothing, are refused or marked."""

from __future__ import annotations

import json
from contextlib import nullcontext
from pathlib import Path

import pytest
from fake_drills import CLUSTERS, COMMAND, Fake, compared, fake, folder_of

import maildrill.cluster.content
import maildrill.drill.run
from maildrill import cli
from maildrill.catalogue import find_scenario, load_pair
from maildrill.cluster.content import content_of
from maildrill.drill.run import run_drill
from maildrill.drill.series import sole_owner
from maildrill.errors import BadInput

__all__ = ["fake"]


def test_a_second_one_in_the_same_folder_is_refused(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    next(folder_of(tmp_path).glob("*/*/result.json")).unlink()
    with sole_owner(folder_of(tmp_path)):
        assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 2
    assert "another maildrill compare is at work" in capsys.readouterr().err


def test_a_changed_input_is_refused(fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    path = folder_of(tmp_path) / "plan.json"
    plan = json.loads(path.read_text())
    plan["clusters"][0]["sha256"] = "0"
    path.write_text(json.dumps(plan))
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 0, (
        "nothing is left to run, so nothing is needed"
    )
    next(folder_of(tmp_path).glob("*/*/result.json")).unlink()
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 2
    assert f"{CLUSTERS[0]}: changed since this comparison began" in capsys.readouterr().err


def test_changed_images_are_refused_and_a_plan_that_does_not_know_them_goes_on(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An edited template is another configuration, though the cluster's file is the same."""
    cli.run([*COMMAND, "--repeat", "1", "--reports", str(tmp_path)])
    path = folder_of(tmp_path) / "plan.json"
    plan = json.loads(path.read_text())
    next(folder_of(tmp_path).glob("*/*/result.json")).unlink()
    plan["clusters"][0]["images_sha256"] = "0"
    path.write_text(json.dumps(plan))
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 2
    said = f"the images or configuration templates of {CLUSTERS[0]}: changed since this comparison began"
    assert said in capsys.readouterr().err
    for one in plan["clusters"]:
        del one["images_sha256"]
    path.write_text(json.dumps(plan))
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 0


def test_every_file_of_an_image_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "postfix"
    folder.mkdir()
    (folder / "Dockerfile").write_text("FROM base")
    (folder / "main.cf.j2").write_text("delay = 1s")
    monkeypatch.setattr(maildrill.cluster.content, "image_folder", tmp_path.joinpath)
    before = content_of(["postfix"])
    (folder / "main.cf.j2").write_text("delay = 2s")
    assert content_of(["postfix"]) != before


@pytest.mark.parametrize(
    "now", ["objectives: {lost: 5}\n", "objectives: {lots: 5}\n", None], ids=["others", "mistaken", "gone"]
)
def test_a_scenario_that_was_edited_while_it_waited_is_not_run(
    now: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is measured is what was run: the copy in the folder would have other objectives."""
    file = find_scenario("mx-kill")
    own = tmp_path / "own.yaml"
    own.write_text(file.read_text())
    scenario, cluster = load_pair(own)
    if now is None:
        own.unlink()
    else:
        own.write_text(file.read_text().partition("objectives:")[0] + now)
    monkeypatch.setattr(maildrill.drill.run, "_check", lambda *_: None)
    monkeypatch.setattr(maildrill.drill.run, "_turn", lambda *_: nullcontext())
    monkeypatch.setattr(maildrill.drill.run, "Drill", _never)
    with pytest.raises(BadInput, match="changed since this drill was planned"):
        run_drill(scenario, cluster, scenario_path=own, reports=tmp_path / "r", seed=1, progress=print)
    assert list((tmp_path / "r").iterdir()) == []


def _never(*_: object) -> None:
    raise AssertionError("the drill was begun")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--cluster", "postfix-dovecot-ha"], "at least two clusters"),
        (["--cluster", "postfix-dovecot-ha", "--cluster", "postfix-dovecot-single"], "needs scenarios"),
        ([*COMMAND[1:], "--cluster", "postfix-dovecot-hb"], 'did you mean "postfix-dovecot-ha"?'),
        ([*COMMAND[1:], "--cluster", "postfix-dovecot-ha"], "is given twice"),
        ([*COMMAND[1:], "--scenarios", "store-kil"], 'did you mean "store-kill"?'),
        ([*COMMAND[1:], "--profile", "universty"], 'no profile "universty"; did you mean "university"?'),
        ([*COMMAND[1:], "--candidate", "postfix-dovecot-ha-stock-timers"], "which is not compared here"),
        ([*COMMAND[1:], "--scenarios", ""], "a scenario without a name"),
        ([*COMMAND[1:], "--scenarios", "s" * 300], "cannot be looked for"),
        ([*COMMAND[1:], "--profile", f"{'p' * 300}.yaml"], "cannot be looked for"),
        ([*COMMAND[1:], "--candidate", f"{'c' * 300}.yaml"], "cannot be looked for"),
        (["--resume", "f" * 300], "cannot be looked for"),
        (["--resume", "nowhere"], "it has no plan.json"),
        (["--resume", "nowhere", "--seed", "1"], "--resume follows the plan"),
        (["--resume", "nowhere", "--repeat", "10"], "--resume follows the plan"),
        (["--resume", "nowhere", "--reruns", "0"], "--resume follows the plan"),
    ],
)
def test_bad_input_starts_nothing(
    arguments: list[str], said: str, fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(["compare", *arguments, "--reports", str(tmp_path / "new")]) == 2
    assert said in capsys.readouterr().err
    assert not fake.runs
    assert not (tmp_path / "new").exists()


def test_profiles_are_fixed_in_the_plan_and_a_late_one_is_said(
    fake: Fake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cli.run([*COMMAND, "--repeat", "1", "--profile", "small-practice", "--reports", str(tmp_path)])
    late = "chosen after the drills had begun"
    assert compared(tmp_path)["scoreboards"][0]["fixed_before"]
    assert late not in (folder_of(tmp_path) / "compare.html").read_text()
    assert "example values" in capsys.readouterr().out
    cli.run(["compare", "--resume", str(folder_of(tmp_path)), "--profile", "university", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert [(one["profile"], one["fixed_before"]) for one in shown["scoreboards"]] == [("university", False)]
    assert late in (folder_of(tmp_path) / "compare.html").read_text()


def test_a_candidate_file_that_was_changed_since_is_marked(fake: Fake, tmp_path: Path) -> None:
    file, late = tmp_path / "c.yaml", "stated after the drills had begun"
    file.write_text(f"{{candidate: c, cluster: {CLUSTERS[0]}, title: C, price_per_mailbox_month: 9}}\n")
    opinions = ["--profile", "small-practice", "--candidate", str(file)]
    cli.run([*COMMAND, "--repeat", "1", *opinions, "--reports", str(tmp_path)])
    assert late not in (folder_of(tmp_path) / "compare.html").read_text()
    file.write_text(file.read_text().replace("month: 9", "month: 1"))
    assert cli.run(["compare", "--resume", str(folder_of(tmp_path))]) == 0
    rows = compared(tmp_path)["scoreboards"][0]["rows"]
    assert {row["cluster"]: row["stated_before"] for row in rows} == {CLUSTERS[0]: False, CLUSTERS[1]: True}
    assert (folder_of(tmp_path) / "compare.html").read_text().count(late) == 1
